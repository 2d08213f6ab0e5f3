package portal_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/outbound"
	"apicenter/internal/portal"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

// desk is a portal over a real store, with the keys of two people.
type desk struct {
	testing.TB
	store   *store.Store
	people  *catalog.Catalog
	handler *portal.Handler
	guard   *access.Guard
	keys    *auth.Keys
	fixed   *auth.Fixed
	log     *slog.Logger

	publicURL string

	sources  portal.Sources
	azure    http.Handler
	entra    *entra // where people sign in; nil: nowhere
	stopping chan struct{}
}

const (
	service   = "sub/group/center"
	workspace = service + "/workspaces/default"
	adminKey  = "key-of-the-administrator"
)

var administrator = auth.Principal{
	ID: "administrator", Name: "ada", Kind: auth.Key,
	Grants: []auth.Grant{{Role: access.AdministratorID, Scope: access.Everything}},
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{TB: t, log: slog.New(slog.DiscardHandler), store: storetest.Open(t), fixed: auth.Static(map[string]auth.Principal{adminKey: administrator})}
	d.people = catalog.New(d.store, catalog.Options{Downloader: outbound.New(outbound.Options{})})
	var err error
	if d.keys, err = auth.NewKeys(t.Context(), d.store); err != nil {
		t.Fatal(err)
	}
	if d.guard, err = access.New(t.Context(), d.store); err != nil {
		t.Fatal(err)
	}
	d.open(portal.Issuers{})
	d.put(service, `{"location":"westeurope"}`)
	d.put(workspace, `{"title":"Default"}`)
	d.put(workspace+"/apis/orders", `{"title":"Orders","kind":"rest","summary":"Buys things"}`)
	return d
}

// open makes the portal, with issuers.
func (d *desk) open(issuers portal.Issuers) {
	d.Helper()
	var err error
	d.handler, err = portal.New(portal.Options{
		Catalog: d.people, Access: d.guard, Roles: d.guard, Keys: d, KeyRing: d.keys, Sessions: d.store, Version: "1.2.3", Issuers: issuers, Log: d.log,
		Sources: d.sources, Azure: d.azure, Stopping: d.stopping, PublicURL: d.publicURL,
	})
	if err != nil {
		d.Fatal(err)
	}
}

// Authenticate and Recall are those of the door of the program.
func (d *desk) Authenticate(ctx context.Context, token string) (auth.Principal, error) {
	return auth.Chain{d.fixed, d.keys}.Authenticate(ctx, token)
}

func (d *desk) Recall(of inventory.Digest) (auth.Principal, error) {
	return auth.Recall(d.fixed, d.keys, of)
}

func (d *desk) put(path, properties string) {
	d.Helper()
	doc, err := inventory.ParseDoc([]byte(properties))
	if err != nil {
		d.Fatal(err)
	}
	if _, _, err := d.people.Put(auth.With(d.Context(), administrator), path, doc, catalog.Match{}); err != nil {
		d.Fatal(err)
	}
}

// key makes a key with a role on everything.
func (d *desk) key(name, role string) string {
	d.Helper()
	return d.keyAt(name, role, access.Everything)
}

// keyAt makes a key with a role on a scope.
func (d *desk) keyAt(name, role, scope string) string {
	d.Helper()
	_, token, err := d.keys.Make(d.Context(), "ada", inventory.Key{Name: name, Role: role, Scope: strings.ToLower(scope)})
	if err != nil {
		d.Fatal(err)
	}
	return token
}

// browser keeps cookies, and follows no redirects.
type browser struct {
	*desk
	cookies map[string]string
}

func (d *desk) browser() *browser { return &browser{d, map[string]string{}} }

// signedIn is a browser of who has a key.
func (d *desk) signedIn(key string) *browser {
	d.Helper()
	b := d.browser()
	if w := b.post("/portal/-/sign-in", url.Values{"key": {key}}); w.Code != http.StatusSeeOther {
		d.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
	return b
}

func (b *browser) get(path string, headers ...string) *httptest.ResponseRecorder {
	return b.send(httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil), headers...)
}

func (b *browser) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r, headers...)
}

func (b *browser) send(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

// opens says whether the inventory is shown.
func (b *browser) opens() bool {
	b.Helper()
	w := b.get("/portal/center/default/apis")
	if w.Code != http.StatusOK && w.Code != http.StatusSeeOther {
		b.Errorf("the inventory: %d %s", w.Code, w.Body)
	}
	return w.Code == http.StatusOK && strings.Contains(w.Body.String(), "Orders")
}
