package portal

import (
	"net/http"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/subscription"
)

// linkAccessView is the access control of the instance that a link reads.
type linkAccessView struct {
	Address, Link, LinkName string
	Instance, Scope         string
	Closed                  string // why nothing is shown
	SignIn                  string // where one signs in to see it; empty: that is not why
	List, Add               string // the commands that do it elsewhere
	Assignments             []azureRow
	Roles                   []option
	Form                    *assignmentForm // nil: who looks may give none
	RoleName                string          // of the form
}

// MemberTypes are for the form.
func (linkAccessView) MemberTypes() []struct{ Value, Title string } { return memberTypes }

// azureRow is one assignment.
type azureRow struct {
	Name, Role, Member, Type, Where string
	Here                            bool // it is given at the instance itself
	Reader                          bool // it is the center's
}

// instanceReader is the role that a link needs.
const instanceReader = "71522526-b88f-4d52-b57f-d31fc3546d0d"

// linkAccess shows who may do what at the instance of a link.
func (h *Handler) linkAccess(w http.ResponseWriter, r *request) error {
	return h.showLinkAccess(w, r, http.StatusOK, assignmentForm{Role: instanceReader, Type: "ServicePrincipal"})
}

func (h *Handler) showLinkAccess(w http.ResponseWriter, r *request, status int, form assignmentForm) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	scope := subscription.InstanceOf(inventory.LinkOf(docOf(res).Doc).Source)
	v := linkAccessView{
		Address: linkAddress(r) + "/access", Link: linkAddress(r), LinkName: res.Name(), Instance: sourceName(scope), Scope: scope,
		List: "az role assignment list --scope " + scope + " --include-inherited -o table",
		Add:  `az role assignment create --scope ` + scope + ` --role "API Management Service Reader Role" --assignee-object-id OBJECT-ID --assignee-principal-type ServicePrincipal`,
	}
	shown := view{template: "link-access", title: "Access control of " + v.Instance, section: "Links", status: status}
	p, err := h.person(r)
	if err == nil {
		err = h.fillAccess(r, p, scope, &v, form)
	}
	if e := errorOf(err); e != nil {
		v.Closed, err = e.Message, nil
		if h.azure != nil && e.Code == inventory.Denied && len(h.issuers.SignIns) > 0 {
			v.SignIn = signInAt(v.Address)
		}
	}
	if err != nil {
		return err
	}
	shown.data = v
	return h.show(w, r, shown)
}

func (h *Handler) fillAccess(r *request, p person, scope string, v *linkAccessView, form assignmentForm) error {
	assignments, err := p.assignments(scope)
	if err != nil {
		return err
	}
	roles, err := p.roles(scope)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, role := range roles {
		names[strings.ToLower(role.Name)] = role.Properties.RoleName
		v.Roles = append(v.Roles, option{role.Name, role.Properties.RoleName, strings.EqualFold(role.Name, form.Role)})
	}
	own := principalsOf(identityOf(r.service))
	for _, a := range assignments {
		id := strings.ToLower(a.Properties.RoleDefinitionID[strings.LastIndexByte(a.Properties.RoleDefinitionID, '/')+1:])
		row := azureRow{
			Name: a.Name, Role: names[id], Member: a.Properties.PrincipalID, Type: memberType(a.Properties.PrincipalType),
			Here: strings.EqualFold(a.Properties.Scope, scope), Reader: own[strings.ToLower(a.Properties.PrincipalID)],
		}
		if row.Role == "" {
			row.Role = id
		}
		if row.Where = "this instance"; !row.Here {
			row.Where = "inherited from " + a.Properties.Scope[strings.LastIndexByte(a.Properties.Scope, '/')+1:]
		}
		v.Assignments = append(v.Assignments, row)
	}
	if p.mayAssign(scope) {
		v.Form, v.RoleName = &form, names[strings.ToLower(form.Role)]
	}
	return nil
}

// principalsOf are the object ids of an identity, in lower case.
func principalsOf(i identity) map[string]bool {
	all := map[string]bool{strings.ToLower(i.PrincipalID): i.PrincipalID != ""}
	for _, a := range i.Assigned {
		all[strings.ToLower(a.PrincipalID)] = a.PrincipalID != ""
	}
	return all
}

// assignAtLink gives a role at the instance: first it shows what would be given, then it does.
func (h *Handler) assignAtLink(w http.ResponseWriter, r *request) error {
	form := assignmentForm{
		Role: r.PostFormValue("role"), Type: r.PostFormValue("type"), Member: strings.TrimSpace(r.PostFormValue("member")),
	}
	switch {
	case !guidShape.MatchString(form.Role):
		form.Fault = fieldFault{"role", "Choose a role."}
	case memberType(form.Type) == form.Type:
		form.Fault = fieldFault{"type", "Say what the member is."}
	case !guidShape.MatchString(form.Member):
		form.Fault = fieldFault{"member", "This is not an object id: it has 32 hexadecimal digits, with hyphens between."}
	}
	if form.Fault.Message != "" {
		return h.showLinkAccess(w, r, http.StatusBadRequest, form)
	}
	if r.PostFormValue("confirmed") == "" {
		form.Confirm = true
		return h.showLinkAccess(w, r, http.StatusOK, form)
	}
	scope, p, err := h.instance(r)
	if err == nil {
		err = p.assign(scope, form.Role, form.Member, form.Type)
	}
	if e := errorOf(err); e != nil && (e.Code == inventory.Invalid || e.Code == inventory.Conflict || e.Code == inventory.Denied) {
		form.Fault = fieldFault{"", e.Message}
		return h.showLinkAccess(w, r, http.StatusBadRequest, form)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r)+"/access")
}

// unassignAtLink ends an assignment at the instance.
func (h *Handler) unassignAtLink(w http.ResponseWriter, r *request) error {
	name := r.PostFormValue("name")
	if !guidShape.MatchString(name) {
		return inventory.Errorf(inventory.Invalid, "name", "no assignment is named; go back and choose one")
	}
	scope, p, err := h.instance(r)
	if err != nil {
		return err
	}
	if err := p.unassign(scope, name); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r)+"/access")
}

// instance is that of the link that a request is about, and who asks there.
func (h *Handler) instance(r *request) (scope string, p person, err error) {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return "", p, err
	}
	p, err = h.person(r)
	return subscription.InstanceOf(inventory.LinkOf(docOf(res).Doc).Source), p, err
}

// giveRole gives the role that a check found missing, by the right of who asks.
func (h *Handler) giveRole(r *request, link inventory.ID, body inventory.Doc) error {
	findings, err := h.catalog.Check(r.Context(), link, body)
	if err != nil {
		return err
	}
	role := missingRole(findings)
	if role == nil {
		return nil // it is there by now
	}
	if role.PrincipalID == "" {
		return inventory.Errorf(inventory.Conflict, "", "it is not known who reads, so nobody can be given the role; switch the identity on first")
	}
	p, err := h.person(r)
	if err != nil {
		return err
	}
	return p.assign(role.Scope, role.RoleID, role.PrincipalID, "ServicePrincipal")
}

// giveRoleToNew does so for a link that is being made.
func (h *Handler) giveRoleToNew(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	f := formOf(r.PostForm)
	body, err := h.settingsOfNew(r, &f)
	if err != nil {
		return err
	}
	if err := h.giveRole(r, linkID(r, f.Name), body); err != nil {
		return err
	}
	return redirect(w, r, reviewOf(r, f).Again)
}

// giveRoleToLink does so for a link that is there, and has it look at once.
func (h *Handler) giveRoleToLink(w http.ResponseWriter, r *request) error {
	if err := h.giveRole(r, r.id, nil); err != nil {
		return err
	}
	if _, err := h.catalog.Sync(r.Context(), r.id, ""); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r)+"/doctor")
}
