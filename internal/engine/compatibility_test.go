package engine_test

import (
	"context"
	"testing"

	"apicenter/internal/compatibility"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

func TestANewDefinitionIsComparedWithTheLast(t *testing.T) {
	const (
		two = `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}},"put":{"responses":{"200":{"description":"ok"}}}}}}`
		one = `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}}}}}`
	)
	compare := func(_ context.Context, last, next []byte) inventory.Compatibility {
		return compatibility.Compare(last, next)
	}
	h := newHouse(t, engine.Options{Compare: compare}, always)
	var last int64
	verdicts := func() (all []inventory.Verdict) {
		h.view(func(r inventory.Reader) error {
			for e, err := range r.Events(last, 1000) {
				if err != nil {
					return err
				}
				for _, c := range e.Changes {
					if c.Compatibility != nil {
						all = append(all, c.Compatibility.Verdict)
					}
				}
				last = e.Sequence
			}
			return nil
		})
		return all
	}
	for _, tt := range []struct {
		name, document string
		want           inventory.Verdict
		breaking       int // that the run counts
		noted          int // that the run lists
	}{
		{"the first one", two, "", 0, 0},
		{"in another order", `{"paths":` + two[len(`{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":`):len(two)-1] + `,"info":{"version":"1","title":"Pets"},"openapi":"3.0.1"}`, "", 0, 0},
		{"an operation less", one, inventory.Breaking, 1, 1},
		{"an operation more", two, inventory.NonBreaking, 0, 0},
		{"no definition any more", `{"openapi":"3.0.1","paths":7}`, inventory.Unjudged, 0, 1},
	} {
		h.source.Put(sourcetest.API("apis/pets", "Pets", "v1", []byte(tt.document)))
		run := h.pass("apis/pets")
		got := verdicts()
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || got[0] != tt.want) {
			t.Errorf("%s: events tell %v, want %q", tt.name, got, tt.want)
		}
		if run.Counts.Breaking != tt.breaking || len(run.Breaks) != tt.noted {
			t.Errorf("%s: the run counts %d and lists %+v, want %d and %d", tt.name, run.Counts.Breaking, run.Breaks, tt.breaking, tt.noted)
		}
		if tt.noted > 0 && (run.Breaks[0].External != "apis/pets" || run.Breaks[0].Verdict != tt.want) {
			t.Errorf("%s: the run lists %+v", tt.name, run.Breaks[0])
		}
	}
}
