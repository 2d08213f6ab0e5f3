package engine

import (
	"context"
	"errors"
	"iter"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// recall loads what is recorded of a link.
func recall(r inventory.Reader, link inventory.ID) (plan.Index, error) {
	return plan.NewIndex(r.Origins(link, inventory.KindEnvironment, inventory.KindAPI, inventory.KindVersion))
}

func recallEnvironment(r inventory.Reader, link inventory.ID) (plan.Index, error) {
	return plan.NewIndex(r.Origins(link, inventory.KindEnvironment))
}

// narrow says that the pass recalls only what its few objects touch. A limit
// needs all that is recorded to be counted.
func (p *Pass) narrow() bool { return !p.work.Scope.Whole() && p.engine.o.MaxAPIs == 0 }

// around reads the objects of a targeted pass, and then recalls the APIs that
// they are or take versions from, whole.
func (p *Pass) around(ctx context.Context, read iter.Seq2[source.Object, error]) (iter.Seq2[source.Object, error], error) {
	type identity struct {
		kind     inventory.Kind
		external string
	}
	sought := []identity{{inventory.KindVersion, p.work.Scope.API}}
	var objects []source.Object
	for o, err := range read {
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
		sought = append(sought, identity{inventory.KindAPI, o.External})
		for _, version := range o.Children {
			sought = append(sought, identity{inventory.KindVersion, version.External})
		}
	}
	var entries []inventory.Entry
	var total inventory.Tally
	known := map[inventory.ID]bool{}
	err := p.engine.store.View(ctx, func(r inventory.Reader) (err error) {
		if total, err = r.Tally(p.claim.Link); err != nil {
			return err
		}
		for _, s := range sought {
			e, err := r.Origin(p.claim.Link, s.kind, s.external)
			api := e.ID.Ancestor(inventory.KindAPI)
			if errors.Is(err, inventory.NotFound) || err == nil && known[api] {
				continue
			}
			if err != nil {
				return err
			}
			known[api] = true
			all, err := r.Below(api)
			if err != nil {
				return err
			}
			for _, rec := range all {
				o, mine := p.mine(rec)
				if kind := rec.ID.Kind(); mine && (kind == inventory.KindAPI || kind == inventory.KindVersion) {
					entries = append(entries, inventory.Entry{ID: rec.ID, Key: rec.Key, External: o.External, Mark: o.Mark, Read: o.Read, Gone: o.Gone})
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	environment, dropped := p.index.Environment, p.index.Dropped
	if p.index, err = plan.NewIndex(pairs(entries)); err != nil {
		return nil, err
	}
	p.index.Environment, p.index.Dropped, p.index.Elsewhere = environment, dropped, total.Versions
	for _, v := range p.index.Versions {
		if v.Gone.At.IsZero() {
			p.index.Elsewhere--
		}
	}
	return pairs(objects), nil
}

// pairs streams what is there already.
func pairs[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}
