package catalog

import (
	"context"
	"iter"
	"time"

	"apicenter/internal/inventory"
)

// ActivityQuery says which events of a service are asked for.
type ActivityQuery struct {
	Since, Until time.Time // zero: from the first, to the newest
	Before       int64     // only those with a smaller number; 0: all
	Limit        int
	// Keep gives what is wanted of an event, and whether it is wanted at all.
	Keep func(inventory.Event) (inventory.Event, bool)
}

// Activity is a page of what happened, the newest first.
type Activity struct {
	Events []inventory.Event
	Next   int64     // the page goes on before this number; 0: there is nothing more
	Looked time.Time // how far back was looked, when that is not as far as it goes and the page is not full
}

// How many events are read at once, and at most for one page: who looks for
// something rare is asked whether to look further back.
const (
	activityChunk = 250
	activityReach = 2000
)

// Activity tells what happened in a service, as far as it is known.
func (c *Catalog) Activity(ctx context.Context, service inventory.ID, q ActivityQuery) (a Activity, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		a = Activity{}
		before, err := q.begin(tx)
		if err != nil {
			return err
		}
		kept, err := inventory.KeptOf(tx, service)
		if err != nil {
			return err
		}
		looked := 0
		var last inventory.Event
		for e, err := range backward(tx, service, before) {
			if err != nil || e.At.Before(q.Since) || e.Sequence <= kept.After {
				return err
			}
			if looked++; looked > activityReach {
				a.Next, a.Looked = last.Sequence, last.At
				return nil
			}
			last = e
			wanted, ok := q.Keep(e)
			if ok && len(a.Events) == q.Limit {
				a.Next = a.Events[q.Limit-1].Sequence
				return nil
			}
			if ok {
				a.Events = append(a.Events, wanted)
			}
		}
		return nil
	})
	return a, err
}

// begin is the number that all events asked for come before; 0: any.
func (q ActivityQuery) begin(tx inventory.Reader) (int64, error) {
	if q.Until.IsZero() {
		return q.Before, nil
	}
	last, err := tx.EventAt(q.Until)
	if q.Before > 0 {
		return min(q.Before, last+1), err
	}
	return last + 1, err
}

// backward gives the events of a service before a number, the newest first.
func backward(tx inventory.Reader, service inventory.ID, before int64) iter.Seq2[inventory.Event, error] {
	return func(yield func(inventory.Event, error) bool) {
		for {
			events, err := tx.History(service, before, activityChunk)
			if err != nil {
				yield(inventory.Event{}, err)
				return
			}
			for _, e := range events {
				if before = e.Sequence; !yield(e, nil) {
					return
				}
			}
			if len(events) < activityChunk {
				return
			}
		}
	}
}
