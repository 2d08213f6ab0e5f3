package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestLinkIsMade(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/environments/Prod", `{"title":"P","kind":"production"}`)
	r := d.put(linkPath, `{"sourceType":"AzureApiManagement","source":"`+gateway+`","importSpecification":"Always","targetEnvironmentId":"/workspaces/default/environments/prod"}`)
	d.reads(linkPath, `{"sourceType":"AzureApiManagement","source":"`+gateway+`","importSpecification":"always",
		"targetEnvironmentId":"/workspaces/default/environments/Prod","targetEnvironmentIdGiven":"/workspaces/default/environments/prod"}`)
	if s := inventory.StatusOf(r); s.State != inventory.Initializing {
		t.Errorf("state %q", s.State)
	}
	if !slices.Equal(d.source.notified, []string{"gateway:"}) {
		t.Errorf("notified %q", d.source.notified)
	}
}

func TestLinkImportsOnDemandByDefault(t *testing.T) {
	d := centre(t)
	d.put(linkPath, linkBody)
	d.reads(linkPath, `{"sourceType":"AzureApiManagement","source":"`+gateway+`","importSpecification":"ondemand"}`)
}

func TestWhoTurnsTheLogOffForgetsHowItWasRead(t *testing.T) {
	d := centre(t)
	with := func(follows string) string {
		return strings.Replace(linkBody, `"source"`, `"activityLog":`+follows+`,"source"`, 1)
	}
	status := func() *inventory.LogStatus {
		t.Helper()
		r, err := d.Get(d.ctx, id(linkPath))
		if err != nil {
			t.Fatal(err)
		}
		return inventory.StatusOf(r).ActivityLog
	}
	d.put(linkPath, with("true"))
	if err := d.store.Update(d.ctx, "test", func(tx inventory.Tx) error {
		return tx.SetStatus(id(linkPath), inventory.LinkStatus{State: inventory.Syncing, ActivityLog: &inventory.LogStatus{Message: "no role"}})
	}); err != nil {
		t.Fatal(err)
	}
	d.put(linkPath, strings.Replace(with("true"), "{", `{"targetLifecycleStage":"testing",`, 1))
	if s := status(); s == nil || s.Message != "no role" {
		t.Errorf("after another change: %+v", s)
	}
	d.put(linkPath, with("false"))
	if s := status(); s != nil {
		t.Errorf("after it was turned off: %+v", s)
	}
	d.reads(linkPath, `{"sourceType":"AzureApiManagement","source":"`+gateway+`","importSpecification":"ondemand"}`)
}

func TestLinkRefuses(t *testing.T) {
	d := centre(t)
	d.put(linkPath, linkBody)
	d.put(workspace+"/links/wing", strings.Replace(linkBody, "/gw", "/other/workspaces/w1", 1))
	body := func(source string) string { return strings.Replace(linkBody, gateway, source, 1) }
	for _, tt := range []struct {
		name, link, body string
		code             inventory.Code
		message          string
	}{
		{"no source", "new", `{"sourceType":"AzureApiManagement"}`, inventory.Invalid, "required"},
		{"source of another kind", "new", `{"sourceType":"Git","source":"x"}`, inventory.Invalid, `"Git" cannot be linked`},
		{"not an instance", "new", body("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/x"), inventory.Invalid, "not the resource id"},
		{"an API, not an instance", "new", body(gateway + "/apis/a"), inventory.Invalid, "not the resource id"},
		{"empty name", "new", body("/subscriptions/s/resourceGroups//providers/Microsoft.ApiManagement/service/x"), inventory.Invalid, "not the resource id"},
		{"query in a name", "new", body(gateway + "?x"), inventory.Invalid, "not the resource id"},
		{"identity of another kind", "new", strings.Replace(body(gateway+"2"), `"source"`, `"identity":"me","source"`, 1), inventory.Invalid, "user-assigned identity"},
		{"unknown way to import", "new", strings.Replace(body(gateway+"2"), `"source"`, `"importSpecification":"maybe","source"`, 1), inventory.Invalid, "never, ondemand or always"},
		{"a log that is no flag", "new", strings.Replace(body(gateway+"2"), `"source"`, `"activityLog":"maybe","source"`, 1), inventory.Invalid, "activityLog"},
		{"unknown environment", "new", strings.Replace(body(gateway+"2"), `"source"`, `"targetEnvironmentId":"/workspaces/default/environments/none","source"`, 1), inventory.Invalid, "create it first"},
		{"linked already", "new", body(strings.ToUpper(gateway) + "/"), inventory.Conflict, `"gateway"`},
		{"part of what is linked", "new", body(gateway + "/workspaces/w1"), inventory.Conflict, `"gateway"`},
		{"whole of what is linked in part", "new", body(strings.Replace(gateway, "/gw", "/other", 1)), inventory.Conflict, `"wing"`},
		{"another source for a link", "gateway", body(gateway + "2"), inventory.Conflict, "cannot change"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.T = t
			e := d.refused(workspace+"/links/"+tt.link, tt.body, tt.code)
			if !strings.Contains(e.Message, tt.message) {
				t.Errorf("message %q, want %q in it", e.Message, tt.message)
			}
		})
	}
	d.T = t
	d.put(workspace+"/links/wing-2", strings.Replace(linkBody, "/gw", "/other/workspaces/w2", 1))
	d.put(workspace+"/links/longer-name", strings.Replace(linkBody, "/gw", "/gw-2", 1))
}

func TestChangedLinkStopsARunningPass(t *testing.T) {
	d := centre(t)
	d.put(linkPath, linkBody)
	var c inventory.Claim
	begin := func() {
		t.Helper()
		if err := d.store.Update(d.ctx, "worker", func(tx inventory.Tx) (err error) {
			c, err = tx.Begin(id(linkPath))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	write := func() error {
		return d.store.Apply(d.ctx, c, func(inventory.SourceTx) error { return nil })
	}
	begin()
	d.put(linkPath, linkBody)
	if err := write(); err != nil {
		t.Errorf("a link put as it was ended the pass: %v", err)
	}
	d.put(linkPath, strings.Replace(linkBody, `"source"`, `"importSpecification":"never","source"`, 1))
	if err := write(); !errors.Is(err, inventory.Superseded) {
		t.Errorf("a pass with old settings goes on: %v", err)
	}
	begin()
	if err := d.Delete(d.ctx, id(linkPath), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if err := write(); !errors.Is(err, inventory.Superseded) {
		t.Errorf("a pass of a deleted link goes on: %v", err)
	}
}

func TestLinkIsDeletedInTheBackground(t *testing.T) {
	d := linked(t)
	for range 2 {
		if err := d.Delete(d.ctx, id(linkPath), catalog.Match{}); err != nil {
			t.Fatal(err)
		}
		r, err := d.Get(d.ctx, id(linkPath))
		if err != nil || inventory.StatusOf(r).State != inventory.Deleting {
			t.Fatalf("link %s, %v; want it deleting", r.Status, err)
		}
	}
	if !slices.Equal(d.source.notified, []string{"gateway:", "gateway:"}) {
		t.Errorf("notified %q", d.source.notified)
	}
	d.refused(linkPath, linkBody, inventory.Conflict)
	if _, err := d.Sync(d.ctx, id(linkPath), ""); !errors.Is(err, inventory.Conflict) {
		t.Errorf("sync: %v", err)
	}
	if err := d.Delete(d.ctx, id(workspace+"/links/none"), catalog.Match{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("delete of no link: %v", err)
	}
}

func TestSyncNamesTheAPI(t *testing.T) {
	d := linked(t)
	for _, tt := range []struct{ in, want string }{
		{"", "gateway:"},
		{"Petstore", "gateway:apis/petstore"},
		{"petstore;rev=2", "gateway:apis/petstore"},
		{"apis/petstore", "gateway:apis/petstore"},
		{gateway + "/apis/petstore;rev=3", "gateway:apis/petstore"},
		{strings.ToUpper(gateway) + "/apis/Petstore/", "gateway:apis/petstore"},
		{gateway + "/workspaces/w/apis/p", "gateway:workspaces/w/apis/p"},
		{"orders-1", "gateway:apis/orders"},
	} {
		d.source.notified = nil
		at, err := d.Sync(d.ctx, id(linkPath), tt.in)
		if err != nil || time.Since(at) > time.Minute {
			t.Errorf("sync %q: %v, %v", tt.in, at, err)
		}
		if !slices.Equal(d.source.notified, []string{tt.want}) {
			t.Errorf("sync %q notified %q, want %q", tt.in, d.source.notified, tt.want)
		}
	}
	for _, in := range []string{"/subscriptions/other/x/apis/a", gateway, "products/x", "a/b/c", "apis/a/operations/b"} {
		if _, err := d.Sync(d.ctx, id(linkPath), in); !errors.Is(err, inventory.Invalid) {
			t.Errorf("sync %q: %v, want invalid", in, err)
		}
	}
}

// What the source calls an API does not depend on what part of it a link reads.
func TestSyncOfAWorkspace(t *testing.T) {
	d := centre(t)
	d.put(linkPath, strings.Replace(linkBody, "/gw", "/gw/workspaces/Sales", 1))
	for _, in := range []string{"Orders", "workspaces/sales/apis/orders", gateway + "/workspaces/SALES/apis/orders;rev=2"} {
		d.source.notified = nil
		if _, err := d.Sync(d.ctx, id(linkPath), in); err != nil {
			t.Errorf("sync %q: %v", in, err)
		}
		if want := "gateway:workspaces/sales/apis/orders"; !slices.Equal(d.source.notified, []string{want}) {
			t.Errorf("sync %q notified %q, want %q", in, d.source.notified, want)
		}
	}
	for _, in := range []string{gateway + "/apis/orders", gateway + "/workspaces/other/apis/orders", "apis/orders"} {
		if _, err := d.Sync(d.ctx, id(linkPath), in); !errors.Is(err, inventory.Invalid) {
			t.Errorf("sync %q, which the link does not read: %v, want invalid", in, err)
		}
	}
}

func TestJudge(t *testing.T) {
	d := linked(t)
	if err := d.store.Update(d.ctx, "worker", func(tx inventory.Tx) error {
		var errs []error
		for _, e := range []string{"apis/a", "apis/b", "apis/c"} {
			errs = append(errs, tx.PutDeletion(id(linkPath), inventory.Deletion{External: e, Why: "many", Since: time.Now()}))
		}
		return errors.Join(errs...)
	}); err != nil {
		t.Fatal(err)
	}
	judge := func(verdict inventory.DeletionVerdict, externals []string, want ...string) {
		t.Helper()
		got, err := d.Judge(d.ctx, id(linkPath), externals, verdict)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s %q: %q, %v; want %q", verdict, externals, got, err, want)
		}
	}
	if _, err := d.Judge(d.ctx, id(linkPath), []string{"apis/a", "apis/z"}, inventory.Approved); !errors.Is(err, inventory.Invalid) {
		t.Errorf("approve what is not held: %v", err)
	}
	judge(inventory.Approved, []string{})
	judge(inventory.Approved, []string{"apis/b"}, "apis/b")
	judge(inventory.Rejected, []string{"apis/a"}, "apis/a")
	judge(inventory.Approved, nil, "apis/b", "apis/c") // what is judged already is not meant
	judge(inventory.Approved, []string{"apis/a"}, "apis/a", "apis/b", "apis/c")
	// What is judged, or held no more, since somebody looked is left as it is.
	if err := d.JudgeWaiting(d.ctx, id(linkPath), []string{"apis/a", "apis/z"}, inventory.Rejected); err != nil {
		t.Error(err)
	}
	judge(inventory.Approved, []string{}, "apis/a", "apis/b", "apis/c")
	if len(d.source.notified) != 7 {
		t.Errorf("notified %q", d.source.notified)
	}
	all, err := d.Deletions(d.ctx, id(linkPath))
	if err != nil || len(all) != 3 || all[0].By != "ada" || all[0].At.IsZero() || all[0].Verdict != inventory.Approved {
		t.Errorf("deletions: %+v, %v", all, err)
	}
}

func TestRunsAndPlan(t *testing.T) {
	d := linked(t)
	if err := d.store.Update(d.ctx, "worker", func(tx inventory.Tx) error {
		_, err := tx.PutRun(inventory.Run{Link: id(linkPath), Trigger: "request", Started: time.Now(), Outcome: "ok"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if runs, err := d.Runs(d.ctx, id(linkPath), 5); err != nil || len(runs) != 1 || runs[0].Trigger != "request" {
		t.Errorf("runs %v, %v", runs, err)
	}
	if p, err := d.Plan(d.ctx, id(linkPath), nil); err != nil || p.(map[string]string)["link"] != "gateway" {
		t.Errorf("plan %v, %v", p, err)
	}
	none := id(workspace + "/links/none")
	if _, err := d.Runs(d.ctx, none, 5); !errors.Is(err, inventory.NotFound) {
		t.Errorf("runs of no link: %v", err)
	}
	if _, err := d.Plan(d.ctx, none, nil); !errors.Is(err, inventory.NotFound) {
		t.Errorf("plan of no link: %v", err)
	}
	if p, err := d.Plan(d.ctx, id(linkPath), doc(t, strings.Replace(linkBody, `"source"`, `"importSpecification":"never","source"`, 1))); err != nil || p.(map[string]string)["import"] != "never" {
		t.Errorf("plan of other settings %v, %v", p, err)
	}
	if _, err := d.Plan(d.ctx, none, doc(t, linkBody)); !errors.Is(err, inventory.Conflict) {
		t.Errorf("plan of a second link to the same: %v", err)
	}
}

func TestApply(t *testing.T) {
	d := centre(t)
	plan := strings.Repeat("4f0c5e0f", 8)
	never := doc(t, strings.Replace(linkBody, `"source"`, `"importSpecification":"never","source"`, 1))
	apply := func(code inventory.Code, digest string, body inventory.Doc) *inventory.Agreement {
		t.Helper()
		at, err := d.Apply(d.ctx, linkPath, digest, body, catalog.Match{})
		if inventory.CodeOf(err) != code || (err == nil) != !at.IsZero() {
			t.Fatalf("apply %q: %v, %v; want %q", digest, at, err, code)
		}
		r, err := d.Get(d.ctx, id(linkPath))
		if err != nil {
			return nil
		}
		return inventory.StatusOf(r).Agreed
	}
	apply(inventory.NotFound, plan, nil)
	apply(inventory.Invalid, "4f0c", doc(t, linkBody))
	if a := apply("", plan, doc(t, linkBody)); a == nil || a.Plan != plan || a.By == "" || a.Before != nil {
		t.Errorf("a new link has agreed to %+v", a)
	}
	if a := apply("", plan, nil); a == nil || a.Before != nil {
		t.Errorf("a link as it is has agreed to %+v", a)
	}
	if a := apply("", plan, never); a == nil || !strings.Contains(string(a.Before), "ondemand") {
		t.Errorf("a link with other settings has agreed to %+v", a)
	}
	if a := apply("", plan, nil); a == nil || !strings.Contains(string(a.Before), "ondemand") {
		t.Errorf("after another plan, the settings before the first are %+v", a)
	}
	d.put(linkPath, linkBody)
	if r, err := d.Get(d.ctx, id(linkPath)); err != nil || inventory.StatusOf(r).Agreed != nil {
		t.Errorf("settings that somebody puts are bound to a plan: %s, %v", r.Status, err)
	}
	if n := len(d.source.notified); n != 5 {
		t.Errorf("%d notified, want 5: %q", n, d.source.notified)
	}
}

func TestSyncFreesALinkThatWaits(t *testing.T) {
	d := linked(t)
	for _, refused := range []bool{false, true} {
		s := inventory.LinkStatus{State: inventory.Failed, Agreed: &inventory.Agreement{Plan: "x", Refused: refused}}
		if err := d.store.Update(d.ctx, "worker", func(tx inventory.Tx) error { return tx.SetStatus(id(linkPath), s) }); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Sync(d.ctx, id(linkPath), ""); err != nil {
			t.Fatal(err)
		}
		if r, err := d.Get(d.ctx, id(linkPath)); err != nil || (inventory.StatusOf(r).Agreed == nil) != refused {
			t.Errorf("refused %t: after a request, %s, %v", refused, r.Status, err)
		}
	}
}

func TestLinkIsMadeWithItsEnvironment(t *testing.T) {
	d, _ := examined(t)
	body, environment := doc(t, linkBody), doc(t, `{"title":"Live","kind":"production"}`)
	// The plan of it can be asked for before.
	foreseen := body.With(inventory.FieldEnvironment, "/workspaces/default/environments/gateway")
	if _, err := d.Check(d.ctx, id(linkPath), foreseen); err != nil {
		t.Errorf("check: %v", err)
	}
	if _, err := d.Check(d.ctx, id(linkPath), body.With(inventory.FieldEnvironment, "/workspaces/default/environments/other")); inventory.CodeOf(err) != inventory.Invalid {
		t.Errorf("check with another environment that is not there: %v", err)
	}
	if _, err := d.MakeLink(d.ctx, linkPath, body.With(inventory.FieldSource, "/x"), environment, ""); inventory.CodeOf(err) != inventory.Invalid {
		t.Fatalf("a link of nothing: %v", err)
	}
	if _, err := d.Get(d.ctx, id(workspace+"/environments/gateway")); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("the environment of a link that was refused: %v", err)
	}
	if _, err := d.MakeLink(d.ctx, linkPath, body, environment, "x"); inventory.CodeOf(err) != inventory.Invalid {
		t.Errorf("a plan that is none: %v", err)
	}
	if _, err := d.MakeLink(d.ctx, linkPath, body, environment, strings.Repeat("ab", 32)); err != nil {
		t.Fatal(err)
	}
	d.reads(workspace+"/environments/gateway", `{"title":"Live","kind":"production","customProperties":{}}`)
	r, err := d.Get(d.ctx, id(linkPath))
	if s := inventory.StatusOf(r); err != nil || s.Agreed == nil {
		t.Errorf("status %+v, %v; want the plan in it", s, err)
	}
	if _, err := d.MakeLink(d.ctx, linkPath, body, environment, ""); inventory.CodeOf(err) != inventory.Exists {
		t.Errorf("made twice: %v", err)
	}
}

func TestPause(t *testing.T) {
	d := centre(t)
	d.put(linkPath, linkBody)
	var claim inventory.Claim
	if err := d.store.Update(d.ctx, "worker", func(tx inventory.Tx) (err error) {
		if claim, err = tx.Begin(id(linkPath)); err != nil {
			return err
		}
		_, err = tx.PutRun(inventory.Run{Link: id(linkPath), Trigger: "schedule", Phase: inventory.PhaseRead, Started: time.Now()})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	p, err := d.Pause(d.ctx, id(linkPath), catalog.Match{})
	if err != nil || p.By == "" || p.At.IsZero() {
		t.Fatalf("pause: %+v, %v", p, err)
	}
	if again, err := d.Pause(d.ctx, id(linkPath), catalog.Match{}); again != p || err != nil {
		t.Errorf("pause again: %+v, %v, want %+v", again, err, p)
	}
	if err := d.store.Apply(d.ctx, claim, func(inventory.SourceTx) error { return nil }); !errors.Is(err, inventory.Superseded) {
		t.Errorf("the pass that was under way: %v", err)
	}
	runs, err := d.Runs(d.ctx, id(linkPath), 1)
	if err != nil || runs[0].Outcome != "interrupted" || !strings.Contains(runs[0].Message, "paused by") {
		t.Errorf("its run: %+v, %v", runs, err)
	}
	if _, err := d.Sync(d.ctx, id(linkPath), ""); inventory.CodeOf(err) != inventory.Conflict || !strings.Contains(err.Error(), "paused since") {
		t.Errorf("sync: %v", err)
	}
	// Other settings leave it at rest.
	d.put(linkPath, strings.Replace(linkBody, `"source"`, `"onVanish":"keep","source"`, 1))
	r, err := d.Get(d.ctx, id(linkPath))
	if err != nil || inventory.StatusOf(r).Paused == nil {
		t.Errorf("after a change: %s, %v", r.Status, err)
	}
	d.source.notified = nil
	for range 2 {
		if _, err := d.Resume(d.ctx, id(linkPath), catalog.Match{}); err != nil {
			t.Errorf("resume: %v", err)
		}
	}
	if len(d.source.notified) != 1 {
		t.Errorf("notified %q, want once", d.source.notified)
	}
	if err := d.Delete(d.ctx, id(linkPath), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pause(d.ctx, id(linkPath), catalog.Match{}); inventory.CodeOf(err) != inventory.Conflict {
		t.Errorf("pause what goes: %v", err)
	}
	if _, err := d.Pause(d.ctx, id(linkPath+"-2"), catalog.Match{}); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("pause what is not there: %v", err)
	}
}
