package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/access"
)

// unfolded says that a form is in what asks first.
func unfolded(page, action string) bool {
	before, _, found := strings.Cut(page, `action="`+action+`"`)
	return found && strings.LastIndex(before, `<details class="sure">`) > strings.LastIndex(before, "</details>")
}

// What cannot be undone takes two steps: one says what it means, the other does it.
func TestNothingIsLostByOneClick(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	d.bury("pets")
	does := func(path string, form url.Values) {
		t.Helper()
		if w := b.post(path, form); w.Code >= http.StatusBadRequest {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	const center = "/portal/center/-"
	does(center+"/keys", url.Values{"name": {"ci"}, "role": {access.ReaderID}})
	does(center+"/access", url.Values{"role": {access.ReaderID}, "type": {"Group"}, "member": {"team"}, "confirmed": {"yes"}})
	does(newWebhook, aWebhook)
	does(identitiesPage+"/add", url.Values{"id": {assignedID}})
	for page, actions := range map[string][]string{
		removedPage: {removedPage + "/forget"}, center + "/keys": {center + "/keys/revoke"}, center + "/access": {center + "/access/end"},
		webhooksPage + "/chat": {webhooksPage + "/chat/secret", webhooksPage + "/chat/delete"}, identitiesPage: {identitiesPage + "/remove"},
		settingsPage: {settingsPage + "/open"},
	} {
		body := b.shows(page, http.StatusOK)
		for _, action := range actions {
			if !unfolded(body, action) {
				t.Errorf("%s: %s is done by one click\n%s", page, action, body)
			}
		}
	}
}
