package inventory

import (
	"context"
	"io"
	"iter"
	"time"
)

// Store keeps the inventory. There is one implementation, for several
// databases. All methods may be called from many goroutines.
type Store interface {
	// View runs f on one consistent state.
	View(ctx context.Context, f func(Reader) error) error
	// Generation changes whenever what a View would see may have changed, before
	// the write that changes it returns: what was read since it was last asked for
	// still holds while it stays. 0 says that it is not known, and nothing holds.
	Generation() uint64
	// Now is the time by which all that is recorded is stamped and compared. It
	// never goes back, over restarts neither, whatever becomes of the machine's
	// clock, and never runs slower than time does.
	Now() time.Time
	// Update runs f in a transaction for people: committed, and safe on disk,
	// when f returns nil. f may run again after a serialisation failure, so it
	// must touch nothing but its Tx and its own variables, and must not wait for
	// anything. by is who acts; events and stamps carry it.
	Update(ctx context.Context, by string, f func(Tx) error) error
	// Apply is Update for a source: it fails as Superseded unless the claim
	// holds. The last of it may be lost with the power, since the source can say it again.
	Apply(ctx context.Context, c Claim, f func(SourceTx) error) error
	Documents
}

// Documents keeps the bytes of definitions, by content. Neither method may be
// called inside View or Update.
type Documents interface {
	// PutDocument reads r to its end and stores what it read. Storing the same
	// bytes again is no error and writes nothing. A document that no resource
	// names is swept after an hour.
	PutDocument(ctx context.Context, r io.Reader) (Digest, int64, error)
	// Document opens a stored document: its bytes as they came, and how many. NotFound.
	Document(ctx context.Context, d Digest) (io.ReadCloser, int64, error)
}

// Reader reads one consistent state.
type Reader interface {
	// Get gives what readers see of id. NotFound; for a thing that was merged
	// into another, the message names it.
	Get(id ID) (Resource, error)
	// Record is Get with the layers. NotFound.
	Record(id ID) (Record, error)
	// List gives the resources of a query in its order. Invalid when order,
	// position or filter make no sense.
	List(q Query) iter.Seq2[Resource, error]
	// Facets counts the APIs of a query by their values of fields: those that a
	// Choice names. A choice of the query on one field leaves the counts of that
	// field as they would be without it, so that they say what else could be
	// chosen. Its Parent is a workspace; order, position and limit play no part. Invalid.
	Facets(q Query, fields ...Field) (Facets, error)
	// Whereabouts gives those of APIs of a workspace, by their Key.
	Whereabouts(workspace ID, keys []int64) (map[int64]Whereabouts, error)
	// Outlined gives the outlines of the definitions of APIs, by their Key, those of
	// the newest version first.
	Outlined(apis []int64) ([]Outlined, error)
	// Origins gives what is recorded of a link: of each thing of the kinds that
	// it states, without States. In no order.
	Origins(link ID, kinds ...Kind) iter.Seq2[Entry, error]
	// Origin gives what is recorded of one thing of a link, by its identity at
	// the source. NotFound.
	Origin(link ID, kind Kind, external string) (Entry, error)
	// Below gives the records of id and all below it, parents first.
	Below(id ID) ([]Record, error)
	// Groups gives the resource groups that were made in a subscription, or in
	// all of them if it is empty, in order of creation.
	Groups(subscription string) ([]Group, error)
	// Alike gives the APIs of a link's workspace that an API of the link, by the
	// identity of the instance and its own there, is to be one with, oldest first:
	// those of its merge key, unless a person said which they are, or that it is to
	// stay alone. APIs of which the link states something already are not among
	// them. The link need not be there.
	Alike(link ID, instance, external, mergeKey string) ([]Alike, error)
	// Edited gives the APIs and environments of a link that people have written to,
	// or to something in them, as far as events are kept.
	Edited(link ID) ([]ID, error)
	// Tally counts what a link states.
	Tally(link ID) (Tally, error)
	// Due lists definitions of a link to look at again: those verified before
	// the instant, oldest first, and those whose Retry has come at now. At most limit.
	Due(link ID, verifiedBefore, now time.Time, limit int) ([]Entry, error)
	// Events gives the events after a sequence number, in order, at most limit;
	// of a transaction, once it is committed.
	Events(after int64, limit int) iter.Seq2[Event, error]
	// Past gives the committed events of the API, or other resource, that path is
	// of, newest first: those before a sequence number, or all if it is 0; at most limit.
	Past(path string, before int64, limit int) iter.Seq2[Event, error]
	// Departures gives the committed events of APIs of a workspace that were
	// deleted, newest first, at most limit.
	Departures(workspace ID, limit int) iter.Seq2[Event, error]
	// EventsIn is Events for those of a thing and of all in it.
	EventsIn(in ID, after int64, limit int) iter.Seq2[Event, error]
	// History gives the events that tell of a thing or of anything in it, newest
	// first, at most limit: those before a sequence number, or all if that is 0.
	// It follows the thing back through its moves. Of an API and what is below
	// one, an event only has the changes that tell of it.
	History(of ID, before int64, limit int) ([]Event, error)
	// EventAt gives the number of the newest event up to an instant; 0: none is known.
	EventAt(at time.Time) (int64, error)
	// Kept says how far back events, and what there was, are known.
	Kept() (Kept, error)
	// GetAt is Get as of an instant. NotFound; Forgotten when the instant is
	// before what is kept. Of a link, Status is not kept.
	GetAt(id ID, at time.Time) (Resource, error)
	// Runs gives the newest runs of a link, newest first, at most limit.
	Runs(link ID, limit int) ([]Run, error)
	// OpenRuns gives the runs of a link that have not ended, newest first.
	OpenRuns(link ID) ([]Run, error)
	// Tombstones gives those of a service that are newest, at most limit: those
	// before an ID, if that is not 0.
	Tombstones(service ID, before int64, limit int) ([]Tombstone, error)
	// Entombed gives the newest tombstone of an API of a workspace, or of a version
	// of one, by the name that the API had or the last part of its identity at the
	// source. NotFound.
	Entombed(workspace ID, name string) (Tombstone, error)
	// Heard says when an event of a link's source last came; zero: none did.
	Heard(link ID) (time.Time, error)
	// Deletions gives those of a link that wait, for a person's word or to be done
	// as a person said, by external identity.
	Deletions(link ID) ([]Deletion, error)
	// Dropped counts the versions that a link has taken away since an instant
	// because its source had them no more, those that a person approved left out.
	Dropped(link ID, since time.Time) (int, error)
	// Hints gives the unread hints of a link that are due at now, in order.
	Hints(link ID, now time.Time) ([]Hint, error)
	// Waiting gives the links that are being deleted, and of those that are not
	// paused the ones that are due at now or have unread hints that are.
	Waiting(now time.Time) ([]ID, error)
	// DeletedServices gives the services that can be restored, in order of creation.
	DeletedServices() ([]DeletedService, error)
	// Operation gives a long operation by its name. NotFound.
	Operation(name string) (Operation, error)
}

// Tx is the people's door. It reads what it wrote.
type Tx interface {
	Reader
	// PutOwn sets the people's layer of the resource at path, which it creates
	// if need be; the case of a new name is kept. NoParent; Exists or Changed if
	// the condition does not hold.
	PutOwn(path string, own Doc, c Condition) (Resource, error)
	// Take has people's word count on fields that sources only stated last: those
	// that have the thing no more let go of them, until they have it again. NotFound.
	Take(id ID, fields ...Field) error
	// Compared notes what the new document of a definition, put in this
	// transaction, means for those who use the API: the event that tells of the
	// change tells that too. What readers do not see changed has no note. NotFound.
	Compared(id ID, c Compatibility) error
	// Delete removes id and all below it. NotFound, Changed, Exists; Conflict when
	// it would tear a link from what it states, in either direction. What people
	// said elsewhere to point to it stays as they said it.
	Delete(id ID, c Condition) error
	// Join makes an API that links brought one with another of the workspace: to
	// has all that it had, versions of one title become one, and a later Get of id
	// names to. The people's layer of id is kept until Part. The word holds: a
	// link that is made again finds the two together. NotFound, Invalid; Conflict
	// when a link brought both, or none brought one of them.
	Join(id, to ID) error
	// Part takes what a link states of an API out again, under the name and with
	// the people's layer that it had before it was joined, and gives it. The word
	// holds: no merge key joins it again. NotFound, Invalid; Conflict when no other
	// link states anything of it.
	Part(id, link ID) (Resource, error)
	// Lead has what a link states of an API and its versions go before what others
	// state. NotFound, Invalid.
	Lead(id, link ID) error
	// PutGroup makes a resource group, or sets the location and the tags of one;
	// the case of a new name is kept. It makes no event.
	PutGroup(g Group) (created bool, err error)
	// DeleteGroup forgets a resource group that was made. NotFound.
	DeleteGroup(subscription, name string) error
	// SoftDelete takes a service and all below it out of sight, links included,
	// until Restore gives it back as it was or Purge ends it: until then it is
	// not there for anybody, but its name is taken. NotFound.
	SoftDelete(service ID, purge time.Time) error
	// Restore gives a deleted service back. NotFound.
	Restore(service ID) (Resource, error)
	// Purge ends a deleted service for good, with what tombstones keep of it and
	// with all assignments and keys on it and below. NotFound.
	Purge(service ID) error
	// PutOperation writes a long operation, new or known by its name.
	PutOperation(o Operation) error
	// ForgetOperations removes those that ended before the instant.
	ForgetOperations(before time.Time) error
	// AbandonOperations ends as failed, for this reason, those that go on: those
	// who did them are no more.
	AbandonOperations(reason *Error) error
	// SetStatus replaces the status of a link, a JSON object. It makes no event
	// and leaves Revision alone. NotFound.
	SetStatus(link ID, status any) error
	// PutSecret sets what the deliveries of a webhook are signed with. With its
	// first it begins to tell of what happens from then on. NotFound.
	PutSecret(webhook ID, secret string) error
	// Rewind has a webhook deliver again what comes after an event, and ends
	// whatever it waits for. NotFound; Conflict when it has no secret.
	Rewind(webhook ID, after int64) error
	// Begin raises the epoch of a link: who held it before can no longer write. NotFound.
	Begin(link ID) (Claim, error)
	// PutDeletion writes a deletion that waits, new or known by its external
	// identity. A new one and a new verdict are told as events. NotFound.
	PutDeletion(link ID, d Deletion) error
	// EndDeletion forgets one that waits no more.
	EndDeletion(link ID, external string) error
	// Inherit files what is kept of another instance, or of a workspace in one,
	// under that which a link reads, for an instance that has got another identity:
	// tombstones, and words on what is one. What is there already gets its words
	// back, and is one or alone as they say, unless people have said otherwise
	// since: then the tombstone keeps the rest. NotFound.
	Inherit(link ID, from string) (Inheritance, error)
	// RestoreTombstone gives back what a tombstone keeps: to the thing itself if a
	// link has that again, as far as people have not said otherwise since; else it
	// makes the thing and what went with it again, as people's own. NotFound; Conflict
	// when its name is taken, what it was in is not there, it became one with another
	// that other links state, or is kept in part only.
	RestoreTombstone(service ID, number int64) (Restoration, error)
	// ForgetTombstone ends a tombstone, and those of what went with the thing, and
	// says how many. NotFound.
	ForgetTombstone(service ID, number int64) (int, error)
	// PutHint notes that a link should look at one API of its source, or at all.
	// It takes the place of an unread one that says the same, under a new number:
	// whoever took the old one up has not seen what this one is about. One of an
	// event, for a look at once, also notes when that came.
	PutHint(h Hint) error
	// Follow notes entries of the log of a link's source and gives those that were
	// not noted yet. Noted ones from before an instant are forgotten. NotFound.
	Follow(link ID, entries []LogEntry, before time.Time) ([]LogEntry, error)
	// SetDue sets when something is to be done for the link next. NotFound.
	SetDue(link ID, due time.Time) error
	// PutRun writes a run: a new one if its ID is 0. Gives the ID. NotFound.
	PutRun(r Run) (int64, error)
}

// SourceTx is the door of a source, under a claim. It reads what it wrote.
type SourceTx interface {
	Reader
	// PutOrigin sets what the claim's link states of id, which it creates if
	// need be, with the seeds as first own layer, or with the layer that a
	// tombstone kept. It touches that one origin only. An observation older than
	// the recorded one (by Read) changes nothing. NoParent.
	PutOrigin(id ID, o Origin, seeds Doc) error
	// Compared is that of Tx.
	Compared(id ID, c Compatibility) error
	// Former gives the name that a thing of the source had before it was
	// entombed, so that it comes back under it; "" when it never was there.
	Former(kind Kind, external string) (string, error)
	// DropOrigin ends what the claim's link states of id and of all below it.
	// What no other source states then goes, with all that people made below it,
	// the own layers entombed; but what some link let go of stays. Dropping twice is
	// no error.
	DropOrigin(id ID, why Why) error
	// Move gives the subtree of an API, or of what is below one, a new place; the
	// deployments that point into it follow. NotFound, Exists, NoParent, Invalid.
	Move(id, to ID) error
	// Merge is DropOrigin for a thing that became one with to: a later Get says so.
	Merge(id, to ID) error
	// Join is that of Tx for an API that the claim's link alone states; it is no
	// person's word, and Part of Tx undoes it. NotFound, Invalid, Conflict.
	Join(id, to ID) error
	// Align has each version of the link in an API be one with the version of other
	// links that has its title, and with no other. It says whether anything moved.
	Align(api ID) (bool, error)
	// PartVersion makes what the link states of a version, which others state too,
	// a version of its own in an API. NotFound.
	PartVersion(version, api ID) (ID, error)
	// Reconsider has the next pass of each other link write its APIs of a merge key
	// anew, those in the workspace of the API that has got the key.
	Reconsider(mergeKey string, api ID) error
	// LetGo ends what the link states of id, and of id alone: all that becomes the
	// people's, below what other sources state. The thing stays, also when those
	// drop it. NotFound.
	LetGo(id ID) error
	// MarkGone notes that the source has id no more, and says so to readers: of id
	// alone, which stays as the link last stated it. An observation that is newer
	// than at takes the mark away. NotFound.
	MarkGone(id ID, gone Gone) error
	// Remove deletes the claim's link itself, with its runs and hints: the end of
	// an unlink. Conflict while it states anything.
	Remove() error
	// SetStatus, SetDue and PutRun are those of Tx.
	SetStatus(link ID, status any) error
	SetDue(link ID, due time.Time) error
	PutRun(r Run) (int64, error)
	// PutDeletion and EndDeletion are those of Tx.
	PutDeletion(link ID, d Deletion) error
	EndDeletion(link ID, external string) error
	// TakeHints forgets hints of the claim's link that were answered, by sequence number.
	TakeHints(sequences []int64) error
}

// Condition is what must hold of the present state for a write to go on. The
// zero Condition always holds.
type Condition struct {
	Absent   bool  // it must not exist
	Revision int64 // it must exist with this Revision (a link: this Version); 0: any, also none
	Present  bool  // it must exist
}

// Query asks for the things of one kind that live in a parent.
type Query struct {
	Parent ID // directly in it, or deeper where things of the kind live deeper; zero: anywhere
	Kind   Kind
	Order  Order
	After  Position // only those that follow it in the order; zero: from the first on
	Until  int64    // only those created up to the one with this Key; 0: all
	Skip   int
	Limit  int    // 0: all
	Search string // words that must all begin a word in name, title, summary or description
	// AnyWord lets one word of Search be enough. Those of fewer than four letters
	// then only count where there are no others.
	AnyWord bool
	// Deep lets the words of Search also begin words of what definitions define:
	// each word is to be in the one or in the other. APIs that have all of them in
	// their own texts come first by rank. It is for APIs of a workspace.
	Deep    bool
	Filter  *Expr
	Choices []Choice // all of which hold; of APIs of a workspace, and of what there is
	// At asks for what there was at an instant; zero: for what there is. What
	// was then cannot be searched. Forgotten when it is before what is kept.
	At time.Time
}

// Expr is a condition on the readers' view. Texts compare without case.
type Expr struct {
	Op    string // and, or, not; any, null; eq, ne, gt, ge, lt, le, contains, startswith, endswith
	Args  []Expr // of and, or, not; of any: the condition that an element of the list is to meet
	Field Field  // "/name" is the name, "/updated" the last change, to be compared with an instant; none: the element that any looks at
	Value string // values compare by their text
}

// Alike is an API that another is to be one with.
type Alike struct {
	ID     ID
	Key    int64 // of its resource: the older one has the lower
	Shared bool  // several links state it
}

// Entry is the recorded state of one thing that a link states, as far as a pass needs it.
type Entry struct {
	ID           ID
	Key          int64 // of its resource: the older one has the lower
	External     string
	Mark         string
	DocumentMark string
	Document     Digest
	Read         time.Time
	Verified     time.Time
	Problem      string
	Retry        time.Time
	Gone         Gone
}

// Tally is what a link states, in figures. But for Kept, what is gone does not count.
type Tally struct {
	Versions    int
	Kept        int // versions that the source has no more
	Definitions int
	Missing     int       // definitions without a document
	Problems    int       // definitions whose newest document could not be had
	Verified    time.Time // when the document that was longest not verified was, of those that are there
}

// Hint says that a link should look again: at one API of its source, by
// external identity, or at everything.
type Hint struct {
	Sequence int64
	Link     ID
	API      string
	Trigger  string // request, event, log, demand
	At       time.Time
	Due      time.Time // not to be read before; zero: at once
}

// Rung says that it is of the source itself: an event, or an entry of its log.
func (h Hint) Rung() bool { return h.Trigger == "event" || h.Trigger == "log" }
