package access

import (
	"context"
	"regexp"
	"strings"
	"unicode"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// Limits of assignments, those that Azure has.
const (
	maxAssignments = 4000
	maxDescription = 1024
	maxPrincipal   = 256
)

// Assignments gives all assignments in order of creation.
func (g *Guard) Assignments(ctx context.Context) ([]inventory.Assignment, error) {
	return g.store.Assignments(ctx)
}

// Assignment gives the assignment of a name. NotFound.
func (g *Guard) Assignment(_ context.Context, name string) (inventory.Assignment, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, ok := g.all[strings.ToLower(name)]
	if !ok {
		return a, inventory.Errorf(inventory.NotFound, "", "there is no role assignment %s", name)
	}
	return a, nil
}

// Assign keeps an assignment, in force at once, and says whether it is new. The
// role may be given as FindRole takes it. Whether the caller may assign has been
// decided before. Invalid; NotFound for the role; Conflict when the principal has
// the role on that scope under another name; LimitReached.
func (g *Guard) Assign(ctx context.Context, a inventory.Assignment) (created bool, err error) {
	by, ok := auth.From(ctx)
	if !ok {
		return false, inventory.Errorf(inventory.Denied, "", "nobody is signed in, so nobody may assign a role")
	}
	if a, err = g.checked(a); err != nil {
		return false, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, there := g.all[a.Name]; !there && len(g.all) >= maxAssignments {
		return false, inventory.Errorf(inventory.LimitReached, "", "there are %d role assignments, and there can be no more; assign roles to groups, or higher up", maxAssignments)
	}
	stored, created, err := g.store.PutAssignment(ctx, by.Name, a)
	if err != nil {
		return false, err
	}
	g.all[stored.Name] = stored
	g.renew()
	return created, nil
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// checked is an assignment in the form in which it is kept.
func (g *Guard) checked(a inventory.Assignment) (inventory.Assignment, error) {
	a.Name, a.Principal = strings.ToLower(a.Name), strings.ToLower(a.Principal)
	role, ok := g.FindRole(a.Role)
	switch {
	case !guid.MatchString(a.Name):
		return a, inventory.Errorf(inventory.Invalid, "name", "the name of a role assignment is a GUID, and %q is none", a.Name)
	case a.Principal == "" || len(a.Principal) > maxPrincipal || strings.ContainsFunc(a.Principal, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return a, inventory.Errorf(inventory.Invalid, "properties.principalId", "%q is no object id of a principal", a.Principal)
	case len(a.Description) > maxDescription:
		return a, inventory.Errorf(inventory.Invalid, "properties.description", "the description has %d bytes; it may have %d", len(a.Description), maxDescription)
	case len(a.PrincipalType) > maxPrincipal:
		return a, inventory.Errorf(inventory.Invalid, "properties.principalType", "the type of a principal is a word such as User, Group or ServicePrincipal")
	case !ok:
		return a, inventory.Errorf(inventory.NotFound, "properties.roleDefinitionId", "there is no role %q; the list of role definitions has those that there are", a.Role)
	}
	var err error
	a.Role = role.ID
	a.Scope, err = ParseScope(a.Scope)
	return a, err
}

// Unassign deletes the assignment of a name on exactly that scope; it ends at once. NotFound.
func (g *Guard) Unassign(ctx context.Context, scope, name string) error {
	by, ok := auth.From(ctx)
	if !ok {
		return inventory.Errorf(inventory.Denied, "", "nobody is signed in, so nobody may end the assignment of a role")
	}
	name = strings.ToLower(name)
	g.mu.Lock()
	defer g.mu.Unlock()
	if a, ok := g.all[name]; !ok || a.Scope != fold(scope) {
		return inventory.Errorf(inventory.NotFound, "", "there is no role assignment %s on %s", name, scope)
	}
	if err := g.store.DeleteAssignment(ctx, by.Name, name); err != nil {
		return err
	}
	delete(g.all, name)
	g.renew()
	return nil
}
