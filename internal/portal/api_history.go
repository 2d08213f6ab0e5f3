package portal

import (
	"net/http"
	"strconv"

	"apicenter/internal/inventory"
)

// historyView is the tab of what happened.
type historyView struct {
	apiHead
	Events []eventView
	Next   string // address of older events; empty: there are none
}

// historyPage is how many events a page of a history has.
const historyPage = 40

func (h *Handler) history(w http.ResponseWriter, r *request) error {
	p, err := h.partsOf(r, "History")
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // anything else is the newest
	events, err := h.catalog.History(r.Context(), r.id, before, historyPage+1)
	if err != nil {
		return err
	}
	v := historyView{apiHead: p.head}
	if len(events) > historyPage {
		events = events[:historyPage]
		v.Next = p.head.Address + "/history?before=" + strconv.FormatInt(events[historyPage-1].Sequence, 10)
	}
	schemas, err := h.schemasFor(r, inventory.KindAPI)
	if err != nil {
		return err
	}
	for _, e := range events {
		if shown := eventOf(r, e, p.head.Address, schemas); len(shown.Changes) > 0 {
			v.Events = append(v.Events, shown)
		}
	}
	return h.show(w, r, view{template: "history", title: p.head.Title + ": history", section: "APIs", data: v})
}
