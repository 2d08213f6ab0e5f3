package engine_test

import (
	"testing"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

// What leaves the scope goes without a proof, since it is there, and people's
// words come back with it.
func TestWhatLeavesTheScopeGoesAndComesBack(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	put := func(outside string) {
		o := sourcetest.API("apis/a", "A", "v1", []byte(`{}`))
		o.Children[0].Outside = outside
		h.source.Put(o)
	}
	put("")
	h.source.Put(sourcetest.API("apis/b", "B", "v1", nil))
	h.pass("")
	curate := func(tx inventory.Tx) error {
		for v, err := range tx.List(inventory.Query{Kind: inventory.KindAPI}) {
			if err != nil {
				return err
			}
			if v.ID.Name()[:2] == "a-" {
				rec, err := tx.Record(v.ID)
				if err == nil {
					_, err = tx.PutOwn(v.Path, rec.Own.With("/summary", "ours"), inventory.Condition{})
				}
				return err
			}
		}
		return nil
	}
	h.update(curate)
	before := h.shown()

	put("the link excludes tag=old")
	plan := h.preview(linkPath, nil)
	h.foresees(plan, "leave apis/a A")
	if plan.Leaves != 1 || plan.Deletes != 0 || plan.Observed != 1 || plan.Cost.Proofs != 0 {
		t.Errorf("the plan: %+v", plan)
	}
	if run := h.pass(""); run.Outcome != "ok" || run.Counts.Left != 1 || run.Counts.Deleted != 0 || run.Counts.Outside != 1 || h.source.Proofs() != 0 {
		t.Errorf("the run: %+v, %d proofs", run, h.source.Proofs())
	}
	if run := h.pass("apis/a"); run.Outcome != "ok" || run.Message != "the link does not cover apis/a" {
		t.Errorf("a look at it: %+v", run)
	}
	h.foresees(h.preview(linkPath, nil))

	put("")
	if run := h.pass("apis/a"); run.Counts.Added != 1 || h.shown() != before {
		t.Errorf("it came back with %+v as\n%s\nand was\n%s", run.Counts, h.shown(), before)
	}
	put("the link excludes tag=old")
	if run := h.pass("apis/a"); run.Counts.Left != 1 || h.source.Proofs() != 0 {
		t.Errorf("a look at what has left: %+v", run)
	}
}
