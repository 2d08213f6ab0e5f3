package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Tombstone is what is kept of a thing that a source took away.
type Tombstone struct {
	ID         int64                      `json:"id"` // rises with time
	ResourceID string                     `json:"resourceId"`
	Kind       string                     `json:"kind"`     // api, version, definition, deployment or environment
	Instance   string                     `json:"instance"` // ARM id of the source
	External   string                     `json:"external"` // its identity there
	Why        string                     `json:"why"`
	At         time.Time                  `json:"at"`
	Link       string                     `json:"link,omitempty"`       // that brought it, by name
	ApprovedBy string                     `json:"approvedBy,omitempty"` // who approved its deletion
	MovedTo    string                     `json:"movedTo,omitempty"`    // of what was merged: into what
	Title      string                     `json:"title,omitempty"`      // that it had
	Own        map[string]json.RawMessage `json:"own"`                  // people's words, by JSON pointer
	Below      []Buried                   `json:"below"`                // what people had made below it
}

// Buried is a thing that people made below one that a source brought.
type Buried struct {
	ResourceID string                     `json:"resourceId"`
	Own        map[string]json.RawMessage `json:"own"`
}

// maxTombstones is how many a page has at most.
const maxTombstones = 200

// Tombstones are what is kept of things of the service, the newest first; at most
// top, or all if that is 0.
func (s ServiceRef) Tombstones(ctx context.Context, top int) iter.Seq2[Tombstone, error] {
	query := url.Values{}
	if top > 0 {
		query.Set("$top", strconv.Itoa(min(top, maxTombstones)))
	}
	return first(top, Items[Tombstone](ctx, s.c, Request{Path: s.path + "/tombstones", APIVersion: preview, Query: query}))
}

// Tombstone is the one with an id. Without it, an [*Error] of status 404.
func (s ServiceRef) Tombstone(ctx context.Context, id int64) (Tombstone, error) {
	query := url.Values{"$top": {"1"}, "before": {strconv.FormatInt(id+1, 10)}}
	for t, err := range Items[Tombstone](ctx, s.c, Request{Path: s.path + "/tombstones", APIVersion: preview, Query: query}) {
		if err != nil || t.ID == id {
			return t, err
		}
		break // an older one
	}
	return Tombstone{}, &Error{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: fmt.Sprintf("there is no tombstone %d", id)}
}

// Restoration is what came of giving back what a tombstone keeps.
type Restoration struct {
	ResourceID string `json:"resourceId"`
	Restored   int    `json:"restored"` // things that were made again; 0: a link has it, and it got people's words back
	Left       bool   `json:"left"`     // people have said otherwise since, and the tombstone keeps the rest
}

// RestoreTombstone makes a thing again as the center's own, with all that went
// with it; or gives people's words back to it, if a link has it again.
func (s ServiceRef) RestoreTombstone(ctx context.Context, id int64) (r Restoration, err error) {
	return r, s.post(ctx, "restoreTombstone", tombstoneID{id}, &r)
}

// ForgetTombstone ends what is kept of a thing and of what went with it, and says
// of how many things.
func (s ServiceRef) ForgetTombstone(ctx context.Context, id int64) (int, error) {
	var answer struct {
		Forgotten int `json:"forgotten"`
	}
	err := s.post(ctx, "forgetTombstone", tombstoneID{id}, &answer)
	return answer.Forgotten, err
}

type tombstoneID struct {
	ID int64 `json:"id"`
}

// Inheritance is what became of what was kept of another instance.
type Inheritance struct {
	Filed    int `json:"filed"`    // tombstones that are the link's from here on
	Returned int `json:"returned"` // of those, given back to what is there already
	Left     int `json:"left"`     // of those, that keep what people have said otherwise since
	Words    int `json:"words"`    // on what is merged, or stays apart
}

// Inherit gives the link what is kept of its instance under the ARM id that this
// had before.
func (a APISourceRef) Inherit(ctx context.Context, from string) (i Inheritance, err error) {
	return i, a.post(ctx, "inherit", struct {
		From string `json:"from"`
	}{from}, &i)
}
