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
	"apicenter/internal/source"
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
	if len(p.looked) == 0 {
		return op, true
	}
	if op.Object == nil {
		_, later := p.looked[op.External]
		return op, op.Action != plan.Hold || !later // the others are looked at again when it is their turn
	}
	if p.overtaken(op) {
		p.miss(op.External, errors.New("one of its versions was looked at alone while the source was listed; the next listing says what it belongs to"))
		return op, false
	}
	o := *op.Object
	o.Children = slices.DeleteFunc(slices.Clone(o.Children), func(v source.Object) bool { return o.Read.Before(p.looked[v.External]) })
	if len(o.Children) == len(op.Object.Children) {
		return op, true
	}
	o.Partial = true
	op.Object = &o
	op.Adopt = slices.DeleteFunc(op.Adopt, func(a plan.Adoption) bool { return o.Read.Before(p.looked[a.External]) })
	return op, len(o.Children) > 0
}

// overtaken says that a root was to go on as a recorded API of others, and that a
// targeted pass has since looked at a version that it lists, or that is or was in either.
func (p *Pass) overtaken(op plan.Op) bool {
	if op.Action != plan.Change || op.Recorded.External == op.External {
		return false
	}
	if have, ok := p.index.Roots[op.Recorded.External]; !ok || op.Object.Read.Before(have.Read) {
		return true
	}
	for external, at := range p.looked {
		root := p.index.Versions[external].Root
		listed := slices.ContainsFunc(op.Object.Children, func(v source.Object) bool { return v.External == external })
		if op.Object.Read.Before(at) && (listed || root == op.External || root == op.Recorded.External) {
			return true
		}
	}
	return false
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
