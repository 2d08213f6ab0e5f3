package portal

import (
	"net/http"
	"net/url"
	"time"

	"apicenter/internal/inventory"
)

// importView is an import by address that goes on, or has failed.
type importView struct {
	Address string    // where to look again
	Host    string    // that is asked
	Since   time.Time // zero: it has ended
	Failure string
}

// followImport is the query with which the page of a definition tells of an
// import. Of the address it has the host alone: the rest may be secret.
func followImport(operation, address string) string {
	q := url.Values{"import": {operation}}
	if u, err := url.Parse(address); err == nil {
		q.Set("host", u.Host)
	}
	return "?" + q.Encode()
}

// importOf is the import that a request follows; nil when the document is there,
// or who asks may not know.
func (h *Handler) importOf(r *request) (*importView, error) {
	name := r.FormValue("import")
	if name == "" || !r.may(importDocument) {
		return nil, nil
	}
	o, err := h.catalog.Operation(r.Context(), r.id, name)
	if inventory.CodeOf(err) == inventory.NotFound || err == nil && o.Status == inventory.Succeeded {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &importView{Address: r.address(r.id.String()) + "?" + r.URL.RawQuery, Host: r.FormValue("host")}
	if v.Since = o.Started; o.Failure != nil {
		v.Since, v.Failure = time.Time{}, said(o.Failure.Message)
	}
	return v, nil
}

// showImport shows how an import is going, to script that asks again and again;
// once it is done, the document.
func (h *Handler) showImport(w http.ResponseWriter, r *request) error {
	v, err := h.importOf(r)
	if err != nil {
		return err
	}
	if v == nil {
		goTo(w, r.Request, r.address(r.id.String()))
		return nil
	}
	return h.show(w, r, view{template: "definition", part: "import", data: definitionHead{Import: v}})
}
