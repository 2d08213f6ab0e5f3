package portal

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// deleteService is what it takes to delete an API center.
const deleteService = "Microsoft.ApiCenter/services/delete"

// servicesView are the API centers to choose, and those that can come back.
type servicesView struct {
	Items   []serviceCard
	Deleted []deletedCard
}

// serviceCard is one API center to choose.
type serviceCard struct {
	Name, Address, Group, Location string
	Subscription                   string // empty: no other has its name and a group of that name
}

// deletedCard is one that can be restored.
type deletedCard struct {
	Name, Path, Group, By string
	At, Purge             time.Time
}

// services lists the API centers that the reader may see anything of; of one, it
// goes there, unless he asks for all.
func (h *Handler) services(w http.ResponseWriter, r *request) error {
	var v servicesView
	for _, s := range r.centers.all {
		at, err := h.entranceOf(r, s)
		if err != nil {
			return err
		}
		if at != "" {
			card := serviceCard{Name: s.Name(), Address: at, Group: groupOf(s.Path), Location: docOf(s).Text("/location")}
			if strings.Count(r.centers.nameOf(s.Path), "~") > 1 {
				card.Subscription, _, _ = strings.Cut(s.Path, "/")
			}
			v.Items = append(v.Items, card)
		}
	}
	deleted, err := h.catalog.AllDeletedServices(r.Context())
	if err != nil {
		return err
	}
	for _, s := range deleted {
		if h.access.Allowed(r.Context(), writeService, feed.ARMID(s.Path)) {
			v.Deleted = append(v.Deleted, deletedCard{s.Name(), s.Path, groupOf(s.Path), s.Deleted.By, s.Deleted.At, s.Purge})
		}
	}
	if len(v.Items) == 1 && len(v.Deleted) == 0 && r.FormValue("all") == "" {
		return redirect(w, r, v.Items[0].Address)
	}
	return h.show(w, r, view{template: "services", title: "API centers", data: v})
}

// entranceOf is the page of a service that the reader may see or, if he may not,
// that of the first thing in it that he has a role on; empty: he sees nothing of it.
func (h *Handler) entranceOf(r *request, s inventory.Resource) (string, error) {
	if reads, err := h.readsIn(r, s.ID, readService); reads || err != nil {
		return r.address(s.Path), err
	}
	for _, held := range h.roles.Held(r.Context()) {
		path, ok := pathIn(s, held.Scope)
		if !ok {
			continue
		}
		id, err := inventory.ParseID(path)
		if err != nil || entrances[id.Kind()] == "" || !r.mayReadIn(id, entrances[id.Kind()]) {
			continue
		}
		if _, err = h.catalog.Get(r.Context(), id); err == nil {
			return r.address(path), nil
		} else if inventory.CodeOf(err) != inventory.NotFound {
			return "", err
		}
	}
	return "", nil
}

// entrances are the kinds of things that have pages of their own, with what those take.
var entrances = map[inventory.Kind]string{
	inventory.KindWorkspace: readAPIs, inventory.KindAPI: readAPIs, inventory.KindDefinition: readDefinitions,
	inventory.KindEnvironment: readEnvironments, inventory.KindLink: readLinks,
}

// pathIn is what is at a scope in a service; false: the scope is elsewhere.
func pathIn(s inventory.Resource, scope string) (string, bool) {
	below, ok := strings.CutPrefix(scope, strings.ToLower(feed.ARMID(s.Path))+"/")
	return s.Path + "/" + strings.Replace(below, "/apisources/", "/"+inventory.KindLink.Collection()+"/", 1), ok
}

// groupOf is the resource group of a service's path.
func groupOf(path string) string {
	_, rest, _ := strings.Cut(path, "/")
	group, _, _ := strings.Cut(rest, "/")
	return group
}

// restoreService has a deleted service be as it was.
func (h *Handler) restoreService(w http.ResponseWriter, r *request) error {
	id, err := inventory.ParseID(r.PostFormValue("path"))
	if err != nil || id.Kind() != inventory.KindService {
		return inventory.Errorf(inventory.Invalid, "path", "the form names no API center; open the page again")
	}
	if err := h.access.Authorize(r.Context(), writeService, feed.ARMID(id.String())); err != nil {
		return err
	}
	back, err := h.catalog.Restore(r.Context(), id, noMatch)
	if err != nil {
		return err
	}
	if err := h.know(r); err != nil {
		return err
	}
	return redirect(w, r, r.address(back.Path))
}
