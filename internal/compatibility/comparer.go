package compatibility

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"apicenter/internal/inventory"
)

// Process is one that Serve is in: requests are written to it, answers are read.
type Process interface {
	io.ReadWriter
	// Kill ends it, and with it a Read or Write that goes on, and waits until it
	// has ended. It can be called again. The error says how it ended, and what the
	// process said of that.
	Kill() error
}

// Start starts a process.
type Start func() (Process, error)

// Comparer has documents compared by processes, few at a time. One process is
// kept for a while when it has answered, and is used for the next comparison.
type Comparer struct {
	start  Start
	places chan struct{} // taken by comparisons that go on
	log    *slog.Logger

	mu    sync.Mutex // guards all below
	idle  Process    // waits for the next comparison; nil if none does
	tired *time.Timer
	ended bool // Run has: no process is kept
}

// New makes a Comparer that has at most so many comparisons done at once.
func New(atOnce int, start Start, log *slog.Logger) *Comparer {
	return &Comparer{start: start, places: make(chan struct{}, atOnce), log: log}
}

// grace is how much longer than it may take a comparison is waited for, which
// should end itself.
const grace = 2 * time.Second

// Compare has two documents compared. It always gives a verdict, and leaves no
// process behind that has not answered.
func (c *Comparer) Compare(ctx context.Context, old, new []byte) inventory.Compatibility {
	if max(len(old), len(new)) > MaxSize {
		return unknown("documents of more than %d MB are not compared", MaxSize>>20)
	}
	ctx, stop := context.WithTimeout(ctx, DefaultLimits.Time+grace)
	defer stop()
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return unknown("other comparisons took too long")
	}
	verdict, err := c.ask(ctx, old, new)
	switch {
	case err != nil && ctx.Err() != nil:
		return unknown("the comparison took too long, and was stopped")
	case err != nil:
		c.log.Error("documents could not be compared", "error", err)
		return unknown("the comparison failed; the server's log has more")
	}
	return verdict
}

// ask has a process compare: the one that waits, or a new one if there is none or
// it fails, since it may have ended at any time since it last answered.
func (c *Comparer) ask(ctx context.Context, old, new []byte) (inventory.Compatibility, error) {
	if p := c.take(); p != nil {
		if verdict, err := c.have(ctx, p, old, new); err == nil || ctx.Err() != nil {
			return verdict, err
		}
	}
	p, err := c.start()
	if err != nil {
		return inventory.Compatibility{}, err
	}
	return c.have(ctx, p, old, new)
}

// have has a process compare, which is kept for the next time or killed.
func (c *Comparer) have(ctx context.Context, p Process, old, new []byte) (inventory.Compatibility, error) {
	inTime := context.AfterFunc(ctx, func() { p.Kill() })
	a, err := exchange(p, old, new)
	switch alive := inTime(); {
	case err != nil:
		err = errors.Join(err, p.Kill())
	case alive && !a.Last:
		c.keep(p)
	default:
		p.Kill()
	}
	return a.Compatibility, err
}

// patience is how long a process waits for the next comparison.
const patience = time.Minute

// keep has a process wait for the next comparison, unless another one does.
func (c *Comparer) keep(p Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.idle != nil {
		p.Kill()
		return
	}
	c.idle = p
	c.tired = time.AfterFunc(patience, c.dismiss)
}

// take gives the process that waits; nil if none does.
func (c *Comparer) take() Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.idle
	if p != nil {
		c.idle = nil
		c.tired.Stop()
	}
	return p
}

// dismiss kills the process that waits, if one does.
func (c *Comparer) dismiss() {
	if p := c.take(); p != nil {
		p.Kill()
	}
}

// Run ends the process that waits when ctx ends; from then on none is kept.
func (c *Comparer) Run(ctx context.Context) error {
	<-ctx.Done()
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.dismiss()
	return nil
}
