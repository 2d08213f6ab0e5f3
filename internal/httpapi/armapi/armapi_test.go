package armapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"apicenter/internal/httpapi/armapi"
)

const (
	api        = space + "/apis/petstore"
	petVersion = api + "/versions/v-1"
	definition = petVersion + "/definitions/openapi"
)

// filled is a centre with one of each kind.
func filled(t testing.TB) *desk {
	d := centre(t)
	d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest","summary":"<s> & \u00e9","customProperties":{"team":"a"}}}`, 201)
	d.must("PUT", petVersion, `{"properties":{"title":"1.0","lifecycleStage":"production"}}`, 201)
	d.must("PUT", definition, `{"properties":{"title":"OpenAPI"}}`, 201)
	d.must("PUT", space+"/environments/prod", `{"properties":{"title":"Prod","kind":"production","server":{"type":"Kubernetes","managementPortalUri":["example.com"]}}}`, 201)
	d.must("PUT", api+"/deployments/dep", `{"properties":{"title":"Dep","environmentId":"/workspaces/default/environments/prod",
		"definitionId":"/workspaces/default/apis/petstore/versions/v-1/definitions/openapi","state":"active","server":{"runtimeUri":["https://x"]}}}`, 201)
	return d
}

func TestWireShapes(t *testing.T) {
	d := filled(t)
	d.must("PUT", space+"/apiSources/gateway", linkBody, 201)
	for name, path := range map[string]string{
		"apiSource-2024-03-15-preview": space + "/apiSources/gateway?api-version=2024-03-15-preview",
		"error-not-found":              space + "/apis/nothing",
		"error-no-parent":              api + "2/versions/v-1",
		"error-api-version":            api + "?api-version=1999-01-01",
		"error-filter":                 space + "/apis?$filter=name%20is%20x",
	} {
		t.Run(name, func(t *testing.T) { d.in(t).golden(name, d.ask("GET", path, "")) })
	}
}

func TestStatusCodes(t *testing.T) {
	d := centre(t)
	body := `{"properties":{"title":"Pets","kind":"rest"}}`
	w := d.must("PUT", api, body, 201)
	if w.Header().Get("ETag") == "" {
		t.Error("a child has no ETag after PUT")
	}
	d.must("PUT", api, body, 200)
	w = d.must("HEAD", api, "", 200)
	if w.Header().Get("ETag") == "" {
		t.Error("a child has no ETag at HEAD")
	}
	d.must("GET", api, "", 200)
	d.must("DELETE", api, "", 200)
	w = d.must("DELETE", api, "", 204)
	if w.Body.Len() > 0 {
		t.Errorf("204 with body %q", w.Body)
	}
	d.must("DELETE", api+"/versions/v-1", "", 204)
	d.must("GET", api, "", 404)
	d.must("HEAD", api, "", 404)
	if w := d.must("GET", center, "", 200); w.Header().Get("ETag") != "" {
		t.Error("a service has an ETag")
	}
}

func TestPathsAreReadAsAzureDoes(t *testing.T) {
	d := filled(t)
	for _, path := range []string{
		"/SUBSCRIPTIONS/s/resourcegroups/g/PROVIDERS/microsoft.apicenter/Services/center/WORKSPACES/Default/APIS/PetStore",
		"/subscriptions/S/resourcegroups/G/providers/Microsoft.ApiCenter//services/Center/workspaces/default/apis/petstore/",
		strings.Replace(api, "petstore", "%70etstore", 1),
	} {
		w := d.must("GET", path, "", 200)
		if !strings.Contains(w.Body.String(), `"id":"`+api+`"`) {
			t.Errorf("%s: %s, want the canonical id", path, w.Body)
		}
	}
}

func TestEveryVersionServesEverything(t *testing.T) {
	d := filled(t)
	for _, v := range []string{"2023-07-01-preview", "2024-03-01", "2024-03-15-preview", "2024-06-01-preview", "2024-12-01-preview", "2024-12-15-preview"} {
		for _, path := range []string{center, api, definition, space + "/apiSources"} {
			d.must("GET", path+"?api-version="+v, "", 200)
		}
	}
	d.fails("GET", api+"?api-version=", "", 400, "MissingApiVersionParameter", "api-version")
	d.fails("GET", api+"?api-version=2020-01-01", "", 400, "InvalidApiVersionParameter", "2024-03-01")
}

func TestUnknownRoutes(t *testing.T) {
	d := centre(t)
	for _, path := range []string{
		"/subscriptions/S", "/subscriptions/S/resourceGroups/G", "/providers/Microsoft.ApiCenter/nothing",
		base, base + "/portals/x", center + "/nothing", center + "/apis", space + "/apis/a%2Fb", space + "/apis/%zz", "/subscriptions/sub%2Fgroup/providers/Microsoft.ApiCenter/services",
		"/subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/x", api + "/sync", "/subscriptions/S/providers/Microsoft.ApiCenter/services/x",
	} {
		if strings.Contains(path, "%zz") {
			continue // no client can send it: the server's parser refuses it
		}
		d.fails("GET", path, "", 404, "ResourceNotFound", "")
	}
}

func TestMethodsThatAreNotPossible(t *testing.T) {
	d := filled(t)
	for _, tt := range []struct{ method, path, allow string }{
		{"PATCH", api, "GET, HEAD, PUT, DELETE"},
		{"POST", api, "GET, HEAD, PUT, DELETE"},
		{"PUT", space + "/apis", "GET, HEAD"},
		{"GET", definition + "/exportSpecification", "POST"},
		{"POST", space + "/apiSources/x/runs", "GET, HEAD"},
		{"OPTIONS", api, "GET, HEAD, PUT, DELETE"},
	} {
		w := d.must(tt.method, tt.path, "", http.StatusMethodNotAllowed)
		if got := w.Header().Get("Allow"); got != tt.allow {
			t.Errorf("%s %s: Allow %q, want %q", tt.method, tt.path, got, tt.allow)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	d := filled(t)
	tag := d.must("GET", api, "", 200).Header().Get("ETag")
	body := `{"properties":{"title":"Pets","kind":"soap"}}`
	d.must("GET", api, "", 304, "If-None-Match", `"x", `+tag)
	d.must("GET", api, "", 200, "If-None-Match", `"x"`)
	d.fails("PUT", api, body, 412, "PreconditionFailed", "there already", "If-None-Match", "*")
	d.fails("PUT", api, body, 412, "PreconditionFailed", "read it again", "If-Match", `"none-of-ours"`)
	d.fails("PUT", space+"/apis/new", body, 412, "PreconditionFailed", "not there", "If-Match", "*")
	d.fails("DELETE", api, "", 412, "PreconditionFailed", "read it again", "If-Match", `"1-99"`)
	d.must("PUT", api, body, 200, "If-Match", `W/"q", `+tag)
	d.fails("PUT", api, body, 412, "PreconditionFailed", "read it again", "If-Match", tag)
	d.must("DELETE", api, "", 200, "If-Match", "*")
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	d := centre(t)
	for _, tt := range []struct{ body, code, text string }{
		{``, "InvalidRequestContent", "empty"},
		{`{`, "InvalidRequestContent", "JSON"},
		{`[]`, "InvalidRequestContent", "it is not a JSON object"},
		{`null`, "InvalidRequestContent", "it is not a JSON object"},
		{` "x"`, "InvalidRequestContent", "it is not a JSON object"},
		{`{"properties":{"title":"x","kind":"rest"}} x`, "InvalidRequestContent", "JSON"},
		{"{\"properties\":{\"title\":\"\xff\",\"kind\":\"rest\"}}", "InvalidRequestContent", "UTF-8"},
		{strings.Repeat("[", 100), "InvalidRequestContent", "deeper"},
		{`{"properties":[]}`, "ValidationError", "properties"},
		{`{"properties":{"customProperties":5}}`, "ValidationError", "customProperties"},
		{`{}`, "ValidationError", "properties.title"},
	} {
		d.fails("PUT", api, tt.body, 400, tt.code, tt.text)
	}
	w := d.must("PUT", api, `{"properties":{"title":"`+strings.Repeat("x", 5<<20)+`"}}`, 413)
	if !strings.Contains(w.Body.String(), "RequestEntityTooLarge") {
		t.Errorf("413 with %s", w.Body)
	}
}

type page struct {
	Value []struct {
		Name       string
		Properties struct{ Title string }
	}
	NextLink *string
}

// follow reads a list to its end by its links.
func (d *desk) follow(path string) (names []string, pages int) {
	d.Helper()
	for {
		var p page
		if err := json.Unmarshal(d.must("GET", path, "", 200).Body.Bytes(), &p); err != nil {
			d.Fatal(err)
		}
		pages++
		for _, v := range p.Value {
			names = append(names, v.Name)
		}
		if p.NextLink == nil {
			return names, pages
		}
		if path = *p.NextLink; !strings.HasPrefix(path, "http://example.com/subscriptions/") || !strings.Contains(path, "api-version="+version) {
			d.Fatalf("nextLink %q is not absolute, or lost the api-version", path)
		}
	}
}

func TestPaging(t *testing.T) {
	d := centre(t)
	for i := range 7 {
		d.must("PUT", fmt.Sprintf("%s/apis/api-%d", space, 9-i), fmt.Sprintf(`{"properties":{"title":"T%d","kind":"%s"}}`, i, []string{"rest", "soap"}[i%2]), 201)
	}
	for _, tt := range []struct {
		query, want string
		pages       int
	}{
		{"", "api-9 api-8 api-7 api-6 api-5 api-4 api-3", 1},
		{"?$top=3", "api-9 api-8 api-7 api-6 api-5 api-4 api-3", 3},
		{"?$top=7", "api-9 api-8 api-7 api-6 api-5 api-4 api-3", 1},
		{"?%24top=3&%24skip=2", "api-7 api-6 api-5 api-4 api-3", 2},
		{"?$top=2&$filter=kind%20eq%20'SOAP'", "api-8 api-6 api-4", 2},
		{"?$filter=kind%20eq%20'rest'%20and%20not%20startswith(title,'T0')", "api-7 api-5 api-3", 1},
		{"?$filter=name%20in%20('api-3','API-9')", "api-9 api-3", 1},
		{"?$search=t3", "api-6", 1},
		{"?$orderby=name", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 1},
		{"?$top=3&$orderby=title%20desc", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 3},
		{"?$top=2&$orderby=systemData/createdAt%20desc&$filter=kind%20eq%20'soap'", "api-4 api-6 api-8", 2},
		{"?$top=99999", "api-9 api-8 api-7 api-6 api-5 api-4 api-3", 1},
		{"?$skip=99", "", 1},
		{"?$orderby=name", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 1},
		{"?$orderby=title%20desc&$top=3", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 3},
		{"?$orderby=name&$top=2&$filter=kind%20eq%20'soap'", "api-4 api-6 api-8", 2},
		{"?$orderby=systemData/createdAt%20desc", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 1},
	} {
		names, pages := d.follow(space + "/apis" + tt.query)
		if got := strings.Join(names, " "); got != tt.want || pages != tt.pages {
			t.Errorf("%s: %q in %d pages, want %q in %d", tt.query, got, pages, tt.want, tt.pages)
		}
	}
	if names, _ := d.follow("/subscriptions/s/providers/microsoft.apicenter/services"); strings.Join(names, " ") != "Center" {
		t.Errorf("services of the subscription: %v", names)
	}
	d.must("PUT", base+"/services/Annex", `{"location":"x"}`, 201)
	for query, want := range map[string]string{"$orderby=name&$top=1": "Annex Center", "$filter=name%20eq%20'annex'": "Annex", "$top=1": "Center Annex"} {
		if names, _ := d.follow("/subscriptions/s/providers/microsoft.apicenter/services?" + query); strings.Join(names, " ") != want {
			t.Errorf("services?%s: %v, want %s", query, names, want)
		}
	}
	for _, query := range []string{"$top=0", "$top=x", "$skip=-1", "$skiptoken=!", "$top=99999999999"} {
		d.fails("GET", space+"/apis?"+query, "", 400, "ValidationError", query[:4])
	}
	d.fails("GET", space+"/apis?$filter=kind", "", 400, "InvalidFilter", "$filter")
	d.fails("GET", space+"/apis?$orderby=kind", "", 400, "InvalidOrderBy", "$orderby")
	d.fails("GET", center+"/workspaces/none/apis", "", 404, "ResourceNotFound", "none")
}

// Every collection that is a list of resources can be ordered.
func TestEveryListIsOrdered(t *testing.T) {
	d := filled(t)
	for _, o := range armapi.Operations() {
		if o.Method != "GET" || !strings.HasSuffix(o.Action, "/read") || strings.HasSuffix(o.Path, "}") {
			continue
		}
		w := d.ask("GET", fill.Replace(o.Path)+"?$orderby=kind", "")
		var page struct{ Value []json.RawMessage }
		if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &page) != nil || len(page.Value) == 0 {
			continue
		}
		if strings.Contains(string(page.Value[0]), `"type":"Microsoft.ApiCenter/`) {
			t.Errorf("%s does not look at $orderby: %s", o.Path, w.Body)
		}
	}
}

func TestServiceIsReplaced(t *testing.T) {
	d := centre(t)
	d.must("PUT", center, `{"location":"westeurope","tags":{"a":"b"},"sku":{"name":"Free"},"properties":{}}`, 200)
	got := d.must("GET", center, "", 200).Body.String()
	for _, want := range []string{`"tags":{"a":"b"}`, `"sku":{"name":"Free"}`, `"provisioningState":"Succeeded"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s, want %s in it", got, want)
		}
	}
	d.fails("PUT", base+"/services/other", `{}`, 400, "ValidationError", "location")
	d.must("DELETE", center, "", 200)
	d.must("GET", center, "", 404)
}

// FuzzQuery: no query makes the server fail.
func FuzzQuery(f *testing.F) {
	d := filled(f)
	f.Add("kind eq 'rest' and contains(title,'a')", "pets", "1", "2")
	f.Add("customProperties/tags/any(t: t eq 'x')", "*\"", "", "z")
	f.Add("summary eq null", "a'b", "-1", "zzzzzzzzzzzzzzzzzzz")
	f.Fuzz(func(t *testing.T, filter, search, top, token string) {
		d := d.in(t)
		q := "?$filter=" + escape(filter) + "&$search=" + escape(search) + "&$top=" + escape(top) + "&$skiptoken=" + escape(token)
		if w := d.ask("GET", space+"/apis"+q, ""); w.Code >= 500 {
			t.Errorf("%s: %d %s", q, w.Code, w.Body)
		}
	})
}
