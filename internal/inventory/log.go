package inventory

import "time"

// LogStatus is how far the log of a link's source has been followed.
type LogStatus struct {
	Since    time.Time `json:"since"`             // what happened before is done with, by the clock of the machine
	ReadAt   time.Time `json:"readAt,omitzero"`   // start of the last reading that came to its end
	TriedAt  time.Time `json:"triedAt"`           // start of the last one
	NextDue  time.Time `json:"nextDue"`           // of the next
	Failures int       `json:"failures,omitzero"` // readings that failed, since one did not
	Message  string    `json:"message,omitempty"` // why the last one failed
}

// LogEntry is one change that the log of a source tells of.
type LogEntry struct {
	ID  string // the log's own
	At  time.Time
	API string // by external identity; empty: everything
}
