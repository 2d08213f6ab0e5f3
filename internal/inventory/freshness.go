package inventory

import (
	"cmp"
	"fmt"
	"time"
)

// Promise is how fresh links are kept.
type Promise struct {
	Target    time.Duration // within which a change that a listing shows is here, where a link does not say otherwise
	Audit     time.Duration // within which every definition is fetched again; 0: never
	Allowance time.Duration // how old what a source answers may be
}

// LeastTarget is the shortest target that a link may have.
const LeastTarget = 10 * time.Second

// TargetOf is the target of a link.
func (p Promise) TargetOf(l Link) time.Duration { return cmp.Or(l.Target, p.Target) }

// Freshness is how old what a link shows may be, and whether that is as promised.
// An age is the time since the start of the request that last proved it, and the
// allowance on top: it may be too high, and is never too low.
type Freshness struct {
	Age         *time.Duration // of what a listing shows; nil: it was never proven
	Definitions *time.Duration // of the oldest definition that is to be there; nil: there is none, or not all were ever there
	Target      time.Duration
	Late        bool
	Reason      string // why it is late
}

// Freshness is that of a link at an instant of the store's clock. made is when
// the link was.
func (p Promise) Freshness(l Link, s LinkStatus, made, now time.Time) Freshness {
	f := Freshness{Target: p.TargetOf(l)}
	if !s.ProvenAt.IsZero() {
		f.Age = new(now.Sub(s.ProvenAt) + p.Allowance)
	}
	if s.Definitions > 0 && !s.DefinitionsProvenAt.IsZero() {
		f.Definitions = new(now.Sub(s.DefinitionsProvenAt) + p.Allowance)
	}
	switch {
	case s.State == Deleting:
	case p.over(f.Age, f.Target, made, now):
		f.Late, f.Reason = true, s.behind(f.Target)
	case p.Audit > 0 && s.Definitions > 0 && p.over(f.Definitions, p.Audit, made, now):
		f.Late, f.Reason = true, s.unverified(p.Audit)
	}
	return f
}

// over says that an age is over a limit; what was never proven, since the link was made.
func (p Promise) over(age *time.Duration, limit time.Duration, made, now time.Time) bool {
	if age == nil {
		return now.Sub(made) > limit
	}
	return *age > limit+p.Allowance
}

// behind is why the inventory is older than the target.
func (s LinkStatus) behind(target time.Duration) string {
	switch since := s.FailingSince.UTC().Format(time.RFC3339); {
	case s.Paused != nil:
		return fmt.Sprintf("paused since %s by %s", s.Paused.At.UTC().Format(time.RFC3339), s.Paused.By)
	case s.State == Failed && s.FailingSince.IsZero(): // a check told it, no pass
		return "waiting: " + s.Message
	case s.State == Failed && s.Stalled:
		return fmt.Sprintf("stalled since %s: %s", since, s.Message)
	case s.State == Failed:
		return fmt.Sprintf("failing since %s: %s", since, s.Message)
	case s.Unproven != "":
		return s.Unproven
	case s.SyncedAt.IsZero():
		return "the first synchronisation has not ended yet"
	case 2*s.Took > target: // a change may come right after the pass has looked, and shows with the next
		return fmt.Sprintf("a pass takes %s, which is over half of the target of %s", s.Took.Round(time.Second), target)
	default:
		return "no pass has ended since the one that began at " + s.SyncedAt.UTC().Format(time.RFC3339)
	}
}

// unverified is why definitions are older than the audit period.
func (s LinkStatus) unverified(audit time.Duration) string {
	switch {
	case s.Problems > 0:
		return fmt.Sprintf("the document of %d of %d definitions could not be had; the runs tell why", s.Problems, s.Definitions)
	case s.DefinitionsProvenAt.IsZero():
		return fmt.Sprintf("not all of %d definitions have a document yet", s.Definitions)
	default:
		return fmt.Sprintf("a definition was last verified at %s, and the audit period is %s", s.DefinitionsProvenAt.UTC().Format(time.RFC3339), audit)
	}
}
