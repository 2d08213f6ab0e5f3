// Package jobs decides who works when. What is due, which hints are unread and
// who may write are rows of the inventory; River, on the same database, only
// wakes a worker for a link, one at a time, and spreads them over servers:
//
//	hint, due time ──▶ rows ◀──sweep── Queue.Run ──insert──▶ River ──▶ slice of a pass
//	                    ▲                     └─── somebody rang ─────▶┘│ not done: snooze for nothing
//	                    └──────────── outcome, next due ────────────────┘
//
// Where somebody rang in this process the slice begins without River, which holds
// a link's job for a while after its work has ended.
//
// A hint that finds a worker busy is not lost: its row stays until a pass has
// answered it, and the sweep, once a second, wakes whatever has rows waiting.
// River never retries a pass; how a pass ended and when the next is due is
// written with the pass itself.
package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
)

// Options are the settings of a queue.
type Options struct {
	DB      *sql.DB // where River keeps its jobs: the writer of the inventory's database
	Store   inventory.Store
	Engine  *engine.Engine
	Log     *slog.Logger
	Workers int // links worked at once by River, and as many where somebody rang; 8
	// TakeOver, where only one server may run, ends what a dead one was doing.
	TakeOver func(context.Context) error
	// Sweep deletes documents that nothing has named since before an instant.
	Sweep func(ctx context.Context, before time.Time) (int64, error)
}

// Queue is a worker whom River calls.
type Queue struct {
	*Worker
	o      Options
	client *river.Client[*sql.Tx]
	room   chan struct{} // one for each link that is worked without River
}

// slice is how long a job works at most before it lets others go first. What is
// in flight then is brought to its end, for as long as the source takes, up to patience.
const (
	slice    = 30 * time.Second
	patience = 10 * time.Minute
)

// wake is the job: look at this link.
type wake struct {
	Link string `json:"link"`
}

func (wake) Kind() string { return "wake" }

// InsertOpts: one job a link that waits or works. A job that failed is not
// tried again by River; the sweep sees the link waiting and wakes it anew.
func (wake) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// New builds a queue and brings River's tables up to date.
func New(ctx context.Context, o Options) (*Queue, error) {
	o.Workers = cmp.Or(o.Workers, 8)
	q := &Queue{Worker: NewWorker(o.Store, o.Engine), o: o, room: make(chan struct{}, o.Workers)}
	driver := local{riversqlite.New(o.DB)}
	quiet := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("migrate the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate the job queue: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(q.work))
	q.client, err = river.NewClient(driver, &river.Config{
		Logger:                      slog.New(levelled{o.Log.Handler()}),
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.Workers}},
		Workers:                     workers,
		FetchCooldown:               5 * time.Millisecond,
		FetchPollInterval:           time.Second,
		JobTimeout:                  patience,
		RescueStuckJobsAfter:        2 * patience,
		CompletedJobRetentionPeriod: time.Minute,
		DiscardedJobRetentionPeriod: time.Minute,
		MaxAttempts:                 1,
	})
	return q, err
}

// Run works until ctx ends, and returns when all workers have stopped.
func (q *Queue) Run(ctx context.Context) error {
	if q.o.TakeOver != nil {
		if err := q.o.TakeOver(ctx); err != nil {
			return fmt.Errorf("take over from the last server: %w", err)
		}
	}
	// The client gets a context of its own: when ctx ends it is stopped in order, below.
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { q.sweep(ctx) })
	if q.o.Sweep != nil {
		wg.Go(func() { q.sweepDocuments(ctx) })
	}
	wg.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := q.client.StopAndCancel(stop); err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return q.Close(stop)
}

// work is what River calls.
func (q *Queue) work(ctx context.Context, job *river.Job[wake]) error {
	link, err := inventory.ParseID(job.Args.Link)
	if err != nil {
		return err
	}
	if q.step(ctx, link) {
		return river.JobSnooze(0)
	}
	return nil // the sweep wakes it again while it is due
}

// step works one slice of a link's work. It says whether there is more, unless
// somebody else is at the link, who will know.
func (q *Queue) step(ctx context.Context, link inventory.ID) (more bool) {
	more, err := q.Step(ctx, link, time.Now().Add(slice))
	switch {
	case errors.Is(err, ErrBusy):
		return false
	case ctx.Err() != nil:
		return true
	case err != nil:
		q.o.Log.Error("work on a link", "link", link.String(), "error", err)
		return false
	}
	return more
}

// sweep has every waiting link worked. It returns when the slices that it began
// itself have ended.
func (q *Queue) sweep(ctx context.Context) {
	var slices sync.WaitGroup
	defer slices.Wait()
	for {
		if err := q.wakeWaiting(ctx, &slices); err != nil && ctx.Err() == nil {
			q.o.Log.Error("look for links that are due", "error", err)
		}
		timer := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-q.poke:
			timer.Stop()
		}
	}
}

// wakeWaiting begins a slice of each waiting link where somebody rang, while
// there is room, and gives the others their jobs.
func (q *Queue) wakeWaiting(ctx context.Context, slices *sync.WaitGroup) error {
	links, err := q.Waiting(ctx)
	if err != nil {
		return err
	}
	for _, link := range links {
		if q.ringing(link) && q.enter() {
			slices.Go(func() {
				defer q.leave()
				q.prompt(ctx, link)
			})
		} else if _, err := q.client.Insert(ctx, wake{Link: link.String()}, nil); err != nil {
			return err
		}
	}
	return nil
}

// enter takes a place among those who work without River, if there is one.
func (q *Queue) enter() bool {
	select {
	case q.room <- struct{}{}:
		return true
	default:
		return false
	}
}

func (q *Queue) leave() { <-q.room }

// prompt works one slice of a link, and leaves what more there is to a job.
func (q *Queue) prompt(ctx context.Context, link inventory.ID) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if q.step(ctx, link) {
		q.Wake()
	}
}

// sweepDocuments deletes documents that nothing names, an hour after nothing did.
func (q *Queue) sweepDocuments(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := q.o.Sweep(ctx, q.o.Store.Now().Add(-time.Hour)); err != nil && ctx.Err() == nil {
				q.o.Log.Error("sweep documents", "error", err)
			}
		}
	}
}

// local is River on a database that only this process uses: an insert wakes the
// workers here directly, and nobody asks the database for news of other
// processes, which would cost a query every few milliseconds.
type local struct{ *riversqlite.Driver }

func (local) SupportsListener() bool     { return false }
func (local) SupportsListenNotify() bool { return false }

// levelled keeps River's chatter out of the log: only its errors are ours to see.
type levelled struct{ slog.Handler }

func (h levelled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}
