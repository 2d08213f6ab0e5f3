package portal

import (
	"cmp"
	"net/http"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// removeView asks whether a thing is to be deleted, or says why it cannot be.
type removeView struct {
	Title, Kind, Address, Back string
	Crumbs                     []crumb
	Refused                    string   // why it cannot be
	Goes                       []string // what goes with it
}

// removePage asks before something is deleted.
func (h *Handler) removePage(w http.ResponseWriter, r *request) error {
	return h.showRemove(w, r, h.catalog.Deletable(r.Context(), r.id))
}

func (h *Handler) showRemove(w http.ResponseWriter, r *request, refused error) error {
	found, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	at := r.address(found.Path)
	v := removeView{
		Title: cmp.Or(docOf(found).Text("/title"), found.Name()), Kind: wordOf(r.id.Kind()), Address: at + "/delete", Back: at,
		Crumbs: h.crumbsTo(r, found.ID),
	}
	shown := view{template: "remove", title: "Delete " + v.Title, section: sectionOf(r.id.Kind()), data: v}
	if refused != nil {
		e := errorOf(refused)
		if e == nil || e.Code != inventory.Conflict {
			return refused
		}
		v.Refused = said(e.Message)
		if shown.data = v; r.Method == http.MethodPost {
			shown.status = http.StatusConflict
		}
		return h.show(w, r, shown)
	}
	if v.Goes, err = h.goesWith(r); err != nil {
		return err
	}
	shown.data = v
	return h.show(w, r, shown)
}

// goesWith says in words what is below a thing that is deleted.
func (h *Handler) goesWith(r *request) (all []string, err error) {
	for _, below := range []struct {
		kind      inventory.Kind
		one, many string
	}{
		{inventory.KindVersion, "version", "versions"},
		{inventory.KindDefinition, "definition", "definitions"},
		{inventory.KindDeployment, "deployment", "deployments"},
	} {
		if r.id.Kind() != inventory.KindAPI && (r.id.Kind() != inventory.KindVersion || below.kind != inventory.KindDefinition) {
			continue
		}
		page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.id, Kind: below.kind, Limit: maxOffered})
		if err != nil {
			return nil, err
		}
		if n := len(page.Items); n > 0 {
			all = append(all, plural(n, below.one, below.many))
		}
	}
	return all, nil
}

// remove deletes a thing.
func (h *Handler) remove(w http.ResponseWriter, r *request) error {
	err := h.catalog.Delete(r.Context(), r.id, catalog.Match{})
	if inventory.CodeOf(err) == inventory.Conflict {
		return h.showRemove(w, r, err)
	}
	if err != nil {
		return err
	}
	to := r.address(r.id.Parent().String())
	if r.id.Kind() == inventory.KindEnvironment {
		to = workspaceAddress(r) + "/environments"
	}
	return redirect(w, r, to)
}
