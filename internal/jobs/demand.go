package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apicenter/internal/inventory"
)

// demandLimit is how long somebody waits for a document at most.
const demandLimit = 30 * time.Second

// demand is where a definition stands that somebody wants the document of.
type demand struct {
	link     inventory.ID
	external string
	document bool   // it is there
	problem  string // why the source did not give it
}

// Fetch has the document of a definition fetched, for a link that imports on
// demand, and waits until it is there. Unavailable when the source did not give it.
func (w *Worker) Fetch(ctx context.Context, definition inventory.ID) error {
	asked := w.store.Now()
	d, err := w.demand(ctx, definition, asked)
	if err != nil || d.document {
		return err
	}
	if err := w.Notify(ctx, d.link, d.external, "demand"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, demandLimit)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		d, err := w.demand(ctx, definition, asked)
		switch {
		case ctx.Err() != nil:
			return inventory.Errorf(inventory.Unavailable, "", "the source did not give the document in time; try again")
		case err != nil || d.document:
			return err
		case d.problem != "":
			return inventory.Errorf(inventory.Unavailable, "", "the source did not give the document: %s", d.problem)
		}
	}
}

// demand looks at a definition. A problem counts if it came up since an instant.
func (w *Worker) demand(ctx context.Context, definition inventory.ID, since time.Time) (d demand, err error) {
	err = w.store.View(ctx, func(r inventory.Reader) error {
		rec, err := r.Record(definition)
		if err != nil {
			return err
		}
		if len(rec.Origins) == 0 {
			return inventory.Errorf(inventory.NotFound, "", "definition %q has no document yet; import one", rec.Name())
		}
		o := rec.Origins[0]
		if rec.Document == "" && !o.Gone.At.IsZero() {
			return inventory.Errorf(inventory.NotFound, "", "definition %q has no document: its source has it no more", rec.Name())
		}
		d = demand{link: o.Link, external: o.External, document: rec.Document != ""}
		link, err := r.Get(o.Link)
		if errors.Is(err, inventory.NotFound) {
			return nil
		}
		status := inventory.StatusOf(link)
		if status.State == inventory.Failed && !status.ChangedAt.Before(since) {
			d.problem = status.Message
		}
		if status.Paused != nil {
			d.problem = fmt.Sprintf("the link %q is paused", link.Name())
		}
		if o.Problem != "" && !o.Read.Before(since) {
			d.problem = o.Problem
		}
		return err
	})
	return d, err
}
