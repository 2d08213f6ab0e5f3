// Package rbac is the emulated role-based access control of Azure: role definitions, their assignment to
// principals at scopes, and the answer to "may this principal do that here?". Who the principal is, identity
// knows; whether a scope exists, the emulator.
//
// An assignment holds for its scope and everything below. Actions of several assignments add up, and the
// notActions of a role take away from that role only.
package rbac

import (
	"cmp"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"apicenter/internal/emulator/identity"
	"apicenter/internal/emulator/wire"
)

// Assignment gives a role to a principal at a scope. Name is a GUID, Scope a plain ARM id (see [wire.Scope]).
type Assignment struct {
	Name          string
	Scope         string
	RoleID        string
	PrincipalID   string
	PrincipalType string
	Created       time.Time
}

// Directory holds the roles and assignments of one cloud. It is safe for concurrent use.
type Directory struct {
	// Delay is how long an assignment takes to work, and its removal too: minutes in Azure, none here unless
	// asked for. Set it before the directory is used.
	Delay time.Duration

	roles []Role // by name

	// mu guards grants: all assignments, by the lower-case id of the principal.
	mu     sync.RWMutex
	grants map[string][]*grant
}

// grant is an assignment with the time in which it works. A revoked one stays until it has stopped working.
type grant struct {
	Assignment
	role  *Role
	from  time.Time
	until time.Time // zero until it is revoked
}

// New makes a directory of the built-in roles and those given. It panics if two have the same id.
func New(custom ...Role) *Directory {
	roles := builtIn()
	for i := range roles {
		roles[i].builtIn = true
	}
	roles = append(roles, custom...)
	slices.SortFunc(roles, func(a, b Role) int { return cmp.Compare(a.Name, b.Name) })
	seen := make(map[string]bool)
	for _, r := range roles {
		id := strings.ToLower(r.ID)
		if id == "" || seen[id] {
			panic(fmt.Sprintf("rbac: role %s has no id of its own: %q", r.Name, r.ID))
		}
		seen[id] = true
	}
	return &Directory{roles: roles, grants: make(map[string][]*grant)}
}

// Role finds a role by its GUID, by the ARM id of its definition, or by its name.
func (d *Directory) Role(ref string) (Role, bool) {
	r := d.role(ref)
	if r == nil {
		return Role{}, false
	}
	return *r, true
}

func (d *Directory) role(ref string) *Role {
	id := ref[strings.LastIndexByte(ref, '/')+1:]
	for i := range d.roles {
		if r := &d.roles[i]; strings.EqualFold(r.ID, id) || strings.EqualFold(r.Name, ref) {
			return r
		}
	}
	return nil
}

// Allowed tells whether a principal may do an action of the control plane at a scope. It is asked for every
// request, so it walks the few assignments of the principal without allocating; there is no cache to go stale.
func (d *Directory) Allowed(principalID, action, scope string) bool {
	scope = wire.Scope(scope)
	d.mu.RLock()
	defer d.mu.RUnlock()
	var now time.Time
	for _, g := range d.grants[strings.ToLower(principalID)] {
		if !covers(g.Scope, scope) || !g.role.permits(action) {
			continue
		}
		if now.IsZero() {
			now = time.Now()
		}
		if g.works(now) {
			return true
		}
	}
	return false
}

func (g *grant) works(now time.Time) bool {
	return !now.Before(g.from) && (!g.revoked() || now.Before(g.until))
}

func (g *grant) revoked() bool { return !g.until.IsZero() }

// covers tells whether one scope is the other or above it.
func covers(above, scope string) bool {
	if above == "/" {
		return true
	}
	return len(scope) >= len(above) && strings.EqualFold(scope[:len(above)], above) &&
		(len(scope) == len(above) || scope[len(above)] == '/')
}

// Assign adds an assignment. The role may be given in any form that [Directory.Role] takes, and the name and the type of the
// principal may be left out. The same assignment under the same name is taken again; a second name for it is
// a conflict. The error is a *[wire.Error].
func (d *Directory) Assign(a Assignment) (Assignment, error) {
	a, _, err := d.assign(a)
	if err != nil {
		return Assignment{}, err
	}
	return a, nil
}

// assign tells besides whether the assignment is new.
func (d *Directory) assign(a Assignment) (Assignment, bool, *wire.Error) {
	role := d.role(a.RoleID)
	if role == nil {
		return a, false, wire.Errorf(http.StatusNotFound, "RoleDefinitionDoesNotExist",
			"The specified role definition with ID '%s' does not exist.", a.RoleID)
	}
	if a.Name == "" {
		a.Name = wire.NewGUID()
	}
	if a.PrincipalType == "" {
		a.PrincipalType = identity.ServicePrincipal
	}
	a.RoleID, a.Scope = role.ID, wire.Scope(a.Scope)

	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.forget(now)
	for g := range d.assigned() {
		same := strings.EqualFold(g.PrincipalID, a.PrincipalID) && g.role == role && strings.EqualFold(g.Scope, a.Scope)
		named := strings.EqualFold(g.Name, a.Name)
		switch {
		case same && named:
			return g.Assignment, false, nil
		case same:
			return a, false, wire.Errorf(http.StatusConflict, "RoleAssignmentExists",
				"The role assignment already exists. The ID of the existing role assignment is %s.", strings.ReplaceAll(g.Name, "-", ""))
		case named:
			return a, false, wire.Errorf(http.StatusConflict, "RoleAssignmentUpdateNotPermitted",
				"Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
		}
	}
	a.Created = now
	key := strings.ToLower(a.PrincipalID)
	d.grants[key] = append(d.grants[key], &grant{Assignment: a, role: role, from: now.Add(d.Delay)})
	return a, true, nil
}

// Revoke removes the assignment of a name at a scope and returns it, or tells that there is none.
func (d *Directory) Revoke(scope, name string) (Assignment, bool) {
	scope = wire.Scope(scope)
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	defer d.forget(now)
	for g := range d.assigned() {
		if strings.EqualFold(g.Name, name) && strings.EqualFold(g.Scope, scope) {
			g.until = now.Add(d.Delay)
			return g.Assignment, true
		}
	}
	return Assignment{}, false
}

// Assignments lists all assignments, the oldest first.
func (d *Directory) Assignments() []Assignment {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []Assignment
	for g := range d.assigned() {
		all = append(all, g.Assignment)
	}
	slices.SortFunc(all, func(a, b Assignment) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// assigned goes through the assignments that are not revoked. The caller holds mu.
func (d *Directory) assigned() iter.Seq[*grant] {
	return func(yield func(*grant) bool) {
		for _, grants := range d.grants {
			for _, g := range grants {
				if !g.revoked() && !yield(g) {
					return
				}
			}
		}
	}
}

// forget drops what is revoked and works no more. The caller holds mu.
func (d *Directory) forget(now time.Time) {
	for id, grants := range d.grants {
		d.grants[id] = slices.DeleteFunc(grants, func(g *grant) bool { return g.revoked() && !g.works(now) })
		if len(d.grants[id]) == 0 {
			delete(d.grants, id)
		}
	}
}

// Denied is the 403 by which ARM tells a principal what it lacks.
func Denied(p identity.Principal, action, scope string) *wire.Error {
	return wire.Errorf(http.StatusForbidden, "AuthorizationFailed",
		"The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. "+
			"If access was recently granted, please refresh your credentials.", cmp.Or(p.Name, p.ClientID, p.ObjectID), p.ObjectID, action, wire.Scope(scope))
}
