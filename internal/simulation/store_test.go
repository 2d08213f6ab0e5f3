package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/store"
)

// errKilled is what a process that has died gets to hear, if it asks on.
var errKilled = errors.New("killed")

// mortal is the store as one process sees it. It dies with the process at a
// chosen commit, before it or after.
type mortal struct {
	*store.Store

	mu    sync.Mutex // guards all below
	left  int        // commits to live; 0: for ever
	after bool       // the last one is done
	dead  bool
}

// epochs are the newest claims, whoever holds them.
type epochs struct {
	mu     sync.Mutex // guards newest and broken
	newest map[inventory.ID]int64
	broken []string
}

func (e *epochs) raise(c inventory.Claim) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.newest[c.Link] = max(e.newest[c.Link], c.Epoch)
}

func (e *epochs) ended(c inventory.Claim) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return c.Epoch < e.newest[c.Link]
}

func (e *epochs) wrote(c inventory.Claim) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = append(e.broken, fmt.Sprintf("%s was written under claim %d, which had ended", c.Link, c.Epoch))
}

// arm has the process die at a commit to come; 0: at none.
func (m *mortal) arm(left int, after bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.after = left, after
}

func (m *mortal) killed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *mortal) armed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left > 0
}

// commit lets a transaction happen, or the process die at it.
func (m *mortal) commit(f func() error) error {
	m.mu.Lock()
	switch {
	case m.dead:
		m.mu.Unlock()
		return errKilled
	case m.left == 1:
		m.dead = true
		after := m.after
		m.mu.Unlock()
		if after {
			_ = f() // nobody hears of it
		}
		return errKilled
	case m.left > 1:
		m.left--
	}
	m.mu.Unlock()
	return f()
}

func (m *mortal) View(ctx context.Context, f func(inventory.Reader) error) error {
	if m.killed() {
		return errKilled
	}
	return m.Store.View(ctx, f)
}

func (m *mortal) Update(ctx context.Context, by string, f func(inventory.Tx) error) error {
	return m.commit(func() error { return m.Store.Update(ctx, by, f) })
}

func (m *mortal) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	return m.commit(func() error { return m.Store.Apply(ctx, c, f) })
}

func (m *mortal) PutDocument(ctx context.Context, r io.Reader) (d inventory.Digest, n int64, err error) {
	err = m.commit(func() (err error) {
		d, n, err = m.Store.PutDocument(ctx, r)
		return err
	})
	return d, n, err
}

// watched is the store as one worker sees it. Nobody may write under a claim that
// has ended; and each transaction comes at a time of its own, so that which of two
// is first is decided by the seed.
type watched struct {
	inventory.Store
	epochs *epochs
	pace   pace
	wrote  func(inventory.Reader) error // looks at what each transaction wrote, before that is there
}

// pace has what one hand does take a time that depends on when it is done, and on
// nothing else. So hands that never wait for each other never do things at one time.
type pace struct {
	seed uint64
	hand string
}

func (p pace) linger(what string) {
	d := roll(p.seed, fmt.Sprint(p.hand, what, time.Now().UnixNano()))
	time.Sleep(time.Duration(1 + d.below(int(200*time.Microsecond))))
}

func (w watched) View(ctx context.Context, f func(inventory.Reader) error) error {
	w.pace.linger("view")
	return w.Store.View(ctx, f)
}

func (w watched) Update(ctx context.Context, by string, f func(inventory.Tx) error) error {
	w.pace.linger("update")
	return w.Store.Update(ctx, by, func(tx inventory.Tx) error {
		if err := f(claiming{tx, w.epochs}); err != nil {
			return err
		}
		return w.wrote(tx)
	})
}

func (w watched) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	w.pace.linger("apply")
	ended := false
	err := w.Store.Apply(ctx, c, func(tx inventory.SourceTx) error {
		ended = w.epochs.ended(c) // nobody else can be given one meanwhile
		if err := f(tx); err != nil {
			return err
		}
		return w.wrote(tx)
	})
	if err == nil && ended {
		w.epochs.wrote(c)
	}
	return err
}

// claiming notes which claims are given.
type claiming struct {
	inventory.Tx
	epochs *epochs
}

func (t claiming) Begin(link inventory.ID) (inventory.Claim, error) {
	c, err := t.Tx.Begin(link)
	if err == nil {
		t.epochs.raise(c)
	}
	return c, err
}

// paced is a source each of whose things comes at a time of its own.
type paced struct {
	source.Connector
	pace pace
}

func (p paced) Read(ctx context.Context, s source.Scope) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for o, err := range p.Connector.Read(ctx, s) {
			if p.pace.linger("read"); !yield(o, err) {
				return
			}
		}
	}
}

// stepping is the log of an engine, by which each thing that it takes up begins at
// a time of its own, whichever goroutine was given it.
type stepping struct {
	slog.Handler
	pace pace
}

func (s stepping) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelDebug }

func (s stepping) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "step" {
		what := ""
		r.Attrs(func(a slog.Attr) bool { what += a.Value.String() + " "; return true })
		s.pace.linger(what)
	}
	return nil
}
