package armapi

import (
	"net/http"
	"slices"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// check tries what a link needs. Without a body that is the link that is there;
// with the body of a PUT, the one that this would make.
func (h *Handler) check(w http.ResponseWriter, r *request) error {
	var body settings
	if err := decode(r, &body); err != nil {
		return err
	}
	doc, err := body.doc()
	if err != nil {
		return err
	}
	findings, err := h.catalog.Check(r.Context(), r.id, doc)
	if err != nil {
		return err
	}
	return found(w, findings)
}

// diagnose looks at a link from all sides: what a check tries, and what its runs and state tell.
func (h *Handler) diagnose(w http.ResponseWriter, r *request) error {
	findings, err := h.catalog.Diagnose(r.Context(), r.id)
	if err != nil {
		return err
	}
	return found(w, findings)
}

// found answers with findings.
func found(w http.ResponseWriter, findings []inventory.Finding) error {
	if findings == nil {
		findings = []inventory.Finding{}
	}
	return reply.Value(w, http.StatusOK, struct {
		OK       bool                `json:"ok"`
		Findings []inventory.Finding `json:"findings"`
	}{!slices.ContainsFunc(findings, stops), findings})
}

// stops says that a link cannot be worked as things are.
func stops(f inventory.Finding) bool {
	return f.Outcome == inventory.Refused || f.Outcome == inventory.NotProven
}
