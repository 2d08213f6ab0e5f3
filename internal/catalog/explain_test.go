package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestExplainFields(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	d.put(api, `{"summary":"mine"}`)
	d.brings(api, "groups/orders", `{"title":"Orders 2","kind":"rest","summary":"the source's"}`)
	d.put(api+"/versions/v1", `{"title":"v1","lifecycleStage":"testing"}`)
	for _, tt := range []struct {
		path     string
		field    inventory.Field
		value    string
		layer    inventory.Layer
		by       string
		hidden   string
		editable bool
		advice   string
	}{
		{api, "/title", `"Orders 2"`, inventory.LayerSource, "link/gateway", "[]", false, gateway + "/groups/orders"},
		{api, "/summary", `"the source's"`, inventory.LayerSource, "link/gateway", `[{"mine" people }]`, false, "delete the link gateway"},
		{api, "/lifecycleStage", `"testing"`, inventory.LayerDerived, "ada", "[]", false, "/workspaces/default/apis/orders-1/versions/v1"},
		{api, "/contacts", `[]`, inventory.LayerDefault, "link/gateway", "[]", true, ""},
		{api + "/versions/v1", "/lifecycleStage", `"testing"`, inventory.LayerPeople, "ada", "[]", true, ""},
		{workspace + "/environments/gateway", "/server/type", `"Azure API Management"`, inventory.LayerSource, "link/gateway", "[]", false, gateway},
	} {
		e, err := d.Explain(d.ctx, id(tt.path), tt.field)
		if err != nil || len(e.Fields) != 1 {
			t.Fatalf("%s %s: %+v, %v", tt.path, tt.field, e.Fields, err)
		}
		f := e.Fields[0]
		if string(f.Value) != tt.value || f.Layer != tt.layer || f.Since == nil || f.Since.By != tt.by || fmt.Sprintf("%s", f.Hidden) != tt.hidden ||
			f.Editable != tt.editable || !strings.Contains(f.Advice, tt.advice) || (f.Source != nil) != (tt.layer == inventory.LayerSource) {
			t.Errorf("%s %s: value %s of %s since %+v, hides %s, editable %v, advice %q; want %+v", tt.path, tt.field, f.Value, f.Layer, f.Since, f.Hidden, f.Editable, f.Advice, tt)
		}
	}
	all, err := d.Explain(d.ctx, id(api), "")
	if err != nil || len(all.Fields) != 6 {
		t.Errorf("%d fields, want 6: %+v, %v", len(all.Fields), all.Fields, err)
	}
	for field, want := range map[inventory.Field]inventory.Code{"/none": inventory.Invalid, "title": inventory.Invalid} {
		if _, err := d.Explain(d.ctx, id(api), field); !errors.Is(err, want) {
			t.Errorf("field %q: %v, want %s", field, err, want)
		}
	}
	if _, err := d.Explain(d.ctx, id(workspace+"/apis/none"), ""); !errors.Is(err, inventory.NotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

// A stated null hides what people said, and is explained as the source's word.
func TestExplainWhatASourceStatesToBeEmpty(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	d.put(api, `{"summary":"mine"}`)
	states := doc(t, `{"title":"Orders"}`)
	states["/summary"] = []byte("null")
	if err := bring(d.ctx, d.store, id(linkPath), id(api), "groups/orders", states); err != nil {
		t.Fatal(err)
	}
	e, err := d.Explain(d.ctx, id(api), "/summary")
	if err != nil {
		t.Fatal(err)
	}
	if f := e.Fields[0]; string(f.Value) != "null" || f.Layer != inventory.LayerSource || len(f.Hidden) != 1 || string(f.Hidden[0].Value) != `"mine"` {
		t.Errorf("explained as %+v", f)
	}
}

// seeker is the sources of all links.
type seeker struct {
	apis    map[string]string // titles by external identity
	outside map[string]string // why it is not covered, by external identity
	failure error
}

func (s seeker) Seek(_ context.Context, _ inventory.Link, external, name string) (seen []inventory.Sighting, err error) {
	for e, title := range s.apis {
		if e == external || strings.EqualFold(title, name) {
			seen = append(seen, inventory.Sighting{External: e, Title: title, Outside: s.outside[e]})
		}
	}
	return seen, s.failure
}

func TestExplainMissing(t *testing.T) {
	d := linked(t)
	source := seeker{apis: map[string]string{"apis/orders": "Orders", "apis/bills": "Bills", "apis/deep": "Deep", "apis/secret": "Secret"}, outside: map[string]string{"apis/secret": "the link excludes name=secret"}}
	d.Catalog = catalog.New(d.store, catalog.Options{Waker: d.source, Seeker: &source})
	synced := inventory.LinkStatus{State: inventory.Syncing, SyncedAt: time.Now(), NextDue: time.Now().Add(time.Minute)}
	full, broken := synced, synced
	full.Limited, full.Message = true, "only 1 API is allowed"
	broken.State, broken.Message = inventory.Failed, "403 from the source"
	status := func(s inventory.LinkStatus) {
		t.Helper()
		if err := d.store.Update(d.ctx, "test", func(tx inventory.Tx) error { return tx.SetStatus(id(linkPath), s) }); err != nil {
			t.Fatal(err)
		}
	}
	status(synced)
	d.put(workspace+"/apis/mine", `{"title":"Gone by hand","kind":"rest"}`)
	d.brings(workspace+"/apis/old-77", "groups/old", `{"title":"Old"}`)
	d.put(center+"/workspaces/other", `{"title":"Other"}`)
	d.put(center+"/workspaces/other/apis/lonely", `{"title":"Lonely","kind":"rest"}`)
	if err := d.Delete(d.ctx, id(workspace+"/apis/mine"), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	var claim inventory.Claim
	if err := d.store.Update(d.ctx, "test", func(tx inventory.Tx) (err error) {
		claim, err = tx.Begin(id(linkPath))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.store.Apply(d.ctx, claim, func(tx inventory.SourceTx) error {
		if _, err := tx.PutRun(inventory.Run{Link: id(linkPath), Started: time.Now(), Ended: time.Now(), Errors: []inventory.RunError{{External: "apis/deep", Message: "it is too deep"}}}); err != nil {
			return err
		}
		return tx.DropOrigin(id(workspace+"/apis/old-77"), inventory.Vanished)
	}); err != nil {
		t.Fatal(err)
	}
	all := func(inventory.Resource) bool { return true }
	none := func(inventory.Resource) bool { return false }
	for _, tt := range []struct {
		name     string
		status   inventory.LinkStatus
		failure  error
		readable func(inventory.Resource) bool
		want     inventory.Absence
		says     string
	}{
		{"orders-1", synced, nil, all, inventory.Present, "apis/orders-1"},
		{"Orders", synced, nil, all, inventory.Present, "apis/orders-1"},
		{"apis/orders", synced, nil, all, inventory.Present, "apis/orders-1"},
		{gateway + "/apis/orders", synced, nil, all, inventory.Present, "apis/orders-1"},
		{"bills", synced, nil, all, inventory.Pending, "sync -i gateway --api apis/bills"},
		{"Bills", inventory.LinkStatus{}, nil, all, inventory.Pending, "first synchronisation"},
		{"bills", full, nil, all, inventory.Full, "only 1 API"},
		{"bills", broken, nil, all, inventory.Withheld, "403 from the source"},
		{"deep", synced, nil, all, inventory.Withheld, "too deep"},
		{"secret", synced, nil, all, inventory.OutOfScope, "excludes name=secret"},
		{"Gone by hand", synced, nil, all, inventory.Removed, "by ada"},
		{"old", synced, nil, all, inventory.Removed, "deleted at the source"},
		{"Lonely", synced, nil, all, inventory.Elsewhere, "workspaces/other/apis/lonely"},
		{"Lonely", synced, nil, none, inventory.Nowhere, "no source"},
		{"never", synced, nil, all, inventory.Nowhere, "no source"},
		{"never", synced, errors.New("503"), all, inventory.Unreachable, "503"},
	} {
		status(tt.status)
		source.failure = tt.failure
		m, err := d.ExplainMissing(d.ctx, id(workspace), tt.name, "", tt.readable)
		if err != nil || m.Verdict != tt.want || !strings.Contains(m.Message, tt.says) {
			t.Errorf("%q: %s %q, %v; want %s because of %q", tt.name, m.Verdict, m.Message, err, tt.want, tt.says)
		}
	}
	m, err := d.ExplainMissing(d.ctx, id(center+"/workspaces/other"), "never", "", all)
	if err != nil || m.Verdict != inventory.NoLinks {
		t.Errorf("in a workspace without links: %+v, %v", m, err)
	}
	for _, tt := range []struct {
		workspace, name, link string
		want                  inventory.Code
	}{
		{workspace, " ", "", inventory.Invalid},
		{workspace, strings.Repeat("x", 600), "", inventory.Invalid},
		{workspace, "x", "none", inventory.NotFound},
		{center + "/workspaces/none", "x", "", inventory.NotFound},
	} {
		if _, err := d.ExplainMissing(d.ctx, id(tt.workspace), tt.name, tt.link, all); !errors.Is(err, tt.want) {
			t.Errorf("%q by %q in %s: %v, want %s", tt.name, tt.link, tt.workspace, err, tt.want)
		}
	}
}

func TestExplainWhatWaitsToGoAndWhatIsKeptOfWhatWent(t *testing.T) {
	d := linked(t)
	const month = 30 * 24 * time.Hour
	source := seeker{apis: map[string]string{}}
	d.Catalog = catalog.New(d.store, catalog.Options{Waker: d.source, Seeker: &source, Tombstones: month})
	all := func(inventory.Resource) bool { return true }
	explains := func(name string, want inventory.Absence, says ...string) inventory.Missing {
		t.Helper()
		m, err := d.ExplainMissing(d.ctx, id(workspace), name, "", all)
		if err != nil || m.Verdict != want {
			t.Errorf("%q: %s %q, %v; want %s", name, m.Verdict, m.Message, err, want)
		}
		for _, text := range says {
			if !strings.Contains(m.Message, text) {
				t.Errorf("%q: %q does not say %q", name, m.Message, text)
			}
		}
		return m
	}
	link := func(f func(tx inventory.SourceTx) error) {
		t.Helper()
		var claim inventory.Claim
		if err := d.store.Update(d.ctx, "test", func(tx inventory.Tx) (err error) {
			claim, err = tx.Begin(id(linkPath))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.store.Apply(d.ctx, claim, f); err != nil {
			t.Fatal(err)
		}
	}
	hold := func(deletion inventory.Deletion) {
		t.Helper()
		link(func(tx inventory.SourceTx) error { return tx.PutDeletion(id(linkPath), deletion) })
	}
	explains("orders", inventory.Present, "apis/orders-1", "does not list it")

	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	waits := inventory.Deletion{External: "apis/orders", Why: "12 of 29 APIs would go at once", Since: since}
	hold(waits)
	for _, name := range []string{"orders", "Orders", "orders-1", "apis/orders"} {
		m := explains(name, inventory.HeldBack, "apis/orders-1", "held since 2026-03-01T12:00:00Z (12 of 29", "approve -i gateway --object apis/orders")
		if len(m.Found) != 1 {
			t.Errorf("%q: found %q", name, m.Found)
		}
	}
	waits.Verdict, waits.By, waits.At = inventory.Approved, "ada", since.Add(time.Hour)
	hold(waits)
	explains("orders", inventory.HeldBack, "held since 2026-03-01T12:00:00Z, and ada approved it at 2026-03-01T13:00:00Z")
	source.apis["apis/orders"] = "Orders" // it came again, and the next pass ends the deletion
	explains("orders", inventory.Present, "its source has it")
	delete(source.apis, "apis/orders")

	link(func(tx inventory.SourceTx) error {
		if err := tx.EndDeletion(id(linkPath), "apis/orders"); err != nil {
			return err
		}
		return tx.MarkGone(id(workspace+"/apis/orders-1/versions/v1"), inventory.Gone{At: d.store.Now(), Why: inventory.Vanished})
	})
	explains("orders", inventory.Present, "apis/orders-1", "marked as gone at its source since 2")

	hold(waits)
	link(func(tx inventory.SourceTx) error {
		return tx.DropOrigin(id(workspace+"/apis/orders-1"), inventory.Vanished)
	})
	for _, name := range []string{"orders", "Orders", "orders-1", "apis/orders"} {
		m := explains(name, inventory.Removed, "deleted at the source", "kept in tombstone ", "until 2", "comes back when it is at the source again")
		if m.Left == nil || m.Left.Tombstone == 0 || !m.Left.Until.Equal(m.Left.At.Add(month)) {
			t.Errorf("%q left as %+v", name, m.Left)
		}
	}

	if _, err := d.store.Fold(d.ctx, time.Now().Add(time.Hour)); err != nil { // the events are forgotten first
		t.Fatal(err)
	}
	if m := explains("orders", inventory.Removed, "link/gateway", "kept in tombstone"); m.Left == nil || m.Left.Run != 0 {
		t.Errorf("left as %+v", m.Left)
	}
	if _, err := d.store.Forget(d.ctx, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	explains("orders", inventory.Nowhere)

	d.brings(workspace+"/apis/bills-1", "groups/bills", `{"title":"Bills"}`)
	link(func(tx inventory.SourceTx) error { return tx.DropOrigin(id(workspace+"/apis/bills-1"), inventory.Left) })
	if _, err := d.store.Forget(d.ctx, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	explains("Bills", inventory.Removed, "left what the link takes", "not kept any more")
}

func TestExplainWhatBecamePartOfAnother(t *testing.T) {
	d := linked(t)
	source := seeker{apis: map[string]string{}}
	d.Catalog = catalog.New(d.store, catalog.Options{Waker: d.source, Seeker: &source})
	second := workspace + "/links/second"
	d.put(second, `{"sourceType":"AzureApiManagement","source":"`+gateway+`-2"}`)
	if err := bring(d.ctx, d.store, id(second), id(workspace+"/apis/sales"), "groups/sales", doc(d, `{"title":"Sales","kind":"rest"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Merge(d.ctx, id(workspace+"/apis/sales"), id(workspace+"/apis/orders-1")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sales", "Sales"} {
		m, err := d.ExplainMissing(d.ctx, id(workspace), name, "gateway", func(inventory.Resource) bool { return true })
		if err != nil || m.Verdict != inventory.MergedAway || !strings.Contains(m.Message, "apis/orders-1") {
			t.Errorf("%q: %s %q, %v; want that it is part of orders-1", name, m.Verdict, m.Message, err)
		}
	}
}

func TestDiagnosis(t *testing.T) {
	d, _ := examined(t, inventory.Finding{Check: "token", Outcome: inventory.Passed})
	d.put(linkPath, strings.Replace(linkBody, "{", `{"activityLog":true,`, 1))
	now := time.Now()
	for _, tt := range []struct {
		name   string
		status inventory.LinkStatus
		run    inventory.Run
		check  string
		want   inventory.Outcome
		says   string
	}{
		{"well", inventory.LinkStatus{State: inventory.Syncing, SyncedAt: now, NextDue: now.Add(time.Minute)}, inventory.Run{Outcome: "ok"}, "events", inventory.Skipped, "none has come"},
		{"waits for a role", inventory.LinkStatus{State: inventory.Failed, Stalled: true, Message: "no role"}, inventory.Run{Outcome: "ok"}, "state", inventory.Refused, "no role"},
		{"fails", inventory.LinkStatus{State: inventory.Failed, Message: "503"}, inventory.Run{Outcome: "failed", Message: "503 again"}, "runs", inventory.NotProven, "503 again"},
		{"overdue", inventory.LinkStatus{State: inventory.Syncing, SyncedAt: now, NextDue: now.Add(-time.Hour)}, inventory.Run{Outcome: "ok"}, "synchronised", inventory.NotProven, "overdue"},
		{"is late", inventory.LinkStatus{State: inventory.Syncing, ProvenAt: now.Add(-time.Hour), Unproven: "rows moved"}, inventory.Run{Outcome: "ok"}, "freshness", inventory.Warned, "rows moved"},
		{"holds", inventory.LinkStatus{Held: []string{"apis/a", "apis/b", "apis/c", "apis/d"}}, inventory.Run{Outcome: "held"}, "held", inventory.Warned, "4 deletions wait for approval, apis/a; apis/b; apis/c; and 1 more"},
		{"is full", inventory.LinkStatus{Limited: true, Message: "only 1 API"}, inventory.Run{Outcome: "partial"}, "limits", inventory.Warned, "only 1 API"},
		{"went on past errors", inventory.LinkStatus{}, inventory.Run{Outcome: "partial", Counts: inventory.Counts{Failed: 1}, Errors: []inventory.RunError{{External: "apis/a", Message: "too deep"}}}, "errors", inventory.Warned, "apis/a: too deep"},
		{"has read no log", inventory.LinkStatus{}, inventory.Run{Outcome: "ok"}, "log", inventory.Skipped, "not read yet"},
		{"may not read the log", inventory.LinkStatus{ActivityLog: &inventory.LogStatus{Message: "no role"}}, inventory.Run{Outcome: "ok"}, "log", inventory.Warned, "no role; it is tried again at"},
		{"reads the log", inventory.LinkStatus{ActivityLog: &inventory.LogStatus{ReadAt: now}}, inventory.Run{Outcome: "ok", Trigger: "log"}, "log", inventory.Passed, "read at"},
		{"asks", inventory.LinkStatus{}, inventory.Run{Outcome: "ok", Requests: 7}, "requests", inventory.Passed, "7 to the source"},
	} {
		if err := d.store.Update(d.ctx, "test", func(tx inventory.Tx) error {
			tt.run.Link, tt.run.Started, tt.run.Ended = id(linkPath), now, now
			if _, err := tx.PutRun(tt.run); err != nil {
				return err
			}
			return tx.SetStatus(id(linkPath), tt.status)
		}); err != nil {
			t.Fatal(err)
		}
		findings, err := d.Diagnose(d.ctx, id(linkPath))
		if err != nil || findings[0].Check != "token" {
			t.Fatalf("%s: %+v, %v", tt.name, findings, err)
		}
		for _, f := range findings {
			if f.Check == tt.check && (f.Outcome != tt.want || !strings.Contains(f.Message, tt.says)) {
				t.Errorf("a link that %s: %+v, want %s because of %q", tt.name, f, tt.want, tt.says)
			}
		}
	}
	if _, err := d.Diagnose(d.ctx, id(workspace+"/links/none")); !errors.Is(err, inventory.NotFound) {
		t.Errorf("of no link: %v", err)
	}
}

func TestDiagnosisOfEvents(t *testing.T) {
	d, _ := examined(t, inventory.Finding{Check: "token", Outcome: inventory.Passed})
	d.put(linkPath, linkBody)
	says := func(outcome inventory.Outcome, text string) {
		t.Helper()
		findings, err := d.Diagnose(d.ctx, id(linkPath))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(findings, func(f inventory.Finding) bool { return f.Check == "events" })
		if f := findings[i]; f.Outcome != outcome || !strings.Contains(f.Message, text) {
			t.Errorf("%+v, want %s because of %q", f, outcome, text)
		}
	}
	change := func(f func(tx inventory.Tx) error) {
		t.Helper()
		if err := d.store.Update(d.ctx, "test", f); err != nil {
			t.Fatal(err)
		}
	}
	run := func() {
		change(func(tx inventory.Tx) error {
			_, err := tx.PutRun(inventory.Run{Link: id(linkPath), Started: d.store.Now(), Outcome: "ok", Trigger: "schedule"})
			return err
		})
	}
	run()
	change(func(tx inventory.Tx) error { return tx.PutHint(inventory.Hint{Link: id(linkPath), Trigger: "request"}) })
	says(inventory.Skipped, "none has come")
	change(func(tx inventory.Tx) error { return tx.PutHint(inventory.Hint{Link: id(linkPath), Trigger: "event"}) })
	says(inventory.Passed, "a run is to look")
	run()
	says(inventory.Passed, "a run has looked since")
}
