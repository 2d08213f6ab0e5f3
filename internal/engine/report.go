package engine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"apicenter/internal/inventory"
)

// phase notes what the run is about, if that is new or the last note is older than a second.
func (p *Pass) phase(ctx context.Context, phase inventory.Phase) error {
	p.mu.Lock()
	quiet := p.run.Phase == phase && time.Since(p.saved) < time.Second
	p.run.Phase = phase
	p.mu.Unlock()
	if quiet {
		return nil
	}
	return p.save(ctx)
}

// save writes the run.
func (p *Pass) save(ctx context.Context) error {
	run := p.report()
	var id int64
	err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) (err error) {
		id, err = tx.PutRun(run)
		return err
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run.ID, p.saved = cmp.Or(p.run.ID, id), time.Now()
	return err
}

// report is the run as it stands.
func (p *Pass) report() inventory.Run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.connector != nil {
		p.run.Requests = p.connector.Requests() - p.sent
	}
	return p.run
}

// Finish ends a pass: its outcome goes to the run, the link's state and next
// due time to the link, and the hints that it has answered are forgotten, those
// included that it has answered without knowing, all in one transaction. failure is what Run returned. Superseded when somebody else
// holds the link by now.
func (p *Pass) Finish(ctx context.Context, failure error, hints []int64) error {
	defer p.Close()
	now := p.engine.store.Now()
	run := p.report()
	if p.parent != nil {
		if p.connector == p.parent.connector {
			p.parent.sent += run.Requests
		}
		if failure == nil {
			p.parent.overtake(p)
		}
	}
	run.Ended, run.Phase = now, inventory.PhaseDone
	run.Counts.Unchanged = max(0, run.Counts.Observed-run.Counts.Added-run.Counts.Updated-run.Counts.Moved-run.Counts.Limited)
	switch {
	case errors.Is(failure, ErrInterrupted):
		run.Outcome, run.Message = "interrupted", "the server stopped; the next pass goes on where this one ended"
	case errors.Is(failure, ErrRefused):
		run.Outcome, run.Message = "refused", failure.Error()
		if err := p.restore(ctx); err != nil {
			return err
		}
	case failure != nil:
		run.Outcome, run.Message = "failed", failure.Error()
	case len(p.held) > 0:
		run.Outcome = "held"
	case run.Counts.Failed > 0 || p.limited != "":
		run.Outcome, run.Message = "partial", p.limited
	default:
		run.Outcome = "ok"
		switch {
		case p.work.Scope.Whole() || run.Counts.Observed+run.Counts.Deleted > 0:
		case run.Counts.Outside > 0:
			run.Message = "the link does not cover " + p.work.Scope.API
		default:
			run.Message = "the source has no " + p.work.Scope.API
		}
	}
	p.tell(ctx, run)
	p.engine.o.Ran(run)
	return p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
		if _, err := tx.PutRun(run); err != nil {
			return err
		}
		if err := tx.TakeHints(hints); err != nil {
			return err
		}
		if failure == nil {
			if err := p.takeMet(tx, now); err != nil {
				return err
			}
			if err := p.settle(tx, now); err != nil {
				return err
			}
		}
		status, err := p.statusAfter(tx, run, failure, now)
		if err != nil {
			return err
		}
		if err := tx.SetDue(p.claim.Link, status.Due()); err != nil {
			return err
		}
		return tx.SetStatus(p.claim.Link, status)
	})
}

// tell writes a run to the log: a failure as a warning, and nothing that
// changed nothing unless somebody debugs.
func (p *Pass) tell(ctx context.Context, run inventory.Run) {
	level, c := slog.LevelInfo, run.Counts
	switch {
	case run.Outcome == "failed":
		level = slog.LevelWarn
	case run.Outcome == "ok" && c.Added+c.Updated+c.Moved+c.Deleted == 0:
		level = slog.LevelDebug
	}
	p.engine.o.Log.LogAttrs(ctx, level, "pass", slog.String("link", p.claim.Link.String()), slog.String("trigger", run.Trigger),
		slog.String("scope", run.Scope), slog.String("outcome", run.Outcome), slog.String("message", run.Message),
		slog.Int("observed", c.Observed), slog.Int("added", c.Added), slog.Int("updated", c.Updated), slog.Int("moved", c.Moved),
		slog.Int("deleted", c.Deleted), slog.Int("failed", c.Failed), slog.Int64("requests", run.Requests),
		slog.Duration("took", run.Ended.Sub(run.Started)))
}
