package catalog

import (
	"context"
	"strings"

	"apicenter/internal/inventory"
)

// Tombstones gives what is kept of things of a service that sources took away,
// the newest first, at most limit: those before an ID, if that is not 0. NotFound.
func (c *Catalog) Tombstones(ctx context.Context, service inventory.ID, before int64, limit int) (all []inventory.Tombstone, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(service); err != nil {
			return err
		}
		all, err = tx.Tombstones(service, before, limit)
		return err
	})
	return all, err
}

// RestoreTombstone gives back what is kept of a thing that a source took away: to
// the thing itself if a link has it again, else as people's own, with all that
// went with it. NotFound, LimitReached; Conflict when its name is taken, what it
// was in is not there, or it became one with another.
func (c *Catalog) RestoreTombstone(ctx context.Context, service inventory.ID, number int64) (r inventory.Restoration, err error) {
	err = c.ofTombstone(ctx, service, number, func(tx inventory.Tx) error {
		if r, err = tx.RestoreTombstone(service, number); err != nil || r.Things == 0 {
			return err
		}
		return c.limits.within(tx, r.Resource.ID)
	})
	return r, err
}

// ForgetTombstone ends what is kept of a thing, and of what went with it, for
// good, and says of how many things. NotFound.
func (c *Catalog) ForgetTombstone(ctx context.Context, service inventory.ID, number int64) (n int, err error) {
	err = c.ofTombstone(ctx, service, number, func(tx inventory.Tx) error {
		n, err = tx.ForgetTombstone(service, number)
		return err
	})
	return n, err
}

func (c *Catalog) ofTombstone(ctx context.Context, service inventory.ID, number int64, f func(inventory.Tx) error) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	if number <= 0 {
		return inventory.Errorf(inventory.Invalid, "id", "id is required; give that of a tombstone")
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		if _, err := tx.Get(service); err != nil {
			return err
		}
		return f(tx)
	})
}

// Inherit gives a link what is kept of another instance, or of a workspace in
// one, which is the link's under an older identity. Invalid when nothing is kept
// of it, Conflict when a link still reads it.
func (c *Catalog) Inherit(ctx context.Context, link inventory.ID, from string) (sum inventory.Inheritance, err error) {
	by, err := actor(ctx)
	if err != nil {
		return sum, err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		r, l, err := living(tx, link)
		if err != nil {
			return err
		}
		old := inventory.Link{SourceType: l.SourceType, Source: from}
		if err := sourceShape(old); err != nil {
			return inventory.Errorf(inventory.Invalid, "from", "%q is not the resource id of an instance or of a workspace in one", from)
		}
		if strings.Contains(old.Instance(), "/workspaces/") != strings.Contains(l.Instance(), "/workspaces/") {
			return inventory.Errorf(inventory.Invalid, "from", "link %q reads %s; it inherits from a whole instance if it reads one, and from a workspace if it reads that",
				r.Name(), l.Source)
		}
		if old.Instance() == l.Instance() {
			return inventory.Errorf(inventory.Invalid, "from", "link %q reads %s itself; what is kept of it comes back without more", r.Name(), l.Source)
		}
		if err := noOverlap(tx, inventory.ID{}, old); err != nil {
			return err
		}
		if sum, err = tx.Inherit(link, old.Instance()); err != nil {
			return err
		}
		if sum.Filed+sum.Words == 0 {
			return inventory.Errorf(inventory.Invalid, "from", "nothing is kept of %s; look at the tombstones", from)
		}
		return nil
	})
	if err != nil {
		return inventory.Inheritance{}, err
	}
	return sum, c.notify(ctx, link, "")
}
