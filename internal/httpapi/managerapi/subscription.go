package managerapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
)

// noTenant is the directory of who has none.
const noTenant = "00000000-0000-0000-0000-000000000000"

// tenantOf is the directory that the center belongs to, as the caller sees it.
func (h *Handler) tenantOf(ctx context.Context) string {
	who, _ := auth.From(ctx)
	return cmp.Or(h.tenant, who.Tenant, noTenant)
}

func subscriptionScope(id string) string { return "/subscriptions/" + id }

// subscription is one on the wire.
type subscription struct {
	ID                  string               `json:"id"`
	AuthorizationSource string               `json:"authorizationSource"`
	ManagedByTenants    []string             `json:"managedByTenants"`
	SubscriptionID      string               `json:"subscriptionId"`
	TenantID            string               `json:"tenantId"`
	DisplayName         string               `json:"displayName"`
	State               string               `json:"state"`
	Policies            subscriptionPolicies `json:"subscriptionPolicies"`
}

type subscriptionPolicies struct {
	LocationPlacementID string `json:"locationPlacementId"`
	QuotaID             string `json:"quotaId"`
	SpendingLimit       string `json:"spendingLimit"`
}

func (h *Handler) subscriptionRow(ctx context.Context, id string) row {
	return row{subscriptionScope(id), subscription{
		ID: subscriptionScope(id), AuthorizationSource: "RoleBased", ManagedByTenants: []string{}, SubscriptionID: id,
		TenantID: h.tenantOf(ctx), DisplayName: id, State: "Enabled",
		Policies: subscriptionPolicies{LocationPlacementID: "Public_2014-09-01", QuotaID: "PayAsYouGo_2014-09-01", SpendingLimit: "Off"},
	}}
}

// subscriptionIDs are those that have a resource group, in order of their first one.
func (h *Handler) subscriptionIDs(ctx context.Context) ([]string, error) {
	groups, err := h.catalog.Groups(ctx, "")
	var out []string
	seen := map[string]bool{}
	for _, g := range groups {
		if folded := strings.ToLower(g.Subscription); !seen[folded] {
			seen[folded] = true
			out = append(out, g.Subscription)
		}
	}
	return out, err
}

// findSubscription gives a subscription in the case first seen; false when it is none of ours.
func (h *Handler) findSubscription(ctx context.Context, id string) (string, bool, error) {
	ids, err := h.subscriptionIDs(ctx)
	i := slices.IndexFunc(ids, func(have string) bool { return strings.EqualFold(have, id) })
	if err != nil || i < 0 {
		return "", false, err
	}
	return ids[i], true, nil
}

func foreignSubscription(h *Handler, r *request) (bool, error) {
	_, known, err := h.findSubscription(r.Context(), r.args["subscription"])
	return !known, err
}

// subscriptions lists those that the caller sees: where he may read the
// subscription, or has a role on anything in it.
func (h *Handler) subscriptions(w http.ResponseWriter, r *request) error {
	ids, err := h.subscriptionIDs(r.Context())
	if err != nil {
		return err
	}
	held := h.access.Held(r.Context())
	var rows []row
	for _, id := range ids {
		scope := subscriptionScope(id)
		within := func(g auth.Grant) bool { return covers(scope, g.Scope) }
		if h.access.Allowed(r.Context(), readSubscription, scope) || slices.ContainsFunc(held, within) {
			rows = append(rows, h.subscriptionRow(r.Context(), id))
		}
	}
	return h.list(w, r, rows)
}

func (h *Handler) subscription(w http.ResponseWriter, r *request) error {
	id, known, err := h.findSubscription(r.Context(), r.args["subscription"])
	if err != nil {
		return err
	}
	if !known {
		return arm.Errorf(http.StatusNotFound, "SubscriptionNotFound",
			"The subscription '%s' could not be found: no API center and no resource group is in it.", r.args["subscription"])
	}
	return reply.Value(w, http.StatusOK, h.subscriptionRow(r.Context(), id).body)
}

// location is a place on the wire.
type location struct {
	ID                  string           `json:"id"`
	Name                string           `json:"name"`
	Type                string           `json:"type"`
	DisplayName         string           `json:"displayName"`
	RegionalDisplayName string           `json:"regionalDisplayName"`
	Metadata            locationMetadata `json:"metadata"`
}

type locationMetadata struct {
	RegionType     string `json:"regionType"`
	RegionCategory string `json:"regionCategory"`
	Geography      string `json:"geography"`
	GeographyGroup string `json:"geographyGroup"`
}

// locations lists where a service can be. az asks for it when it is given a
// location with a space in it.
func (h *Handler) locations(w http.ResponseWriter, r *request) error {
	var rows []row
	for _, name := range places {
		id := r.subscription() + "/locations/" + name
		rows = append(rows, row{id, location{
			ID: id, Name: name, Type: "Region", DisplayName: name, RegionalDisplayName: name,
			Metadata: locationMetadata{RegionType: "Physical", RegionCategory: "Other", Geography: name, GeographyGroup: name},
		}})
	}
	return h.list(w, r, rows)
}

// tenant is a directory on the wire.
type tenant struct {
	ID          string   `json:"id"`
	TenantID    string   `json:"tenantId"`
	DisplayName string   `json:"displayName"`
	Category    string   `json:"tenantCategory"`
	Domains     []string `json:"domains"`
}

// tenants lists the one directory that the center belongs to.
func (h *Handler) tenants(w http.ResponseWriter, r *request) error {
	id := h.tenantOf(r.Context())
	return h.list(w, r, []row{{"/tenants/" + id, tenant{
		ID: "/tenants/" + id, TenantID: id, DisplayName: "API center", Category: "Home", Domains: []string{},
	}}})
}
