package catalog_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestSourceDeterminesItsProperties(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	for _, tt := range []struct{ path, body, target string }{
		{api, `{"title":"Mine","kind":"rest"}`, "properties.title"},
		{api, `{"title":"Orders","kind":"soap"}`, "properties.kind"},
		{api, `{"title":"Orders","description":"other"}`, "properties.description"},
		{api + "/versions/v1", `{"title":"v2","lifecycleStage":"design"}`, "properties.title"},
		{api + "/deployments/gateway", `{"server":{"runtimeUri":["https://evil"]}}`, "properties.server.runtimeUri"},
		{workspace + "/environments/gateway", `{"title":"x","kind":"staging","server":{"type":"Kubernetes"}}`, "properties.server.type"},
	} {
		e := d.refused(tt.path, tt.body, inventory.Owned)
		if e.Target != tt.target || !strings.Contains(e.Message, `"gateway"`) {
			t.Errorf("%s: target %q, message %q; want %q and the link's name", tt.body, e.Target, e.Message, tt.target)
		}
	}
}

func TestPeopleKeepTheirProperties(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	d.put(api, `{"title":"Orders","kind":"rest","description":"d","summary":"mine","customProperties":{"team":"a"}}`) // repeats
	d.put(api, `{"summary":"mine","customProperties":{"team":"b"}}`)                                                  // leaves out
	d.reads(api, `{"title":"Orders","kind":"rest","description":"d","summary":"mine","customProperties":{"team":"b"},"contacts":[],"externalDocumentation":[]}`)
	d.put(workspace+"/environments/gateway", `{"title":"Gateway","kind":"staging","server":{"type":"Azure API Management","managementPortalUri":["https://p"]}}`)
	d.reads(workspace+"/environments/gateway", `{"title":"Gateway","kind":"staging","customProperties":{},"server":{"managementPortalUri":["https://p"],"type":"Azure API Management"}}`)
	d.put(api+"/deployments/gateway", `{"title":"T","state":"active"}`)
	d.reads(api+"/deployments/gateway", `{"title":"T","state":"active","server":{"runtimeUri":["https://gw/orders"]},"customProperties":{}}`)
}

// What a person said before the source did is not lost by an edit in between.
func TestWordsBelowASourceSurvive(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	d.put(api, `{"summary":"mine"}`)
	d.brings(api, "groups/orders", `{"title":"Orders","kind":"rest","summary":"the source's"}`)
	d.put(api, `{"title":"Orders","kind":"rest","summary":"the source's"}`)
	d.brings(api, "groups/orders", `{"title":"Orders","kind":"rest"}`)
	d.reads(api, `{"title":"Orders","kind":"rest","summary":"mine","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func TestLengthsOfASourceAreNotLimited(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	long := strings.Repeat("x", 2000)
	d.brings(api, "groups/orders", `{"title":"`+long+`","kind":"rest"}`)
	d.put(api, `{"title":"`+long+`","kind":"rest","summary":"mine"}`)
}

func TestLinkedThingsAreNotDeleted(t *testing.T) {
	d := linked(t)
	api := workspace + "/apis/orders-1"
	for _, path := range []string{api, api + "/versions/v1", api + "/versions/v1/definitions/openapi", api + "/deployments/gateway", workspace + "/environments/gateway"} {
		err := d.Delete(d.ctx, id(path), catalog.Match{})
		if !errors.Is(err, inventory.Conflict) || !strings.Contains(err.Error(), `link "gateway"`) {
			t.Errorf("delete %s: %v, want a conflict that names the link", path, err)
		}
	}
	d.put(api+"/versions/mine", `{"title":"m","lifecycleStage":"design"}`)
	if err := d.Delete(d.ctx, id(api+"/versions/mine"), catalog.Match{}); err != nil {
		t.Errorf("what a person made below a linked API: %v", err)
	}
	if err := d.Delete(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Errorf("a service goes with all that is in it: %v", err)
	}
	if _, err := d.Get(d.ctx, id(linkPath)); !errors.Is(err, inventory.NoParent) {
		t.Errorf("the link of a deleted service: %v", err)
	}
}

func TestDeleteGuards(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/environments/target", `{"title":"T","kind":"production"}`)
	d.put(center+"/workspaces/other", `{"title":"Other"}`)
	d.put(center+"/workspaces/other/links/gateway", `{"sourceType":"AzureApiManagement","source":"`+gateway+`","targetEnvironmentId":"/workspaces/default/environments/target"}`)
	d.put(center+"/workspaces/third", `{"title":"Third"}`)
	d.put(center+"/workspaces/third/environments/target", `{"title":"T","kind":"production"}`)
	d.put(center+"/workspaces/other/links/gateway-2", `{"sourceType":"AzureApiManagement","source":"`+gateway+`-2","targetEnvironmentId":"/workspaces/third/environments/target"}`)
	for path, want := range map[string]inventory.Code{
		center + "/workspaces/third":       inventory.Conflict,
		workspace:                          inventory.Conflict,
		center + "/workspaces/other":       inventory.Conflict,
		workspace + "/environments/target": inventory.Conflict,
		workspace + "/apis/nothing":        inventory.NotFound,
	} {
		if err := d.Delete(d.ctx, id(path), catalog.Match{}); !errors.Is(err, want) {
			t.Errorf("delete %s: %v, want %s", path, err, want)
		}
	}
}

func read(d *desk, definition string) string {
	d.Helper()
	digest, err := d.ExportSpecification(d.ctx, id(definition), time.Time{})
	if err != nil {
		d.Fatal(err)
	}
	r, _, err := d.Document(d.ctx, digest)
	if err != nil {
		d.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		d.Fatal(err)
	}
	return string(b)
}

func TestImportAndExport(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/apis/pets", `{"title":"P","kind":"rest"}`)
	d.put(workspace+"/apis/pets/versions/v-1", `{"title":"1","lifecycleStage":"design"}`)
	definition := workspace + "/apis/pets/versions/v-1/definitions/openapi"
	d.put(definition, `{"title":"o"}`)
	if _, err := d.ExportSpecification(d.ctx, id(definition), time.Time{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("export before import: %v", err)
	}
	spec := catalog.Specification{Name: "OpenAPI", Version: "3.0.1"}
	if err := d.ImportSpecification(d.ctx, id(definition), "{\"openapi\":\"3.0.1\"}\n", spec); err != nil {
		t.Fatal(err)
	}
	if got := read(d, definition); got != "{\"openapi\":\"3.0.1\"}\n" {
		t.Errorf("exported %q", got)
	}
	d.put(definition, `{"title":"renamed"}`) // keeps the document
	d.reads(definition, `{"title":"renamed","specification":{"name":"openapi","version":"3.0.1"}}`)
	if got := read(d, definition); got == "" {
		t.Error("a put lost the document")
	}
	for name, err := range map[string]error{
		"no format": d.ImportSpecification(d.ctx, id(definition), "x", catalog.Specification{}),
		"no text":   d.ImportSpecification(d.ctx, id(definition), "", spec),
		"too long":  d.ImportSpecification(d.ctx, id(definition), strings.Repeat("x", 5<<20), spec),
	} {
		if !errors.Is(err, inventory.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if err := d.ImportSpecification(d.ctx, id(definition+"2"), "x", spec); !errors.Is(err, inventory.NotFound) {
		t.Errorf("import into nothing: %v", err)
	}
}

func TestDocumentOfASource(t *testing.T) {
	d := linked(t)
	definition := workspace + "/apis/orders-1/versions/v1/definitions/openapi"
	if _, err := d.ExportSpecification(d.ctx, id(definition), time.Time{}); !errors.Is(err, inventory.Unavailable) {
		t.Errorf("source that does not answer: %v", err)
	}
	d.source.document = "openapi: 3.0.1"
	if got := read(d, definition); got != d.source.document {
		t.Errorf("fetched on demand: %q", got)
	}
	err := d.ImportSpecification(d.ctx, id(definition), "mine", catalog.Specification{Name: "openapi"})
	if !errors.Is(err, inventory.Owned) || !strings.Contains(err.Error(), `"gateway"`) {
		t.Errorf("import over a source's document: %v, want owned", err)
	}
	if err := d.ImportSpecification(d.ctx, id(definition), d.source.document, catalog.Specification{Name: "openapi"}); err != nil {
		t.Errorf("import of the same document: %v", err)
	}
}

func TestWhatPeopleImportIsComparedWithTheLast(t *testing.T) {
	d := centre(t)
	var asked []string
	during := func() {}
	d.Catalog = catalog.New(d.store, catalog.Options{Waker: d.source, Compare: func(_ context.Context, last, next []byte) inventory.Compatibility {
		asked = append(asked, string(last)+">"+string(next))
		during()
		return inventory.Compatibility{Verdict: inventory.Breaking}
	}})
	d.put(workspace+"/apis/pets", `{"title":"P","kind":"rest"}`)
	d.put(workspace+"/apis/pets/versions/v-1", `{"title":"1","lifecycleStage":"design"}`)
	definition := workspace + "/apis/pets/versions/v-1/definitions/openapi"
	d.put(definition, `{"title":"o"}`)
	bring := func(text string) {
		t.Helper()
		if err := d.ImportSpecification(d.ctx, id(definition), text, catalog.Specification{Name: "openapi"}); err != nil {
			t.Fatal(err)
		}
	}
	told := func() (verdict inventory.Verdict) {
		t.Helper()
		events, err := d.History(d.ctx, id(definition), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range events[0].Changes {
			if c.Compatibility != nil {
				verdict = c.Compatibility.Verdict
			}
		}
		return verdict
	}
	bring("one")
	if told() != "" || asked != nil {
		t.Errorf("the first was compared: %q", asked)
	}
	bring("two")
	if told() != inventory.Breaking || !slices.Equal(asked, []string{"one>two"}) {
		t.Errorf("the second: %q of %q", told(), asked)
	}
	bring("two")
	if len(asked) != 1 {
		t.Errorf("the same again was compared: %q", asked)
	}
	during = func() {
		during = func() {}
		bring("in between")
	}
	bring("three")
	if told() != inventory.Unjudged {
		t.Errorf("of a document that was not the last any more: %q", told())
	}
}
