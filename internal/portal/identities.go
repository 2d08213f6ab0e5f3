package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

const writeService = "Microsoft.ApiCenter/services/write"

// identitiesView is who the center is to others.
type identitiesView struct {
	Address  string
	On       bool
	System   identityRow
	Assigned []identityRow
	Typed    string
	Fault    string
	May      bool // change them
}

// identityRow is one identity, and the links that are read with it.
type identityRow struct {
	ID, Name    string
	PrincipalID string
	ClientID    string
	TenantID    string
	Links       []linkView
}

// identities shows the managed identities of a service.
func (h *Handler) identities(w http.ResponseWriter, r *request) error {
	return h.showIdentities(w, r, "", "")
}

func (h *Handler) showIdentities(w http.ResponseWriter, r *request, typed, fault string) error {
	readers, err := h.readers(r)
	if err != nil {
		return err
	}
	i := identityOf(r.service)
	v := identitiesView{
		Address: r.address(r.service.Path) + "/-/identities", On: i.system(), Typed: typed, Fault: fault, May: r.may(writeService),
		System: identityRow{Name: "System-assigned", PrincipalID: i.PrincipalID, TenantID: i.TenantID, Links: readers[""]},
	}
	for _, id := range i.assigned() {
		a := i.Assigned[id]
		v.Assigned = append(v.Assigned, identityRow{ID: id, Name: sourceName(id), PrincipalID: a.PrincipalID, ClientID: a.ClientID, Links: readers[strings.ToLower(id)]})
	}
	shown := view{template: "identities", title: "Managed identities", section: "Identities", data: v}
	if fault != "" {
		shown.status = http.StatusBadRequest
	}
	return h.show(w, r, shown)
}

// readers are the links of all workspaces that who asks may see, by the identity that they read with.
func (h *Handler) readers(r *request) (map[string][]linkView, error) {
	out := map[string][]linkView{}
	workspaces, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.service.ID, Kind: inventory.KindWorkspace, Limit: maxLinks})
	if err != nil {
		return nil, err
	}
	for _, workspace := range workspaces.Items {
		if !h.access.Allowed(r.Context(), readLinks, feed.ARMID(workspace.Path)) {
			continue
		}
		page, err := h.catalog.List(r.Context(), inventory.Query{Parent: workspace.ID, Kind: inventory.KindLink, Limit: maxLinks})
		if err != nil {
			return nil, err
		}
		for _, res := range page.Items {
			link, err := h.linkOf(r, res)
			if err != nil {
				return nil, err
			}
			by := strings.ToLower(inventory.LinkOf(docOf(res).Doc).Identity)
			out[by] = append(out[by], link)
		}
	}
	return out, nil
}

// switchIdentity switches the system-assigned identity on or off.
func (h *Handler) switchIdentity(w http.ResponseWriter, r *request) error {
	i := identityOf(r.service)
	if err := h.amend(r, r.PostFormValue("on") != "", i.assigned(), nil); err != nil {
		return err
	}
	to := r.address(r.service.Path) + "/-/identities"
	if r.PostFormValue("to") != "" {
		to = within(r.PostFormValue("to"))
	}
	return redirect(w, r, to)
}

// addIdentity gives the service a user-assigned identity.
func (h *Handler) addIdentity(w http.ResponseWriter, r *request) error {
	i, id := identityOf(r.service), strings.TrimSpace(r.PostFormValue("id"))
	if id == "" {
		return h.showIdentities(w, r, id, "Give the resource id of the identity.")
	}
	err := h.amend(r, i.system(), append(i.assigned(), id), nil)
	if e := errorOf(err); e != nil && e.Code == inventory.Invalid {
		return h.showIdentities(w, r, id, e.Message)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/identities")
}

// removeIdentity takes one from it.
func (h *Handler) removeIdentity(w http.ResponseWriter, r *request) error {
	i, gone := identityOf(r.service), r.PostFormValue("id")
	left := slices.DeleteFunc(i.assigned(), func(id string) bool { return strings.EqualFold(id, gone) })
	if len(left) == len(i.Assigned) {
		return inventory.Errorf(inventory.Invalid, "id", "the service has no identity %q", gone)
	}
	if err := h.amend(r, i.system(), left, []string{gone}); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/identities")
}

// amend has the service have these identities. gone are those that it has no more.
func (h *Handler) amend(r *request, system bool, assigned, gone []string) error {
	var types []string
	if system {
		types = append(types, "SystemAssigned")
	}
	members := map[string]any{}
	for _, id := range gone {
		members[id] = nil
	}
	for _, id := range assigned {
		members[id] = map[string]any{}
	}
	if len(assigned) > 0 {
		types = append(types, "UserAssigned")
	}
	if len(types) == 0 {
		types = append(types, "None")
	}
	patch := map[string]any{"type": strings.Join(types, ","), "userAssignedIdentities": members}
	if len(assigned) == 0 {
		patch["userAssignedIdentities"] = nil
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = h.catalog.Amend(r.Context(), r.id, nil, text, noMatch)
	return err
}
