package managerapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAssignmentsAreFoundByScope(t *testing.T) {
	w := start(t)
	name := func(n string) string { return "00000000-0000-4000-8000-00000000000" + n }
	api := center + "/workspaces/default/apis/pets"
	w.assign(name("1"), "/", reader, ada)
	w.assign(name("2"), sub, reader, team)
	w.assign(name("3"), center, serviceReader, ada)
	w.assign(name("4"), api, serviceReader, ada)
	w.assign(name("5"), other, reader, ada)
	short := func(names string) string { return strings.ReplaceAll(names, "00000000-0000-4000-8000-00000000000", "") }
	for _, tt := range []struct{ scope, filter, want string }{
		{"", "", "1 2 3 4 5"},
		{"", "atScope()", "1"},
		{sub, "", "1 2 3 4"},
		{sub, "atScope()", "1 2"},
		{center, "", "1 2 3 4"},
		{center, "atScope()", "1 2 3"},
		{api, "atScope() and principalId eq '" + ada + "'", "1 3 4"},
		{api, "assignedTo('" + team + "')", "2"},
		{api, "principalId eq '" + strings.ToUpper(team) + "'", "2"},
		{center + "/workspaces/default/apis/petstore", "atScope()", "1 2 3"},
	} {
		if got := short(w.names("name", ownerToken, tt.scope+assignments+"?$filter="+tt.filter)); got != tt.want {
			t.Errorf("at %q with %q: %q, want %q", tt.scope, tt.filter, got, tt.want)
		}
	}
	for _, filter := range []string{"principalId", "principalId eq ada", "name eq 'x'", "atScope() or atScope()", "atScope() and ", "principalId eq 'a' and principalId eq 'b'", "assignedTo('x'", "roleName eq 'x'"} {
		w.fails(400, "InvalidFilterInQueryString", "$filter", ownerToken, "GET", sub+assignments+"?$filter="+filter, "")
	}
	w.must(204, ownerToken, "DELETE", sub+assignments+"/"+name("3"), "") // it is on another scope
	w.must(200, ownerToken, "HEAD", center+assignments+"/"+name("3"), "")
	w.must(200, ownerToken, "DELETE", center+assignments+"/"+name("3"), "")
	w.must(404, ownerToken, "HEAD", center+assignments+"/"+name("3"), "")
}

func TestRoleDefinitionsAreFound(t *testing.T) {
	w := start(t)
	const path = "/providers/Microsoft.Authorization/roleDefinitions"
	for filter, want := range map[string]string{
		"roleName eq 'Reader'":                             reader,
		"roleName eq 'READER' and type eq 'BuiltInRole'":   reader,
		"type eq 'CustomRole'":                             "",
		"roleName eq 'Reader' and atScopeAndBelow()":       reader,
		"roleName eq 'Azure API Center Service Reader'":    serviceReader,
		"roleName eq 'API Management Service Reader Role'": "",
	} {
		if got := w.names("name", ownerToken, center+path+"?$filter="+filter); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	w.fails(404, "RoleDefinitionDoesNotExist", "Reader", ownerToken, "GET", path+"/Reader", "")
}

func TestAssignmentRefuses(t *testing.T) {
	w := start(t)
	body := func(properties string) string { return `{"properties":{` + properties + `}}` }
	role := `"roleDefinitionId":"` + reader + `"`
	for _, tt := range []struct {
		name, scope, body, code, message string
		status                           int
	}{
		{"no body", center, "", "InvalidRequestContent", "empty", 400},
		{"no role", center, body(`"principalId":"` + ada + `"`), "RoleDefinitionDoesNotExist", "", 404},
		{"no principal", center, body(role), "InvalidPrincipalId", "", 400},
		{"a condition", center, body(role + `,"principalId":"` + ada + `","condition":"@Resource"`), "InvalidRequestContent", "narrower scope", 400},
		{"a provider of the tenant", "/providers/Microsoft.ApiCenter/services/x", body(role + `,"principalId":"` + ada + `"`), "ValidationError", "scope", 400},
		{"a resource of others", web, body(role + `,"principalId":"` + ada + `"`), "InvalidResourceNamespace", "Microsoft.Authorization", 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			(&world{TB: t, handler: w.handler}).fails(tt.status, tt.code, tt.message, ownerToken, "PUT", tt.scope+assignments+"/"+first, tt.body)
		})
	}
	if got := w.names("name", ownerToken, assignments); got != "" {
		t.Errorf("what was refused is there: %q", got)
	}
}

// What somebody may do is what his roles on the scope and above it say, those of his groups among them.
func TestPermissions(t *testing.T) {
	w := start(t)
	w.assign(first, group, serviceReader, team)
	count := func(scope string) int {
		var page struct{ Value []struct{ Actions []string } }
		if err := json.Unmarshal(w.must(200, adaToken, "GET", scope+"/providers/Microsoft.Authorization/permissions", "").Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		return len(page.Value)
	}
	for scope, want := range map[string]int{center: 1, group: 1, sub: 0, "": 0, other: 0, center + "/workspaces/default": 1} {
		if got := count(scope); got != want {
			t.Errorf("at %q: %d roles, want %d", scope, got, want)
		}
	}
}
