package armapi

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"apicenter/internal/httpapi/reply"
)

// importRuleset is always a long operation: an editor takes nothing else for success.
func (h *Handler) importRuleset(w http.ResponseWriter, r *request) error {
	var body export
	if err := decode(r, &body); err != nil {
		return err
	}
	o, err := h.catalog.ImportRuleset(r.Context(), r.id, body.Format, body.Value)
	if err != nil {
		return err
	}
	return h.accepted(w, r, o)
}

func (h *Handler) exportRuleset(w http.ResponseWriter, r *request) error {
	digest, err := h.catalog.ExportRuleset(r.Context(), r.id)
	if err != nil {
		return err
	}
	archive, _, err := h.catalog.Document(r.Context(), digest)
	if err != nil {
		return err
	}
	defer archive.Close()
	content, err := io.ReadAll(archive)
	if err != nil {
		return fmt.Errorf("read ruleset %s: %w", digest, err)
	}
	return reply.Value(w, http.StatusOK, export{"inline-zip", base64.StdEncoding.EncodeToString(content)})
}
