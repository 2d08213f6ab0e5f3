package catalog

import (
	"context"
	"slices"

	"apicenter/internal/inventory"
)

// PreviewDelete tells what becomes of all that a link brought when it is deleted,
// or when it hands over. It changes nothing. NotFound.
func (c *Catalog) PreviewDelete(ctx context.Context, link inventory.ID) (u inventory.Unlinking, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(link); err != nil {
			return orNoParent(tx, link, err)
		}
		p := parting{tx: tx, link: link, edited: map[inventory.ID]bool{}, goes: map[inventory.ID]bool{}}
		p.out.Kept = c.tombstones
		err := p.all()
		u = p.out
		return err
	})
	return u, err
}

// parting finds what becomes of what a link brought.
type parting struct {
	tx     inventory.Reader
	link   inventory.ID
	edited map[inventory.ID]bool // by people
	goes   map[inventory.ID]bool
	out    inventory.Unlinking
}

// all goes through the APIs, then the environment: what was deployed in that has
// gone by then.
func (p *parting) all() error {
	edited, err := p.tx.Edited(p.link)
	if err != nil {
		return err
	}
	for _, id := range edited {
		p.edited[id] = true
	}
	for _, kind := range []inventory.Kind{inventory.KindAPI, inventory.KindEnvironment} {
		var roots []inventory.Entry
		for e, err := range p.tx.Origins(p.link, kind) {
			if err != nil {
				return err
			}
			roots = append(roots, e)
		}
		slices.SortFunc(roots, func(a, b inventory.Entry) int { return int(a.Key - b.Key) })
		for _, root := range roots {
			if err := p.part(root.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// part tells of one API, or of the environment, with all in it.
func (p *parting) part(id inventory.ID) error {
	all, err := p.tx.Below(id)
	if err != nil {
		return err
	}
	root := all[0]
	out := inventory.Parting{Resource: root.Resource, Edited: p.edited[id]}
	leaving := inventory.Leaving(all, p.link)
	if id.Kind() == inventory.KindEnvironment {
		used, err := p.used(root.Resource)
		if err != nil {
			return err
		}
		if used {
			leaving, out.Why = nil, "something else is deployed in it"
		}
	}
	for _, rec := range leaving {
		p.goes[rec.ID] = true
		out.Parts.Count(rec)
		p.out.Goes.Count(rec)
	}
	for _, rec := range all {
		if rec.Of(p.link) {
			p.out.Keeps.Count(rec)
		}
	}
	for _, o := range root.Origins {
		if o.Link != p.link {
			out.Links = append(out.Links, shownName(p.tx, o.Link))
		}
	}
	switch out.Goes = p.goes[id]; {
	case out.Goes && out.Edited:
		p.out.Edited++
	case out.Goes, out.Why != "":
	case len(out.Links) > 0:
		out.Why = "other links bring it, too"
	default:
		out.Why = "it is people's own, too"
	}
	if !out.Goes && id.Kind() == inventory.KindAPI {
		p.out.Shared++
	}
	p.out.Entries = append(p.out.Entries, out)
	return nil
}

// used says that something is deployed in an environment that stays.
func (p *parting) used(environment inventory.Resource) (bool, error) {
	deployed := inventory.Query{
		Parent: environment.ID.Ancestor(inventory.KindService), Kind: inventory.KindDeployment,
		Filter: &inventory.Expr{Op: "eq", Field: "/environmentId", Value: inventory.ShortID(environment.Path)},
	}
	for r, err := range p.tx.List(deployed) {
		if err != nil || !p.goes[r.ID] {
			return err == nil, err
		}
	}
	return false, nil
}
