package armapi

import (
	"encoding/json"
	"net/http"

	"apicenter/internal/httpapi/reply"
)

func (h *Handler) importFromAPIM(w http.ResponseWriter, r *request) error {
	var body struct {
		SourceResourceIDs []string `json:"sourceResourceIds"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	o, err := h.catalog.ImportAPIs(r.Context(), r.id, body.SourceResourceIDs)
	if err != nil {
		return err
	}
	return h.accepted(w, r, o)
}

// importAPISource takes what a link would be, as it stands or in an envelope.
func (h *Handler) importAPISource(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var envelope struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(body, &envelope); err == nil && len(envelope.Properties) > 0 {
		body = envelope.Properties
	}
	doc, err := linkDoc(body)
	if err != nil {
		return err
	}
	o, err := h.catalog.ImportSource(r.Context(), r.id, doc)
	if err != nil {
		return err
	}
	return h.accepted(w, r, o)
}

// none lists nothing: of things that editors ask for and that are not kept here.
func (h *Handler) none(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Get(r.Context(), r.id); err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		Value []struct{} `json:"value"`
	}{[]struct{}{}})
}
