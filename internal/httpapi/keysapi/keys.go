package keysapi

import (
	"errors"
	"net/http"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// What it takes to see, make and revoke a key is what it takes to see, make and
// end the assignment that it amounts to.
const (
	readAction   = "Microsoft.Authorization/roleAssignments/read"
	writeAction  = "Microsoft.Authorization/roleAssignments/write"
	deleteAction = "Microsoft.Authorization/roleAssignments/delete"
)

// key is an API key on the wire.
type key struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix"`
	Role      string     `json:"role"`
	RoleName  string     `json:"roleName,omitempty"`
	Scope     string     `json:"scope"`
	CreatedAt time.Time  `json:"createdAt"`
	CreatedBy string     `json:"createdBy"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	Token     string     `json:"token,omitempty"` // in the answer that tells of a new key, and nowhere else
}

func (h *Handler) wire(k inventory.Key) key {
	role, _ := h.options.Guard.FindRole(k.Role)
	out := key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Role: k.Role, RoleName: role.Name, Scope: k.Scope,
		CreatedAt: k.Created.At, CreatedBy: k.Created.By,
	}
	if !k.Expires.IsZero() {
		out.ExpiresAt = &k.Expires
	}
	return out
}

// list gives the keys that the caller may see.
func (h *Handler) list(r *http.Request) (int, any, error) {
	out := struct {
		Value []key `json:"value"`
	}{[]key{}}
	for _, k := range h.options.Keys.All() {
		if h.options.Guard.Allowed(r.Context(), readAction, k.Scope) {
			out.Value = append(out.Value, h.wire(k))
		}
	}
	return http.StatusOK, out, nil
}

// create makes a key. Whoever may assign roles on a scope may make a key that has
// one there, so no key has more rights than its maker can give.
func (h *Handler) create(r *http.Request) (int, any, error) {
	var in struct {
		Name      string    `json:"name"`
		Role      string    `json:"role"`
		Scope     string    `json:"scope"`
		ExpiresAt time.Time `json:"expiresAt"`
	}
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	scope, err := access.ParseScope(in.Scope)
	if err != nil {
		return 0, nil, err
	}
	if err := h.options.Guard.Authorize(r.Context(), writeAction, scope); err != nil {
		return 0, nil, err
	}
	role, ok := h.options.Guard.FindRole(in.Role)
	if !ok {
		return 0, nil, inventory.Errorf(inventory.Invalid, "role", "there is no role %q; give the name or the id of a role definition", in.Role)
	}
	by, _ := auth.From(r.Context())
	made, token, err := h.options.Keys.Make(r.Context(), by.Name, inventory.Key{Name: in.Name, Role: role.ID, Scope: scope, Expires: in.ExpiresAt})
	if err != nil {
		return 0, nil, err
	}
	out := h.wire(made)
	out.Token = token
	return http.StatusCreated, out, nil
}

func (h *Handler) revoke(r *http.Request) (int, any, error) {
	k, ok := h.options.Keys.Find(r.PathValue("id"))
	if !ok {
		return http.StatusNoContent, nil, nil
	}
	if err := h.options.Guard.Authorize(r.Context(), deleteAction, k.Scope); err != nil {
		return 0, nil, err
	}
	by, _ := auth.From(r.Context())
	if err := h.options.Keys.Revoke(r.Context(), by.Name, k.ID); err != nil && !errors.Is(err, inventory.NotFound) {
		return 0, nil, err
	}
	return http.StatusOK, nil, nil
}
