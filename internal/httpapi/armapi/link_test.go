package armapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

func escape(s string) string { return url.QueryEscape(s) }

const link = space + "/apiSources/gateway"

func properties(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var body struct{ Properties map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	return body.Properties
}

func TestLinkSpellings(t *testing.T) {
	for _, tt := range []struct{ name, properties, want string }{
		{"published", `"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + gateway + `"},"importSpecification":"always"`, "always"},
		{"no type", `"azureApiManagementSource":{"resourceId":"` + gateway + `"}`, "ondemand"},
		{"VS Code", `"apiSourceType":"apim","apimSource":{"resourceId":"` + gateway + `"}`, "ondemand"},
		{"early draft", `"azureApiManagementSource":{"resourceId":"` + gateway + `"},"shouldImportSpec":false`, "never"},
		{"linkState is read-only", `"apiSourceType":"azureapimanagement","azureApiManagementSource":{"resourceId":"` + gateway + `"},"linkState":{"state":"error"},"synchronization":5`, "ondemand"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := centre(t)
			p := properties(t, d.must("PUT", link, `{"properties":{`+tt.properties+`}}`, 201))
			if p["apiSourceType"] != "AzureApiManagement" || p["importSpecification"] != tt.want {
				t.Errorf("properties %v, want AzureApiManagement, %s", p, tt.want)
			}
			if s := p["linkState"].(map[string]any); s["state"] != "initializing" || s["lastUpdatedOn"] == "" {
				t.Errorf("linkState %v", s)
			}
			if _, ok := p["apimSource"]; ok {
				t.Error("apimSource on a version that does not know it")
			}
		})
	}
}

func TestLinkFaults(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	other := space + "/apiSources/other"
	d.fails("PUT", other, `{"properties":{}}`, 400, "ValidationError", "properties.azureApiManagementSource.resourceId")
	d.fails("PUT", other, `{"properties":{"apiSourceType":"AmazonApiGateway","amazonApiGatewaySource":{}}}`, 400, "ValidationError", "properties.apiSourceType")
	d.fails("PUT", other, `{"properties":{"azureApiManagementSource":{"resourceId":"x"}}}`, 400, "ValidationError", "properties.azureApiManagementSource.resourceId")
	d.fails("PUT", other, `{"properties":{"azureApiManagementSource":{"resourceId":5}}}`, 400, "InvalidRequestContent", "API source")
	d.fails("PUT", other, linkBody, 409, "Conflict", "linked already")
	d.fails("PUT", link, strings.Replace(linkBody, "/gw", "/gw2", 1), 409, "Conflict", "cannot change")
}

func TestEnvironmentOfALinkIsEchoed(t *testing.T) {
	d := centre(t)
	d.must("PUT", space+"/environments/prod", `{"properties":{"title":"P","kind":"production"}}`, 201)
	for _, given := range []string{"/workspaces/default/environments/prod", space + "/environments/prod"} {
		body := strings.Replace(linkBody, `"apiS`, `"targetEnvironmentId":"`+given+`","apiS`, 1)
		if p := properties(t, d.ask("PUT", link, body)); p["targetEnvironmentId"] != given {
			t.Errorf("sent %q, got %q", given, p["targetEnvironmentId"])
		}
	}
}

func TestTagOfALinkCoversItsState(t *testing.T) {
	d := centre(t)
	before := d.must("PUT", link, linkBody, 201).Header().Get("ETag")
	d.status(inventory.LinkStatus{State: inventory.Syncing, SyncedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), APIs: 2, Held: []string{"apis/a"}})
	w := d.must("GET", link, "", 200, "If-None-Match", before)
	d.golden("apiSource-synced", w)
	d.must("GET", link, "", 304, "If-None-Match", w.Header().Get("ETag"))
}

func TestALinkTellsHowItFollowsTheLog(t *testing.T) {
	d := centre(t)
	following := strings.Replace(linkBody, `"apiS`, `"activityLog":true,"apiS`, 1)
	d.must("PUT", link, following, 201)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d.status(inventory.LinkStatus{State: inventory.Syncing, SyncedAt: at, ActivityLog: &inventory.LogStatus{
		ReadAt: at, NextDue: at.Add(time.Hour), Message: "it may not read the activity log",
	}})
	d.golden("apiSource-log", d.must("GET", link, "", 200))
	d.fails("PUT", link, strings.Replace(following, "true", `"yes"`, 1), 400, "ValidationError", "activityLog")
	p := properties(t, d.must("PUT", link, linkBody, 200))
	if _, told := p["synchronization"].(map[string]any)["activityLog"]; told || p["activityLog"] != nil {
		t.Errorf("after it was turned off: %v", p)
	}
}

func TestTheAgeOfALinkIsThatOfNow(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, strings.Replace(linkBody, `"apiS`, `"freshnessTargetSeconds":30,"apiS`, 1), 201)
	for _, tt := range []struct {
		proven time.Duration // ago
		late   bool
	}{{10 * time.Second, false}, {25 * time.Second, false}, {45 * time.Second, true}} {
		now := d.store.Now()
		d.status(inventory.LinkStatus{
			State: inventory.Syncing, SyncedAt: now, ProvenAt: now.Add(-tt.proven), Definitions: 1, DefinitionsProvenAt: now.Add(-time.Hour),
			LastRun: inventory.LastRun{Outcome: "ok", Ended: now},
		})
		s := properties(t, d.must("GET", link, "", 200))["synchronization"].(map[string]any)
		age, definitions := s["ageSeconds"].(float64), s["definitionsAgeSeconds"].(float64)
		if least := (tt.proven + time.Minute).Seconds(); age <= least || age > least+3 {
			t.Errorf("age %v s, want a little more than %v", age, least)
		}
		if definitions <= 3660 || definitions > 3663 {
			t.Errorf("age of definitions %v s, want a little more than 3660", definitions)
		}
		if s["late"] != tt.late || (s["lateReason"] != nil) != tt.late || s["targetSeconds"] != 30.0 {
			t.Errorf("proven %v ago: %v", tt.proven, s)
		}
		time.Sleep(1100 * time.Millisecond)
		if later := properties(t, d.must("GET", link, "", 200))["synchronization"].(map[string]any)["ageSeconds"].(float64); later <= age {
			t.Errorf("a second later it is %v s, it was %v", later, age)
		}
	}
	for _, wrong := range []string{`5`, `"60"`, `10.5`, `-1`, `true`, `1e12`} {
		d.fails("PUT", link, strings.Replace(linkBody, `"apiS`, `"freshnessTargetSeconds":`+wrong+`,"apiS`, 1), 400, "ValidationError", "properties.freshnessTargetSeconds")
	}
}

func (d *desk) status(s inventory.LinkStatus) {
	d.Helper()
	if err := d.store.Update(d.Context(), "worker", func(tx inventory.Tx) error {
		return tx.SetStatus(inventory.MustID(linkID), s)
	}); err != nil {
		d.Fatal(err)
	}
}

func TestSourceDeterminesItsProperties(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	d.brings("S/G/Center/workspaces/default/apis/petstore", "groups/pets", `{"title":"Pets","kind":"rest"}`)
	d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest","summary":"mine"}}`, 200)
	d.golden("error-owned", d.must("PUT", api, `{"properties":{"title":"Cats","kind":"rest"}}`, 409))
	d.fails("DELETE", api, "", 409, "Conflict", `"gateway"`)
}

func TestWhatIsKeptIsPeoplesToEdit(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	d.brings("S/G/Center/workspaces/default/apis/petstore", "groups/pets", `{"title":"Pets","kind":"rest"}`)
	d.vanishes("S/G/Center/workspaces/default/apis/petstore")
	d.must("PUT", api, `{"properties":{"title":"Cats","kind":"rest","summary":"mine"}}`, 200)
	if p := properties(t, d.must("GET", api, "", 200)); p["title"] != "Cats" || p["kind"] != "rest" || p["gone"] == nil {
		t.Errorf("it reads %v", p)
	}
	d.must("DELETE", api, "", 200)
}

func TestActionsOnALink(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	d.source.notified = nil
	d.must("POST", link+"/sync", "", 202)
	w := d.must("POST", link+"/sync", `{"api":"Orders"}`, 202)
	if !instants.MatchString(w.Body.String()) {
		t.Errorf("sync answered %s", w.Body)
	}
	if want := []string{"gateway:", "gateway:apis/orders"}; !slices.Equal(d.source.notified, want) {
		t.Errorf("notified %q, want %q", d.source.notified, want)
	}
	d.fails("POST", link+"/sync", `{"api":5}`, 400, "InvalidRequestContent", "JSON object")
	d.must("POST", link+"/plan", "", 200)
	d.source.failure = &source.Error{Stalled: true, Message: "the role is missing", Err: errors.New("token xyz")}
	d.fails("POST", link+"/plan", "", 409, "SourceRefused", "the role is missing")
	d.source.failure = fmt.Errorf("read: %w", &source.Error{After: 30 * time.Second, Message: "too many requests"})
	if w := d.must("POST", link+"/plan", "", 503); w.Header().Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q, want 30", w.Header().Get("Retry-After"))
	}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := d.store.Update(t.Context(), "worker", func(tx inventory.Tx) error {
		_, err := tx.PutRun(inventory.Run{
			Link: inventory.MustID(linkID), Trigger: "request", Phase: inventory.PhaseDone, Started: began,
			Ended: began.Add(1500 * time.Millisecond), Outcome: "partial", Message: "m", Requests: 7,
			Counts: inventory.Counts{Observed: 2, Added: 1}, Errors: []inventory.RunError{{External: "apis/a", Message: "broken"}},
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d.golden("runs", d.must("GET", link+"/runs?$top=5", "", 200))
	d.holds("apis/a", "apis/b", "apis/c")
	for _, tt := range []struct{ verb, body, want string }{
		{"approve", `{"externals":[]}`, `{"approved":[]}`},
		{"approve", `{"externals":["apis/a"]}`, `{"approved":["apis/a"]}`},
		{"reject", `{"externals":["apis/b"]}`, `{"rejected":["apis/b"]}`},
		{"approve", `{}`, `{"approved":["apis/a","apis/c"]}`},
	} {
		if got := d.must("POST", link+"/"+tt.verb, tt.body, 200).Body.String(); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.verb, tt.body, got, tt.want)
		}
	}
	d.fails("POST", link+"/reject", `{"externals":"apis/a"}`, 400, "InvalidRequestContent", "externals")
	d.fails("POST", link+"/approve", `{"externals":["apis/z"]}`, 400, "ValidationError", "apis/z")
	d.fails("POST", space+"/apiSources/none/sync", "", 404, "ResourceNotFound", "none")
}

func TestLinkDeletesInTheBackground(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	d.must("DELETE", link, "", 200)
	d.must("DELETE", link, "", 200)
	if s := properties(t, d.must("GET", link, "", 200))["linkState"].(map[string]any); s["state"] != "deleting" {
		t.Errorf("linkState %v", s)
	}
	d.fails("PUT", link, linkBody, 409, "Conflict", "being deleted")
	d.must("DELETE", space+"/apiSources/none", "", 204)
}

func TestWhetherALinkKeepsWhatItBroughtIsClear(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	for _, query := range []string{"keep", "keep=", "KEEP=no", "keep=True", "keep=%zz", "keep=true;x=1"} {
		d.fails("DELETE", link+"?"+query, "", 400, "InvalidQueryParameterValue", "use true or false")
	}
	d.must("DELETE", link+"?Keep=true", "", 200)
	d.must("DELETE", link+"?%6beep=true", "", 200) // Conflict if the first had not been one that keeps
}

func TestImportAndExport(t *testing.T) {
	d := filled(t)
	d.fails("POST", definition+"/exportSpecification", "", 404, "ResourceNotFound", "import one first")
	text := "{\"openapi\":\"3.0.1\",\"é\":\"\\u0000\"}\n"
	body, err := json.Marshal(map[string]any{"format": "inline", "value": text, "specification": map[string]string{"name": "OpenAPI", "version": "3.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	d.must("POST", definition+"/importSpecification", string(body), 200)
	var out struct{ Format, Value string }
	if err := json.Unmarshal(d.must("POST", definition+"/exportSpecification", "", 200).Body.Bytes(), &out); err != nil || out.Format != "inline" || out.Value != text {
		t.Errorf("exported %q (%v), imported %q", out, err, text)
	}
	d.fails("POST", definition+"/importSpecification", `{"format":"zip","value":"x","specification":{"name":"openapi"}}`, 400, "ValidationError", "inline")
	d.fails("POST", definition+"/importSpecification", ``, 400, "ValidationError", "format")
	d.fails("POST", definition+"2/importSpecification", string(body), 404, "ResourceNotFound", "openapi2")
}

func TestLargeDocumentsAreExportedAsAddress(t *testing.T) {
	d := filled(t)
	large := strings.Repeat("x", 3<<20+1)
	d.must("POST", definition+"/importSpecification", `{"format":"inline","value":"`+large+`","specification":{"name":"other"}}`, 200)
	var out struct{ Format, Value string }
	if err := json.Unmarshal(d.must("POST", definition+"/exportSpecification", "", 200).Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if out.Format != "link" || !strings.HasPrefix(out.Value, "http://example.com/documents/") {
		t.Fatalf("exported %+v", out)
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, httptest.NewRequest("GET", out.Value, nil))
	if w.Code != 200 || w.Body.String() != large {
		t.Errorf("the address answers %d with %d bytes", w.Code, w.Body.Len())
	}
}

// Whoever may plan but not put a link cannot have a source read that is not linked.
func TestPlanOfOtherSettingsNeedsTheRightToMakeThem(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	d.guard.deny = func(action, _ string) bool { return strings.HasSuffix(action, "/apiSources/write") }
	d.must("POST", link+"/plan", "", 200)
	for _, at := range []string{link, space + "/apiSources/new"} {
		d.fails("POST", at+"/plan", linkBody, 403, "AuthorizationFailed", "apiSources/write")
		d.fails("POST", at+"/apply", linkBody, 403, "AuthorizationFailed", "apiSources/write")
	}
}
