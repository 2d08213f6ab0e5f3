package armapi

import (
	"encoding/json"
	"net/http"
	"time"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// plan shows what a pass would do. With properties, it is one of the link that
// they would make: whoever may not make it learns nothing of its source either.
func (h *Handler) plan(w http.ResponseWriter, r *request) error {
	var body settings
	if err := decode(r, &body); err != nil {
		return err
	}
	doc, err := h.intended(r, body)
	if err != nil {
		return err
	}
	plan, err := h.catalog.Plan(r.Context(), r.id, doc)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, plan)
}

// apply has the next pass do a plan, or nothing. With properties, it is that of
// the link that they make.
func (h *Handler) apply(w http.ResponseWriter, r *request) error {
	var body struct {
		settings
		Digest string `json:"digest"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	doc, err := h.intended(r, body.settings)
	if err != nil {
		return err
	}
	at, err := h.catalog.Apply(r.Context(), r.path, body.Digest, doc, matchOf(r))
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusAccepted, struct {
		RequestedAt time.Time `json:"requestedAt"`
		Digest      string    `json:"digest"`
	}{at, body.Digest})
}

// settings is the part of a body that says how a link would be.
type settings struct {
	Properties json.RawMessage `json:"properties"`
}

// doc reads the settings; nil when there are none.
func (s settings) doc() (inventory.Doc, error) {
	if len(s.Properties) == 0 || string(s.Properties) == "null" {
		return nil, nil
	}
	return linkDoc(s.Properties)
}

// intended reads the settings of somebody who may put the link.
func (h *Handler) intended(r *request, s settings) (inventory.Doc, error) {
	doc, err := s.doc()
	if doc == nil || err != nil {
		return nil, err
	}
	put := operation{place: place{shape: one, kind: inventory.KindLink}, method: http.MethodPut}
	return doc, h.access.Authorize(r.Context(), put.action(), r.scope)
}
