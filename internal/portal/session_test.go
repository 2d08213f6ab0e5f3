package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/portal"
)

func TestSignInWithAKey(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	if b.opens() {
		t.Error("the inventory is shown to nobody")
	}
	if w := b.get("/portal/center/default/apis?q=a"); w.Header().Get("Location") != "/portal/-/sign-in?to=%2Fportal%2Fcenter%2Fdefault%2Fapis%3Fq%3Da" {
		t.Errorf("sent to %s", w.Header().Get("Location"))
	}
	if w := b.post("/portal/-/sign-in", url.Values{"key": {"bad"}}); w.Code != http.StatusUnauthorized || len(b.cookies) != 0 {
		t.Errorf("a bad key: %d, cookies %v", w.Code, b.cookies)
	}
	w := b.post("/portal/-/sign-in", url.Values{"key": {" " + adminKey + "\n"}, "to": {"/portal/center"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/portal/center" {
		t.Errorf("sign in: %d, to %s", w.Code, w.Header().Get("Location"))
	}
	cookie := w.Header().Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/portal", "Max-Age=43200"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %s without %s", cookie, want)
		}
	}
	if !b.opens() {
		t.Error("the inventory is not shown to who signed in")
	}
	if b.post("/portal/-/sign-out", nil); b.opens() || len(b.cookies) != 0 {
		t.Error("signed out, and still in")
	}
}

func TestSignOutEverywhere(t *testing.T) {
	d := newDesk(t)
	one, other, third := d.signedIn(adminKey), d.signedIn(adminKey), d.signedIn(d.key("ci", access.ReaderID))
	one.post("/portal/-/sign-out", url.Values{"everywhere": {"yes"}})
	if one.opens() || other.opens() {
		t.Error("signed out everywhere, and still in")
	}
	if !third.opens() {
		t.Error("somebody else was signed out")
	}
}

// A copy of the cookie is worth nothing once its session has ended.
func TestEndedSessionsStayEnded(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	copied := d.browser()
	for name, value := range b.cookies {
		copied.cookies[name] = value
	}
	if b.post("/portal/-/sign-out", nil); copied.opens() {
		t.Error("the session goes on")
	}
}

func TestASessionEndsWithItsKey(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(d.key("ci", access.ReaderID))
	if !b.opens() {
		t.Fatal("a reader's key does not open the inventory")
	}
	if err := d.keys.Revoke(t.Context(), "ada", d.keys.All()[0].ID); err != nil {
		t.Fatal(err)
	}
	if b.opens() {
		t.Error("the key is revoked, and the session goes on")
	}
}

func TestTicketsWorkOnce(t *testing.T) {
	d := newDesk(t)
	path := d.handler.Ticket(adminKey)
	b := d.browser()
	if w := b.get(path); w.Code != http.StatusSeeOther || !b.opens() {
		t.Errorf("a ticket: %d", w.Code)
	}
	again := d.browser()
	if w := again.get(path); w.Code != http.StatusUnauthorized || again.opens() {
		t.Errorf("the same ticket again: %d", w.Code)
	}
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	d := newDesk(t)
	for _, to := range []string{"https://elsewhere.example", "//elsewhere.example", "/portal/../x\\y", "/subscriptions", "/portalx", `/portal/\evil`, "/portal/\r\nX: y", ""} {
		w := d.browser().post("/portal/-/sign-in", url.Values{"key": {adminKey}, "to": {to}})
		if got := w.Header().Get("Location"); got != "/portal" {
			t.Errorf("after sign-in with %q: sent to %q", to, got)
		}
	}
}

func TestPagesOfOtherSitesDoNothingHere(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://elsewhere.example"}} {
		if w := b.post("/portal/-/sign-out", nil, headers...); w.Code != http.StatusForbidden || !b.opens() {
			t.Errorf("with %v: %d", headers, w.Code)
		}
	}
	if w := b.post("/portal/-/sign-out", nil, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusSeeOther {
		t.Errorf("from our own page: %d", w.Code)
	}
}

// Behind a proxy, a page of ours has the public address, and the request another host.
func TestOurOwnPagesBehindAProxy(t *testing.T) {
	d := newDesk(t)
	for public, want := range map[string]int{"": http.StatusForbidden, "https://apis.example.com/": http.StatusSeeOther} {
		d.publicURL = public
		d.open(portal.Issuers{})
		if w := d.browser().post("/portal/-/sign-in", url.Values{"key": {adminKey}}, "Origin", "https://apis.example.com"); w.Code != want {
			t.Errorf("with the public address %q: %d, want %d", public, w.Code, want)
		}
	}
}

func TestWhoMayRead(t *testing.T) {
	d := newDesk(t)
	for role, want := range map[string]bool{access.AdministratorID: true, access.ReaderID: true, access.DataReaderID: true} {
		if got := d.signedIn(d.key(role, role)).opens(); got != want {
			t.Errorf("role %s reads: %v, want %v", role, got, want)
		}
	}
	w := d.signedIn(d.key("sender", access.EventSenderID)).get("/portal/center/default/apis")
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "does not have authorization") {
		t.Errorf("who may not read: %d %s", w.Code, w.Body)
	}
	d.put(service+"/portals/default", `{"allowAnonymousAccess":true}`)
	if !d.browser().opens() {
		t.Error("a service that is open to all is shown to nobody")
	}
}

// Who is not signed in is not told which services there are.
func TestNobodyIsToldWhatThereIs(t *testing.T) {
	b := newDesk(t).browser()
	there, not := b.get("/portal/center"), b.get("/portal/none")
	if there.Code != http.StatusSeeOther || not.Code != http.StatusSeeOther {
		t.Errorf("a service that is there: %d, one that is not: %d, want 303 for both", there.Code, not.Code)
	}
}

func TestPagesThatAreNotThere(t *testing.T) {
	b := newDesk(t).signedIn(adminKey)
	for path, want := range map[string]int{
		"/portal/none": http.StatusNotFound, "/portal/center/default/apis/none": http.StatusNotFound, "/portal/center/none/apis": http.StatusNotFound,
		"/portal/-/none": http.StatusNotFound, "/portal/center/default/nothings": http.StatusNotFound, "/portal/center/default/apis/": http.StatusMovedPermanently,
		"/portal/center/default/apis?after=%ff": http.StatusBadRequest, "/": http.StatusFound,
		"/portal/center/default/apis/" + url.PathEscape("a/b"): http.StatusNotFound,
	} {
		w := b.get(path)
		if w.Code != want || want >= 400 && !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
}

// The colours are those of the system until somebody chooses, and again when he
// wants that: a cookie says so, and none says nothing.
func TestColoursAreChosen(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	for _, theme := range []string{"", "dark", "light", ""} {
		w := b.post("/portal/-/theme", url.Values{"theme": {theme}, "to": {apisPage}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != apisPage {
			t.Fatalf("%q: %d %v", theme, w.Code, w.Header())
		}
		page := b.shows(apisPage, http.StatusOK, `<button name="theme" value="`+theme+`" aria-current="true">`,
			`name="theme" value="light"`, `name="theme" value="dark"`, `name="theme" value=""`)
		if got := strings.Contains(page, `data-theme="`+theme+`"`); got != (theme != "") || theme == "" && strings.Contains(page, "data-theme") {
			t.Errorf("%q is not how the page looks", theme)
		}
	}
}

// A page that answers a form has no address of its own: what leads back to it
// leads to the one that it was sent from.
func TestPagesOfFormsHaveAWayBack(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	if w := b.post(newWebhook, aWebhook); w.Code != http.StatusCreated {
		t.Fatalf("make: %d %s", w.Code, w.Body)
	}
	for path, back := range map[string]string{
		webhooksPage + "/chat/secret": webhooksPage + "/chat", "/portal/center/-/access": "/portal/center/-/access", "/portal/-/services/restore": "/portal",
		apisPage + "/orders/edit": apisPage + "/orders/edit", "/portal/center/-/tombstones/forget": "/portal/center/-/tombstones",
	} {
		page := b.post(path, url.Values{}).Body.String()
		if !strings.Contains(page, `<input type="hidden" name="to" value="`+back+`">`) {
			t.Errorf("%s does not lead back to %s", path, back)
		}
		if w := b.get(back); w.Code >= http.StatusBadRequest {
			t.Errorf("%s: %d", back, w.Code)
		}
	}
}
