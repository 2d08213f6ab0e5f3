package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// Roles gives roles to principals. Whether who asks may do so is decided before.
type Roles interface {
	Assignments(ctx context.Context) ([]inventory.Assignment, error)
	Assign(ctx context.Context, a inventory.Assignment) (created bool, err error)
	Unassign(ctx context.Context, scope, name string) error
	Held(ctx context.Context) []auth.Grant
	Roles() []access.Role
	FindRole(idOrName string) (access.Role, bool)
}

// What it takes to see, give and end roles.
const (
	readRoles  = "Microsoft.Authorization/roleAssignments/read"
	writeRoles = "Microsoft.Authorization/roleAssignments/write"
	endRoles   = "Microsoft.Authorization/roleAssignments/delete"
)

// accessView is the page of who may do what.
type accessView struct {
	Address     string
	Assignments []assignmentRow
	Mine        []heldRole
	Roles       []access.Role
	Form        *assignmentForm // nil: who asks may give no roles
}

type assignmentRow struct {
	Name, Role, Member, Type, Scope, Where, Description string
	Since                                               time.Time
	By                                                  string
	Ends                                                bool // who asks may end it here
}

type heldRole struct{ Role, Where string }

// assignmentForm is what was chosen, and what was wrong with it.
type assignmentForm struct {
	Role, Type, Member, Description string
	Fault                           fieldFault
	Review                          *access.Role // it is complete: the role, to be looked at before it is given
	Confirm                         bool         // the same, of a role of Azure
}

// fieldFault says what is wrong with one field of a form.
type fieldFault struct{ Field, Message string }

// memberTypes are the sorts of members, with what Azure calls them.
var memberTypes = []struct{ Value, Title string }{
	{"User", "User"}, {"Group", "Group"}, {"ServicePrincipal", "Managed identity or application"},
}

// MemberTypes are for the form.
func (accessView) MemberTypes() []struct{ Value, Title string } { return memberTypes }

func (h *Handler) accessPage(w http.ResponseWriter, r *request) error {
	return h.showAccess(w, r, http.StatusOK, assignmentForm{Type: "User"})
}

func (h *Handler) showAccess(w http.ResponseWriter, r *request, status int, form assignmentForm) error {
	all, err := h.roles.Assignments(r.Context())
	if err != nil {
		return err
	}
	v := accessView{Address: r.address(r.service.Path) + "/-/access", Roles: h.roles.Roles()}
	scope := strings.ToLower(feed.ARMID(r.service.Path))
	for _, a := range all {
		where, ok := h.whereIs(a.Scope, scope)
		if !ok {
			continue
		}
		role, _ := h.roles.FindRole(a.Role)
		v.Assignments = append(v.Assignments, assignmentRow{
			Name: a.Name, Role: role.Name, Member: a.Principal, Type: memberType(a.PrincipalType), Scope: a.Scope, Where: where, Description: a.Description,
			Since: a.Created.At, By: a.Created.By, Ends: h.access.Allowed(r.Context(), endRoles, a.Scope),
		})
	}
	for _, g := range h.roles.Held(r.Context()) {
		if where, ok := h.whereIs(g.Scope, scope); ok {
			role, _ := h.roles.FindRole(g.Role)
			v.Mine = append(v.Mine, heldRole{role.Name, where})
		}
	}
	if r.may(writeRoles) {
		v.Form = &form
	}
	return h.show(w, r, view{template: "access", title: "Access control", section: "Access", status: status, data: v})
}

// whereIs says where a right is given, seen from a service; false when it is no right on it.
func (h *Handler) whereIs(scope, service string) (string, bool) {
	switch {
	case scope == access.Everything:
		return "everything", true
	case scope == service:
		return "this API center", true
	case strings.HasPrefix(service, scope+"/"):
		return scope[strings.LastIndexByte(scope, '/')+1:], true
	case strings.HasPrefix(scope, service+"/"):
		return scope[len(service)+1:], true
	default:
		return "", false
	}
}

func memberType(typ string) string {
	for _, t := range memberTypes {
		if t.Value == typ {
			return t.Title
		}
	}
	return typ
}

// assign shows a role to be given once more and then, when that was confirmed, gives it.
func (h *Handler) assign(w http.ResponseWriter, r *request) error {
	form := assignmentForm{
		Role: r.PostFormValue("role"), Type: r.PostFormValue("type"), Member: strings.TrimSpace(r.PostFormValue("member")),
		Description: strings.TrimSpace(r.PostFormValue("description")),
	}
	role, ok := h.roles.FindRole(form.Role)
	switch {
	case !ok:
		form.Fault = fieldFault{"role", "Choose a role."}
	case form.Member == "":
		form.Fault = fieldFault{"member", "Give the object id of the member."}
	case !slices.ContainsFunc(memberTypes, func(t struct{ Value, Title string }) bool { return t.Value == form.Type }):
		form.Fault = fieldFault{"type", "Choose what the member is."}
	case r.PostFormValue("confirmed") == "":
		form.Review = &role
		return h.showAccess(w, r, http.StatusOK, form)
	}
	if form.Fault.Message != "" {
		return h.showAccess(w, r, http.StatusBadRequest, form)
	}
	_, err := h.roles.Assign(r.Context(), inventory.Assignment{
		Name: auth.NewID(), Scope: feed.ARMID(r.service.Path), Role: role.ID, Principal: form.Member, PrincipalType: form.Type, Description: form.Description,
	})
	if fault, status, ok := mendable(err, map[string]string{"properties.principalId": "member", "properties.description": "description"}); ok {
		form.Fault = fault
		return h.showAccess(w, r, status, form)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/access")
}

// unassign ends an assignment, wherever it is.
func (h *Handler) unassign(w http.ResponseWriter, r *request) error {
	scope := r.PostFormValue("scope")
	if err := h.access.Authorize(r.Context(), endRoles, scope); err != nil {
		return err
	}
	if err := h.roles.Unassign(r.Context(), scope, r.PostFormValue("name")); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/access")
}
