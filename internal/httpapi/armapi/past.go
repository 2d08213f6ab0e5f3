package armapi

import (
	"net/http"
	"strings"
	"time"
)

// was answers with a resource as it was at an instant. It has no tag: nothing
// can be done to it.
func (h *Handler) was(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.GetAt(r.Context(), r.id, r.at)
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

// instantOf reads as of which instant a request asks; zero: of now. It refuses
// those for which there is no past: nothing can be written to it, and only
// resources, lists and documents are kept.
func instantOf(r *request) (time.Time, error) {
	text, ok := r.param("at")
	if !ok {
		return time.Time{}, nil
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	kept := reads && (r.shape == one || r.shape == list) && r.kind != kindDeleted
	if !kept && !(r.shape == action && r.word == exportWord) {
		return time.Time{}, badParam("at", "at is for reading resources, lists and documents as they were; leave it out")
	}
	at, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	if err != nil || at.IsZero() {
		return time.Time{}, badParam("at", "at %q is no instant; give one such as 2026-01-31T12:00:00Z", text)
	}
	return at, nil
}
