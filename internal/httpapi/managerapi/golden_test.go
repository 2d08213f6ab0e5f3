package managerapi_test

import (
	"net/http"
	"testing"
)

const assignments = "/providers/Microsoft.Authorization/roleAssignments"

// TestWireShapes pins what each operation answers.
func TestWireShapes(t *testing.T) {
	w := start(t)
	grant := func(role, principal string) string {
		return `{"properties":{"roleDefinitionId":"` + sub + `/providers/Microsoft.Authorization/roleDefinitions/` + role + `","principalId":"` + principal + `","principalType":"Group","description":"pets"}}`
	}
	graph := func(query, options string) string { return `{"query":"` + query + `","options":{` + options + `}}` }
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"subscriptions", "GET", "/subscriptions?api-version=2019-11-01", "", 200},
		{"subscription", "GET", sub, "", 200},
		{"subscription-not-found", "GET", other, "", 404},
		{"locations", "GET", sub + "/locations?api-version=2019-11-01", "", 200},
		{"tenants", "GET", "/tenants", "", 200},

		{"group-created", "PUT", sub + "/resourcegroups/empty", `{"location":"West Europe","tags":{"a":"b"}}`, 201},
		{"group-updated", "PUT", sub + "/resourcegroups/EMPTY", `{"location":"westeurope"}`, 200},
		{"group-patched", "PATCH", sub + "/resourcegroups/empty", `{"tags":{"c":"d"}}`, 200},
		{"group-moved", "PUT", sub + "/resourcegroups/empty", `{"location":"north"}`, 409},
		{"group-without-location", "PUT", sub + "/resourcegroups/second", `{}`, 400},
		{"group", "GET", sub + "/resourcegroups/retail", "", 200},
		{"groups", "GET", sub + "/resourcegroups", "", 200},
		{"group-not-found", "GET", sub + "/resourcegroups/none", "", 404},

		{"resources", "GET", sub + "/resources", "", 200},
		{"resources-expanded", "GET", group + "/resources?$filter=resourceType eq 'microsoft.apicenter/services'&$expand=createdTime,changedTime,provisioningState&api-version=2021-04-01", "", 200},
		{"resources-filter", "GET", sub + "/resources?$filter=kind eq 'x'", "", 400},
		{"tag-names", "GET", sub + "/tagNames", "", 200},

		{"provider", "GET", sub + "/providers/Microsoft.ApiCenter?api-version=2021-04-01", "", 200},
		{"provider-registered", "POST", sub + "/providers/Microsoft.ApiCenter/register", "", 200},
		{"provider-of-tenant", "GET", "/providers/Microsoft.ApiCenter", "", 200},
		{"provider-unknown", "GET", sub + "/providers/Microsoft.Web", "", 404},

		{"role-definitions", "GET", "/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName eq 'azure api center service reader'&api-version=2018-01-01-preview", "", 200},
		{"role-definition", "GET", center + "/providers/Microsoft.Authorization/roleDefinitions/" + reader, "", 200},
		{"role-definition-not-found", "GET", "/providers/Microsoft.Authorization/roleDefinitions/" + apimReader, "", 404},
		{"role-assignment-created", "PUT", center + assignments + "/" + first + "?api-version=2020-04-01-preview", grant(serviceReader, team), 201},
		{"role-assignment-again", "PUT", center + assignments + "/" + first, grant(serviceReader, team), 200},
		{"role-assignment-exists", "PUT", center + assignments + "/" + second, grant(serviceReader, team), 409},
		{"role-assignment-other", "PUT", center + assignments + "/" + first, grant(reader, team), 409},
		{"role-assignment-no-guid", "PUT", center + assignments + "/pets", grant(serviceReader, team), 400},
		{"role-assignment-no-role", "PUT", center + assignments + "/" + second, grant(apimReader, team), 404},
		{"role-assignment", "GET", center + assignments + "/" + first, "", 200},
		{"role-assignments", "GET", group + assignments, "", 200},
		{"role-assignment-not-found", "GET", group + assignments + "/" + first, "", 404},
		{"permissions", "GET", center + "/providers/Microsoft.Authorization/permissions", "", 200},
		{"role-assignment-deleted", "DELETE", center + assignments + "/" + first, "", 200},

		{"graph", "POST", "/providers/Microsoft.ResourceGraph/resources", graph("resources | where type =~ 'microsoft.apicenter/services'", ""), 200},
		{"graph-table", "POST", "/providers/Microsoft.ResourceGraph/resources", graph("resources | where type =~ 'microsoft.apicenter/services' | where name =~ 'center'", `"resultFormat":"table"`), 200},
		{"graph-instances", "POST", "/providers/Microsoft.ResourceGraph/resources", graph("resources | where type =~ 'microsoft.apimanagement/service'", ""), 200},
		{"graph-other", "POST", "/providers/Microsoft.ResourceGraph/resources", graph("resources | project name", ""), 400},

		{"namespace-unknown", "PUT", sub + "/resourceGroups/g/providers/Microsoft.Web/sites/x", "{}", 404},
		{"nothing", "GET", sub + "/nothing", "", 404},
		{"method", "POST", sub, "", 405},
	} {
		got := w.must(tt.status, ownerToken, tt.method, tt.path, tt.body)
		(&world{TB: t}).golden(tt.name, got)
	}
	w.golden("denied", w.must(http.StatusForbidden, adaToken, "GET", sub, ""))
}
