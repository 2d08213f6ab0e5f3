package managerapi

import (
	"net/http"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
)

// provider is a registration on the wire.
type provider struct {
	ID                 string         `json:"id"`
	Namespace          string         `json:"namespace"`
	RegistrationPolicy string         `json:"registrationPolicy"`
	RegistrationState  string         `json:"registrationState,omitempty"` // of a subscription
	ResourceTypes      []resourceType `json:"resourceTypes"`
}

type resourceType struct {
	ResourceType string   `json:"resourceType"`
	Locations    []string `json:"locations"`
	APIVersions  []string `json:"apiVersions"` // the newest stable one first: az takes the first that is no preview
	Capabilities string   `json:"capabilities"`
}

// places are the locations where a service can be, as far as a client wants to
// be told: one installation is one place, and takes whatever location it is given.
var places = []string{"local"}

// resourceTypes are those of API Center, as Azure lists them.
var resourceTypes = []string{
	"services", "deletedServices", "operations",
	"services/workspaces", "services/metadataSchemas", "services/portals", "services/operationResults",
	"services/workspaces/apis", "services/workspaces/environments", "services/workspaces/apiSources", "services/workspaces/analyzerConfigs",
	"services/workspaces/apis/versions", "services/workspaces/apis/deployments", "services/workspaces/apis/versions/definitions",
}

// providerRow is API Center's registration, in a subscription or, with "", for the whole tenant.
func providerRow(scope string) row {
	p := provider{ID: scope + "/providers/" + apiCenter, Namespace: apiCenter, RegistrationPolicy: "RegistrationRequired"}
	if scope != "" {
		p.RegistrationState = "Registered"
	}
	for _, name := range resourceTypes {
		t := resourceType{ResourceType: name, Locations: places, APIVersions: arm.Versions(), Capabilities: "None"}
		switch name {
		case "services":
			t.Capabilities = "SystemAssignedResourceIdentity, SupportsTags, SupportsLocation"
		case "operations":
			t.Locations = []string{}
		}
		p.ResourceTypes = append(p.ResourceTypes, t)
	}
	return row{p.ID, p}
}

func foreignProvider(_ *Handler, r *request) (bool, error) {
	return !strings.EqualFold(r.args["namespace"], apiCenter), nil
}

// providers lists the providers of the tenant or, if the caller may read them,
// of a subscription.
func (h *Handler) providers(w http.ResponseWriter, r *request) error {
	id, ok := r.args["subscription"]
	switch {
	case !ok:
		return h.list(w, r, []row{providerRow("")})
	case !h.access.Allowed(r.Context(), readProvider, subscriptionScope(id)):
		return h.list(w, r, nil)
	default:
		return h.list(w, r, []row{providerRow(subscriptionScope(id))})
	}
}

// getProvider answers what the registration is. It answers register and
// unregister too, which change nothing: the provider is this server.
func (h *Handler) getProvider(w http.ResponseWriter, r *request) error {
	if elsewhere, _ := foreignProvider(h, r); elsewhere {
		return h.pass(w, r)
	}
	scope := ""
	if id, ok := r.args["subscription"]; ok {
		scope = subscriptionScope(id)
	}
	return reply.Value(w, http.StatusOK, providerRow(scope).body)
}
