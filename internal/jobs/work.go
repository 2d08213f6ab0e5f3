package jobs

import (
	"context"
	"errors"
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
	again, err := q.slice(ctx, link, time.Now().Add(slice))
	if errors.Is(err, inventory.NotFound) {
		return nil // the link is gone
	}
	if err != nil && ctx.Err() == nil {
		q.o.Log.Error("work on a link", "link", link.String(), "error", err)
		return nil // the sweep wakes it again while it is due
	}
	if again || ctx.Err() != nil {
		return river.JobSnooze(0)
	}
	return nil
}

// agenda is what waits for one link.
type agenda struct {
	hints    []inventory.Hint
	due      bool
	deleting bool
	synced   bool
}

func (q *Queue) look(ctx context.Context, link inventory.ID) (agenda, error) {
	q.mu.Lock()
	delete(q.rung, link)
	q.mu.Unlock()
	var a agenda
	err := q.o.Store.View(ctx, func(r inventory.Reader) error {
		res, err := r.Get(link)
		if err != nil {
			return err
		}
		status := inventory.StatusOf(res)
		a.deleting = status.State == inventory.Deleting
		a.synced = !status.SyncedAt.IsZero()
		a.due = !status.NextDue.After(time.Now())
		a.hints, err = r.Hints(link)
		return err
	})
	return a, err
}

// slice works on a link until nothing waits, or until an instant. It says whether there is more.
func (q *Queue) slice(ctx context.Context, link inventory.ID, until time.Time) (again bool, err error) {
	for ctx.Err() == nil && time.Now().Before(until) {
		a, err := q.look(ctx, link)
		if err != nil {
			return false, err
		}
		if a.deleting {
			return q.unlink(ctx, link, until)
		}
		if api, hints := a.targeted(); len(hints) > 0 && a.synced {
			if err := q.targeted(ctx, link, api, hints, until); err != nil {
				return true, ignoreSuperseded(err)
			}
			continue
		}
		if !a.due && len(a.hints) == 0 && q.opened(link) == nil {
			return false, nil
		}
		if err := q.whole(ctx, link, a, until); err != nil {
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

// targeted are the hints for the API that was named first, if any names one.
func (a agenda) targeted() (api string, hints []inventory.Hint) {
	for _, h := range a.hints {
		if h.API != "" && (api == "" || h.API == api) {
			api = h.API
			hints = append(hints, h)
		}
	}
	return api, hints
}

// targeted looks at one API, between two slices of the whole pass if one is open.
func (q *Queue) targeted(ctx context.Context, link inventory.ID, api string, hints []inventory.Hint, until time.Time) error {
	w := engine.Work{Trigger: trigger(hints), Scope: source.Scope{API: api}}
	var p *engine.Pass
	var err error
	if whole := q.opened(link); whole != nil {
		p, err = whole.Targeted(ctx, w)
	} else {
		p, err = q.o.Engine.Begin(ctx, link, w)
	}
	if err != nil {
		q.drop(link)
		return err
	}
	_, failure := p.Run(ctx, until.Add(slice), never)
	return q.finish(ctx, p, failure, hints)
}

func never() bool { return false }

// trigger is what asked first; somebody who waits for a document comes before all.
func trigger(hints []inventory.Hint) string {
	for _, h := range hints {
		if h.Trigger == "demand" {
			return h.Trigger
		}
	}
	return hints[0].Trigger
}

// whole begins or goes on with a whole pass.
func (q *Queue) whole(ctx context.Context, link inventory.ID, a agenda, until time.Time) error {
	p := q.opened(link)
	if p == nil {
		w := engine.Work{Trigger: "schedule"}
		if len(a.hints) > 0 {
			w.Trigger = trigger(a.hints)
		} else if !a.synced {
			w.Trigger = "link"
		}
		var err error
		if p, err = q.o.Engine.Begin(ctx, link, w); err != nil {
			return err
		}
		q.mu.Lock()
		q.open[link], q.took[link] = p, a.hints
		q.mu.Unlock()
	}
	done, failure := p.Run(ctx, until, func() bool { return q.ringing(link) })
	if !done && failure == nil {
		return nil // the next slice goes on with it
	}
	q.mu.Lock()
	hints := q.took[link]
	q.mu.Unlock()
	q.drop(link)
	return q.finish(ctx, p, failure, hints)
}

// finish reports a pass, also when the server is about to stop.
func (q *Queue) finish(ctx context.Context, p *engine.Pass, failure error, hints []inventory.Hint) error {
	defer p.Close()
	if errors.Is(failure, inventory.Superseded) {
		return failure
	}
	sequences := make([]int64, 0, len(hints))
	if failure == nil || ctx.Err() == nil {
		for _, h := range hints {
			sequences = append(sequences, h.Sequence)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return p.Finish(last, failure, sequences)
}

// unlink goes on with the deletion of a link.
func (q *Queue) unlink(ctx context.Context, link inventory.ID, until time.Time) (again bool, err error) {
	q.drop(link)
	p, err := q.o.Engine.Begin(ctx, link, engine.Work{Trigger: "unlink"})
	if err != nil {
		return false, err
	}
	defer p.Close()
	done, err := p.Unlink(ctx, until)
	return !done, ignoreSuperseded(err)
}

// opened is the whole pass of a link between two slices, or nil.
func (q *Queue) opened(link inventory.ID) *engine.Pass {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open[link]
}

// drop forgets the open pass of a link; what it applied stands.
func (q *Queue) drop(link inventory.ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.open[link]; p != nil {
		p.Close()
	}
	delete(q.open, link)
	delete(q.took, link)
}

// ringing says that hints came since the worker last looked.
func (q *Queue) ringing(link inventory.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rung[link]
}
