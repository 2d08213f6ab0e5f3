package armapi_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/httpapi/armapi"
)

// call is one request of the story that the golden files tell.
type call struct{ name, method, path, body string }

const (
	schemaPath   = center + "/metadataSchemas/team"
	analyzerPath = space + "/analyzerConfigs/lint"
	portalPath   = center + "/portals/default"
	webhookPath  = center + "/webhooks/hook"
	deletedPath  = base + "/deletedServices/Center"
)

// story makes, reads, changes and deletes one of everything, in an order that works.
func story(t testing.TB) []call {
	jsonRuleset := `{"format":"inline-json","value":"{\"rules\":{}}"}`
	deployment := `{"properties":{"title":"Production","description":"d","environmentId":"/workspaces/default/environments/prod",
		"definitionId":"` + definition + `","state":"active","server":{"runtimeUri":["https://gw.example/pets"]},"customProperties":{}}}`
	return []call{
		{"operations", "GET", "/providers/Microsoft.ApiCenter/operations", ""},
		{"service-create", "PUT", center, `{"location":"West Europe","tags":{"team":"a"},"identity":{"type":"SystemAssigned"},"sku":{"name":"Free"},"properties":{}}`},
		{"service", "GET", center, ""},
		{"service-patch", "PATCH", center, `{"tags":{"team":"b"},"identity":{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader":{}}}}`},
		{"service-replace", "PUT", center, `{"location":"West Europe"}`},
		{"services-of-group", "GET", base + "/services", ""},
		{"services-of-subscription", "GET", "/subscriptions/S/providers/Microsoft.ApiCenter/services", ""},
		{"workspaces", "GET", center + "/workspaces", ""},
		{"workspace-repeat", "PUT", space, `{"properties":{"title":"Default workspace"}}`},
		{"workspace-create", "PUT", center + "/workspaces/other", `{"properties":{"title":"Other","description":"more than default"}}`},
		{"workspace", "GET", center + "/workspaces/other", ""},
		{"workspace-delete", "DELETE", center + "/workspaces/other", ""},
		{"schema-create", "PUT", schemaPath, `{"properties":{"schema":"{ \"type\": \"string\", \"title\": \"Team\" }","assignedTo":[{"entity":"api","required":true,"deprecated":false}]}}`},
		{"schema", "GET", schemaPath, ""},
		{"schemas", "GET", center + "/metadataSchemas", ""},
		{"schemas-export", "POST", center + "/exportMetadataSchema", `{"assignedTo":"api"}`},
		{"api-create", "PUT", api, `{"properties":{"title":"Pets","kind":"rest","summary":"s","description":"d","termsOfService":{"url":"example.com"},
			"externalDocumentation":[{"title":"t","url":"example.com"}],"contacts":[{"name":"n","url":"example.com","email":"e"}],
			"license":{"name":"MIT","identifier":"MIT"},"customProperties":{"team":"a"}}}`},
		{"api", "GET", api, ""},
		{"api-custom-property", "PUT", api, `{"properties":{"title":"Pets","kind":"rest","customProperties":{"team":5}}}`},
		{"apis", "GET", space + "/apis?$top=1", ""},
		{"api-merge", "POST", api + "/merge", `{"into":"none"}`},
		{"api-unmerge", "POST", api + "/unmerge", `{"link":"gateway"}`},
		{"api-lead", "POST", api + "/lead", `{"link":"gateway"}`},
		{"api-sources", "GET", api + "/sources", ""},
		{"version-create", "PUT", petVersion, `{"properties":{"title":"1.0","lifecycleStage":"production"}}`},
		{"version", "GET", petVersion, ""},
		{"versions", "GET", api + "/versions", ""},
		{"definition-create", "PUT", definition, `{"properties":{"title":"OpenAPI","description":"d"}}`},
		{"definition-import-inline", "POST", definition + "/importSpecification", `{"format":"inline","value":"{\"openapi\":\"3.0.1\"}","specification":{"name":"OpenAPI","version":"3.0.1"}}`},
		{"definition", "GET", definition, ""},
		{"definition-export", "POST", definition + "/exportSpecification", ""},
		{"definition-diff", "POST", definition + "/diff", `{"from":{"id":"` + definition + `"}}`},
		{"definition-diff-of-nothing", "POST", definition + "/diff", "{}"},
		{"definition-import-link", "POST", definition + "/importSpecification", `{"format":"link","value":"https://example.com/openapi.json","specification":{"name":"openapi"}}`},
		{"definition-import-broken-link", "POST", definition + "/importSpecification", `{"format":"link","value":"https://example.com/none","specification":{"name":"openapi"}}`},
		{"definitions", "GET", petVersion + "/definitions", ""},
		{"securityRequirements", "GET", petVersion + "/securityRequirements", ""},
		{"environment-create", "PUT", space + "/environments/prod", `{"properties":{"title":"Prod","description":"d","kind":"production",
			"server":{"type":"Kubernetes","managementPortalUri":["example.com"]},"onboarding":{"instructions":"i","developerPortalUri":["example.com"]}}}`},
		{"environment", "GET", space + "/environments/prod", ""},
		{"environments", "GET", space + "/environments", ""},
		{"deployment-create", "PUT", api + "/deployments/dep", deployment},
		{"deployment", "GET", api + "/deployments/dep", ""},
		{"deployments", "GET", api + "/deployments", ""},
		{"api-explain", "GET", api + "/explain", ""},
		{"api-explain-field", "GET", api + "/explain?field=/lifecycleStage", ""},
		{"api-explain-no-field", "GET", api + "/explain?field=/none", ""},
		{"version-explain", "GET", petVersion + "/explain", ""},
		{"definition-explain", "GET", definition + "/explain", ""},
		{"deployment-explain", "GET", api + "/deployments/dep/explain", ""},
		{"environment-explain", "GET", space + "/environments/prod/explain", ""},
		{"missing-present", "POST", space + "/explainMissing", `{"name":"Pets"}`},
		{"deployment-delete", "DELETE", api + "/deployments/dep", ""},
		{"environment-delete", "DELETE", space + "/environments/prod", ""},
		{"definition-delete", "DELETE", definition, ""},
		{"version-delete", "DELETE", petVersion, ""},
		{"schema-delete-in-use", "DELETE", schemaPath, ""},
		{"api-delete", "DELETE", api, ""},
		{"schema-delete", "DELETE", schemaPath, ""},
		{"apiSource-create", "PUT", link, linkBody},
		{"apiSource", "GET", link, ""},
		{"apiSources", "GET", space + "/apiSources", ""},
		{"apiSource-plan", "POST", link + "/plan", ""},
		{"apiSource-plan-intended", "POST", space + "/apiSources/gateway/plan", `{"properties":{"azureApiManagementSource":{"resourceId":"` + gateway + `"},"importSpecification":"never"}}`},
		{"apiSource-scope", "PUT", link, strings.Replace(linkBody, `{"properties":{`, `{"properties":{"scope":{"include":[{"name":"pet*"}],"exclude":[{"tag":"internal","product":"partner"}]},`, 1)},
		{"apiSource-apply", "POST", link + "/apply", `{"digest":"` + strings.Repeat("4f0c5e0f", 8) + `"}`},
		{"apiSource-check", "POST", link + "/check", ""},
		{"apiSource-diagnose", "POST", link + "/diagnose", ""},
		{"missing-at-source", "POST", space + "/explainMissing", `{"name":"orders"}`},
		{"missing-deleted", "POST", space + "/explainMissing", `{"name":"Pets","link":"gateway"}`},
		{"missing-nameless", "POST", space + "/explainMissing", `{}`},
		{"apiSource-sync", "POST", link + "/sync", `{"api":"orders"}`},
		{"apiSource-runs", "GET", link + "/runs", ""},
		{"tombstones", "GET", center + "/tombstones", ""},
		{"tombstone-restore-nothing", "POST", center + "/restoreTombstone", `{"id":17}`},
		{"tombstone-restore-which", "POST", center + "/restoreTombstone", `{}`},
		{"tombstone-forget-nothing", "POST", center + "/forgetTombstone", `{"id":17}`},
		{"apiSource-inherit-nothing", "POST", link + "/inherit", `{"from":"` + gateway + `-old"}`},
		{"apiSource-preview-delete", "GET", link + "/previewDelete", ""},
		{"apiSource-deletions", "GET", link + "/deletions", ""},
		{"apiSource-approve", "POST", link + "/approve", `{}`},
		{"apiSource-reject", "POST", link + "/reject", `{}`},
		{"apiSource-pause", "POST", link + "/pause", ""},
		{"apiSource-paused", "GET", link, ""},
		{"apiSource-sync-paused", "POST", link + "/sync", ""},
		{"apiSource-resume", "POST", link + "/resume", ""},
		{"apiSource-amazon", "PUT", space + "/apiSources/aws", `{"properties":{"amazonApiGatewaySource":{"accessKey":"k","secretAccessKey":"s","regionName":"us-east-2"}}}`},
		{"apiSource-git", "PUT", space + "/apiSources/git", `{"properties":{"apiSourceType":"Git","gitSource":{"repositoryUrl":"https://example.com"}}}`},
		{"apiSource-keep-maybe", "DELETE", link + "?keep=maybe", ""},
		{"apiSource-delete", "DELETE", link, ""},
		{"apiSource-keep-too-late", "DELETE", link + "?keep=true", ""},
		{"analyzerConfig-create", "PUT", analyzerPath, `{"properties":{}}`},
		{"analyzerConfig", "GET", analyzerPath, ""},
		{"analyzerConfigs", "GET", space + "/analyzerConfigs", ""},
		{"analyzerConfig-export-nothing", "POST", analyzerPath + "/exportRuleset", ""},
		{"analyzerConfig-import", "POST", analyzerPath + "/importRuleset", jsonRuleset},
		{"analyzerConfig-import-result", "GET", "Location", ""},
		{"analyzerConfig-export", "POST", analyzerPath + "/exportRuleset", ""},
		{"analyzerConfig-import-broken", "POST", analyzerPath + "/importRuleset", `{"format":"inline-zip","value":"` + archive(t, "../ruleset.yaml") + `"}`},
		{"analyzerConfig-import-linked", "POST", analyzerPath + "/importRuleset", `{"format":"link-zip","value":"https://example.com/none.zip"}`},
		{"analyzerConfig-import-linked-result", "GET", "Location", ""},
		{"analyzerConfig-delete", "DELETE", analyzerPath, ""},
		{"authConfigs", "GET", space + "/authConfigs", ""},
		{"portal-create", "PUT", portalPath, `{"properties":{"title":"Portal","enabled":true,"allowAnonymousAccess":true,"authentication":{"clientId":"c","tenantId":"t","authMode":"azureRbac"}}}`},
		{"portal", "GET", portalPath, ""},
		{"portals", "GET", center + "/portals", ""},
		{"portal-delete", "DELETE", portalPath, ""},
		{"importFromApim", "POST", center + "/importFromApim", `{"sourceResourceIds":["` + gateway + `/apis/*"]}`},
		{"importFromApim-result", "GET", "Location", ""},
		{"importApiSource", "POST", space + "/importApiSource", `{"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + gateway + `"},"importSpecification":"always"}`},
		{"importApiSource-result", "GET", "Location", ""},
		{"result-of-definition", "GET", definition + "/operationResults/none", ""},
		{"webhook-create", "PUT", webhookPath, `{"properties":{"address":"https://hooks.example.com/x","eventTypes":["Microsoft.ApiCenter.ApiAdded"]}}`},
		{"webhook-of-unknown-type", "PUT", webhookPath, `{"properties":{"address":"https://hooks.example.com/x","eventTypes":["Added"]}}`},
		{"webhook-to-inside", "PUT", webhookPath, `{"properties":{"address":"http://127.0.0.1/x"}}`},
		{"webhook-of-unknown-handshake", "PUT", webhookPath, `{"properties":{"address":"https://hooks.example.com/x","handshake":"firm"}}`},
		{"webhook-replay-without-secret", "POST", webhookPath + "/replay", `{"after":"3"}`},
		{"webhook-newSecret", "POST", webhookPath + "/newSecret", ""},
		{"webhook", "GET", webhookPath, ""},
		{"webhooks", "GET", center + "/webhooks", ""},
		{"webhook-replay", "POST", webhookPath + "/replay", `{"after":"3"}`},
		{"webhook-replay-later", "POST", webhookPath + "/replay", `{"after":"3000"}`},
		{"webhook-history", "GET", webhookPath + "/history", ""},
		{"webhook-delete", "DELETE", webhookPath, ""},
		{"service-history", "GET", center + "/history?$top=2", ""},
		{"workspace-history", "GET", space + "/history?$top=1&$skiptoken=9", ""},
		{"api-history", "GET", api + "/history", ""},
		{"version-history", "GET", petVersion + "/history", ""},
		{"definition-history", "GET", definition + "/history", ""},
		{"deployment-history", "GET", api + "/deployments/dep/history", ""},
		{"environment-history", "GET", space + "/environments/prod/history", ""},
		{"apiSource-history", "GET", link + "/history?$top=1", ""},
		{"schema-history", "GET", schemaPath + "/history", ""},
		{"analyzerConfig-history", "GET", analyzerPath + "/history?$top=1", ""},
		{"portal-history", "GET", portalPath + "/history", ""},
		{"history-of-nothing", "GET", space + "/apis/none/history", ""},
		{"events", "GET", center + "/events?after=10&limit=3", ""},
		{"events-latest", "GET", center + "/events?after=latest", ""},
		{"events-not-yet", "GET", center + "/events?after=1000", ""},
		{"past-to-come", "GET", api + "?at=2999-01-01T00:00:00Z", ""},
		{"past-before-all", "GET", api + "?at=2001-01-01T00:00:00Z", ""},
		{"past-malformed", "GET", api + "?at=yesterday", ""},
		{"past-written", "PUT", api + "?at=2026-01-01T00:00:00Z", `{"properties":{"title":"Pets","kind":"rest"}}`},
		{"past-of-link", "GET", link + "?at=2026-01-01T00:00:00Z", ""},
		{"service-delete", "DELETE", center, ""},
		{"service-delete-again", "DELETE", center, ""},
		{"service-create-deleted", "PUT", center, `{"location":"x"}`},
		{"deletedService", "GET", deletedPath, ""},
		{"deletedServices-of-group", "GET", base + "/deletedServices", ""},
		{"deletedServices-of-subscription", "GET", "/subscriptions/S/providers/Microsoft.ApiCenter/deletedServices", ""},
		{"service-restore", "PATCH", center, `{"properties":{"restore":true}}`},
		{"service-delete-restored", "DELETE", center, ""},
		{"deletedService-purge", "DELETE", deletedPath, ""},
		{"deletedService-purge-again", "DELETE", deletedPath, ""},
		{"service-not-found", "GET", center, ""},
		{"method-not-allowed", "POST", center, `{}`},
		{"no-such-path", "GET", space + "/skills", ""},
		{"missing-api-version", "GET", center + "?api-version=", ""},
	}
}

// archive is a zip archive of empty files, as base64.
func archive(t testing.TB, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestWire holds the request and the answer of every operation against its golden file.
func TestWire(t *testing.T) {
	d := newDesk(t)
	d.source.documents = map[string]string{"https://example.com/openapi.json": `{"openapi":"3.1.0"}`}
	told := map[string]bool{}
	var location string
	for _, c := range story(t) {
		if c.path == "Location" {
			c.path = d.until(location)
		}
		w := d.ask(c.method, c.path, c.body)
		if w.Code >= 500 {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		location = w.Header().Get("Location")
		d.goldenCall(c, w)
		for _, o := range armapi.Operations() {
			if o.Method == c.method && pattern(o.Path).MatchString(c.path) {
				told[o.Method+" "+o.Path] = true
			}
		}
	}
	for _, o := range armapi.Operations() {
		if !told[o.Method+" "+o.Path] {
			t.Errorf("no golden file tells of %s %s", o.Method, o.Path)
		}
	}
}

// until polls a long operation until it has ended, and gives its address.
func (d *desk) until(location string) string {
	d.Helper()
	for {
		if w := d.ask("GET", location, ""); w.Code != 202 {
			return location
		}
	}
}

var braces = regexp.MustCompile(`\\\{[^}]*\\\}`)

// pattern matches the paths of a template.
func pattern(template string) *regexp.Regexp {
	path := braces.ReplaceAllString(regexp.QuoteMeta(template), "[^/]+")
	path = strings.Replace(path, "/resourceGroups/[^/]+/providers/Microsoft\\.ApiCenter/services", "(/resourceGroups/[^/]+)?/providers/Microsoft\\.ApiCenter/services", 1)
	return regexp.MustCompile("^(http://example.com)?" + path + `(\?.*)?$`)
}

var (
	numbers        = regexp.MustCompile(`("sequence": "?|"cursor": "|"id": "|/history\S*skiptoken=|the last one is )\d+`) // of events
	operationNames = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)
	secrets        = regexp.MustCompile(`whsec_[A-Za-z0-9+/]{43}=`)
	tags           = regexp.MustCompile(`^"[0-9a-z]+-[0-9a-z]+"$`)
	dates          = regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`)
)

// goldenCall compares a request and its answer with testdata, what differs from
// run to run left out.
func (d *desk) goldenCall(c call, w *httptest.ResponseRecorder) {
	d.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", c.method, c.path)
	indent(&b, c.body)
	fmt.Fprintf(&b, "\n%d\n", w.Code)
	for _, name := range []string{"Allow", "Content-Type", "Etag", "Location", "Retry-After", "X-Ms-Error-Code"} {
		value := w.Header().Get(name)
		if name == "Etag" {
			value = tags.ReplaceAllString(value, `"a tag"`)
		}
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	indent(&b, w.Body.String())
	got := operationNames.ReplaceAll(b.Bytes(), []byte("OPERATION"))
	got = dates.ReplaceAll(instants.ReplaceAll(got, []byte("an instant")), []byte("a date"))
	got = numbers.ReplaceAll(got, []byte("${1}N"))
	got = secrets.ReplaceAll(got, []byte("whsec_SECRET"))
	got = bytes.ReplaceAll(got, []byte("a date-preview"), []byte(version))
	file := filepath.Join("testdata", "wire", c.name+".http")
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
		d.Errorf("%s:\n%s\nwant:\n%s", c.name, got, want)
	}
}

func indent(b *bytes.Buffer, body string) {
	if body == "" {
		return
	}
	if err := json.Indent(b, []byte(body), "", "  "); err != nil {
		b.WriteString(body)
	}
	b.WriteByte('\n')
}
