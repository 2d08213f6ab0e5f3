package portal

import (
	"net/http"

	"apicenter/internal/inventory"
)

type apiView struct {
	Title, Kind, Stage, Summary, Description string
}

func (h *Handler) api(w http.ResponseWriter, r *request) error {
	api, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	d := docOf(api)
	return h.show(w, r, view{template: "api", title: d.Text("/title"), section: "APIs", data: apiView{
		Title: d.Text("/title"), Kind: d.Text("/kind"), Stage: d.Text(inventory.FieldLifecycleStage),
		Summary: d.Text("/summary"), Description: d.Text("/description"),
	}})
}
