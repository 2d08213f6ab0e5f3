package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

func api(n int, title string) source.Object {
	return sourcetest.API(fmt.Sprintf("apis/a%02d", n), title, "v1", []byte(`{}`))
}

// begin starts a whole pass and works so many ops of it.
func (h *house) begin(ops int) *engine.Pass {
	h.Helper()
	p, err := h.engine.Begin(h.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "schedule"})
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(p.Close)
	if done, err := p.Run(h.Context(), time.Now().Add(time.Minute), func() bool { ops--; return ops < 0 }); done || err != nil {
		h.Fatalf("the first slice: %t, %v", done, err)
	}
	return p
}

// finish works a pass to its end.
func (h *house) finish(p *engine.Pass) inventory.Run {
	h.Helper()
	done, failure := p.Run(h.Context(), time.Now().Add(time.Minute), func() bool { return false })
	if err := p.Finish(h.Context(), failure, nil); err != nil || !done && failure == nil {
		h.Fatal(done, err)
	}
	return h.lastRun()
}

// look works a targeted pass between two slices.
func (h *house) look(p *engine.Pass, api string) inventory.Run {
	h.Helper()
	sub, err := p.Targeted(h.Context(), engine.Work{Trigger: "event", Scope: source.Scope{API: api}})
	if err != nil {
		h.Fatal(err)
	}
	return h.finish(sub)
}

func TestALookBetweenSlicesBringsNothingTwice(t *testing.T) {
	h := newHouse(t, engine.Options{Fetchers: 1}, always)
	h.source.Put(api(0, "First"))
	h.source.Put(api(1, "Second"))
	p := h.begin(2) // the environment and the first
	h.look(p, "apis/a01")
	if run := h.finish(p); run.Outcome != "ok" || len(run.Errors) > 0 {
		t.Errorf("the whole pass: %+v", run)
	}
	if got := strings.Count(h.tree(), "/versions/version-v1 "); got != 2 {
		t.Errorf("%d versions, want 2:\n%s", got, h.tree())
	}
}

func TestALookAtOneOfANewSetBetweenSlicesDoesNotMakeTwo(t *testing.T) {
	h := newHouse(t, engine.Options{Fetchers: 1}, always)
	h.source.Put(api(0, "First"))
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))))
	p := h.begin(2) // the environment and the first
	h.look(p, "apis/1")
	if run := h.finish(p); run.Outcome != "ok" || len(run.Errors) > 0 {
		t.Errorf("the whole pass: %+v", run)
	}
	if got := len(h.below(h.api("Set").ID)); got != 1+2*3 { // two versions, each with a definition and a deployment
		t.Errorf("%d things in the set, want 7:\n%s", got, h.tree())
	}
}

func TestARowReadBeforeALookRevivesNothing(t *testing.T) {
	h := newHouse(t, engine.Options{Fetchers: 1}, always)
	for n := range 3 {
		h.source.Put(api(n, "Old"))
	}
	h.pass("")
	renamed := api(1, "Renamed")
	h.source.Put(renamed)
	h.source.Put(api(0, "New"))
	p := h.begin(1) // the first: the listing has begun, and its rows bear that time
	h.source.Remove("apis/a01")
	if run := h.look(p, "apis/a01"); run.Counts.Deleted != 1 {
		t.Fatalf("the look: %+v", run)
	}
	h.source.Put(renamed) // what a page that was read before still has
	h.finish(p)
	if strings.Contains(h.tree(), "Renamed") {
		t.Errorf("an older row brought back what was proven gone:\n%s", h.tree())
	}
}

// members are the titles of all versions, each after that of its API.
func (h *house) members() string {
	titles := map[inventory.ID]string{}
	var out []string
	for _, rec := range h.below(inventory.MustID(workspace)) { // an API comes before what is in it
		titles[rec.ID] = rec.View().Text("/title")
		if rec.ID.Kind() == inventory.KindVersion {
			out = append(out, titles[rec.ID.Parent()]+" "+titles[rec.ID])
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// A row goes on as the API of others, and a look has placed one of these, or of its own, since
// it was read: what becomes of that API is for the next listing to say.
func TestARowReadBeforeALookTakesNoAPIOver(t *testing.T) {
	one, two := sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))
	set := func(external, title string, versions ...source.Object) source.Object {
		return sourcetest.Group("apiversionsets/"+external, title, versions...)
	}
	alone := []source.Object{sourcetest.Group("apis/1", "One", one), sourcetest.Group("apis/2", "Two", two)}
	for _, c := range []struct {
		name                string
		recorded, row, true []source.Object
		look                string
		after, then         string
	}{
		{
			"another member was placed elsewhere",
			[]source.Object{set("s", "Set", one)},
			[]source.Object{set("s", "Set", one, two)},
			[]source.Object{set("t", "Other", one), set("s", "Set", two)},
			"apis/1", "New v1, Other v1", "New v1, Other v1, Set v2",
		},
		{
			"another member is in it again",
			[]source.Object{set("s", "Set", one, two)},
			alone,
			[]source.Object{alone[0], set("s", "Set", two)},
			"apis/2", "New v1, Set v1, Set v2", "New v1, One v1, Set v2",
		},
		{
			"another came into it",
			[]source.Object{set("s", "Set", one)},
			alone,
			[]source.Object{alone[0], set("s", "Set", two)},
			"apis/2", "New v1, Set v1, Set v2", "New v1, One v1, Set v2",
		},
		{
			"one of its own was placed in a new one",
			[]source.Object{set("s", "Set", one, two)},
			[]source.Object{set("t", "Other", one, two)},
			[]source.Object{set("t", "Other", one, two)},
			"apis/1", "New v1, Other v1, Set v2", "New v1, Other v1, Other v2",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, engine.Options{Fetchers: 1}, always)
			lists := func(of ...source.Object) {
				for _, external := range []string{"apiversionsets/s", "apiversionsets/t", "apis/1", "apis/2"} {
					h.source.Remove(external)
				}
				for _, o := range of {
					h.source.Put(o)
				}
			}
			h.source.Put(api(0, "Old"))
			lists(c.recorded...)
			h.pass("")
			before, _ := h.status()
			h.source.Put(api(0, "New"))
			lists(c.row...)
			p := h.begin(1) // the first: the listing has begun, and its rows bear that time
			lists(c.true...)
			h.look(p, c.look)
			lists(c.row...) // what a page that was read before still has
			h.finish(p)
			if s, _ := h.status(); h.members() != c.after || !s.ProvenAt.Equal(before.ProvenAt) || s.Unproven == "" {
				t.Errorf("there are %s, want %s; unproven %q, proven as of %v (before: %v)", h.members(), c.after, s.Unproven, s.ProvenAt, before.ProvenAt)
			}
			lists(c.true...)
			h.pass("")
			if s, _ := h.status(); h.members() != c.then || s.Unproven != "" {
				t.Errorf("then there are %s, want %s; unproven %q", h.members(), c.then, s.Unproven)
			}
		})
	}
}

// A look takes the last of a set out of it, and what was kept of the set came back before.
func TestALookThatEndsASetLeavesWhatCameBackToTheNextPass(t *testing.T) {
	h := newHouse(t, engine.Options{Fetchers: 1}, ruled(inventory.OnVanishKeep))
	one, two := sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))
	h.source.Put(api(0, "Old"))
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one, two))
	h.pass("")
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", two))
	h.pass("")
	h.source.Remove("apiversionsets/s")
	h.source.Put(api(0, "New"))
	h.source.Put(sourcetest.Group("apis/1", "One", one))
	h.source.Put(sourcetest.Group("apis/2", "Two", two))
	before, _ := h.status()
	p := h.begin(1)
	h.look(p, "apis/2")
	h.finish(p)
	if s, _ := h.status(); h.members() != "New v1, Set v1, Two v2" || !s.ProvenAt.Equal(before.ProvenAt) {
		t.Errorf("there are %s; proven as of %v (before: %v)", h.members(), s.ProvenAt, before.ProvenAt)
	}
	h.pass("")
	if h.members() != "New v1, One v1, Two v2" || h.gone() != "" {
		t.Errorf("then there are %s; marked:\n%s", h.members(), h.gone())
	}
}

// A look between two slices has found that the inventory is not as the source, and could
// not, or may not, make it so. The listing that was begun before says nothing of it.
func TestAPassProvesNothingThatALookHasFoundOtherwise(t *testing.T) {
	judge := func(v inventory.DeletionVerdict) func(*house) {
		return func(h *house) { h.judge(v, "apis/a01") }
	}
	for _, c := range []struct {
		name   string
		rule   string
		before func(*house) // the look
		after  func(*house)
		why    string
	}{
		{"a deletion is held", ruled(inventory.OnVanishHold), nil, nil, "held"},
		{"it is approved meanwhile", ruled(inventory.OnVanishHold), nil, judge(inventory.Approved), "held"},
		{"it is rejected meanwhile", ruled(inventory.OnVanishHold), nil, judge(inventory.Rejected), "held"},
		{"a proof is refused", always, func(h *house) { h.source.FailGone(errors.New("refused")) }, nil, "proven gone"},
		{"the source still has it", always, func(h *house) { h.source.Hide("apis/a01") }, nil, "proven gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, engine.Options{Fetchers: 1}, c.rule)
			for n := range 2 {
				h.source.Put(api(n, "A"))
			}
			h.pass("")
			before, _ := h.status()
			h.source.Put(api(0, "B"))
			p := h.begin(1)
			h.source.Remove("apis/a01")
			if c.before != nil {
				c.before(h)
			}
			h.look(p, "apis/a01")
			if c.after != nil {
				c.after(h)
			}
			h.finish(p)
			if s, _ := h.status(); !s.ProvenAt.Equal(before.ProvenAt) || !strings.Contains(s.Unproven, c.why) {
				t.Errorf("proven as of %v (before: %v), unproven %q", s.ProvenAt, before.ProvenAt, s.Unproven)
			}
		})
	}
}

// A limit that keeps out what a look has found keeps it out of the pass around the look, too.
func TestALookThatALimitKeepsOutLeavesThePassLimited(t *testing.T) {
	h := newHouse(t, engine.Options{Fetchers: 1, MaxAPIs: 1}, always)
	h.source.Put(api(0, "A"))
	h.pass("")
	before, _ := h.status()
	h.source.Put(api(0, "B"))
	p := h.begin(1)
	h.source.Put(api(1, "One too many"))
	h.look(p, "apis/a01")
	h.finish(p)
	if s, _ := h.status(); !s.Limited || !s.ProvenAt.Equal(before.ProvenAt) {
		t.Errorf("limited %t, proven as of %v (before: %v)", s.Limited, s.ProvenAt, before.ProvenAt)
	}
}

func TestWhatComesBackUnderAnOldMarkIsSeen(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	one, two := sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))
	both := sourcetest.Group("apiversionsets/s", "Set", one, two)
	h.source.Put(both)
	h.pass("")
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", one))
	if run := h.pass("apis/2"); run.Counts.Deleted != 1 {
		t.Fatalf("the look: %+v", run)
	}
	h.source.Put(both)
	if run := h.pass(""); run.Counts.Added != 1 {
		t.Errorf("the version that is there again: %+v\n%s", run, h.tree())
	}
}

func TestALookAtOneOfASetLeavesNoMarkThatIsNotTrue(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	set := func(title string) source.Object {
		return sourcetest.Group("apiversionsets/s", "Set", sourcetest.Version("apis/1", title, []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`)))
	}
	h.source.Put(set("before"))
	h.pass("")
	h.source.Put(set("between"))
	h.pass("apis/1")
	h.source.Put(set("before"))
	h.pass("")
	if strings.Contains(h.tree(), "between") {
		t.Errorf("what was taken back stays:\n%s", h.tree())
	}
}

func TestAPassThatCannotWriteEndsThoughTheSourceIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, engine.Options{Fetchers: 1}, always)
		for n := range 3 {
			h.source.Put(api(n, "A"))
		}
		h.source.Delay(time.Hour)
		p, err := h.engine.Begin(t.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "schedule"})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		time.AfterFunc(90*time.Minute, func() { h.claim() }) // after the environment, before the first API
		began := time.Now()
		_, failure := p.Run(t.Context(), began.Add(24*time.Hour), func() bool { return false })
		if took := time.Since(began); !errors.Is(failure, inventory.Superseded) || took > 3*time.Hour {
			t.Errorf("ended after %v: %v", took, failure)
		}
	})
}

func TestOneRefusedProofStopsNoOther(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	for n := range 10 {
		h.source.Put(api(n, "A"))
	}
	h.pass("")
	h.source.Remove("apis/a00")
	h.source.Remove("apis/a01")
	h.source.FailGone(&source.Error{Message: "refused"})
	if run := h.pass(""); run.Outcome != "partial" || run.Counts.Deleted != 0 || len(run.Errors) != 2 {
		t.Errorf("proofs without an answer: %+v", run)
	}
	h.source.FailGone(&source.Error{Message: "no role", Stalled: true})
	if run := h.pass(""); run.Outcome != "failed" {
		t.Errorf("a source that refuses: %+v", run)
	}
	h.source.FailGone(nil)
	if run := h.pass(""); run.Outcome != "ok" || run.Counts.Deleted != 2 {
		t.Errorf("after it healed: %+v", run)
	}
}

func TestProvingStopsWithItsSlice(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	for n := range 10 {
		h.source.Put(api(n, "A"))
	}
	h.pass("")
	for n := range 4 {
		h.source.Remove(fmt.Sprintf("apis/a%02d", n))
	}
	p := h.begin(4 + 1 + 2) // what vanished, the end of the plan, and two proofs
	if got := h.source.Proofs(); got != 2 {
		t.Errorf("%d proofs in a slice of two", got)
	}
	if run := h.finish(p); run.Counts.Deleted != 4 {
		t.Errorf("in the end: %+v", run)
	}
}

func TestAnApprovalDuringAPassOutlivesIt(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(api(0, "A"))
	h.source.Put(api(1, "B"))
	h.pass("")
	h.source.Remove("apis/a00")
	h.source.Remove("apis/a01")
	release := func(externals ...string) {
		h.update(func(tx inventory.Tx) error { return approve(tx, inventory.MustID(linkPath), externals...) })
	}
	release("apis/a00")
	p := h.begin(0)
	release("apis/a00", "apis/a01")
	if run := h.finish(p); run.Counts.Deleted != 1 || run.Counts.Held != 1 {
		t.Errorf("the pass that knew of one approval: %+v", run)
	}
	if run := h.pass(""); run.Counts.Deleted != 1 {
		t.Errorf("the pass that knew of the other: %+v", run)
	}
}

func TestARunThatNobodyWorksOnIsClosed(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(api(0, "A"))
	h.begin(1)
	h.pass("")
	h.view(func(r inventory.Reader) error {
		runs, err := r.Runs(inventory.MustID(linkPath), 10)
		if len(runs) != 2 || runs[1].Outcome != "interrupted" || runs[1].Ended.IsZero() {
			t.Errorf("runs: %+v", runs)
		}
		return err
	})
}

func TestAPanicOfASourceEndsThePass(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.FailGone(errors.New("unused"))
	o := api(0, "A")
	o.Children[0].Children[0].Document.Open = nil // a call of it panics
	h.source.Put(o)
	if run := h.pass(""); run.Outcome != "failed" || !strings.Contains(run.Message, "internal error") {
		t.Errorf("run: %+v", run)
	}
}
