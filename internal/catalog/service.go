package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"apicenter/internal/inventory"
)

// Amend changes some of what people say of a service, and leaves the rest: tags
// are replaced by those given, of an identity the members given. Either may be
// nil. NotFound; Invalid; Exists and Changed (m does not hold).
func (c *Catalog) Amend(ctx context.Context, id inventory.ID, tags, identity json.RawMessage, m Match) (r inventory.Resource, err error) {
	by, err := actor(ctx)
	if err != nil {
		return r, err
	}
	for {
		var was, next json.RawMessage
		if identity != nil {
			if was, next, err = c.amended(ctx, id, identity); err != nil {
				return r, err
			}
		}
		moved := false // the identity, while it was looked up who is in it
		err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
			if _, err := present(tx, id, m); err != nil {
				return err
			}
			rec, err := tx.Record(id)
			if err != nil {
				return err
			}
			if moved = identity != nil && !bytes.Equal(rec.Own[fieldIdentity], was); moved {
				return nil
			}
			body := maps.Clone(rec.Own)
			if tags != nil {
				body["/tags"] = tags
			}
			if identity != nil {
				body[fieldIdentity] = next
			}
			own, _, err := c.layer(tx, id, &rec, body)
			if err != nil {
				return err
			}
			r, err = tx.PutOwn(rec.Path, own, inventory.Condition{})
			return err
		})
		if err != nil || !moved {
			return r, err
		}
	}
}

// amended is the identity that a service has, and what a patch makes of it, with
// what only the center knows.
func (c *Catalog) amended(ctx context.Context, id inventory.ID, patch json.RawMessage) (was, next json.RawMessage, err error) {
	var rec inventory.Record
	err = c.store.View(ctx, func(tx inventory.Reader) (err error) {
		rec, err = tx.Record(id)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	was = rec.Own[fieldIdentity]
	if next, err = merged(was, patch); err != nil {
		return nil, nil, inventory.Errorf(inventory.Invalid, "identity", "identity must be an object")
	}
	body, err := c.identify(ctx, id, inventory.Doc{fieldIdentity: next})
	return was, body[fieldIdentity], err
}

// merged is RFC 7396: members given replace those that are there, null removes, objects merge.
func merged(was, patch json.RawMessage) (json.RawMessage, error) {
	var changes map[string]json.RawMessage
	if err := json.Unmarshal(patch, &changes); err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	_ = json.Unmarshal(was, &out) // what is no object is replaced
	for name, value := range changes {
		if string(value) == "null" {
			delete(out, name)
		} else if inner, err := merged(out[name], value); err == nil {
			out[name] = inner
		} else {
			out[name] = value
		}
	}
	return json.Marshal(out)
}

// Restore gives a deleted service back as it was, links and all. One that is
// there is left as it is: somebody asks twice. NotFound; Changed and Exists (m
// does not hold of a service in sight).
func (c *Catalog) Restore(ctx context.Context, id inventory.ID, m Match) (r inventory.Resource, err error) {
	by, err := actor(ctx)
	if err != nil {
		return r, err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		if r, err = present(tx, id, m); inventory.CodeOf(err) == inventory.NotFound {
			r, err = tx.Restore(id)
		}
		return err
	})
	return r, err
}

// Purge ends a deleted service for good, with all rights on it. NotFound; Changed and
// Exists (m does not hold).
func (c *Catalog) Purge(ctx context.Context, id inventory.ID, m Match) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		s, err := deletedService(tx, id)
		if err != nil {
			return err
		}
		if err := m.holds(id, &s.Resource); err != nil {
			return err
		}
		return tx.Purge(id)
	})
	if err != nil {
		return err
	}
	return c.refreshRights(ctx)
}

// refreshRights has those who know rights from memory forget what a purge has ended.
// The purge is done, so whoever asked for it may have gone.
func (c *Catalog) refreshRights(ctx context.Context) error {
	if c.rights == nil {
		return nil
	}
	return c.rights.Refresh(context.WithoutCancel(ctx))
}

// purger is who purges what nobody restored in time.
const purger = "retention"

// purgeDue purges the services whose time has come.
func (c *Catalog) purgeDue(ctx context.Context) error {
	purged := false
	err := c.store.Update(ctx, purger, func(tx inventory.Tx) error {
		all, err := tx.DeletedServices()
		if err != nil {
			return err
		}
		purged = false
		for _, s := range all {
			if s.Purge.After(time.Now()) {
				continue
			}
			if err := tx.Purge(s.ID); err != nil {
				return err
			}
			purged = true
		}
		return nil
	})
	if err != nil || !purged {
		return err
	}
	return c.refreshRights(ctx)
}

// DeletedService gives one service that can be restored. NotFound.
func (c *Catalog) DeletedService(ctx context.Context, id inventory.ID) (s inventory.DeletedService, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		s, err = deletedService(tx, id)
		return err
	})
	return s, err
}

func deletedService(tx inventory.Reader, id inventory.ID) (inventory.DeletedService, error) {
	all, err := tx.DeletedServices()
	if err != nil {
		return inventory.DeletedService{}, err
	}
	at := slices.IndexFunc(all, func(s inventory.DeletedService) bool { return s.ID == id })
	if at < 0 {
		return inventory.DeletedService{}, inventory.Errorf(inventory.NotFound, "", "there is no deleted service %q", id.Name())
	}
	return all[at], nil
}

// DeletedServices gives a page of the services of a subscription or, with group,
// of one group in it that can be restored, of those that readable accepts, and
// where to go on. Of q, After, Skip and Limit count.
func (c *Catalog) DeletedServices(ctx context.Context, subscription, group string, q inventory.Query, readable func(inventory.Resource) bool) (page []inventory.DeletedService, next inventory.Position, err error) {
	var all []inventory.DeletedService
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		all, err = tx.DeletedServices()
		return err
	})
	all = slices.DeleteFunc(all, func(s inventory.DeletedService) bool {
		return s.Key <= q.After.Key || !within(s.Path, subscription, group) || !readable(s.Resource)
	})
	all = all[min(q.Skip, len(all)):]
	if len(all) <= q.Limit {
		return all, next, err
	}
	return all[:q.Limit], all[q.Limit-1].Position(), err
}

// AllDeletedServices lists the services that can be restored, of all subscriptions,
// in order of creation.
func (c *Catalog) AllDeletedServices(ctx context.Context) (all []inventory.DeletedService, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		all, err = tx.DeletedServices()
		return err
	})
	return all, err
}

// free says whether a service may be made under this name.
func free(tx inventory.Reader, id inventory.ID) error {
	s, err := deletedService(tx, id)
	if inventory.CodeOf(err) == inventory.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return inventory.Errorf(inventory.Conflict, "", "service %q was deleted on %s and can be restored until %s: "+
		"put it with properties.restore true to have it back, or delete it among the deletedServices first",
		s.Name(), s.Deleted.At.Format(time.DateOnly), s.Purge.Format(time.DateOnly))
}

// SetOpenToAll lets everybody read a service, or only those who have a role.
func (c *Catalog) SetOpenToAll(ctx context.Context, service inventory.Resource, open bool) error {
	body := inventory.Doc{}
	path := service.Path + "/portals/" + defaultPortal
	r, err := c.Get(ctx, service.ID.Child(inventory.KindPortal, defaultPortal))
	switch inventory.CodeOf(err) {
	case inventory.NotFound:
	default:
		if err != nil {
			return err
		}
		path = r.Path
		if body, err = inventory.ParseDoc(r.Doc); err != nil {
			return fmt.Errorf("read the portal of %s: %w", service.ID, err)
		}
	}
	body.Set("/allowAnonymousAccess", open)
	_, _, err = c.Put(ctx, path, body, Match{})
	return err
}

// OpenToAll says whether a service lets everybody read. The switch is on its portal.
func (c *Catalog) OpenToAll(ctx context.Context, service inventory.ID) (bool, error) {
	r, err := c.Get(ctx, service.Child(inventory.KindPortal, defaultPortal))
	if code := inventory.CodeOf(err); code == inventory.NotFound || code == inventory.NoParent {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		return false, fmt.Errorf("read the portal of %s: %w", service, err)
	}
	var open bool
	d.Read("/allowAnonymousAccess", &open)
	return open, nil
}
