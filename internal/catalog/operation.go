package catalog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// Bounds of long operations.
const (
	maxOperations    = 16               // at once
	operationTimeout = 30 * time.Minute // for one
	keptOperations   = time.Hour        // after its end, at least
	patience         = 3 * time.Second  // that a request waits for one that may be quick
)

// errStopped ends what goes on when the server stops. An import that was cut
// off can be asked for again: what it brought is found and not brought twice.
var errStopped = inventory.Errorf(inventory.Unavailable, "", "the server stopped before this was done; ask for it again")

// long are the operations that go on. They belong to Run, which waits for them.
type long struct {
	started chan struct{} // closed by Run
	wg      sync.WaitGroup

	mu   sync.Mutex      // guards all below
	ctx  context.Context // of Run; nil while it does not run
	busy int
}

// Run runs once, and does what outlasts requests until ctx ends: long operations, and once an
// hour it purges what was deleted long ago. Operations that another server left
// unfinished have failed. It returns when all that it does has ended.
func (c *Catalog) Run(ctx context.Context) error {
	if err := c.store.Update(ctx, "start", func(tx inventory.Tx) error { return tx.AbandonOperations(errStopped) }); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("end the operations of the last server: %w", err)
	}
	c.long.mu.Lock()
	c.long.ctx = ctx
	c.long.mu.Unlock()
	close(c.long.started)
	defer c.long.wg.Wait()
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := c.tidy(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("purge deleted services and forget operations", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.long.mu.Lock()
			c.long.ctx = nil
			c.long.mu.Unlock()
			return nil
		}
	}
}

func (c *Catalog) tidy(ctx context.Context) error {
	return errors.Join(c.purgeDue(ctx), c.store.Update(ctx, purger, func(tx inventory.Tx) error {
		return tx.ForgetOperations(time.Now().Add(-keptOperations))
	}))
}

// Operation gives what became of a long operation on a thing. NotFound.
func (c *Catalog) Operation(ctx context.Context, on inventory.ID, name string) (o inventory.Operation, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		o, err = tx.Operation(name)
		return err
	})
	if err == nil && o.On != on {
		err = inventory.Errorf(inventory.NotFound, "", "there is no operation %q of %s %q", name, on.Kind(), on.Name())
	}
	return o, err
}

// begin has f done for whoever acts in ctx, beyond the end of ctx. done is
// closed when it has ended and is recorded so. Unavailable.
func (c *Catalog) begin(ctx context.Context, on inventory.ID, action string, f func(context.Context) error) (o inventory.Operation, done <-chan struct{}, err error) {
	by, err := actor(ctx)
	if err != nil {
		return o, nil, err
	}
	running, err := c.long.enter(ctx)
	if err != nil {
		return o, nil, err
	}
	o = inventory.Operation{
		Name: rand.Text(), On: on, Action: action, By: by, Status: inventory.InProgress,
		Started: time.Now().UTC().Truncate(time.Microsecond),
	}
	if err := c.record(ctx, o); err != nil {
		c.long.leave()
		return o, nil, err
	}
	if p, ok := auth.From(ctx); ok {
		running = auth.With(running, p)
	}
	ended := make(chan struct{})
	go func() {
		defer c.long.leave()
		defer close(ended)
		c.finish(running, o, f)
	}()
	return o, ended, nil
}

// enter gives the context that an operation lives in, and has Run wait for leave.
func (l *long) enter(ctx context.Context) (context.Context, error) {
	start, stop := context.WithTimeout(ctx, patience)
	defer stop()
	select {
	case <-l.started:
	case <-start.Done(): // it is told below
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		return nil, inventory.Errorf(inventory.Unavailable, "", "the server is starting or stopping; ask again")
	}
	if l.busy == maxOperations {
		return nil, inventory.Errorf(inventory.Busy, "", "%d long operations are under way; ask again when one of them has ended", l.busy)
	}
	l.busy++
	l.wg.Add(1)
	return l.ctx, nil
}

func (l *long) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	l.wg.Done()
}

// finish does f and records how it ended.
func (c *Catalog) finish(ctx context.Context, o inventory.Operation, f func(context.Context) error) {
	limited, stop := context.WithTimeoutCause(ctx, operationTimeout,
		inventory.Errorf(inventory.Unavailable, "", "this took longer than %s", operationTimeout))
	defer stop()
	err := guarded(limited, f)
	o.Status, o.Ended = inventory.Succeeded, time.Now().UTC().Truncate(time.Microsecond)
	if err != nil {
		o.Status, o.Failure = inventory.Broken, c.explain(limited, o, err)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := c.record(last, o); err != nil {
		c.log.Error("record the end of an operation", "operation", o.Name, "error", err)
	}
}

// guarded has a panic of f end f and not the server.
func guarded(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f(ctx)
}

// explain says why an operation failed. What is no fault of people's is told to
// the log, not to them.
func (c *Catalog) explain(ctx context.Context, o inventory.Operation, err error) *inventory.Error {
	if ctx.Err() != nil {
		if late, ok := errors.AsType[*inventory.Error](context.Cause(ctx)); ok {
			return late
		}
		return errStopped
	}
	if e, ok := errors.AsType[*inventory.Error](err); ok {
		return e
	}
	c.log.Error("operation failed", "action", o.Action, "on", o.On.String(), "operation", o.Name, "error", err)
	return inventory.Errorf("", "", "internal error; the server's log has the details under operation %s", o.Name)
}

func (c *Catalog) record(ctx context.Context, o inventory.Operation) error {
	return c.store.Update(ctx, o.By, func(tx inventory.Tx) error { return tx.PutOperation(o) })
}
