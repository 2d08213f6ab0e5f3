// Package engine does one pass of a link, in order: recall what is recorded,
// read the source, plan, fetch documents, apply, prove what vanished, report.
// It knows no queue and no clock of when to run: that is the room of jobs.
//
//	source ──objects──▶ plan ──ops──▶ prepare (several at once: recorded layers, documents)
//	                                     └──▶ apply (one at a time, small APIs share a transaction)
//
// Each API is applied with all below it in one transaction under the claim of
// the pass, so a reader never sees half of one, and whoever lost the claim
// writes nothing. A pass that was killed leaves whole APIs with their marks;
// the next one finds them unchanged and goes on with the rest.
package engine

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// Options are the settings of an engine. The zero value of each has a default.
type Options struct {
	Interval time.Duration // within which a change of the source is to be here, where a link does not say otherwise; 60 s
	Audit    time.Duration // within which each document is fetched again, whatever its mark; 0: never
	MaxAPIs  int           // most APIs that one link may bring; 0: no limit
	Brake    *plan.Brake   // nil: plan.DefaultBrake
	// BrakeWindow is for how long what went counts with what would go; an hour.
	BrakeWindow time.Duration
	Fetchers    int // documents fetched at once; 8
	UserAgent   string
	Compare     inventory.Compare // nil: new documents are not compared
	Log         *slog.Logger
	Ran         func(inventory.Run) // hears of each run that has ended
	Random      func() float64      // from 0 to 1, keeps links from marching in step; nil: by chance
}

// Engine works passes.
type Engine struct {
	store inventory.Store
	kinds map[string]source.Kind
	o     Options
}

// New makes an engine that reads the kinds of sources given, by name.
func New(store inventory.Store, kinds map[string]source.Kind, o Options) *Engine {
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	if o.Brake == nil {
		o.Brake = new(plan.DefaultBrake)
	}
	if o.BrakeWindow == 0 {
		o.BrakeWindow = time.Hour
	}
	if o.Fetchers == 0 {
		o.Fetchers = 8
	}
	if o.Ran == nil {
		o.Ran = func(inventory.Run) {}
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{store: store, kinds: kinds, o: o}
}

// Work says what a pass is for.
type Work struct {
	Trigger string       // schedule, request, event, log, demand, link, unlink
	Scope   source.Scope // whole, or one API
	Prompt  bool         // somebody waits, or the source has rung: it may cost the budget more
	Verify  []string     // of a whole one: APIs whose documents are to be fetched whatever their mark, by external identity
}

// step tells the log what a pass does next, for whoever watches or kills it.
func (e *Engine) step(ctx context.Context, phase, api string) {
	if e.o.Log.Enabled(ctx, slog.LevelDebug) {
		e.o.Log.LogAttrs(ctx, slog.LevelDebug, "step", slog.String("phase", phase), slog.String("api", api))
	}
}

// connect opens a connector for a link.
func (e *Engine) connect(ctx context.Context, l inventory.Link, env source.Env) (source.Connector, error) {
	kind, ok := e.kinds[l.SourceType]
	if !ok {
		return nil, &source.Error{Stalled: true, Message: "no source of type " + l.SourceType + " is known here"}
	}
	env.UserAgent, env.Now = e.o.UserAgent, e.store.Now
	return kind.Open(ctx, l, env)
}
