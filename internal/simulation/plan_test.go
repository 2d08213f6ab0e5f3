package simulation

import (
	"context"
	"errors"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
)

// planner plans with the engine that works at present.
type planner struct{ *world }

func (p planner) Preview(ctx context.Context, link inventory.ID, as *inventory.Link) (any, error) {
	return p.engine.Preview(ctx, link, as)
}

// agree has people plan, with other terms or without, and apply that, while the
// source stands still or does not.
func (w *world) agree(d *dice) {
	w.revive()
	before, linked := w.terms()
	s := w.status()
	if !linked || s.State == inventory.Deleting || s.SyncedAt.IsZero() {
		return
	}
	if s.Agreed != nil && s.Agreed.Before != nil { // an earlier plan is still to be done
		own, err := inventory.DecodeDoc(s.Agreed.Before)
		w.tell("read what a plan replaced", err)
		before = termsOf(inventory.LinkOf(own))
	}
	var body inventory.Doc
	if !w.still && d.chance(0.5) {
		after := drawTerms(d)
		body = after.link(w.instance)
		w.say("  with %+v", after)
	}
	calm := !w.calm.IsZero() && time.Since(w.calm) > time.Minute
	made, err := w.catalog.Plan(w.people.ctx, link, body)
	if err != nil {
		if w.say("  no plan: %v", err); calm {
			w.fault("nothing is wrong, and there is no plan: %v", err)
		}
		return
	}
	moved := d.chance(0.5)
	if moved {
		what, _ := w.origin.mutate(d)
		w.say("  meanwhile: %s", what)
	}
	plan := made.(engine.Preview)
	_, err = w.catalog.Apply(w.people.ctx, linkPath, plan.Digest, body, catalog.Match{})
	w.tell("apply a plan", err)
	w.note()
	w.work(w.workers[0], time.Minute)
	w.abided(plan, before, calm && !moved && w.other == nil && !w.mortal.armed()) // another link may have moved what they share
}

// abided says what is wrong with what became of a plan: all of it is done, or none,
// and then the link has the terms that it had before.
func (w *world) abided(plan engine.Preview, before terms, sure bool) {
	var runs []inventory.Run
	if err := w.store.View(w.ctx, func(r inventory.Reader) (err error) {
		runs, err = r.Runs(link, 10)
		return err
	}); err != nil && !errors.Is(err, inventory.NotFound) {
		w.fault("read the runs: %v", err)
	}
	done := false
	for _, run := range runs {
		if run.ID <= w.seen.run || run.Trigger != "apply" {
			continue
		}
		done = done || run.Outcome == "ok" || run.Outcome == "held"
		c := run.Counts
		w.say("  %s: %s", run.Trigger, run.Outcome)
		switch run.Outcome {
		case "refused":
			if n := c.Added + c.Updated + c.Moved + c.Deleted + c.Left + c.Kept; n > 0 {
				w.fault("run %d refused its plan, and changed %d things", run.ID, n)
			}
			if now, _ := w.terms(); now != before {
				w.fault("run %d refused its plan, and the link has the terms %+v instead of %+v", run.ID, now, before)
			}
			if sure {
				w.fault("run %d refused its plan, and nothing had moved", run.ID)
			}
		case "ok", "held":
			if run.Outcome == "held" && !sure {
				continue // a listing that lacks what is there may have more held than was planned
			}
			if c.Added != plan.Adds || c.Deleted != plan.Deletes || c.Left != plan.Leaves || c.Moved != plan.Moves || c.Kept != plan.Kept || c.Held != plan.Held {
				w.fault("run %d did %+v, and the plan was %d added, %d deleted, %d left, %d moved, %d kept, %d held",
					run.ID, c, plan.Adds, plan.Deletes, plan.Leaves, plan.Moves, plan.Kept, plan.Held)
			}
		}
	}
	if sure && !done {
		w.fault("a plan was applied, nothing had moved, and no run has done it: %+v", runs)
	}
}
