package managerapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// assignment is a role assignment on the wire.
type assignment struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties assignmentProperties `json:"properties"`
}

type assignmentProperties struct {
	RoleDefinitionID string  `json:"roleDefinitionId"`
	PrincipalID      string  `json:"principalId"`
	PrincipalType    string  `json:"principalType"`
	Scope            string  `json:"scope"`
	Description      *string `json:"description"`
	Condition        *string `json:"condition"`
	ConditionVersion *string `json:"conditionVersion"`
	CreatedOn        string  `json:"createdOn"`
	UpdatedOn        string  `json:"updatedOn"`
	CreatedBy        string  `json:"createdBy"`
	UpdatedBy        string  `json:"updatedBy"`
}

// timeFormat is RFC 3339 in UTC, as precise as we store.
const timeFormat = "2006-01-02T15:04:05.999999Z07:00"

func assignmentRow(a inventory.Assignment) row {
	scope := shown(a.Scope)
	id := strings.TrimSuffix(scope, "/") + "/providers/" + assignmentType + "/" + a.Name
	stamp := func(t time.Time) string { return t.UTC().Format(timeFormat) }
	out := assignment{ID: id, Name: a.Name, Type: assignmentType, Properties: assignmentProperties{
		RoleDefinitionID: definitionID(scope, a.Role), PrincipalID: a.Principal, PrincipalType: a.PrincipalType, Scope: scope,
		CreatedOn: stamp(a.Created.At), UpdatedOn: stamp(a.Updated.At), CreatedBy: a.Created.By, UpdatedBy: a.Updated.By,
	}}
	if a.Description != "" {
		out.Properties.Description = &a.Description
	}
	return row{id, out}
}

// shown is a scope with the fixed words of Azure in their own case; we keep
// scopes in lower case.
func shown(scope string) string {
	p, err := parsePath(scope)
	if err != nil {
		return scope
	}
	if p.provider >= 0 && p.namespace() == strings.ToLower(apiCenter) {
		p.segments[p.provider+1] = apiCenter
		for i := p.provider + 2; i < len(p.segments); i += 2 {
			for _, word := range []string{"apiSources", "analyzerConfigs", "metadataSchemas"} {
				if strings.EqualFold(word, p.segments[i]) {
					p.segments[i] = word
				}
			}
		}
	}
	return p.String()
}

// findAssignment gives the assignment that the path names; nil when there is none.
func (h *Handler) findAssignment(r *request) (*inventory.Assignment, error) {
	all, err := h.roles.Assignments(r.Context())
	if err != nil {
		return nil, err
	}
	scope := r.path.scope().String()
	for _, a := range all {
		if strings.EqualFold(a.Name, r.args["name"]) && strings.EqualFold(a.Scope, scope) {
			return &a, nil
		}
	}
	return nil, nil
}

// foreignAssignment says that an assignment is one that only the upstream may have.
func foreignAssignment(h *Handler, r *request) (bool, error) {
	if r.path.scope().owner() != shared {
		return false, nil
	}
	a, err := h.findAssignment(r)
	return a == nil, err
}

// listAssignments lists what is assigned at a scope, above it and below it;
// atScope() leaves out what is below.
func (h *Handler) listAssignments(w http.ResponseWriter, r *request) error {
	asked, err := conditionsOf(r, "principalId", "assignedTo()", "atScope()")
	if err != nil {
		return err
	}
	all, err := h.roles.Assignments(r.Context())
	if err != nil {
		return err
	}
	scope := r.path.scope().String()
	_, noneBelow := asked["atscope()"]
	var rows []row
	for _, a := range all {
		if (covers(a.Scope, scope) || !noneBelow && covers(scope, a.Scope)) &&
			asked.accept("principalid", a.Principal) && asked.accept("assignedto()", a.Principal) {
			rows = append(rows, assignmentRow(a))
		}
	}
	return h.list(w, r, rows)
}

func (h *Handler) getAssignment(w http.ResponseWriter, r *request) error {
	a, err := h.findAssignment(r)
	if err != nil {
		return err
	}
	if a == nil {
		return arm.Errorf(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", r.args["name"])
	}
	return reply.Value(w, http.StatusOK, assignmentRow(*a).body)
}

// grantBody is what a client sends to assign a role.
type grantBody struct {
	Properties struct {
		RoleDefinitionID string `json:"roleDefinitionId"`
		PrincipalID      string `json:"principalId"`
		PrincipalType    string `json:"principalType"`
		Description      string `json:"description"`
		Condition        string `json:"condition"`
	} `json:"properties"`
}

// foreignGrant says that a role is to be assigned that only the upstream may know.
func foreignGrant(h *Handler, r *request) (bool, error) {
	if r.path.scope().owner() != shared {
		return false, nil
	}
	var in grantBody
	if err := r.decode(&in); err != nil {
		return false, err
	}
	_, known := h.roles.FindRole(in.Properties.RoleDefinitionID)
	return !known && in.Properties.RoleDefinitionID != "", nil
}

func (h *Handler) putAssignment(w http.ResponseWriter, r *request) error {
	var in grantBody
	if err := r.decode(&in); err != nil {
		return err
	}
	if in.Properties.Condition != "" {
		return invalid("properties.condition", "a role cannot be assigned under a condition here; assign it on a narrower scope instead")
	}
	a := inventory.Assignment{
		Name: r.args["name"], Scope: r.path.scope().String(), Role: in.Properties.RoleDefinitionID,
		Principal: in.Properties.PrincipalID, PrincipalType: in.Properties.PrincipalType, Description: in.Properties.Description,
	}
	if a.PrincipalType == "" {
		a.PrincipalType = "User" // as Azure does that cannot know better
	}
	created, err := h.roles.Assign(r.Context(), a)
	if err != nil {
		return refusedGrant(a, err)
	}
	stored, err := h.findAssignment(r)
	if err != nil {
		return err
	}
	if stored == nil {
		return inventory.Errorf(inventory.Conflict, "", "the role assignment %s was deleted by somebody else at the same time", a.Name)
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return reply.Value(w, status, assignmentRow(*stored).body)
}

// refusedGrant says in Azure's words why a role is not assigned.
func refusedGrant(a inventory.Assignment, err error) error {
	e, ok := errors.AsType[*inventory.Error](err)
	if !ok {
		return err
	}
	refuse := func(status int, code string) error {
		out := arm.Errorf(status, code, "%s", e.Message)
		out.Target = e.Target
		return out
	}
	switch {
	case e.Code == inventory.Conflict:
		return refuse(http.StatusConflict, "RoleAssignmentExists")
	case e.Code == inventory.NotFound:
		return noRole(a.Role)
	case e.Code == inventory.LimitReached:
		return refuse(http.StatusBadRequest, "RoleAssignmentLimitExceeded")
	case e.Code == inventory.Invalid && e.Target == "name":
		return refuse(http.StatusBadRequest, "InvalidRoleAssignmentId")
	case e.Code == inventory.Invalid && e.Target == "properties.principalId":
		return refuse(http.StatusBadRequest, "InvalidPrincipalId")
	case e.Code == inventory.Invalid && e.Target == "properties": // another meaning under a name that is there
		return refuse(http.StatusConflict, "RoleAssignmentUpdateNotPermitted")
	}
	return err
}

// deleteAssignment answers with what was there, or 204.
func (h *Handler) deleteAssignment(w http.ResponseWriter, r *request) error {
	a, err := h.findAssignment(r)
	if err != nil {
		return err
	}
	if a != nil {
		err = h.roles.Unassign(r.Context(), a.Scope, a.Name)
	}
	switch {
	case a == nil || inventory.CodeOf(err) == inventory.NotFound:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case err != nil:
		return err
	}
	return reply.Value(w, http.StatusOK, assignmentRow(*a).body)
}
