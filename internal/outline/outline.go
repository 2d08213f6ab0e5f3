// Package outline reads what definitions define, in the background, so that
// searches find APIs by it: paths, operations, types. It follows the inventory: a
// document that has no outline gets one, once, whatever becomes of the definitions
// that name it, and APIs are found anew when their definitions have others.
//
// It takes half of the time at most, so that passes and requests go before it.
package outline

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/specification"
)

// Store is what it works on.
type Store interface {
	inventory.Outlines
	Generation() uint64
	Document(ctx context.Context, d inventory.Digest) (io.ReadCloser, int64, error)
}

// Bounds.
const (
	look     = 2 * time.Second // between two looks whether something was written
	batch    = 16              // documents, or APIs, of one transaction
	patience = 10 * time.Second
	maxLines = 128 << 10 // bytes of an outline
)

// Reader reads outlines. It runs once.
type Reader struct {
	store Store
	log   *slog.Logger
}

// New makes a Reader.
func New(store Store, log *slog.Logger) *Reader { return &Reader{store: store, log: log} }

// Run reads what is unread until ctx ends.
func (r *Reader) Run(ctx context.Context) error {
	var seen uint64
	for {
		generation := r.store.Generation()
		if generation != seen {
			began := time.Now()
			more, err := r.Step(ctx)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				r.log.WarnContext(ctx, "definitions could not be read for searches; it is tried again", "error", err)
			case more:
				wait(ctx, time.Since(began))
				continue
			default:
				seen = generation
			}
		}
		if !wait(ctx, look) {
			return nil
		}
	}
}

// wait says whether it was left to end.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Step does a little of what there is to do, and says whether there may be more.
func (r *Reader) Step(ctx context.Context) (more bool, err error) {
	unread, err := r.store.Unread(ctx, batch)
	if err != nil {
		return false, err
	}
	outlines := make([]inventory.Outline, 0, len(unread))
	for _, d := range unread {
		o, err := r.read(ctx, d)
		if err != nil {
			return false, err
		}
		outlines = append(outlines, o)
	}
	if len(outlines) > 0 {
		if err := r.store.PutOutlines(ctx, outlines); err != nil || len(outlines) == batch {
			return true, err
		}
	}
	stale, err := r.store.Stale(ctx)
	if err != nil {
		return false, err
	}
	for ; len(stale) > 0; stale = stale[min(batch, len(stale)):] {
		began := time.Now()
		if err := r.store.Refresh(ctx, stale[:min(batch, len(stale))]); err != nil {
			return false, err
		}
		if more = true; !wait(ctx, time.Since(began)) {
			return false, ctx.Err()
		}
	}
	return more, nil
}

// read gives the outline of a document: an empty one, if it cannot be read.
func (r *Reader) read(ctx context.Context, d inventory.Digest) (inventory.Outline, error) {
	o := inventory.Outline{Document: d}
	body, size, err := r.store.Document(ctx, d)
	if inventory.CodeOf(err) == inventory.NotFound {
		return o, nil // swept meanwhile
	}
	if err != nil {
		return o, err
	}
	defer body.Close() //nolint:errcheck // it was only read
	if size > specification.MaxEntriesSize {
		r.log.DebugContext(ctx, "a document is too large to be searched", "document", d, "bytes", size)
		return o, nil
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return o, fmt.Errorf("document %s: %w", d, err)
	}
	entries, err := r.entries(ctx, data)
	if ctx.Err() != nil {
		return o, ctx.Err()
	}
	if err != nil {
		r.log.DebugContext(ctx, "a document cannot be searched", "document", d, "reason", err)
	}
	room := maxLines
	for _, e := range entries {
		if room -= len(e.Name) + len(e.More) + 2; room < 0 {
			break
		}
		o.Lines = append(o.Lines, inventory.OutlineLine{Name: e.Name, More: e.More})
	}
	return o, nil
}

// entries reads a document that may be anything. Its parsers hear of no context:
// what takes too long goes on to its end, and nobody waits for it.
func (r *Reader) entries(ctx context.Context, data []byte) ([]specification.Entry, error) {
	type result struct {
		entries []specification.Entry
		err     error
	}
	done := make(chan result, 1)
	go func() {
		var out result
		defer func() {
			if v := recover(); v != nil {
				r.log.Error("panic while a document was read", "panic", v, "stack", string(debug.Stack()))
				out = result{err: fmt.Errorf("panic: %v", v)}
			}
			done <- out
		}()
		out.entries, out.err = specification.Entries(data)
	}()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case out := <-done:
		return out.entries, out.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.C:
		return nil, fmt.Errorf("it took longer than %s", patience)
	}
}
