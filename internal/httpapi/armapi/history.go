package armapi

import (
	"net/http"
	"strconv"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Numbers of events in an answer.
const (
	defaultEvents = 100
	maxEvents     = 1000
)

// event is one of a history on the wire.
type event struct {
	Sequence int64            `json:"sequence"`
	At       time.Time        `json:"at"`
	By       string           `json:"by"`
	Action   inventory.Action `json:"action"`
	ID       string           `json:"id"`
	Changes  []change         `json:"changes"`
}

// change is what an event did to one resource.
type change struct {
	ID     string             `json:"id"`
	Action inventory.Action   `json:"action"`
	Fields []feed.FieldChange `json:"fields"`
	Why    inventory.Why      `json:"why,omitempty"`
	To     string             `json:"to,omitempty"`
	// Compatibility is what a new document of a definition means for those who use the API.
	Compatibility *inventory.Compatibility `json:"compatibility,omitempty"`
}

// history answers what happened to a resource and to all in it, newest first. It
// need not be there any more.
func (h *Handler) history(w http.ResponseWriter, r *request) error {
	top, err := number(r, "$top", 1, defaultEvents)
	if err != nil {
		return err
	}
	before, err := number64(r, "$skiptoken", 0)
	if err != nil {
		return err
	}
	top = min(top, maxEvents)
	events, err := h.catalog.History(r.Context(), r.id, before, top)
	if err != nil {
		return err
	}
	out := struct {
		Value    []event `json:"value"`
		NextLink string  `json:"nextLink,omitempty"`
	}{Value: make([]event, len(events))}
	for i, e := range events {
		out.Value[i] = event{Sequence: e.Sequence, At: e.At, By: e.Actor, Action: e.Action, ID: feed.ARMID(e.Path), Changes: make([]change, len(e.Changes))}
		for j, c := range e.Changes {
			out.Value[i].Changes[j] = change{ID: feed.ARMID(c.Path), Action: c.Action, Fields: feed.Visible(c.Fields), Why: c.Why, Compatibility: c.Compatibility}
			if c.To != "" {
				out.Value[i].Changes[j].To = feed.ARMID(c.To)
			}
		}
	}
	if len(events) == top {
		token := strconv.FormatInt(events[top-1].Sequence, 10)
		out.NextLink = reply.Base(h.publicURL, r.Request) + r.URL.EscapedPath() + "?" + arm.WithParam(r.URL.RawQuery, "$skiptoken", token)
	}
	return reply.Value(w, http.StatusOK, out)
}

// number64 reads a number of an event.
func number64(r *request, name string, otherwise int64) (int64, error) {
	text, ok := r.param(name)
	if !ok || text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, badParam(name, "%s %q is not the number of an event", name, text)
	}
	return n, nil
}
