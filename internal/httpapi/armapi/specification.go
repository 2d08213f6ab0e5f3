package armapi

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/httpapi/reply"
)

func (h *Handler) importSpecification(w http.ResponseWriter, r *request) error {
	var body struct {
		Format        string                `json:"format"`
		Value         string                `json:"value"`
		Specification catalog.Specification `json:"specification"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	switch strings.ToLower(body.Format) {
	case "inline":
		if len(body.Value) > catalog.MaxInline {
			return arm.Errorf(http.StatusRequestEntityTooLarge, arm.CodeTooLarge,
				"value has %d bytes; at most %d are taken inline: use format link for more", len(body.Value), catalog.MaxInline)
		}
		if err := h.catalog.ImportSpecification(r.Context(), r.id, body.Value, body.Specification); err != nil {
			return err
		}
	case "link":
		o, err := h.catalog.ImportSpecificationFrom(r.Context(), r.id, body.Value, body.Specification)
		if err != nil {
			return err
		}
		if o.Ended.IsZero() {
			return h.accepted(w, r, o)
		}
	default:
		return badParam("format", "format %q cannot be imported; use inline, with the document as value, or link, with its address", body.Format)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// maxInlineExport is what every client takes inside an answer; what is longer,
// or no text, is exported as an address.
const maxInlineExport = 3 << 20

// exportWord is exportSpecification, as routes are found by it.
const exportWord = "exportspecification"

func (h *Handler) exportSpecification(w http.ResponseWriter, r *request) error {
	digest, err := h.catalog.ExportSpecification(r.Context(), r.id, r.at)
	if err != nil {
		return err
	}
	body, size, err := h.catalog.Document(r.Context(), digest)
	if err != nil {
		return err
	}
	defer body.Close()
	if size <= maxInlineExport {
		value, err := io.ReadAll(body)
		if err != nil {
			return fmt.Errorf("read document %s: %w", digest, err)
		}
		if utf8.Valid(value) {
			return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
				return append(arm.AppendString(append(buf, `{"format":"inline","value":`...), string(value)), '}'), nil
			})
		}
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		address := h.signer.URL(reply.Base(h.publicURL, r.Request), digest, time.Now())
		return append(arm.AppendString(append(buf, `{"format":"link","value":`...), address), '}'), nil
	})
}

// Documents answers the addresses that exportSpecification gives, without a token.
func (h *Handler) Documents() http.Handler { return documents.Handler(h.signer, h.catalog, h.log) }
