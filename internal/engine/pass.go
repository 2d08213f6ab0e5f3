package engine

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// ErrInterrupted is how Run ends when its context does: nothing went wrong, and
// the next pass goes on where this one stopped.
var ErrInterrupted = errors.New("interrupted")

// Pass is one pass of a link. It is worked in slices: Run may stop in the
// middle and be called again. Close it when it is done with.
type Pass struct {
	engine    *Engine
	parent    *Pass // of a targeted pass: the whole one between whose slices it is
	claim     inventory.Claim
	work      Work
	link      inventory.Link
	workspace inventory.Resource
	status    inventory.LinkStatus // as it was at the beginning
	index     plan.Index
	rule      inventory.MergeRule
	moves     atomic.Bool // APIs of this pass became one with others: what index says of places may be old
	verify    map[string]bool
	decided   []inventory.Deletion // that waited when it began
	connector source.Connector
	sent      int64 // requests of the connector before this pass

	// The plan goes on over slices, so it has a context of its own.
	ctx  context.Context
	stop context.CancelFunc
	next func() (plan.Op, error, bool)
	end  func()

	environment string // short id of the environment that deployments are in

	vanished []plan.Op       // to be proven after the last root
	refused  int             // proofs that the source did not answer
	held     []plan.Op       // that wait for a person
	pending  map[string]bool // deletions that the source did not answer for

	// Targeted passes between the slices. What they saw is newer than rows that
	// this listing has read and not come to, and what they wrote is not in index.
	stale  bool
	looked map[string]time.Time

	mu      sync.Mutex // guards all below
	run     inventory.Run
	brought map[string]time.Time // versions that were written with their document, by when their rows were asked for
	limited string               // why a limit keeps things out
	missed  int                  // things that could not be brought in, or not be proven gone
	saved   time.Time            // when the run was last written
}

// Begin claims a link for a pass: whoever held it before can no longer write,
// so the runs that he left open are closed. NotFound when there is no such link,
// Superseded when it was paused.
func (e *Engine) Begin(ctx context.Context, link inventory.ID, w Work) (*Pass, error) {
	p := &Pass{engine: e, work: w}
	if err := e.store.Update(ctx, "apicenter", func(tx inventory.Tx) (err error) {
		if p.claim, err = tx.Begin(link); err != nil {
			return err
		}
		return closeRuns(tx, link, e.store.Now())
	}); err != nil {
		return nil, err
	}
	return p.begin(ctx)
}

// closeRuns ends the runs of a link that nobody works on any more.
func closeRuns(tx inventory.Tx, link inventory.ID, now time.Time) error {
	runs, err := tx.OpenRuns(link)
	for _, r := range runs {
		r.Ended, r.Outcome, r.Message = now, "interrupted", "the link was changed or taken over; the next pass goes on where this one ended"
		if _, err := tx.PutRun(r); err != nil {
			return err
		}
	}
	return err
}

// Targeted is a pass of one API under the claim of p, between two slices of it.
// It reads by the same connector, unless it may cost more than that one may.
func (p *Pass) Targeted(ctx context.Context, w Work) (*Pass, error) {
	sub := &Pass{engine: p.engine, parent: p, claim: p.claim, work: w}
	if p.connector != nil && (p.work.Prompt || !w.Prompt) {
		sub.connector = p.connector
		sub.sent = p.connector.Requests()
	}
	p.stale = true
	return sub.begin(ctx)
}

// begin recalls what is recorded and notes that the run has begun.
func (p *Pass) begin(ctx context.Context) (*Pass, error) {
	now := p.engine.store.Now()
	p.run = inventory.Run{Link: p.claim.Link, Trigger: p.work.Trigger, Scope: p.work.Scope.API, Phase: inventory.PhaseRead, Started: now}
	err := p.engine.store.View(ctx, func(r inventory.Reader) error {
		rec, err := r.Record(p.claim.Link)
		if err != nil {
			return err
		}
		p.link, p.status = inventory.LinkOf(rec.Own), inventory.StatusOf(rec.Resource)
		if err := p.chooseWorkspace(r); err != nil {
			return err
		}
		if p.status.State == inventory.Deleting {
			return nil
		}
		if p.status.Paused != nil { // meanwhile
			return inventory.Errorf(inventory.Superseded, "", "link %q is paused", rec.Name())
		}
		load := recall
		if p.narrow() {
			load = recallEnvironment // the rest when it is known what there is to look for
		}
		if p.index, err = load(r, p.claim.Link); err != nil {
			return err
		}
		if err := p.judge(r); err != nil {
			return err
		}
		if err := p.chooseEnvironment(r); err != nil {
			return err
		}
		p.verify, err = p.due(r, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := p.save(ctx); err != nil {
		return nil, err
	}
	p.claim.Run = p.run.ID
	p.ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	return p, nil
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

// retries is how many documents that failed are tried again in one pass.
const retries = 100

// due are the versions whose document is to be fetched whatever its mark: in a
// targeted pass the one; in a whole one those that somebody asked for, those
// that failed and may be tried again, and the share of the rolling audit.
func (p *Pass) due(r inventory.Reader, now time.Time) (map[string]bool, error) {
	due := set(p.work.Verify)
	if !p.work.Scope.Whole() {
		due[p.work.Scope.API] = true
		return due, nil
	}
	if p.link.Import == inventory.ImportNever {
		return due, nil
	}
	share, before := 0, time.Time{}
	if audit := p.engine.o.Audit; audit > 0 {
		// The older half of the period is worked off evenly, so that all are verified within it.
		before = now.Add(-audit / 2)
		share = 1 + int(2*float64(len(p.index.Versions))*float64(p.pace(now))/float64(audit))
	}
	entries, err := r.Due(p.claim.Link, before, now, retries+share)
	for _, e := range entries {
		if e.Retry.IsZero() {
			if share--; share < 0 {
				break // the audits come last
			}
		}
		due[e.External] = true
	}
	return due, err
}

// Run works until the pass is done, until an instant, or until interrupted says
// so between two APIs. An error ends the pass; report it with Finish.
func (p *Pass) Run(ctx context.Context, until time.Time, interrupted func() bool) (done bool, err error) {
	enough := func() bool { return !time.Now().Before(until) || interrupted() }
	err = p.guarded(func() (err error) {
		done, err = p.slice(ctx, enough)
		return err
	})
	if err != nil && ctx.Err() != nil && !errors.Is(err, inventory.Superseded) {
		err = ErrInterrupted
	}
	return done && err == nil, err
}

func (p *Pass) slice(ctx context.Context, enough func() bool) (done bool, err error) {
	if p.stale {
		if err := p.refresh(ctx); err != nil {
			return false, err
		}
	}
	if p.next == nil {
		if err := p.open(ctx); err != nil {
			return false, err
		}
	}
	if more, err := p.pump(ctx, enough); more || err != nil {
		return false, err
	}
	if p.moves.Load() {
		if err := p.refresh(ctx); err != nil {
			return false, err
		}
	}
	more, err := p.prove(ctx, enough)
	return !more, err
}

// refresh brings the index, which the plan shares, up to date with what
// targeted passes have written.
func (p *Pass) refresh(ctx context.Context) error {
	return p.engine.store.View(ctx, func(r inventory.Reader) error {
		fresh, err := recall(r, p.claim.Link)
		if err == nil {
			fresh.Dropped, err = p.engine.dropped(r, p.claim.Link)
		}
		if err != nil {
			return err
		}
		p.index.Dropped = fresh.Dropped
		clear(p.index.Roots)
		clear(p.index.Versions)
		maps.Copy(p.index.Roots, fresh.Roots)
		maps.Copy(p.index.Versions, fresh.Versions)
		p.stale = false
		return nil
	})
}

// overtake notes that a targeted pass has looked at an API by now, and what that
// has found and could not bring in.
func (p *Pass) overtake(look *Pass) {
	if p.next == nil {
		return // its listing is still to come
	}
	if p.looked == nil {
		p.looked = map[string]time.Time{}
	}
	api := look.work.Scope.API
	p.looked[api], p.index.Apart[api] = p.engine.store.Now(), true
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed += look.missed
	p.limited = cmp.Or(p.limited, look.limited)
}

// open connects and lays out the plan. A whole pass reads nothing before the
// first op is asked for.
func (p *Pass) open(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	reading := p.ctx
	if p.narrow() || p.agreed() {
		reading = ctx // all of it is read here
	}
	objects := p.observe(p.connector.Read(reading, p.work.Scope))
	if p.agreed() {
		var err error
		if objects, err = p.abide(ctx, objects); err != nil {
			return err
		}
	}
	if p.narrow() {
		var err error
		if objects, err = p.around(ctx, objects); err != nil {
			return err
		}
	}
	p.next, p.end = iter.Pull2(plan.Compute(&p.index, objects, p.policy()))
	return nil
}

// connect opens the connector of the pass, unless it has one.
func (p *Pass) connect(ctx context.Context) (err error) {
	if p.connector == nil {
		p.connector, err = p.engine.connect(ctx, p.link, source.Env{First: p.status.SyncedAt.IsZero(), Prompt: p.work.Prompt, Proven: p.status.ProvenAt})
	}
	return err
}

func (p *Pass) policy() plan.Policy {
	return plan.Policy{
		Scope: p.work.Scope, Salt: p.salt(), Limit: p.engine.o.MaxAPIs,
		Verify: p.verify, OnVanish: p.link.OnVanish, Verdicts: p.verdicts(), Brake: *p.engine.o.Brake,
	}
}

// salt are the settings of the link that shape what its objects become.
func (p *Pass) salt() string {
	salt := string(p.link.Import) + " " + p.link.Environment
	if p.rule != inventory.MergeNone {
		salt += " merge " + string(p.rule)
	}
	return salt
}

// observe counts what the source yields.
func (p *Pass) observe(objects iter.Seq2[source.Object, error]) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		p.engine.step(p.ctx, "read", p.work.Scope.API)
		for o, err := range objects {
			if err == nil && o.Kind == inventory.KindAPI {
				p.count(func(c *inventory.Counts) {
					for _, v := range o.Children {
						if v.Outside != "" {
							c.Outside++
						} else {
							c.Observed++
						}
					}
				})
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

// miss is fail for what keeps the inventory from being what the source showed.
func (p *Pass) miss(external string, err error) {
	p.fail(external, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed++
}

// fail notes what went wrong with one API; the pass goes on.
func (p *Pass) fail(external string, err error) {
	p.count(func(c *inventory.Counts) { c.Failed++ })
	p.tellOf(external, err.Error())
}

// tellOf has the run say something of one API.
func (p *Pass) tellOf(external, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.run.Errors) < maxErrors {
		p.run.Errors = append(p.run.Errors, inventory.RunError{External: external, Message: message})
	}
}

// maxErrors is how many errors of a run are kept.
const maxErrors = 100

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
