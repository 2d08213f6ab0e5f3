package armapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/inventory"
)

const linkedDocument = `{"format":"link","value":"https://example.com/openapi.json","specification":{"name":"openapi"}}`

// status is the body of a poll.
func status(t testing.TB, body []byte) (s struct {
	ID, Name, Status   string
	StartTime, EndTime time.Time
	Properties         *struct{ Comment string }
	Error              *struct{ Code, Message string }
},
) {
	t.Helper()
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSlowImportsAreAskedForLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := filled(t)
		d.source.documents = map[string]string{"https://example.com/openapi.json": `{"openapi":"3.1.0"}`}
		d.source.hold = make(chan struct{})
		w := d.must("POST", definition+"/importSpecification", linkedDocument, 202)
		location := w.Header().Get("Location")
		if !strings.HasPrefix(location, "http://example.com"+definition+"/operationResults/") || !strings.HasSuffix(location, "?api-version="+version) {
			t.Errorf("Location %q", location)
		}
		for range 100 { // editors do not wait in between
			w = d.must("GET", location, "", 202)
			s := status(t, w.Body.Bytes())
			if s.Status != "InProgress" || s.ID == "" || s.Name == "" || s.StartTime.IsZero() || s.Properties == nil ||
				w.Header().Get("Retry-After") != "1" || w.Header().Get("Location") != location {
				t.Fatalf("while it goes on: %v %s", w.Header(), w.Body)
			}
		}
		close(d.source.hold)
		synctest.Wait()
		if w = d.must("GET", location, "", 200); w.Body.Len() > 0 {
			t.Errorf("an import ends with %s", w.Body)
		}
		d.must("HEAD", location, "", 200)
		d.fails("GET", strings.Replace(location, "/openapi/", "/other/", 1), "", 404, "ResourceNotFound", "operation")
		if got := d.must("POST", definition+"/exportSpecification", "", 200).Body.String(); !strings.Contains(got, "3.1.0") {
			t.Errorf("exported %s", got)
		}
		time.Sleep(time.Hour - time.Minute)
		d.must("GET", location, "", 200)
		time.Sleep(time.Hour + 2*time.Minute)
		synctest.Wait()
		d.fails("GET", location, "", 404, "ResourceNotFound", "kept for an hour")
	})
}

// Who has a role on no more than what he does something with must see how it ends.
func TestWhoBeginsAnOperationMayAskForItsResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := filled(t)
		d.source.documents = map[string]string{"https://example.com/openapi.json": `{"openapi":"3.1.0"}`}
		d.must("PUT", analyzerPath, `{"properties":{}}`, 201)
		for _, tt := range []struct{ on, action, body string }{
			{center, "importFromApim", `{"sourceResourceIds":["` + gateway + `/apis/*"]}`},
			{space, "importApiSource", `{"azureApiManagementSource":{"resourceId":"` + gateway + `"}}`},
			{analyzerPath, "importRuleset", `{"format":"inline-json","value":"{}"}`},
			{definition, "importSpecification", linkedDocument},
		} {
			d.source.hold = make(chan struct{})
			d.guard.deny = func(_, scope string) bool { return scope != tt.on }
			location := d.must("POST", tt.on+"/"+tt.action, tt.body, 202).Header().Get("Location")
			if w := d.ask("GET", location, ""); w.Code >= 400 {
				t.Errorf("%s: what became of it: %d %s", tt.action, w.Code, w.Body)
			}
			close(d.source.hold)
			synctest.Wait()
			if w := d.ask("GET", location, ""); w.Code != 200 {
				t.Errorf("%s: how it ended: %d %s", tt.action, w.Code, w.Body)
			}
		}
	})
}

func TestFailedOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := filled(t)
		d.must("PUT", analyzerPath, `{"properties":{}}`, 201)
		for _, tt := range []struct {
			name, path, body string
			failure          error
			status           int
			code             string
		}{
			{
				"import from API Management", center + "/importFromApim", `{"sourceResourceIds":["` + gateway + `/apis/*"]}`,
				inventory.Errorf(inventory.Denied, "", "the role is missing"), 403, "AuthorizationFailed",
			},
			{
				"one that the source did not answer", center + "/importFromApim", `{"sourceResourceIds":["` + gateway + `/apis/*"]}`,
				inventory.Errorf(inventory.Unavailable, "", "the role is missing, or so"), 409, "OperationFailed",
			},
			{
				"import of a source", space + "/importApiSource", `{"azureApiManagementSource":{"resourceId":"` + gateway + `"}}`,
				inventory.Errorf(inventory.Denied, "", "the role is missing"), 200, "AuthorizationFailed",
			},
		} {
			d.source.failure = tt.failure
			w := d.must("POST", tt.path, tt.body, 202)
			if s := status(t, w.Body.Bytes()); s.Status != "InProgress" {
				t.Errorf("%s begins as %s", tt.name, w.Body)
			}
			synctest.Wait()
			w = d.must("GET", w.Header().Get("Location"), "", tt.status)
			s := status(t, w.Body.Bytes())
			if s.Error == nil || s.Error.Code != tt.code || !strings.Contains(s.Error.Message, "the role is missing") {
				t.Errorf("%s: %s, want %s", tt.name, w.Body, tt.code)
			}
			if tt.status == 200 && (s.Status != "Failed" || s.EndTime.IsZero() || s.Properties.Comment != s.Error.Message) {
				t.Errorf("%s: %s", tt.name, w.Body)
			}
		}
	})
}

func TestDocumentsThatAreTooLarge(t *testing.T) {
	d := filled(t)
	d.must("POST", definition+"/importSpecification", `{"format":"inline","value":"`+strings.Repeat("x", 4<<20)+`","specification":{"name":"other"}}`, 200)
	d.fails("POST", definition+"/importSpecification", `{"format":"inline","value":"`+strings.Repeat("x", 4<<20+1)+`","specification":{"name":"other"}}`,
		413, "RequestEntityTooLarge", "link")
	d.fails("POST", definition+"/importSpecification", `{"format":"inline","value":"`+strings.Repeat("x", 5<<20)+`","specification":{"name":"other"}}`,
		413, "RequestEntityTooLarge", "")
	d.source.documents = map[string]string{"https://example.com/openapi.json": strings.Repeat("x", 20<<20)}
	d.must("POST", definition+"/importSpecification", linkedDocument, 200)
	d.source.documents = map[string]string{"https://example.com/openapi.json": strings.Repeat("x", 50<<20+1)}
	d.fails("POST", definition+"/importSpecification", linkedDocument, 400, "ValidationError", "cannot be fetched")
}

func TestActionsThatMakeNoSense(t *testing.T) {
	d := furnished(t)
	for _, tt := range []struct{ path, body, code, text string }{
		{center + "/importFromApim", ``, "ValidationError", "sourceResourceIds"},
		{center + "/importFromApim", `{"sourceResourceIds":["x"]}`, "ValidationError", "sourceResourceIds"},
		{center + "/importFromApim", `{"sourceResourceIds":"x"}`, "InvalidRequestContent", "JSON object"},
		{space + "/importApiSource", ``, "InvalidRequestContent", "empty"},
		{space + "/importApiSource", `{}`, "ValidationError", "resourceId"},
		{space + "/importApiSource", `{"gitSource":{}}`, "ValidationError", "AzureApiManagement can"},
		{space + "/importApiSource", `{"properties":{"azureApiManagementSource":{"resourceId":"x"}}}`, "ValidationError", "azureApiManagementSource.resourceId"},
		{center + "/exportMetadataSchema", `{"assignedTo":"plugin"}`, "ValidationError", "assignedTo"},
		{analyzerPath + "/importRuleset", ``, "ValidationError", "format"},
		{analyzerPath + "/importRuleset", `{"format":"inline-json"}`, "ValidationError", "value"},
		{definition + "/importSpecification", `{"format":"link","specification":{"name":"openapi"}}`, "ValidationError", "value"},
		{definition + "/importSpecification", `{"format":"inline","value":"x"}`, "ValidationError", "specification.name"},
	} {
		d.fails("POST", tt.path, tt.body, 400, tt.code, tt.text)
	}
}
