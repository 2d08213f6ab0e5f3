package portal

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// identity is the identity of a service, as catalog keeps it.
type identity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	TenantID    string `json:"tenantId"`
	Assigned    map[string]struct {
		PrincipalID string `json:"principalId"`
		ClientID    string `json:"clientId"`
	} `json:"userAssignedIdentities"`
}

func identityOf(service inventory.Resource) (i identity) {
	if raw, ok := docOf(service).Doc["/identity"]; ok {
		_ = json.Unmarshal(raw, &i) // of another form: there is none
	}
	return i
}

// system says that the system-assigned identity is on.
func (i identity) system() bool { return strings.Contains(i.Type, "SystemAssigned") }

// assigned are the user-assigned ones, in order.
func (i identity) assigned() []string { return slices.Sorted(maps.Keys(i.Assigned)) }
