package inventory

import "time"

// OnVanish says what becomes of a thing that its source has no more.
type OnVanish string

// The rules of a link for what vanishes.
const (
	OnVanishDelete OnVanish = "delete" // it goes, unless too much would go at once
	OnVanishKeep   OnVanish = "keep"   // it stays, marked as gone
	OnVanishHold   OnVanish = "hold"   // it goes when a person approves that
)

// Gone marks what stays though its source has it no more. The zero Gone says
// that the source has it.
type Gone struct {
	At  time.Time `json:"at"`
	Why Why       `json:"why"` // Vanished or Left
}

// Deletion is the removal of a version that waits for a person's word, or for
// the pass that does as the person said.
type Deletion struct {
	External string
	Why      string // it is held
	Since    time.Time
	Verdict  DeletionVerdict
	By       string // who gave the verdict
	At       time.Time
}

// DeletionVerdict is what a person said of a held deletion.
type DeletionVerdict string

// The verdicts. An approval that comes when the thing is at the source again has
// no effect; a rejection keeps the thing, marked as gone.
const (
	Undecided DeletionVerdict = ""
	Approved  DeletionVerdict = "approved"
	Rejected  DeletionVerdict = "rejected"
)
