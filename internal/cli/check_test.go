package cli

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestCheckAsksForALinkOrForAnInstance(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-i", "prod-gateway"}, "POST " + at + "/apiSources/prod-gateway/check" + atPreview + " {}"},
		{
			[]string{"--azure-apim", "contoso", "--workspace", "team", "--msi-resource-id", "/m"},
			"POST " + at + "/apiSources/new-link/check" + atPreview + ` {"properties":{"apiSourceType":"AzureApiManagement","azureApiManagementSource":` +
				`{"resourceId":"` + apimID + `/workspaces/team","msiResourceId":"/m"},"importSpecification":"always"}}`,
		},
	} {
		o := newCenter().run(t, append([]string{"integration", "check", "--service-id", fakeService}, tt.args...)...)
		if o.want(t, exitOK); !slices.Equal(o.requests, []string{tt.want}) {
			t.Errorf("%q sent %q, want %q", tt.args, o.requests, tt.want)
		}
		if !strings.Contains(o.out, "token") || !strings.Contains(o.out, "skipped") {
			t.Errorf("%q printed %s", tt.args, o.out)
		}
	}
	for _, args := range [][]string{{}, {"-i", "prod-gateway", "--azure-apim", "x"}, {"-i", "prod-gateway", "--workspace", "w"}, {"--azure-apim", "a/b"}} {
		newCenter().run(t, append([]string{"integration", "check"}, args...)...).want(t, exitUsage)
	}
	newCenter().run(t, "integration", "check", "-i", "none").want(t, exitNotFound)
}

func TestCheckThatFindsSomethingSaysWhatToDo(t *testing.T) {
	c := newCenter()
	c.fail["POST check"] = func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, map[string]any{"ok": false, "findings": []any{
			map[string]any{"check": "token", "outcome": "ok", "message": "object id p0"},
			map[string]any{"check": "instance", "outcome": "refused", "message": "it may not read", "remedy": map[string]any{"command": "az role assignment create --x"}},
		}})
	}
	for _, format := range []string{"table", "json", "yaml", "tsv"} {
		o := c.run(t, "integration", "check", "-i", "prod-gateway", "-o", format)
		o.want(t, exitFailed)
		if !strings.Contains(o.out, "refused") || !strings.Contains(o.err, "to do: az role assignment create --x") {
			t.Errorf("-o %s printed %s\n%s", format, o.out, o.err)
		}
	}
}

// azure lets a fake center forward role assignments, of which each is answered
// with a status, and switch identities on.
func azure(c *center, identity map[string]any, after map[string]any, status int) (assigned *[]string) {
	assigned = new([]string)
	show := func(identity map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, 200, map[string]any{"id": fakeService, "identity": identity})
		}
	}
	c.fail["GET main"], c.fail["PATCH main"] = show(identity), show(after)
	for _, principal := range []string{"p0", "p1"} {
		c.fail["PUT "+assignmentName(apimID, principal)] = func(w http.ResponseWriter, r *http.Request) {
			*assigned = append(*assigned, principal+" "+r.URL.Path)
			if status >= 300 {
				refuse(w, status, map[int]string{403: "AuthorizationFailed", 409: "RoleAssignmentExists"}[status], "no", "")
				return
			}
			answerJSON(w, status, map[string]any{})
		}
	}
	return assigned
}

func TestAssignRole(t *testing.T) {
	system := map[string]any{"type": "SystemAssigned", "principalId": "p0"}
	user := func(kind, principal string) map[string]any {
		return map[string]any{"type": kind, "userAssignedIdentities": map[string]any{"/S/Reader.One": map[string]any{"principalId": principal}}}
	}
	patch := func(body string) string { return "PATCH " + fakeService + atStable + ` {"identity":` + body + `}` }
	for _, tt := range []struct {
		name          string
		before, after map[string]any
		status        int
		args          []string
		patch         string
		principal     string
		exit          int
	}{
		{name: "it has an identity", before: system, status: 201, principal: "p0"},
		{name: "it was assigned before", before: system, status: 200, principal: "p0"},
		{name: "somebody else assigned it", before: system, status: 409, principal: "p0"},
		{name: "the caller may not", before: system, status: 403, principal: "p0", exit: exitAuth},
		{name: "it has none yet", after: system, status: 201, patch: patch(`{"type":"SystemAssigned"}`), principal: "p0"},
		{name: "the host has none", status: 201, patch: patch(`{"type":"SystemAssigned"}`), exit: exitFailed},
		{
			name: "it has one of another kind", before: user("UserAssigned", "p1"), after: system, status: 201, principal: "p0",
			patch: patch(`{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/S/Reader.One":{}}}`),
		},
		{name: "a user-assigned one", before: user("UserAssigned", "p1"), status: 201, args: []string{"--msi-resource-id", "/s/reader.one"}, principal: "p1"},
		{
			name: "a user-assigned one that it does not have", before: system, after: user("SystemAssigned,UserAssigned", "p1"), status: 201,
			args: []string{"--msi-resource-id", "/s/reader.one"}, principal: "p1",
			patch: patch(`{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/s/reader.one":{}}}`),
		},
		{name: "one workspace", before: system, status: 201, args: []string{"--workspace", "team"}, principal: "p0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCenter()
			assigned := azure(c, tt.before, tt.after, tt.status)
			o := c.run(t, append([]string{"integration", "create", "apim", "-i", "gw", "--azure-apim", "contoso", "--assign-role", "--service-id", fakeService}, tt.args...)...)
			o.want(t, tt.exit)
			if want := tt.principal + " " + apimID + "/providers/Microsoft.Authorization/roleAssignments/" + assignmentName(apimID, tt.principal); tt.principal != "" && !slices.Equal(*assigned, []string{want}) {
				t.Errorf("assigned %q, want %q", *assigned, want)
			}
			if sent := slices.ContainsFunc(o.requests, func(r string) bool { return strings.HasPrefix(r, "PATCH") }); sent != (tt.patch != "") || sent && !slices.Contains(o.requests, tt.patch) {
				t.Errorf("sent %q, want %q", o.requests, tt.patch)
			}
			linked := slices.ContainsFunc(o.requests, func(r string) bool { return strings.HasPrefix(r, "PUT "+at+"/apiSources/gw") })
			if linked != (tt.exit == exitOK) {
				t.Errorf("linked: %t", linked)
			}
			if tt.status == 403 && !strings.Contains(o.err, `az role assignment create --assignee-object-id p0 --assignee-principal-type ServicePrincipal --role "API Management Service Reader Role" --scope "`+apimID+`"`) {
				t.Errorf("printed %s", o.err)
			}
		})
	}
}

func TestAssignmentNamesAreStable(t *testing.T) {
	got := assignmentName("/subscriptions/s", "p")
	if want := "1424cdba-790e-578c-acec-35eab24ab946"; got != want || got != assignmentName("/SUBSCRIPTIONS/S", "P") || got == assignmentName("/subscriptions/s", "p2") {
		t.Errorf("got %q, want %q in whatever case", got, want)
	}
}
