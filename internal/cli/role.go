package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// authorization is the api-version of roles.
const authorization = "2022-04-01"

const (
	assignments = "/providers/Microsoft.Authorization/roleAssignments"
	definitions = "/providers/Microsoft.Authorization/roleDefinitions"
)

// roleNames completes a flag with the roles that every center has.
func roleNames() []string {
	return []string{
		"Azure API Center Service Contributor", "Azure API Center Service Reader", "Azure API Center Compliance Manager",
		"Azure API Center Data Reader",
	}
}

// roleCommand is `role`: who may do what, as `az role` has it.
func roleCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "role", Short: "Who may do what: roles and their assignments"})
	c := connect(cmd, s)
	assignment := group(&cobra.Command{Use: "assignment", Short: "Who has which role, and at which scope"})
	assignment.AddCommand(assignmentCreate(c), assignmentList(c), assignmentDelete(c))
	definition := group(&cobra.Command{Use: "definition", Short: "The roles there are"})
	definition.AddCommand(definitionList(c))
	cmd.AddCommand(assignment, definition)
	return cmd
}

// scoped opens a session and gives the scope that is meant: the service when
// none is said.
func (c *connection) scoped(ctx context.Context, cmd *cobra.Command, scope string) (*session, string, error) {
	if scope == "" {
		s, err := c.open(ctx, cmd)
		if err != nil {
			return nil, "", err
		}
		return s, s.service.path(), nil
	}
	s, _, err := c.dial(cmd)
	return s, "/" + strings.Trim(scope, "/"), err
}

func assignmentColumns() []column {
	return []column{
		{"PRINCIPAL", "principalId", nil},
		{"TYPE", "principalType", nil},
		{"ROLE", "roleDefinitionName", nil},
		{"SCOPE", "scope", nil},
		{"NAME", "name", nil},
	}
}

func assignmentCreate(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Give somebody a role at a scope and all below it",
		Example: `  apicenter role assignment create --assignee 5f0c6a0e-4d5e-4f5a-9b6c-1a2b3c4d5e6f --role "Azure API Center Service Reader"`,
	}
	f := cmd.Flags()
	assignee := f.String("assignee", "", "id of the person, group or program, as the issuer names it in its tokens")
	f.StringVar(assignee, "assignee-object-id", "", "the same")
	principal := f.String("assignee-principal-type", "", "User, Group or ServicePrincipal")
	role := f.String("role", "", "name or id of the role")
	scope := f.String("scope", "", "ARM id of what it is for (default the service)")
	name := f.String("name", "", "UUID of the assignment (default a new one)")
	description := f.String("description", "", "why")
	require(cmd, "role")
	cmd.MarkFlagsOneRequired("assignee", "assignee-object-id")
	cmd.MarkFlagsMutuallyExclusive("assignee", "assignee-object-id")
	complete(cmd, "role", words(roleNames()...))
	complete(cmd, "assignee-principal-type", words("User", "Group", "ServicePrincipal"))
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		if *name == "" {
			*name = newUUID()
		}
		s, at, err := c.scoped(ctx, cmd, *scope)
		if err != nil {
			return err
		}
		id, err := s.role(ctx, cmd, at, *role)
		if err != nil {
			return err
		}
		p := object{"roleDefinitionId": id, "principalId": *assignee}
		if *principal != "" {
			p["principalType"] = *principal
		}
		if *description != "" {
			p["description"] = *description
		}
		a, err := s.do(ctx, call{
			method: http.MethodPut, path: at + assignments + "/" + url.PathEscape(*name), version: authorization,
			body: object{"properties": p},
		})
		if err != nil {
			return err
		}
		made, err := a.object()
		if err != nil {
			return err
		}
		named, err := s.withRoleNames(ctx, at, []object{made})
		if err != nil {
			return err
		}
		return s.print.row(named[0], assignmentColumns())
	})
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// newUUID is a random UUID.
func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// role is the id of the role that is called by its name or its id.
func (s *session) role(ctx context.Context, cmd *cobra.Command, scope, role string) (string, error) {
	if strings.HasPrefix(role, "/") {
		return role, nil
	}
	if uuid.MatchString(role) {
		return subscriptionOf(scope) + definitions + "/" + role, nil
	}
	found, err := s.some(ctx, scope+definitions, authorization, url.Values{"$filter": {"roleName eq '" + strings.ReplaceAll(role, "'", "''") + "'"}}, 0)
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(o object) bool { return !strings.EqualFold(o.text("properties.roleName"), role) })
	if len(found) == 1 {
		return found[0].text("id"), nil
	}
	wrong := usage(cmd, "--role %q names %d roles", clean(role), len(found))
	wrong.hint = "see: apicenter role definition list"
	return "", wrong
}

// subscriptionOf is the path of the subscription in a scope; "" if it has none.
func subscriptionOf(scope string) string {
	p := strings.Split(scope, "/")
	if len(p) < 3 || !strings.EqualFold(p[1], "subscriptions") {
		return ""
	}
	return "/subscriptions/" + p[2]
}

// assignmentFilter is the flags that choose assignments.
type assignmentFilter struct{ assignee, role, scope string }

func (f *assignmentFilter) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.assignee, "assignee", "", "only those of this person, group or program")
	cmd.Flags().StringVar(&f.role, "role", "", "only those of this role, by name or id")
	cmd.Flags().StringVar(&f.scope, "scope", "", "ARM id of what they are for (default the service)")
	complete(cmd, "role", words(roleNames()...))
}

// read lists the assignments at the scope, with those above it if inherited.
func (f *assignmentFilter) read(ctx context.Context, cmd *cobra.Command, c *connection, inherited bool) (*session, []object, error) {
	s, at, err := c.scoped(ctx, cmd, f.scope)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.some(ctx, at+assignments, authorization, url.Values{"$filter": {"atScope()"}}, 0)
	if err != nil {
		return nil, nil, err
	}
	if found, err = s.withRoleNames(ctx, at, found); err != nil {
		return nil, nil, err
	}
	found = slices.DeleteFunc(found, func(o object) bool {
		id := o.text("properties.roleDefinitionId")
		return !inherited && !strings.EqualFold(strings.Trim(o.text("properties.scope"), "/"), strings.Trim(at, "/")) ||
			!matches(f.assignee, o.text("properties.principalId")) ||
			!matches(f.role, id) && !matches(f.role, last(id)) && !matches(f.role, o.text("properties.roleDefinitionName"))
	})
	return s, found, nil
}

// withRoleNames puts the names of the roles beside their ids, as az does.
func (s *session) withRoleNames(ctx context.Context, scope string, found []object) ([]object, error) {
	roles, err := s.some(ctx, scope+definitions, authorization, nil, 0)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, r := range roles {
		names[strings.ToLower(last(r.text("id")))] = r.text("properties.roleName")
	}
	for _, o := range found {
		if p, ok := o["properties"].(map[string]any); ok {
			p["roleDefinitionName"] = names[strings.ToLower(last(object(p).text("roleDefinitionId")))]
		}
	}
	return found, nil
}

func assignmentList(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List who has which role at a scope",
		Example: "  apicenter role assignment list --include-inherited\n  apicenter role assignment list --assignee 5f0c6a0e-4d5e-4f5a-9b6c-1a2b3c4d5e6f",
	}
	var f assignmentFilter
	f.flags(cmd)
	inherited := cmd.Flags().Bool("include-inherited", false, "those of the scopes above too")
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, found, err := f.read(cmd.Context(), cmd, c, *inherited)
		if err != nil {
			return err
		}
		return s.print.list(found, assignmentColumns())
	})
}

func assignmentDelete(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete", Short: "Take a role away",
		Example: `  apicenter role assignment delete --assignee 5f0c6a0e-4d5e-4f5a-9b6c-1a2b3c4d5e6f --role "Azure API Center Service Reader"`,
	}
	var f assignmentFilter
	f.flags(cmd)
	ids := cmd.Flags().StringSlice("ids", nil, "ids of the assignments, instead of what the others say")
	for _, other := range []string{"assignee", "role", "scope"} {
		cmd.MarkFlagsMutuallyExclusive("ids", other)
	}
	cmd.MarkFlagsOneRequired("ids", "assignee", "role")
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		if len(*ids) > 0 {
			s, _, err := c.dial(cmd)
			if err != nil {
				return err
			}
			return s.deleteAssignments(ctx, *ids)
		}
		s, found, err := f.read(ctx, cmd, c, false)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &failure{exit: exitNotFound, message: "there is no such assignment", hint: "see: apicenter role assignment list"}
		}
		var all []string
		for _, o := range found {
			all = append(all, o.text("id"))
		}
		return s.deleteAssignments(ctx, all)
	})
}

func (s *session) deleteAssignments(ctx context.Context, ids []string) error {
	for _, id := range ids {
		_, err := s.do(ctx, call{method: http.MethodDelete, path: "/" + strings.Trim(id, "/"), version: authorization})
		if err != nil {
			return err
		}
	}
	return nil
}

func definitionList(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the roles that can be assigned",
		Example: "  apicenter role definition list\n  apicenter role definition list --name \"Azure API Center Data Reader\" -o json",
	}
	name := cmd.Flags().String("name", "", "only the role of this name or id")
	scope := cmd.Flags().String("scope", "", "ARM id of where they can be assigned (default the service)")
	complete(cmd, "name", words(roleNames()...))
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		s, at, err := c.scoped(ctx, cmd, *scope)
		if err != nil {
			return err
		}
		roles, err := s.some(ctx, at+definitions, authorization, nil, 0)
		if err != nil {
			return err
		}
		roles = slices.DeleteFunc(roles, func(o object) bool {
			return !matches(*name, o.text("properties.roleName")) && !matches(*name, last(o.text("id")))
		})
		return s.print.list(roles, []column{
			{"ROLE", "roleName", nil}, {"ID", "name", nil}, {"DESCRIPTION", "description", nil},
		})
	})
}
