package engine

import (
	"context"
	"errors"
	"time"

	"apicenter/internal/inventory"
)

// Unlink removes what the link brought, API by API, then its environment, then
// the link itself. It may be stopped anywhere; the next one carries on.
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
				if err := tx.DropOrigin(e.ID, inventory.Unlinked); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return false, err
		}
		p.count(func(c *inventory.Counts) { c.Deleted += len(some) })
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

// unlinkEnvironment removes the environment, as Azure API Center does, unless
// something else is deployed in it: then it stays, as people's own.
func (p *Pass) unlinkEnvironment(tx inventory.SourceTx, id inventory.ID) error {
	env, err := tx.Record(id)
	if err != nil {
		return err
	}
	stays := false
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
