package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"apicenter/internal/inventory"
)

// trailing is when to look again after a change: a source may answer for a
// while as if nothing had happened, and no two of its services agree at once.
// The looks of a burst fall due together, at the next whole step, so that they
// are one listing.
var trailing = []struct{ after, step time.Duration }{
	{5 * time.Second, 5 * time.Second},
	{time.Minute, 30 * time.Second},
}

// How long a burst of events is waited out, so that one listing answers all of
// it: until none has come for a moment, and not for ever.
const (
	lull    = 250 * time.Millisecond
	longest = 3 * time.Second
)

// burst says that the source names more APIs than are looked at one by one, and
// that nobody else asks.
func (a agenda) burst() bool {
	return len(a.apis) > 0 && a.called && !a.due && a.status.InStep() &&
		!slices.ContainsFunc(a.hints, func(h inventory.Hint) bool { return !h.Rung() || !h.Due.IsZero() })
}

// gather waits while events keep coming.
func (w *Worker) gather(ctx context.Context, link inventory.ID, d *desk) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for {
		w.answer(d)
		pause := time.NewTimer(lull)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		if !w.ringing(link) {
			return
		}
	}
}

// Ring notes durably where links should look because of events, and wakes them:
// each looks at once, and again later. A link that is gone by now looks nowhere.
func (w *Worker) Ring(ctx context.Context, hints []inventory.Hint) error {
	now := w.store.Now()
	err := w.store.Update(ctx, "event", func(tx inventory.Tx) error {
		for _, h := range hints {
			h.Trigger = "event"
			if err := note(tx, h, now, now); err != nil && !errors.Is(err, inventory.NotFound) {
				return err
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

// note puts a hint for now, and for later where too little time has passed since
// the change. NotFound when there is no such link.
func note(tx inventory.Tx, h inventory.Hint, changed, now time.Time) error {
	if err := tx.PutHint(h); err != nil {
		return err
	}
	for _, t := range trailing {
		h.Due = changed.Add(t.after + t.step - 1).Truncate(t.step)
		if !h.Due.After(now) {
			continue
		}
		if err := tx.PutHint(h); err != nil {
			return err
		}
	}
	return nil
}
