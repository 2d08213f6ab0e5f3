package dataapi

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

// export answers at once with an address of the definition's document, which a
// browser may fetch without a token. Clients that look for an operation find
// one, ended: it is named by the document.
func (h *Handler) export(w http.ResponseWriter, r *request) error {
	digest, err := h.catalog.ExportSpecification(r.Context(), r.id, time.Time{})
	if err != nil {
		return err
	}
	w.Header().Set("Operation-Location", r.base+r.path()+"/operations/"+string(digest))
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendLink(buf, r, digest), nil })
}

// exported tells how an export went, which is well: none takes longer than its request.
func (h *Handler) exported(w http.ResponseWriter, r *request) error {
	have, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	id := r.segments[len(r.segments)-1]
	if have.Document == "" || !strings.EqualFold(id, string(have.Document)) {
		return inventory.Errorf(inventory.NotFound, "", "no such export of definition %q; export it again", have.Name())
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		buf = arm.AppendString(append(buf, `{"id":`...), id)
		buf = append(buf, `,"status":"Succeeded","result":`...)
		return append(h.appendLink(buf, r, have.Document), '}'), nil
	})
}

func (h *Handler) appendLink(buf []byte, r *request, d inventory.Digest) []byte {
	buf = append(buf, `{"format":"link","value":`...)
	return append(arm.AppendString(buf, h.signer.URL(r.base, d, time.Now())), '}')
}
