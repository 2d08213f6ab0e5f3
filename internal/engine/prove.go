package engine

import (
	"context"
	"errors"
	"slices"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// maxRefused is after how many proofs without an answer a pass stops asking: one
// thing that cannot be proven stops no other, but a source that is down is left alone.
const maxRefused = 5

// prove removes what vanished and is proven gone, until it is enough. It says
// whether there is more.
func (p *Pass) prove(ctx context.Context, enough func() bool) (more bool, err error) {
	for ; len(p.vanished) > 0; p.vanished = p.vanished[1:] {
		if enough() {
			return true, nil
		}
		if err := p.proveOne(ctx, p.vanished[0]); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (p *Pass) proveOne(ctx context.Context, op plan.Op) error {
	if op.Action == plan.Clear {
		return p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
			if empty, err := p.empty(tx, op.Recorded.ID); !empty || err != nil {
				return err
			}
			return tx.DropOrigin(op.Recorded.ID, inventory.Left)
		})
	}
	have, recorded := p.index.Versions[op.External]
	if _, apart := p.looked[op.External]; apart || !recorded {
		return nil
	}
	if err := p.phase(ctx, inventory.PhaseProve); err != nil {
		return err
	}
	p.engine.step(ctx, "prove", op.External)
	gone, err := p.connector.Gone(ctx, op.External)
	if err != nil {
		if p.refused++; ctx.Err() != nil || p.refused >= maxRefused || source.Stalled(err) || source.RetryAfter(err) > 0 {
			return err
		}
		p.miss(op.External, err)
		return nil
	}
	if !gone {
		p.miss(op.External, errors.New("the listing lacks it, but the source still has it; it is kept"))
		return nil
	}
	if err := p.phase(ctx, inventory.PhaseDelete); err != nil {
		return err
	}
	p.engine.step(ctx, "delete", op.External)
	if err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
		return p.dropVersion(tx, have.ID, op.External)
	}); err != nil {
		return err
	}
	p.count(func(c *inventory.Counts) { c.Deleted++ })
	return nil
}

// dropVersion removes a version, its deployments, and its API if that was the last.
func (p *Pass) dropVersion(tx inventory.SourceTx, version inventory.ID, external string) error {
	api := version.Parent()
	all, err := tx.Below(api)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(rec inventory.Record) bool { return rec.ID != version && p.states(rec, inventory.KindVersion) }) {
		return tx.DropOrigin(api, inventory.Vanished)
	}
	for _, rec := range all {
		if o, _ := p.mine(rec); p.states(rec, inventory.KindDeployment) && o.External == external {
			if err := tx.DropOrigin(rec.ID, inventory.Vanished); err != nil {
				return err
			}
		}
	}
	return tx.DropOrigin(version, inventory.Vanished)
}

// empty says that the link has no version in an API.
func (p *Pass) empty(tx inventory.SourceTx, api inventory.ID) (bool, error) {
	all, err := tx.Below(api)
	return !slices.ContainsFunc(all, func(rec inventory.Record) bool { return p.states(rec, inventory.KindVersion) }), err
}

// states says that a record is of a kind and that the link states something of it.
func (p *Pass) states(rec inventory.Record, kind inventory.Kind) bool {
	_, mine := p.mine(rec)
	return mine && rec.ID.Kind() == kind
}
