package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

const settingsPage = "/portal/center/-/settings"

func TestSettingsOfAWorkspace(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	b.shows(settingsPage, http.StatusOK, `value="Default"`, `value="none" checked`, "/providers/Microsoft.ApiCenter/services/center", "westeurope", "None: there may be", "apicenter 1.2.3")
	form := url.Values{"title-default": {"Main <b>"}, "description-default": {"What we sell"}, "rule": {"path"}}
	const space = settingsPage + "/workspaces/default"
	if w := b.post(space, form); w.Code != http.StatusSeeOther {
		t.Fatalf("save: %d %s", w.Code, w.Body)
	}
	b.shows(settingsPage, http.StatusOK, `value="Main &lt;b&gt;"`, "What we sell", `value="path" checked`)
	if w := b.post(space, with(with(form, "rule", "own"), "property-default", "apiId")); w.Code != http.StatusSeeOther {
		t.Fatalf("a rule of our own: %d %s", w.Code, w.Body)
	}
	b.shows(settingsPage, http.StatusOK, `value="apiId"`, `value="own" checked`)
	for _, tt := range []struct {
		form url.Values
		says string
	}{
		{with(form, "title-default", " "), "properties.title"},
		{with(form, "rule", "own"), "properties.mergeRule"},
		{with(form, "rule", "luck"), "luck"},
	} {
		w := b.post(space, tt.form)
		b.says(tt.form.Encode(), w.Code, w.Body.String(), http.StatusBadRequest, []string{tt.says, `role="alert"`, "What we sell"})
	}
	if w := b.post(settingsPage+"/workspaces/none", form); w.Code != http.StatusNotFound {
		t.Errorf("a workspace that is not there: %d", w.Code)
	}
}

func TestTags(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	if w := b.post(settingsPage+"/tags", url.Values{"tags": {"team=<b>pay\r\n\r\ncost-center = 4711=x"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("save: %d %s", w.Code, w.Body)
	}
	b.shows(settingsPage, http.StatusOK, "cost-center=4711=x\nteam=&lt;b&gt;pay")
	for text, says := range map[string]string{"=x": "no name", "a=1\na=2": "there twice", strings.Repeat("x", 600) + "=1": "tag", "a=" + strings.Repeat("x", 300): "tag"} {
		w := b.post(settingsPage+"/tags", url.Values{"tags": {text}})
		b.says(text, w.Code, w.Body.String(), http.StatusBadRequest, []string{says, `aria-invalid="true"`})
	}
	if w := b.post(settingsPage+"/tags", url.Values{"tags": {""}}); w.Code != http.StatusSeeOther || strings.Contains(b.page(settingsPage), "4711=x") {
		t.Errorf("take them away: %d", w.Code)
	}
}

func TestOpenToAll(t *testing.T) {
	d := newDesk(t)
	b, stranger := d.signedIn(adminKey), d.browser()
	if stranger.get(apisPage).Code == http.StatusOK {
		t.Fatal("strangers read before it is opened")
	}
	b.shows(settingsPage, http.StatusOK, "Let everybody read")
	if w := b.post(settingsPage+"/open", url.Values{"open": {"yes"}}); w.Code != http.StatusSeeOther || stranger.get(apisPage).Code != http.StatusOK {
		t.Errorf("open: %d", w.Code)
	}
	if w := stranger.get(settingsPage); w.Code != http.StatusSeeOther {
		t.Errorf("a stranger looks at the settings: %d", w.Code)
	}
	b.shows(settingsPage, http.StatusOK, "Everybody who can reach this server may read")
	if w := b.post(settingsPage+"/open", url.Values{"open": {"no"}}); w.Code != http.StatusSeeOther || stranger.get(apisPage).Code == http.StatusOK {
		t.Errorf("close: %d", w.Code)
	}
	if w := b.post(settingsPage+"/open", url.Values{"open": {"perhaps"}}); w.Code != http.StatusBadRequest {
		t.Errorf("perhaps: %d", w.Code)
	}
}

func TestServiceIsDeletedAndRestored(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	w := b.post(settingsPage+"/delete", url.Values{"name": {"centre"}})
	b.says("another name", w.Code, w.Body.String(), http.StatusBadRequest, []string{"not the name", `value="centre"`})
	w = b.post(settingsPage+"/delete", url.Values{"name": {"center"}})
	if w.Code != http.StatusSeeOther || b.get(settingsPage).Code != http.StatusNotFound {
		t.Fatalf("delete: %d %s", w.Code, w.Body)
	}
	b.shows(w.Header().Get("Location"), http.StatusOK, "Deleted, to be restored", `value="`+service+`"`)
	reader := d.signedIn(d.key("reader", access.ReaderID))
	if page := reader.page("/portal?all=yes"); strings.Contains(page, "to be restored") {
		t.Error("a reader is offered to restore it")
	}
	restore := url.Values{"path": {service}}
	if w := reader.post("/portal/-/services/restore", restore); w.Code != http.StatusForbidden {
		t.Errorf("a reader restores it: %d", w.Code)
	}
	if w := d.browser().post("/portal/-/services/restore", restore); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "sign-in") {
		t.Errorf("nobody restores it: %d", w.Code)
	}
	for path, want := range map[string]int{"": 400, "a/b": 400, service + "/workspaces/default": 400, "sub/group/none": 404} {
		if w := b.post("/portal/-/services/restore", url.Values{"path": {path}}); w.Code != want {
			t.Errorf("restore %q: %d, want %d", path, w.Code, want)
		}
	}
	if w := b.post("/portal/-/services/restore", restore); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/portal/center" {
		t.Errorf("restore: %d %s", w.Code, w.Body)
	}
	if _, err := d.people.Get(t.Context(), inventory.MustID(workspace+"/apis/orders")); err != nil {
		t.Errorf("what was in it: %v", err)
	}
}

func TestReadersChangeNoSettings(t *testing.T) {
	d := newDesk(t)
	reader := d.signedIn(d.key("reader", access.ReaderID))
	if body := reader.shows(settingsPage, http.StatusOK, "Limits in force"); strings.Contains(body, "Save the") || strings.Contains(body, "settings/open") || strings.Contains(body, `class="primary`) || strings.Contains(body, `class="danger`) {
		t.Error("a reader is offered what he may not do")
	}
	for _, path := range []string{"/tags", "/workspaces/default", "/open", "/delete"} {
		if w := reader.post(settingsPage+path, url.Values{"name": {"center"}, "open": {"yes"}, "title-default": {"x"}, "rule": {"none"}}); w.Code != http.StatusForbidden {
			t.Errorf("a reader posts to %s: %d", path, w.Code)
		}
	}
	if w := d.signedIn(adminKey).post(settingsPage+"/open", url.Values{"open": {"yes"}}, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a page of another site opens it: %d", w.Code)
	}
}
