package keysapi

import (
	"net/http"

	"apicenter/internal/auth"
)

// assignment is a role on a scope, on the wire.
type assignment struct {
	Role     string `json:"role"`
	RoleName string `json:"roleName"`
	Scope    string `json:"scope"`
}

// whoami says who the caller is, and what roles it has.
func (h *Handler) whoami(r *http.Request) (int, any, error) {
	p, _ := auth.From(r.Context())
	out := struct {
		ID          string       `json:"id"`
		Name        string       `json:"name"`
		Kind        auth.Kind    `json:"kind"`
		TenantID    string       `json:"tenantId,omitempty"`
		Assignments []assignment `json:"assignments"`
	}{p.ID, p.Name, p.Kind, p.Tenant, []assignment{}}
	for _, g := range h.options.Guard.Held(r.Context()) {
		role, _ := h.options.Guard.FindRole(g.Role)
		out.Assignments = append(out.Assignments, assignment{g.Role, role.Name, g.Scope})
	}
	return http.StatusOK, out, nil
}

// signIn says where people sign in; it is what a client asks before it has a token.
func (h *Handler) signIn(*http.Request) (int, any, error) {
	type way struct {
		Issuer   string   `json:"issuer"`
		ClientID string   `json:"clientId"`
		Scopes   []string `json:"scopes"`
	}
	out := struct {
		SignIn []way `json:"signIn"`
	}{[]way{}}
	for _, s := range h.options.SignIns {
		out.SignIn = append(out.SignIn, way(s))
	}
	return http.StatusOK, out, nil
}
