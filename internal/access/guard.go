package access

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// Store is what a Guard needs of the inventory's store.
type Store interface {
	Assignments(ctx context.Context) ([]inventory.Assignment, error)
	PutAssignment(ctx context.Context, by string, a inventory.Assignment) (inventory.Assignment, bool, error)
	DeleteAssignment(ctx context.Context, by, name string) error
}

// Guard answers who may do what. It is asked for every request, those that are
// answered from memory included, so it looks at memory alone and takes no lock.
// Of one store there must be one Guard, and assignments must be changed through it,
// or it must be told to Refresh.
type Guard struct {
	store Store

	mu  sync.Mutex                      // held by whoever changes assignments; guards all
	all map[string]inventory.Assignment // by name

	granted atomic.Pointer[grants]
}

// grants are what has been assigned, by principal. They are never changed, only replaced.
type grants map[string][]grant

// grant is a role on a folded scope.
type grant struct {
	role  *Role
	scope string
}

// New makes a Guard of the assignments in a store.
func New(ctx context.Context, store Store) (*Guard, error) {
	g := &Guard{store: store}
	return g, g.Refresh(ctx)
}

// Refresh reads the assignments anew, when some have ended with what they are on.
func (g *Guard) Refresh(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	all, err := g.store.Assignments(ctx)
	if err != nil {
		return fmt.Errorf("read the role assignments: %w", err)
	}
	g.all = make(map[string]inventory.Assignment, len(all))
	for _, a := range all {
		g.all[a.Name] = a
	}
	g.renew()
	return nil
}

// renew makes what was assigned count. The caller holds mu.
func (g *Guard) renew() {
	granted := grants{}
	for _, a := range g.all {
		if role := roleByID(a.Role); role != nil { // of a newer program there may be others
			granted[a.Principal] = append(granted[a.Principal], grant{role, a.Scope})
		}
	}
	g.granted.Store(&granted)
}

// Authorize says whether whoever acts in ctx may do an action of the control
// plane on a scope, which may be in any case. The error is Denied; it names the
// action, the scope, and what roles would do.
func (g *Guard) Authorize(ctx context.Context, action, scope string) error {
	return g.authorize(ctx, Role.Allows, "perform action", action, scope)
}

// AuthorizeData is Authorize for a data action.
func (g *Guard) AuthorizeData(ctx context.Context, action, scope string) error {
	return g.authorize(ctx, Role.AllowsData, "perform data action", action, scope)
}

// AuthorizeReading is Authorize for what both planes show: the same action of
// either does. The error is that of the control plane.
func (g *Guard) AuthorizeReading(ctx context.Context, action, scope string) error {
	err := g.Authorize(ctx, action, scope)
	if err != nil && g.AuthorizeData(ctx, action, scope) == nil {
		return nil
	}
	return err
}

// Allowed is Authorize for who needs no reason: to leave out of a list what the
// caller may not see.
func (g *Guard) Allowed(ctx context.Context, action, scope string) bool {
	p, ok := auth.From(ctx)
	return ok && g.allowed(p, Role.Allows, action, scope)
}

// AuthorizeSomewhere says whether there is any scope on which whoever acts in ctx
// may do an action of the control plane. The error is Denied.
func (g *Guard) AuthorizeSomewhere(ctx context.Context, action string) error {
	p, _ := auth.From(ctx)
	for h := range g.held(p) {
		if h.role.Allows(action) {
			return nil
		}
	}
	return g.authorize(ctx, Role.Allows, "perform action", action, Everything)
}

func (g *Guard) authorize(ctx context.Context, allows func(Role, string) bool, verb, action, scope string) error {
	p, ok := auth.From(ctx)
	if !ok {
		return inventory.Errorf(inventory.Denied, "", "nobody is signed in, so nobody may %s '%s' over scope '%s'", verb, action, scope)
	}
	if g.allowed(p, allows, action, scope) {
		return nil
	}
	remedy := "no built-in role allows it"
	if names := thatAllow(allows, action); len(names) > 0 {
		remedy = "it takes an assignment of the role " + strings.Join(names, " or ") + ", or of one with more rights, on that scope or above it"
	}
	return inventory.Errorf(inventory.Denied, "", "The client '%s' with object id '%s' does not have authorization to %s '%s' over scope '%s': %s.",
		cmp.Or(p.Name, p.ID, string(p.Kind)), p.ID, verb, action, scope, remedy)
}

func (g *Guard) allowed(p auth.Principal, allows func(Role, string) bool, action, scope string) bool {
	scope = fold(scope)
	for h := range g.held(p) {
		if within(scope, h.scope) && allows(*h.role, action) {
			return true
		}
	}
	return false
}

// held yields what a principal has: what is assigned to it and to its groups,
// and what its credential brings along.
func (g *Guard) held(p auth.Principal) iter.Seq[grant] {
	return func(yield func(grant) bool) {
		granted := *g.granted.Load()
		for _, h := range granted[p.ID] {
			if !yield(h) {
				return
			}
		}
		for _, group := range p.Groups {
			for _, h := range granted[group] {
				if !yield(h) {
					return
				}
			}
		}
		for _, own := range p.Grants {
			if role := roleByID(own.Role); role != nil && !yield(grant{role, own.Scope}) {
				return
			}
		}
	}
}

// Held gives what whoever acts in ctx has: roles on scopes, in order, each once.
func (g *Guard) Held(ctx context.Context) []auth.Grant {
	p, _ := auth.From(ctx)
	var all []auth.Grant
	for h := range g.held(p) {
		all = append(all, auth.Grant{Role: h.role.ID, Scope: h.scope})
	}
	slices.SortFunc(all, func(a, b auth.Grant) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Role, b.Role))
	})
	return slices.Compact(all)
}

// Roles gives all role definitions.
func (g *Guard) Roles() []Role { return slices.Clone(roles) }

// FindRole finds a role by its GUID, by the id of its definition in Azure's form,
// or by its name.
func (g *Guard) FindRole(idOrName string) (Role, bool) {
	id := strings.ToLower(idOrName[strings.LastIndexByte(idOrName, '/')+1:])
	for _, r := range roles {
		if r.ID == id || strings.EqualFold(r.Name, idOrName) {
			return r, true
		}
	}
	return Role{}, false
}

func roleByID(id string) *Role {
	for i := range roles {
		if roles[i].ID == id {
			return &roles[i]
		}
	}
	return nil
}

// thatAllow names the two roles with the least rights that have an action.
func thatAllow(allows func(Role, string) bool, action string) []string {
	var names []string
	for _, r := range roles {
		if allows(r, action) && len(names) < 2 {
			names = append(names, "'"+r.Name+"'")
		}
	}
	return names
}
