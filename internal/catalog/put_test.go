package catalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestServiceHasADefaultWorkspaceAndASKU(t *testing.T) {
	d := centre(t)
	d.reads(center, `{"location":"westeurope","sku":{"name":"Standard"}}`)
	if r := d.reads(workspace, `{"title":"Default workspace"}`); r.Path != workspace {
		t.Errorf("path %q, want %q", r.Path, workspace)
	}
	d.put(strings.ToLower(center), `{"location":"westeurope","tags":{"a":"b"},"identity":{"type":"SystemAssigned","principalId":"mine"}}`)
	r := d.reads(center, `{"location":"westeurope","tags":{"a":"b"},"sku":{"name":"Standard"},"identity":{"type":"SystemAssigned"}}`)
	if r.Path != center {
		t.Errorf("path %q, want the case first given, %q", r.Path, center)
	}
	if r.Created.By != "ada" {
		t.Errorf("created by %q", r.Created.By)
	}
}

func TestPutReplacesAll(t *testing.T) {
	d := centre(t)
	api := workspace + "/apis/petstore"
	d.put(api, `{"title":"Pets","kind":"rest","summary":"s","customProperties":{"team":"a","tier":1},"contacts":[{"name":"x"}]}`)
	d.put(api, `{"title":"Pets","kind":"rest","customProperties":{"tier":2}}`)
	r := d.reads(api, `{"title":"Pets","kind":"rest","customProperties":{"tier":2},"contacts":[],"externalDocumentation":[]}`)
	if r.Revision != 2 {
		t.Errorf("revision %d, want 2", r.Revision)
	}
	if again := d.put(api, string(r.Doc)); again.Revision != 2 {
		t.Errorf("what was read and put back raised the revision to %d", again.Revision)
	}
}

func TestPutIgnoresWhatPeopleDoNotSet(t *testing.T) {
	d := centre(t)
	api := workspace + "/apis/petstore"
	d.put(api, `{"title":"Pets","kind":"rest","lifecycleStage":"retired","unheardOf":1}`)
	d.reads(api, `{"title":"Pets","kind":"rest","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	d.put(api+"/versions/v-1", `{"title":"1","lifecycleStage":"production"}`)
	definition := api + "/versions/v-1/definitions/openapi"
	d.put(definition, `{"title":"O","document":"abc","specification":{"name":"wsdl","version":"9"}}`)
	d.reads(definition, `{"title":"O","specification":{"name":"","version":""}}`)
}

func TestPutRefuses(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/apis/petstore", `{"title":"Pets","kind":"rest"}`)
	for _, tt := range []struct {
		name, path, body string
		code             inventory.Code
		target, message  string
	}{
		{"no title", "/apis/abc", `{"kind":"rest"}`, inventory.Invalid, "properties.title", "required"},
		{"blank title", "/apis/abc", `{"title":" ","kind":"rest"}`, inventory.Invalid, "properties.title", "required"},
		{"title of another form", "/apis/abc", `{"title":5,"kind":"rest"}`, inventory.Invalid, "properties.title", "must be a text"},
		{"long title", "/apis/abc", `{"title":"` + strings.Repeat("é", 301) + `","kind":"rest"}`, inventory.Invalid, "properties.title", "301 characters"},
		{"no kind", "/apis/abc", `{"title":"x"}`, inventory.Invalid, "properties.kind", "required"},
		{"terms without address", "/apis/abc", `{"title":"x","kind":"rest","termsOfService":{}}`, inventory.Invalid, "properties.termsOfService.url", "required"},
		{"documentation without address", "/apis/abc", `{"title":"x","kind":"rest","externalDocumentation":[{"url":"a"},{}]}`, inventory.Invalid, "properties.externalDocumentation[1].url", "required"},
		{"too much documentation", "/apis/abc", `{"title":"x","kind":"rest","externalDocumentation":[` + strings.Repeat(`{"url":"a"},`, 20) + `{"url":"a"}]}`, inventory.Invalid, "properties.externalDocumentation", "at most 20"},
		{"contacts of another form", "/apis/abc", `{"title":"x","kind":"rest","contacts":[null]}`, inventory.Invalid, "properties.contacts[0]", "must be an object"},
		{"two licences", "/apis/abc", `{"title":"x","kind":"rest","license":{"url":"u","identifier":"MIT"}}`, inventory.Invalid, "properties.license", "exclude each other"},
		{"short name", "/apis/ab", `{"title":"x","kind":"rest"}`, inventory.Invalid, "name", "3 to 90"},
		{"odd name", "/apis/a_bc", `{"title":"x","kind":"rest"}`, inventory.Invalid, "name", "letters, digits and hyphens"},
		{"no parent", "/apis/nothing/versions/v-1", `{"title":"x","lifecycleStage":"design"}`, inventory.NoParent, "", `no api "nothing"`},
		{"version without stage", "/apis/petstore/versions/v-1", `{"title":"x"}`, inventory.Invalid, "properties.lifecycleStage", "required"},
		{"address list of another form", "/apis/petstore/deployments/prod", `{"server":{"runtimeUri":"https://x"}}`, inventory.Invalid, "properties.server.runtimeUri", "list of texts"},
		{"unknown environment", "/apis/petstore/deployments/prod", `{"environmentId":"/workspaces/default/environments/none"}`, inventory.Invalid, "properties.environmentId", "create it first"},
		{"environment of another kind", "/apis/petstore/deployments/prod", `{"environmentId":"/workspaces/default/apis/petstore"}`, inventory.Invalid, "properties.environmentId", "short id"},
		{"environment elsewhere", "/apis/petstore/deployments/prod", `{"environmentId":"/subscriptions/other/resourceGroups/Group/providers/Microsoft.ApiCenter/services/Center/workspaces/default/environments/none"}`, inventory.Invalid, "properties.environmentId", "of this service"},
		{"unknown definition", "/apis/petstore/deployments/prod", `{"definitionId":"/workspaces/default/apis/petstore/versions/v/definitions/d"}`, inventory.Invalid, "properties.definitionId", "create it first"},
		{"unknown merge rule", "", `{"title":"x","mergeRule":"tilte"}`, inventory.Invalid, "properties.mergeRule", "path"},
		{"environment without kind", "/environments/prod", `{"title":"x"}`, inventory.Invalid, "properties.kind", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.T = t
			e := d.refused(workspace+tt.path, tt.body, tt.code)
			if e.Target != tt.target || !strings.Contains(e.Message, tt.message) {
				t.Errorf("target %q, message %q; want %q, %q", e.Target, e.Message, tt.target, tt.message)
			}
		})
	}
}

func TestServiceNamesAreChecked(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"s/g/ab", "s/g/a b c", "s s/g/abc", "s/g./abc", "s/g\"g/abc"} {
		d.refused(path, `{"location":"x"}`, inventory.Invalid)
	}
	if e := d.refused("s/g/abc", `{}`, inventory.Invalid); e.Target != "location" {
		t.Errorf("target %q, want location", e.Target)
	}
}

func TestAMergeRuleStaysWhenAClientDoesNotKnowIt(t *testing.T) {
	d := centre(t)
	d.put(workspace, `{"title":"W","mergeRule":"title"}`)
	d.put(workspace, `{"title":"Whole"}`)
	d.reads(workspace, `{"title":"Whole","mergeRule":"title"}`)
	d.put(workspace, `{"title":"Whole","mergeRule":"none"}`)
	d.reads(workspace, `{"title":"Whole","mergeRule":"none"}`)
}

func TestReferencesAreStoredShort(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/environments/Prod", `{"title":"P","kind":"production"}`)
	d.put(workspace+"/apis/Pets", `{"title":"P","kind":"rest"}`)
	d.put(workspace+"/apis/Pets/versions/v-1", `{"title":"1","lifecycleStage":"design"}`)
	d.put(workspace+"/apis/Pets/versions/v-1/definitions/openapi", `{"title":"o"}`)
	d.put(workspace+"/apis/Pets/deployments/prod", `{"title":"x",
		"environmentId":"/subscriptions/SUB/resourcegroups/group/providers/microsoft.apicenter/services/center/workspaces/default/environments/prod",
		"definitionId":"/workspaces/default/apis/pets/versions/V-1/definitions/openapi"}`)
	d.reads(workspace+"/apis/Pets/deployments/prod", `{"title":"x","customProperties":{},
		"environmentId":"/workspaces/default/environments/Prod",
		"definitionId":"/workspaces/default/apis/Pets/versions/v-1/definitions/openapi"}`)
}

// A reference that dangles since its target went does not stand in the way of other edits.
func TestOldReferenceIsNotCheckedAgain(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/environments/prod", `{"title":"P","kind":"production"}`)
	d.put(workspace+"/apis/pets", `{"title":"P","kind":"rest"}`)
	deployment := workspace + "/apis/pets/deployments/prod"
	d.put(deployment, `{"title":"x","environmentId":"/workspaces/default/environments/prod"}`)
	if err := d.Delete(d.ctx, id(workspace+"/environments/prod"), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	r, err := d.Get(d.ctx, id(deployment))
	if err != nil {
		t.Fatal(err)
	}
	d.put(deployment, strings.Replace(string(r.Doc), `"x"`, `"y"`, 1))
}

func TestConditions(t *testing.T) {
	d := centre(t)
	api := workspace + "/apis/petstore"
	body := doc(t, `{"title":"Pets","kind":"rest"}`)
	put := func(m catalog.Match) (inventory.Resource, error) {
		r, _, err := d.Put(d.ctx, api, body, m)
		return r, err
	}
	if _, err := put(catalog.Match{Present: true}); !errors.Is(err, inventory.Changed) {
		t.Errorf("nothing there, must be present: %v", err)
	}
	first, err := put(catalog.Match{Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put(catalog.Match{Absent: true}); !errors.Is(err, inventory.Exists) {
		t.Errorf("there, must be absent: %v", err)
	}
	body = doc(t, `{"title":"Cats","kind":"rest"}`)
	second, err := put(catalog.Match{Tags: []catalog.Tag{{Key: 9, Revision: 9}, catalog.TagOf(first)}})
	if err != nil {
		t.Errorf("one of two tags fits: %v", err)
	}
	if _, err := put(catalog.Match{Tags: []catalog.Tag{catalog.TagOf(first)}}); !errors.Is(err, inventory.Changed) {
		t.Errorf("old tag: %v", err)
	}
	if err := d.Delete(d.ctx, id(api), catalog.Match{Tags: []catalog.Tag{catalog.TagOf(first)}}); !errors.Is(err, inventory.Changed) {
		t.Errorf("delete with an old tag: %v", err)
	}
	if err := d.Delete(d.ctx, id(api), catalog.Match{Tags: []catalog.Tag{catalog.TagOf(second)}}); err != nil {
		t.Error(err)
	}
	again, err := put(catalog.Match{})
	if err != nil || catalog.TagOf(again) == catalog.TagOf(first) {
		t.Errorf("made again, it has the tag of its predecessor: %v (%v)", catalog.TagOf(again), err)
	}
}

func TestOnlyTheKnownMayWrite(t *testing.T) {
	d := centre(t)
	_, _, err := d.Put(context.Background(), workspace+"/apis/abc", doc(t, `{"title":"x","kind":"rest"}`), catalog.Match{})
	if !errors.Is(err, inventory.Denied) {
		t.Errorf("got %v, want denied", err)
	}
}

func TestListPages(t *testing.T) {
	d := centre(t)
	for _, name := range []string{"zzz", "aaa", "mmm"} {
		d.put(workspace+"/apis/"+name, `{"title":"x","kind":"rest"}`)
	}
	var got []string
	q := inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Limit: 2}
	for {
		page, err := d.List(d.ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			got = append(got, r.Name())
		}
		if q.After = page.Next; q.After.IsZero() {
			break
		}
	}
	if strings.Join(got, " ") != "zzz aaa mmm" {
		t.Errorf("got %v, want the order of creation", got)
	}
	q = inventory.Query{Parent: id(center + "/workspaces/none"), Kind: inventory.KindAPI, Limit: 2}
	if _, err := d.List(d.ctx, q); !errors.Is(err, inventory.NotFound) {
		t.Errorf("list in nothing: %v, want not found", err)
	}
}

func TestServicesOfAGroup(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"s/g1/one", "s/g2/two", "other/g1/three", "s/g1/four"} {
		d.put(path, `{"location":"x"}`)
	}
	for _, tt := range []struct{ subscription, group, want string }{
		{"S", "", "one two four"}, {"s", "G1", "one four"}, {"other", "", "three"}, {"none", "", ""},
	} {
		var got []string
		var after inventory.Position
		for {
			page, err := d.Services(d.ctx, tt.subscription, tt.group, inventory.Query{After: after, Limit: 1}, everything)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Items {
				got = append(got, r.Name())
			}
			if after = page.Next; after.IsZero() {
				break
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("services of %q %q: %v, want %s", tt.subscription, tt.group, got, tt.want)
		}
	}
}

func everything(inventory.Resource) bool { return true }
