package inventory

import (
	"encoding/json"
	"strings"
	"time"
)

// Import says when a link's definitions are fetched.
type Import string

// The ways to import definitions.
const (
	ImportNever    Import = "never"
	ImportOnDemand Import = "ondemand" // at first export
	ImportAlways   Import = "always"   // with each pass
)

// Link is the typed view of a link's properties.
type Link struct {
	SourceType  string // the kind of source, as registered: "AzureApiManagement"
	Source      string // the identity of the instance, or of the one workspace, at the source
	Identity    string // the user-assigned identity to read with; empty: the system's
	Import      Import
	Environment string        // short id of the environment to use; empty: the link makes one
	Stage       string        // lifecycle stage that new versions begin with
	Target      time.Duration // within which a change at the source is to be here; 0: that of the server
	Scope       Scope         // which APIs of the source it brings
	OnVanish    OnVanish
	ActivityLog bool // the source's log of changes is followed, too
}

// The fields of a link.
const (
	FieldSourceType  Field = "/sourceType"
	FieldSource      Field = "/source"
	FieldIdentity    Field = "/identity"
	FieldImport      Field = "/importSpecification"
	FieldEnvironment Field = "/targetEnvironmentId"
	FieldStage       Field = "/targetLifecycleStage"
	FieldTarget      Field = "/freshnessTargetSeconds"
	FieldScope       Field = "/scope"
	FieldOnVanish    Field = "/onVanish"
	FieldActivityLog Field = "/activityLog"
)

// LinkOf reads a link's own layer.
func LinkOf(own Doc) Link {
	l := Link{
		SourceType: own.Text(FieldSourceType), Source: own.Text(FieldSource), Identity: own.Text(FieldIdentity),
		Import: Import(own.Text(FieldImport)), Environment: own.Text(FieldEnvironment), Stage: own.Text(FieldStage),
		OnVanish: OnVanish(own.Text(FieldOnVanish)),
	}
	var seconds float64
	if json.Unmarshal(own[FieldTarget], &seconds) == nil {
		l.Target = time.Duration(seconds * float64(time.Second))
	}
	if l.Import == "" {
		l.Import = ImportOnDemand
	}
	if raw, ok := own[FieldScope]; ok {
		_ = json.Unmarshal(raw, &l.Scope) // our own writing
	}
	_ = json.Unmarshal(own[FieldActivityLog], &l.ActivityLog) // absent: false
	if l.OnVanish == "" {
		l.OnVanish = OnVanishDelete
	}
	return l
}

// Instance is the folded identity of what the link reads: tombstones are filed under it.
func (l Link) Instance() string { return strings.ToLower(strings.TrimSuffix(l.Source, "/")) }

// State is the state of a link, as Azure API Center names them. A healthy link
// stays in Syncing.
type State string

// The states of a link.
const (
	Initializing State = "initializing" // never synchronised yet
	Syncing      State = "syncing"
	Failed       State = "error"
	Deleting     State = "deleting"
)

// LinkStatus is what the server saw of a link; it is kept as the link's Status.
type LinkStatus struct {
	State     State     `json:"state"`
	Message   string    `json:"message,omitempty"`
	ChangedAt time.Time `json:"changedAt"`
	Stalled   bool      `json:"stalled,omitempty"` // waits for a person, a role or a changed link
	SyncedAt  time.Time `json:"syncedAt,omitzero"` // start of the last complete pass that ended well
	NextDue   time.Time `json:"nextDue,omitzero"`
	APIs      int       `json:"apis"`               // things of the source in the inventory
	Kept      int       `json:"kept,omitempty"`     // things in the inventory that the source has no more
	Held      []string  `json:"held,omitempty"`     // deletions that wait for a person's word, by external identity
	Limited   bool      `json:"limited,omitempty"`  // a limit keeps things out
	Problems  int       `json:"problems,omitempty"` // definitions whose newest document could not be had

	// What is proven, by instants of the store's clock. The definitions are those that
	// are to be there: all, or of a link that imports on demand, those that are.
	ProvenAt            time.Time `json:"provenAt,omitzero"`            // start of the last pass that proved the inventory equal to the source
	Unproven            string    `json:"unproven,omitempty"`           // why the last pass that ended well did not prove that
	Definitions         int       `json:"definitions,omitempty"`        // how many are to be there
	DefinitionsProvenAt time.Time `json:"definitionsProvenAt,omitzero"` // all of them were equal to the source then, or later

	// Of passes.
	FailingSince time.Time     `json:"failingSince,omitzero"` // start of the first whole pass that failed, of those since one ended well
	Failures     int           `json:"failures,omitempty"`    // how many did
	Took         time.Duration `json:"took,omitempty"`        // the last whole pass that ended well
	LastRun      LastRun       `json:"lastRun,omitzero"`

	// ActivityLog is of a link that follows the log of its source.
	ActivityLog *LogStatus `json:"activityLog,omitempty"`

	// Paused is of a link that a person has told to rest: nothing of it is read
	// until somebody resumes it. It can be deleted all the same.
	Paused *Pause `json:"paused,omitempty"`

	// HandsOver is of a link that is being deleted: what it brought stays, as people's own.
	HandsOver bool `json:"handsOver,omitempty"`

	// Agreed is the plan that the next whole pass has to find.
	Agreed *Agreement `json:"agreed,omitempty"`
}

// Pause says who told a link to rest, and when.
type Pause struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Agreement is a plan that a person has agreed to: the next whole pass does
// exactly that, or nothing.
type Agreement struct {
	Plan string `json:"plan"` // the digest
	By   string `json:"by"`
	// Before is what the settings that came with the plan have replaced, as Doc.Encode
	// writes them: they come back if it is refused.
	Before json.RawMessage `json:"before,omitempty"`
	// Refused is of a link that was never synchronised: it waits until the source
	// is again as planned, or somebody says what else to do.
	Refused bool `json:"refused,omitempty"`
}

// InStep says that a link needs no look at everything before one at single APIs:
// it is in step but for them, and no plan waits for the whole of it.
func (s LinkStatus) InStep() bool {
	return !s.SyncedAt.IsZero() && s.State != Failed && s.Agreed == nil
}

// Due is when something is to be done for a link without anybody's asking.
func (s LinkStatus) Due() time.Time {
	if log := s.ActivityLog; log != nil && s.InStep() && log.NextDue.Before(s.NextDue) {
		return log.NextDue
	}
	return s.NextDue
}

// LastRun is how the newest run of a link ended.
type LastRun struct {
	Outcome string    `json:"outcome"`
	Ended   time.Time `json:"ended"`
	Errors  int       `json:"errors,omitempty"` // things that went wrong with one API
}

// StatusOf reads a link's status.
func StatusOf(r Resource) LinkStatus {
	s := LinkStatus{State: Initializing, ChangedAt: r.Created.At}
	_ = json.Unmarshal(r.Status, &s) // our own writing; {} leaves the defaults
	return s
}

// Run is one pass of a link, as its history tells it.
type Run struct {
	ID       int64
	Link     ID
	Trigger  string // schedule, request, event, log, apply, link, unlink
	Scope    string // external identity of the one API; empty: all
	Phase    Phase
	Started  time.Time
	Ended    time.Time // zero while it goes on
	Outcome  string    // ok, partial, failed, held, refused, interrupted
	Message  string
	Counts   Counts
	Requests int64
	Errors   []RunError // at most 100
	Breaks   []RunBreak // at most 100: new documents that break, or that could not be compared
}

// Phase says what a run is about.
type Phase string

// The phases, in order. A run that unlinks has only PhaseUnlink.
const (
	PhaseRead   Phase = "read"  // the listing
	PhaseFetch  Phase = "fetch" // documents, and what they bring is applied
	PhaseProve  Phase = "prove" // what vanished
	PhaseDelete Phase = "delete"
	PhaseUnlink Phase = "unlink"
	PhaseDone   Phase = "done"
)

// Counts of a run, in APIs of the source.
type Counts struct {
	Observed  int   `json:"observed"`
	Added     int   `json:"added"`
	Updated   int   `json:"updated"`
	Moved     int   `json:"moved,omitempty"`
	Merged    int   `json:"merged,omitempty"` // became one with an API of another link
	Deleted   int   `json:"deleted"`
	Left      int   `json:"left,omitempty"`    // the scope of the link
	Outside   int   `json:"outside,omitempty"` // of the scope; not among those observed
	Held      int   `json:"held,omitempty"`
	Kept      int   `json:"kept,omitempty"` // that the source has no more
	Limited   int   `json:"limited,omitempty"`
	Unchanged int   `json:"unchanged"`
	Documents int   `json:"documents"`          // fetched
	Bytes     int64 `json:"bytes"`              // of documents
	Breaking  int   `json:"breaking,omitempty"` // documents that break who uses the API
	Failed    int   `json:"failed"`
}

// RunError is what a run has to say of one API: mostly what went wrong, and that
// without ending the run.
type RunError struct {
	External string `json:"external"`
	Message  string `json:"message"`
}

// RunBreak is what a new document of one API means for those who use it.
type RunBreak struct {
	External string `json:"external"`
	Compatibility
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
