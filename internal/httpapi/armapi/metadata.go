package armapi

import (
	"net/http"

	"apicenter/internal/httpapi/reply"
)

// export is a document inside an answer.
type export struct {
	Format string `json:"format"`
	Value  string `json:"value"`
}

func (h *Handler) exportMetadataSchema(w http.ResponseWriter, r *request) error {
	var body struct {
		AssignedTo string `json:"assignedTo"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	text, err := h.catalog.ExportMetadata(r.Context(), r.id, body.AssignedTo)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, export{"inline", text})
}
