package engine

import (
	"context"
	"errors"
	"time"

	"apicenter/internal/inventory"
)

// Unlink removes what the link brought, API by API, then its environment, then
// the link itself; or it hands all that over to people, if they said so. It may
// be stopped anywhere; the next one carries on.
func (p *Pass) Unlink(ctx context.Context, until time.Time) (done bool, err error) {
	var apis []inventory.Entry
	var environment *inventory.Entry
	if err := p.engine.store.View(ctx, func(r inventory.Reader) error {
		for e, err := range r.Origins(p.claim.Link, inventory.KindAPI, inventory.KindEnvironment) {
			if err != nil {
				return err
			}
			if e.ID.Kind() == inventory.KindAPI {
				apis = append(apis, e)
			} else {
				environment = &e
			}
		}
		return nil
	}); err != nil {
		return false, err
	}
	if err := p.phase(ctx, inventory.PhaseUnlink); err != nil {
		return false, err
	}
	for len(apis) > 0 {
		if !time.Now().Before(until) {
			return false, nil
		}
		some := apis[:min(len(apis), batch)]
		apis = apis[len(some):]
		p.engine.step(ctx, "unlink", some[0].External)
		if err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
			for _, e := range some {
				if err := p.takeOut(tx, e.ID); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return false, err
		}
		p.count(func(c *inventory.Counts) {
			if p.status.HandsOver {
				c.Kept += len(some)
			} else {
				c.Deleted += len(some)
			}
		})
		if err := p.phase(ctx, inventory.PhaseUnlink); err != nil {
			return false, err
		}
	}
	p.engine.step(ctx, "unlink", "")
	err = p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
		if environment != nil {
			if err := p.unlinkEnvironment(tx, environment.ID); err != nil {
				return err
			}
		}
		return tx.Remove()
	})
	if errors.Is(err, inventory.NotFound) {
		err = nil // somebody removed it with its service
	}
	return err == nil, err
}

// takeOut ends what the link states of an API and of all below it.
func (p *Pass) takeOut(tx inventory.SourceTx, api inventory.ID) error {
	if !p.status.HandsOver {
		return tx.DropOrigin(api, inventory.Unlinked)
	}
	all, err := tx.Below(api)
	if err != nil {
		return err
	}
	for _, rec := range all {
		if _, mine := p.mine(rec); mine {
			if err := tx.LetGo(rec.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlinkEnvironment removes the environment, as Azure API Center does, unless
// something else is deployed in it: then it stays, as people's own.
func (p *Pass) unlinkEnvironment(tx inventory.SourceTx, id inventory.ID) error {
	env, err := tx.Record(id)
	if err != nil {
		return err
	}
	stays := p.status.HandsOver
	for used, err := range tx.List(inventory.Query{Kind: inventory.KindDeployment, Filter: &inventory.Expr{
		Op: "eq", Field: "/environmentId", Value: inventory.ShortID(env.Path),
	}}) {
		if err != nil {
			return err
		}
		stays = stays || env.ID.Ancestor(inventory.KindService).Contains(used.ID)
	}
	if stays {
		return tx.LetGo(id)
	}
	return tx.DropOrigin(id, inventory.Unlinked)
}
