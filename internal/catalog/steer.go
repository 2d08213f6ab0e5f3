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
		a := inventory.StatusOf(r).Agreed
		waits = a != nil && a.Refused
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
