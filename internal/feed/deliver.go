package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"apicenter/internal/inventory"
)

// Times of deliveries.
const (
	// giveUp is how long a receiver may take no event before its webhook stops.
	giveUp = 24 * time.Hour
	// firstRetry doubles with each failure, up to lastRetry.
	firstRetry = 5 * time.Second
	lastRetry  = time.Hour
	// lookEvery is how long a webhook may wait for a look that nothing asks for.
	lookEvery = time.Minute
	// batch is how many events a receiver is told before how far it is is kept,
	// and turn how long: who is slow is told as little again after a crash, and
	// hears soon that its webhook was changed or is gone.
	batch = 100
	turn  = 10 * time.Second
	// What it does not want is kept as passed after so many events, or so long.
	keepAfter = 10 * batch
	keepEvery = time.Minute
)

// DelivererOptions are what a Deliverer needs.
type DelivererOptions struct {
	Webhooks inventory.Webhooks
	Client   *http.Client // asks addresses that people give, and only those that it may
	Origin   string       // how this server calls itself to receivers
	Log      *slog.Logger
	// Told hears how each delivery of a change went, and how old that was by then; nil: nobody does.
	Told func(age time.Duration, err error)
}

// Deliverer tells webhooks what changes: each in order, at least once, and none
// waits for another.
type Deliverer struct {
	feed    *Feed
	o       DelivererOptions
	client  *http.Client
	more    chan struct{} // capacity one: work for one has ended, and there may be more
	working sync.WaitGroup

	mu   sync.Mutex      // guards the rest
	busy map[int64]bool  // webhooks that are delivered to at this moment
	read map[int64]place // how far each has read, which may be further than is kept: nothing there was wanted
}

// place is how far a webhook has read since a person last steered it.
type place struct {
	epoch, cursor int64
	kept          time.Time // when that was last kept
}

// NewDeliverer makes a Deliverer of a feed's events.
func NewDeliverer(f *Feed, o DelivererOptions) *Deliverer {
	client := *o.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // it agreed to its own address
	return &Deliverer{feed: f, o: o, client: &client, more: make(chan struct{}, 1), busy: map[int64]bool{}, read: map[int64]place{}}
}

// Run delivers until ctx ends, waits for what it has begun, and keeps how far it is.
func (d *Deliverer) Run(ctx context.Context) error {
	defer d.settle(context.WithoutCancel(ctx))
	defer d.working.Wait()
	for {
		news := d.feed.wake()
		next, err := d.look(ctx, news)
		if err != nil && ctx.Err() == nil {
			d.o.Log.WarnContext(ctx, "webhooks cannot be read; it is tried again", "error", err)
		}
		due := time.NewTimer(next)
		select {
		case <-ctx.Done():
			due.Stop()
			return nil
		case <-news:
		case <-d.more:
		case <-due.C:
		}
		due.Stop()
	}
}

// look begins to work for each webhook that has something to do, and says when
// the next one has. Who still works when there is news is not looked at then, but
// when that has ended.
func (d *Deliverer) look(ctx context.Context, news <-chan struct{}) (next time.Duration, err error) {
	next = lookEvery
	d.mu.Lock()
	busy := maps.Clone(d.busy) // who ends while they are read is not known as it is
	d.mu.Unlock()
	all, err := d.o.Webhooks.Deliveries(ctx)
	if err != nil {
		return next, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range all {
		now := time.Now()
		if !busy[w.Key] && !due(w, now) && w.Status.State != inventory.Stopped {
			next = min(next, w.Status.NextAttempt.Sub(now))
		}
		if busy[w.Key] || !due(w, now) {
			continue
		}
		d.busy[w.Key] = true
		d.working.Go(func() {
			again := d.work(ctx, w)
			d.mu.Lock()
			delete(d.busy, w.Key)
			d.mu.Unlock()
			select {
			case <-news:
				again = true
			default:
			}
			if again {
				select {
				case d.more <- struct{}{}:
				default:
				}
			}
		})
	}
	return next, nil
}

// due says that a webhook may be delivered to. One that stopped goes on when it
// was changed.
func due(w inventory.Delivery, now time.Time) bool {
	changed := w.Status.Revision != 0 && w.Status.Revision != w.Revision
	return changed || w.Status.State != inventory.Stopped && !now.Before(w.Status.NextAttempt)
}

// work delivers what there is for a webhook, and keeps how that went. It says
// whether to look again: there may be more, or it is next due at another time.
func (d *Deliverer) work(ctx context.Context, w inventory.Delivery) (again bool) {
	at, was := d.place(w), w.Status
	w.Status.Cursor = at.cursor
	delivered, full, err := d.deliver(ctx, &w)
	if ctx.Err() == nil { // else the server stops, which says nothing of the receiver
		if was.Revision != w.Revision || w.Status.Cursor > at.cursor || w.Status.Taken != was.Taken { // it may fail for as long again
			w.Status.FailedSince, w.Status.Attempts = time.Time{}, 0
		}
		w.Status.Revision = w.Revision
		w.Status = after(w.Status, err, time.Now())
	}
	if delivered > 0 {
		w.Status.DeliveredAt = time.Now().UTC()
	}
	at.cursor = w.Status.Cursor
	passed := at.cursor - was.Cursor
	was.Cursor = at.cursor
	changed := was != w.Status // more than how far it is: that may be all that it did not want
	if changed || passed >= keepAfter || passed > 0 && time.Since(at.kept) >= keepEvery {
		// What was delivered is kept even when the server stops at this moment.
		if d.save(context.WithoutCancel(ctx), w) {
			at.kept, again = time.Now(), changed
		}
	}
	d.mu.Lock()
	d.read[w.Key] = at
	d.mu.Unlock()
	return again || full
}

// place is how far a webhook has read.
func (d *Deliverer) place(w inventory.Delivery) place {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.read[w.Key]
	if p.epoch != w.Epoch {
		p = place{epoch: w.Epoch}
	}
	p.cursor = max(p.cursor, w.Status.Cursor)
	return p
}

// save keeps how far a webhook is.
func (d *Deliverer) save(ctx context.Context, w inventory.Delivery) (ok bool) {
	err := d.o.Webhooks.SaveDelivery(ctx, w)
	if err == nil || inventory.CodeOf(err) == inventory.Superseded {
		return true
	}
	d.o.Log.WarnContext(ctx, "how far a webhook is cannot be kept; after a restart it is told again", "webhook", w.Path, "error", err)
	return false
}

// settle keeps how far all have read. Who wants little would else look again for
// it, back to what may not be known any more.
func (d *Deliverer) settle(ctx context.Context) {
	all, err := d.o.Webhooks.Deliveries(ctx)
	if err != nil {
		d.o.Log.WarnContext(ctx, "how far webhooks are cannot be kept", "error", err)
	}
	for _, w := range all {
		if at := d.place(w); at.cursor > w.Status.Cursor {
			w.Status.Cursor = at.cursor
			d.save(ctx, w)
		}
	}
}

// deliver agrees with the receiver if need be, and tells it what comes after the
// cursor, which it moves behind each event that is done. An event may be many
// letters: Taken is how far it is within one. full: there may be more.
func (d *Deliverer) deliver(ctx context.Context, w *inventory.Delivery) (delivered int, full bool, err error) {
	doc, err := inventory.ParseDoc(w.Doc)
	if err != nil {
		return 0, false, err
	}
	hook := inventory.WebhookOf(doc)
	r := receiver{client: d.client, hook: hook, secret: w.Secret, origin: d.o.Origin, source: w.Path}
	if agreed := hook.Handshake + " " + hook.Address; w.Status.Agreed != agreed {
		if err := r.agree(ctx); err != nil {
			return 0, false, err
		}
		w.Status.Agreed = agreed
	}
	p, err := d.feed.read(ctx, w.ID.Parent(), w.Status.Cursor, batch)
	if err != nil {
		return 0, false, err
	}
	letters := p.letters
	if sequence, count, err := ParseLetterID(w.Status.Taken); err == nil {
		letters = Rest(letters, sequence, count)
	}
	began := time.Now()
	for i, l := range letters {
		if wanted(hook, l) {
			err := r.tell(ctx, l)
			if d.o.Told != nil {
				d.o.Told(time.Since(l.Time), err)
			}
			if err != nil {
				return delivered, false, err
			}
			delivered++
			w.Status.Taken = l.ID
		}
		if i+1 == len(letters) || letters[i+1].Sequence != l.Sequence {
			sequence, _, err := ParseLetterID(l.ID)
			if err != nil {
				return delivered, false, err
			}
			w.Status.Cursor, w.Status.Taken = sequence, ""
		}
		if time.Since(began) >= turn {
			return delivered, true, nil
		}
	}
	w.Status.Cursor, w.Status.Taken = p.cursor, ""
	return delivered, p.full, nil
}

// wanted says that a webhook is to be told.
func wanted(w inventory.Webhook, l Letter) bool {
	return (len(w.Types) == 0 || slices.Contains(w.Types, l.Type)) &&
		len(l.Subject) >= len(w.Prefix) && strings.EqualFold(l.Subject[:len(w.Prefix)], w.Prefix)
}

// after is the status of a webhook after an attempt that ended with err.
func after(s inventory.DeliveryStatus, err error, now time.Time) inventory.DeliveryStatus {
	if err == nil {
		s.State, s.Message, s.Attempts, s.FailedSince, s.NextAttempt = inventory.Delivering, "", 0, time.Time{}, time.Time{}
		return s
	}
	s.FailedSince = cmp.Or(s.FailedSince, now.UTC())
	s.Attempts++
	s.Message = err.Error()
	code := inventory.CodeOf(err)
	switch {
	case code == inventory.Forgotten || code == inventory.Invalid || code == unwanted:
		s.State, s.NextAttempt = inventory.Stopped, time.Time{}
	case now.Sub(s.FailedSince) >= giveUp:
		s.State, s.NextAttempt = inventory.Stopped, time.Time{}
		s.Message = fmt.Sprintf("given up after %d attempts in %s; the last one: %s", s.Attempts, giveUp, s.Message)
	default:
		wait := pause(s.Attempts)
		if r, ok := errors.AsType[*refusal](err); ok {
			wait = max(wait, min(r.wait, lastRetry))
		}
		s.NextAttempt = now.Add(wait).UTC()
		if s.State = inventory.Retrying; s.Agreed == "" {
			s.State = inventory.Validating
		}
	}
	return s
}

// pause is how long to wait after so many failures, give or take a fifth.
func pause(attempts int) time.Duration {
	p := min(firstRetry<<min(attempts-1, 16), lastRetry)
	return p + time.Duration((rand.Float64()-0.5)*0.4*float64(p))
}
