package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
)

const dataReader = "Azure API Center Data Reader"

func TestAssignARole(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	form := url.Values{"role": {access.ReaderID}, "type": {"Group"}, "member": {" Team-1 "}, "description": {"the <team>"}}
	if w := b.post("/portal/center/-/access", form); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Review and assign") {
		t.Fatalf("review: %d %s", w.Code, w.Body)
	}
	if all, _ := d.guard.Assignments(t.Context()); len(all) != 0 {
		t.Error("a role was given before anybody confirmed it")
	}
	form.Set("confirmed", "yes")
	if w := b.post("/portal/center/-/access", form); w.Code != http.StatusSeeOther {
		t.Fatalf("assign: %d %s", w.Code, w.Body)
	}
	all, err := d.guard.Assignments(t.Context())
	if err != nil || len(all) != 1 || all[0].Principal != "team-1" || all[0].PrincipalType != "Group" || all[0].Created.By != "ada" {
		t.Fatalf("assigned %+v, %v", all, err)
	}
	page := b.get("/portal/center/-/access").Body.String()
	for _, want := range []string{"team-1", "the &lt;team&gt;", "this API center", "You have"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	again := b.post("/portal/center/-/access", form)
	if again.Code != http.StatusConflict || !strings.Contains(again.Body.String(), "already exists") || !strings.Contains(again.Body.String(), `value="Team-1"`) {
		t.Errorf("the same again: %d", again.Code)
	}
	if w := b.post("/portal/center/-/access/end", url.Values{"name": {all[0].Name}, "scope": {all[0].Scope}}); w.Code != http.StatusSeeOther {
		t.Errorf("end: %d %s", w.Code, w.Body)
	}
	if all, _ := d.guard.Assignments(t.Context()); len(all) != 0 {
		t.Errorf("after its end: %+v", all)
	}
}

func TestFormsOfAccessSayWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	for _, tt := range []struct {
		path string
		form url.Values
		says string
	}{
		{"access", url.Values{"role": {"none"}, "type": {"User"}, "member": {"m"}}, "Choose a role"},
		{"access", url.Values{"role": {access.ReaderID}, "type": {"User"}}, "object id of the member"},
		{"access", url.Values{"role": {access.ReaderID}, "type": {"Robot"}, "member": {"m"}}, "what the member is"},
		{"access", url.Values{"role": {access.ReaderID}, "type": {"User"}, "member": {"a b"}, "confirmed": {"yes"}}, "no object id"},
		{"access", url.Values{"role": {access.ReaderID}, "type": {"User"}, "member": {"m"}, "description": {strings.Repeat("x", 1025)}, "confirmed": {"yes"}}, "1025 bytes"},
		{"keys", url.Values{"name": {""}, "role": {access.ReaderID}}, "needs a name"},
		{"keys", url.Values{"name": {"ci"}, "role": {"none"}}, "Choose a role"},
		{"keys", url.Values{"name": {"ci"}, "role": {access.ReaderID}, "expires": {"tomorrow"}}, "Give a day"},
		{"keys", url.Values{"name": {"ci"}, "role": {access.ReaderID}, "expires": {"2001-01-01"}}, "in the past"},
		{"keys", url.Values{"name": {"ci"}, "role": {access.ReaderID}, "expires": {"2999-01-01"}}, "two years at most"},
	} {
		w := b.post("/portal/center/-/"+tt.path, tt.form)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tt.says) || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s with %v: %d, does not say %q", tt.path, tt.form, w.Code, tt.says)
		}
	}
}

func TestMakeAndRevokeAKey(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	w := b.post("/portal/center/-/keys", url.Values{"name": {"ci"}, "role": {access.ReaderID}, "expires": {time.Now().AddDate(0, 1, 0).Format(time.DateOnly)}})
	token := regexp.MustCompile(`apic_[A-Za-z0-9_-]{43}`).FindString(w.Body.String())
	if w.Code != http.StatusCreated || token == "" {
		t.Fatalf("make: %d %s", w.Code, w.Body)
	}
	if strings.Contains(b.get("/portal/center/-/keys").Body.String(), token) {
		t.Error("the token is shown twice")
	}
	reader := d.signedIn(token)
	if !reader.opens() {
		t.Error("the key opens nothing")
	}
	key := d.keys.All()[0]
	if key.Scope != "/subscriptions/sub/resourcegroups/group/providers/microsoft.apicenter/services/center" || key.Created.By != "ada" {
		t.Errorf("made %+v", key)
	}
	if w := b.post("/portal/center/-/keys/revoke", url.Values{"id": {key.ID}}); w.Code != http.StatusSeeOther || reader.opens() {
		t.Errorf("revoke: %d", w.Code)
	}
}

// Who may look at roles and may give none sees no form for it, and is refused
// what he sends all the same.
func TestReadersGiveNoRights(t *testing.T) {
	d := newDesk(t)
	admin, reader := d.signedIn(adminKey), d.signedIn(d.key("reader", access.ReaderID))
	admin.post("/portal/center/-/access", url.Values{"role": {access.ReaderID}, "type": {"User"}, "member": {"m"}, "confirmed": {"yes"}})
	all, _ := d.guard.Assignments(t.Context())
	for _, page := range []string{"access", "keys"} {
		w := reader.get("/portal/center/-/" + page)
		if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, `class="primary"`) || strings.Contains(body, "danger") {
			t.Errorf("%s shows a reader what he may not do: %d", page, w.Code)
		}
	}
	for path, form := range map[string]url.Values{
		"access":      {"role": {access.AdministratorID}, "type": {"User"}, "member": {"me"}, "confirmed": {"yes"}},
		"access/end":  {"name": {all[0].Name}, "scope": {all[0].Scope}},
		"keys":        {"name": {"mine"}, "role": {access.AdministratorID}},
		"keys/revoke": {"id": {d.keys.All()[0].ID}},
	} {
		if w := reader.post("/portal/center/-/"+path, form); w.Code != http.StatusForbidden {
			t.Errorf("a reader posts to %s: %d", path, w.Code)
		}
	}
	data := d.signedIn(d.key("data", access.DataReaderID))
	if w := data.get("/portal/center/-/access"); w.Code != http.StatusForbidden {
		t.Errorf("%s sees who may do what: %d", dataReader, w.Code)
	}
	if strings.Contains(data.get("/portal/center/default/apis").Body.String(), "/-/access") {
		t.Error("the menu names a page that is refused")
	}
}
