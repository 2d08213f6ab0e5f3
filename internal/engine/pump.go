package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
)

// pump takes ops from the plan through preparation and application, until there
// are none or it is enough. What it took is applied when it returns. It says
// whether there are more.
func (p *Pass) pump(ctx context.Context, enough func() bool) (more bool, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	release := context.AfterFunc(ctx, p.stop) // whoever waits for the source learns that the pass has ended
	defer release()
	var all, fetchers sync.WaitGroup
	work := func(wg *sync.WaitGroup, f func() error) {
		wg.Go(func() {
			if err := p.guarded(f); err != nil {
				fail(err)
			}
		})
	}
	ops := make(chan plan.Op)
	ready := make(chan *task, 2*p.engine.o.Fetchers)
	work(&all, func() (err error) {
		defer close(ops)
		more, err = p.produce(ctx, ops, enough)
		return err
	})
	for range p.engine.o.Fetchers {
		work(&fetchers, func() error {
			for op := range ops {
				t, err := p.prepare(ctx, op)
				if err != nil {
					return err
				}
				if err := send(ctx, ready, t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	work(&all, func() error { return p.applyAll(ctx, ready) })
	fetchers.Wait()
	close(ready)
	all.Wait()
	return more, context.Cause(ctx)
}

// produce hands on what the plan says is to be prepared.
func (p *Pass) produce(ctx context.Context, ops chan<- plan.Op, enough func() bool) (more bool, err error) {
	for {
		if enough() {
			return true, nil
		}
		op, err, ok := p.next()
		if err != nil || !ok {
			return false, err
		}
		op, ok = p.current(op)
		if !ok || !p.sort(op) {
			continue
		}
		if op.Object.Kind == inventory.KindEnvironment { // what comes after is deployed in it
			err = p.applyEnvironment(ctx, op)
		} else {
			err = send(ctx, ops, op)
		}
		if err != nil {
			return false, err
		}
	}
}

// send hands a value on, but nothing once the pass has ended, whoever waits for it.
func send[T any](ctx context.Context, to chan<- T, v T) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// guarded is the engine's, for the work of one pass.
func (p *Pass) guarded(f func() error) error {
	return p.engine.guarded(slog.String("link", p.claim.Link.String()), f)
}

// guarded turns a panic, of a connector say, into an error of what was done: no
// source may end the server.
func (e *Engine) guarded(of slog.Attr, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.o.Log.Error("panic at work on a source", of, slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			err = errors.New("an internal error ended it; the server's log has more")
		}
	}()
	return f()
}

// current takes out of an op the versions that a targeted pass has looked at
// since the op's row was read: an older observation never replaces a newer one.
// It says whether anything is left.
func (p *Pass) current(op plan.Op) (plan.Op, bool) {
	if op.Object == nil || len(p.looked) == 0 {
		return op, true
	}
	o := *op.Object
	o.Children = nil
	for _, v := range op.Object.Children {
		if !o.Read.Before(p.looked[v.External]) {
			o.Children = append(o.Children, v)
		}
	}
	if len(o.Children) == len(op.Object.Children) {
		return op, true
	}
	o.Partial = true
	op.Object = &o
	if op.Action == plan.Change && op.Recorded.External != op.External {
		// It was to go on as the API of one that is left out now, maybe.
		op.Absorb, op.Last = nil, false
		if own, ok := p.index.Roots[op.External]; ok {
			op.Recorded = own
		} else {
			op.Action, op.Recorded = plan.Add, inventory.Entry{}
		}
		op.Adopt = p.index.Adoptions(o, op.Recorded.ID)
	} else {
		op.Adopt = slices.DeleteFunc(op.Adopt, func(a plan.Adoption) bool { return o.Read.Before(p.looked[a.External]) })
	}
	return op, len(o.Children) > 0
}

// sort says whether an op is to be prepared and applied; the others are kept for later.
func (p *Pass) sort(op plan.Op) bool {
	switch op.Action {
	case plan.Add, plan.Change:
		return true
	case plan.Vanish, plan.Keep, plan.Clear:
		p.vanished = append(p.vanished, op)
	case plan.Hold:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held = append(p.held, op)
		p.run.Message = op.Why
		p.run.Counts.Held++
	case plan.Skip:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.limited = op.Why
		p.run.Counts.Limited += len(op.Object.Children)
	default:
		panic(fmt.Sprintf("engine: action %v", op.Action))
	}
	return false
}
