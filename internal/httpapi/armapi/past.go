package armapi

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// was answers with a resource as it was at an instant. It has no tag: nothing
// can be done to it.
func (h *Handler) was(w http.ResponseWriter, r *request, at time.Time) error {
	res, err := h.catalog.GetAt(r.Context(), r.id, at)
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

// instantOf reads as of which instant a request asks; zero: of now.
func instantOf(r *request) (time.Time, error) {
	text, ok := r.param("at")
	if !ok {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	if err != nil || at.IsZero() {
		return time.Time{}, badParam("at", "at %q is no instant; give one such as 2026-01-31T12:00:00Z", text)
	}
	if r.kind == inventory.KindLink || r.kind == inventory.KindWebhook {
		return time.Time{}, badParam("at", "what a %s was at an instant is not kept; ask for its history", r.kind)
	}
	return at, nil
}

// present refuses requests for another instant than now where there is no past:
// nothing can be written to it, and only lists and resources are kept.
func present(r *request) error {
	if _, ok := r.param("at"); !ok {
		return nil
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && (r.shape == one || r.shape == list) && r.kind != kindDeleted {
		return nil
	}
	return badParam("at", "at is for reading resources and lists as they were; leave it out")
}
