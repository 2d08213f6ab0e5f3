package rbac

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// Provider is the namespace whose requests a Directory serves.
const Provider = "Microsoft.Authorization"

// ServeHTTP answers {scope}/providers/Microsoft.Authorization/roleDefinitions and roleAssignments. Whether the
// caller may ask is checked before, with the action and scope that [wire.Operation] names for [Provider].
func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope, rest, ok := wire.Extension(r.URL.Path, Provider)
	if !ok || len(rest) > 2 {
		notFound(w, r)
		return
	}
	name := ""
	if len(rest) == 2 {
		name = rest[1]
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch kind := strings.ToLower(rest[0]); {
	case kind == "roledefinitions" && read:
		d.readRoles(w, r, scope, name)
	case kind == "roleassignments" && read:
		d.readAssignments(w, r, scope, name)
	case kind == "roleassignments" && r.Method == http.MethodPut && name != "":
		d.putAssignment(w, r, scope, name)
	case kind == "roleassignments" && r.Method == http.MethodDelete && name != "":
		d.deleteAssignment(w, scope, name)
	case kind == "roledefinitions" || kind == "roleassignments":
		wire.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The method %s is not served for %s.", r.Method, r.URL.Path).Write(w)
	default:
		notFound(w, r)
	}
}

func notFound(w http.ResponseWriter, r *http.Request) {
	wire.Errorf(http.StatusNotFound, "ResourceNotFound", "No resource of %s is served at %s.", Provider, r.URL.Path).Write(w)
}

func (d *Directory) readRoles(w http.ResponseWriter, r *http.Request, scope, name string) {
	if name != "" {
		role := d.role(name)
		if role == nil || !strings.EqualFold(role.ID, name) {
			wire.Errorf(http.StatusNotFound, "RoleDefinitionDoesNotExist",
				"The specified role definition with ID '%s' does not exist.", name).Write(w)
			return
		}
		wire.JSON(w, http.StatusOK, roleBody(*role, scope))
		return
	}
	// A role is defined once for all scopes here, so the conditions on the scope hold for every one.
	f, err := parseFilter(r, "rolename", "type", "atscope()", "atscopeandbelow()")
	if err != nil {
		err.Write(w)
		return
	}
	value := []any{}
	for _, role := range d.roles {
		if f.accepts("rolename", role.Name) && f.accepts("type", role.kind()) {
			value = append(value, roleBody(role, scope))
		}
	}
	wire.JSON(w, http.StatusOK, map[string]any{"value": value})
}

// readAssignments lists what is assigned at a scope, above it and below it; atScope() leaves out what is below.
func (d *Directory) readAssignments(w http.ResponseWriter, r *http.Request, scope, name string) {
	f, err := parseFilter(r, "principalid", "assignedto()", "atscope()")
	if err != nil {
		err.Write(w)
		return
	}
	value := []any{}
	for _, a := range d.Assignments() {
		if name != "" && strings.EqualFold(a.Name, name) && strings.EqualFold(a.Scope, scope) {
			wire.JSON(w, http.StatusOK, assignmentBody(a))
			return
		}
		_, noneBelow := f["atscope()"]
		if (covers(a.Scope, scope) || !noneBelow && covers(scope, a.Scope)) &&
			f.accepts("principalid", a.PrincipalID) && f.accepts("assignedto()", a.PrincipalID) {
			value = append(value, assignmentBody(a))
		}
	}
	if name != "" {
		wire.Errorf(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", name).Write(w)
		return
	}
	wire.JSON(w, http.StatusOK, map[string]any{"value": value})
}

func (d *Directory) putAssignment(w http.ResponseWriter, r *http.Request, scope, name string) {
	if !isGUID(name) {
		wire.Errorf(http.StatusBadRequest, "InvalidRoleAssignmentId",
			"The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", name).Write(w)
		return
	}
	var body struct {
		Properties struct{ RoleDefinitionID, PrincipalID, PrincipalType string }
	}
	if err := wire.Read(w, r, &body); err != nil {
		err.Write(w)
		return
	}
	in := body.Properties
	if !isGUID(in.PrincipalID) {
		wire.Errorf(http.StatusBadRequest, "InvalidPrincipalId",
			"A valid principal ID must be provided for role assignment. '%s' is not a GUID.", in.PrincipalID).Write(w)
		return
	}
	a, created, err := d.assign(Assignment{
		Name: name, Scope: scope, RoleID: in.RoleDefinitionID,
		PrincipalID: in.PrincipalID, PrincipalType: in.PrincipalType,
	})
	if err != nil {
		err.Write(w)
		return
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	wire.JSON(w, status, assignmentBody(a))
}

func (d *Directory) deleteAssignment(w http.ResponseWriter, scope, name string) {
	a, ok := d.Revoke(scope, name)
	if !ok {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	wire.JSON(w, http.StatusOK, assignmentBody(a))
}

func (r Role) kind() string {
	if r.builtIn {
		return "BuiltInRole"
	}
	return "CustomRole"
}

func roleBody(r Role, scope string) map[string]any {
	list := func(actions []string) []string { return append([]string{}, actions...) } // [] on the wire, never null
	return map[string]any{
		"id":   roleDefinition(scope, r.ID),
		"type": Provider + "/roleDefinitions",
		"name": r.ID,
		"properties": map[string]any{
			"roleName":         r.Name,
			"type":             r.kind(),
			"description":      r.Description,
			"assignableScopes": []string{"/"},
			"permissions": []map[string]any{{
				"actions": list(r.Actions), "notActions": list(r.NotActions),
				"dataActions": list(r.DataActions), "notDataActions": list(r.NotDataActions),
			}},
		},
	}
}

func assignmentBody(a Assignment) map[string]any {
	created := a.Created.UTC().Format(time.RFC3339Nano)
	return map[string]any{
		"id":   strings.TrimSuffix(a.Scope, "/") + "/providers/" + Provider + "/roleAssignments/" + a.Name,
		"type": Provider + "/roleAssignments",
		"name": a.Name,
		"properties": map[string]any{
			"roleDefinitionId": roleDefinition(a.Scope, a.RoleID),
			"principalId":      a.PrincipalID,
			"principalType":    a.PrincipalType,
			"scope":            a.Scope,
			"condition":        nil,
			"createdOn":        created,
			"updatedOn":        created,
		},
	}
}

// roleDefinition is the ARM id of a role as seen from a scope: with its subscription if it is in one.
func roleDefinition(scope, id string) string {
	prefix := ""
	if parts := strings.SplitN(scope, "/", 4); len(parts) > 2 && strings.EqualFold(parts[1], "subscriptions") {
		prefix = "/subscriptions/" + parts[2]
	}
	return prefix + "/providers/" + Provider + "/roleDefinitions/" + id
}

func isGUID(s string) bool {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	return err == nil && len(b) == 16 && len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}
