package catalog

import (
	"context"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// Delete removes a thing and all below it. A service can be restored for a while.
// A link is only told to go: it takes what it brought with it, and is gone when
// that is done. NotFound; Exists and
// Changed (m does not hold); Conflict for what a link brought or needs.
func (c *Catalog) Delete(ctx context.Context, id inventory.ID, m Match) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	if id.Kind() == inventory.KindLink {
		return c.endLink(ctx, by, id, m, false)
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		r, err := present(tx, id, m)
		if err != nil {
			return err
		}
		if err := deletable(tx, r); err != nil {
			return err
		}
		if id.Kind() == inventory.KindService {
			return tx.SoftDelete(id, time.Now().Add(inventory.Retention))
		}
		return tx.Delete(id, inventory.Condition{})
	})
}

// Deletable says whether people may delete a thing as it stands: nil, or the
// Conflict that Delete would tell. NotFound.
func (c *Catalog) Deletable(ctx context.Context, id inventory.ID) error {
	return c.store.View(ctx, func(tx inventory.Reader) error {
		r, err := present(tx, id, Match{})
		if err != nil {
			return err
		}
		return deletable(tx, r)
	})
}

// present gives the thing to be deleted, or why it cannot be.
func present(tx inventory.Reader, id inventory.ID, m Match) (inventory.Resource, error) {
	r, err := tx.Get(id)
	if inventory.CodeOf(err) == inventory.NotFound {
		if err := m.holds(id, nil); err != nil {
			return r, err
		}
	}
	if err != nil {
		return r, err
	}
	return r, m.holds(id, &r)
}

// deletable says whether people may delete r. A service goes with all that is in it.
func deletable(tx inventory.Reader, r inventory.Resource) error {
	switch r.ID.Kind() {
	case inventory.KindService:
		return nil
	case inventory.KindWorkspace:
		if strings.EqualFold(r.Name(), defaultWorkspace) {
			return inventory.Errorf(inventory.Conflict, "", "the workspace %q goes only with its service", r.Name())
		}
		for link, err := range tx.List(inventory.Query{Parent: r.ID, Kind: inventory.KindLink, Limit: 1}) {
			if err != nil {
				return err
			}
			return inventory.Errorf(inventory.Conflict, "", "workspace %q has the link %q; delete the link first", r.Name(), link.Name())
		}
		return unused(tx, r)
	case inventory.KindSchema:
		return unset(tx, r, "it cannot be deleted")
	case inventory.KindEnvironment:
		if err := unused(tx, r); err != nil {
			return err
		}
	}
	records, err := tx.Below(r.ID)
	if err != nil {
		return err
	}
	for _, rec := range records {
		for _, o := range rec.Origins {
			if o.Gone.At.IsZero() {
				return inventory.Errorf(inventory.Conflict, "",
					"%s %q is kept in step with its source by the link %q; delete it at the source, or delete the link",
					rec.ID.Kind(), rec.Name(), shownName(tx, o.Link))
			}
		}
	}
	return nil
}

// unused says whether no link puts its deployments into an environment, or into
// one of a workspace.
func unused(tx inventory.Reader, r inventory.Resource) error {
	service := r.ID.Ancestor(inventory.KindService)
	links, err := linksOf(tx, service)
	if err != nil {
		return err
	}
	for _, link := range links {
		target, ok := reference(service, link.Environment)
		if ok && r.ID.Contains(target) {
			return inventory.Errorf(inventory.Conflict, "",
				"environment %q is the target of the link %q; delete the link first", shownName(tx, target), link.Name())
		}
	}
	return nil
}
