package armapi

import (
	"net/http"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// explain says where the fields of a resource come from; with ?field=/title, that one.
func (h *Handler) explain(w http.ResponseWriter, r *request) error {
	field, _ := r.param("field")
	e, err := h.catalog.Explain(r.Context(), r.id, inventory.Field(field))
	if err != nil {
		return err
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		f.From = idOf(f.From)
		if f.Source != nil {
			f.Source.Link = idOf(f.Source.Link)
		}
		for j := range f.Hidden {
			f.Hidden[j].Link = idOf(f.Hidden[j].Link)
		}
	}
	return reply.Value(w, http.StatusOK, struct {
		ID     string                  `json:"id"`
		Fields []inventory.FieldOrigin `json:"fields"`
	}{idOf(e.Resource.Path), e.Fields})
}

// idOf is the resource ID of a path of the inventory; "" of none.
func idOf(path string) string {
	if path == "" {
		return ""
	}
	return string(appendID(nil, path))
}

// explainMissing says why an API is not in a workspace.
func (h *Handler) explainMissing(w http.ResponseWriter, r *request) error {
	var body struct {
		Name string `json:"name"`
		Link string `json:"link"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	m, err := h.catalog.ExplainMissing(r.Context(), r.id, body.Name, body.Link, func(res inventory.Resource) bool {
		return h.access.Authorize(r.Context(), nameOf(res.ID.Kind()).typ+"/read", idOf(res.Path)) == nil
	})
	if err != nil {
		return err
	}
	for i, path := range m.Found {
		m.Found[i] = idOf(path)
	}
	for i := range m.Links {
		m.Links[i].Link = idOf(m.Links[i].Link)
	}
	if m.Left != nil {
		m.Left.Path = idOf(m.Left.Path)
	}
	return reply.Value(w, http.StatusOK, m)
}
