package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// planPatience is how long a plan may take: the center reads the whole source.
const planPatience = 10 * time.Minute

func (a APISourceRef) action(name string, body any) Request {
	return Request{
		Method: http.MethodPost, Path: a.path + "/" + name, APIVersion: preview, Body: body, Patience: planPatience,
	}
}

// Sync asks for a synchronisation now: of all of the link, or of one API, by
// its name at the source or here. The run that answers starts at the time that
// is given, or later.
func (a APISourceRef) Sync(ctx context.Context, api string) (requestedAt time.Time, err error) {
	var answer struct {
		RequestedAt time.Time `json:"requestedAt"`
	}
	err = a.c.run(ctx, a.action("sync", struct {
		API string `json:"api,omitempty"`
	}{api}), &answer)
	return answer.RequestedAt, err
}

// Run is one synchronisation of a link.
type Run struct {
	ID              int64          `json:"id"`
	Trigger         string         `json:"trigger"` // schedule, request, event, log, demand, apply, link or unlink
	Scope           string         `json:"scope"`   // empty: all
	Phase           string         `json:"phase"`
	StartedAt       time.Time      `json:"startedAt"`
	EndedAt         time.Time      `json:"endedAt,omitzero"` // zero while it goes on
	DurationSeconds float64        `json:"durationSeconds"`
	Outcome         string         `json:"outcome"` // empty while it goes on, then ok, partial, held, refused, failed or interrupted
	Message         string         `json:"message,omitempty"`
	Counts          map[string]int `json:"counts"`   // of APIs at the source, by what became of them
	Requests        int64          `json:"requests"` // to the source
	Errors          []RunError     `json:"errors"`
	Breaks          []Break        `json:"breaks"` // new definitions that break, or that could not be compared
}

// RunError is one object of the source that a run failed at.
type RunError struct {
	External string `json:"external"`
	Message  string `json:"message"`
}

// Break is what a new definition of one API means for those who use it.
type Break struct {
	External string   `json:"external"`
	Verdict  string   `json:"verdict"`           // breaking or unknown
	Message  string   `json:"message,omitempty"` // why it is not known
	Reasons  []Reason `json:"reasons,omitempty"`
	More     int      `json:"more,omitempty"` // reasons that are left out
}

// Reason is one thing that differs between two definitions.
type Reason struct {
	ID        string `json:"id"`
	Text      string `json:"text"`
	Operation string `json:"operation,omitempty"`
	Path      string `json:"path,omitempty"`
	Breaking  bool   `json:"breaking,omitempty"`
}

// Runs are the latest runs of the link, the newest first.
func (a APISourceRef) Runs(ctx context.Context, o ListOptions) iter.Seq2[Run, error] {
	return first(o.Top, Items[Run](ctx, a.c, Request{Path: a.path + "/runs", APIVersion: preview, Query: o.query()}))
}

// Plan is what a synchronisation would change and cost. Its counts are those of a run.
type Plan struct {
	Digest          string    `json:"digest"` // of all of it
	PlannedAt       time.Time `json:"plannedAt"`
	Observed        int       `json:"observed"`
	Adds            int       `json:"adds"`
	Updates         int       `json:"updates"`
	Moves           int       `json:"moves"`
	Merges          int       `json:"merges"` // APIs of the link that become one with another of it
	Joins           int       `json:"joins"`  // APIs that become one with that of another link
	Deletes         int       `json:"deletes"`
	Leaves          int       `json:"leaves"` // that the scope leaves out, and are at the source
	Kept            int       `json:"kept"`   // gone at the source, to be marked so
	Held            int       `json:"held"`
	Limited         int       `json:"limited"`
	Requests        int       `json:"requests"` // that it would send to the source: all of Cost
	Cost            Cost      `json:"cost"`
	ExpectedSeconds int       `json:"expectedSeconds"` // an estimate
	Changes         []Change  `json:"changes"`
	Omitted         int       `json:"omitted,omitempty"` // changes that are not listed
}

// Cost is the requests of a plan.
type Cost struct {
	Read      int `json:"read"`
	Documents int `json:"documents"`
	Proofs    int `json:"proofs"` // that what vanished is gone
}

// Change is one API of the source that a plan would do something to.
type Change struct {
	Action     string        `json:"action"`   // add, change, delete, leave, keep, hold, skip or clear
	External   string        `json:"external"` // empty: the environment
	Title      string        `json:"title"`
	Resource   string        `json:"resource,omitempty"` // its name here, if it has one
	Fields     []FieldChange `json:"fields,omitempty"`
	MoreFields int           `json:"moreFields,omitempty"` // that are not listed
	Documents  []string      `json:"documents,omitempty"`  // to be fetched
	Moves      []Moved       `json:"moves,omitempty"`      // versions that come from other APIs
	Merges     []string      `json:"merges,omitempty"`     // APIs of the link that become one with it, by name
	Joins      string        `json:"joins,omitempty"`      // the API of another link that it becomes one with, by name
	Drops      []Dropped     `json:"drops,omitempty"`      // what no longer hangs on it
	Why        string        `json:"why,omitempty"`
}

// Moved is a version that comes to another API.
type Moved struct {
	External string `json:"external"`
	From     string `json:"from"` // the name of the API that it is in
}

// Dropped is a part of an API that goes.
type Dropped struct {
	Kind     string `json:"kind"`
	External string `json:"external"`
}

// FieldChange is a field that would be another.
type FieldChange struct {
	Kind     string          `json:"kind"`               // api, version, definition, deployment or environment
	External string          `json:"external,omitempty"` // the API of the source that a part is of
	Field    string          `json:"field"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
}

// Plan reads the source and says what would change, and changes nothing. With
// properties, it is the plan of the link that they would make.
func (a APISourceRef) Plan(ctx context.Context, properties *APISource) (Plan, error) {
	var p Plan
	err := a.c.run(ctx, a.action("plan", struct {
		Properties *APISource `json:"properties,omitempty"`
	}{properties}), &p)
	return p, err
}

// Apply has the link synchronised exactly as a plan with this digest has shown,
// or not at all. With properties, it is made of them, or changed to them. The run
// that answers starts at the time that is given, or later.
func (a APISourceRef) Apply(ctx context.Context, digest string, properties *APISource) (requestedAt time.Time, err error) {
	var answer struct {
		RequestedAt time.Time `json:"requestedAt"`
	}
	err = a.c.run(ctx, a.action("apply", struct {
		Digest     string     `json:"digest"`
		Properties *APISource `json:"properties,omitempty"`
	}{digest, properties}), &answer)
	return answer.RequestedAt, err
}

// Deletion is one that a link holds back, or that waits to be done as somebody said.
type Deletion struct {
	External  string    `json:"external"`
	ID        string    `json:"id,omitempty"`      // of the version that would go
	Title     string    `json:"title,omitempty"`   // of its API
	Version   string    `json:"version,omitempty"` // its own title
	Why       string    `json:"why"`
	Since     time.Time `json:"since"`
	Verdict   string    `json:"verdict,omitempty"` // approved, rejected; empty: it waits for somebody's word
	DecidedBy string    `json:"decidedBy,omitempty"`
	DecidedAt time.Time `json:"decidedAt,omitzero"`
}

// Deletions are those that wait.
func (a APISourceRef) Deletions(ctx context.Context) iter.Seq2[Deletion, error] {
	return Items[Deletion](ctx, a.c, Request{Path: a.path + "/deletions", APIVersion: preview})
}

// Approve lets deletions happen that are held back: those named by their
// external identity, or all. It gives all that are approved.
func (a APISourceRef) Approve(ctx context.Context, externals ...string) ([]string, error) {
	var answer struct {
		Approved []string `json:"approved"`
	}
	err := a.c.run(ctx, a.action("approve", struct {
		Externals []string `json:"externals,omitempty"`
	}{externals}), &answer)
	return answer.Approved, err
}

// Reject keeps what would be deleted, marked as gone at its source: what is named
// by its external identity, or all. It gives all that is rejected.
func (a APISourceRef) Reject(ctx context.Context, externals ...string) ([]string, error) {
	var answer struct {
		Rejected []string `json:"rejected"`
	}
	err := a.c.run(ctx, a.action("reject", struct {
		Externals []string `json:"externals,omitempty"`
	}{externals}), &answer)
	return answer.Rejected, err
}

// Pause is the rest of a link: who told it to, and since when.
type Pause struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Pause has the link read nothing until Resume.
func (a APISourceRef) Pause(ctx context.Context) (Pause, error) {
	var p Pause
	err := a.c.run(ctx, a.action("pause", nil), &p)
	return p, err
}

// Resume ends the rest of the link, which synchronises at once. The run that
// answers starts at the time that is given, or later.
func (a APISourceRef) Resume(ctx context.Context) (requestedAt time.Time, err error) {
	var answer struct {
		RequestedAt time.Time `json:"requestedAt"`
	}
	err = a.c.run(ctx, a.action("resume", nil), &answer)
	return answer.RequestedAt, err
}

// Delete deletes the link with what it brought; it is gone when that is. What is
// not there is deleted already.
func (a APISourceRef) Delete(ctx context.Context) error {
	_, err := a.c.Do(ctx, Request{Method: http.MethodDelete, Path: a.path, APIVersion: preview})
	return err
}

// HandOver deletes the link and leaves what it brought as entries of the center's
// own. The link is gone when that is done; Delete takes all along instead.
func (a APISourceRef) HandOver(ctx context.Context) error {
	_, err := a.c.Do(ctx, Request{Method: http.MethodDelete, Path: a.path, APIVersion: preview, Query: url.Values{"keep": {"true"}}})
	return err
}

// Check is what a link needs, and whether it is so.
type Check struct {
	OK       bool      `json:"ok"` // a link could work as things are
	Findings []Finding `json:"findings"`
}

// Finding is one thing that was tried.
type Finding struct {
	Check   string  `json:"check"`   // token, directory, instance, apis and so on
	Outcome string  `json:"outcome"` // ok, refused, failed or skipped
	Message string  `json:"message"`
	Remedy  *Remedy `json:"remedy,omitempty"`
}

// Remedy is the role that is missing, and the command that grants it.
type Remedy struct {
	Role        string `json:"role"`
	RoleID      string `json:"roleId"`
	PrincipalID string `json:"principalId,omitempty"`
	Scope       string `json:"scope"`
	Command     string `json:"command"`
}

// Check tries what a synchronisation needs: of the link as it is, or as it is
// proposed to be, which need not be there.
func (a APISourceRef) Check(ctx context.Context, proposed *APISource) (Check, error) {
	var c Check
	err := a.c.run(ctx, a.action("check", struct {
		Properties *APISource `json:"properties,omitempty"`
	}{proposed}), &c)
	return c, err
}

// ImportFromAPIM copies APIs of API Management once, without a link: by the ARM
// ids of the APIs, or of all of an instance as …/apis/*. It returns when the
// center is done.
func (s ServiceRef) ImportFromAPIM(ctx context.Context, sourceResourceIDs ...string) error {
	return s.c.run(ctx, Request{
		Method: http.MethodPost, Path: s.path + "/importFromApim", APIVersion: stable,
		Body: struct {
			SourceResourceIDs []string `json:"sourceResourceIds"`
		}{sourceResourceIDs},
	}, nil)
}
