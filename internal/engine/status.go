package engine

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// statusAfter is the link's status after a run. A targeted run leaves what only a whole pass can tell.
func (p *Pass) statusAfter(tx inventory.SourceTx, run inventory.Run, failure error, now time.Time) (inventory.LinkStatus, error) {
	link, err := tx.Get(p.claim.Link)
	if err != nil {
		return inventory.LinkStatus{}, err
	}
	tally, err := tx.Tally(p.claim.Link)
	if err != nil {
		return inventory.LinkStatus{}, err
	}
	s := inventory.StatusOf(link)
	s.APIs, s.Kept, s.Problems, s.ChangedAt = tally.Versions, tally.Kept, tally.Problems, now
	waiting, err := tx.Deletions(p.claim.Link)
	if err != nil {
		return s, err
	}
	s.Held = undecided(waiting)
	s.LastRun = inventory.LastRun{Outcome: run.Outcome, Ended: now, Errors: run.Counts.Failed}
	switch {
	case failure == nil && !p.work.Scope.Whole():
	case failure == nil:
		s.State, s.Message, s.Stalled = inventory.Syncing, "", false
		s.SyncedAt, s.Limited = run.Started, p.limited != ""
		if len(p.held) > 0 || p.limited != "" {
			s.Message = cmp.Or(run.Message, p.limited)
		}
		if s.Unproven = p.unproven(len(waiting)); s.Unproven == "" {
			s.ProvenAt = run.Started
		}
		s.FailingSince, s.Failures, s.Took = time.Time{}, 0, now.Sub(run.Started)
		s.NextDue = p.nextDue(s, now)
	case errors.Is(failure, ErrInterrupted):
		s.NextDue = now
	case errors.Is(failure, ErrRefused):
		s.NextDue = now.Add(p.wait(failure, 0))
		s = refuse(s)
	default:
		s.State, s.Message, s.Stalled = inventory.Failed, told(failure), source.Stalled(failure)
		if s.Failures++; s.FailingSince.IsZero() {
			s.FailingSince = run.Started
		}
		s.NextDue = now.Add(p.wait(failure, s.Failures))
	}
	s.Definitions, s.DefinitionsProvenAt = p.definitions(tally, s)
	return s, nil
}

// unproven is why a pass that ended well did not prove that the inventory shows
// what the source does; "" if it did. Deletions wait that a look at one API has found
// while the pass went on, and so they do once a person has judged them, until that is done.
func (p *Pass) unproven(waiting int) string {
	switch {
	case len(p.held) > 0:
		return p.run.Message + "; they are held for approval"
	case waiting > 0:
		return fmt.Sprintf("deletions that are held, or approved or rejected and not yet done: %d", waiting)
	case p.limited != "":
		return p.limited
	case p.missed > 0:
		return fmt.Sprintf("%d APIs could not be brought in, or not be proven gone; the run tells which", p.missed)
	default:
		return ""
	}
}

// definitions is how many there are to be, and since when at the latest all of
// them are as they are at the source. One that has no document yet counts as
// unproven since before it was first seen, and so does one that no listing has
// shown yet.
func (p *Pass) definitions(t inventory.Tally, s inventory.LinkStatus) (int, time.Time) {
	switch p.link.Import {
	case inventory.ImportNever:
		return 0, time.Time{}
	case inventory.ImportOnDemand:
		t.Definitions, t.Missing = t.Definitions-t.Missing, 0 // what nobody asked for is not to be there
	}
	proven := s.ProvenAt
	if t.Missing > 0 {
		proven = earlier(proven, s.DefinitionsProvenAt)
	}
	if t.Definitions > t.Missing {
		proven = earlier(proven, t.Verified)
	}
	return t.Definitions, proven
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// told is a failure as the link's state says it. Where it is known what to do,
// the source's own words add nothing; the run keeps them.
func told(failure error) string {
	if e, ok := errors.AsType[*source.Error](failure); ok && e.Remedy != nil {
		return e.Advice()
	}
	return failure.Error()
}

// target is the time within which a change of the source is to be here.
func (p *Pass) target() time.Duration { return cmp.Or(p.link.Target, p.engine.o.Interval) }

// margin is for what lies between a due time and the pass: links are looked for once a second.
func margin(target time.Duration) time.Duration { return min(time.Second, target/10) }

// nextDue is when the pass after one that ended well is due: so that it ends within
// the target from when this one began, if it takes as long. Links are kept from
// marching in step; and one whose passes take that long rests a little all the same.
func (p *Pass) nextDue(s inventory.LinkStatus, now time.Time) time.Time {
	target := p.target()
	due := s.SyncedAt.Add(p.share(target) - margin(target) - s.Took)
	if rested := now.Add(target / 10); due.Before(rested) {
		due = rested
	}
	return due.Truncate(time.Microsecond)
}

// share is a little less than an interval, by a random share of it.
func (p *Pass) share(interval time.Duration) time.Duration {
	return time.Duration(float64(interval) * (0.85 + 0.1*p.engine.o.Random()))
}

// The longest times between two tries while a source fails.
const (
	retryMost   = 5 * time.Minute
	stalledMost = 15 * time.Minute
)

// wait is the time from a failure to the next try: twice as long each time from
// the third on, and at least what the source asked for. A role may be given at any
// time by somebody who then waits, and to look for it costs a request: that is
// done at each interval.
func (p *Pass) wait(failure error, failures int) time.Duration {
	target := p.target()
	most := max(target, retryMost)
	if e, ok := errors.AsType[*source.Error](failure); ok && e.Remedy != nil {
		most = target
	} else if ok && e.Stalled {
		most = max(target, stalledMost)
	}
	wait := min(target<<min(max(failures-2, 0), 10), most)
	return max(p.share(wait), source.RetryAfter(failure)).Truncate(time.Microsecond)
}

// pace is the time that this pass has to make good for in the rolling audit: since
// the last one began. After a long time without one it is made good bit by bit.
func (p *Pass) pace(now time.Time) time.Duration {
	if p.status.SyncedAt.IsZero() {
		return p.target()
	}
	return min(now.Sub(p.status.SyncedAt), 4*p.target())
}
