package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// How the log of a source is followed.
const (
	logEvery    = 30 * time.Second // from one reading to the next
	logPatience = 15 * time.Second // that one may take
	logLate     = 30 * time.Minute // how late the log may show an entry
	logBack     = 24 * time.Hour   // how far back a reading goes: whatever happened before, the audit has seen
	logRetry    = 5 * time.Minute  // the longest between two tries of a log that fails
	logOff      = 2 * time.Hour    // until the next try of one that may not be read
)

// follows says that the log of the source is to be read now: it is due, or since
// it was last tried a person has asked for a look at everything, which is also
// how a link is told that its settings have changed.
func (a agenda) follows(now time.Time) bool {
	if !a.link.ActivityLog || !a.status.InStep() {
		return false
	}
	log := a.status.ActivityLog
	if log == nil || !log.NextDue.After(now) {
		return true
	}
	for _, h := range a.hints {
		if h.Trigger == "request" && h.API == "" && h.At.After(log.TriedAt) {
			return true
		}
	}
	return false
}

// follow reads the log of a link's source and takes what is new in it for hints.
// A log that cannot be read keeps nothing else from its course.
func (w *Worker) follow(ctx context.Context, link inventory.ID, a agenda) error {
	log := inventory.LogStatus{}
	if a.status.ActivityLog != nil {
		log = *a.status.ActivityLog
	}
	began := time.Now() // what the log says of times is nearer to this than to the store's
	since := window(log.Since, began)
	log.TriedAt = w.store.Now()
	reading, cancel := context.WithTimeout(ctx, logPatience)
	changes, failure := w.engine.Changes(reading, a.link, since)
	if reading.Err() != nil && ctx.Err() == nil {
		failure = fmt.Errorf("the log could not be read within %s", logPatience)
	}
	cancel()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	crowded := errors.Is(failure, source.ErrCrowded)
	if crowded {
		failure = nil
	}
	log = outcome(log, failure, w.store.Now())
	switch {
	case crowded:
		log.Since = began // whoever looks at everything has seen it all
	case failure == nil:
		log.Since = later(since, began.Add(-logLate))
	default:
		log.Since = since
	}
	return w.store.Update(ctx, "log", func(tx inventory.Tx) error {
		rec, err := tx.Record(link)
		if err != nil {
			return err
		}
		if !inventory.LinkOf(rec.Own).ActivityLog {
			return nil // meanwhile
		}
		fresh, err := tx.Follow(link, entries(changes), since)
		if err != nil {
			return err
		}
		if crowded {
			fresh = []inventory.LogEntry{{At: began}}
		}
		if err := heed(tx, link, fresh, w.store.Now()); err != nil {
			return err
		}
		s := inventory.StatusOf(rec.Resource)
		s.ActivityLog = &log
		return errors.Join(tx.SetStatus(link, s), tx.SetDue(link, s.Due()))
	})
}

// window is since when to read: a clock that was set back, or a long time
// without any reading, do not make it senseless.
func window(since, now time.Time) time.Time {
	if since.IsZero() || since.After(now) {
		return now.Add(-logLate)
	}
	return later(since, now.Add(-logBack))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// outcome is the state of a log after a reading.
func outcome(log inventory.LogStatus, failure error, now time.Time) inventory.LogStatus {
	switch {
	case failure == nil:
		log.ReadAt, log.Failures, log.Message = log.TriedAt, 0, ""
		log.NextDue = now.Add(logEvery)
	case source.Stalled(failure):
		log.Failures++
		log.NextDue = now.Add(logOff)
	default:
		log.Failures++
		wait := min(logEvery<<min(log.Failures, 10), logRetry)
		log.NextDue = now.Add(max(wait, source.RetryAfter(failure)))
	}
	if failure != nil {
		log.Message = failure.Error()
	}
	if e, ok := errors.AsType[*source.Error](failure); ok && e.Stalled {
		log.Message = e.Advice()
	}
	return log
}

// entries are changes as they are noted.
func entries(changes []source.Change) []inventory.LogEntry {
	out := make([]inventory.LogEntry, 0, len(changes))
	for _, c := range changes {
		out = append(out, inventory.LogEntry{ID: c.Entry, At: c.At, API: c.Scope.API})
	}
	return out
}

// heed notes hints because of entries, one for each API.
func heed(tx inventory.Tx, link inventory.ID, fresh []inventory.LogEntry, now time.Time) error {
	changed := map[string]time.Time{}
	var order []string
	for _, e := range fresh {
		if _, known := changed[e.API]; !known {
			order = append(order, e.API)
		}
		changed[e.API] = later(changed[e.API], e.At)
	}
	for _, api := range order {
		at := changed[api]
		if at.After(now) {
			at = now // by a clock that is ahead of ours
		}
		if err := note(tx, inventory.Hint{Link: link, API: api, Trigger: "log"}, at, now); err != nil {
			return err
		}
	}
	return nil
}
