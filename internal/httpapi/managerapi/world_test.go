package managerapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/emulator"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	sub    = "/subscriptions/" + emulator.SubscriptionID
	group  = sub + "/resourceGroups/Retail"
	center = group + "/providers/Microsoft.ApiCenter/services/Center"
	other  = "/subscriptions/other-sub"

	tenant = "6f0c4f6e-2f5b-4a8e-9d3c-7b1a52e8d401"
	ada    = "11111111-1111-4111-8111-111111111111"
	team   = "22222222-2222-4222-8222-222222222222"

	owner         = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	reader        = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	serviceReader = "6cba8790-29c5-48e5-bab1-c7541b01cb04"
	apimReader    = "71522526-b88f-4d52-b57f-d31fc3546d0d"

	first  = "00000000-0000-4000-8000-000000000001"
	second = "00000000-0000-4000-8000-000000000002"
)

// Tokens, and who comes with them.
const (
	ownerToken = "owner-token"    // may do everything, at the emulator too
	adaToken   = "ada-token"      // has what is assigned to her or her team
	keyToken   = "apic_key-token" // a key with all rights here
)

var people = map[string]auth.Principal{
	ownerToken: {ID: emulator.OwnerID, Name: "owner", Kind: auth.User, Tenant: tenant, Grants: []auth.Grant{{Role: owner, Scope: "/"}}},
	adaToken:   {ID: ada, Name: "ada", Kind: auth.User, Tenant: tenant, Groups: []string{team}},
	keyToken:   {ID: "key", Name: "key", Kind: auth.Key, Grants: []auth.Grant{{Role: owner, Scope: "/"}}},
}

// world is the front with the real store, catalog and guard behind it.
type world struct {
	testing.TB
	catalog *catalog.Catalog
	guard   *access.Guard
	handler http.Handler
	log     *bytes.Buffer
}

// start makes a world with one service, without an upstream unless change names one.
func start(t testing.TB, change ...func(*managerapi.Options)) *world {
	t.Helper()
	s := storetest.Open(t)
	guard, err := access.New(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, catalog: catalog.New(s, catalog.Options{}), guard: guard, log: &bytes.Buffer{}}
	o := managerapi.Options{
		Catalog: w.catalog, Access: guard, Roles: guard, Provider: &provider{w.catalog},
		Log: slog.New(slog.NewTextHandler(w.log, nil)), PublicURL: "https://center.example", Tenant: tenant,
	}
	for _, f := range change {
		f(&o)
	}
	front, err := managerapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if token, ok := auth.Bearer(r.Header.Get("Authorization")); ok {
			r = r.WithContext(auth.With(r.Context(), people[token]))
		}
		front.ServeHTTP(rw, r)
	})
	w.service(center, `{"location":"local","tags":{"team":"pets","Cost Center":"7"}}`)
	return w
}

// service puts a service into the inventory.
func (w *world) service(id, body string) {
	w.Helper()
	p, err := arm.ParsePath(id)
	if err != nil {
		w.Fatal(err)
	}
	doc, err := inventory.ParseDoc([]byte(body))
	if err != nil {
		w.Fatal(err)
	}
	path := p.Subscription + "/" + p.Group + "/" + p.Segments[0].Name
	if _, _, err := w.catalog.Put(auth.With(w.Context(), people[ownerToken]), path, doc, catalog.Match{}); err != nil {
		w.Fatal(err)
	}
}

// provider is API Center as far as the front asks it: it shows services, and
// says of all else that it was asked.
type provider struct{ catalog *catalog.Catalog }

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, err := arm.ParsePath(r.URL.EscapedPath())
	if err != nil || !path.Is("Microsoft.ApiCenter", "services") {
		reply.Error(w, arm.Errorf(http.StatusTeapot, "Provider", "the provider was asked for %s", r.URL.Path))
		return
	}
	res, err := p.catalog.Get(r.Context(), inventory.MustID(path.Subscription+"/"+path.Group+"/"+path.Segments[0].Name))
	if err != nil {
		reply.Error(w, arm.Errorf(http.StatusNotFound, arm.CodeNotFound, "%v", err))
		return
	}
	var doc map[string]any
	if err := json.Unmarshal(res.Doc, &doc); err != nil {
		panic(err)
	}
	segments := strings.Split(res.Path, "/")
	doc["id"] = "/subscriptions/" + segments[0] + "/resourceGroups/" + segments[1] + "/providers/Microsoft.ApiCenter/services/" + segments[2]
	doc["name"], doc["type"] = segments[2], "Microsoft.ApiCenter/services"
	doc["properties"] = map[string]string{"provisioningState": "Succeeded", "dataApiHostname": "center.example"}
	doc["systemData"] = map[string]string{"createdAt": "2026-01-01T00:00:00Z", "lastModifiedAt": "2026-01-02T00:00:00Z"}
	body, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	reply.JSON(w, http.StatusOK, body)
}

// ask sends a request as somebody; headers come in pairs.
func (w *world) ask(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, strings.ReplaceAll(path, " ", "%20"), strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got := httptest.NewRecorder()
	w.handler.ServeHTTP(got, r)
	return got
}

// must is ask with the status that it has to have.
func (w *world) must(status int, token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.Helper()
	got := w.ask(token, method, path, body, headers...)
	if got.Code != status {
		w.Fatalf("%s %s: status %d, want %d: %s", method, path, got.Code, status, got.Body)
	}
	return got
}

// fails is must for an error: its code, and what its message has in it.
func (w *world) fails(status int, code, message, token, method, path, body string) {
	w.Helper()
	got := w.must(status, token, method, path, body)
	var out struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(got.Body.Bytes(), &out); err != nil || out.Error.Code != code || !strings.Contains(out.Error.Message, message) {
		w.Errorf("%s %s: %s, want code %s and %q in the message", method, path, got.Body, code, message)
	}
}

// names are the given member of each thing in a list.
func (w *world) names(member, token, path string) string {
	w.Helper()
	var page struct{ Value []map[string]any }
	if err := json.Unmarshal(w.must(http.StatusOK, token, "GET", path, "").Body.Bytes(), &page); err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, item := range page.Value {
		text, _ := item[member].(string)
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// assign gives a role to somebody.
func (w *world) assign(name, scope, role, principal string) {
	w.Helper()
	w.must(http.StatusCreated, ownerToken, "PUT", strings.TrimSuffix(scope, "/")+"/providers/Microsoft.Authorization/roleAssignments/"+name,
		`{"properties":{"roleDefinitionId":"`+role+`","principalId":"`+principal+`","principalType":"User"}}`)
}

// discard is the log of what nobody reads.
var discard = slog.New(slog.DiscardHandler)

var instants = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`)

// golden compares an answer with a file.
func (w *world) golden(name string, got *httptest.ResponseRecorder) {
	w.Helper()
	if kind := got.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		w.Errorf("%s: content type %q", name, kind)
	}
	var body bytes.Buffer
	if err := json.Indent(&body, got.Body.Bytes(), "", "  "); err != nil {
		w.Fatalf("%s: %v: %s", name, err, got.Body)
	}
	text := instants.ReplaceAllString(body.String(), "2026-01-01T00:00:00Z") + "\n"
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			w.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	if text != string(want) {
		w.Errorf("%s has changed (run with -update if that is meant):\n%s", file, text)
	}
}
