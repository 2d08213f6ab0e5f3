package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// work is what River calls: one slice of a link's work.
func (q *Queue) work(ctx context.Context, job *river.Job[wake]) error {
	link, err := inventory.ParseID(job.Args.Link)
	if err != nil {
		return err
	}
	d := q.sit(link)
	if d == nil {
		return river.JobSnooze(time.Second)
	}
	defer q.rise(d)
	again, err := q.slice(ctx, link, d, time.Now().Add(slice))
	switch {
	case errors.Is(err, inventory.NotFound):
		q.clear(link, d)
		return nil
	case ctx.Err() != nil:
		return river.JobSnooze(0)
	case err != nil:
		q.o.Log.Error("work on a link", "link", link.String(), "error", err)
		q.strike(d)
		return nil // the sweep wakes it again while it is due
	}
	d.strikes = 0
	if again {
		return river.JobSnooze(0)
	}
	return nil
}

// agenda is what waits for one link.
type agenda struct {
	hints    []inventory.Hint
	apis     []string // that the hints name
	called   bool     // not all hints can wait until the link is due
	due      bool
	deleting bool
	status   inventory.LinkStatus
}

// crowd is how many APIs are looked at one by one at most: from there on, and
// after a failure, a look at everything costs the source less.
const crowd = 20

func (q *Queue) look(ctx context.Context, link inventory.ID, d *desk) (agenda, error) {
	q.answer(d)
	var a agenda
	err := q.o.Store.View(ctx, func(r inventory.Reader) error {
		res, err := r.Get(link)
		if err != nil {
			return err
		}
		a.status = inventory.StatusOf(res)
		a.deleting = a.status.State == inventory.Deleting
		a.due = !a.status.NextDue.After(time.Now())
		a.hints, err = r.Hints(link)
		return err
	})
	resting := a.status.State == inventory.Failed && !a.due
	for _, h := range a.hints {
		a.called = a.called || !resting || !a.waits(h)
		if h.API != "" && !slices.Contains(a.apis, h.API) {
			a.apis = append(a.apis, h.API)
		}
	}
	return a, err
}

// waits says that a hint can wait until a link that failed is due again. What
// people ask for after the failure cannot.
func (a agenda) waits(h inventory.Hint) bool {
	return h.Trigger == "event" || !h.At.After(a.status.ChangedAt)
}

// slice works on a link until nothing waits, or until an instant. It says whether there is more.
func (q *Queue) slice(ctx context.Context, link inventory.ID, d *desk, until time.Time) (again bool, err error) {
	for ctx.Err() == nil && time.Now().Before(until) {
		a, err := q.look(ctx, link, d)
		switch {
		case err != nil:
			return false, err
		case a.deleting:
			return q.unlink(ctx, link, d, until)
		case len(a.apis) > 0 && len(a.apis) <= crowd && !a.status.SyncedAt.IsZero() && a.status.State != inventory.Failed:
			err = q.targeted(ctx, link, d, a)
		case a.due || a.called || d.pass != nil:
			err = q.whole(ctx, link, d, a, until)
		default:
			if len(a.hints) > 0 {
				q.rest(d, a.status.NextDue)
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

// targeted looks at the API that was named first, between two slices of the
// whole pass if one is open.
func (q *Queue) targeted(ctx context.Context, link inventory.ID, d *desk, a agenda) error {
	hints := slices.DeleteFunc(a.hints, func(h inventory.Hint) bool { return h.API != a.apis[0] })
	w := engine.Work{Trigger: trigger(hints), Scope: source.Scope{API: a.apis[0]}}
	var p *engine.Pass
	var err error
	if d.pass != nil {
		p, err = d.pass.Targeted(ctx, w)
	} else {
		p, err = q.o.Engine.Begin(ctx, link, w)
	}
	if err != nil {
		d.drop()
		return err
	}
	done, failure := false, error(nil)
	for !done && failure == nil {
		done, failure = p.Run(ctx, time.Now().Add(slice), never)
	}
	return q.finish(ctx, p, failure, hints)
}

func never() bool { return false }

// whole begins or goes on with a whole pass.
func (q *Queue) whole(ctx context.Context, link inventory.ID, d *desk, a agenda, until time.Time) error {
	if d.pass == nil {
		w := engine.Work{Trigger: "schedule", Verify: a.apis}
		if a.status.SyncedAt.IsZero() {
			w.Trigger = "link" // whatever else asks for it
		} else if len(a.hints) > 0 {
			w.Trigger = trigger(a.hints)
		}
		p, err := q.o.Engine.Begin(ctx, link, w)
		if err != nil {
			return err
		}
		d.pass, d.hints = p, a.hints
	}
	done, failure := d.pass.Run(ctx, until, func() bool { return q.ringing(link) })
	if !done && failure == nil {
		return nil // the next slice goes on with it
	}
	defer d.drop()
	return q.finish(ctx, d.pass, failure, d.hints)
}

// finish reports a pass, also when the server is about to stop. Hints that a
// pass has failed to answer stay for the next.
func (q *Queue) finish(ctx context.Context, p *engine.Pass, failure error, hints []inventory.Hint) error {
	defer p.Close()
	if errors.Is(failure, inventory.Superseded) {
		return failure
	}
	var answered []int64
	if failure == nil {
		for _, h := range hints {
			answered = append(answered, h.Sequence)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return p.Finish(last, failure, answered)
}

// unlink goes on with the deletion of a link.
func (q *Queue) unlink(ctx context.Context, link inventory.ID, d *desk, until time.Time) (again bool, err error) {
	d.drop()
	p, err := q.o.Engine.Begin(ctx, link, engine.Work{Trigger: "unlink"})
	if err != nil {
		return false, err
	}
	defer p.Close()
	done, err := p.Unlink(ctx, until)
	return !done, ignoreSuperseded(err)
}
