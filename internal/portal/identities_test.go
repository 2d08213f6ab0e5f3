package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/catalog"
	"apicenter/internal/portal"
)

const (
	identitiesPage = "/portal/center/-/identities"
	assignedID     = "/subscriptions/s1/resourceGroups/apis/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
)

// directory knows the center's own identity, and no other.
type directory struct{}

func (directory) Describe(_ context.Context, identity string) (catalog.Identity, error) {
	if identity != "" {
		return catalog.Identity{}, errors.New("there is no such identity")
	}
	return catalog.Identity{PrincipalID: "principal-of-the-center", TenantID: "tenant"}, nil
}

func TestIdentities(t *testing.T) {
	d, a := linkDesk(t)
	d.people = catalog.New(d.store, catalog.Options{Waker: a, Planner: a, Checker: a, Identities: directory{}})
	d.open(portal.Issuers{})
	d.link("contoso")
	b := d.signedIn(adminKey)
	does := func(path string, form url.Values) {
		t.Helper()
		if w := b.post(identitiesPage+path, form); w.Code != http.StatusSeeOther {
			t.Errorf("%s %v: %d %s", path, form, w.Code, w.Body)
		}
	}
	b.shows(identitiesPage, http.StatusOK, "Switch on", "It is off", "contoso")
	does("/system", url.Values{"on": {"yes"}})
	b.shows(identitiesPage, http.StatusOK, "Switch off", "principal-of-the-center")
	does("/add", url.Values{"id": {assignedID}})
	b.shows(identitiesPage, http.StatusOK, assignedID, "not known", "No link reads with it", "principal-of-the-center")
	b.shows(newLink, http.StatusOK, `value="`+assignedID+`"`)
	does("/system", url.Values{"on": {""}})
	b.shows(identitiesPage, http.StatusOK, assignedID, "It is off")
	does("/remove", url.Values{"id": {assignedID}})
	if body := b.shows(identitiesPage, http.StatusOK); strings.Contains(body, assignedID) {
		t.Error("the identity is still there")
	}

	for _, id := range []string{"", "me"} {
		if w := b.post(identitiesPage+"/add", url.Values{"id": {id}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `id="id-fault"`) {
			t.Errorf("add %q: %d", id, w.Code)
		}
	}
	if w := b.post(identitiesPage+"/remove", url.Values{"id": {"x"}}); w.Code != http.StatusBadRequest {
		t.Errorf("remove what is not there: %d", w.Code)
	}
	// From the wizard, and back to it.
	other := strings.Replace(gateway, "contoso", "other", 1)
	b.shows(newLink+"/review?"+typed("instance", other, "name", "other").Encode(), http.StatusOK, "Switch it on")
	w := b.post(identitiesPage+"/system", url.Values{"on": {"yes"}, "to": {newLink + "/review?" + typed("instance", other, "name", "other").Encode()}})
	if !strings.HasPrefix(w.Header().Get("Location"), newLink+"/review?") {
		t.Errorf("back to %q", w.Header().Get("Location"))
	}
	if body := b.shows(newLink+"/review?"+typed("instance", other, "name", "other").Encode(), http.StatusOK); strings.Contains(body, "Switch it on") {
		t.Error("it is on, and can be switched on")
	}
}

func TestIdentitiesOfAReader(t *testing.T) {
	d, _ := linkDesk(t)
	b := d.signedIn(d.key("reader", access.ReaderID))
	if body := b.shows(identitiesPage, http.StatusOK, "It is off"); strings.Contains(body, "Switch on") || strings.Contains(body, "<form class=\"stack\"") {
		t.Error("a reader is offered what he may not do")
	}
	for _, path := range []string{"/system", "/add", "/remove"} {
		if w := b.post(identitiesPage+path, url.Values{"id": {assignedID}}); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
