package dataapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

// wire has a request of each operation, by its name in the table.
var wire = []struct {
	golden, operation, path, body string
	status                        int
}{
	{"apis-everywhere", "GET /apis", "/apis", "", 200},
	{"environments-everywhere", "GET /environments", "/environments", "", 200},
	{"apis", "GET /workspaces/{workspace}/apis", "/workspaces/default/apis?$top=50&$orderby=name%20asc", "", 200},
	{"api", "GET /workspaces/{workspace}/apis/{api}", "/workspaces/default/apis/petstore", "", 200},
	{"api-bare", "GET /workspaces/{workspace}/apis/{api}", "/workspaces/default/apis/bare", "", 200},
	{"versions", "GET /workspaces/{workspace}/apis/{api}/versions", "/workspaces/default/apis/petstore/versions?$top=50", "", 200},
	{"version", "GET /workspaces/{workspace}/apis/{api}/versions/{version}", "/workspaces/default/apis/petstore/versions/v-1", "", 200},
	{"definitions", "GET /workspaces/{workspace}/apis/{api}/versions/{version}/definitions", "/workspaces/default/apis/petstore/versions/v-1/definitions?$top=50", "", 200},
	{"definition", "GET /workspaces/{workspace}/apis/{api}/versions/{version}/definitions/{definition}", "/workspaces/default/apis/petstore/versions/v-1/definitions/openapi", "", 200},
	{"export", "POST /workspaces/{workspace}/apis/{api}/versions/{version}/definitions/{definition}:exportSpecification", "/workspaces/default/apis/petstore/versions/v-1/definitions/openapi:exportSpecification", "", 200},
	{"operation", "GET /workspaces/{workspace}/apis/{api}/versions/{version}/definitions/{definition}/operations/{operation}", "/workspaces/default/apis/petstore/versions/v-1/definitions/openapi/operations/" + petDigest, "", 200},
	{"deployments", "GET /workspaces/{workspace}/apis/{api}/deployments", "/workspaces/default/apis/petstore/deployments?$top=50", "", 200},
	{"deployment", "GET /workspaces/{workspace}/apis/{api}/deployments/{deployment}", "/workspaces/default/apis/petstore/deployments/main", "", 200},
	{"environments", "GET /workspaces/{workspace}/environments", "/workspaces/default/environments", "", 200},
	{"environment", "GET /workspaces/{workspace}/environments/{environment}", "/workspaces/default/environments/prod", "", 200},
	{"search", "POST /workspaces/{workspace}:search", "/workspaces/default:search?$top=50", `{"query":"pets","searchType":"vector"}`, 200},
	{"security-requirements", "GET /workspaces/{workspace}/apis/{api}/versions/{version}/securityRequirements", "/workspaces/default/apis/petstore/versions/v-1/securityRequirements?$top=50", "", 200},
	{"metadata-schemas", "GET /metadataSchemas", "/metadataSchemas?$top=50", "", 200},
	{"metadata-schemas-of-workspace", "GET /workspaces/{workspace}/metadataSchemas", "/workspaces/default/metadataSchemas?$top=50", "", 200},
	{"error-no-workspace", "", "/workspaces/none/metadataSchemas", "", 404},
	{"error-not-found", "", "/workspaces/default/apis/none", "", 404},
	{"error-no-parent", "", "/workspaces/default/apis/none/versions/v-1", "", 404},
	{"error-path", "", "/workspaces/default/skills/x", "", 404},
	{"error-filter", "", "/workspaces/default/apis?$filter=kind%20is%20rest", "", 400},
	{"error-order", "", "/workspaces/default/apis?$orderby=kind%20asc", "", 400},
	{"error-page", "", "/workspaces/default/apis?$top=many", "", 400},
	{"error-past", "", "/workspaces/default/apis?at=2026-01-01T00:00:00Z", "", 400},
	{"error-api-version", "", "/workspaces/default/apis?api-version=1999-01-01", "", 400},
}

// petDigest names petDocument.
const petDigest = "2e8492ed9a2ec9ca3fba51eb0b960ab3e9d2fffdce9c28765fdffc3c2535a93f"

func TestWireShapes(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	tested := map[string]bool{}
	for _, tt := range wire {
		t.Run(tt.golden, func(t *testing.T) {
			method, _, _ := strings.Cut(tt.operation, " ")
			if method == "" {
				method = http.MethodGet
			}
			w := (&desk{TB: t, mux: d.mux}).must(method, tt.path, tt.body, tt.status)
			(&desk{TB: t}).golden(tt.golden, w)
			tested[tt.operation] = true
		})
	}
	for _, o := range dataapi.Operations() {
		if !tested[o.Method+" "+o.Path] {
			t.Errorf("%s %s has no golden file", o.Method, o.Path)
		}
	}
}

// TestWhatClientsRead holds the names that each client reads, where they differ from
// the published ones too. A path goes through lists by the number of an element.
func TestWhatClientsRead(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	const api = "/workspaces/default/apis/petstore"
	for _, tt := range []struct{ client, path, member, want string }{
		{"published", api + "/deployments/main", "server/runtimeUris/1", "https://b.example.com/pets"},
		{"portal, editor", api + "/deployments/main", "server/runtimeUri/1", "https://b.example.com/pets"},
		{"portal", api + "/deployments/bare", "server/runtimeUri", "[]"},
		{"published, editor", api + "/deployments/main", "environment", "prod"},
		{"portal", api + "/deployments/main", "environmentId", "prod"},
		{"portal", api + "/deployments/main", "recommended", "true"},
		{"published", api + "/deployments/bare", "recommended", "false"},
		{"published, editor", api + "/deployments/bare", "title", "bare"},
		{"published, editor", "/workspaces/default/environments/prod", "server/managementPortalUris/0", "example.com/manage"},
		{"portal", "/workspaces/default/environments/prod", "server/managementPortalUri/0", "example.com/manage"},
		{"published, editor", "/workspaces/default/environments/prod", "onboarding/developerPortalUris/0", "example.com/develop"},
		{"portal", "/workspaces/default/environments/prod", "onboarding/developerPortalUri/0", "example.com/develop"},
		{"portal", "/workspaces/default/environments/bare", "onboarding/developerPortalUri", "[]"},
		{"editor", "/workspaces/default/environments/bare", "server/type", ""},
		{"portal, editor", api + "/versions/v-1/definitions/openapi", "specification/name", "openapi"},
		{"editor", api + "/versions/v-1/definitions/empty", "specification/name", ""},
		{"portal", "/metadataSchemas?$top=50", "0/name", "team"},
		{"portal", "/metadataSchemas?$top=50", "0/schema", `{"type":"string", "title":"Team"}`},
		{"portal that names the workspace in its configuration", "/workspaces/default/metadataSchemas?$top=50", "0/name", "team"},
		{"portal", api, "customProperties/team", "pets"},
		{"portal", api, "lifecycleStage", "production"},
		{"portal", "/workspaces/default/apis/bare", "contacts", "[]"},
	} {
		var v any
		if err := json.Unmarshal(d.must("GET", tt.path, "", 200).Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for name := range strings.SplitSeq(tt.member, "/") {
			switch in := v.(type) {
			case map[string]any:
				v = in[name]
			case []any:
				v = in[name[0]-'0']
			}
		}
		got, ok := v.(string)
		if !ok {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			got = string(text)
		}
		if got != tt.want {
			t.Errorf("%s reads %q in %s: %q, want %q", tt.client, tt.member, tt.path, got, tt.want)
		}
	}
}

// TestExportedDocument follows what the portal does: it posts without a body, and
// fetches the address that it gets without a token, from another origin.
func TestExportedDocument(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	const at = "/workspaces/default/apis/petstore/versions/v-1/definitions/openapi"
	for _, path := range []string{
		at + ":exportSpecification", at + "%3AexportSpecification", "/data/center" + at + ":EXPORTspecification/",
		"http://center.data.westeurope." + domain + at + ":exportSpecification",
	} {
		w := d.must("POST", path, "", 200, "Content-Type", "application/json")
		var link struct{ Format, Value string }
		if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil || link.Format != "link" || !strings.HasPrefix(link.Value, "http://") {
			t.Fatalf("%s: %s, want an address (%v)", path, w.Body, err)
		}
		document := d.must("GET", link.Value, "", 200, "Authorization", "", "Origin", "https://portal.example.com")
		if got := document.Body.String(); got != petDocument {
			t.Errorf("%s leads to %q, want %q", path, got, petDocument)
		}
		d.must("OPTIONS", link.Value, "", 204, nobody()...)
		var operation struct {
			Status string
			Result struct{ Format, Value string }
		}
		at := w.Header().Get("Operation-Location")
		if err := json.Unmarshal(d.must("GET", at, "", 200).Body.Bytes(), &operation); err != nil || operation.Status != "Succeeded" || operation.Result.Format != "link" {
			t.Errorf("%s: operation %+v (%v)", at, operation, err)
		}
	}
	d.fails("POST", strings.Replace(at, "openapi", "empty", 1)+":exportSpecification", "", 404, "ResourceNotFound", "no specification yet")
	d.fails("GET", at+"/operations/x", "", 404, "ResourceNotFound", "export it again")
	d.fails("GET", strings.Replace(at, "openapi", "empty", 1)+"/operations/x", "", 404, "ResourceNotFound", "export it again")
}

func TestSearchBodies(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	for _, tt := range []struct {
		body       string
		status     int
		code, text string
	}{
		{``, 400, "InvalidRequestContent", "JSON"},
		{`{`, 400, "InvalidRequestContent", "JSON"},
		{`[]`, 400, "InvalidRequestContent", "JSON"},
		{`{"query":5}`, 400, "InvalidRequestContent", "JSON"},
		{`{"query":"pets"} x`, 400, "InvalidRequestContent", "JSON"},
		{"{\"query\":\"\xff\"}", 400, "InvalidRequestContent", "UTF-8"},
		{`{"query":"  "}`, 400, "ValidationError", "query"},
		{`{}`, 400, "ValidationError", "query"},
		{`{"query":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "RequestEntityTooLarge", "bytes"},
	} {
		d.fails("POST", "/workspaces/default:search", tt.body, tt.status, tt.code, tt.text)
	}
}
