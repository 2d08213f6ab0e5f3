package managerapi

import (
	"net/http"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

func groupScope(subscription, name string) string {
	return subscriptionScope(subscription) + "/resourceGroups/" + name
}

// group is a resource group on the wire.
type group struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties provisioning      `json:"properties"`
}

type provisioning struct {
	State string `json:"provisioningState"`
}

// succeeded is the state of all that is there: nothing of ours is made in the background.
var succeeded = provisioning{State: "Succeeded"}

func groupRow(g inventory.Group) row {
	id := groupScope(g.Subscription, g.Name)
	return row{id, group{
		ID: id, Name: g.Name, Type: resources + "/resourceGroups", Location: g.Location, Tags: g.Tags, Properties: succeeded,
	}}
}

func foreignGroup(h *Handler, r *request) (bool, error) {
	_, err := h.catalog.Group(r.Context(), r.args["subscription"], r.args["group"])
	if inventory.CodeOf(err) == inventory.NotFound {
		return true, nil
	}
	return false, err
}

// groupOf gives the group in the path.
func (h *Handler) groupOf(r *request) (inventory.Group, error) {
	g, err := h.catalog.Group(r.Context(), r.args["subscription"], r.args["group"])
	if inventory.CodeOf(err) == inventory.NotFound {
		err = arm.Errorf(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", r.args["group"])
	}
	return g, err
}

// groups lists the groups that the caller may read.
func (h *Handler) groups(w http.ResponseWriter, r *request) error {
	all, err := h.catalog.Groups(r.Context(), r.args["subscription"])
	if err != nil {
		return err
	}
	keep, err := filterOf(r)
	if err != nil {
		return err
	}
	var rows []row
	for _, g := range all {
		if keep.accepts(properties{name: g.Name, location: g.Location, tags: g.Tags}) && h.access.Allowed(r.Context(), readGroup, groupScope(g.Subscription, g.Name)) {
			rows = append(rows, groupRow(g))
		}
	}
	return h.list(w, r, rows)
}

func (h *Handler) group(w http.ResponseWriter, r *request) error {
	g, err := h.groupOf(r)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, groupRow(g).body)
}

// hasGroup answers as Azure does: 204 for yes.
func (h *Handler) hasGroup(w http.ResponseWriter, r *request) error {
	if _, err := h.groupOf(r); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *Handler) putGroup(w http.ResponseWriter, r *request) error {
	var in struct {
		Location string            `json:"location"`
		Tags     map[string]string `json:"tags"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	return h.storeGroup(w, r, inventory.Group{
		Subscription: r.args["subscription"], Name: r.args["group"], Location: in.Location, Tags: in.Tags,
	})
}

// patchGroup sets the tags, which is all of a group that can change.
func (h *Handler) patchGroup(w http.ResponseWriter, r *request) error {
	g, err := h.groupOf(r)
	if err != nil {
		return err
	}
	var in struct {
		Tags map[string]string `json:"tags"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if in.Tags != nil {
		g.Tags = in.Tags
	}
	return h.storeGroup(w, r, g)
}

func (h *Handler) storeGroup(w http.ResponseWriter, r *request, g inventory.Group) error {
	g, created, err := h.catalog.PutGroup(r.Context(), g)
	if inventory.CodeOf(err) == inventory.Conflict {
		return arm.Errorf(http.StatusConflict, "InvalidResourceGroupLocation", "%v", err)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return reply.Value(w, status, groupRow(g).body)
}

func (h *Handler) deleteGroup(w http.ResponseWriter, r *request) error {
	g, err := h.groupOf(r)
	if err != nil {
		return err
	}
	if err := h.catalog.DeleteGroup(r.Context(), g.Subscription, g.Name); err != nil && inventory.CodeOf(err) != inventory.NotFound {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
