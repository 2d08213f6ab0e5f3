package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

// now is the link's status.
func (h *house) now() inventory.LinkStatus {
	h.Helper()
	s, _ := h.status()
	return s
}

// Each step does something at the source, works a pass, and says whether the
// inventory is proven by it, or why not.
func TestWhatAPassProves(t *testing.T) {
	const proven = ""
	type step struct {
		name     string
		do       func(*house)
		api      string
		unproven string // a part of the reason; proven; or unchanged, when the pass says nothing of it
	}
	const unchanged = "unchanged"
	put := func(n int) func(*house) {
		return func(h *house) {
			for i := range n {
				h.source.Put(sourcetest.API(fmt.Sprintf("apis/a%02d", i), fmt.Sprintf("Api %02d", i), "v1", []byte(`{}`)))
			}
		}
	}
	nothing := func(*house) {}
	for _, tt := range []struct {
		name    string
		options engine.Options
		steps   []step
	}{
		{"all is well", engine.Options{}, []step{{"first", put(3), "", proven}, {"again", nothing, "", proven}, {"one API", nothing, "apis/a00", unchanged}}},
		{"a failure", engine.Options{}, []step{
			{"first", put(3), "", proven},
			{"down", func(h *house) { h.source.FailAfter(1, &source.Error{Message: "down"}) }, "", unchanged},
			{"up", func(h *house) { h.source.FailAfter(0, nil) }, "", proven},
		}},
		{"a document that cannot be had says nothing of the listing", engine.Options{}, []step{
			{"first", func(h *house) { put(3)(h); h.source.FailDocument("apis/a01", errors.New("too deep")) }, "", proven},
		}},
		{"held", engine.Options{}, []step{
			{"first", put(20), "", proven},
			{"gone", func(h *house) {
				for i := range 15 {
					h.source.Remove(fmt.Sprintf("apis/a%02d", i))
				}
			}, "", "would go at once; they are held for approval"},
			{"back", put(20), "", proven},
		}},
		{"a limit", engine.Options{MaxAPIs: 2}, []step{{"first", put(2), "", proven}, {"one too many", put(3), "", "the link may bring 2 APIs"}}},
		{"a row that the listing lost", engine.Options{}, []step{
			{"first", put(3), "", proven},
			{"lost", func(h *house) { h.source.Remove("apis/a00"); h.source.Hide("apis/a00") }, "", "1 APIs could not be brought in, or not be proven gone"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, tt.options, always)
			for _, s := range tt.steps {
				before := h.now()
				s.do(h)
				run := h.pass(s.api)
				got := h.now()
				want := before.ProvenAt
				if s.unproven == proven {
					want = run.Started
				}
				if !got.ProvenAt.Equal(want) {
					t.Errorf("%s: proven at %v, want %v: %+v", s.name, got.ProvenAt, want, run)
				}
				if s.unproven != unchanged && (s.unproven == proven) != (got.Unproven == "") || s.unproven != unchanged && !strings.Contains(got.Unproven, s.unproven) {
					t.Errorf("%s: unproven %q, want %q", s.name, got.Unproven, s.unproven)
				}
			}
		})
	}
}

func TestDefinitionsAreProvenByTheOldest(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	for i := range 3 {
		h.source.Put(sourcetest.API(fmt.Sprintf("apis/a%d", i), "Api", "v1", []byte(`{}`)))
	}
	h.source.FailDocument("apis/a1", errors.New("too deep"))
	h.pass("")
	if s := h.now(); s.Definitions != 3 || !s.DefinitionsProvenAt.IsZero() || s.Problems != 1 {
		t.Errorf("while one was never there: %+v", s)
	}
	h.source.FailDocument("apis/a1", nil)
	h.pass("apis/a1")
	first := h.now()
	if first.DefinitionsProvenAt.IsZero() || first.DefinitionsProvenAt.After(first.ProvenAt) {
		t.Errorf("with all there: %v, the listing is of %v", first.DefinitionsProvenAt, first.ProvenAt)
	}
	for i := range 3 {
		h.pass(fmt.Sprintf("apis/a%d", i))
	}
	if s := h.now(); !s.DefinitionsProvenAt.Equal(first.ProvenAt) {
		t.Errorf("definitions are proven at %v, while no listing since %v says that there are no others", s.DefinitionsProvenAt, first.ProvenAt)
	}
	h.pass("")
	second := h.now()
	if !second.DefinitionsProvenAt.After(first.DefinitionsProvenAt) {
		t.Errorf("all fetched again and listed: %v, before it was %v", second.DefinitionsProvenAt, first.DefinitionsProvenAt)
	}
	h.source.FailDocument("apis/new", errors.New("too deep"))
	h.source.Put(sourcetest.API("apis/new", "New", "v1", []byte(`{}`)))
	h.pass("")
	if s := h.now(); s.Definitions != 4 || !s.DefinitionsProvenAt.Equal(second.DefinitionsProvenAt) {
		t.Errorf("with a new one that could not be had: %v, want still %v", s.DefinitionsProvenAt, second.DefinitionsProvenAt)
	}
}

func TestOnDemandOnlyWhatIsThereHasAnAge(t *testing.T) {
	h := newHouse(t, engine.Options{}, strings.Replace(always, `"always"`, `"ondemand"`, 1))
	for i := range 3 {
		h.source.Put(sourcetest.API(fmt.Sprintf("apis/a%d", i), "Api", "v1", []byte(`{}`)))
	}
	h.pass("")
	if s := h.now(); s.Definitions != 0 {
		t.Errorf("before anybody asked: %+v", s)
	}
	h.work(engine.Work{Trigger: "demand", Scope: source.Scope{API: "apis/a1"}})
	if s := h.now(); s.Definitions != 1 || s.DefinitionsProvenAt.IsZero() {
		t.Errorf("after somebody asked for one: %+v", s)
	}
}

func TestTheNextPassEndsWithinTheTarget(t *testing.T) {
	for _, tt := range []struct {
		properties string
		least      time.Duration // from the start of a pass that took no time
		most       time.Duration
	}{
		{always, 49 * time.Second, 57 * time.Second},
		{strings.Replace(always, `{`, `{"freshnessTargetSeconds":600,`, 1), 500 * time.Second, 570 * time.Second},
		{strings.Replace(always, `{`, `{"freshnessTargetSeconds":10,`, 1), 7 * time.Second, 9 * time.Second},
	} {
		h := newHouse(t, engine.Options{}, tt.properties)
		for range 20 {
			run := h.pass("")
			if wait := h.now().NextDue.Sub(run.Started); wait < tt.least || wait > tt.most {
				t.Fatalf("%s: the next pass is due after %v, want %v to %v", tt.properties, wait, tt.least, tt.most)
			}
		}
	}
}
