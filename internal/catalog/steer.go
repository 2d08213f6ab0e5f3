package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// Sync asks a link to look at its source now: at one API or, if api is empty,
// at everything. api is the name or the full id of an API at the source, or the
// name of an API that the link brought. It gives the time of the request.
func (c *Catalog) Sync(ctx context.Context, link inventory.ID, api string) (time.Time, error) {
	by, err := actor(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var external string
	waits := false
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		r, l, err := living(tx, link)
		s := inventory.StatusOf(r)
		waits = s.Agreed != nil && s.Agreed.Refused
		if err == nil && s.Paused != nil {
			return inventory.Errorf(inventory.Conflict, "", "link %q is paused since %s by %s; resume it, and it synchronises at once",
				r.Name(), s.Paused.At.UTC().Format(time.RFC3339), s.Paused.By)
		}
		if err == nil && api != "" {
			external, err = externalOf(tx, r, l, api)
		}
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	if c.waker == nil {
		return time.Time{}, inventory.Errorf(inventory.Unavailable, "", "this server does not synchronise links")
	}
	if waits {
		if err := c.release(ctx, by, link); err != nil {
			return time.Time{}, err
		}
	}
	now := c.store.Now() // by the clock of the run that answers it
	return now, c.notify(ctx, link, external)
}

// Pause has a link rest: nothing of it is read, on schedule or otherwise, until
// Resume. What it brought stays, and grows old. A pass that is under way ends.
// Doing it twice changes nothing.
func (c *Catalog) Pause(ctx context.Context, link inventory.ID, m Match) (inventory.Pause, error) {
	by, err := actor(ctx)
	if err != nil {
		return inventory.Pause{}, err
	}
	var paused inventory.Pause
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		s, err := steered(tx, link, m)
		if err != nil {
			return err
		}
		if s.Paused != nil {
			paused = *s.Paused
			return nil
		}
		now := c.store.Now()
		paused = inventory.Pause{By: by, At: now}
		s.Paused, s.NextDue = &paused, time.Time{}
		if _, err := tx.Begin(link); err != nil { // whoever reads for it stops
			return err
		}
		if err := interrupt(tx, link, now, "the link was paused by "+by); err != nil {
			return err
		}
		return tx.SetStatus(link, s)
	})
	return paused, err
}

// Resume ends the rest of a link, which then synchronises at once. One that does
// not rest is left as it is. It gives the time of the request.
func (c *Catalog) Resume(ctx context.Context, link inventory.ID, m Match) (time.Time, error) {
	by, err := actor(ctx)
	if err != nil {
		return time.Time{}, err
	}
	now, rested := c.store.Now(), false
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		s, err := steered(tx, link, m)
		if err != nil {
			return err
		}
		if rested = s.Paused != nil; !rested {
			return nil
		}
		s.Paused = nil
		if err := tx.SetDue(link, now); err != nil {
			return err
		}
		return tx.SetStatus(link, s)
	})
	if err != nil || !rested {
		return now, err
	}
	return now, c.notify(ctx, link, "")
}

// steered is the status of a link that is there and not being deleted.
func steered(tx inventory.Reader, link inventory.ID, m Match) (inventory.LinkStatus, error) {
	r, _, err := living(tx, link)
	if err != nil {
		return inventory.LinkStatus{}, err
	}
	return inventory.StatusOf(r), m.holds(link, &r)
}

// interrupt ends the runs of a link that are under way: nobody goes on with them.
func interrupt(tx inventory.Tx, link inventory.ID, now time.Time, why string) error {
	open, err := tx.OpenRuns(link)
	if err != nil {
		return err
	}
	for _, run := range open {
		run.Ended, run.Outcome, run.Message = now, "interrupted", why
		if _, err := tx.PutRun(run); err != nil {
			return err
		}
	}
	return nil
}

// release frees a link from a plan that was refused.
func (c *Catalog) release(ctx context.Context, by string, link inventory.ID) error {
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		r, _, err := living(tx, link)
		if err != nil {
			return err
		}
		s := inventory.StatusOf(r)
		s.Agreed = nil
		return tx.SetStatus(link, s)
	})
}

// living gives a link that is not being deleted.
func living(tx inventory.Reader, id inventory.ID) (inventory.Resource, inventory.Link, error) {
	r, err := tx.Get(id)
	if err != nil {
		return r, inventory.Link{}, orNoParent(tx, id, err)
	}
	if inventory.StatusOf(r).State == inventory.Deleting {
		return r, inventory.Link{}, deleting(r.Name())
	}
	doc, err := inventory.ParseDoc(r.Doc)
	return r, inventory.LinkOf(doc), err
}

// externalOf finds what the source calls an API: its path below the instance,
// "apis/petstore" or "workspaces/sales/apis/orders", whatever part the link reads.
func externalOf(tx inventory.Reader, r inventory.Resource, l inventory.Link, api string) (string, error) {
	text := strings.Trim(strings.ToLower(api), "/")
	instance, within := l.Instance(), ""
	if root, workspace, ok := strings.Cut(instance, "/workspaces/"); ok {
		instance, within = root, "workspaces/"+workspace+"/"
	}
	if strings.Contains(text, "/") {
		below := strings.TrimPrefix("/"+text, instance+"/")
		below = strings.TrimPrefix(below, "/")
		name, ok := strings.CutPrefix(below, within+"apis/")
		if within == "" && !ok {
			parts := strings.SplitN(below, "/", 4)
			if ok = len(parts) == 4 && parts[0] == "workspaces" && parts[2] == "apis"; ok {
				name = parts[3]
			}
		}
		if !ok || name == "" || strings.Contains(name, "/") {
			return "", inventory.Errorf(inventory.Invalid, "api",
				"%q is not an API of what link %q reads; give the API's name there, or its resource id below %s", api, r.Name(), l.Source)
		}
		return withoutRevision(below), nil
	}
	id, err := inventory.ParseID(r.ID.Parent().String() + "/apis/" + text)
	if err != nil {
		return "", inventory.Errorf(inventory.Invalid, "api", "%q is not the name of an API", api)
	}
	records, err := tx.Below(id)
	if err != nil {
		return "", err
	}
	for _, rec := range records {
		for _, o := range rec.Origins {
			if o.Link == r.ID && rec.ID.Kind() == inventory.KindVersion {
				return o.External, nil
			}
		}
	}
	return withoutRevision(within + "apis/" + text), nil
}

// withoutRevision drops ";rev=2": a revision is looked at with its API.
func withoutRevision(external string) string {
	base, _, _ := strings.Cut(external, ";rev=")
	return base
}

// Freshness is how old what a link shows may be now. It changes as time passes,
// and not only when something is written.
func (c *Catalog) Freshness(link inventory.Resource) (inventory.Freshness, error) {
	doc, err := inventory.ParseDoc(link.Doc)
	if err != nil {
		return inventory.Freshness{}, fmt.Errorf("settings of link %s: %w", link.Path, err)
	}
	return c.promise.Freshness(inventory.LinkOf(doc), inventory.StatusOf(link), link.Created.At, c.store.Now()), nil
}

// Heard says when an event of a link's source last came; zero: none did. NotFound.
func (c *Catalog) Heard(ctx context.Context, link inventory.ID) (at time.Time, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(link); err != nil {
			return orNoParent(tx, link, err)
		}
		at, err = tx.Heard(link)
		return err
	})
	return at, err
}

// Runs gives the newest runs of a link, newest first. NotFound.
func (c *Catalog) Runs(ctx context.Context, link inventory.ID, limit int) (runs []inventory.Run, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(link); err != nil {
			return orNoParent(tx, link, err)
		}
		runs, err = tx.Runs(link, limit)
		return err
	})
	return runs, err
}
