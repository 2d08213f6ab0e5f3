package portal

import (
	"net/http"
	"net/url"
	"time"

	"apicenter/internal/inventory"
)

// row is one API of the inventory.
type row struct {
	Address, Title, Summary, Kind, Stage string
	Updated                              time.Time
}

// inventoryView is the list of APIs.
type inventoryView struct {
	Search string
	Items  []row
	Next   string // address of the next page; empty on the last
}

const pageSize = 50

func (h *Handler) inventory(w http.ResponseWriter, r *request) error {
	search := r.FormValue("q")
	after, err := inventory.ParsePosition(r.FormValue("after"))
	if err != nil && r.FormValue("after") != "" {
		return err
	}
	order := inventory.Order{By: inventory.ByTitle}
	if search != "" {
		order.By = inventory.ByRank
	}
	page, err := h.catalog.List(r.Context(), inventory.Query{
		Parent: r.id, Kind: inventory.KindAPI, Search: search, Order: order, After: after, Limit: pageSize,
	})
	if err != nil {
		return err
	}
	v := inventoryView{Search: search}
	for _, api := range page.Items {
		d := docOf(api)
		v.Items = append(v.Items, row{
			Address: addressOf(api.Path), Title: d.Text("/title"), Summary: d.Text("/summary"),
			Kind: d.Text("/kind"), Stage: d.Text(inventory.FieldLifecycleStage), Updated: api.Updated.At,
		})
	}
	if !page.Next.IsZero() {
		v.Next = addressOf(r.workspace.String()) + "?" + url.Values{"q": {search}, "after": {page.Next.String()}}.Encode()
	}
	shown := view{template: "inventory", title: "APIs", section: "APIs", data: v}
	if r.Header.Get("HX-Request") != "" {
		shown.part = "results"
	}
	return h.show(w, r, shown)
}
