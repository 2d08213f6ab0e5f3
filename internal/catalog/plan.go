package catalog

import (
	"context"
	"regexp"
	"time"

	"apicenter/internal/inventory"
)

// Plan shows what the next pass of a link would do, without doing it: of the
// link that is there or, with body, of the one that body would make of it.
// Errors besides those of Put: NotFound, Unavailable.
func (c *Catalog) Plan(ctx context.Context, id inventory.ID, body inventory.Doc) (any, error) {
	if _, err := actor(ctx); err != nil {
		return nil, err
	}
	var as *inventory.Link
	err := c.store.View(ctx, func(tx inventory.Reader) error {
		if body == nil {
			_, _, err := living(tx, id)
			return err
		}
		link, _, err := c.intended(tx, id, id.String(), body, Match{})
		as = &link
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.planner == nil {
		return nil, inventory.Errorf(inventory.Unavailable, "", "this server does not synchronise links")
	}
	return c.planner.Preview(ctx, id, as)
}

// digest is how a plan is named.
var digest = regexp.MustCompile("^[0-9a-f]{64}$")

func badDigest() error {
	return inventory.Errorf(inventory.Invalid, "digest", "digest is to be that of a plan, 64 hexadecimal digits; ask for a plan first")
}

// Apply has the next pass of a link do a plan that Plan has shown, by its digest,
// or nothing if there is another one by then. With body, it is the plan of the
// link that body makes: it is made or changed, and changed back if the plan is
// refused. A link that has never been synchronised then waits for somebody to
// apply another plan, or to ask for a synchronisation. It gives the time of the
// request. Errors besides those of Put: NotFound, Unavailable.
func (c *Catalog) Apply(ctx context.Context, path, plan string, body inventory.Doc, m Match) (time.Time, error) {
	by, err := actor(ctx)
	if err != nil {
		return time.Time{}, err
	}
	id, err := inventory.ParseID(path)
	if err != nil {
		return time.Time{}, err
	}
	if !digest.MatchString(plan) {
		return time.Time{}, badDigest()
	}
	if c.waker == nil {
		return time.Time{}, inventory.Errorf(inventory.Unavailable, "", "this server does not synchronise links")
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if body != nil {
		_, _, err := c.putLink(ctx, by, id, path, body, m, plan, nil)
		return now, err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		r, _, err := living(tx, id)
		if err != nil {
			return err
		}
		if err := m.holds(id, &r); err != nil {
			return err
		}
		if _, err := tx.Begin(id); err != nil { // whoever reads for it stops
			return err
		}
		rec := inventory.Record{Resource: r}
		return tx.SetStatus(id, agree(inventory.StatusOf(r), by, plan, rec, r.Revision))
	})
	if err != nil {
		return time.Time{}, err
	}
	return now, c.notify(ctx, id, "")
}

// agree is the status of a link with a plan that somebody agreed to, or without
// one when plan is empty. rec is the link as it was, revision that which it has.
func agree(s inventory.LinkStatus, by, plan string, rec inventory.Record, revision int64) inventory.LinkStatus {
	pending := s.Agreed
	s.Agreed = nil
	if plan == "" {
		return s
	}
	s.Agreed = &inventory.Agreement{Plan: plan, By: by}
	switch {
	case pending != nil && pending.Before != nil:
		s.Agreed.Before = pending.Before // what a plan replaced that nobody has done
	case rec.Key != 0 && rec.Revision != revision:
		s.Agreed.Before = rec.Own.Encode()
	}
	return s
}
