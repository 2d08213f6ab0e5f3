package inventory

import "time"

// Tombstone is what remains of a resource that a source brought: the people's
// layer and what people had made below it, to be given back if the thing comes
// again; and what it was to readers, to be restored as people's own.
type Tombstone struct {
	ID         int64  // rises with time
	Source     string // the instance, folded
	Kind       Kind
	External   string
	Path       string
	Own        Doc
	Seen       Doc // what readers saw of it, as it was; nil if that was not kept
	Below      []Buried
	Why        Why
	At         time.Time
	MovedTo    string // of something merged: where it went
	Link       string // path of the link that brought it; empty if that is not known
	ApprovedBy string // who approved its deletion, if somebody was asked
}

// Buried is a thing that people made below something that a source brought.
type Buried struct {
	Path string `json:"path"`
	Own  Doc    `json:"own"`
}

// Restoration says what came of giving back what a tombstone keeps.
type Restoration struct {
	Resource Resource
	Things   int  // that were made again, with all that went with it; 0: a link has the thing, and it got people's words back
	Left     bool // people have said otherwise since, and the tombstone keeps the rest
}

// Inheritance says what became of the tombstones of another instance, and of
// people's words on what is one there.
type Inheritance struct {
	Filed    int // tombstones, under the instance of the link, until what they are of comes
	Returned int // of those, given back at once, to what is there already
	Left     int // of those, the ones that still keep something which people have said otherwise since
	Words    int // on which APIs are one with which, or stay alone; what is there already is so at once
}
