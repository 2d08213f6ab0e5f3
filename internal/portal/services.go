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
type serviceCard struct{ Name, Address, Group, Location string }

// deletedCard is one that can be restored.
type deletedCard struct {
	Name, Path, Group, By string
	At, Purge             time.Time
}

// services lists the API centers that the reader may see; of one, it goes there,
// unless he asks for all.
func (h *Handler) services(w http.ResponseWriter, r *request) error {
	all, err := h.catalog.AllServices(r.Context())
	if err != nil {
		return err
	}
	var v servicesView
	for _, s := range all {
		if h.access.AuthorizeReading(r.Context(), readService, feed.ARMID(s.Path)) != nil {
			continue
		}
		v.Items = append(v.Items, serviceCard{Name: s.Name(), Address: addressOf(s.Path), Group: groupOf(s.Path), Location: docOf(s).Text("/location")})
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
	return redirect(w, r, addressOf(back.Path))
}
