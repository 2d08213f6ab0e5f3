package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// seekPatience is how long a search for what is missing may take: sources are read.
const seekPatience = 2 * time.Minute

// Explanation says where the fields of a resource come from.
type Explanation struct {
	ID     string        `json:"id"`
	Fields []FieldOrigin `json:"fields"`
}

// FieldOrigin says why a field is as it is.
type FieldOrigin struct {
	Field    string          `json:"field"` // a JSON pointer
	Value    json.RawMessage `json:"value"` // null: there is none
	Layer    string          `json:"layer"` // people, source, derived or default
	Source   *Statement      `json:"source,omitempty"`
	From     string          `json:"from,omitempty"` // of a derived one: the resource that it is of
	Since    *Setting        `json:"since,omitempty"`
	Hidden   []Beneath       `json:"hidden,omitempty"` // values below, the nearest first
	Editable bool            `json:"editable"`         // at the center
	Advice   string          `json:"advice,omitempty"` // how to change it, where it is not
}

// Statement is a source's word on a field.
type Statement struct {
	Link     string    `json:"link"`
	External string    `json:"external"`
	ID       string    `json:"id"` // of the thing at the source
	ReadAt   time.Time `json:"readAt"`
	Run      int64     `json:"run,omitempty"`
}

// Setting is when a field came to be as it is, and by whom.
type Setting struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Run   int64     `json:"run,omitempty"`
	Event int64     `json:"event"`
}

// Beneath is a value that a higher layer hides.
type Beneath struct {
	Value json.RawMessage `json:"value"`
	Layer string          `json:"layer"`
	Link  string          `json:"link,omitempty"`
}

// Explain says where the fields of a resource come from, or one of them, by its
// JSON pointer. id is that of an API, a version, a definition, a deployment or an
// environment.
func (c *Client) Explain(ctx context.Context, id, field string) (e Explanation, err error) {
	query := url.Values{}
	if field != "" {
		query.Set("field", field)
	}
	return e, c.run(ctx, Request{Path: id + "/explain", APIVersion: preview, Query: query}, &e)
}

// Missing says why an API is not in a workspace.
type Missing struct {
	Name    string        `json:"name"`
	Verdict string        `json:"verdict"`
	Message string        `json:"message"` // why, and what to do
	Found   []string      `json:"found"`   // ids of what may be meant
	Links   []MissingLink `json:"links"`
	Left    *Departure    `json:"left,omitempty"`
}

// MissingLink is what was learnt of one link.
type MissingLink struct {
	Link     string     `json:"link"`
	Verdict  string     `json:"verdict"`
	Message  string     `json:"message"`
	Seen     []Sighting `json:"seen,omitempty"` // at the source
	SyncedAt time.Time  `json:"syncedAt,omitzero"`
}

// Sighting is an API that a source has.
type Sighting struct {
	External string `json:"external"`
	Title    string `json:"title"`
	Outside  string `json:"outside,omitempty"` // why the link does not cover it
}

// Departure is how an API left the inventory.
type Departure struct {
	Path      string    `json:"path"`
	At        time.Time `json:"at"`
	By        string    `json:"by"`
	Run       int64     `json:"run,omitempty"`
	Why       string    `json:"why,omitempty"`
	Tombstone int64     `json:"tombstone,omitempty"` // that keeps what people had said of it
	Until     time.Time `json:"until,omitzero"`
}

// ExplainMissing says why an API is not in the workspace. name is its name, title,
// path or id at the source; the source of link alone is asked, unless that is empty.
func (w WorkspaceRef) ExplainMissing(ctx context.Context, name, link string) (m Missing, err error) {
	return m, w.c.run(ctx, Request{
		Method: "POST", Path: w.path + "/explainMissing", APIVersion: preview, Patience: seekPatience,
		Body: struct {
			Link string `json:"link,omitempty"`
			Name string `json:"name"`
		}{link, name},
	}, &m)
}

// Diagnose looks at the link from all sides: what Check tries, then what its state
// and its runs tell.
func (a APISourceRef) Diagnose(ctx context.Context) (c Check, err error) {
	return c, a.c.run(ctx, a.action("diagnose", struct{}{}), &c)
}
