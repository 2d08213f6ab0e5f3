package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Event is what one change to the inventory did.
type Event struct {
	Sequence int64         `json:"sequence"` // rises with time
	At       time.Time     `json:"at"`
	By       string        `json:"by"`
	Action   string        `json:"action"` // created, updated, deleted or moved
	ID       string        `json:"id"`     // of the API, or the other resource, that it is of
	Changes  []EventChange `json:"changes"`
}

// EventChange is what an event did to one resource.
type EventChange struct {
	ID     string       `json:"id"`
	Action string       `json:"action"`
	Fields []FieldEvent `json:"fields"`
	Why    string       `json:"why,omitempty"`
	To     string       `json:"to,omitempty"` // of what was moved: where it went
	// Compatibility is of a new document of a definition.
	Compatibility *Compatibility `json:"compatibility,omitempty"`
}

// Compatibility is what a new document means for those who use the API.
type Compatibility struct {
	Verdict string   `json:"verdict"` // breaking, nonBreaking, unchanged or unknown
	Message string   `json:"message,omitempty"`
	Reasons []Reason `json:"reasons,omitempty"` // those that break first
	More    int      `json:"more,omitempty"`    // that are not listed
}

// FieldEvent is a field that was changed.
type FieldEvent struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// History is what happened to a resource, by its id, and to all in it, the newest
// first; at most top events, or all if that is 0. It need not be there any more.
func (c *Client) History(ctx context.Context, id string, top int) iter.Seq2[Event, error] {
	return first(top, Items[Event](ctx, c, Request{Path: id + "/history", APIVersion: preview, Query: ListOptions{Top: top}.query()}))
}

// Letter is a change as a CloudEvent.
type Letter struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`    // Microsoft.ApiCenter.ApiUpdated and so on
	Source   string          `json:"source"`  // id of the service
	Subject  string          `json:"subject"` // id of the resource
	Time     time.Time       `json:"time"`
	Sequence string          `json:"sequence"`
	Actor    string          `json:"actor"`
	Data     json.RawMessage `json:"data"`
}

// maxWait is how long the center lets a request wait for events.
const maxWait = time.Minute

// Events are what changed in the service after a cursor: "" stands for the first
// that is kept, "latest" for now. When there are none, it waits for some, a minute
// at most. To follow on, ask again with the cursor that it gives.
func (s ServiceRef) Events(ctx context.Context, after string, wait time.Duration) (letters []Letter, cursor string, err error) {
	var answer struct {
		Value  []Letter `json:"value"`
		Cursor string   `json:"cursor"`
	}
	wait = min(max(wait, 0), maxWait)
	query := url.Values{"wait": {strconv.FormatInt(wait.Milliseconds(), 10) + "ms"}}
	if after != "" {
		query.Set("after", after)
	}
	err = s.c.run(ctx, Request{Path: s.path + "/events", APIVersion: preview, Query: query, Patience: wait + patience}, &answer)
	return answer.Value, answer.Cursor, err
}
