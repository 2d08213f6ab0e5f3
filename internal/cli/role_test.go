package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestRolesAreAssignedAsAzDoes(t *testing.T) {
	const guid = "aaaaaaaa-0000-4000-8000-000000000000"
	at := func(scope, rest string) string {
		return scope + "/providers/Microsoft.Authorization/" + rest
	}
	body := func(role string) string {
		return `{"properties":{"principalId":"p1","roleDefinitionId":"/subscriptions/sub1/providers/Microsoft.Authorization/roleDefinitions/` + role + `"}}`
	}
	create := []string{"role", "assignment", "create", "--service-id", fakeService, "--name", guid, "--assignee", "p1", "--role"}
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"by name", append(create, "Azure API Center Data Reader"), []string{
			"GET " + at(fakeService, "roleDefinitions ?%24filter=roleName+eq+%27Azure+API+Center+Data+Reader%27&api-version=2022-04-01"),
			"PUT " + at(fakeService, "roleAssignments/"+guid+" ?2022-04-01 "+body(dataRole)),
			"GET " + at(fakeService, "roleDefinitions ?2022-04-01"),
		}},
		{"by id", append(create, dataRole), []string{
			"PUT " + at(fakeService, "roleAssignments/"+guid+" ?2022-04-01 "+body(dataRole)),
			"GET " + at(fakeService, "roleDefinitions ?2022-04-01"),
		}},
		{"at a scope", append(create, dataRole, "--scope", "subscriptions/sub1"), []string{
			"PUT " + at("/subscriptions/sub1", "roleAssignments/"+guid+" ?2022-04-01 "+body(dataRole)),
			"GET " + at("/subscriptions/sub1", "roleDefinitions ?2022-04-01"),
		}},
		{
			"deleted by id",
			[]string{"role", "assignment", "delete", "--ids", at(fakeService, "roleAssignments/x")},
			[]string{"DELETE " + at(fakeService, "roleAssignments/x ?2022-04-01")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newCenter().run(t, tt.args...)
			o.want(t, exitOK)
			if !slices.Equal(o.requests, tt.want) {
				t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(o.requests, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestAssignmentsAreChosen(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitOK, fakeAssignee + "\tUser\tAzure API Center Service Reader\t" + fakeService + "\t0e1d2c3b-0000-4000-8000-000000000000\n"},
		{[]string{"--include-inherited", "--role", dataRole}, exitOK, "somebody\t\tAzure API Center Data Reader\t/subscriptions/sub1\t1e1d2c3b-0000-4000-8000-000000000000\n"},
		{[]string{"--role", "Azure API Center Data Reader"}, exitOK, ""},
		{[]string{"--assignee", "somebody", "--scope", "/subscriptions/sub1"}, exitOK, "somebody\t\tAzure API Center Data Reader\t/subscriptions/sub1\t1e1d2c3b-0000-4000-8000-000000000000\n"},
	} {
		o := newCenter().run(t, append([]string{"role", "assignment", "list", "-o", "tsv"}, tt.args...)...)
		o.want(t, tt.code)
		if o.out != tt.want {
			t.Errorf("%q lists %q, want %q", tt.args, o.out, tt.want)
		}
	}
}

func TestOnlyTheChosenAssignmentsAreDeleted(t *testing.T) {
	c := newCenter()
	c.run(t, "role", "assignment", "delete", "--assignee", "somebody").want(t, exitNotFound) // it has its role further up
	c.run(t, "role", "assignment", "delete", "--scope", fakeService).want(t, exitUsage)
	c.run(t, "role", "assignment", "delete", "--assignee", strings.ToUpper(fakeAssignee)).want(t, exitOK)
	if len(c.access.assignments) != 1 {
		t.Errorf("left are %v", c.access.assignments)
	}
}

func TestAnUnknownRoleIsNotGiven(t *testing.T) {
	o := newCenter().run(t, "role", "assignment", "create", "--assignee", "p", "--role", "Owner of all'")
	o.want(t, exitUsage)
	if !strings.Contains(o.err, "names 0 roles") || !strings.Contains(o.err, "role definition list") {
		t.Errorf("stderr %q", o.err)
	}
}

func TestNewUUIDsAreRandomOnes(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if a, b := newUUID(), newUUID(); a == b || !form.MatchString(a) {
		t.Errorf("%s, %s", a, b)
	}
}
