package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const (
	workspace = "sub/group/center/workspaces/default"
	linkPath  = workspace + "/links/gateway"
)

// house is an engine over a real store and a scripted source.
type house struct {
	*testing.T
	store  *store.Store
	source *sourcetest.Script
	engine *engine.Engine
}

func newHouse(t *testing.T, o engine.Options, properties string) *house {
	t.Helper()
	s := storetest.Open(t)
	script := sourcetest.NewScript()
	h := &house{T: t, store: s, source: script}
	h.engine = engine.New(s, map[string]source.Kind{"Script": script.Kind()}, o)
	h.update(func(tx inventory.Tx) error {
		for path, text := range map[string]string{"sub/group/center": `{}`} {
			if err := put(tx, path, text); err != nil {
				return err
			}
		}
		return errors.Join(put(tx, workspace, `{"title":"x"}`), put(tx, linkPath, properties))
	})
	return h
}

func put(tx inventory.Tx, path, text string) error {
	doc, err := inventory.ParseDoc([]byte(text))
	if err != nil {
		return err
	}
	_, err = tx.PutOwn(path, doc, inventory.Condition{})
	return err
}

// approve has a person approve deletions, whether they are held by now or not.
func approve(tx inventory.Tx, link inventory.ID, externals ...string) error {
	for _, e := range externals {
		if err := tx.PutDeletion(link, inventory.Deletion{External: e, Verdict: inventory.Approved, By: "ann"}); err != nil {
			return err
		}
	}
	return nil
}

const always = `{"sourceType":"Script","source":"/instance","importSpecification":"always","targetLifecycleStage":"production"}`

func (h *house) update(f func(inventory.Tx) error) {
	h.Helper()
	if err := h.store.Update(h.Context(), "ann", f); err != nil {
		h.Fatal(err)
	}
}

// pass works a whole pass, or one of a single API, and gives its run.
func (h *house) pass(api string) inventory.Run {
	h.Helper()
	return h.work(engine.Work{Trigger: "schedule", Scope: source.Scope{API: api}})
}

func (h *house) work(w engine.Work) inventory.Run {
	h.Helper()
	p, err := h.engine.Begin(h.Context(), inventory.MustID(linkPath), w)
	if err != nil {
		h.Fatal(err)
	}
	done := false
	var failure error
	for !done && failure == nil {
		done, failure = p.Run(h.Context(), time.Now().Add(time.Minute), func() bool { return false })
	}
	if err := p.Finish(h.Context(), failure, nil); err != nil {
		h.Fatal(err)
	}
	return h.lastRun()
}

func (h *house) lastRun() (run inventory.Run) {
	h.Helper()
	h.view(func(r inventory.Reader) error {
		runs, err := r.Runs(inventory.MustID(linkPath), 1)
		if err == nil {
			run = runs[0]
		}
		return err
	})
	return run
}

func (h *house) view(f func(inventory.Reader) error) {
	h.Helper()
	if err := h.store.View(h.Context(), f); err != nil {
		h.Fatal(err)
	}
}

// tree writes the inventory as lines "kind name title", APIs in order of
// creation, without the hash that ends an API's name.
func (h *house) tree() string {
	h.Helper()
	var b strings.Builder
	h.view(func(r inventory.Reader) error {
		for api, err := range r.List(inventory.Query{Parent: inventory.MustID(workspace), Kind: inventory.KindAPI}) {
			if err != nil {
				return err
			}
			all, err := r.Below(api.ID)
			if err != nil {
				return err
			}
			for _, rec := range all {
				name := rec.ID.String()[len(api.ID.String()):]
				fmt.Fprintf(&b, "%s%s %q\n", api.Name()[:strings.LastIndexByte(api.Name(), '-')], name, rec.View().Text("/title"))
			}
		}
		return nil
	})
	return b.String()
}

func (h *house) api(title string) inventory.Record {
	h.Helper()
	var found inventory.Record
	h.view(func(r inventory.Reader) error {
		for api, err := range r.List(inventory.Query{Kind: inventory.KindAPI}) {
			if err != nil {
				return err
			}
			var view struct{ Title string }
			if err := json.Unmarshal(api.Doc, &view); err != nil {
				return err
			}
			if view.Title == title {
				found, err = r.Record(api.ID)
				return err
			}
		}
		return fmt.Errorf("no API %q in\n%s", title, "the inventory")
	})
	return found
}

func petstore(title string) source.Object {
	return sourcetest.API("apis/petstore", title, "v1", []byte(`{"openapi":"3.0.1","info":{"title":"`+title+`"}}`))
}

func TestAFirstPassBringsEverything(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	run := h.pass("")
	want := `petstore "Petstore"
petstore/deployments/gateway "v1"
petstore/versions/version-v1 "v1"
petstore/versions/version-v1/definitions/openapi "OpenAPI"
`
	if got := h.tree(); got != want {
		t.Errorf("inventory:\n%swant:\n%s", got, want)
	}
	if run.Outcome != "ok" || run.Counts.Added != 1 || run.Counts.Documents != 1 {
		t.Errorf("run: %+v", run)
	}
}

func TestARunSignsWhatItWrites(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	first := h.pass("")
	h.pass("")
	if got := h.api("Petstore").Origins[0].Run; got == 0 || got != first.ID {
		t.Errorf("the origin is of run %d, want the first one, %d", got, first.ID)
	}
	h.source.Put(petstore("Petshop"))
	look := h.pass("apis/petstore")
	var last inventory.Event
	h.view(func(r inventory.Reader) error {
		for e, err := range r.Events(0, 1000) {
			if err != nil {
				return err
			}
			last = e
		}
		return nil
	})
	if got := h.api("Petshop").Origins[0].Run; got != look.ID || last.Run != look.ID {
		t.Errorf("after a change: the origin is of run %d and the event of %d, want %d", got, last.Run, look.ID)
	}
}

func TestAnUnchangedPassChangesNothing(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	before, opens := h.api("Petstore"), h.source.Opens()
	var events int
	count := func() (n int) {
		h.view(func(r inventory.Reader) error {
			for _, err := range r.Events(0, 1000) {
				if err != nil {
					return err
				}
				n++
			}
			return nil
		})
		return n
	}
	events = count()
	run := h.pass("")
	after := h.api("Petstore")
	if after.Revision != before.Revision || count() != events || h.source.Opens() != opens || run.Counts.Unchanged != 1 {
		t.Errorf("an unchanged pass wrote or fetched: %+v, %d events, %d opens", run, count()-events, h.source.Opens()-opens)
	}
}

func TestARenameKeepsIDAndPeoplesWords(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	before := h.api("Petstore")
	h.update(func(tx inventory.Tx) error {
		own := before.Own
		own.Set("/summary", "ours")
		_, err := tx.PutOwn(before.Path, own, inventory.Condition{})
		return err
	})
	h.source.Put(petstore("Petshop"))
	for _, scope := range []string{"apis/petstore", ""} {
		h.pass(scope)
		after := h.api("Petshop")
		if after.ID != before.ID || after.View().Text("/summary") != "ours" {
			t.Errorf("after the rename (scope %q): %s, summary %q", scope, after.ID, after.View().Text("/summary"))
		}
	}
}

func TestAFailedDefinitionKeepsTheLastGoodOne(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	h.source.Put(petstore("Petshop"))
	h.source.FailDocument("apis/petstore", errors.New("too deep"))
	run := h.pass("")
	if run.Outcome != "partial" || len(run.Errors) != 1 || !strings.Contains(run.Errors[0].Message, "too deep") {
		t.Errorf("run: %+v", run)
	}
	h.view(func(r inventory.Reader) error {
		all, err := r.Below(h.api("Petshop").ID)
		for _, rec := range all {
			if rec.ID.Kind() == inventory.KindDefinition && (rec.Document == "" || rec.Origins[0].Problem == "") {
				t.Errorf("definition after a failure: document %q, problem %q", rec.Document, rec.Origins[0].Problem)
			}
		}
		return err
	})
	opens := h.source.Opens()
	if h.pass(""); h.source.Opens() != opens {
		t.Error("the failed document was tried again at once")
	}
	h.source.FailDocument("apis/petstore", nil)
	if run := h.pass("apis/petstore"); run.Outcome != "ok" || run.Counts.Documents != 1 {
		t.Errorf("after it healed: %+v", run)
	}
}

func TestDeletionOnlyWhenProven(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	for i := range 20 {
		h.source.Put(sourcetest.API(fmt.Sprintf("apis/a%02d", i), fmt.Sprintf("Api %02d", i), "v1", []byte(`{}`)))
	}
	h.pass("")
	h.source.Remove("apis/a00")
	h.source.FailAfter(5, &source.Error{Message: "broken listing"})
	if run := h.pass(""); run.Outcome != "failed" || run.Counts.Deleted != 0 {
		t.Errorf("a broken listing: %+v", run)
	}
	h.source.FailAfter(0, nil)
	h.source.Hide("apis/a00")
	if run := h.pass(""); run.Counts.Deleted != 0 || run.Outcome != "partial" {
		t.Errorf("a listing that lost a row: %+v", run)
	}
	for i := range 15 {
		h.source.Remove(fmt.Sprintf("apis/a%02d", i))
	}
	run := h.pass("")
	if run.Outcome != "held" || run.Counts.Deleted != 0 || run.Counts.Held != 15 {
		t.Errorf("many at once: %+v", run)
	}
	h.update(func(tx inventory.Tx) error {
		return approve(tx, inventory.MustID(linkPath), "apis/a01", "apis/a02")
	})
	if run := h.pass(""); run.Counts.Deleted != 2 {
		t.Errorf("after two were approved: %+v", run)
	}
}

func TestVersionSetsComeAndGo(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	one := sourcetest.API("apis/orders", "Orders", "", []byte(`{"v":1}`))
	two := sourcetest.API("apis/orders-v2", "Orders two", "v2", []byte(`{"v":2}`))
	h.source.Put(one)
	h.pass("")
	h.source.Put(two)
	h.pass("")
	first := h.api("Orders")
	joined := source.Object{
		Kind: inventory.KindAPI, External: "apiversionsets/orders", Name: "Orders set", Read: time.Now(),
		States: inventory.Doc{}, Children: slices.Concat(one.Children, two.Children),
	}
	joined.States.Set("/title", "Orders set")
	h.source.Remove("apis/orders")
	h.source.Remove("apis/orders-v2")
	h.source.Put(joined)
	run := h.pass("")
	set := h.api("Orders set")
	if set.ID != first.ID || run.Counts.Deleted != 0 {
		t.Errorf("two became one: %s, want %s; %+v\n%s", set.ID, first.ID, run, h.tree())
	}
	if got := strings.Count(h.tree(), "/versions/") - strings.Count(h.tree(), "/definitions/"); got != 2 {
		t.Errorf("%d versions, want 2:\n%s", got, h.tree())
	}
	if got := strings.Count(h.tree(), "/deployments/"); got != 2 {
		t.Errorf("%d deployments, want 2:\n%s", got, h.tree())
	}
	two.Read = time.Now()
	one.Read = time.Now()
	h.source.Remove("apiversionsets/orders")
	h.source.Put(one)
	h.source.Put(two)
	h.pass("")
	if h.api("Orders").ID != first.ID {
		t.Errorf("the set dissolved: Orders is %s, want %s", h.api("Orders").ID, first.ID)
	}
	h.api("Orders two")
	if run := h.pass(""); run.Counts.Unchanged != 2 {
		t.Errorf("the pass after: %+v\n%s", run, h.tree())
	}
}

func TestASupersededPassWritesNothing(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	p, err := h.engine.Begin(t.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "schedule"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	h.update(func(tx inventory.Tx) error {
		_, err := tx.Begin(inventory.MustID(linkPath))
		return err
	})
	if _, err := p.Run(t.Context(), time.Now().Add(time.Minute), func() bool { return false }); !errors.Is(err, inventory.Superseded) {
		t.Errorf("run: %v, want superseded", err)
	}
	if got := h.tree(); got != "" {
		t.Errorf("a superseded pass wrote:\n%s", got)
	}
}

func TestUnlinkRemovesAllAndRelinkGivesWordsBack(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	before := h.api("Petstore")
	h.update(func(tx inventory.Tx) error {
		own := before.Own
		own.Set("/summary", "ours")
		_, err := tx.PutOwn(before.Path, own, inventory.Condition{})
		return errors.Join(err, tx.SetStatus(inventory.MustID(linkPath), inventory.LinkStatus{State: inventory.Deleting}))
	})
	p, err := h.engine.Begin(t.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "unlink"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if done, err := p.Unlink(context.Background(), time.Now().Add(time.Minute)); !done || err != nil {
		t.Fatalf("unlink: %v, %v", done, err)
	}
	h.view(func(r inventory.Reader) error {
		for res, err := range r.List(inventory.Query{Parent: inventory.MustID(workspace), Kind: inventory.KindEnvironment}) {
			t.Errorf("left after the unlink: %s %v", res.Path, err)
		}
		return nil
	})
	if got := h.tree(); got != "" {
		t.Errorf("left after the unlink:\n%s", got)
	}
	h.update(func(tx inventory.Tx) error { return put(tx, linkPath, always) })
	h.source.Put(petstore("Renamed meanwhile"))
	h.pass("")
	after := h.api("Renamed meanwhile")
	if after.ID != before.ID || after.View().Text("/summary") != "ours" {
		t.Errorf("after the re-link: %s, summary %q; want %s, ours", after.ID, after.View().Text("/summary"), before.ID)
	}
}

func TestALimitStopsAddingOnly(t *testing.T) {
	h := newHouse(t, engine.Options{MaxAPIs: 2}, always)
	for i := range 4 {
		h.source.Put(sourcetest.API(fmt.Sprintf("apis/a%d", i), fmt.Sprintf("Api %d", i), "v1", []byte(`{}`)))
	}
	run := h.pass("")
	if run.Counts.Added != 2 || run.Counts.Limited != 2 || run.Outcome != "partial" {
		t.Errorf("run: %+v", run)
	}
	renamed := sourcetest.API("apis/a0", "Renamed", "v1", []byte(`{}`))
	h.source.Put(renamed)
	if run := h.pass(""); run.Counts.Updated != 1 {
		t.Errorf("at the limit: %+v", run)
	}
}
