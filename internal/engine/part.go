package engine

import (
	"context"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
)

// judge recalls what people and the brake have to say of deletions.
func (p *Pass) judge(r inventory.Reader) (err error) {
	p.pending = map[string]bool{}
	if p.index.Dropped, err = p.engine.dropped(r, p.claim.Link); err != nil {
		return err
	}
	p.decided, err = r.Deletions(p.claim.Link)
	return err
}

// dropped counts what went within the window of the brake.
func (e *Engine) dropped(r inventory.Reader, link inventory.ID) (int, error) {
	return r.Dropped(link, e.store.Now().Add(-e.o.BrakeWindow))
}

func (p *Pass) verdicts() map[string]inventory.DeletionVerdict {
	out := map[string]inventory.DeletionVerdict{}
	for _, d := range p.decided {
		out[d.External] = d.Verdict
	}
	return out
}

// part lets a version go that the link has no more, or marks it: whether it
// vanished at the source or left the link's scope.
func (p *Pass) part(ctx context.Context, op plan.Op, version inventory.ID, asked time.Time) error {
	why := inventory.Vanished
	if op.Left {
		why = inventory.Left
	}
	if err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) (err error) {
		if op.Action == plan.Keep {
			err = p.keepVersion(tx, version, op.External, inventory.Gone{At: asked, Why: why})
		} else {
			err = p.dropVersion(tx, version, op.External, why)
		}
		if err != nil {
			return err
		}
		return tx.EndDeletion(p.claim.Link, op.External)
	}); err != nil {
		return err
	}
	p.count(func(c *inventory.Counts) {
		switch {
		case op.Action == plan.Keep:
			c.Kept++
		case op.Left:
			c.Left++
		default:
			c.Deleted++
		}
	})
	return nil
}

// keepVersion marks a version as gone, with all that hangs on it, and its API if
// that has no other.
func (p *Pass) keepVersion(tx inventory.SourceTx, version inventory.ID, external string, gone inventory.Gone) error {
	all, err := tx.Below(version.Parent())
	if err != nil {
		return err
	}
	for _, rec := range all {
		if o, mine := p.mine(rec); mine && o.External == external && rec.ID.Kind() != inventory.KindAPI {
			if err := tx.MarkGone(rec.ID, gone); err != nil {
				return err
			}
		}
	}
	return p.markEmptied(tx, version.Parent(), gone.At)
}

// markEmptied marks an API as gone as of an instant, and for what its last version
// is, when all that the link has in it is.
func (p *Pass) markEmptied(tx inventory.SourceTx, api inventory.ID, at time.Time) error {
	all, err := tx.Below(api)
	if err != nil {
		return err
	}
	var last inventory.Gone
	for _, rec := range all {
		if !p.states(rec, inventory.KindVersion) {
			continue
		}
		o, _ := p.mine(rec)
		if o.Gone.At.IsZero() {
			return nil
		}
		if o.Gone.At.After(last.At) {
			last = o.Gone
		}
	}
	if last.At.IsZero() {
		return nil
	}
	return tx.MarkGone(api, inventory.Gone{At: at, Why: last.Why})
}

// settle notes the deletions that wait by now. One that was known when the pass
// began and neither waits nor could not be proven is over: the thing is at the source
// again. A verdict that was given meanwhile stands.
func (p *Pass) settle(tx inventory.SourceTx, at time.Time) error {
	present, err := tx.Deletions(p.claim.Link)
	if err != nil {
		return err
	}
	known := map[string]inventory.Deletion{}
	for _, d := range present {
		known[d.External] = d
	}
	held := map[string]bool{}
	for _, op := range p.held {
		held[op.External] = true
		d, ok := known[op.External]
		if !ok {
			d = inventory.Deletion{External: op.External, Since: at}
		}
		if d.Why != op.Why {
			d.Why = op.Why
			if err := tx.PutDeletion(p.claim.Link, d); err != nil {
				return err
			}
		}
	}
	for _, d := range p.decided {
		if held[d.External] || p.pending[d.External] || !p.covers(d.External) || known[d.External] != d {
			continue
		}
		if err := tx.EndDeletion(p.claim.Link, d.External); err != nil {
			return err
		}
	}
	return nil
}

// covers says that the pass has looked at a thing.
func (p *Pass) covers(external string) bool {
	if !p.work.Scope.Whole() {
		return p.work.Scope.API == external
	}
	_, later := p.looked[external] // a look at it alone has settled it
	return !later
}

// undecided are those of deletions that wait for a person.
func undecided(all []inventory.Deletion) (out []string) {
	for _, d := range all {
		if d.Verdict == inventory.Undecided {
			out = append(out, d.External)
		}
	}
	return out
}
