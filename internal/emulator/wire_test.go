package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/internal/emulator"
)

func TestErrorsSpeakAzure(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	sub := "/subscriptions/" + emulator.SubscriptionID
	rg := sub + "/resourceGroups/" + emulator.ResourceGroup
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code                     string
	}{
		{"no token", "GET", "apis", "", []string{"Authorization", ""}, 401, "AuthenticationFailed"},
		{"bad token", "GET", "apis", "", []string{"Authorization", "Bearer nonsense"}, 401, "InvalidAuthenticationToken"},
		{"no api-version", "GET", w.url + w.instance + "/apis?x-api-version=", "", nil, 400, "MissingApiVersionParameter"},
		{"bad api-version", "GET", "apis?api-version=latest", "", nil, 400, "InvalidApiVersionParameter"},
		{"no such API", "GET", "apis/nope", "", nil, 404, "ResourceNotFound"},
		{"no such instance", "GET", rg + "/providers/Microsoft.ApiManagement/service/nope", "", nil, 404, "ResourceNotFound"},
		{"no such group", "GET", sub + "/resourceGroups/nope/providers/Microsoft.ApiManagement/service/x/apis", "", nil, 404, "ResourceGroupNotFound"},
		{"no such subscription", "GET", "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", "", nil, 404, "SubscriptionNotFound"},
		{"another directory", "GET", "/subscriptions/" + emulator.ForeignSubscriptionID + "/resourceGroups", "", nil, 401, "InvalidAuthenticationTokenTenant"},
		{"unknown type", "GET", "nonsense/x", "", nil, 404, "InvalidResourceType"},
		{"bad method", "POST", "apis", "", nil, 405, "MethodNotAllowed"},
		{"bad filter", "GET", "apis?$filter=path+like+%27x%27", "", nil, 400, "ValidationError"},
		{"bad top", "GET", "apis?$top=0", "", nil, 400, "ValidationError"},
		{"patch without If-Match", "PATCH", "apis/sales-orders-00000", "{}", nil, 400, "ValidationError"},
		{"stale delete", "DELETE", "apis/sales-orders-00000", "", []string{"If-Match", `"old"`}, 412, "PreconditionFailed"},
		{"no body", "PUT", "apis/new", "", nil, 400, "InvalidRequestContent"},
		{"bad JSON", "PUT", "apis/new", "{", nil, 400, "InvalidRequestContent"},
		{"no name", "PUT", "apis/new", `{"properties":{"path":"x"}}`, nil, 400, "ValidationError"},
		{"path taken", "PUT", "apis/new", `{"properties":{"displayName":"N","path":"sales/orders/0"}}`, nil, 400, "ValidationError"},
		{"bad document", "PUT", "apis/new", `{"properties":{"path":"x","format":"openapi","value":"no: api"}}`, nil, 400, "ValidationError"},
		{"link to elsewhere", "PUT", "apis/new", `{"properties":{"path":"x","format":"openapi-link","value":"http://192.0.2.1/x"}}`, nil, 400, "ValidationError"},
		{"wsdl of REST", "GET", "apis/sales-orders-00000?export=true&format=wsdl-link", "", nil, 400, "ValidationError"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.call(tt.method, tt.path, tt.body, tt.headers...)
			if got := a.field(t, "error.code"); a.StatusCode != tt.status || got != tt.code {
				t.Errorf("%s %s: %d %v, want %d %s", tt.method, tt.path, a.StatusCode, got, tt.status, tt.code)
			}
		})
	}
}

func TestPathsFoldCaseAndSlashes(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	w.must(201, "PUT", "apis/sales-orders-00000;rev=2", `{"properties":{"path":"p","sourceApiId":"/apis/sales-orders-00000"}}`)
	for _, path := range []string{
		strings.ToLower(w.instance) + "/apis/SALES-ORDERS-00000",
		strings.Replace(w.instance, "resourceGroups", "resourcegroups", 1) + "/apis/sales-orders-00000",
		strings.Replace(w.instance, "Microsoft.ApiManagement/", "Microsoft.ApiManagement//", 1) + "//apis/sales-orders-00000",
		w.instance + "/apis/sales-orders-00000;rev=2",
		w.instance + "/apis/sales-orders-00000%3Brev=2",
		w.instance + "/apis/sales-orders-00000%3BREV%3D2",
	} {
		a := w.must(200, "GET", path, "")
		if name, _ := a.field(t, "name").(string); !strings.HasPrefix(name, "sales-orders-00000") {
			t.Errorf("GET %s: name %q, want it as first given", path, name)
		}
		if h := w.must(200, "HEAD", path, ""); h.Header.Get("ETag") != a.Header.Get("ETag") || len(h.body) != 0 {
			t.Errorf("HEAD %s: ETag %s and %d bytes", path, h.Header.Get("ETag"), len(h.body))
		}
	}
}

func TestPagesLinkToTheNext(t *testing.T) {
	w := start(t, emulator.Options{APIs: 5})
	var names []string
	next := w.url + w.instance + "/apis?$top=2&api-version=" + version
	for pages := 0; next != ""; pages++ {
		var page struct {
			Value []struct {
				Name string `json:"name"`
			} `json:"value"`
			Count    int     `json:"count"`
			NextLink *string `json:"nextLink"`
		}
		if err := json.Unmarshal(w.must(200, "GET", next, "").body, &page); err != nil {
			t.Fatal(err)
		}
		if page.Count != 5 || page.NextLink == nil || pages > 2 {
			t.Fatalf("page %d: count %d, link %v", pages, page.Count, page.NextLink)
		}
		for _, v := range page.Value {
			names = append(names, v.Name)
		}
		if next = *page.NextLink; next != "" && !strings.HasPrefix(next, w.url) {
			t.Fatalf("the link leads elsewhere: %s", next)
		}
	}
	if len(names) != 5 {
		t.Errorf("%d rows over all pages: %v", len(names), names)
	}
}

func TestFiltersSelectRows(t *testing.T) {
	w := start(t, emulator.Options{APIs: 20}) // 18 of sales, then 2 of logistics
	w.must(201, "PUT", "apis/sales-stock-00003;rev=2", `{"properties":{"path":"p","sourceApiId":"/apis/sales-stock-00003"}}`)
	for filter, want := range map[string]int{
		"":                   21,
		"isCurrent eq false": 1,
		"isCurrent eq true and startswith(path,'logistics/')":                                              2,
		"isCurrent ne false and contains(properties/path,'ORDERS')":                                        2,
		"properties/displayName eq 'Sales Prices 00002'":                                                   1,
		"substringof('prices',displayName)":                                                                1,
		"endswith(name,'00019')":                                                                           1,
		"(path eq 'sales/orders/0' or path eq 'sales/customers/1') and not (name eq 'x')":                  2,
		"name ge 'sales-stock' and name lt 'sales-stockz' and path eq 'it''s'":                             0,
		"startswith(name,'logistics') eq true or serviceUrl eq 'https://stock.sales.internal.example/api'": 4,
	} {
		t.Run(filter, func(t *testing.T) {
			a := w.must(200, "GET", "apis?$filter="+strings.NewReplacer(" ", "%20", "'", "%27").Replace(filter), "")
			if got := a.field(t, "count"); got != float64(want) {
				t.Errorf("%v rows, want %d", got, want)
			}
		})
	}
}

func TestExportShapes(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	const path = "apis/sales-orders-00000?export=true&format=openapi%2Bjson-link"
	for shape, want := range map[string]struct {
		link []string // where the link must be
		none []string // where it must not be
	}{
		"both":   {[]string{"value.link", "properties.value.link"}, nil},
		"nested": {[]string{"properties.value.link"}, []string{"value.link"}},
		"flat":   {[]string{"value.link"}, []string{"properties.value.link"}},
		"bare":   {[]string{"link"}, []string{"value.link", "id"}},
		"raw":    {[]string{"openapi"}, []string{"link", "id"}},
	} {
		t.Run(shape, func(t *testing.T) {
			w.must(200, "PUT", "/admin/export-shape", fmt.Sprintf(`{"shape":%q}`, shape))
			a := w.must(200, "GET", path, "")
			for _, p := range want.link {
				if a.field(t, p) == nil {
					t.Errorf("no %s in %s", p, a.body)
				}
			}
			for _, p := range want.none {
				if a.field(t, p) != nil {
					t.Errorf("%s in %s", p, a.body)
				}
			}
		})
	}
	w.must(400, "PUT", "/admin/export-shape", `{"shape":"odd"}`)
}

func TestExportLinksAreGuarded(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	a := w.must(200, "GET", "apis/sales-orders-00000?export=true&format=openapi%2Bjson-link", "")
	link, _ := a.field(t, "value.link").(string)
	if !strings.Contains(link, "/Sales Orders 00000.json?") {
		t.Errorf("the link has no display name: %s", link)
	}
	link = strings.ReplaceAll(link, " ", "%20")
	w.must(200, "GET", link, "", "Authorization", "")
	if a := w.must(400, "GET", link, ""); !strings.Contains(string(a.body), "InvalidAuthenticationInfo") {
		t.Errorf("with a token: %s", a.body)
	}
	w.must(403, "GET", strings.Replace(link, "sig=", "sig=A", 1), "", "Authorization", "")
	w.must(404, "GET", "/blob/nothing/x.json", "", "Authorization", "")

	w.must(200, "PUT", "/admin/faults", `{"expireRate":1}`)
	a = w.must(200, "GET", "apis/sales-orders-00000?export=true&format=openapi%2Bjson-link", "")
	link, _ = a.field(t, "value.link").(string)
	a = w.must(403, "GET", strings.ReplaceAll(link, " ", "%20"), "", "Authorization", "")
	if !strings.Contains(string(a.body), "<Code>AuthenticationFailed</Code>") {
		t.Errorf("expired: %s", a.body)
	}
}

func TestPropertiesOfAgentsAreForPreviews(t *testing.T) {
	w := start(t, emulator.Options{})
	rows := string(w.must(200, "GET", "apis?$filter=isCurrent%20eq%20true", "").body)
	preview := string(w.must(200, "GET", "apis?$filter=isCurrent%20eq%20true&api-version=2025-03-01-preview", "").body)
	for _, kind := range []string{"mcp", "a2a", "soap", "graphql", "websocket", "grpc", "odata"} {
		if want := fmt.Sprintf(`"type":%q`, kind); !strings.Contains(rows, want) {
			t.Errorf("no API of type %s in the stable list", kind)
		}
	}
	for _, field := range []string{"mcpProperties", "mcpTools", "a2aProperties", "jsonRpcProperties", "isAgent"} {
		if strings.Contains(rows, field) || !strings.Contains(preview, field) {
			t.Errorf("%s: in the stable list %v, in the preview %v", field, strings.Contains(rows, field), strings.Contains(preview, field))
		}
	}
}

func TestDefinitionsByType(t *testing.T) {
	w := start(t, emulator.Options{})
	var page struct {
		Value []struct {
			Name       string `json:"name"`
			Properties struct {
				Type string `json:"type"`
			} `json:"properties"`
		} `json:"value"`
	}
	if err := json.Unmarshal(w.must(200, "GET", "apis?$filter=isCurrent%20eq%20true", "").body, &page); err != nil {
		t.Fatal(err)
	}
	for _, row := range page.Value {
		t.Run(row.Name, func(t *testing.T) {
			export, schema := 400, ""
			format := "openapi%2Bjson-link"
			switch row.Properties.Type {
			case "http":
				export = 200
			case "soap":
				export, format = 200, "wsdl-link"
			case "graphql":
				schema = "application/vnd.ms-azure-apim.graphql.schema"
			case "odata":
				schema = "application/vnd.ms-azure-apim.odata.schema"
			case "grpc":
				schema = "text/protobuf"
			}
			w.must(export, "GET", "apis/"+row.Name+"?export=true&format="+format, "")
			if schema != "" {
				if a := w.must(200, "GET", "apis/"+row.Name+"/schemas", ""); !strings.Contains(string(a.body), fmt.Sprintf(`"contentType":%q`, schema)) {
					t.Errorf("no schema of type %s: %s", schema, a.body)
				}
			}
		})
	}
}

func TestImportReplacesOperationsAndKeepsBytes(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	files := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(petstore)) }))
	defer files.Close()
	body := fmt.Sprintf(`{"properties":{"path":"pets","format":"openapi-link","value":%q}}`, files.URL)
	a := w.must(201, "PUT", "apis/pets", body)
	if a.Header.Get("Azure-AsyncOperation") == "" || a.Header.Get("Location") == "" || a.Header.Get("ETag") == "" {
		t.Errorf("an import answers without the headers of a long operation: %v", a.Header)
	}
	w.must(200, "GET", a.Header.Get("Azure-AsyncOperation"), "")
	if got := exportOf(t, w, "pets"); got != petstore {
		t.Errorf("the export differs from the import:\n%s", cmp.Diff(petstore, got))
	}
	w.must(200, "GET", "apis/pets/operations/listpets", "")
	w.must(200, "GET", "apis/pets/operations/get-pet", "")
	yaml := "openapi: 3.0.1\ninfo: {title: Pets, version: '2'}\npaths:\n  /toys:\n    parameters: []\n    get: {responses: {200: {description: ok}}}\n"
	w.must(200, "PUT", "apis/pets", fmt.Sprintf(`{"properties":{"path":"pets","format":"openapi","value":%q}}`, yaml))
	w.must(404, "GET", "apis/pets/operations/listpets", "")
	w.must(200, "GET", "apis/pets/operations/get-toys", "")

	before := w.must(200, "HEAD", "apis/pets", "").Header.Get("ETag")
	w.must(200, "PATCH", "apis/pets", `{"properties":{"displayName":"Toys","description":null}}`, "If-Match", before)
	if got := exportOf(t, w, "pets"); !strings.Contains(got, `"title":"Toys"`) || !strings.Contains(got, "azure-api.net/pets") {
		t.Errorf("the export after a rename: %s", got)
	}
}

func TestTheReaderReadsAndNothingElse(t *testing.T) {
	for _, withRole := range []bool{true, false} {
		t.Run(fmt.Sprintf("role=%v", withRole), func(t *testing.T) {
			w := start(t, emulator.Options{APIs: 1, NoRole: !withRole})
			token := w.must(200, "GET", "/msi/token?api-version=2019-08-01&resource=https://management.azure.com", "", "X-IDENTITY-HEADER", "x", "Authorization", "")
			bearer := fmt.Sprint("Bearer ", token.field(t, "access_token"))
			read := 403
			if withRole {
				read = 200
			}
			w.must(read, "GET", "apis", "", "Authorization", bearer)
			w.must(read, "HEAD", "apis/sales-orders-00000", "", "Authorization", bearer)
			a := w.must(403, "DELETE", "apis/sales-orders-00000", "", "Authorization", bearer, "If-Match", "*")
			if a.field(t, "error.code") != "AuthorizationFailed" {
				t.Errorf("%s", a.body)
			}
			if withRole {
				return
			}
			w.must(201, "PUT", w.instance+"/providers/Microsoft.Authorization/roleAssignments/6b1f3c7e-0000-4000-8000-000000000001?api-version=2022-04-01",
				fmt.Sprintf(`{"properties":{"roleDefinitionId":"/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/71522526-b88f-4d52-b57f-d31fc3546d0d","principalId":%q,"principalType":"ServicePrincipal"}}`,
					emulator.SubscriptionID, emulator.ManagedID))
			w.must(200, "GET", "apis", "", "Authorization", bearer)
		})
	}
}

func TestLateReadersSeeThePast(t *testing.T) {
	w := start(t, emulator.Options{APIs: 2})
	w.must(200, "PUT", "/admin/faults", `{"consistencyDelay":"1h"}`)
	w.must(201, "PUT", "apis/new", `{"properties":{"displayName":"New","path":"new"}}`)
	w.must(204, "DELETE", "apis/sales-orders-00000", "", "If-Match", "*")
	w.must(200, "PATCH", "apis/sales-customers-00001", `{"properties":{"displayName":"Other"}}`, "If-Match", "*")
	w.must(404, "GET", "apis/new", "")
	w.must(200, "GET", "apis/sales-orders-00000", "")
	a := w.must(200, "GET", "apis", "")
	if a.field(t, "count") != 2.0 || strings.Contains(string(a.body), "Other") {
		t.Errorf("the list shows writes too early: %s", a.body)
	}
	w.must(200, "PUT", "/admin/faults", `{}`)
	a = w.must(200, "GET", "apis", "")
	if a.field(t, "count") != 2.0 || !strings.Contains(string(a.body), "Other") || !strings.Contains(string(a.body), `"New"`) {
		t.Errorf("the list does not show the writes: %s", a.body)
	}
}

func TestStatsCountByKind(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	w.must(204, "POST", "/admin/stats/reset", "")
	w.must(200, "GET", "apis", "")
	w.must(200, "HEAD", "apis/sales-orders-00000", "")
	exportOf(t, w, "sales-orders-00000")
	w.must(200, "PUT", "/admin/faults", `{"bucket":1,"refill":1}`)
	w.call("GET", "apis", "")
	w.must(429, "GET", "apis", "")
	got := w.Stats()
	want := emulator.Stats{ARM: 5, Blob: 1, Admin: 1, Throttled: 1, Bytes: got.Bytes, Routes: got.Routes}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for class, n := range map[string]int64{"list": 2, "head": 1, "export": 1} {
		if got.Routes[class] != n {
			t.Errorf("%d requests of class %s, want %d", got.Routes[class], class, n)
		}
	}
}

func TestTouchChangesRowsAndDefinitions(t *testing.T) {
	w := start(t, emulator.Options{APIs: 3})
	before := w.must(200, "HEAD", "apis/sales-orders-00000", "").Header.Get("ETag")
	w.must(200, "POST", "/admin/touch?n=1&definition=true", "")
	a := w.must(200, "GET", "apis", "")
	if n := strings.Count(string(a.body), "Touched "); n != 1 || before == w.must(200, "HEAD", "apis/sales-orders-00000", "").Header.Get("ETag") {
		t.Errorf("%d rows touched, want 1", n)
	}
	if doc := exportOf(t, w, "sales-orders-00000"); !strings.Contains(doc, `"/touched"`) {
		t.Errorf("the definition is as before: %s", doc)
	}
	w.must(400, "POST", "/admin/touch?n=x", "")
}

func TestTrickleGoesThroughItsStory(t *testing.T) {
	srv, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var lines []string
	err = srv.Trickle(ctx, time.Nanosecond, 1, func(line string) {
		if lines = append(lines, line); len(lines) == 40 {
			stop()
		}
	})
	if err != nil || len(lines) < 40 {
		t.Fatalf("%v after %d lines", err, len(lines))
	}
	if lines[0] != "Returns takes photos." {
		t.Errorf("the story begins with %q", lines[0])
	}
}
