package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/auth"
	"apicenter/internal/emulator"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/portal"
)

// entra is the emulated one, where people of the desk sign in. It counts what
// it is asked, by the last segment of the path, and can be made to answer otherwise.
type entra struct {
	emulated http.Handler

	mu      sync.Mutex
	asked   map[string]int
	instead map[string]http.HandlerFunc
}

func (e *entra) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	segment := path.Base(r.URL.Path)
	e.mu.Lock()
	e.asked[segment]++
	instead := e.instead[segment]
	e.mu.Unlock()
	if instead != nil {
		instead(w, r)
		return
	}
	e.emulated.ServeHTTP(w, r)
}

func (e *entra) count(segment string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked[segment]
}

// answer has a handler answer instead; nil: the emulated directory does again.
func (e *entra) answer(segment string, instead http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.instead[segment] = instead
}

// issuer opens the portal anew, for people of an emulated directory.
func (d *desk) issuer(o emulator.Options) *emulator.Server {
	d.Helper()
	o.Token = "emulator"
	e, err := emulator.New(o)
	if err != nil {
		d.Fatal(err)
	}
	d.entra = &entra{emulated: e.Handler(), asked: map[string]int{}, instead: map[string]http.HandlerFunc{}}
	server := httptest.NewServer(d.entra)
	d.Cleanup(server.Close)
	oidc, err := auth.NewOIDC(d.log, auth.Issuer{URL: server.URL + "/" + emulator.TenantID + "/v2.0", ClientID: "apicenter"})
	if err != nil {
		d.Fatal(err)
	}
	d.azure, err = managerapi.New(managerapi.Options{
		Catalog: d.people, Access: d.guard, Roles: d.guard, Provider: http.NotFoundHandler(), Log: d.log, Upstream: server.URL,
	})
	if err != nil {
		d.Fatal(err)
	}
	d.open(portal.Issuers{SignIns: oidc.SignIns(), Tokens: oidc.Control(), HTTP: server.Client(), Resource: "https://management.azure.com/.default"})
	return e
}

// leave goes to the issuer, and gives the address that it sends the browser back to.
func (b *browser) leave(to string) string {
	b.Helper()
	w := b.get("/portal/-/sign-in/with/0?to=" + url.QueryEscape(to))
	if w.Code != http.StatusSeeOther {
		b.Fatalf("leave: %d %s", w.Code, w.Body)
	}
	page := w.Header().Get("Location")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(page)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Path != "/portal/-/signed-in" {
		b.Fatalf("the issuer answers %s, to %q", resp.Status, resp.Header.Get("Location"))
	}
	return back.RequestURI()
}

func TestSignInAtAnIssuer(t *testing.T) {
	d := newDesk(t)
	d.issuer(emulator.Options{})
	b := d.browser()
	w := b.get(b.leave("/portal/center"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/portal/center" {
		t.Fatalf("back: %d, to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if w := b.get("/portal/center/default/apis"); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "does not have authorization") {
		t.Errorf("somebody without a role: %d", w.Code)
	}
}

func TestForeignReturnsSignNobodyIn(t *testing.T) {
	d := newDesk(t)
	d.issuer(emulator.Options{})
	victim, thief := d.browser(), d.browser()
	back := thief.leave("/portal")
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another's":  victim.get(back),
		"no state":   d.browser().get("/portal/-/signed-in?code=x"),
		"a refusal":  refusal(d),
		"a lost one": thief.get("/portal/-/signed-in?state=none&code=x"),
	} {
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if _, in := victim.cookies["apicenter_session"]; in {
		t.Error("somebody was signed in as another")
	}
	if w := d.browser().get("/portal/-/sign-in/with/7"); w.Code != http.StatusNotFound {
		t.Errorf("an issuer that is not there: %d", w.Code)
	}
}

// refusal is what follows when the issuer refuses.
func refusal(d *desk) *httptest.ResponseRecorder {
	b := d.browser()
	back, _ := url.Parse(b.leave("/portal"))
	return b.get("/portal/-/signed-in?" + url.Values{"state": {back.Query().Get("state")}, "error": {"access_denied"}, "error_description": {"<script>no</script>"}}.Encode())
}

// Anybody can begin a sign-in: that must not keep others from theirs, nor have
// the issuer asked each time.
func TestAFloodOfSignInsLocksNobodyOut(t *testing.T) {
	d := newDesk(t)
	d.issuer(emulator.Options{})
	early := d.browser()
	back := early.leave("/portal/center")
	for range 1100 {
		d.browser().get("/portal/-/sign-in/with/0")
	}
	if asked := d.entra.count("openid-configuration"); asked != 1 {
		t.Errorf("the document of the issuer was asked for %d times", asked)
	}
	late := d.browser()
	for b, back := range map[*browser]string{early: back, late: late.leave("/portal/center")} {
		if w := b.get(back); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/portal/center" {
			t.Errorf("back: %d, to %q", w.Code, w.Header().Get("Location"))
		}
	}
}
