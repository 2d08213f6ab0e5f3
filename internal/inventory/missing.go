package inventory

import "time"

// Sighting is an API that a source has.
type Sighting struct {
	External string `json:"external"`
	Title    string `json:"title"`
	Outside  string `json:"outside,omitempty"` // why the link does not cover it
}

// Missing says why something is not in a workspace.
type Missing struct {
	Name    string        `json:"name"`
	Verdict Absence       `json:"verdict"`
	Message string        `json:"message"` // why, and what to do
	Found   []string      `json:"found"`   // things in the inventory that are what was meant
	Links   []MissingLink `json:"links"`   // what was learnt of each link
	Left    *Departure    `json:"left,omitempty"`
}

// Absence is the plain reason why something is not there.
type Absence string

// The reasons, the one that explains the most first.
const (
	HeldBack    Absence = "held"        // it is here, its source has it no more, and its deletion waits
	Present     Absence = "present"     // it is here, perhaps under another name
	Elsewhere   Absence = "elsewhere"   // it is in another workspace or service
	Withheld    Absence = "failed"      // its link tries to bring it, and fails
	Full        Absence = "limited"     // a limit keeps it out
	OutOfScope  Absence = "outOfScope"  // the source has it, and the link does not cover it
	Pending     Absence = "pending"     // the source has it, and the next pass brings it
	MergedAway  Absence = "merged"      // it is part of another
	Removed     Absence = "deleted"     // it was here
	Unreachable Absence = "unreachable" // no source was seen to have it, and not all could be asked
	Nowhere     Absence = "notAtSource" // all sources were asked, and none has it
	NoLinks     Absence = "noLinks"     // there is nothing to bring it
)

// MissingLink is what was learnt of one link.
type MissingLink struct {
	Link    string     `json:"link"` // path
	Verdict Absence    `json:"verdict"`
	Message string     `json:"message"`
	Seen    []Sighting `json:"seen,omitempty"` // at the source, at the time of the question
	Synced  time.Time  `json:"syncedAt,omitzero"`
}

// Departure is how something left the inventory.
type Departure struct {
	Path string    `json:"path"`
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Run  int64     `json:"run,omitempty"`
	Why  Why       `json:"why,omitempty"` // of what a source brought
	// Tombstone keeps what people had said of it; 0: nothing does, or does any more.
	Tombstone int64     `json:"tombstone,omitempty"`
	Until     time.Time `json:"until,omitzero"` // it is kept; zero: for ever
}
