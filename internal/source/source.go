// Package source is the port between the house and whatever APIs are read
// from. A connector knows one kind of source; it yields what the source has as
// trees of objects and proves absence. It writes nothing, and knows neither
// the inventory's state nor its storage.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"apicenter/internal/inventory"
)

// Connector reads one instance of a source. Its methods may be called at the
// same time. What they return is bounded in size and time.
type Connector interface {
	// Read yields the trees in scope: the environment first, if the scope is
	// whole, then one root per API, in any order, each with all that hangs on it. A run that ends without an
	// error was complete for its scope: only then may absence be read as a sign
	// of deletion. An error is the last pair. A scope that names something that
	// is not there yields no root for it, and no error.
	Read(ctx context.Context, scope Scope) iter.Seq2[Object, error]
	// Gone says whether the API of the source with this identity is proven not to exist: the source
	// answered so for the thing itself, and after that showed that it still
	// answers for the instance as a whole. Anything less is false or an error.
	Gone(ctx context.Context, external string) (bool, error)
	// Requests is how many requests this connector has sent that count against a budget of the source.
	Requests() int64
}

// Checker is a connector that can say beforehand what a pass may not do. Not
// every connector is one.
type Checker interface {
	// Check tries, in order and once each, what passes need: the token, whether
	// the source may be linked at all, and each sort of read. What follows from an
	// earlier failure is skipped. It gives what it found also when the context
	// ends, which is its only error.
	Check(ctx context.Context) ([]inventory.Finding, error)
}

// Estimator is a connector that knows the budget it draws on. Not every connector does.
type Estimator interface {
	// Expect is how long the budget makes so many requests take at least, if they
	// began now and nobody else drew on it. It sends nothing.
	Expect(requests int64) time.Duration
}

// Watcher is a connector whose source keeps a log of what was changed. Not every connector is one.
type Watcher interface {
	// Changes gives the changes since an instant of the source's clock that the log shows by now and that can
	// concern the link, in any order, some perhaps twice. A log is late: what it does not show yet it may show
	// later, though others that came after are there. An error is the last pair: ErrCrowded when there are more
	// than are read at once; one that is stalled when the link's identity may not read the log, or there is none.
	Changes(ctx context.Context, since time.Time) iter.Seq2[Change, error]
}

// Change is one entry of a source's log.
type Change struct {
	Entry string    // the log's identity of it, of 64 bytes at most
	At    time.Time // by the clock of the source
	Scope Scope     // where to look because of it
}

// ErrCrowded says that a log has more entries than are read at once.
var ErrCrowded = errors.New("the log has more entries than are read at once")

// Scope says what to read: everything that the link covers or, with API, one
// API of the source with the group that it belongs to.
type Scope struct {
	API string // external identity of a version: "apis/petstore"
}

// Whole says that the scope is all that the link covers.
func (s Scope) Whole() bool { return s.API == "" }

// Object is one thing as the source states it, with what hangs on it:
// an environment; or an API with its versions, each version with its
// definitions and its deployments.
type Object struct {
	Kind     inventory.Kind
	External string // the source's own stable identity, folded, relative to the instance
	// Name is what the inventory's name for it is made of; used once, when it is
	// first seen. Any text.
	Name     string
	States   inventory.Doc // fields that the source determines
	Seeds    inventory.Doc // initial values; the people's from then on
	Document *Document     // of a definition; nil: none can be had this time, what is recorded stays
	Children []Object
	// Partial is of a root: only these children were looked at. The others are
	// as they were, and so are fields that States leaves out.
	Partial bool
	// Offers are of a Partial root: fields that the others decide, as these children
	// have them. They are stated if nothing is stated of the root yet.
	Offers inventory.Doc
	// Outside is of a version: why the link does not cover it. It is at the source
	// all the same, so it has not vanished. The rest of it is not looked at.
	Outside string
	Read    time.Time // of a root: start of the earliest request that contributed
}

// Document is the document of a definition, not fetched yet.
type Document struct {
	// Mark says what the listing knew of the document; while it stays equal, the
	// document is taken to be unchanged until its next audit.
	Mark string
	// Open fetches it. The reader ends with an error if the document is over the
	// connector's size limit.
	Open func(ctx context.Context) (Content, error)
}

// Content is a fetched document.
type Content struct {
	io.ReadCloser
	States inventory.Doc // what only the document told: its format and version
}

// Env is what a connector is given besides its configuration.
type Env struct {
	UserAgent string
	First     bool             // nothing of the link is recorded yet: the connector may spend more of the budget
	Prompt    bool             // somebody waits, or the source has rung: it may spend as much, too
	Proven    time.Time        // as of when the link is known to be in step: nothing older may be kept and told again
	Now       func() time.Time // by which it says when it asked; nil: time.Now
}

// Kind is one kind of source, as cmd registers it in a plain map.
type Kind struct {
	Name string // "AzureApiManagement"
	// Open gives a connector for one link. It sends nothing.
	Open func(ctx context.Context, link inventory.Link, env Env) (Connector, error)
	// Notice says where a link should look because of an event of its instance;
	// false when the event is none of its concern. nil: sources of the kind have no events.
	Notice func(link inventory.Link, e Event) (Scope, bool)
	// Events are the types of the events that Notice knows something to do about.
	Events []string
	// Find gives what there is to link in a place, read with an identity: in "" the
	// largest places, in those the next ones, down to what a link can name. It is
	// bounded in number and time. nil: people have to name it.
	Find func(ctx context.Context, identity, in string) ([]Place, error)
}

// Place is something that a link can name, or that has such things in it.
type Place struct {
	ID    string // by which it is asked for what is in it
	Title string
	Group string // that it belongs to, if its kind has any: a resource group
}

// Error is an error of a source, sorted by what to do about it.
type Error struct {
	Stalled bool              // wait for a person, a role or a changed link; otherwise: try again
	After   time.Duration     // when the source named a time to wait
	Message string            // what, where, what to do; no secrets
	Remedy  *inventory.Remedy // the role that is missing, if that is it
	Err     error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Advice()
	}
	return fmt.Sprintf("%s: %v", e.Advice(), e.Err)
}

// Advice is the message with the remedy, without the cause.
func (e *Error) Advice() string { return e.Remedy.Advice(e.Message) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Stalled says that trying again is of no use until somebody has done something.
func Stalled(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Stalled
}

// RetryAfter is the time that the source asked to wait, or 0.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

// Event is what a source's event service tells, whatever the envelope that it
// came in. Its sender may be wrong about anything.
type Event struct {
	Type     string // "Microsoft.ApiManagement.APIUpdated"
	Subject  string // what it is about, relative to the instance
	Resource string // what it is about, in full; may be empty
}
