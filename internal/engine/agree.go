package engine

import (
	"context"
	"errors"
	"iter"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// ErrRefused is how Run ends when there is another plan now than the one that a
// person has agreed to. Nothing was applied.
var ErrRefused = errors.New("the source, the inventory or the link is not as it was planned for; nothing was applied: plan again, and apply that")

// agreed says that the pass has to do a certain plan.
func (p *Pass) agreed() bool { return p.status.Agreed != nil && p.work.Scope.Whole() }

// abide reads all that the plan is of, and goes on only if it is the one that was
// agreed to. What is applied from then on stands however the pass ends, so the
// next one is not bound by the same plan.
func (p *Pass) abide(ctx context.Context, read iter.Seq2[source.Object, error]) (iter.Seq2[source.Object, error], error) {
	objects, err := gather(read)
	if err != nil {
		return nil, err
	}
	ops, err := p.plan(ctx, objects)
	if err != nil {
		return nil, err
	}
	digest, err := p.digest(ops)
	if err != nil {
		return nil, err
	}
	if digest != p.status.Agreed.Plan {
		return nil, ErrRefused
	}
	return pairs(objects), p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
		link, err := tx.Get(p.claim.Link)
		if err != nil {
			return err
		}
		s := inventory.StatusOf(link)
		s.Agreed = nil
		return tx.SetStatus(p.claim.Link, s)
	})
}

// restore gives a link back the settings that came with a refused plan have replaced.
func (p *Pass) restore(ctx context.Context) error {
	a := p.status.Agreed
	if len(a.Before) == 0 {
		return nil
	}
	before, err := inventory.DecodeDoc(a.Before)
	if err != nil {
		return err
	}
	return p.engine.store.Update(ctx, a.By, func(tx inventory.Tx) error {
		link, err := tx.Get(p.claim.Link)
		if err != nil {
			return err
		}
		_, err = tx.PutOwn(link.Path, before, inventory.Condition{})
		return err
	})
}

// refuse is the status of a link whose plan was refused. One that is in step
// stays so by its next pass; one that has never been waits.
func refuse(s inventory.LinkStatus) inventory.LinkStatus {
	if !s.SyncedAt.IsZero() {
		s.Agreed = nil
		return s
	}
	s.State, s.Message, s.Stalled = inventory.Failed, ErrRefused.Error(), true
	s.Agreed.Before, s.Agreed.Refused = nil, true
	return s
}
