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
	asked := p.engine.store.Now()
	if !op.Left {
		if gone, err := p.gone(ctx, op.External); !gone || err != nil {
			return err
		}
	}
	if err := p.phase(ctx, inventory.PhaseDelete); err != nil {
		return err
	}
	p.engine.step(ctx, "delete", op.External)
	return p.part(ctx, op, have.ID, asked)
}

// gone asks the source whether it really has a thing no more. What it does not
// answer to stops no other, and waits for the next pass.
func (p *Pass) gone(ctx context.Context, external string) (bool, error) {
	if err := p.phase(ctx, inventory.PhaseProve); err != nil {
		return false, err
	}
	p.engine.step(ctx, "prove", external)
	gone, err := p.connector.Gone(ctx, external)
	if err != nil {
		if p.refused++; ctx.Err() != nil || p.refused >= maxRefused || source.Stalled(err) || source.RetryAfter(err) > 0 {
			return false, err
		}
		p.pending[external] = true
		p.miss(external, err)
		return false, nil
	}
	if !gone {
		p.miss(external, errors.New("the listing lacks it, but the source still has it; it is kept"))
	}
	return gone, nil
}

// dropVersion removes a version, its deployments, and its API if that was the last.
func (p *Pass) dropVersion(tx inventory.SourceTx, version inventory.ID, external string, why inventory.Why) error {
	api := version.Parent()
	all, err := tx.Below(api)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(rec inventory.Record) bool { return rec.ID != version && p.states(rec, inventory.KindVersion) }) {
		return tx.DropOrigin(api, why)
	}
	for _, rec := range all {
		if o, _ := p.mine(rec); p.states(rec, inventory.KindDeployment) && o.External == external {
			if err := tx.DropOrigin(rec.ID, why); err != nil {
				return err
			}
		}
	}
	if err := tx.DropOrigin(version, why); err != nil {
		return err
	}
	return p.markEmptied(tx, api, p.engine.store.Now())
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
