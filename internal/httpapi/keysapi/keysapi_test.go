package keysapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/keysapi"
	"apicenter/internal/inventory"
	"apicenter/internal/server"
	"apicenter/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const group = "/subscriptions/S/resourceGroups/G"

// world is the surface behind the real server, on a real store.
type world struct {
	t       *testing.T
	handler http.Handler
	guard   *access.Guard
	keys    *auth.Keys
}

// newWorld has an administrator with the token "admin", "ada" who gives access to
// a group, and "bob" who reads it.
func newWorld(t *testing.T) world {
	t.Helper()
	s := storetest.Open(t)
	w := world{t: t}
	var err error
	if w.guard, err = access.New(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if w.keys, err = auth.NewKeys(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for principal, role := range map[string]string{"a-1": "Role Based Access Control Administrator", "b-1": "Reader"} {
		if _, err := w.guard.Assign(auth.With(t.Context(), auth.Principal{Name: "setup"}), inventory.Assignment{
			Name: auth.NewID(), Role: role, Scope: group, Principal: principal,
		}); err != nil {
			t.Fatal(err)
		}
	}
	fixed := auth.Static(map[string]auth.Principal{
		"admin": {ID: "administrator", Name: "administrator", Kind: auth.Key, Grants: []auth.Grant{{Role: access.AdministratorID, Scope: "/"}}},
		"ada":   {ID: "a-1", Name: "ada@example.com", Kind: auth.User, Tenant: "t-1"},
		"bob":   {ID: "b-1", Name: "bob", Kind: auth.Application},
		"nil":   {ID: "n-1", Name: "nil", Kind: auth.User},
	})
	surface := keysapi.New(keysapi.Options{
		Guard: w.guard, Keys: w.keys, Log: slog.New(slog.DiscardHandler),
		SignIns: []auth.SignIn{{Issuer: "https://login.example.com", ClientID: "cli", Scopes: []string{"openid"}}},
	})
	o := server.Options{ARM: http.NotFoundHandler(), Keys: auth.Chain{fixed, w.keys}, Log: slog.New(slog.DiscardHandler)}
	for _, r := range surface.Routes() {
		o.Routes = append(o.Routes, server.Route(r))
	}
	w.handler = server.Handler(o)
	return w
}

func (w world) ask(token, method, path, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code >= 400 {
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" || rec.Code >= 500 {
			w.t.Errorf("%s %s %s: %d %s", method, path, body, rec.Code, rec.Body)
		}
	}
	return rec
}

// create makes a key and gives its id and token.
func (w world) create(token, body string) (id, secret string) {
	w.t.Helper()
	rec := w.ask(token, "POST", "/keys", body)
	var made struct{ ID, Token string }
	if err := json.Unmarshal(rec.Body.Bytes(), &made); err != nil || rec.Code != 201 || made.Token == "" {
		w.t.Fatalf("create %s: %d %s", body, rec.Code, rec.Body)
	}
	return made.ID, made.Token
}

// What differs with each run is replaced in golden files.
var volatile = []struct {
	pattern *regexp.Regexp
	as      string
}{
	{regexp.MustCompile(`apic_[A-Za-z0-9_-]{43}`), "apic_TOKEN"},
	{regexp.MustCompile(`"apic_[A-Za-z0-9_-]{6}"`), `"apic_PREFIX"`},
	{regexp.MustCompile(`("id": )"[0-9a-f]{8}-[0-9a-f-]{27}"`), `$1"GUID"`},
	{regexp.MustCompile(`"20\d\d-[0-9T:.-]+Z"`), `"TIME"`},
}

func golden(t *testing.T, name string, rec *httptest.ResponseRecorder) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d %s\n", rec.Code, rec.Header().Get("Content-Type"))
	if rec.Body.Len() > 0 {
		if err := json.Indent(&b, rec.Body.Bytes(), "", "  "); err != nil {
			t.Fatalf("%s: %v in %s", name, err, rec.Body)
		}
		b.WriteByte('\n')
	}
	got := b.String()
	for _, v := range volatile {
		got = v.pattern.ReplaceAllString(got, v.as)
	}
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestWire(t *testing.T) {
	w := newWorld(t)
	golden(t, "keys-none", w.ask("admin", "GET", "/keys", ""))
	golden(t, "created", w.ask("ada", "POST", "/keys", `{"name":"ci","role":"Azure API Center Service Reader","scope":"`+group+`/","expiresAt":"`+time.Now().Add(time.Hour).Format(time.RFC3339)+`"}`))
	id, _ := w.create("ada", `{"name":"second","role":"`+access.DataReaderID+`","scope":"`+group+`"}`)
	golden(t, "keys", w.ask("admin", "GET", "/keys", ""))
	golden(t, "denied", w.ask("ada", "POST", "/keys", `{"name":"ci","role":"Reader","scope":"/"}`))
	golden(t, "no-role", w.ask("ada", "POST", "/keys", `{"name":"ci","role":"Emperor","scope":"`+group+`"}`))
	golden(t, "revoked", w.ask("ada", "DELETE", "/keys/"+id, ""))
	golden(t, "revoked-again", w.ask("ada", "DELETE", "/keys/"+id, ""))
	golden(t, "whoami", w.ask("ada", "GET", "/whoami", ""))
	golden(t, "whoami-administrator", w.ask("admin", "GET", "/whoami", ""))
	golden(t, "whoami-without-roles", w.ask("nil", "GET", "/whoami", ""))
	golden(t, "sign-in", w.ask("", "GET", "/.well-known/apicenter", ""))
	golden(t, "no-token", w.ask("", "GET", "/whoami", ""))
}

func TestKeyIsItsRoleOnItsScope(t *testing.T) {
	w := newWorld(t)
	id, token := w.create("ada", `{"name":"ci","role":"User Access Administrator","scope":"`+group+`"}`)
	if rec := w.ask(token, "GET", "/whoami", ""); !strings.Contains(rec.Body.String(), `"kind":"Key"`) || !strings.Contains(rec.Body.String(), `"scope":"/subscriptions/s/resourcegroups/g"`) {
		t.Errorf("whoami of a key: %d %s", rec.Code, rec.Body)
	}
	below := `{"name":"below","role":"Owner","scope":"` + group + `/providers/Microsoft.ApiCenter/services/c"}`
	belowID, belowToken := w.create(token, below) // a key may make keys, within its scope
	for _, scope := range []string{"/", "/subscriptions/S", group + "2"} {
		if rec := w.ask(token, "POST", "/keys", `{"name":"x","role":"Reader","scope":"`+scope+`"}`); rec.Code != 403 {
			t.Errorf("a key on %s by a key on %s: %d %s", scope, group, rec.Code, rec.Body)
		}
	}
	if rec := w.ask("bob", "DELETE", "/keys/"+id, ""); rec.Code != 403 {
		t.Errorf("a reader revoked a key: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask(token, "DELETE", "/keys/"+strings.ToUpper(id), ""); rec.Code != 200 {
		t.Errorf("a key cannot revoke itself: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask(token, "GET", "/whoami", ""); rec.Code != 401 {
		t.Errorf("a revoked key: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask(belowToken, "GET", "/whoami", ""); rec.Code != 200 {
		t.Errorf("what a revoked key made: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask("ada", "DELETE", "/keys/"+belowID, ""); rec.Code != 200 {
		t.Errorf("a key below a scope: %d %s", rec.Code, rec.Body)
	}
}

func TestKeysAreSeenByWhoMayReadAssignments(t *testing.T) {
	w := newWorld(t)
	w.create("admin", `{"name":"all","role":"Reader","scope":"/"}`)
	w.create("admin", `{"name":"group","role":"Reader","scope":"`+group+`"}`)
	w.create("admin", `{"name":"elsewhere","role":"Reader","scope":"/subscriptions/T"}`)
	for token, want := range map[string]string{"admin": "all group elsewhere", "ada": "group", "bob": "group", "nil": ""} {
		rec := w.ask(token, "GET", "/keys", "")
		var got struct{ Value []map[string]any }
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != 200 || strings.Contains(rec.Body.String(), "token") {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		var names []string
		for _, k := range got.Value {
			names = append(names, k["name"].(string))
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s sees %q, want %q", token, names, want)
		}
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	for body, status := range map[string]int{
		``:                              400,
		`{`:                             400,
		`[]`:                            400,
		`null`:                          400,
		`{"name":1}`:                    400,
		`{"name":"x","role":"Reader"}`:  400,
		`{"name":"x","scope":"/"}`:      400,
		`{"role":"Reader","scope":"/"}`: 400,
		`{"name":"x\u0000","role":"Reader","scope":"/"}`:                                   400,
		`{"name":"link/x","role":"Reader","scope":"/"}`:                                    400,
		`{"name":"x","role":"Reader","scope":"/elsewhere"}`:                                400,
		`{"name":"x","role":"Reader","scope":"/","expires":"2030-01-01T00:00:00Z"}`:        400, // misspelt
		`{"name":"x","role":"Reader","scope":"/","expiresAt":"tomorrow"}`:                  400,
		`{"name":"x","role":"Reader","scope":"/","expiresAt":"2001-01-01T00:00:00Z"}`:      400,
		`{"name":"x","role":"Reader","scope":"/","expiresAt":"9999-01-01T00:00:00Z"}`:      400,
		`{"name":"x","role":"Reader","scope":"/"} {}`:                                      400,
		`{"name":"x","role":"Reader","scope":"/","` + strings.Repeat("x", 20<<10) + `":1}`: 413,
		`{"name":"x","role":"` + strings.Repeat("[", 10000) + `","scope":"/"}`:             400,
		`{"name":"x","role":` + strings.Repeat("[", 10000):                                 400,
	} {
		if rec := w.ask("admin", "POST", "/keys", body); rec.Code != status {
			t.Errorf("%.100s: %d %s, want %d", body, rec.Code, rec.Body, status)
		}
	}
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"PUT", "/keys", 405},
		{"GET", "/keys/x", 405},
		{"DELETE", "/keys/x", 204},
		{"DELETE", "/keys/", 404},
		{"DELETE", "/keys/..%2f..", 204},
		{"POST", "/whoami", 405},
		{"HEAD", "/whoami", 200},
		{"DELETE", "/.well-known/apicenter", 405},
	} {
		if rec := w.ask("admin", tt.method, tt.path, ""); rec.Code != tt.status {
			t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, rec.Code, rec.Body, tt.status)
		}
	}
	if all := w.keys.All(); len(all) != 0 {
		t.Errorf("bad requests made keys: %+v", all)
	}
}
