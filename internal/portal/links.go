package portal

import (
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// linksView is the list of links.
type linksView struct {
	Items  []linkView
	Here   string // address of the list, as it was asked for
	New    string // where a link is made; empty: who asks may not
	Late   int
	Limit  bool   // there are more
	Notice string // what was just done
}

// maxLinks is how many links a page shows.
const maxLinks = 500

func (h *Handler) links(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.id, Kind: inventory.KindLink, Limit: maxLinks})
	if err != nil {
		return err
	}
	v := linksView{Here: r.URL.RequestURI(), Limit: !page.Next.IsZero()}
	if r.may(writeLinks) {
		v.New = workspaceAddress(r) + "/new-link"
	}
	for _, res := range page.Items {
		link, err := h.linkOf(r, res)
		if err != nil {
			return err
		}
		if link.Late != "" {
			v.Late++
		}
		v.Items = append(v.Items, link)
	}
	v.Notice = endOf(r.FormValue("deleted"), v.Items)
	shown := view{template: "links", title: "Links", section: "Links", data: v}
	if byScript(r.Request) {
		shown.part = "list"
	}
	return h.show(w, r, shown)
}

// endOf says how far the deletion of a link is; empty: it is not deleted.
func endOf(name string, there []linkView) string {
	at := slices.IndexFunc(there, func(v linkView) bool { return strings.EqualFold(v.Name, name) })
	switch {
	case name == "" || at >= 0 && !there[at].Leaving:
		return ""
	case at >= 0:
		return "The link " + name + " is being deleted."
	default:
		return "The link " + name + " is deleted."
	}
}
