package portal

import (
	"net/http"

	"apicenter/internal/inventory"
)

// homeView is what there is, and what goes on.
type homeView struct {
	Bare      bool // there is nothing at all
	LinkNew   string
	Inventory string
	Links     string // address of the list; empty: who asks may not see it
	Feed      string // address of the changes for readers of feeds; empty: as above
	Figures   []figure
	Charts    []chart
	News      []news
	Recent    []row // instead of news, for who may only read APIs
	Trouble   []linkView
	Told      string // how the links are, in one sentence
}

// figure is a number with its noun.
type figure struct {
	N       int
	What    string
	Address string
}

// Bounds of the home page.
const (
	newsShown   = 10
	recentShown = 10
)

func (h *Handler) home(w http.ResponseWriter, r *request) error {
	shelf, err := h.catalog.Browse(r.Context(), inventory.Query{
		Parent: r.workspace, Kind: inventory.KindAPI, Order: inventory.Order{By: inventory.ByUpdated, Descending: true}, Limit: recentShown,
	})
	if err != nil {
		return err
	}
	v := homeView{Inventory: r.address(r.workspace.String()), Charts: chartsOf(r.address(r.workspace.String()), shelf.Facets)}
	v.Figures = append(v.Figures, figure{shelf.Total, noun(shelf.Total, "API", "APIs"), v.Inventory})
	base := workspaceAddress(r)
	if r.mayIn(r.workspace, writeLinks) {
		v.LinkNew = base + "/new-link"
	}
	if v.Links = linksAddress(r); v.Links != "" {
		if err := h.tellLinks(r, &v); err != nil {
			return err
		}
	}
	v.Bare = shelf.Total == 0 && (v.Links == "" || v.Figures[len(v.Figures)-1].N == 0)
	if r.may(readService) {
		v.Feed = r.address(r.service.Path) + feedPath
		if v.News, err = h.newsIn(r, newsShown); err != nil {
			return err
		}
	} else {
		v.Recent = rowsOf(r, shelf)
	}
	return h.show(w, r, view{template: "home", title: r.service.Name(), section: "Home", data: v})
}

// tellLinks says how the links are, and lists those that somebody should look at.
func (h *Handler) tellLinks(r *request, v *homeView) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.workspace, Kind: inventory.KindLink, Limit: maxLinks})
	if err != nil {
		return err
	}
	for _, res := range page.Items {
		link, err := h.linkOf(r, res)
		if err != nil {
			return err
		}
		if link.Late != "" || link.Held > 0 || tone(link.State) == "bad" || tone(link.State) == "warn" {
			v.Trouble = append(v.Trouble, link)
		}
	}
	n := len(page.Items)
	v.Figures = append(v.Figures, figure{n, noun(n, "link", "links"), v.Links})
	switch {
	case n == 0:
		v.Told = "Nothing is linked yet."
	case len(v.Trouble) == 0:
		v.Told = plural(n, "link is", "links are") + " in step with " + noun(n, "its source.", "their sources.")
	default:
		v.Told = plural(len(v.Trouble), "link needs", "links need") + " a look."
	}
	return nil
}
