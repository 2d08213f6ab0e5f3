package armapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Feed is what changes, as it comes.
type Feed interface {
	// Next gives the letters of the events after a number and the number to go on
	// after; when there are none, it waits for some, as long as wait.
	Next(ctx context.Context, in inventory.ID, after int64, limit int, wait time.Duration) ([]feed.Letter, int64, error)
	// Ended is closed when there will be no more: who follows is to leave.
	Ended() <-chan struct{}
}

const (
	// maxWait is how long a request may wait for events.
	maxWait = time.Minute
	// heartbeat is how long a stream is silent at most: whether its client is
	// there, and may still read, shows then.
	heartbeat = 15 * time.Second
	// patience is how long a client may take to read what it is sent.
	patience = 10 * time.Second
)

// events answers what changes in a service: what there is after a cursor, or
// what comes, as a stream.
func (h *Handler) events(w http.ResponseWriter, r *request) error {
	if h.feed == nil {
		return inventory.Errorf(inventory.Unavailable, "", "this server has no feed")
	}
	if _, err := h.catalog.Get(r.Context(), r.id); err != nil {
		return err
	}
	limit, err := number(r, "limit", 1, defaultEvents)
	if err != nil {
		return err
	}
	limit = min(limit, maxEvents)
	after, err := cursorOf(r)
	if err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return h.stream(w, r, after, limit)
	}
	wait, err := waitOf(r)
	if err != nil {
		return err
	}
	letters, cursor, err := h.feed.Next(r.Context(), r.id, after, limit, wait)
	if err != nil {
		return err
	}
	if letters == nil {
		letters = []feed.Letter{}
	}
	return reply.Value(w, http.StatusOK, struct {
		Value  []feed.Letter `json:"value"`
		Cursor string        `json:"cursor"`
	}{letters, strconv.FormatInt(cursor, 10)})
}

// cursorOf reads after which event a client wants to go on: all that are kept,
// if it does not say.
func cursorOf(r *request) (int64, error) {
	switch text, _ := r.param("after"); text {
	case "latest":
		return feed.Latest, nil
	case "":
		return feed.Oldest, nil
	default:
		return number64(r, "after", 0)
	}
}

// waitOf reads how long a client wants to wait.
func waitOf(r *request) (time.Duration, error) {
	text, ok := r.param("wait")
	if !ok || text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > maxWait {
		return 0, badParam("wait", "wait %q is no time up to %s, such as 30s", text, maxWait)
	}
	return wait, nil
}

// stream sends events as they come, until the client goes, is too slow, may not
// read any more, or the server stops. All but the first of these it tells by
// ending: the client comes again with the id of the last event that it has.
func (h *Handler) stream(w http.ResponseWriter, r *request, after int64, limit int) error {
	last := r.Header.Get("Last-Event-ID")
	ofLetter := strings.Contains(last, "-") // or of a sign of life
	sequence, count, err := feed.ParseLetterID(last)
	if last != "" {
		if err != nil || sequence < 1 || count < 0 {
			return badParam("Last-Event-ID", "Last-Event-ID %q is none of ours; send it as it came", last)
		}
		after = sequence
	}
	if ofLetter {
		kept, err := h.catalog.Kept(r.Context(), r.id)
		if err == nil {
			err = kept.Holds(sequence)
		}
		if err != nil {
			return err
		}
		after = sequence - 1 // the client may lack letters of that event
	}
	s := stream{reply.NewStream(w, patience)}
	letters, cursor, err := h.feed.Next(r.Context(), r.id, after, limit, 0)
	if err != nil {
		return err
	}
	if ofLetter {
		letters = feed.Rest(letters, sequence, count)
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	for {
		if s.send(letters, cursor) != nil {
			return nil // it has gone, or is too slow: it may come again
		}
		select {
		case <-h.feed.Ended():
			return nil
		default:
		}
		if letters, cursor, err = h.feed.Next(r.Context(), r.id, cursor, limit, heartbeat); err == nil {
			err = h.access.Authorize(r.Context(), namespace+"/services/events/read", r.scope)
		}
		if err != nil {
			return s.end(err)
		}
	}
}

// stream is an answer of Server-Sent Events.
type stream struct{ reply.Stream }

// send writes letters, or a sign of life when there are none. Its id is where to go
// on: the last letter of a quiet service may be of an event that is long forgotten.
func (s stream) send(letters []feed.Letter, cursor int64) error {
	var b bytes.Buffer
	for _, l := range letters {
		text, err := json.Marshal(l)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "id: %s\nevent: %s\ndata: %s\n\n", l.ID, l.Type, text)
	}
	if len(letters) == 0 {
		fmt.Fprintf(&b, "id: %d\n: nothing\n\n", cursor)
	}
	return s.Send(b.Bytes())
}

// end tells why a stream ends that was answered with 200 already.
func (s stream) end(err error) error {
	if refusal := reply.Refusal(err); refusal != nil {
		_ = s.Send(append(append([]byte("event: error\ndata: "), refusal.Body()...), "\n\n"...)) // who has gone need not hear it
	}
	return nil
}
