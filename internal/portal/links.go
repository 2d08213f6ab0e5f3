package portal

import (
	"net/http"

	"apicenter/internal/inventory"
)

// linksView is the list of links.
type linksView struct {
	Items []linkView
	Here  string // address of the list
	New   string // where a link is made; empty: who asks may not
	Late  int
	Limit bool // there are more
}

// maxLinks is how many links a page shows.
const maxLinks = 500

func (h *Handler) links(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.id, Kind: inventory.KindLink, Limit: maxLinks})
	if err != nil {
		return err
	}
	base := workspaceAddress(r)
	v := linksView{Here: base + "/links", Limit: !page.Next.IsZero()}
	if r.may(writeLinks) {
		v.New = base + "/new-link"
	}
	for _, res := range page.Items {
		link, err := h.linkOf(res)
		if err != nil {
			return err
		}
		if link.Late != "" {
			v.Late++
		}
		v.Items = append(v.Items, link)
	}
	shown := view{template: "links", title: "Links", section: "Links", data: v}
	if byScript(r.Request) {
		shown.part = "list"
	}
	return h.show(w, r, shown)
}
