package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

// ruled are the properties of a link with a rule for what vanishes.
func ruled(rule inventory.OnVanish) string {
	return strings.Replace(always, "{", `{"onVanish":"`+string(rule)+`",`, 1)
}

// gone gives what is marked as gone, by path below the workspace.
func (h *house) gone() string {
	h.Helper()
	var out []string
	for _, rec := range h.below(inventory.MustID(workspace)) {
		if raw, ok := rec.View()[inventory.FieldGone]; ok {
			if !strings.Contains(string(raw), `"why":"vanished"`) || !strings.Contains(string(rec.Doc), `"gone":{`) {
				h.Errorf("%s is marked %s, and readers see %s", rec.Path, raw, rec.Doc)
			}
			out = append(out, strings.TrimPrefix(rec.ID.String(), workspace+"/"))
		}
	}
	return strings.Join(out, "\n")
}

func (h *house) deletions() (all []inventory.Deletion) {
	h.Helper()
	h.view(func(r inventory.Reader) (err error) {
		all, err = r.Deletions(inventory.MustID(linkPath))
		return err
	})
	return all
}

func (h *house) judge(verdict inventory.DeletionVerdict, external string) {
	h.Helper()
	h.update(func(tx inventory.Tx) error {
		return tx.PutDeletion(inventory.MustID(linkPath), inventory.Deletion{External: external, Verdict: verdict, By: "ann"})
	})
}

func TestWhatIsKeptIsMarkedUntilItIsBack(t *testing.T) {
	for _, look := range []string{"", "apis/2"} { // a whole pass, or a look at it alone
		h := newHouse(t, engine.Options{}, ruled(inventory.OnVanishKeep))
		one, two := sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))
		h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one, two))
		h.pass("")
		tree, set := h.tree(), h.api("Set")
		h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one))
		run := h.pass(look)
		if run.Counts.Kept != 1 || run.Counts.Deleted != 0 || h.tree() != tree {
			t.Fatalf("look %q: when one went: %+v\n%s", look, run, h.tree())
		}
		api := strings.TrimPrefix(set.ID.String(), workspace+"/")
		want := api + "/deployments/gateway-e056189445020ad8\n" + api + "/versions/version-v2\n" + api + "/versions/version-v2/definitions/openapi"
		if got := h.gone(); got != want {
			t.Errorf("look %q: marked:\n%s\nwant:\n%s", look, got, want)
		}
		if s, _ := h.status(); s.APIs != 1 || s.Kept != 1 {
			t.Errorf("look %q: the link has %d APIs and keeps %d", look, s.APIs, s.Kept)
		}
		h.pass("")
		if run := h.pass(""); run.Counts.Kept+run.Counts.Updated+run.Counts.Deleted != 0 || run.Outcome != "ok" {
			t.Errorf("look %q: a pass when all is done: %+v", look, run)
		}
		h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one, two))
		if run := h.pass(look); run.Counts.Updated != 1 || h.gone() != "" || h.tree() != tree || h.api("Set").Key != set.Key {
			t.Errorf("look %q: when it was back: %+v\n%s", look, run, h.gone())
		}
	}
}

func TestAnAPIIsMarkedWhenItsLastVersionMovesOut(t *testing.T) {
	for _, look := range []string{"", "apis/2"} { // a whole pass, or a look at what moves alone
		h := newHouse(t, engine.Options{}, ruled(inventory.OnVanishKeep))
		one, two := sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))
		h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one, two))
		h.pass("")
		set := strings.TrimPrefix(h.api("Set").ID.String(), workspace+"/")
		h.source.Put(sourcetest.Group("apiversionsets/s", "Set", two))
		h.pass("")
		h.source.Put(sourcetest.Group("apiversionsets/s", "Set, read again", two))
		h.pass("")
		h.source.Remove("apiversionsets/s")
		h.source.Put(sourcetest.Group("apis/2", "Alone", two))
		h.pass(look)
		h.pass("")
		if got := h.gone(); !strings.HasPrefix(got, set+"\n") || strings.Count(got, "\n") != 3 { // with version, definition and deployment of the one that is kept
			t.Errorf("look %q: marked:\n%s\nof:\n%s", look, got, h.tree())
		}
	}
}

// One leaves a set and others come into it, in one pass, which reads that they do
// before it reads that the one has left, and writes that after it.
func TestAnAPIThatOthersComeIntoIsNotMarked(t *testing.T) {
	h := newHouse(t, engine.Options{}, ruled(inventory.OnVanishKeep))
	leaves := sourcetest.Version("left/1", "v1", nil) // behind the set in a listing
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", leaves, sourcetest.Version("apis/gone", "v0", nil)))
	h.pass("")
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", leaves))
	h.pass("")
	set, marked := h.api("Set"), h.gone()
	var come []source.Object
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		come = append(come, sourcetest.Version("apis/"+name, name, []byte(`{}`)))
	}
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set, with others", come...))
	h.source.Put(sourcetest.Group("left/1", "Alone", leaves))
	h.source.Pages(1)
	h.source.Delay(10 * time.Millisecond)
	h.pass("")
	if now := h.api("Set, with others"); now.Key != set.Key || h.gone() != marked {
		t.Errorf("there are %s; marked:\n%s\nand before:\n%s", h.members(), h.gone(), marked)
	}
}

func TestAPartOfAnAPIThatComesAgainSaysWhatTheOthersWould(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	one, two, three := sourcetest.Version("apis/1", "v1", nil), sourcetest.Version("apis/2", "v2", nil), sourcetest.Version("apis/3", "v3", nil)
	h.source.Put(sourcetest.Group("apiversionsets/r", "Older", one))
	h.pass("")
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", two))
	h.pass("")
	h.source.Remove("apiversionsets/s") // it becomes one with the older
	h.source.Put(sourcetest.Group("apiversionsets/r", "Older", one, two))
	h.pass("")
	part := sourcetest.Group("apiversionsets/s", "Set", three)
	part.Partial, part.Offers = true, inventory.Doc{"/kind": part.States["/kind"]}
	delete(part.States, "/kind")
	h.source.Put(part)
	h.pass("apis/3")
	if set := h.api("Set"); set.View().Text("/kind") != "rest" || set.Own["/kind"] != nil {
		t.Errorf("readers see %s, and people said %s", set.Doc, set.Own.Encode())
	}
	part.Offers = inventory.Doc{"/kind": []byte(`"soap"`)}
	h.source.Put(part)
	h.pass("apis/3")
	if set := h.api("Set"); set.View().Text("/kind") != "rest" {
		t.Errorf("a second look at a part changed what the others decide: %s", set.Doc)
	}
}

// Nobody is to see a version under the name of an API that it is not of.
func TestASetComesApartBeforeOneOfItGoesOnAsIt(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	one, two := sourcetest.Version("apis/1", "v1", nil), sourcetest.Version("apis/2", "v2", []byte(`{}`))
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one, two))
	h.pass("")
	set := h.api("Set")
	h.source.Remove("apiversionsets/s")
	h.source.Put(sourcetest.Group("apis/1", "One", one))
	h.source.Put(sourcetest.Group("apis/2", "Two", sourcetest.Version("apis/2", "v2", []byte(`{"x":1}`))))
	h.source.Delay(20 * time.Millisecond) // one, which has no document, is ready first
	h.pass("")
	if h.api("One").Key != set.Key {
		t.Fatalf("the set does not go on:\n%s", h.tree())
	}
	left, renamed := int64(0), int64(0)
	h.view(func(r inventory.Reader) error {
		for e, err := range r.EventsIn(inventory.MustID(workspace), 0, 1000) {
			if err != nil {
				return err
			}
			for _, c := range e.Changes {
				switch {
				case c.Action == inventory.Moved && strings.HasSuffix(c.Path, "/versions/version-v2"):
					left = e.Sequence
				case c.Path == set.Path && slices.ContainsFunc(c.Fields, func(f inventory.FieldChange) bool { return f.Field == "/title" }):
					renamed = e.Sequence
				}
			}
		}
		return nil
	})
	if left == 0 || renamed <= left {
		t.Errorf("the version left in event %d, and the API got its new title in event %d", left, renamed)
	}
}

func TestASetGoesOnAsWhatCameBackThoughTheOthersWereReadLater(t *testing.T) {
	h := newHouse(t, engine.Options{}, ruled(inventory.OnVanishKeep))
	one, two := sourcetest.Version("apis/1", "v1", nil), sourcetest.Version("apis/2", "v2", nil)
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one, two))
	h.pass("")
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", two))
	h.pass("")
	h.source.Remove("apiversionsets/s")
	h.source.Put(sourcetest.Group("apis/1", "One", one))
	h.source.Put(sourcetest.Group("apis/2", "Two", two))
	h.source.Pages(1)
	h.source.Delay(time.Millisecond)
	h.pass("")
	if h.members() != "One v1, Two v2" || h.gone() != "" {
		t.Errorf("there are %s; marked:\n%s", h.members(), h.gone())
	}
}

func TestAnAPIThatIsKeptWholeIsMarkedAndPeopleMayDeleteIt(t *testing.T) {
	h := newHouse(t, engine.Options{}, ruled(inventory.OnVanishKeep))
	h.source.Put(petstore("Petstore"))
	h.source.Put(sourcetest.API("apis/zoo", "Zoo", "v1", []byte(`{}`)))
	h.pass("")
	pets := h.api("Petstore")
	h.update(func(tx inventory.Tx) error {
		_, err := tx.PutOwn(pets.Path, pets.Own.With("/summary", "ours"), inventory.Condition{})
		return err
	})
	if err := h.store.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Delete(pets.ID, inventory.Condition{}) }); !errors.Is(err, inventory.Conflict) {
		t.Errorf("delete what the source has: %v", err)
	}
	h.source.Remove("apis/petstore")
	h.pass("")
	if got := strings.Count(h.gone(), "\n"); got != 3 { // API, version, definition, deployment
		t.Errorf("marked:\n%s", h.gone())
	}
	h.update(func(tx inventory.Tx) error { return tx.Delete(pets.ID, inventory.Condition{}) })
	h.source.Put(petstore("Petstore"))
	h.pass("")
	if again := h.api("Petstore"); again.ID != pets.ID || again.Key == pets.Key || again.Own.Text("/summary") != "ours" {
		t.Errorf("it came again as %s with %s", again.Path, again.Own.Encode())
	}
}

func TestARuleThatHoldsAsksForEachDeletion(t *testing.T) {
	h := newHouse(t, engine.Options{}, ruled(inventory.OnVanishHold))
	for _, o := range []string{"apis/a", "apis/b", "apis/c", "apis/d"} {
		h.source.Put(sourcetest.API(o, o, "v1", []byte(`{}`)))
	}
	h.pass("")
	for _, o := range []string{"apis/a", "apis/b", "apis/c"} {
		h.source.Remove(o)
	}
	h.pass("apis/a") // looks hold, too
	run := h.pass("")
	if s, _ := h.status(); run.Outcome != "held" || run.Counts.Held != 3 || len(s.Held) != 3 {
		t.Fatalf("held: %+v, %+v", run, s)
	}
	before := h.deletions()
	h.judge(inventory.Approved, "apis/a")
	h.judge(inventory.Rejected, "apis/b")
	h.source.FailGone(errors.New("no answer"))
	if run := h.pass(""); run.Counts.Deleted+run.Counts.Kept != 0 || len(h.deletions()) != 3 {
		t.Fatalf("verdicts were lost with a proof that failed: %+v, %+v", run, h.deletions())
	}
	h.source.FailGone(nil)
	h.source.FailAfter(1, errors.New("no listing"))
	if run := h.pass(""); run.Outcome != "failed" || len(h.deletions()) != 3 {
		t.Fatalf("verdicts were lost with a listing that failed: %+v, %+v", run, h.deletions())
	}
	h.source.FailAfter(0, nil)
	if run := h.pass(""); run.Counts.Deleted != 1 || run.Counts.Kept != 1 || run.Counts.Held != 1 {
		t.Errorf("what was decided: %+v", run)
	}
	if got := h.gone(); strings.Count(got, "\n") != 3 || !strings.Contains(got, "/apis-b") {
		t.Errorf("marked:\n%s", got)
	}
	rest := h.deletions()
	if len(rest) != 1 || rest[0].External != "apis/c" || !rest[0].Since.Equal(before[2].Since) {
		t.Errorf("what waits: %+v; it waited since %v", rest, before[2].Since)
	}
	h.source.Put(sourcetest.API("apis/b", "apis/b", "v1", []byte(`{}`)))
	h.source.Put(sourcetest.API("apis/c", "apis/c", "v1", []byte(`{}`)))
	h.judge(inventory.Approved, "apis/c") // too late
	h.pass("")
	if h.gone() != "" || len(h.deletions()) != 0 {
		t.Errorf("what is back is marked:\n%s\nor waits: %+v", h.gone(), h.deletions())
	}
	h.source.Remove("apis/c")
	if run := h.pass(""); run.Counts.Held != 1 || run.Counts.Deleted != 0 {
		t.Errorf("an old approval counts for a new deletion: %+v", run)
	}
}

func TestLooksThatEmptyASourceAreBraked(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	for i := range 15 {
		h.source.Put(api(i, "x"))
	}
	h.pass("")
	dropped := 0
	for i := range 15 {
		o := api(i, "x").External
		h.source.Remove(o)
		run := h.pass(o)
		dropped += run.Counts.Deleted
		if wantHeld := i >= 10; (run.Outcome == "held") != wantHeld {
			t.Errorf("look %d: %+v", i+1, run)
		}
	}
	s, _ := h.status()
	if held := h.deletions(); dropped != 10 || len(held) != 5 || len(s.Held) != 5 {
		t.Errorf("%d went, and %+v wait", dropped, held)
	}
	for _, d := range h.deletions() {
		h.judge(inventory.Approved, d.External)
	}
	if run := h.pass(""); run.Counts.Deleted != 5 || h.tree() != "" {
		t.Errorf("approved: %+v", run)
	}
	h.source.Put(api(0, "x"))
	h.source.Put(api(1, "x"))
	h.source.Put(api(2, "x"))
	h.pass("")
	h.source.Remove(api(0, "x").External)
	if run := h.pass(""); run.Outcome != "ok" || run.Counts.Deleted != 1 {
		t.Errorf("what people approved counts against what goes later: %+v", run)
	}
}
