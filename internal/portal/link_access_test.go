package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
)

// inAzure is a desk with a link to the emulated instance, and a browser of its
// owner, who administers the center as well.
func inAzure(t *testing.T) (*desk, *azure, *browser, string) {
	t.Helper()
	d, a := linkDesk(t)
	e := d.issuer(emulator.Options{NoRole: true})
	_, err := d.guard.Assign(auth.With(t.Context(), administrator), inventory.Assignment{
		Name: "5e0f1a52-0000-4000-8000-000000000001", Role: access.AdministratorID, Scope: access.Everything, Principal: emulator.OwnerID, PrincipalType: "User",
	})
	if err != nil {
		t.Fatal(err)
	}
	source := e.Target().InstanceID
	d.put(workspace+"/links/retail", `{"sourceType":"AzureApiManagement","source":"`+source+`"}`)
	b := d.browser()
	if w := b.get(b.leave("/portal/center")); w.Code != http.StatusSeeOther {
		t.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
	return d, a, b, source
}

func TestAccessControlOfTheSource(t *testing.T) {
	_, _, b, _ := inAzure(t)
	page := linksPage + "/retail/access"
	b.shows(page, http.StatusOK, "Owner", "inherited from", "API Management Service Reader Role", emulator.OwnerID)
	form := url.Values{"role": {"71522526-b88f-4d52-b57f-d31fc3546d0d"}, "type": {"ServicePrincipal"}, "member": {emulator.ManagedID}}
	if w := b.post(page, form); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Review and assign") {
		t.Fatalf("review: %d %s", w.Code, w.Body)
	}
	if body := b.shows(page, http.StatusOK); strings.Contains(body, emulator.ManagedID) {
		t.Error("a role was given before anybody confirmed it")
	}
	form.Set("confirmed", "yes")
	if w := b.post(page, form); w.Code != http.StatusSeeOther {
		t.Fatalf("assign: %d %s", w.Code, w.Body)
	}
	if w := b.post(page, form); w.Code != http.StatusSeeOther {
		t.Errorf("assign again: %d %s", w.Code, w.Body)
	}
	body := b.shows(page, http.StatusOK, emulator.ManagedID, "this instance")
	name := regexp.MustCompile(`name="name" value="([^"]+)"`).FindStringSubmatch(body)
	if name == nil {
		t.Fatalf("there is nothing to remove in %s", body)
	}
	if w := b.post(page+"/end", url.Values{"name": {name[1]}}); w.Code != http.StatusSeeOther {
		t.Errorf("remove: %d %s", w.Code, w.Body)
	}
	if body := b.shows(page, http.StatusOK); strings.Contains(body, emulator.ManagedID) {
		t.Error("the assignment is still there")
	}
	for what, bad := range map[string]url.Values{
		"no role":       {"type": {"User"}, "member": {emulator.ManagedID}},
		"another type":  {"role": {emulator.ManagedID}, "type": {"Robot"}, "member": {emulator.ManagedID}},
		"no object id":  {"role": {emulator.ManagedID}, "type": {"User"}, "member": {"me"}},
		"no such role":  {"role": {emulator.ManagedID}, "type": {"User"}, "member": {emulator.ManagedID}, "confirmed": {"yes"}},
		"nobody at all": {},
	} {
		if w := b.post(page, bad); w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := b.post(page+"/end", url.Values{"name": {"../x"}}); w.Code != http.StatusBadRequest {
		t.Errorf("remove what is none: %d", w.Code)
	}
}

func TestAccessControlOfTheSourceNeedsATokenOfOnesOwn(t *testing.T) {
	d, _, _, source := inAzure(t)
	b := d.signedIn(adminKey)
	b.shows(linksPage+"/retail/access", http.StatusOK, "sign in with your organisation", "az role assignment list --scope "+source)
	form := url.Values{"role": {"71522526-b88f-4d52-b57f-d31fc3546d0d"}, "type": {"User"}, "member": {emulator.ManagedID}, "confirmed": {"yes"}}
	if w := b.post(linksPage+"/retail/access", form); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "sign in") {
		t.Errorf("assign with a key: %d %s", w.Code, w.Body)
	}
	if w := b.post(linksPage+"/retail/access/end", url.Values{"name": {emulator.ManagedID}}); w.Code != http.StatusForbidden {
		t.Errorf("remove with a key: %d", w.Code)
	}
}

func TestTheMissingRoleIsAssignedHere(t *testing.T) {
	_, a, b, source := inAzure(t)
	a.findings = []inventory.Finding{{Check: "instance", Outcome: inventory.Refused, Message: "it may not", Remedy: &inventory.Remedy{
		Role: "API Management Service Reader Role", RoleID: "71522526-b88f-4d52-b57f-d31fc3546d0d", PrincipalID: emulator.ManagedID, Scope: source, Command: "az role",
	}}}
	b.shows(linksPage+"/retail/doctor", http.StatusOK, "Assign the role")
	b.shows(newLink+"/review?"+typed().Encode(), http.StatusOK, "Assign the role")
	if w := b.post(newLink+"/role", typed()); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), newLink+"/review?") {
		t.Fatalf("assign: %d %s", w.Code, w.Body)
	}
	b.shows(linksPage+"/retail/access", http.StatusOK, emulator.ManagedID)
	if w := b.post(linksPage+"/retail/role", nil); w.Code != http.StatusSeeOther {
		t.Errorf("assign at the link: %d %s", w.Code, w.Body)
	}
}
