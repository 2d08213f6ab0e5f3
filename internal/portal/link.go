package portal

import (
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// The actions that pages of links take.
const (
	links        = "Microsoft.ApiCenter/services/workspaces/apiSources"
	readLinks    = links + "/read"
	writeLinks   = links + "/write"
	deleteLinks  = links + "/delete"
	planLinks    = links + "/plan/action"
	checkLinks   = links + "/check/action"
	syncLinks    = links + "/sync/action"
	pauseLinks   = links + "/pause/action"
	resumeLinks  = links + "/resume/action"
	applyLinks   = links + "/apply/action"
	readRuns     = links + "/runs/read"
	environments = "Microsoft.ApiCenter/services/workspaces/environments"
)

// linkView is a link as people look at it.
type linkView struct {
	Address     string
	Name        string
	Source      string // name of the instance, with that of the workspace
	SourceID    string // its resource id
	State       string // in one word or two
	Message     string // what the source or the server has to say
	Grant       string // the command that gives the role which is missing, if that is what it says
	Late        string // why it is late; empty: it is not
	Meter       meter
	Definitions string // how old the oldest definition may be
	APIs        int
	Held, Kept  int
	Problems    int
	Synced      time.Time
	Next        time.Time
	LastRun     inventory.LastRun
	Fresh       bool // it was never synchronised
	Leaving     bool // it is being deleted
}

// meter is an age against its target, to be drawn.
type meter struct {
	Known  bool
	Width  int // of 100
	Tone   string
	Age    string
	Target string
}

// linkOf makes the view of a link.
func (h *Handler) linkOf(r *request, res inventory.Resource) (linkView, error) {
	fresh, err := h.catalog.Freshness(res)
	if err != nil {
		return linkView{}, err
	}
	l, s := inventory.LinkOf(docOf(res).Doc), inventory.StatusOf(res)
	v := linkView{
		Address: r.address(res.Path), Name: res.Name(), Source: sourceName(l.Source), SourceID: l.Source,
		State: stateOf(s, fresh), Message: s.Message, Meter: meterOf(fresh), APIs: s.APIs, Held: len(s.Held), Kept: s.Kept,
		Problems: s.Problems, Synced: s.SyncedAt, Next: s.NextDue, LastRun: s.LastRun,
		Fresh: s.SyncedAt.IsZero(), Leaving: s.State == inventory.Deleting,
	}
	if fresh.Late {
		v.Late = fresh.Reason
	}
	v.Message, v.Grant = withoutGrant(v.Message)
	v.Late, _ = withoutGrant(v.Late)
	if strings.Contains(v.Late, v.Message) {
		v.Message = "" // it is said there
	}
	if fresh.Definitions != nil {
		v.Definitions = span(*fresh.Definitions)
	}
	return v, nil
}

// withoutGrant parts a message from the command that inventory.Remedy.Advice adds to it.
func withoutGrant(message string) (text, command string) {
	text, command, _ = strings.Cut(message, (&inventory.Remedy{}).Advice(""))
	return text, command
}

// stateOf is the state of a link as people say it.
func stateOf(s inventory.LinkStatus, f inventory.Freshness) string {
	switch {
	case s.State == inventory.Deleting:
		return "deleting"
	case s.Paused != nil:
		return "paused"
	case s.Stalled:
		return "waiting"
	case s.State == inventory.Failed:
		return "failing"
	case f.Late:
		return "late"
	case s.SyncedAt.IsZero():
		return "starting"
	case len(s.Held) > 0:
		return "held"
	default:
		return "in step"
	}
}

func meterOf(f inventory.Freshness) meter {
	m := meter{Target: span(f.Target), Tone: "good"}
	if f.Late {
		m.Tone = "bad"
	}
	if f.Age == nil {
		return m
	}
	m.Known, m.Age = true, span(*f.Age)
	m.Width = 100
	if *f.Age < f.Target {
		m.Width = max(2, int(100*float64(*f.Age)/float64(f.Target)))
	}
	if *f.Age > f.Target && !f.Late { // within what the source is allowed
		m.Tone = "warn"
	}
	return m
}

// sourceName is a resource id as people call it: the instance, and the workspace in it.
func sourceName(id string) string {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	switch {
	case len(parts) == 8:
		return parts[7]
	case len(parts) == 10:
		return parts[7] + " / " + parts[9]
	default:
		return id
	}
}

// runView is a run as people look at it.
type runView struct {
	Address  string
	ID       int64
	Why      string // what began it
	Scope    string // the one API that it was about; empty: all
	Started  time.Time
	Took     string
	Going    bool
	Outcome  string
	Message  string
	Phase    string
	Steps    []step
	Counts   []count
	Requests int64
	Errors   []inventory.RunError
	More     int // errors that are not listed
	Breaks   []inventory.RunBreak
}

// step is a phase of a run: done, going on, or to come.
type step struct{ Title, State string }

// count is a number with its noun.
type count struct {
	N    int
	What string
	Tone string
}

// triggers are what begins runs, as people say it.
var triggers = map[string]string{
	"schedule": "on schedule", "request": "asked for", "event": "told by the source", "apply": "a plan was agreed to",
	"link": "new link", "unlink": "unlinking",
}

// phases are those of a run, in order, as people say them.
var phases = []struct {
	phase inventory.Phase
	title string
}{
	{inventory.PhaseRead, "Read the list of APIs"},
	{inventory.PhaseFetch, "Fetch definitions, bring APIs in"},
	{inventory.PhaseProve, "Prove what is gone"},
	{inventory.PhaseDelete, "Take out what is gone"},
}

func runOf(link string, r inventory.Run) runView {
	v := runView{
		Address: link + "/runs/" + decimal(r.ID), ID: r.ID, Why: triggers[r.Trigger], Scope: r.Scope, Started: r.Started,
		Going: r.Ended.IsZero(), Outcome: r.Outcome, Message: r.Message, Phase: string(r.Phase), Requests: r.Requests,
		Errors: r.Errors, More: max(0, r.Counts.Failed-len(r.Errors)), Breaks: r.Breaks, Counts: countsOf(r.Counts),
	}
	if v.Why == "" {
		v.Why = r.Trigger
	}
	if v.Going {
		v.Outcome = "running"
		v.Took = span(time.Since(r.Started))
	} else {
		v.Took = took(r.Ended.Sub(r.Started))
	}
	if r.Phase == inventory.PhaseUnlink {
		v.Steps = []step{{"Take out what came with the link", stepState(v.Going, 0, 0)}}
		return v
	}
	at := len(phases)
	for i, p := range phases {
		if p.phase == r.Phase {
			at = i
		}
	}
	for i, p := range phases {
		v.Steps = append(v.Steps, step{p.title, stepState(v.Going, i, at)})
	}
	return v
}

func stepState(going bool, i, at int) string {
	switch {
	case i < at || !going:
		return "done"
	case i == at:
		return "now"
	default:
		return "next"
	}
}

// countsOf are the counts of a run that say something.
func countsOf(c inventory.Counts) (all []count) {
	for _, n := range []count{
		{c.Observed, "seen", "plain"},
		{c.Added, "added", "good"},
		{c.Updated, "changed", "info"},
		{c.Moved, "moved", "info"},
		{c.Merged, "joined", "info"},
		{c.Deleted, "deleted", "bad"},
		{c.Left, "left the scope", "plain"},
		{c.Held, "held", "warn"},
		{c.Kept, "kept though gone", "plain"},
		{c.Limited, "kept out by a limit", "warn"},
		{c.Documents, noun(c.Documents, "definition", "definitions") + " fetched", "plain"},
		{c.Breaking, "breaking", "bad"},
		{c.Failed, "failed", "bad"},
	} {
		if n.N > 0 {
			all = append(all, n)
		}
	}
	return all
}

// took is how long something lasted.
func took(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	if d < 10*time.Second {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return span(d)
}
