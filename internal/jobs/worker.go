package jobs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Worker does what waits for the links of one store. It knows no queue: whoever
// calls it decides when, and how many links are worked at once.
type Worker struct {
	store  inventory.Store
	engine *engine.Engine
	poke   chan struct{} // capacity one: pokes may merge, since who is poked reads rows

	mu    sync.Mutex // guards what is in it, but for what a desk's worker alone uses
	desks map[inventory.ID]*desk
}

// NewWorker builds a worker; it starts nothing.
func NewWorker(store inventory.Store, e *engine.Engine) *Worker {
	return &Worker{store: store, engine: e, poke: make(chan struct{}, 1), desks: map[inventory.ID]*desk{}}
}

// ErrBusy says that somebody is at the link already.
var ErrBusy = errors.New("the link is being worked on")

// Notify notes a hint durably and wakes the link. api is the external identity
// of one API of the source, or empty for everything.
func (w *Worker) Notify(ctx context.Context, link inventory.ID, api, trigger string) error {
	err := w.store.Update(ctx, trigger, func(tx inventory.Tx) error {
		return tx.PutHint(inventory.Hint{Link: link, API: api, Trigger: trigger})
	})
	if err != nil {
		return err
	}
	w.ring(link)
	w.Wake()
	return nil
}

// Wake has waiting links looked for now instead of within a second.
func (w *Worker) Wake() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// Waiting gives the links that wait for work, and that nobody is at.
func (w *Worker) Waiting(ctx context.Context) (links []inventory.ID, err error) {
	err = w.store.View(ctx, func(r inventory.Reader) (err error) {
		links, err = r.Waiting(w.store.Now())
		return err
	})
	return slices.DeleteFunc(links, w.occupied), err
}

// Step works on a link until nothing waits for it, or until an instant. It says
// whether there is more. After an error the link rests for a while. ErrBusy.
func (w *Worker) Step(ctx context.Context, link inventory.ID, until time.Time) (again bool, err error) {
	d := w.sit(link)
	if d == nil {
		return true, ErrBusy
	}
	defer w.rise(d)
	again, err = w.slice(ctx, link, d, until)
	switch {
	case errors.Is(err, inventory.NotFound):
		w.clear(link, d)
		return false, nil
	case ctx.Err() != nil:
		return true, ctx.Err()
	case err != nil:
		w.strike(d)
		return false, err
	}
	d.strikes = 0
	return again, nil
}

// Close ends the passes that are between two steps, when nobody works any more.
func (w *Worker) Close(ctx context.Context) (err error) {
	for _, d := range w.desks {
		if d.pass != nil {
			err = errors.Join(err, ignoreSuperseded(w.finish(ctx, d.pass, engine.ErrInterrupted, nil)))
		}
	}
	return err
}

// agenda is what waits for one link.
type agenda struct {
	hints    []inventory.Hint // but for those that the open pass answers
	apis     []string         // that the hints name
	called   bool             // not all hints can wait until the link is due
	due      bool
	log      bool // the log of the source is to be read
	deleting bool
	paused   bool // nothing else waits then
	link     inventory.Link
	status   inventory.LinkStatus
}

// crowd is how many APIs are looked at one by one at most before nothing waits:
// from there on, and after a failure, a look at everything costs the source less.
const crowd = 10

func (w *Worker) look(ctx context.Context, link inventory.ID, d *desk) (agenda, error) {
	w.answer(d)
	var a agenda
	err := w.store.View(ctx, func(r inventory.Reader) error {
		res, err := r.Get(link)
		if err != nil {
			return err
		}
		a.status = inventory.StatusOf(res)
		a.deleting = a.status.State == inventory.Deleting
		if a.paused = a.status.Paused != nil && !a.deleting; a.paused {
			return nil
		}
		a.due = !a.status.NextDue.After(w.store.Now())
		doc, err := inventory.ParseDoc(res.Doc)
		if err != nil {
			return err
		}
		a.link = inventory.LinkOf(doc)
		a.hints, err = r.Hints(link, w.store.Now())
		return err
	})
	if a.paused {
		return a, err
	}
	a.log = a.follows(w.store.Now())
	a.hints = slices.DeleteFunc(a.hints, d.answers)
	resting := a.status.State == inventory.Failed && !a.due
	for _, h := range a.hints {
		a.called = a.called || !resting || !a.waits(h)
		if h.API != "" && !slices.Contains(a.apis, h.API) {
			a.apis = append(a.apis, h.API)
		}
	}
	return a, err
}

// calm is how long events leave a link alone that failed: an event says that the
// source is alive, but many of them are no reason to try all the time.
const calm = time.Minute

// waits says that a hint can wait until a link that failed is due again. What
// people ask for after the failure cannot, nor what the source rings for a while after it.
func (a agenda) waits(h inventory.Hint) bool {
	since := a.status.ChangedAt
	if h.Rung() {
		since = since.Add(calm)
	}
	return !h.At.After(since)
}

// slice works on a link until nothing waits, or until an instant. It says whether there is more.
func (w *Worker) slice(ctx context.Context, link inventory.ID, d *desk, until time.Time) (again bool, err error) {
	gathered := false
	for ctx.Err() == nil && time.Now().Before(until) {
		a, err := w.look(ctx, link, d)
		switch {
		case err != nil:
			return false, err
		case a.deleting:
			return w.unlink(ctx, link, d, until)
		case a.paused:
			d.drop() // of an epoch that is over
			return false, nil
		case len(a.apis) > 0 && len(a.apis)+d.row <= crowd && a.status.InStep():
			d.row++
			err = w.targeted(ctx, link, d, a)
		case a.log:
			err = w.follow(ctx, link, a)
		case d.pass == nil && a.burst() && !gathered:
			gathered = true
			w.gather(ctx, link, d)
		case a.due || a.called || d.pass != nil:
			gathered = false
			err = w.whole(ctx, link, d, a, until)
		default:
			d.row = 0
			if len(a.hints) > 0 {
				w.rest(d, a.status.NextDue)
			}
			return false, nil
		}
		if err != nil {
			return true, ignoreSuperseded(err)
		}
	}
	return true, ctx.Err()
}

// ignoreSuperseded: whoever took the link over has hints or a due time of his own.
func ignoreSuperseded(err error) error {
	if errors.Is(err, inventory.Superseded) {
		return nil
	}
	return err
}

// trigger is what asked first; somebody who waits for a document comes before all.
func trigger(hints []inventory.Hint) string {
	for _, h := range hints {
		if h.Trigger == "demand" {
			return h.Trigger
		}
	}
	return hints[0].Trigger
}

// prompt says that hints ask for what cannot wait. The later looks after an event can.
func prompt(hints []inventory.Hint) bool {
	return slices.ContainsFunc(hints, func(h inventory.Hint) bool { return h.Due.IsZero() })
}

// targeted looks at the API that was named first, between two slices of the
// whole pass if one is open.
func (w *Worker) targeted(ctx context.Context, link inventory.ID, d *desk, a agenda) error {
	hints := slices.DeleteFunc(a.hints, func(h inventory.Hint) bool { return h.API != a.apis[0] })
	work := engine.Work{Trigger: trigger(hints), Scope: source.Scope{API: a.apis[0]}, Prompt: prompt(hints)}
	var p *engine.Pass
	var err error
	if d.pass != nil {
		p, err = d.pass.Targeted(ctx, work)
	} else {
		p, err = w.engine.Begin(ctx, link, work)
	}
	if err != nil {
		d.drop()
		return err
	}
	done, failure := false, error(nil)
	for !done && failure == nil {
		done, failure = p.Run(ctx, time.Now().Add(slice), never)
	}
	return w.finish(ctx, p, failure, hints)
}

func never() bool { return false }

// whole begins or goes on with a whole pass.
func (w *Worker) whole(ctx context.Context, link inventory.ID, d *desk, a agenda, until time.Time) error {
	if d.pass == nil {
		work := engine.Work{Trigger: "schedule", Verify: a.apis, Prompt: prompt(a.hints)}
		if a.status.Agreed != nil {
			work.Trigger = "apply"
		} else if a.status.SyncedAt.IsZero() {
			work.Trigger = "link" // whatever else asks for it
		} else if len(a.hints) > 0 {
			work.Trigger = trigger(a.hints)
		}
		p, err := w.engine.Begin(ctx, link, work)
		if err != nil {
			return err
		}
		d.pass, d.hints = p, a.hints
	}
	done, failure := d.pass.Run(ctx, until, func() bool { return w.ringing(link) })
	if !done && failure == nil {
		return nil // the next slice goes on with it
	}
	defer d.drop()
	return w.finish(ctx, d.pass, failure, d.hints)
}

// finish reports a pass, also when the server is about to stop. Hints that a
// pass has failed to answer stay for the next. A plan that was refused answers
// those who asked for the whole: it is not for them that the next one is made.
func (w *Worker) finish(ctx context.Context, p *engine.Pass, failure error, hints []inventory.Hint) error {
	defer p.Close()
	if errors.Is(failure, inventory.Superseded) {
		return failure
	}
	var answered []int64
	for _, h := range hints {
		if failure == nil || errors.Is(failure, engine.ErrRefused) && h.API == "" {
			answered = append(answered, h.Sequence)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return p.Finish(last, failure, answered)
}

// unlink goes on with the deletion of a link.
func (w *Worker) unlink(ctx context.Context, link inventory.ID, d *desk, until time.Time) (again bool, err error) {
	d.drop()
	p, err := w.engine.Begin(ctx, link, engine.Work{Trigger: "unlink"})
	if err != nil {
		return false, err
	}
	defer p.Close()
	done, err := p.Unlink(ctx, until)
	return !done, ignoreSuperseded(err)
}
