package client

import (
	"context"
	"net/http"
	"time"
)

// Edition is the document of a definition at an instant.
type Edition struct {
	ID string    `json:"id,omitempty"` // of the definition; empty: the one that is asked
	At time.Time `json:"at,omitzero"`  // zero: as it is
}

// Difference is what lies between two documents.
type Difference struct {
	From Edition `json:"from"`
	To   Edition `json:"to"`
	Compatibility
	Diff *TextDiff `json:"diff,omitempty"` // nil: they have no textual form
}

// TextDiff is what differs between two texts, line by line.
type TextDiff struct {
	Added   int    `json:"added"` // lines, of all
	Removed int    `json:"removed"`
	Hunks   []Hunk `json:"hunks"`
	Cut     bool   `json:"cut,omitempty"` // hunks, or ends of lines, are left out
}

// Hunk is a place where two texts differ, with lines around it that do not.
type Hunk struct {
	Old   int    `json:"old"` // number of its first line in the old text, from 1
	New   int    `json:"new"` // and in the new one
	Lines []Line `json:"lines"`
}

// Line is a line of a hunk.
type Line struct {
	Op   string `json:"op"` // a space, - or +
	Text string `json:"text"`
}

// Diff says what lies between an older document and that of the definition, as it
// was at an instant, or as it is if that is zero.
func (d DefinitionRef) Diff(ctx context.Context, from Edition, to time.Time) (diff Difference, err error) {
	return diff, d.c.run(ctx, Request{
		Method: http.MethodPost, Path: d.path + "/diff", APIVersion: preview, Patience: documentPatience,
		Body: struct {
			From Edition `json:"from"`
			To   Edition `json:"to"`
		}{from, Edition{At: to}},
	}, &diff)
}
