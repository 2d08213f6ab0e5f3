package rbac_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator/identity"
	"apicenter/internal/emulator/rbac"
	"apicenter/internal/emulator/wire"
)

const (
	sub   = "/subscriptions/s"
	group = sub + "/resourceGroups/g"
	svc   = group + "/providers/Microsoft.ApiManagement/service/one"
	api   = svc + "/apis/petstore"

	robot = "aaaaaaaa-0000-4000-8000-000000000001"
	other = "aaaaaaaa-0000-4000-8000-000000000002"
	first = "bbbbbbbb-0000-4000-8000-000000000001"
	again = "bbbbbbbb-0000-4000-8000-000000000002"

	serviceReader = "API Management Service Reader Role"
)

func TestRolesPermit(t *testing.T) {
	const (
		apim   = "Microsoft.ApiManagement/service"
		center = "Microsoft.ApiCenter/services"
	)
	for _, tt := range []struct {
		role, action string
		want         bool
	}{
		{serviceReader, apim + "/read", true},
		{serviceReader, apim + "/apis/read", true},
		{serviceReader, "microsoft.apimanagement/SERVICE/apis/Read", true},
		{serviceReader, apim + "/workspaces/apis/operations/read", true},
		{serviceReader, apim + "/apis/write", false},
		{serviceReader, apim + "/users/keys/read", false},
		{serviceReader, apim + "/users/read", true},
		{serviceReader, apim + "/listSecrets/action", false},
		{serviceReader, "Microsoft.ApiManagement/gateways/read", false},
		{serviceReader, "Microsoft.Authorization/roleAssignments/read", true},
		{serviceReader, "Microsoft.Authorization/roleAssignments/write", false},
		{serviceReader, "Microsoft.EventGrid/eventSubscriptions/write", false},
		{serviceReader, "Microsoft.Insights/eventtypes/values/read", false},
		{serviceReader, "Microsoft.Resources/subscriptions/resourceGroups/read", true},
		{"API Management Service Operator Role", apim + "/write", true},
		{"API Management Service Operator Role", apim + "/apis/write", false},
		{"API Management Service Contributor", apim + "/apis/delete", true},
		{"API Management Workspace Reader", apim + "/workspaces/apis/read", true},
		{"API Management Workspace Reader", apim + "/apis/read", false},
		{"Azure API Center Service Reader", center + "/read", true},
		{"Azure API Center Service Reader", center + "/workspaces/apis/read", true},
		{"Azure API Center Service Reader", center + "/workspaces/apis/write", false},
		{"Azure API Center Service Reader", center + "/workspaces/apis/versions/definitions/exportSpecification/action", true},
		{"Azure API Center Service Contributor", center + "/workspaces/apis/write", true},
		{"Azure API Center Service Contributor", center + "/workspaces/apis/versions/definitions/updateAnalysisState/action", false},
		{"Azure API Center Compliance Manager", center + "/workspaces/apis/versions/definitions/updateAnalysisState/action", true},
		{"Azure API Center Data Reader", center + "/workspaces/apis/read", false}, // data actions only
		{"Owner", "Microsoft.Authorization/roleAssignments/write", true},
		{"Contributor", apim + "/apis/write", true},
		{"Contributor", "Microsoft.Authorization/roleAssignments/write", false},
		{"Contributor", "Microsoft.Authorization/roleAssignments/read", true},
		{"Reader", apim + "/apis/read", true},
		{"Reader", "read", false}, // the star may be empty, its slash may not
		{"User Access Administrator", "Microsoft.Authorization/roleAssignments/delete", true},
		{"User Access Administrator", apim + "/apis/write", false},
		{"EventGrid EventSubscription Contributor", "Microsoft.EventGrid/eventSubscriptions/write", true},
		{"Backwards", "a/x/y/b/x/c", true}, // needs to go back to the last star twice
		{"Backwards", "a/x/y/b/x", false},
		{"Backwards", "ab", false},
	} {
		d := rbac.New(rbac.Role{ID: "custom", Name: "Backwards", Actions: []string{"a*b*c*"}})
		assign(t, d, rbac.Assignment{Scope: sub, RoleID: tt.role, PrincipalID: robot})
		if got := d.Allowed(robot, tt.action, svc); got != tt.want {
			t.Errorf("%s permits %s: %v, want %v", tt.role, tt.action, got, tt.want)
		}
	}
}

func assign(t testing.TB, d *rbac.Directory, a rbac.Assignment) rbac.Assignment {
	t.Helper()
	done, err := d.Assign(a)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestAssignmentHoldsBelowItsScope(t *testing.T) {
	for _, tt := range []struct {
		at, asked string
		want      bool
	}{
		{"/", api, true},
		{sub, api, true},
		{sub, sub, true},
		{strings.ToUpper(group), api, true},
		{svc, api, true},
		{svc[1:], api, true},
		{"/" + svc + "/", "/" + strings.Replace(api, "/service/", "//service/", 1), true},
		{svc, svc + "x/apis/petstore", false},
		{svc, group, false},
		{sub, "/subscriptions/t", false},
		{sub, "/", false},
	} {
		d := rbac.New()
		assign(t, d, rbac.Assignment{Scope: tt.at, RoleID: "Reader", PrincipalID: robot})
		if got := d.Allowed(strings.ToUpper(robot), "a/read", tt.asked); got != tt.want {
			t.Errorf("assigned at %s, asked at %s: %v, want %v", tt.at, tt.asked, got, tt.want)
		}
		if d.Allowed(other, "a/read", tt.asked) {
			t.Errorf("assigned at %s: another principal is allowed too", tt.at)
		}
	}
}

func TestNotActionsTakeAwayFromTheirRoleOnly(t *testing.T) {
	d := rbac.New()
	const keys = "Microsoft.ApiManagement/service/users/keys/read"
	assign(t, d, rbac.Assignment{Scope: svc, RoleID: serviceReader, PrincipalID: robot})
	if d.Allowed(robot, keys, svc) {
		t.Error("the notAction is allowed")
	}
	a := assign(t, d, rbac.Assignment{Scope: sub, RoleID: "Reader", PrincipalID: robot})
	if !d.Allowed(robot, keys, svc) {
		t.Error("a second role that permits it does not count")
	}
	if _, ok := d.Revoke("/wrong", a.Name); ok {
		t.Error("revoked at another scope")
	}
	if _, ok := d.Revoke(sub+"/", strings.ToUpper(a.Name)); !ok || d.Allowed(robot, keys, svc) {
		t.Error("still allowed after the role was revoked")
	}
	if _, ok := d.Revoke(sub, a.Name); ok {
		t.Error("revoked twice")
	}
}

func TestAssignmentTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := rbac.New()
		d.Delay = time.Minute
		a := assign(t, d, rbac.Assignment{Scope: svc, RoleID: serviceReader, PrincipalID: robot})
		check := func(when string, want bool) {
			t.Helper()
			if got := d.Allowed(robot, "Microsoft.ApiManagement/service/apis/read", api); got != want {
				t.Errorf("%s: allowed %v, want %v", when, got, want)
			}
		}
		check("just assigned", false)
		time.Sleep(time.Minute)
		check("after the delay", true)
		d.Revoke(svc, a.Name)
		check("just revoked", true)
		if left := d.Assignments(); len(left) != 0 {
			t.Errorf("a revoked assignment is listed: %v", left)
		}
		time.Sleep(time.Minute)
		check("revoked for the delay", false)
		assign(t, d, rbac.Assignment{Scope: svc, RoleID: serviceReader, PrincipalID: robot})
		check("assigned anew", false)
	})
}

func TestAssignRefuses(t *testing.T) {
	d := rbac.New()
	a := rbac.Assignment{Name: first, Scope: svc, RoleID: serviceReader, PrincipalID: robot}
	assign(t, d, a)
	if got := assign(t, d, a); got.Name != first || len(d.Assignments()) != 1 {
		t.Errorf("the same assignment again: %+v, %d in all", got, len(d.Assignments()))
	}
	for code, change := range map[string]func(*rbac.Assignment){
		"RoleAssignmentExists":             func(a *rbac.Assignment) { a.Name = again },
		"RoleAssignmentUpdateNotPermitted": func(a *rbac.Assignment) { a.PrincipalID = other },
		"RoleDefinitionDoesNotExist":       func(a *rbac.Assignment) { a.RoleID = "Overlord" },
	} {
		bad := a
		change(&bad)
		_, err := d.Assign(bad)
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != code {
			t.Errorf("assign %+v: %v, want %s", bad, err, code)
		}
	}
}

// ask sends a request and returns the status and the answer.
func ask(t *testing.T, d *rbac.Directory, method, target, body string) (int, answer) {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(method, strings.ReplaceAll(target, " ", "%20"), strings.NewReader(body)))
	var a answer
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("%s %s: %v in %s", method, target, err, w.Body)
		}
	}
	return w.Code, a
}

type answer struct {
	ID, Name, Type string
	Properties     struct {
		RoleName, RoleDefinitionID, PrincipalID, PrincipalType, Scope string
		Permissions                                                   []struct{ Actions, NotActions, DataActions, NotDataActions []string }
	}
	Value []answer
	Error struct{ Code, Message string }
}

func (a answer) names() []string {
	var names []string
	for _, v := range a.Value {
		names = append(names, v.Name)
	}
	return names
}

func TestRoleDefinitionsOverHTTP(t *testing.T) {
	const list = svc + "/providers/Microsoft.Authorization/roleDefinitions"
	const reader = "71522526-b88f-4d52-b57f-d31fc3546d0d"
	d := rbac.New(rbac.Role{ID: "cccccccc-0000-4000-8000-000000000001", Name: "Reader's Digest"})
	for _, path := range []string{list, list[1:], strings.ToLower(list), "/" + list} {
		status, a := ask(t, d, "GET", "/"+path+"?$filter=roleName eq '"+serviceReader+"'&api-version=2018-01-01-preview", "")
		if status != http.StatusOK || !slices.Equal(a.names(), []string{reader}) {
			t.Fatalf("GET %s: %d %v", path, status, a.names())
		}
		role := a.Value[0]
		if want := sub + "/providers/Microsoft.Authorization/roleDefinitions/" + reader; role.ID != want || role.Properties.RoleName != serviceReader {
			t.Errorf("definition %+v, want id %s", role, want)
		}
		if p := role.Properties.Permissions; len(p) != 1 || len(p[0].Actions) != 8 || len(p[0].NotActions) != 1 || p[0].DataActions == nil {
			t.Errorf("permissions %+v", p)
		}
	}
	for filter, want := range map[string]int{
		"roleName eq 'Reader''s Digest'":                    1,
		"type eq 'CustomRole'":                              1,
		"roleName eq 'Owner' and type eq 'BuiltInRole'":     1,
		"atScopeAndBelow() AND roleName eq 'owner'":         1,
		"roleName eq 'Owner' and atScope()":                 1,
		"roleName eq 'nobody'":                              0,
		"roleName eq 'x and y' and type eq 'BuiltInRole'":   0,
		"roleName eq 'Owner' and principalId eq 'x'":        -1,
		"roleName ne 'Owner'":                               -1,
		"roleName eq 'Owner":                                -1,
		"roleName eq Owner":                                 -1,
		"roleName":                                          -1,
		"roleName eq 'Owner' or roleName eq 'Contributor'":  -1,
		"roleName eq 'Owner' roleName eq 'Contributor'":     -1,
		"roleName eq 'Owner' type eq 'BuiltInRole' and x()": -1,
	} {
		status, a := ask(t, d, "GET", list+"?$filter="+url.QueryEscape(filter), "")
		switch {
		case want < 0 && status != http.StatusBadRequest:
			t.Errorf("filter %s: %d, want 400", filter, status)
		case want >= 0 && len(a.Value) != want:
			t.Errorf("filter %s: %d %v, want %d", filter, status, a.names(), want)
		}
	}
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", list, 200},
		{"HEAD", list, 200},
		{"GET", list + "/" + reader, 200},
		{"GET", list + "/" + strings.ToUpper(reader), 200},
		{"GET", list + "/Owner", 404},
		{"GET", "/providers/Microsoft.Authorization/roleDefinitions/" + reader, 200},
		{"PUT", list + "/" + reader, 405},
		{"POST", list, 405},
		{"GET", svc + "/providers/Microsoft.Authorization/locks", 404},
		{"GET", list + "/a/b", 404},
		{"GET", svc, 404},
	} {
		if status, a := ask(t, d, tt.method, tt.path, ""); status != tt.status {
			t.Errorf("%s %s: %d %v, want %d", tt.method, tt.path, status, a.Error, tt.status)
		}
	}
}

func TestRoleAssignmentsOverHTTP(t *testing.T) {
	at := func(scope, name string) string {
		return scope + "/providers/Microsoft.Authorization/roleAssignments/" + name
	}
	body := func(role, principal string) string {
		return `{"properties":{"roleDefinitionId":"` + sub + `/providers/Microsoft.Authorization/roleDefinitions/` + role +
			`","principalId":"` + principal + `","principalType":"ServicePrincipal"}}`
	}
	const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	d := rbac.New()
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"missing", "GET", at(svc, first), "", 404, "RoleAssignmentNotFound"},
		{"create", "PUT", "/" + at(svc, first), body(owner, robot), 201, ""},
		{"the same", "PUT", at(svc, first), body(owner, strings.ToUpper(robot)), 200, ""},
		{"the same under another name", "PUT", at(svc, again), body(owner, robot), 409, "RoleAssignmentExists"},
		{"another under the same name", "PUT", at(sub, first), body(owner, robot), 409, "RoleAssignmentUpdateNotPermitted"},
		{"at another scope", "PUT", at(sub, again), body(owner, robot), 201, ""},
		{"unknown role", "PUT", at(api, again), body(robot, robot), 404, "RoleDefinitionDoesNotExist"},
		{"name is no GUID", "PUT", at(svc, "mine"), body(owner, robot), 400, "InvalidRoleAssignmentId"},
		{"principal is no GUID", "PUT", at(svc, again), body(owner, "alice"), 400, "InvalidPrincipalId"},
		{"no body", "PUT", at(svc, again), "", 400, "InvalidRequestContent"},
		{"no name", "PUT", at(svc, ""), body(owner, robot), 405, "MethodNotAllowed"},
		{"read", "GET", at(svc, strings.ToUpper(first)), "", 200, ""},
		{"read at another scope", "GET", at(api, first), "", 404, "RoleAssignmentNotFound"},
		{"delete at another scope", "DELETE", at(api, first), "", 204, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, a := ask(t, d, tt.method, tt.path, tt.body)
			if status != tt.status || a.Error.Code != tt.code {
				t.Fatalf("%d %+v, want %d %s", status, a.Error, tt.status, tt.code)
			}
			if p := a.Properties; status < 204 && (!strings.HasSuffix(a.ID, a.Name) || p.PrincipalID != robot || p.PrincipalType != identity.ServicePrincipal ||
				p.RoleDefinitionID != sub+"/providers/Microsoft.Authorization/roleDefinitions/"+owner) {
				t.Errorf("assignment %+v", a)
			}
		})
	}
	assign(t, d, rbac.Assignment{Name: "api", Scope: api, RoleID: owner, PrincipalID: other})
	for query, want := range map[string][]string{
		"":                                       {first, again, "api"},
		"$filter=atScope()":                      {first, again},
		"$filter=principalId eq '" + other + "'": {"api"},
		"$filter=assignedTo('" + other + "')":    {"api"},
		"$filter=atScope() and assignedTo('" + other + "')": nil,
	} {
		if _, a := ask(t, d, "GET", at(svc, "")+"?"+query, ""); !slices.Equal(a.names(), want) {
			t.Errorf("list at the service with %q: %v, want %v", query, a.names(), want)
		}
	}
	if status, a := ask(t, d, "DELETE", at(svc, first), ""); status != http.StatusOK || a.Name != first {
		t.Errorf("delete: %d %+v", status, a)
	}
	if status, _ := ask(t, d, "DELETE", at(svc, first), ""); status != http.StatusNoContent {
		t.Errorf("delete again: %d, want 204", status)
	}
}

func TestDenied(t *testing.T) {
	e := rbac.Denied(identity.Principal{Name: "center", ObjectID: robot}, "Microsoft.ApiManagement/service/apis/read", api[1:])
	want := "The client 'center' with object id '" + robot + "' does not have authorization to perform action 'Microsoft.ApiManagement/service/apis/read' over scope '" +
		api + "' or the scope is invalid. If access was recently granted, please refresh your credentials."
	if e.Status != http.StatusForbidden || e.Code != "AuthorizationFailed" || e.Message != want {
		t.Errorf("%d %s %s", e.Status, e.Code, e.Message)
	}
}

func TestAllowedDoesNotAllocate(t *testing.T) {
	d := rbac.New()
	assign(t, d, rbac.Assignment{Scope: svc, RoleID: serviceReader, PrincipalID: robot})
	if n := testing.AllocsPerRun(100, func() { d.Allowed(robot, "Microsoft.ApiManagement/service/apis/read", api) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkAllowed(b *testing.B) {
	d := rbac.New()
	assign(b, d, rbac.Assignment{Scope: svc, RoleID: serviceReader, PrincipalID: robot})
	for b.Loop() {
		if !d.Allowed(robot, "Microsoft.ApiManagement/service/apis/operations/read", api) {
			b.Fatal("denied")
		}
	}
}
