package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// Pass is one pass of a link. It is worked in slices: Run may stop in the
// middle and be called again. Close it when it is done with.
type Pass struct {
	engine    *Engine
	claim     inventory.Claim
	work      Work
	link      inventory.Link
	linkPath  string
	workspace inventory.Resource
	status    inventory.LinkStatus // as it was at the beginning
	index     plan.Index
	verify    map[string]bool
	released  []string
	connector source.Connector
	sent      int64 // requests of the connector before this pass

	// The plan goes on over slices, so it has a context of its own.
	ctx  context.Context
	stop context.CancelFunc
	next func() (plan.Op, error, bool)
	end  func()

	vanished []plan.Op // to be proven after the last root

	mu          sync.Mutex // guards all below
	run         inventory.Run
	environment string // short id of the environment that deployments are in
	held        []string
	limited     string // why a limit keeps things out
	unproven    int
	saved       time.Time // when the run was last written
}

// Begin claims a link for a pass: whoever held it before can no longer write.
// NotFound when there is no such link.
func (e *Engine) Begin(ctx context.Context, link inventory.ID, w Work) (*Pass, error) {
	p := &Pass{engine: e, work: w}
	if err := e.store.Update(ctx, "apicenter", func(tx inventory.Tx) (err error) {
		p.claim, err = tx.Begin(link)
		return err
	}); err != nil {
		return nil, err
	}
	return p, p.begin(ctx)
}

// Targeted is a pass of one API under the claim of p, between two slices of it.
func (p *Pass) Targeted(ctx context.Context, w Work) (*Pass, error) {
	sub := &Pass{engine: p.engine, claim: p.claim, work: w, connector: p.connector}
	if p.connector != nil {
		sub.sent = p.connector.Requests()
	}
	return sub, sub.begin(ctx)
}

// begin recalls what is recorded and notes that the run has begun.
func (p *Pass) begin(ctx context.Context) error {
	now := time.Now().UTC()
	p.run = inventory.Run{Link: p.claim.Link, Trigger: p.work.Trigger, Scope: p.work.Scope.API, Phase: inventory.PhaseRead, Started: now}
	err := p.engine.store.View(ctx, func(r inventory.Reader) error {
		rec, err := r.Record(p.claim.Link)
		if err != nil {
			return err
		}
		p.link, p.linkPath, p.status = inventory.LinkOf(rec.Own), rec.Path, inventory.StatusOf(rec.Resource)
		if p.workspace, err = r.Get(p.claim.Link.Parent()); err != nil {
			return err
		}
		if p.status.State == inventory.Deleting {
			return nil
		}
		if p.index, err = recall(r, p.claim.Link); err != nil {
			return err
		}
		if p.released, err = r.Released(p.claim.Link); err != nil {
			return err
		}
		if err := p.chooseEnvironment(r); err != nil {
			return err
		}
		p.verify, err = p.due(r, now)
		return err
	})
	if err != nil {
		return err
	}
	p.ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	return p.save(ctx)
}

// Deleting says that the link is to be unlinked, not synchronised.
func (p *Pass) Deleting() bool { return p.status.State == inventory.Deleting }

// chooseEnvironment finds where the deployments of the link are.
func (p *Pass) chooseEnvironment(r inventory.Reader) error {
	p.environment = p.link.Environment
	if have := p.index.Environment; have != nil && p.environment == "" {
		env, err := r.Get(have.ID)
		p.environment = inventory.ShortID(env.Path)
		return err
	}
	return nil
}

// due are the versions whose document is to be fetched whatever its mark: in a
// whole pass those that failed and may be tried again, and the share of the
// rolling audit; in a targeted one that somebody asked for, the one.
func (p *Pass) due(r inventory.Reader, now time.Time) (map[string]bool, error) {
	due := map[string]bool{}
	if !p.work.Scope.Whole() {
		due[p.work.Scope.API] = true
		return due, nil
	}
	if p.link.Import != inventory.ImportAlways {
		return due, nil
	}
	limit, before := 100, time.Time{}
	if audit := p.engine.o.Audit; audit > 0 {
		// The older half of the period is worked off evenly, so that all are verified within it.
		before = now.Add(-audit / 2)
		limit = 1 + int(2*float64(len(p.index.Versions))*float64(p.engine.o.Interval)/float64(audit))
	}
	entries, err := r.Due(p.claim.Link, before, now, limit)
	for _, e := range entries {
		due[e.External] = true
	}
	return due, err
}

// Run works until the pass is done, until an instant, or until interrupted says
// so between two APIs. An error ends the pass; report it with Finish.
func (p *Pass) Run(ctx context.Context, until time.Time, interrupted func() bool) (done bool, err error) {
	if p.next == nil {
		if err := p.open(ctx); err != nil {
			return false, err
		}
	}
	release := context.AfterFunc(ctx, p.stop) // a slice that is cancelled ends the plan too
	defer release()
	more, err := p.pump(ctx, until, interrupted)
	if more || err != nil {
		return false, err
	}
	return true, p.prove(ctx)
}

// open connects and lays out the plan; nothing is read before the first op is asked for.
func (p *Pass) open(ctx context.Context) error {
	if p.connector == nil {
		connector, err := p.engine.connect(ctx, p.link, len(p.index.Versions) == 0)
		if err != nil {
			return err
		}
		p.connector = connector
	}
	policy := plan.Policy{
		Scope: p.work.Scope, Salt: p.salt(), Limit: p.engine.o.MaxAPIs,
		Verify: p.verify, Released: set(p.released), Brake: p.engine.o.Brake,
	}
	p.next, p.end = iter.Pull2(plan.Compute(p.index, p.observe(p.connector.Read(p.ctx, p.work.Scope)), policy))
	return nil
}

// salt are the settings of the link that shape what its objects become.
func (p *Pass) salt() string { return string(p.link.Import) + " " + p.link.Environment }

// observe counts what the source yields.
func (p *Pass) observe(objects iter.Seq2[source.Object, error]) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		p.engine.step(p.ctx, "read", p.work.Scope.API)
		for o, err := range objects {
			if err == nil && o.Kind == inventory.KindAPI {
				p.count(func(c *inventory.Counts) { c.Observed += len(o.Children) })
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

func (p *Pass) count(f func(*inventory.Counts)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.run.Counts)
}

// fail notes what went wrong with one API; the pass goes on.
func (p *Pass) fail(external string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run.Counts.Failed++
	if len(p.run.Errors) < maxErrors {
		p.run.Errors = append(p.run.Errors, inventory.RunError{External: external, Message: err.Error()})
	}
}

// maxErrors is how many errors of a run are kept.
const maxErrors = 100

// pump takes ops from the plan through preparation and application. It says
// whether there are more.
func (p *Pass) pump(ctx context.Context, until time.Time, interrupted func() bool) (more bool, err error) {
	g, ctx := errgroup.WithContext(ctx)
	ops := make(chan plan.Op)
	ready := make(chan *task, 2*p.engine.o.Fetchers)
	g.Go(func() error {
		defer close(ops)
		for {
			if !time.Now().Before(until) || interrupted() {
				more = true
				return nil
			}
			op, err, ok := p.next()
			if err != nil || !ok {
				return err
			}
			if !p.sort(op) {
				continue
			}
			if op.Object.Kind == inventory.KindEnvironment { // what comes after is deployed in it
				if err := p.apply(ctx, []*task{{Op: op}}); err != nil {
					return err
				}
				continue
			}
			select {
			case ops <- op:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	var fetchers sync.WaitGroup
	for range p.engine.o.Fetchers {
		fetchers.Add(1)
		g.Go(func() error {
			defer fetchers.Done()
			for op := range ops {
				t, err := p.prepare(ctx, op)
				if err != nil {
					return err
				}
				select {
				case ready <- t:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		fetchers.Wait()
		close(ready)
		return nil
	})
	g.Go(func() error { return p.applyAll(ctx, ready) })
	err = g.Wait()
	return more, err
}

// sort says whether an op is to be prepared and applied; the others are kept for later.
func (p *Pass) sort(op plan.Op) bool {
	switch op.Action {
	case plan.Add, plan.Change:
		return true
	case plan.Vanish:
		p.vanished = append(p.vanished, op)
	case plan.Hold:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held = append(p.held, op.External)
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

// prove removes what vanished and is proven gone.
func (p *Pass) prove(ctx context.Context) error {
	for _, op := range p.vanished {
		if err := p.phase(ctx, inventory.PhaseProve); err != nil {
			return err
		}
		p.engine.step(ctx, "prove", op.External)
		gone, err := p.connector.Gone(ctx, op.External)
		if err != nil {
			return err
		}
		if !gone {
			p.unproven++
			p.fail(op.External, errors.New("the listing lacks it, but the source still has it; it is kept"))
			continue
		}
		if err := p.phase(ctx, inventory.PhaseDelete); err != nil {
			return err
		}
		p.engine.step(ctx, "delete", op.External)
		if err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
			return dropVersion(tx, op.Recorded.ID, op.External, p.claim.Link)
		}); err != nil {
			return err
		}
		p.count(func(c *inventory.Counts) { c.Deleted++ })
	}
	return nil
}

// dropVersion removes a version, its deployments, and its API if that was the last.
func dropVersion(tx inventory.SourceTx, version inventory.ID, external string, link inventory.ID) error {
	api := version.Parent()
	all, err := tx.Below(api)
	if err != nil {
		return err
	}
	last := true
	for _, rec := range all {
		at := slices.IndexFunc(rec.Origins, func(o inventory.Origin) bool { return o.Link == link })
		if at < 0 {
			continue
		}
		switch rec.ID.Kind() {
		case inventory.KindVersion:
			last = last && rec.ID == version
		case inventory.KindDeployment:
			if rec.Origins[at].External == external {
				if err := tx.DropOrigin(rec.ID, inventory.Vanished); err != nil {
					return err
				}
			}
		}
	}
	if last {
		return tx.DropOrigin(api, inventory.Vanished)
	}
	return tx.DropOrigin(version, inventory.Vanished)
}

// Close lets go of what the pass holds. It may be called twice.
func (p *Pass) Close() {
	if p.stop != nil {
		p.stop()
	}
	if p.end != nil {
		p.end()
	}
}

func set(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}
