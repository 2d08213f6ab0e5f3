package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/metadata"
)

const schemas = center + "/metadataSchemas/"

// schema makes a metadata schema; assigned are kinds, with a "!" where it is required.
func (d *desk) schema(name, text string, assigned ...string) {
	d.Helper()
	d.put(schemas+name, schemaBody(text, assigned...))
}

func schemaBody(text string, assigned ...string) string {
	to := []map[string]any{}
	for _, a := range assigned {
		kind, required := strings.CutSuffix(a, "!")
		to = append(to, map[string]any{"entity": kind, "required": required})
	}
	body, err := json.Marshal(map[string]any{"schema": text, "assignedTo": to})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func TestSchemasAreKeptByteForByte(t *testing.T) {
	d := centre(t)
	text := "{ \"type\" :\t\"string\",\n \"title\": \"T<e>am & é\" }\n"
	d.schema("team", text, "api!")
	r := d.reads(schemas+"team", schemaBody(text, "api!"))
	doc, err := inventory.ParseDoc(r.Doc)
	if err != nil || doc.Text("/schema") != text {
		t.Errorf("schema %q, %v", doc.Text("/schema"), err)
	}
	for _, tt := range []struct{ body, target string }{
		{`{}`, "properties.schema"},
		{schemaBody("{"), "properties.schema"},
		{schemaBody(`{"type":"text"}`), "properties.schema"},
		{schemaBody(`{"$ref":"https://example.com/x"}`), "properties.schema"},
		{schemaBody(`{}`, "api", "API"), "properties.assignedTo"},
		{`{"schema":"{}","assignedTo":[{}]}`, "properties.assignedTo[0].entity"},
	} {
		if e := d.refused(schemas+"other", tt.body, inventory.Invalid); e.Target != tt.target {
			t.Errorf("%s: %s at %s, want %s", tt.body, e.Message, e.Target, tt.target)
		}
	}
	d.schema("other", `{}`, "plugin") // a kind that we do not know
}

func TestCustomPropertiesAreHeldAgainstTheirSchemas(t *testing.T) {
	d := centre(t)
	api, environment := workspace+"/apis/pets", workspace+"/environments/prod"
	body := func(custom string) string { return `{"title":"P","kind":"rest","customProperties":{` + custom + `}}` }
	d.put(api, body(`"anything":{"goes":[1]}`)) // nothing is assigned yet
	d.schema("team", `{"type":"string"}`, "api!", "environment")
	d.schema("tier", `{"type":"number"}`, "api", "deployment!")
	for _, tt := range []struct{ path, body, target, text string }{
		{api, body(`"team":5`), "properties.customProperties.team", "want string"},
		{api, body(`"team":"a","tier":"1"`), "properties.customProperties.tier", "want number"},
		{api, body(`"tier":1`), "properties.customProperties.team", "required"},
		{api, body(`"team":null`), "properties.customProperties.team", "required"},
		{api, body(`"team":"a","Team":"b"`), "properties.customProperties.Team", "team, tier"},
		{api, body(`"team":"a","anything":{"goes":[2]}`), "properties.customProperties.anything", "assign"},
		{environment, body(`"team":[]`), "properties.customProperties.team", "want string"},
		{environment, body(`"tier":1`), "properties.customProperties.tier", "assign"},
		{api + "/deployments/dep", `{}`, "properties.customProperties.tier", "required"},
	} {
		if e := d.refused(tt.path, tt.body, inventory.Invalid); e.Target != tt.target || !strings.Contains(e.Message, tt.text) {
			t.Errorf("%s %s: %s at %s, want %q at %s", tt.path, tt.body, e.Message, e.Target, tt.text, tt.target)
		}
	}
	d.put(api, body(`"team":"a","anything":{"goes":[1]}`)) // what is there already may stay
	d.put(environment, body(``))
	d.put(api+"/deployments/dep", `{"customProperties":{"tier":2}}`)
	d.schema("team", `{"type":"string","pattern":"^z"}`, "api!")
	d.put(api, body(`"team":"a","tier":3`)) // set before the schema became narrower
	d.refused(api, body(`"team":"b"`), inventory.Invalid)
}

func TestSourcesAreNotHeldAgainstSchemas(t *testing.T) {
	d := centre(t)
	d.put(linkPath, linkBody)
	d.schema("team", `{"type":"string"}`, "api!")
	d.brings(workspace+"/apis/orders", "groups/orders", `{"title":"Orders","kind":"rest","customProperties":{"team":5,"other":1}}`)
	d.put(workspace+"/apis/orders", `{"title":"Orders","kind":"rest","summary":"s","customProperties":{"team":5,"other":1}}`)
}

func TestSchemasInUseStay(t *testing.T) {
	d := centre(t)
	api := workspace + "/apis/pets"
	d.put("sub/group/other", `{"location":"x"}`)
	d.put("sub/group/other/workspaces/default/apis/pets", `{"title":"P","kind":"rest","customProperties":{"team":"of another service"}}`)
	d.schema("team", `{"type":"string"}`, "api")
	d.schema("team", `{"type":"number"}`, "api")
	d.schema("team", `{"type":"string"}`, "api")
	d.put(api, `{"title":"P","kind":"rest","customProperties":{"team":"a"}}`)
	if e := d.refused(schemas+"team", schemaBody(`{"type":"number"}`, "api"), inventory.Conflict); !strings.Contains(e.Message, `"pets"`) || !strings.Contains(e.Message, `"string" to "number"`) {
		t.Errorf("another type: %s", e.Message)
	}
	if err := d.Delete(d.ctx, id(schemas+"team"), catalog.Match{}); !errors.Is(err, inventory.Conflict) {
		t.Errorf("delete: %v", err)
	}
	d.schema("team", `{"type":"string","title":"Team"}`, "api", "environment") // all else may change
	d.schema("team", `{"type":"string","title":"Team"}`, "environment")        // it is set, but not assigned
	d.schema("team", `{"type":"number"}`, "environment")
	if err := d.Delete(d.ctx, id(schemas+"team"), catalog.Match{}); err != nil {
		t.Errorf("delete where it is not assigned: %v", err)
	}
}

func TestExportedMetadata(t *testing.T) {
	d := centre(t)
	read := func(kind string) (out map[string]any) {
		t.Helper()
		text, err := d.ExportMetadata(d.ctx, id(center), kind)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	at := func(v any, path ...string) any {
		for _, name := range path {
			m, _ := v.(map[string]any)
			v = m[name]
		}
		return v
	}
	if got := fmt.Sprint(at(read("api"), "properties", "customProperties")); got != "map[type:object]" {
		t.Errorf("without any schema: %v", got)
	}
	d.schema("team", `{"type":"string","title":"Team"}`, "api!")
	d.schema("tier", `{"type":"number"}`, "api", "environment")
	for _, tt := range []struct{ kind, path, want string }{
		{"api", "properties/title", "map[maxLength:300 type:string]"},
		{"api", "required", "[title kind customProperties]"},
		{"API", "properties/customProperties/properties/team", "map[title:Team type:string]"},
		{"api", "properties/customProperties/required", "[team]"},
		{"api", "properties/customProperties/unevaluatedProperties", "false"},
		{"environment", "properties/customProperties/properties", "map[tier:map[type:number]]"},
		{"environment", "properties/customProperties/required", "<nil>"},
		{"environment", "properties/server/properties/type", "map[type:string]"},
		{"deployment", "properties/server/properties/runtimeUri/items", "map[type:string]"},
		{"", "properties/api/properties/customProperties/required", "[team]"},
		{"", "properties/deployment/properties/customProperties", "map[type:object]"},
	} {
		if got := fmt.Sprint(at(read(tt.kind), strings.Split(tt.path, "/")...)); got != tt.want {
			t.Errorf("%s of %q: %s, want %s", tt.path, tt.kind, got, tt.want)
		}
	}
	if _, err := d.ExportMetadata(d.ctx, id(center), "plugin"); !errors.Is(err, inventory.Invalid) {
		t.Errorf("of an unknown kind: %v", err)
	}
	if _, err := d.ExportMetadata(d.ctx, id("sub/group/none"), "api"); !errors.Is(err, inventory.NotFound) {
		t.Errorf("of no service: %v", err)
	}
}

// TestExportedReferencesLeadSomewhere has schemas that refer into themselves
// hold for what is inside of the exported one.
func TestExportedReferencesLeadSomewhere(t *testing.T) {
	d := centre(t)
	d.schema("owner", `{"$defs":{"name":{"type":"string"}},"type":"object","properties":{"name":{"$ref":"#/$defs/name"}}}`, "api", "environment")
	for kind, checks := range map[string]bool{"api": true, "environment": true, "": false} {
		text, err := d.ExportMetadata(d.ctx, id(center), kind)
		if err != nil {
			t.Fatal(err)
		}
		exported, err := metadata.Parse(text)
		if err != nil {
			t.Fatalf("of %q: %v in %s", kind, err, text)
		}
		if !checks { // all three together are too large for that
			continue
		}
		const value = `{"title":"t","kind":"rest","customProperties":{"owner":{"name":%s}}}`
		if err := exported.Check(fmt.Appendf(nil, value, `"ada"`)); err != nil {
			t.Errorf("of %q: what fits: %v", kind, err)
		}
		if exported.Check(fmt.Appendf(nil, value, "5")) == nil {
			t.Errorf("of %q: takes what does not fit", kind)
		}
	}
}

func TestPresets(t *testing.T) {
	if _, err := catalog.Preset("gold"); !errors.Is(err, inventory.Invalid) {
		t.Errorf("preset gold: %v", err)
	}
	for name, want := range map[string]catalog.Limits{
		"none":     {},
		"free":     {Workspaces: 1, APIs: 200, Versions: 5, Definitions: 5, Deployments: 10, Environments: 20, Links: 1, LinkedAPIs: 200, Metadata: 10, Members: 10, DataRequests: 3_000, DataAPIs: 5, Texts: true},
		"standard": {Workspaces: 1, APIs: 10_000, Versions: 100, Definitions: 5, Deployments: 10, Environments: 20, Links: 3, LinkedAPIs: 2_000, Metadata: 20, Members: 10, DataRequests: 6_000, DataAPIs: 10_000, Texts: true},
	} {
		if got, err := catalog.Preset(name); err != nil || got != want {
			t.Errorf("preset %s: %+v (%v), want %+v", name, got, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	d := centre(t)
	d.Catalog = catalog.New(d.store, catalog.Options{Limits: catalog.Limits{
		Workspaces: 1, APIs: 2, Versions: 1, Definitions: 1, Deployments: 1, Environments: 1, Links: 1, Metadata: 1, Members: 1,
	}})
	api := workspace + "/apis/pets"
	d.put(api, `{"title":"P","kind":"rest"}`)
	d.put(workspace+"/apis/cats", `{"title":"P","kind":"rest"}`)
	d.put(api+"/versions/v-1", `{"title":"1","lifecycleStage":"design"}`)
	d.put(api+"/versions/v-1/definitions/one", `{"title":"1"}`)
	d.put(api+"/deployments/one", `{}`)
	d.put(workspace+"/environments/one", `{"title":"1","kind":"x"}`)
	d.put(linkPath, linkBody)
	d.schema("team", `{}`, "api")
	d.schema("tier", `{}`, "environment")
	for _, tt := range []struct{ path, body string }{
		{center + "/workspaces/other", `{"title":"x"}`},
		{workspace + "/apis/dogs", `{"title":"P","kind":"rest"}`},
		{api + "/versions/v-2", `{"title":"1","lifecycleStage":"design"}`},
		{api + "/versions/v-1/definitions/two", `{"title":"1"}`},
		{api + "/deployments/two", `{}`},
		{workspace + "/environments/two", `{"title":"1","kind":"x"}`},
		{workspace + "/links/two", strings.Replace(linkBody, "gw", "gw2", 1)},
		{schemas + "more", schemaBody(`{}`, "api")},
		{schemas + "tier", schemaBody(`{}`, "environment", "api")},
		{schemas + "wide", schemaBody(`{"type":"object","properties":{"a":{},"b":{}}}`)},
	} {
		if e := d.refused(tt.path, tt.body, inventory.LimitReached); !strings.Contains(e.Message, "allowed") {
			t.Errorf("%s: %s", tt.path, e.Message)
		}
	}
	d.put(api, `{"title":"P","kind":"soap"}`) // what is there can be changed
	d.schema("team", `{"title":"Team"}`, "api")
	if err := d.Delete(d.ctx, id(workspace+"/apis/cats"), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	d.put(workspace+"/apis/dogs", `{"title":"P","kind":"rest"}`)
}

func TestPublishedLengths(t *testing.T) {
	d := centre(t)
	long := func(n int) string { return strings.Repeat("é", n) }
	long51 := `{"title":"` + long(51) + `","kind":"rest"}`
	d.put(workspace+"/apis/before", long51)
	d.Catalog = catalog.New(d.store, catalog.Options{Limits: catalog.Limits{Texts: true}})
	api := func(more string) string { return `{"title":"x","kind":"rest",` + more + `}` }
	for _, tt := range []struct{ path, body, target string }{
		{"/apis/pets", long51, "properties.title"},
		{"/apis/pets", api(`"description":"` + long(1001) + `"`), "properties.description"},
		{"/apis/pets", api(`"summary":"` + long(201) + `"`), "properties.summary"},
		{"/apis/pets", api(`"termsOfService":{"url":"` + long(201) + `"}`), "properties.termsOfService.url"},
		{"/apis/pets", api(`"externalDocumentation":[{"url":"u","title":"` + long(51) + `"}]`), "properties.externalDocumentation[0].title"},
		{"/apis/pets", api(`"externalDocumentation":[{"url":"u","description":"` + long(501) + `"}]`), "properties.externalDocumentation[0].description"},
		{"/apis/pets", api(`"contacts":[{"name":"` + long(101) + `"}]`), "properties.contacts[0].name"},
		{"/apis/pets", api(`"contacts":[{"email":"` + long(101) + `"}]`), "properties.contacts[0].email"},
		{"/apis/pets", api(`"license":{"identifier":"` + long(51) + `"}`), "properties.license.identifier"},
		{"/apis/before/versions/v-1", `{"lifecycleStage":"x","title":"` + long(51) + `"}`, "properties.title"},
		{"/apis/before/deployments/dep", `{"description":"` + long(501) + `"}`, "properties.description"},
		{"/apis/before/deployments/dep", `{"server":{"runtimeUri":["u","` + long(201) + `"]}}`, "properties.server.runtimeUri[1]"},
		{"/environments/prod", `{"title":"x","kind":"x","server":{"managementPortalUri":["a","b"]}}`, "properties.server.managementPortalUri"},
		{"/environments/prod", `{"title":"x","kind":"x","onboarding":{"developerPortalUri":["a","b"]}}`, "properties.onboarding.developerPortalUri"},
	} {
		if e := d.refused(workspace+tt.path, tt.body, inventory.Invalid); e.Target != tt.target {
			t.Errorf("%s: %s at %s, want %s", tt.path, e.Message, e.Target, tt.target)
		}
	}
	d.put(workspace+"/apis/before", strings.Replace(long51, "rest", "soap", 1)) // what does not change may be as long as it is
	d.put(workspace+"/apis/pets", `{"title":"`+long(50)+`","kind":"rest"}`)
}

func TestSchemaUse(t *testing.T) {
	d := centre(t)
	d.schema("team", `{"type":"string"}`, "api")
	at := id(center + "/metadataSchemas/team")
	if use, err := d.SchemaUse(d.ctx, at); err != nil || len(use) != 0 {
		t.Errorf("of nothing: %+v, %v", use, err)
	}
	d.put(workspace+"/environments/test", `{"title":"Test","kind":"testing","customProperties":{"team":"red"}}`)
	for _, name := range []string{"one", "two", "three", "four", "five", "six"} {
		d.put(workspace+"/apis/api-"+name, `{"title":"`+name+`","kind":"rest","customProperties":{"team":"red"}}`)
	}
	d.put(workspace+"/apis/without", `{"title":"without","kind":"rest"}`)
	use, err := d.SchemaUse(d.ctx, at)
	if err != nil || len(use) != 2 {
		t.Fatalf("%+v, %v", use, err)
	}
	if apis := use[0]; apis.Kind != inventory.KindAPI || apis.Things != 6 || apis.More || !apis.Assigned || len(apis.Some) != 5 || apis.Some[0].Name() != "api-one" {
		t.Errorf("of APIs: %+v", apis)
	}
	if envs := use[1]; envs.Kind != inventory.KindEnvironment || envs.Things != 1 || envs.Assigned {
		t.Errorf("of environments, which it is not assigned to: %+v", envs)
	}
	if _, err := d.SchemaUse(d.ctx, id(center+"/metadataSchemas/none")); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("of none: %v", err)
	}
}
