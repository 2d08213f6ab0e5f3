package mcpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/mcpapi"
	"apicenter/internal/inventory"
	"apicenter/internal/outline"
	"apicenter/internal/server"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const (
	service   = "sub/group/center"
	workspace = service + "/workspaces/default"
	pets      = workspace + "/apis/pets"
	document  = `{"openapi":"3.0.0","info":{"title":"Pets ö","version":"1"},"paths":{"/feedings/{day}":{"get":{}}}}`
)

// desk is the surface behind the real server, on a real store.
type desk struct {
	*testing.T
	store  *store.Store
	people *catalog.Catalog
	url    string
}

var ada = auth.Principal{ID: "ada", Name: "ada", Kind: auth.Key, Grants: []auth.Grant{{Role: access.AdministratorID, Scope: "/"}}}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db, log := storetest.Open(t), slog.New(slog.DiscardHandler)
	guard, err := access.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, store: db, people: catalog.New(db, catalog.Options{})}
	keys := auth.Static(map[string]auth.Principal{
		"ada":    ada,
		"reader": {ID: "r", Name: "reader", Kind: auth.Key, Grants: []auth.Grant{{Role: access.DataReaderID, Scope: "/"}}},
		"people": {ID: "p", Name: "people", Kind: auth.Key, Grants: []auth.Grant{{Role: access.ReaderID, Scope: "/"}}},
		"second": {ID: "s", Name: "second", Kind: auth.Key, Grants: []auth.Grant{{Role: access.ReaderID, Scope: "/subscriptions/sub/resourcegroups/second"}}},
		"nobody": {ID: "n", Name: "nobody", Kind: auth.Key},
	})
	h := mcpapi.New(mcpapi.Options{Catalog: d.people, Access: guard, DefaultService: inventory.MustID(service), Version: "1", Log: log})
	s := httptest.NewServer(server.Handler(server.Options{
		ARM: http.NotFoundHandler(), Keys: keys, Log: log,
		Surfaces: []server.Surface{{Owns: h.Owns, Handler: h, Tokens: keys, Anonymous: true}},
	}))
	t.Cleanup(s.Close)
	d.url = s.URL + mcpapi.Path
	d.put(service, `{"location":"westeurope"}`)
	d.put(workspace, `{"title":"Default"}`)
	d.put(pets, `{"title":"Pets","kind":"rest","summary":"Feeds animals","contacts":[{"name":"Team Zoo"}]}`)
	d.put(workspace+"/apis/orders", `{"title":"Orders","kind":"graphql"}`)
	d.put(pets+"/versions/v-1", `{"title":"v1","lifecycleStage":"production"}`)
	d.put(pets+"/versions/v-1/definitions/openapi", `{"title":"OpenAPI"}`)
	d.define(document)
	d.put(workspace+"/environments/prod", `{"title":"Production","kind":"production"}`)
	d.put(pets+"/deployments/europe", `{"title":"Europe","environmentId":"/workspaces/default/environments/prod","server":{"runtimeUri":["https://pets.example"]}}`)
	for r, more := outline.New(db, log), true; more; { // what the server does in the background
		if more, err = r.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *desk) as() context.Context { return auth.With(d.Context(), ada) }

func (d *desk) put(path, properties string) {
	d.Helper()
	doc, err := inventory.ParseDoc([]byte(properties))
	if err == nil {
		_, _, err = d.people.Put(d.as(), path, doc, catalog.Match{})
	}
	if err != nil {
		d.Fatalf("put %s: %v", path, err)
	}
}

// define gives pets another document.
func (d *desk) define(text string) {
	d.Helper()
	if err := d.people.ImportSpecification(d.as(), inventory.MustID(pets+"/versions/v-1/definitions/openapi"), text, catalog.Specification{Name: "openapi", Version: "3.0.0"}); err != nil {
		d.Fatal(err)
	}
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b != "" {
		r.Header.Set("Authorization", "Bearer "+string(b))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// connect is the client of the SDK, as somebody.
func (d *desk) connect(token string) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	return client.Connect(d.Context(), &mcp.StreamableClientTransport{
		Endpoint: d.url, HTTPClient: &http.Client{Transport: bearer(token)}, MaxRetries: -1, DisableStandaloneSSE: true,
	}, nil)
}

// call calls a tool and gives its answer as JSON, or its error.
func (d *desk) call(token, tool string, arguments map[string]any) (answer, refusal string) {
	d.Helper()
	s, err := d.connect(token)
	if err != nil {
		d.Fatal(err)
	}
	defer s.Close()
	out, err := s.CallTool(d.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		d.Fatalf("%s: %v", tool, err)
	}
	if out.IsError {
		return "", out.Content[0].(*mcp.TextContent).Text
	}
	b, err := json.Marshal(out.StructuredContent)
	if err != nil {
		d.Fatal(err)
	}
	return string(b), ""
}

func TestTools(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct {
		tool      string
		arguments map[string]any
		wants     []string
		wantsNot  string
	}{
		{"search_apis", map[string]any{"query": "anim"}, []string{`"name":"pets"`, `"summary":"Feeds animals"`, `"lifecycleStage":"production"`}, "orders"},
		{"search_apis", map[string]any{"query": "feedings"}, []string{`"name":"pets"`, `"match":"GET /feedings/{day}"`, `"version":"v-1"`}, "orders"},
		{"search_apis", map[string]any{"kind": "graphql"}, []string{`"name":"orders"`}, "pets"},
		{"search_apis", map[string]any{"kind": "graphql", "lifecycleStage": "production"}, []string{`"apis":[]`}, "nextCursor"},
		{"search_apis", map[string]any{"limit": 1, "service": "CENTER"}, []string{`"nextCursor":"`}, "orders"},
		{"get_api", map[string]any{"api": "Pets"}, []string{`"baseUrls":["https://pets.example"]`, `"environment":"prod"`, `"format":"openapi 3.0.0"`, `Team Zoo`, `"name":"v-1"`}, ""},
		{"get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi"}, []string{`Pets ö`, `"size":99`}, "nextOffset"},
		{"get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi", "limit": 42}, []string{`"nextOffset":41`}, "paths"},
		{"get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi", "offset": 41}, []string{`"text":"ö\"`}, "nextOffset"},
		{"list_changes", map[string]any{"api": "pets", "limit": 1}, []string{`"actor":"ada"`, `"nextCursor":"`}, "orders"},
		{"list_changes", nil, []string{`workspaces/default/apis/orders`}, "sub/group"},
	} {
		who := "reader"
		if tt.tool == "list_changes" {
			who = "people"
		}
		answer, refusal := d.call(who, tt.tool, tt.arguments)
		for _, want := range tt.wants {
			if !strings.Contains(answer, want) {
				t.Errorf("%s %v: %s%s, want %s", tt.tool, tt.arguments, answer, refusal, want)
			}
		}
		if tt.wantsNot != "" && strings.Contains(answer, tt.wantsNot) {
			t.Errorf("%s %v: %s, want no %s", tt.tool, tt.arguments, answer, tt.wantsNot)
		}
	}
}

// read reads the document of pets in parts, until one is the last or is refused.
func (d *desk) read(limit int) (text, refusal string) {
	d.Helper()
	for offset := 0; ; {
		answer, refusal := d.call("reader", "get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi", "offset": offset, "limit": limit})
		if refusal != "" {
			return text, refusal
		}
		var part struct {
			Text       string
			NextOffset int
		}
		if err := json.Unmarshal([]byte(answer), &part); err != nil {
			d.Fatal(err)
		}
		if text += part.Text; part.NextOffset == 0 {
			return text, ""
		}
		if part.NextOffset <= offset {
			d.Fatalf("after %d comes %d: %s", offset, part.NextOffset, answer)
		}
		offset = part.NextOffset
	}
}

func TestADefinitionIsReadToItsEnd(t *testing.T) {
	d := newDesk(t)
	for _, text := range []string{"a", "ö", "aöb", "𝄞", "𝄞𝄞", "ö𝄞a€ö"} {
		d.define(text)
		for limit := 1; limit < 6; limit++ {
			if got, refusal := d.read(limit); got != text || refusal != "" {
				t.Errorf("%q in parts of %d is %q, %s", text, limit, got, refusal)
			}
		}
	}
	for _, text := range []string{"\xc3", "PK\x03\x04\xff\xfe", "cut in the midst of \xf0\x9d\x84", "\x80 at the beginning", "text\x80 and not"} {
		d.define(text)
		for limit := 1; limit < 6; limit++ {
			if got, refusal := d.read(limit); !strings.Contains(refusal, "no text") {
				t.Errorf("%q in parts of %d is %q, %s", text, limit, got, refusal)
			}
		}
	}
}

func TestBadCallsAreToldWhy(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct {
		tool      string
		arguments map[string]any
		says      string
	}{
		{"get_api", map[string]any{"api": "none"}, "was not found"},
		{"get_api", map[string]any{"api": "a/versions/b"}, "no name of a api"},
		{"get_api", map[string]any{"api": ""}, "no name of a api"},
		{"get_api", map[string]any{}, "required"},
		{"search_apis", map[string]any{"cursor": "?!"}, "no cursor"},
		{"search_apis", map[string]any{"service": "none"}, "no API center"},
		{"search_apis", map[string]any{"limit": "many"}, "limit"},
		{"list_changes", map[string]any{"cursor": "-1"}, "no cursor"},
		{"get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi", "offset": 1000}, "from 0 to its end"},
		{"get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi", "offset": -1}, "from 0 to its end"},
		{"get_definition", map[string]any{"api": "pets", "version": "v-1", "definition": "openapi", "offset": 42}, "no character begins at offset 42"},
		{"get_definition", map[string]any{"api": "orders", "version": "v-1", "definition": "openapi"}, "was not found"},
	} {
		answer, refusal := d.call("ada", tt.tool, tt.arguments)
		if !strings.Contains(refusal, tt.says) || strings.Contains(refusal, "internal error") {
			t.Errorf("%s %v: %s%s, want %q", tt.tool, tt.arguments, answer, refusal, tt.says)
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	d := newDesk(t)
	if _, refusal := d.call("nobody", "search_apis", nil); !strings.Contains(refusal, "does not have authorization") {
		t.Errorf("somebody without a role: %q", refusal)
	}
	for _, token := range []string{"", "bad"} {
		if s, err := d.connect(token); err == nil {
			s.Close()
			t.Errorf("the token %q lets in", token)
		}
	}
	resp, err := http.Post(d.url, "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a token: %s", resp.Status)
	}
	d.put(service+"/portals/default", `{"allowAnonymousAccess":true}`)
	if answer, refusal := d.call("", "search_apis", nil); !strings.Contains(answer, "pets") {
		t.Errorf("a service that is open to all: %s%s", answer, refusal)
	}
	for _, who := range []string{"", "nobody", "reader"} {
		for _, of := range []map[string]any{nil, {"api": "pets"}} {
			if answer, refusal := d.call(who, "list_changes", of); !strings.Contains(refusal, "history/read") {
				t.Errorf("%q is told who changed what of %v: %s%s", who, of, answer, refusal)
			}
		}
	}
}

// TestServicesThatMayNotBeReadLookLikeNone has two services of one name, of which the
// caller may read the second.
func TestServicesThatMayNotBeReadLookLikeNone(t *testing.T) {
	d := newDesk(t)
	const other = "sub/second/center"
	d.put(other, `{"location":"westeurope"}`)
	d.put(other+"/workspaces/default", `{"title":"Default"}`)
	d.put(other+"/workspaces/default/apis/birds", `{"title":"Birds","kind":"rest"}`)
	for _, tt := range []struct {
		tool      string
		arguments map[string]any
	}{
		{"search_apis", map[string]any{}},
		{"get_api", map[string]any{"api": "birds"}},
		{"list_changes", map[string]any{}},
		{"list_changes", map[string]any{"api": "birds"}},
	} {
		refusal := func(service string) string {
			tt.arguments["service"] = service
			_, refusal := d.call("nobody", tt.tool, tt.arguments)
			return strings.ReplaceAll(refusal, `"`+service+`"`, "it")
		}
		if there, none := refusal("Center"), refusal("nowhere"); there == "" || there != none {
			t.Errorf("%s where it may not: %s; where nothing is: %s", tt.tool, there, none)
		}
		tt.arguments["service"] = "Center"
		if answer, refusal := d.call("second", tt.tool, tt.arguments); !strings.Contains(answer, "birds") || strings.Contains(answer, "pets") {
			t.Errorf("%s of the second: %s%s", tt.tool, answer, refusal)
		}
		tt.arguments["api"] = "a/versions/b"
		if there, none := refusal("Center"), refusal("nowhere"); there != none {
			t.Errorf("%s of what is no name, where it may not: %s; where nothing is: %s", tt.tool, there, none)
		}
	}
}

func TestChangesLeaveOutWhatTheHouseNotes(t *testing.T) {
	d := newDesk(t)
	if err := d.store.Update(t.Context(), "ada", func(tx inventory.Tx) error {
		own := inventory.Doc{}.With("/title", "Cats").With("/kind", "rest").With(inventory.FieldImported, "elsewhere")
		_, err := tx.PutOwn(pets, own, inventory.Condition{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	answer, refusal := d.call("people", "list_changes", map[string]any{"api": "pets", "limit": 1})
	if !strings.Contains(answer, "/title") || strings.Contains(answer, string(inventory.FieldImported)) {
		t.Errorf("the change is told as %s%s", answer, refusal)
	}
}

// A page of another site must not use the rights of a browser that is on this network.
func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	d := newDesk(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ada")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "https://elsewhere.example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("%s, want 403", resp.Status)
	}
}
