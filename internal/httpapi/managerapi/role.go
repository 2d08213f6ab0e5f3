package managerapi

import (
	"context"
	"net/http"
	"strings"

	"apicenter/internal/access"
	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Roles are the role definitions and their assignments.
type Roles interface {
	Roles() []access.Role
	// FindRole takes a GUID, the id of a definition, or a name.
	FindRole(idOrName string) (access.Role, bool)
	// Assignments gives all of them in order of creation.
	Assignments(ctx context.Context) ([]inventory.Assignment, error)
	// Assign keeps an assignment and says whether it is new. Invalid, NotFound (the
	// role), Conflict (the same under another name), LimitReached.
	Assign(ctx context.Context, a inventory.Assignment) (created bool, err error)
	// Unassign ends the assignment of a name on exactly that scope. NotFound.
	Unassign(ctx context.Context, scope, name string) error
}

const (
	definitionType = authorization + "/roleDefinitions"
	assignmentType = authorization + "/roleAssignments"
)

// roleDefinition is a role on the wire.
type roleDefinition struct {
	ID         string                   `json:"id"`
	Name       string                   `json:"name"`
	Type       string                   `json:"type"`
	Properties roleDefinitionProperties `json:"properties"`
}

type roleDefinitionProperties struct {
	RoleName         string       `json:"roleName"`
	Type             string       `json:"type"`
	Description      string       `json:"description"`
	AssignableScopes []string     `json:"assignableScopes"`
	Permissions      []permission `json:"permissions"`
}

type permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// builtIn is the type of all roles that there are: nobody can define one of his own.
const builtIn = "BuiltInRole"

// definitionID is the id of a role as seen from a scope: with its subscription, if it is in one.
func definitionID(scope, role string) string {
	prefix := ""
	if segments := strings.SplitN(scope, "/", 4); len(segments) > 2 && segments[1] == "subscriptions" {
		prefix = subscriptionScope(segments[2])
	}
	return prefix + "/providers/" + definitionType + "/" + role
}

func roleRow(role access.Role, scope string) row {
	id := definitionID(scope, role.ID)
	return row{id, roleDefinition{
		ID: id, Name: role.ID, Type: definitionType,
		Properties: roleDefinitionProperties{
			RoleName: role.Name, Type: builtIn, Description: role.Description,
			AssignableScopes: []string{"/"}, Permissions: []permission{permissionOf(role)},
		},
	}}
}

func permissionOf(role access.Role) permission {
	list := func(patterns []string) []string { return append([]string{}, patterns...) } // [] on the wire, never null
	return permission{list(role.Actions), list(role.NotActions), list(role.DataActions), list(role.NotDataActions)}
}

// undisclosed says that a list at a scope that the upstream has too is not for
// the caller to see here: then he may still see what the upstream shows him.
func undisclosed(h *Handler, r *request) (bool, error) {
	action := readAssignment
	if r.path.is(r.path.provider+2, "roleDefinitions") {
		action = readRole
	}
	scope := r.path.scope()
	return scope.owner() == shared && !h.access.Allowed(r.Context(), action, scope.String()), nil
}

// foreignRole says that a role is one that only the upstream may know.
func foreignRole(h *Handler, r *request) (bool, error) {
	_, known := h.roles.FindRole(r.args["name"])
	return !known && r.path.scope().owner() == shared, nil
}

func (h *Handler) listRoles(w http.ResponseWriter, r *request) error {
	// A role is there for all scopes, so what a filter says of scopes holds for each.
	asked, err := conditionsOf(r, "roleName", "type", "atScope()", "atScopeAndBelow()")
	if err != nil {
		return err
	}
	var rows []row
	for _, role := range h.roles.Roles() {
		if asked.accept("rolename", role.Name) && asked.accept("type", builtIn) {
			rows = append(rows, roleRow(role, r.path.scope().String()))
		}
	}
	return h.list(w, r, rows)
}

func (h *Handler) getRole(w http.ResponseWriter, r *request) error {
	role, ok := h.roles.FindRole(r.args["name"])
	if !ok || !strings.EqualFold(role.ID, r.args["name"]) {
		return noRole(r.args["name"])
	}
	return reply.Value(w, http.StatusOK, roleRow(role, r.path.scope().String()).body)
}

func noRole(id string) error {
	return arm.Errorf(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", id)
}

// permissions lists what the caller may do at a scope: one entry for each of his
// roles on it or above it.
func (h *Handler) permissions(w http.ResponseWriter, r *request) error {
	scope := r.path.scope().String()
	var rows []row
	seen := map[string]bool{}
	for _, held := range h.access.Held(r.Context()) {
		role, ok := h.roles.FindRole(held.Role)
		if ok && !seen[role.ID] && covers(held.Scope, scope) {
			seen[role.ID] = true
			rows = append(rows, row{"", permissionOf(role)})
		}
	}
	return h.list(w, r, rows)
}

// covers says that a scope is another one or lies below it, by whole segments.
func covers(above, scope string) bool {
	above, scope = strings.ToLower(strings.TrimSuffix(above, "/")), strings.ToLower(scope)
	rest, ok := strings.CutPrefix(scope, above)
	return ok && (rest == "" || rest[0] == '/')
}
