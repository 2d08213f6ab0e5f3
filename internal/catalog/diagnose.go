package catalog

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// Limits of a diagnosis.
const (
	examinedRuns = 50              // the newest of a link
	namedFaults  = 3               // faults of one sort that a finding names
	overdue      = 5 * time.Minute // after its due time a pass should have begun
)

// Diagnose looks at a link from all sides: what Check tries, then what its state
// and its runs tell. It changes nothing. NotFound, Conflict for a link that is being deleted, Unavailable.
func (c *Catalog) Diagnose(ctx context.Context, link inventory.ID) ([]inventory.Finding, error) {
	findings, err := c.Check(ctx, link, nil)
	if err != nil {
		return nil, err
	}
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		r, l, err := living(tx, link)
		if err != nil {
			return err
		}
		d := diagnosis{name: r.Name(), status: inventory.StatusOf(r), follows: l.ActivityLog, now: c.store.Now()}
		d.fresh = c.promise.Freshness(l, d.status, r.Created.At, d.now)
		if d.runs, err = tx.Runs(link, examinedRuns); err != nil {
			return err
		}
		if d.heard, err = tx.Heard(link); err != nil {
			return err
		}
		for e, err := range tx.Origins(link, inventory.KindDefinition) {
			if err != nil {
				return err
			}
			if e.Problem != "" {
				d.problems = append(d.problems, e.External+": "+e.Problem)
			}
		}
		findings = append(findings, d.findings()...)
		return nil
	})
	return findings, err
}

// diagnosis is what the records of a link tell.
type diagnosis struct {
	name     string
	status   inventory.LinkStatus
	follows  bool // the log of the source
	fresh    inventory.Freshness
	runs     []inventory.Run // newest first
	problems []string        // definitions that could not be had
	heard    time.Time       // when an event of its source last came
	now      time.Time
}

func (d diagnosis) findings() []inventory.Finding {
	all := []inventory.Finding{d.state(), d.synchronised(), d.freshness(), d.lastRuns(), d.errors(), d.held(), d.limit(), d.definitions(), d.events(), d.requests()}
	if d.follows {
		all = append(all, d.log())
	}
	return all
}

func finding(check string, o inventory.Outcome, message string, args ...any) inventory.Finding {
	return inventory.Finding{Check: check, Outcome: o, Message: fmt.Sprintf(message, args...)}
}

func (d diagnosis) state() inventory.Finding {
	switch s := d.status; {
	case s.Paused != nil:
		return finding("state", inventory.Warned, "paused since %s by %s; nothing is read until somebody resumes it: apicenter integration resume -i %s",
			s.Paused.At.Format(time.RFC3339), s.Paused.By, d.name)
	case s.Stalled:
		return finding("state", inventory.Refused, "%s; it waits until somebody has done something", s.Message)
	case s.State == inventory.Failed:
		return finding("state", inventory.NotProven, "%s; it is tried again at %s", s.Message, s.NextDue.Format(time.RFC3339))
	default:
		return finding("state", inventory.Passed, "%s", s.State)
	}
}

func (d diagnosis) synchronised() inventory.Finding {
	s := d.status
	switch late := d.now.Sub(s.NextDue); {
	case !s.NextDue.IsZero() && late > overdue:
		return finding("synchronised", inventory.NotProven, "a synchronisation is overdue since %s; look whether the server is at work on other links, and at its log", s.NextDue.Format(time.RFC3339))
	case s.SyncedAt.IsZero():
		return finding("synchronised", inventory.Warned, "never yet; the first synchronisation has not ended: apicenter integration runs -i %s", d.name)
	default:
		return finding("synchronised", inventory.Passed, "as of %s, %d APIs; next due %s", s.SyncedAt.Format(time.RFC3339), s.APIs, s.NextDue.Format(time.RFC3339))
	}
}

func (d diagnosis) freshness() inventory.Finding {
	switch f := d.fresh; {
	case f.Late:
		return finding("freshness", inventory.Warned, "late against its target of %s: %s", f.Target, f.Reason)
	case f.Age == nil:
		return finding("freshness", inventory.Skipped, "nothing is proven yet")
	default:
		return finding("freshness", inventory.Passed, "what it shows is at most %s old; the target is %s", f.Age.Round(time.Second), f.Target)
	}
}

func (d diagnosis) lastRuns() inventory.Finding {
	failed, last := 0, ""
	for _, r := range d.runs {
		if r.Outcome == "failed" {
			failed++
			last = cmp.Or(last, fmt.Sprintf("run %d: %s", r.ID, r.Message))
		}
	}
	switch {
	case len(d.runs) == 0:
		return finding("runs", inventory.Skipped, "there was none yet")
	case d.runs[0].Outcome == "failed":
		return finding("runs", inventory.NotProven, "%d of the last %d failed, the newest too; %s", failed, len(d.runs), last)
	case failed > 0:
		return finding("runs", inventory.Warned, "%d of the last %d failed; the newest of them, %s", failed, len(d.runs), last)
	default:
		return finding("runs", inventory.Passed, "none of the last %d failed", len(d.runs))
	}
}

// errors are those of the newest run of everything that has ended.
func (d diagnosis) errors() inventory.Finding {
	for _, r := range d.runs {
		if r.Scope != "" || r.Ended.IsZero() {
			continue
		}
		var list []string
		for _, e := range r.Errors {
			list = append(list, e.External+": "+e.Message)
		}
		if len(list) == 0 {
			break
		}
		return finding("errors", inventory.Warned, "run %d went on past %d; %s", r.ID, r.Counts.Failed, some(list))
	}
	return finding("errors", inventory.Passed, "the newest run of everything had none")
}

func (d diagnosis) held() inventory.Finding {
	if n := len(d.status.Held); n > 0 {
		return finding("held", inventory.Warned, "%d deletions wait for approval, %s; look at the plan, then: apicenter integration approve -i %s", n, some(d.status.Held), d.name)
	}
	return finding("held", inventory.Passed, "no deletion waits for approval")
}

func (d diagnosis) limit() inventory.Finding {
	if d.status.Limited {
		return finding("limits", inventory.Warned, "%s; raise the limit of the server, or link less", cmp.Or(d.status.Message, "a limit keeps new APIs out"))
	}
	return finding("limits", inventory.Passed, "none keeps anything out")
}

func (d diagnosis) definitions() inventory.Finding {
	if len(d.problems) > 0 {
		return finding("definitions", inventory.Warned, "%d could not be had and are tried again by themselves, %s", len(d.problems), some(d.problems))
	}
	return finding("definitions", inventory.Passed, "all that were asked for could be had")
}

// events tells when an event of the source last came, and whether a run has looked since.
func (d diagnosis) events() inventory.Finding {
	if d.heard.IsZero() {
		return finding("events", inventory.Skipped, "none has come; without events, changes show within the poll interval: apicenter integration events -i %s", d.name)
	}
	at := d.heard.Format(time.RFC3339)
	followed := len(d.runs) > 0 && !d.runs[0].Started.Before(d.heard)
	switch {
	case !followed && d.now.Sub(d.heard) > overdue:
		return finding("events", inventory.NotProven, "the last one came at %s, and no run has looked since; look at the server's log", at)
	case !followed:
		return finding("events", inventory.Passed, "the last one came at %s; a run is to look", at)
	default:
		return finding("events", inventory.Passed, "the last one came at %s; a run has looked since", at)
	}
}

// log tells whether the log of the source is followed as it should be.
func (d diagnosis) log() inventory.Finding {
	switch log := d.status.ActivityLog; {
	case log == nil:
		return finding("log", inventory.Skipped, "not read yet; it is once the first synchronisation has ended")
	case log.Message != "":
		return finding("log", inventory.Warned, "%s; it is tried again at %s, or at once with: apicenter integration sync -i %s; meanwhile changes show as without it",
			log.Message, log.NextDue.Format(time.RFC3339), d.name)
	default:
		return finding("log", inventory.Passed, "read at %s", log.ReadAt.Format(time.RFC3339))
	}
}

func (d diagnosis) requests() inventory.Finding {
	var sent int64
	since := d.now
	for _, r := range d.runs {
		if d.now.Sub(r.Started) > time.Hour {
			break
		}
		sent, since = sent+r.Requests, r.Started
	}
	return finding("requests", inventory.Passed, "%d to the source in %s", sent, d.now.Sub(since).Round(time.Second))
}

// some names the first of a list.
func some(list []string) string {
	text := strings.Join(list[:min(len(list), namedFaults)], "; ")
	if more := len(list) - namedFaults; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
