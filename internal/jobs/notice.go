package jobs

import (
	"context"
	"errors"
	"time"

	"apicenter/internal/inventory"
)

// trailing is when to look again after an event: a source may answer for a
// while as if nothing had happened, and no two of its services agree at once.
// The looks of a burst fall due together, at the next whole step, so that they
// are one listing.
var trailing = []struct{ after, step time.Duration }{
	{5 * time.Second, 5 * time.Second},
	{time.Minute, 30 * time.Second},
}

// Ring notes durably where links should look because of events, and wakes them:
// each looks at once, and again later. A link that is gone by now looks nowhere.
func (w *Worker) Ring(ctx context.Context, hints []inventory.Hint) error {
	now := w.store.Now()
	err := w.store.Update(ctx, "event", func(tx inventory.Tx) error {
		for _, h := range hints {
			h.Trigger = "event"
			err := tx.PutHint(h)
			if errors.Is(err, inventory.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			for _, t := range trailing {
				h.Due = now.Add(t.after + t.step - 1).Truncate(t.step)
				if err := tx.PutHint(h); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, h := range hints {
		w.ring(h.Link)
	}
	w.Wake()
	return nil
}
