package apim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

func empty(t testing.TB) *world { return newWorld(t, emulator.Options{Empty: true}) }

// texts are the fields of a doc as JSON, for comparing.
func text(d inventory.Doc, f inventory.Field) string { return string(d[f]) }

func TestUnversionedAPIIsOneRootWithOneOriginalVersion(t *testing.T) {
	w := empty(t)
	w.put("/apis/Echo", m{
		"displayName": "Echo \"API\" 🦜", "description": "<b>hi</b>", "path": "echo", "protocols": []string{"https"},
		"format": "openapi+json", "value": petstore("Echo"),
	})
	w.put("/apis/plain", m{"displayName": "Plain", "path": "", "type": "http"})
	roots := w.whole(w.connect())
	echo := roots["apis/echo"]
	if echo.Name != `Echo "API" 🦜` || echo.States.Text("/title") != echo.Name || echo.States.Text("/description") != "<b>hi</b>" || echo.States.Text("/kind") != "rest" {
		t.Errorf("root %+v", echo)
	}
	if got := text(roots["apis/plain"].States, "/description"); got != "null" {
		t.Errorf("no description is stated as %q, want null", got)
	}
	v := child(t, echo, inventory.KindVersion)
	if v.External != "apis/echo" || v.Name != "original" || v.States.Text("/title") != "Original" || v.Seeds.Text("/lifecycleStage") != "design" {
		t.Errorf("version %+v", v)
	}
	d := child(t, v, inventory.KindDefinition)
	if d.External != "apis/echo" || d.Name != "openapi" || d.States.Text("/title") != "OpenAPI" || d.Document == nil {
		t.Errorf("definition %+v", d)
	}
	p := child(t, v, inventory.KindDeployment)
	if p.External != "apis/echo" || p.Name != "" || text(p.States, "/server/runtimeUri") != `["https://apim-emulator.azure-api.net/echo"]` || p.Seeds.Text("/state") != "active" {
		t.Errorf("deployment %+v: %s", p, text(p.States, "/server/runtimeUri"))
	}
}

func TestEnvironmentIsTheInstance(t *testing.T) {
	w := empty(t)
	for source, name := range map[string]string{w.instance: "apim-emulator", w.instance + "/workspaces/Sales": "apim-emulator-Sales"} {
		w.put("/workspaces/Sales", m{"displayName": "Sales"})
		o := w.whole(w.open(w.options(), inventory.Link{Source: source}, false))[""]
		if o.Kind != inventory.KindEnvironment || o.Name != name || o.States.Text("/server/type") != "Azure API Management" || o.Seeds.Text("/title") != name {
			t.Errorf("environment of %s: %+v", source, o)
		}
	}
}

func TestVersionSetIsOneRoot(t *testing.T) {
	w := empty(t)
	w.put("/apiVersionSets/Orders", m{"displayName": "Orders", "versioningScheme": "Query", "versionQueryName": "v"})
	for _, v := range []struct{ name, version, description string }{{"orders", "", "first"}, {"orders-10", "v10", "newest"}, {"orders-9", "v9", ""}, {"orders-9b", "V9", ""}} {
		w.put("/apis/"+v.name, m{
			"displayName": "member", "path": "orders/" + v.name, "apiVersion": v.version, "description": v.description,
			"apiVersionSetId": "/apiVersionSets/orders", "type": map[bool]string{true: "soap", false: "http"}[v.name == "orders-10"],
		})
	}
	roots := w.whole(w.connect())
	o := roots["apiversionsets/orders"]
	if len(roots) != 2 || o.States.Text("/title") != "Orders" || o.States.Text("/description") != "newest" || o.States.Text("/kind") != "soap" {
		t.Errorf("%d roots, %+v", len(roots), o.States)
	}
	var members []string
	for _, v := range o.Children {
		members = append(members, v.External+" "+v.Name+" "+v.States.Text("/title"))
	}
	want := []string{"apis/orders original Original", "apis/orders-9 v9 v9", "apis/orders-9b V9 V9", "apis/orders-10 v10 v10"}
	if !slices.Equal(members, want) {
		t.Errorf("members %q, want %q", members, want)
	}
	p := child(t, o.Children[1], inventory.KindDeployment)
	if p.Seeds.Text("/customProperties/versionQueryName") != "v" || p.Seeds.Text("/customProperties/version") != "v9" {
		t.Errorf("a version in the query is told by %s", p.Seeds)
	}
	w.put("/apiVersionSets/Orders", m{"displayName": "All orders", "description": "of the set", "versioningScheme": "Segment"})
	o = w.whole(w.connect())["apiversionsets/orders"]
	if o.States.Text("/title") != "All orders" || o.States.Text("/description") != "of the set" {
		t.Errorf("after a change of the set: %v", o.States)
	}
}

func TestTypesHaveTheirKindsAndDefinitions(t *testing.T) {
	w := newWorld(t, emulator.Options{}) // the demo instance has all types
	w.put("/apis/future", m{"displayName": "Future", "path": "future", "type": "quantum"})
	w.intercept(rewrite(w, func(r m) {
		if r["name"] == "future" {
			r["properties"].(m)["type"] = "quantum"
		}
	}))
	kinds := map[string]string{}
	for external, o := range w.whole(w.connect()) {
		for _, v := range o.Children {
			kind := o.States.Text("/kind")
			for _, d := range v.Children {
				if d.Kind == inventory.KindDefinition {
					kind += " " + d.Name
				}
			}
			kinds[kind] = external
		}
	}
	var got []string
	for kind := range kinds {
		got = append(got, kind)
	}
	slices.Sort(got)
	want := []string{"a2a", "graphql graphql", "grpc grpc", "mcp", "rest", "rest odata", "rest openapi", "soap wsdl", "websocket"}
	if !slices.Equal(got, want) {
		t.Errorf("kinds %q, want %q", got, want)
	}
	if kinds["rest"] != "apis/future" {
		t.Errorf("REST without a definition is %q, want the API of unknown type", kinds["rest"])
	}
	if o := w.whole(w.connect())["apis/future"]; o.Seeds.Text("/customProperties/apimType") != "quantum" {
		t.Errorf("the unknown type is told by %s", o.Seeds)
	}
}

// rewrite changes the rows of lists and single answers on their way.
func rewrite(w *world, change func(row m)) func(http.ResponseWriter, *http.Request) bool {
	return func(rw http.ResponseWriter, r *http.Request) bool {
		rec := httptest.NewRecorder()
		w.emulator.Handler().ServeHTTP(rec, r)
		var answer m
		if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &answer) != nil {
			rw.WriteHeader(rec.Code)
			_, _ = rw.Write(rec.Body.Bytes())
			return true
		}
		rows, isList := answer["value"].([]any)
		if !isList {
			change(answer)
		}
		for _, row := range rows {
			change(row.(m))
		}
		_ = json.NewEncoder(rw).Encode(answer)
		return true
	}
}

func TestMemberOfADeletedSetIsAnAPIOfItsOwn(t *testing.T) {
	w := empty(t)
	w.put("/apiVersionSets/kept", m{"displayName": "Kept", "versioningScheme": "Segment"})
	w.rest("a", "A", petstore("A"))
	w.rest("b", "B", petstore("B"))
	lost := w.instance + "/apiVersionSets/lost"
	kept := w.instance + "/apiVersionSets/kept"
	w.intercept(rewrite(w, func(r m) {
		if p, ok := r["properties"].(m); ok && r["name"] == "a" {
			p["apiVersionSetId"], p["apiVersion"] = lost, "v1"
		} else if ok && r["name"] == "b" {
			p["apiVersionSetId"], p["apiVersion"] = kept, "v1" // in a set that the source did not expand
		}
	}))
	c := w.connect()
	roots := w.whole(c)
	if a := roots["apis/a"]; len(a.Children) != 1 || a.States.Text("/title") != "A" || a.Children[0].States.Text("/title") != "v1" {
		t.Errorf("member of a lost set: %+v", a)
	}
	if b := roots["apiversionsets/kept"]; len(b.Children) != 1 || b.States.Text("/title") != "Kept" {
		t.Errorf("member of a set that was not expanded: %+v", b)
	}
	for external, want := range map[string]string{"apis/a": "apis/a", "apis/b": "apiversionsets/kept"} {
		objects, err := read(t.Context(), c, source.Scope{API: external})
		if err != nil || len(objects) != 1 || objects[0].External != want || objects[0].Partial != (external == "apis/b") {
			t.Errorf("%s alone: %+v, %v; want %s", external, objects, err, want)
		}
	}
}

func TestImportInProgressLeavesTheDocumentAsItIs(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	w.intercept(rewrite(w, func(r m) {
		if p, ok := r["properties"].(m); ok && r["name"] == "a" {
			p["provisioningState"] = "InProgress"
		}
	}))
	d := child(t, child(t, w.whole(w.connect())["apis/a"], inventory.KindVersion), inventory.KindDefinition)
	if d.Document != nil || d.Name != "openapi" {
		t.Errorf("definition %+v, want it without a document", d)
	}
}

func TestOfflineRevisionIsInactive(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	w.intercept(rewrite(w, func(r m) {
		if p, ok := r["properties"].(m); ok && r["name"] == "a" {
			p["isOnline"] = false
		}
	}))
	d := child(t, child(t, w.whole(w.connect())["apis/a"], inventory.KindVersion), inventory.KindDeployment)
	if d.Seeds.Text("/state") != "inactive" {
		t.Errorf("deployment %+v", d.Seeds)
	}
}

func TestOtherRevisionsAreNotListed(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	w.put("/apis/a;rev=2", m{"displayName": "A", "path": "a", "sourceApiId": "/apis/a", "apiRevision": "2"})
	w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		q.Del("$filter") // a source that does not heed the filter
		r.URL.RawQuery = q.Encode()
		return false
	})
	roots := w.whole(w.connect())
	if a := roots["apis/a"]; len(roots) != 2 || len(a.Children) != 1 {
		t.Errorf("%d roots, %+v", len(roots), a)
	}
}

func TestReleaseOfARevisionMovesTheMark(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	w.put("/apis/a;rev=2", m{"displayName": "A", "path": "a", "sourceApiId": "/apis/a", "apiRevision": "2"})
	c := w.connect()
	mark := func() string {
		return child(t, child(t, w.whole(c)["apis/a"], inventory.KindVersion), inventory.KindDefinition).Document.Mark
	}
	before := mark()
	w.put("/apis/a/releases/r1", m{"apiId": "/apis/a;rev=2"})
	if mark() == before {
		t.Error("another revision is current, and the mark is the same")
	}
}

func TestLinkSettings(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	v := child(t, w.whole(w.open(w.options(), inventory.Link{Import: inventory.ImportNever, Stage: "production"}, false))["apis/a"], inventory.KindVersion)
	if len(v.Children) != 1 || v.Children[0].Kind != inventory.KindDeployment || v.Seeds.Text("/lifecycleStage") != "production" {
		t.Errorf("version %+v", v)
	}
	for _, id := range []string{"", "nonsense", w.instance + "/apis/a"} {
		if _, err := apimOpen(w, id); !source.Stalled(err) || !strings.Contains(err.Error(), "resource id") {
			t.Errorf("a link to %q: %v", id, err)
		}
	}
}

func TestWorkspaceAPIsHaveOneIdentityHoweverTheyAreLinked(t *testing.T) {
	w := newWorld(t, emulator.Options{}) // its workspace has a gateway of its own
	whole := w.whole(w.connect())
	part := w.whole(w.open(w.options(), inventory.Link{Source: w.instance + "/workspaces/marketplace"}, false))
	if len(part) < 3 {
		t.Fatalf("the workspace has %d roots", len(part))
	}
	for external, o := range part {
		if external == "" {
			continue
		}
		if _, ok := whole[external]; !ok || !strings.HasPrefix(external, "workspaces/marketplace/") {
			t.Errorf("%q is not in the whole", external)
		}
		p := child(t, o.Children[0], inventory.KindDeployment)
		if !strings.Contains(text(p.States, "/server/runtimeUri"), ".gateway.westeurope.azure-api.net/") {
			t.Errorf("%q is at %s", external, text(p.States, "/server/runtimeUri"))
		}
	}
	// The reader role does not cover the gateways: then it is the instance's.
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/gateways") {
			return false
		}
		refuse(rw, http.StatusForbidden, "AuthorizationFailed", "no")
		return true
	})
	for external, o := range w.whole(w.connect()) {
		if p := o.Children; strings.HasPrefix(external, "workspaces/") && !strings.Contains(text(child(t, p[0], inventory.KindDeployment).States, "/server/runtimeUri"), "https://api.tarnwick.example/") {
			t.Errorf("%q without a look at gateways: %+v", external, p[0])
		}
	}
}
