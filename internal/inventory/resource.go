package inventory

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Resource is what readers see of one thing.
type Resource struct {
	ID       ID
	Path     string          // the ID in the case first seen
	Key      int64           // rises with creation
	Sort     string          // in a list that is ordered by more than creation: by what
	Doc      json.RawMessage // the properties, as Doc.JSON writes them
	Document Digest          // of a definition that has one
	Status   json.RawMessage // what the server saw of it (a link's state); {} when nothing
	Revision int64           // rises by 1 with each transaction that changes Doc or Document
	Version  int64           // rises on each change of Status too
	Linked   bool            // at least one source states something of it
	Created  Stamp
	Updated  Stamp
}

// Name is the last segment of the path, in the case first seen.
func (r Resource) Name() string { return lastSegment(r.Path) }

// Stamp says when something was done, and by whom.
type Stamp struct {
	At time.Time
	By string
}

// Record is a resource with the layers that it is made of, for those who write.
type Record struct {
	Resource
	Own     Doc      // the people's layer, seeds included
	Origins []Origin // none: a person made it. Several: one thing seen by several links; the first leads
}

// View is the doc that the layers make.
func (r Record) View() Doc { return Overlay(r.Own, r.Origins) }

// Stated gives the first origin that states f, whether its source has the thing or not.
func (r Record) Stated(f Field) (Origin, bool) {
	return r.first(f, func(Origin) bool { return true })
}

// Determined gives the first origin that determines f: it states it, and its
// source has the thing. What sources only stated last is people's to change.
func (r Record) Determined(f Field) (Origin, bool) {
	return r.first(f, func(o Origin) bool { return o.Gone.At.IsZero() })
}

func (r Record) first(f Field, is func(Origin) bool) (Origin, bool) {
	for _, o := range r.Origins {
		if _, ok := o.States[f]; ok && is(o) {
			return o, true
		}
	}
	return Origin{}, false
}

// Taken are the origins after people have taken fields over from those whose
// source has the thing no more.
func (r Record) Taken(fields ...Field) []Origin {
	out := slices.Clone(r.Origins)
	for i, o := range out {
		if o.Gone.At.IsZero() {
			continue
		}
		out[i].States = maps.Clone(o.States)
		for _, f := range fields {
			delete(out[i].States, f)
		}
	}
	return out
}

// Origin is what one link's source states of a resource.
type Origin struct {
	Link     ID
	External string // the source's own, stable identity of it, relative to the instance
	States   Doc    // the fields that the source determines, as last read
	// Mark is a hash of everything that the last applied observation said, of the
	// thing and all below it; an equal mark means that there is nothing to do.
	Mark string
	Read time.Time // start of the request that saw it; an older observation never replaces a newer one
	Gone Gone      // the source has it no more; what it stated last stays
	// Run is the run that last changed what is stated, not one that merely read
	// it again; the store sets it from the claim.
	Run int64
	// MergeKey is of an API: APIs of other links that have the same are one with it. Empty: none is.
	MergeKey string
	// The rest is of definitions.
	DocumentMark string    // what the source's listing said when the document was fetched
	Verified     time.Time // when the document was last proven equal
	Problem      string    // why the newest document could not be had; the last good one is kept
	Retry        time.Time // when to try again, with a Problem
}

// Digest identifies a document by its content: the SHA-256 of its bytes in hexadecimal.
type Digest string

// Claim is the right to write for a link. A newer epoch ends it.
type Claim struct {
	Link  ID
	Epoch int64
	Run   int64 // the run that writes; kept with what it writes
}

// Why says why something left the inventory; it is kept with the tombstone.
type Why string

// The reasons.
const (
	Vanished Why = "vanished" // proven gone at the source
	Unlinked Why = "unlinked" // its link was deleted
	Left     Why = "left"     // the source still has it, but no longer in the link's scope or form
	Merged   Why = "merged"   // it became one with another
)

// Action says what happened to a resource.
type Action string

// The actions.
const (
	Created Action = "created"
	Updated Action = "updated"
	Deleted Action = "deleted"
	Moved   Action = "moved"
	// These are told of a version, and change nothing of it.
	DeletionHeld     Action = "deletionHeld" // it waits for a person's word
	DeletionApproved Action = "deletionApproved"
	DeletionRejected Action = "deletionRejected"
	// These are told of a service alone, and are true of all below it.
	SoftDeleted Action = "softDeleted" // out of sight until it is restored or purged
	Restored    Action = "restored"
	Purged      Action = "purged"
)

// Event is one committed change: of an API and all below it, or of any other single resource.
type Event struct {
	Sequence int64
	At       time.Time
	Actor    string
	Run      int64  // of a link that acted: its run; 0: none
	Action   Action // of Path itself; Updated when only something below it changed
	Path     string
	Changes  []Change
}

// Change is what an event did to one resource.
type Change struct {
	Path   string        `json:"path"`
	Action Action        `json:"action"`
	Fields []FieldChange `json:"fields,omitempty"` // of an update; of a deletion, what there was
	Why    Why           `json:"why,omitempty"`    // of a deletion
	To     string        `json:"to,omitempty"`     // of a move: the new path
	// Compatibility is that of a definition's new document with the one before, where they were compared.
	Compatibility *Compatibility `json:"compatibility,omitempty"`
}

// FieldChange is one field before and after; null where it was or is absent.
type FieldChange struct {
	Field  Field           `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}
