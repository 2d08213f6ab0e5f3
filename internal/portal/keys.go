package portal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// KeyRing makes and revokes API keys. Whether who asks may do so is decided before.
type KeyRing interface {
	All() []inventory.Key
	Find(id string) (inventory.Key, bool)
	Make(ctx context.Context, by string, key inventory.Key) (inventory.Key, string, error)
	Revoke(ctx context.Context, by, id string) error
}

// keysView is the page of the API keys on a service.
type keysView struct {
	Address string
	Keys    []keyRow
	Roles   []access.Role
	Form    *keyForm // nil: who asks may make none
	Token   string   // of the key that was just made; it is shown this once
	Made    string   // its name
}

type keyRow struct {
	ID, Name, Prefix, Role, Where, By string
	Created, Expires                  time.Time
	Expired, Revocable                bool
}

type keyForm struct {
	Name, Role, Expires string
	Fault               fieldFault
}

func (h *Handler) keysPage(w http.ResponseWriter, r *request) error {
	return h.showKeys(w, r, http.StatusOK, keysView{}, keyForm{Role: access.ReaderID})
}

func (h *Handler) showKeys(w http.ResponseWriter, r *request, status int, v keysView, form keyForm) error {
	v.Address, v.Roles = r.address(r.service.Path)+"/-/keys", h.roles.Roles()
	scope := strings.ToLower(feed.ARMID(r.service.Path))
	for _, k := range h.keyRing.All() {
		where, ok := h.whereIs(k.Scope, scope)
		if !ok || !h.access.Allowed(r.Context(), readRoles, k.Scope) {
			continue
		}
		role, _ := h.roles.FindRole(k.Role)
		v.Keys = append(v.Keys, keyRow{
			ID: k.ID, Name: k.Name, Prefix: k.Prefix, Role: role.Name, Where: where, By: k.Created.By, Created: k.Created.At, Expires: k.Expires,
			Expired: !k.Expires.IsZero() && time.Now().After(k.Expires), Revocable: h.access.Allowed(r.Context(), endRoles, k.Scope),
		})
	}
	if r.may(writeRoles) {
		v.Form = &form
	}
	return h.show(w, r, view{template: "keys", title: "API keys", section: "Keys", status: status, data: v})
}

func (h *Handler) makeKey(w http.ResponseWriter, r *request) error {
	form := keyForm{Name: strings.TrimSpace(r.PostFormValue("name")), Role: r.PostFormValue("role"), Expires: r.PostFormValue("expires")}
	key := inventory.Key{Name: form.Name, Scope: strings.ToLower(feed.ARMID(r.service.Path))}
	role, ok := h.roles.FindRole(form.Role)
	if !ok {
		form.Fault = fieldFault{"role", "Choose a role."}
		return h.showKeys(w, r, http.StatusBadRequest, keysView{}, form)
	}
	key.Role = role.ID
	if form.Expires != "" {
		day, err := time.Parse(time.DateOnly, form.Expires)
		if err != nil {
			form.Fault = fieldFault{"expires", "Give a day, such as 2030-12-31."}
			return h.showKeys(w, r, http.StatusBadRequest, keysView{}, form)
		}
		key.Expires = day.Add(24 * time.Hour) // the day itself included
	}
	made, token, err := h.keyRing.Make(r.Context(), r.who.Name, key)
	if fault, status, ok := mendable(err, map[string]string{"name": "name", "expiresAt": "expires"}); ok {
		form.Fault = fault
		return h.showKeys(w, r, status, keysView{}, form)
	}
	if err != nil {
		return err
	}
	return h.showKeys(w, r, http.StatusCreated, keysView{Token: token, Made: made.Name}, keyForm{Role: access.ReaderID})
}

func (h *Handler) revokeKey(w http.ResponseWriter, r *request) error {
	k, ok := h.keyRing.Find(r.PostFormValue("id"))
	if ok {
		if err := h.access.Authorize(r.Context(), endRoles, k.Scope); err != nil {
			return err
		}
		if err := h.keyRing.Revoke(r.Context(), r.who.Name, k.ID); err != nil && inventory.CodeOf(err) != inventory.NotFound {
			return err
		}
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/keys")
}
