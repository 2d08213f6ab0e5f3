package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

const (
	webhooksPage = "/portal/center/-/webhooks"
	newWebhook   = "/portal/center/-/new-webhook"
)

var aWebhook = url.Values{
	"name": {"chat"}, "address": {"https://hooks.example.com/apis?key=swordfish"}, "which": {"some"},
	"type": {"Microsoft.ApiCenter.ApiAdded", "Microsoft.ApiCenter.ApiDefinitionUpdated"}, "handshake": {"eventGrid"}, "subjectPrefix": {"/workspaces/default"},
}

func with(form url.Values, name string, values ...string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = v
	}
	out[name] = values
	return out
}

func TestWebhookIsMadeChangedAndDeleted(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	if page := b.get(webhooksPage).Body.String(); !strings.Contains(page, "No webhooks yet") || !strings.Contains(page, newWebhook) {
		t.Error("the empty page does not say how to begin")
	}
	w := b.post(newWebhook, aWebhook)
	secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{44}`).FindString(strings.ReplaceAll(w.Body.String(), "&#43;", "+"))
	if w.Code != http.StatusCreated || secret == "" {
		t.Fatalf("make: %d %s", w.Code, w.Body)
	}
	page := b.get(webhooksPage + "/chat").Body.String()
	if strings.Contains(page, "whsec_") {
		t.Error("the secret is shown twice")
	}
	for _, want := range []string{"key=swordfish", "Microsoft.ApiCenter.ApiAdded", "Event Grid", `value="/workspaces/default"`, "Validating"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if list := b.get(webhooksPage).Body.String(); !strings.Contains(list, "2 types of events") {
		t.Error("the list does not say what it tells")
	}
	if w := b.post(webhooksPage+"/chat", with(aWebhook, "which", "all")); w.Code != http.StatusSeeOther {
		t.Fatalf("change: %d %s", w.Code, w.Body)
	}
	res, err := d.people.Get(t.Context(), inventory.MustID(service+"/webhooks/chat"))
	if err != nil || strings.Contains(string(res.Doc), "ApiAdded") {
		t.Errorf("changed: %s, %v", res.Doc, err)
	}
	if w := b.post(webhooksPage+"/chat/secret", nil); w.Code != http.StatusOK || strings.Contains(w.Body.String(), secret) || !strings.Contains(w.Body.String(), "whsec_") {
		t.Errorf("a new secret: %d", w.Code)
	}
	for _, from := range []url.Values{{"from": {"kept"}}, {"from": {"event"}, "after": {" 1 "}}} {
		if w := b.post(webhooksPage+"/chat/replay", from); w.Code != http.StatusSeeOther {
			t.Errorf("replay %v: %d %s", from, w.Code, w.Body)
		}
	}
	if w := b.post(webhooksPage+"/chat/delete", nil); w.Code != http.StatusSeeOther || b.get(webhooksPage+"/chat").Code != http.StatusNotFound {
		t.Errorf("delete: %d", w.Code)
	}
}

func TestFormsOfWebhooksSayWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	b.post(newWebhook, with(aWebhook, "name", "there"))
	for _, tt := range []struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		{newWebhook, with(aWebhook, "name", ""), 400, "a name"},
		{newWebhook, with(aWebhook, "name", "a/b"), 400, "a/b"},
		{newWebhook, with(aWebhook, "name", "a b"), 400, "letters, digits and hyphens"},
		{newWebhook, with(aWebhook, "name", "THERE"), 409, "of this name already"},
		{newWebhook, with(aWebhook, "address", ""), 400, "properties.address"},
		{newWebhook, with(aWebhook, "address", "http://127.0.0.1/"), 400, "properties.address"},
		{newWebhook, with(aWebhook, "address", "javascript:alert(1)"), 400, "properties.address"},
		{newWebhook, with(aWebhook, "type"), 400, "choose some events"},
		{newWebhook, with(aWebhook, "type", "ApiExploded"), 400, "ApiExploded"},
		{newWebhook, with(aWebhook, "handshake", "nod"), 400, "nod"},
		{newWebhook, with(aWebhook, "subjectPrefix", strings.Repeat("x", 2001)), 400, "2000"},
		{webhooksPage + "/there", with(aWebhook, "address", "ftp://x"), 400, "properties.address"},
		{webhooksPage + "/there/replay", nil, 400, "from where on"},
		{webhooksPage + "/there/replay", url.Values{"from": {"event"}, "after": {"soon"}}, 400, "number of an event"},
		{webhooksPage + "/there/replay", url.Values{"from": {"event"}, "after": {"999999"}}, 400, "no event 999999"},
	} {
		w := b.post(tt.path, tt.form)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s with %v: %d, does not say %q", tt.path, tt.form, w.Code, tt.says)
		}
	}
	if w := b.post(webhooksPage+"/none", aWebhook); w.Code != http.StatusNotFound {
		t.Errorf("a webhook that is not there: %d", w.Code)
	}
}

// Readers see how deliveries go, but neither forms nor the query of the address,
// which may hold a secret.
func TestReadersSeeWebhooksWithoutTheirSecrets(t *testing.T) {
	d := newDesk(t)
	d.signedIn(adminKey).post(newWebhook, aWebhook)
	reader := d.signedIn(d.key("reader", access.ReaderID))
	for _, path := range []string{webhooksPage, webhooksPage + "/chat"} {
		w := reader.get(path)
		if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, "swordfish") || strings.Contains(body, `class="primary`) || strings.Contains(body, "danger") {
			t.Errorf("%s for a reader: %d", path, w.Code)
		}
	}
	for _, path := range []string{newWebhook, webhooksPage + "/chat", webhooksPage + "/chat/secret", webhooksPage + "/chat/replay", webhooksPage + "/chat/delete"} {
		if w := reader.post(path, aWebhook); w.Code != http.StatusForbidden {
			t.Errorf("a reader posts to %s: %d", path, w.Code)
		}
	}
}
