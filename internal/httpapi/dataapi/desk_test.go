package dataapi_test

import (
	"bytes"
	"context"
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

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/inventory"
	"apicenter/internal/server"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	center     = "S/G/Center"
	space      = center + "/workspaces/default"
	petstore   = space + "/apis/petstore"
	petVersion = petstore + "/versions/v-1"
	definition = petVersion + "/definitions/openapi"
	domain     = "apis.example.com"
)

// desk is the surface on the real mux, with the real store.
type desk struct {
	testing.TB
	store   *store.Store
	catalog *catalog.Catalog
	handler *dataapi.Handler
	mux     http.Handler
	gate    *gate
}

// gate lets everybody do everything but what is refused, and remembers what it was asked, in asked if there is one.
type gate struct {
	refused string
	asked   []string
}

func (g *gate) AuthorizeData(_ context.Context, action, scope string) error {
	if g.asked != nil {
		g.asked = append(g.asked, action+" on "+scope)
	}
	if g.refused == action {
		return inventory.Errorf(inventory.Denied, "", "ada may not %s on %s", action, scope)
	}
	return nil
}

func newDesk(t testing.TB, limits dataapi.Limits) *desk {
	t.Helper()
	s := storetest.Open(t)
	log, signer, keys := slog.New(slog.DiscardHandler), documents.NewSigner([]byte("key")), auth.Static(map[string]auth.Principal{"secret": {Name: "ada"}})
	d := &desk{TB: t, store: s, catalog: catalog.New(s, catalog.Options{}), gate: &gate{}}
	d.handler = dataapi.New(dataapi.Options{
		Catalog: d.catalog, Access: d.gate, Signer: signer, Log: log, DefaultService: inventory.MustID(center), Domain: domain, Limits: limits,
	})
	d.mux = server.Handler(server.Options{
		ARM: http.NotFoundHandler(), Keys: keys, Log: log,
		Surfaces: []server.Surface{{Owns: d.handler.Owns, Handler: d.handler, Tokens: keys, Anonymous: true}},
		Routes:   []server.Route{{Pattern: documents.Prefix, Handler: documents.Handler(signer, d.catalog, log), Public: true}},
	})
	d.put(center, `{"location":"West Europe"}`)
	return d
}

func (d *desk) as() context.Context {
	return auth.With(d.Context(), auth.Principal{Name: "ada", Kind: auth.User})
}

func (d *desk) put(path, properties string) {
	d.Helper()
	doc, err := inventory.ParseDoc([]byte(properties))
	if err != nil {
		d.Fatal(err)
	}
	if _, _, err := d.catalog.Put(d.as(), path, doc, catalog.Match{}); err != nil {
		d.Fatalf("put %s: %v", path, err)
	}
}

// openToAll turns the switch of a service.
func (d *desk) openToAll(service string, on bool) {
	d.Helper()
	d.put(service+"/portals/default", map[bool]string{true: `{"allowAnonymousAccess":true}`, false: `{"allowAnonymousAccess":false}`}[on])
}

const petDocument = `{"openapi":"3.0.1"}`

// filled is a desk with some of each kind: one with all that it can have, and one bare.
func filled(t testing.TB, limits dataapi.Limits) *desk {
	t.Helper()
	d := newDesk(t, limits)
	d.put(petstore, `{"title":"Pets","kind":"rest","summary":"<s> & é","description":"All about pets","termsOfService":{"url":"example.com/terms"},
		"license":{"name":"MIT","url":"example.com/license"},"externalDocumentation":[{"title":"Wiki","description":"More","url":"example.com/wiki"}],
		"contacts":[{"name":"Pet team","email":"pets@example.com"}],"customProperties":{"team":"pets","compliant":true,"tags":["a","b"]}}`)
	d.put(space+"/apis/bare", `{"title":"Bare","kind":"graphql"}`)
	d.put(petVersion, `{"title":"1.0","lifecycleStage":"production"}`)
	d.put(petVersion+"/definitions/empty", `{"title":"Not there yet"}`)
	d.put(definition, `{"title":"OpenAPI","description":"The pets"}`)
	if err := d.catalog.ImportSpecification(d.as(), inventory.MustID(definition), petDocument, catalog.Specification{Name: "OpenAPI", Version: "3.0.1"}); err != nil {
		t.Fatal(err)
	}
	d.put(space+"/environments/prod", `{"title":"Production","kind":"production","description":"For all","server":{"type":"Azure API Management","managementPortalUri":["example.com/manage"]},
		"onboarding":{"instructions":"Ask","developerPortalUri":["example.com/develop"]},"customProperties":{"region":"eu"}}`)
	d.put(space+"/environments/bare", `{"title":"Bare","kind":"testing"}`)
	d.put(petstore+"/deployments/main", `{"title":"Main","description":"The one","environmentId":"/workspaces/default/environments/prod",
		"definitionId":"/workspaces/default/apis/petstore/versions/v-1/definitions/openapi","state":"active","isDefault":true,
		"server":{"runtimeUri":["https://a.example.com/pets","https://b.example.com/pets"]},"customProperties":{"tier":1}}`)
	d.put(petstore+"/deployments/bare", `{}`)
	d.put(center+"/metadataSchemas/team", `{"schema":"{\"type\":\"string\", \"title\":\"Team\"}","assignedTo":[{"entity":"api","required":false,"deprecated":false}]}`)
	d.put(center+"/metadataSchemas/spare", `{"schema":"{\"type\":\"boolean\"}","assignedTo":[{"entity":"environment","required":true,"deprecated":false}]}`)
	return d
}

// ask sends one request, with ada's token unless headers, in pairs, say otherwise.
func (d *desk) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	d.wellFormed(method+" "+path, w)
	return w
}

// nobody is a pair of headers without a token.
func nobody() []string { return []string{"Authorization", ""} }

// wellFormed fails unless a page can read w: from any origin, JSON, with a code if it is an error.
func (d *desk) wellFormed(what string, w *httptest.ResponseRecorder) {
	d.Helper()
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
		d.Errorf("%s: %d for origin %q, want any", what, w.Code, got)
	}
	if w.Code < 400 {
		return
	}
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
		d.Errorf("%s: %d with body %q, want an error (%v)", what, w.Code, w.Body, err)
	}
	if got := w.Header().Get("X-Ms-Error-Code"); got != e.Error.Code {
		d.Errorf("%s: X-Ms-Error-Code %q, and %q in the body", what, got, e.Error.Code)
	}
}

func (d *desk) must(method, path, body string, status int, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	w := d.ask(method, path, body, headers...)
	if w.Code != status {
		d.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	return w
}

// fails wants an error with a code, and text in its message or target.
func (d *desk) fails(method, path, body string, status int, code, text string, headers ...string) {
	d.Helper()
	w := d.must(method, path, body, status, headers...)
	if got := w.Header().Get("X-Ms-Error-Code"); got != code || !strings.Contains(w.Body.String(), text) {
		d.Errorf("%s %s: %d %s, want %s with %q", method, path, w.Code, w.Body, code, text)
	}
}

var changing = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|expires=\d+\\u0026signature=[\w-]+|expires=\d+&signature=[\w-]+`)

// golden compares an answer's body with testdata, instants and signatures left out.
func (d *desk) golden(name string, w *httptest.ResponseRecorder) {
	d.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, w.Body.Bytes(), "", "  "); err != nil {
		d.Fatalf("%s: %v in %s", name, err, w.Body)
	}
	got := changing.ReplaceAllFunc(append(b.Bytes(), '\n'), func(m []byte) []byte {
		if m[0] == 'e' {
			return []byte("expires=0&signature=x")
		}
		return []byte("2026-01-01T00:00:00Z")
	})
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			d.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		d.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		d.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
	}
}

// list reads a list to its end by its links, and gives the names and how many pages there were.
func (d *desk) list(path string) (names string, pages int) {
	d.Helper()
	var all []string
	for next := path; ; pages++ {
		var p struct {
			Value    []struct{ Name string }
			NextLink *string
		}
		if err := json.Unmarshal(d.must("GET", next, "", 200).Body.Bytes(), &p); err != nil {
			d.Fatal(err)
		}
		for _, v := range p.Value {
			all = append(all, v.Name)
		}
		if p.NextLink == nil {
			return strings.Join(all, " "), pages + 1
		}
		if next = *p.NextLink; !strings.HasPrefix(next, "http://example.com/") || pages > 100 {
			d.Fatalf("nextLink %q is not absolute, or there is no end", next)
		}
	}
}
