package portal

import (
	"net/http"
	"net/url"

	"apicenter/internal/inventory"
)

// deleteView is what goes with a link, and what stays.
type deleteView struct {
	Address, Name, Source string
	Goes, Keeps           []count
	Edited, Shared        int
	Kept                  string // for how long people's words are kept
	Entries               []partingView
	More                  int  // entries that are not listed
	Confirm               bool // the name has to be typed
	Keep                  bool // it is chosen
	Fault                 string
}

// partingView is what becomes of one API or of the environment.
type partingView struct {
	Title, Address, Kind string
	Goes, Edited         bool
	Why                  string // it stays
	Links                []string
}

// many is from how many APIs on a deletion asks for the name to be typed.
const many = 50

func (h *Handler) deleteLinkPage(w http.ResponseWriter, r *request) error {
	return h.showDelete(w, r, "", 0)
}

func (h *Handler) showDelete(w http.ResponseWriter, r *request, fault string, status int) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	parting, err := h.catalog.PreviewDelete(r.Context(), r.id)
	if err != nil {
		return err
	}
	v := deleteView{
		Address: linkAddress(r), Name: res.Name(), Source: sourceName(inventory.LinkOf(docOf(res).Doc).Source),
		Goes: amountOf(parting.Goes), Keeps: amountOf(parting.Keeps), Edited: parting.Edited, Shared: parting.Shared,
		Confirm: parting.Goes.APIs >= many, Keep: r.PostFormValue("what") == "keep", Fault: fault,
	}
	if parting.Kept > 0 {
		v.Kept = span(parting.Kept)
	}
	for _, p := range parting.Entries {
		if len(v.Entries) == listed {
			v.More = len(parting.Entries) - listed
			break
		}
		v.Entries = append(v.Entries, partingView{
			Title: docOf(p.Resource).Text("/title"), Address: r.address(p.Resource.Path), Kind: string(p.Resource.ID.Kind()),
			Goes: p.Goes, Edited: p.Edited, Why: p.Why, Links: p.Links,
		})
	}
	return h.show(w, r, view{template: "link-delete", title: "Delete " + v.Name, section: "Links", status: status, data: v})
}

// amountOf are the numbers of an amount that say something.
func amountOf(a inventory.Amount) (all []count) {
	for _, c := range []struct {
		n         int
		one, many string
	}{
		{a.APIs, "API", "APIs"},
		{a.Versions, "version", "versions"},
		{a.Definitions, "definition", "definitions"},
		{a.Deployments, "deployment", "deployments"},
		{a.Environments, "environment", "environments"},
		{a.Made, "thing that people made", "things that people made"},
	} {
		if what := c.many; c.n > 0 {
			if c.n == 1 {
				what = c.one
			}
			all = append(all, count{c.n, what, "plain"})
		}
	}
	return all
}

// deleteLink has a link go, with what came by it or without.
func (h *Handler) deleteLink(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	keep := r.PostFormValue("what") == "keep"
	if !keep && r.PostFormValue("what") != "delete" {
		return h.showDelete(w, r, "Say what is to become of the APIs.", http.StatusBadRequest)
	}
	if !keep && r.PostFormValue("name") != res.Name() {
		parting, err := h.catalog.PreviewDelete(r.Context(), r.id)
		if err != nil {
			return err
		}
		if parting.Goes.APIs >= many {
			return h.showDelete(w, r, "This is not the name of the link.", http.StatusBadRequest)
		}
	}
	end := h.catalog.Delete
	if keep {
		end = h.catalog.HandOver
	}
	if err := end(r.Context(), r.id, noMatch); err != nil {
		return err
	}
	// It may be gone before its own page is opened.
	to := afterLink(r)
	if to != Root {
		to += "?" + url.Values{"deleted": {res.Name()}}.Encode()
	}
	return redirect(w, r, to)
}
