package armapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/dataapi"
)

// fill puts names of things that are there into a template.
var fill = strings.NewReplacer(
	"{subscription}", "S", "{group}", "G", "{service}", "Center", "{workspace}", "default", "{api}", "petstore",
	"{version}", "v-1", "{definition}", "openapi", "{deployment}", "dep", "{environment}", "prod", "{link}", "gateway",
	"{schema}", "team", "{analyzer}", "lint", "{portal}", "default", "{webhook}", "hook", "{operation}", "op", "{deletedService}", "gone",
)

func TestEveryOperationIsAuthorisedFirst(t *testing.T) {
	d := filled(t)
	for _, o := range armapi.Operations() {
		path := fill.Replace(o.Path)
		if strings.Contains(path, "{") {
			t.Fatalf("%s: nothing to put into the template", o.Path)
		}
		if !strings.HasPrefix(o.Action, "Microsoft.ApiCenter/") || o.Data {
			t.Errorf("%s %s needs %q, data %v", o.Method, o.Path, o.Action, o.Data)
		}
		d.guard.deny = func(string, string) bool { return true }
		for _, where := range []string{path, strings.Replace(path, "petstore", "nothing", 1)} { // what is not there tells nothing either
			w := d.in(t).ask(o.Method, where, "{")
			if w.Code == http.StatusOK && w.Body.String() == `{"value":[]}` {
				continue // what may not be read is left out
			}
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "AuthorizationFailed") || !strings.Contains(w.Body.String(), o.Action) {
				t.Errorf("%s %s: %d %s, want 403 that names %s", o.Method, where, w.Code, w.Body, o.Action)
			}
		}
	}
}

// TestNoRouteIsMissingFromTheList asks every path of the list for every method.
func TestNoRouteIsMissingFromTheList(t *testing.T) {
	d := filled(t)
	d.guard.deny = func(string, string) bool { return true }
	all := armapi.Operations()
	for _, o := range all {
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE"} {
			listed := slices.ContainsFunc(all, func(other armapi.Operation) bool {
				return other.Path == o.Path && (other.Method == method || other.Method == "GET" && method == "HEAD")
			})
			if w := d.ask(method, fill.Replace(o.Path), ""); listed == (w.Code == http.StatusMethodNotAllowed) {
				t.Errorf("%s %s answers %d; listed: %v", method, o.Path, w.Code, listed)
			}
		}
	}
}

func TestActionsAreAskedForWhereTheyAreDone(t *testing.T) {
	d := filled(t)
	for _, tt := range []struct{ method, path, want string }{
		{"GET", api, "Microsoft.ApiCenter/services/workspaces/apis/read " + api},
		{"GET", space + "/apis", "Microsoft.ApiCenter/services/workspaces/apis/read " + space},
		{"PUT", definition, "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/write " + definition},
		{"DELETE", space + "/apiSources/gateway", "Microsoft.ApiCenter/services/workspaces/apiSources/delete " + space + "/apiSources/gateway"},
		{"POST", space + "/apiSources/gateway/sync", "Microsoft.ApiCenter/services/workspaces/apiSources/sync/action " + space + "/apiSources/gateway"},
		{"GET", space + "/apiSources/gateway/runs", "Microsoft.ApiCenter/services/workspaces/apiSources/runs/read " + space + "/apiSources/gateway"},
		{"POST", definition + "/exportSpecification", "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/exportSpecification/action " + definition},
		{"GET", center + "/metadataSchemas", "Microsoft.ApiCenter/services/metadataSchemas/read " + center},
		{"GET", center + "/portals/default", "Microsoft.ApiCenter/services/portals/read " + center + "/portals/default"},
		{"GET", base + "/services", "Microsoft.ApiCenter/services/read " + center},
		{"GET", "/providers/microsoft.apicenter/Operations", "Microsoft.ApiCenter/operations/read /providers/Microsoft.ApiCenter"},
	} {
		d.guard.deny, d.guard.asked = func(string, string) bool { return true }, nil
		d.ask(tt.method, tt.path, "")
		if got := strings.Join(d.guard.asked, ", "); got != tt.want {
			t.Errorf("%s %s asked for %q, want %q", tt.method, tt.path, got, tt.want)
		}
	}
}

func TestAKeptAnswerIsAuthorisedToo(t *testing.T) {
	d := filled(t)
	for _, path := range []string{api, space + "/apis", center} {
		d.guard.deny = nil
		first := d.must("GET", path, "", 200).Body.String()
		d.guard.deny = func(string, string) bool { return true }
		d.fails("GET", path, "", 403, "AuthorizationFailed", "may not perform")
		d.guard.deny = nil
		if again := d.must("GET", path, "", 200).Body.String(); again != first {
			t.Errorf("%s: %s, then %s", path, first, again)
		}
	}
}

func TestListsOfServicesHoldWhatTheCallerMayRead(t *testing.T) {
	d := centre(t)
	for _, name := range []string{"hidden", "seen-1", "seen-2"} {
		d.must("PUT", base+"/services/"+name, `{"location":"x"}`, 201)
	}
	d.guard.deny = func(_, scope string) bool { return strings.HasSuffix(scope, "/hidden") }
	for query, want := range map[string]string{"": "Center seen-1 seen-2", "?$skip=1": "seen-1 seen-2", "?$top=2": "Center seen-1 seen-2"} {
		names, _ := d.follow(base + "/services" + query)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("services%s: %q, want %q", query, got, want)
		}
	}
	d.guard.deny = func(string, string) bool { return true }
	for _, path := range []string{base + "/services", "/subscriptions/S/providers/Microsoft.ApiCenter/services"} {
		if got := d.must("GET", path, "", 200).Body.String(); got != `{"value":[]}` {
			t.Errorf("%s to somebody without any right: %s", path, got)
		}
	}
}

func TestOperationsAreAnnounced(t *testing.T) {
	d := newDesk(t)
	type offered struct {
		Name         string
		IsDataAction bool
	}
	var got struct{ Value []offered }
	if err := json.Unmarshal(d.must("GET", "/providers/Microsoft.ApiCenter/operations", "", 200).Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	shape := regexp.MustCompile(`^Microsoft\.ApiCenter/([a-zA-Z]+/)+(read|write|delete|action)$`)
	for _, o := range got.Value {
		if !shape.MatchString(o.Name) {
			t.Errorf("operation %q", o.Name)
		}
	}
	for _, o := range armapi.Operations() {
		if !slices.Contains(got.Value, offered{o.Action, false}) {
			t.Errorf("%s is not announced", o.Action)
		}
	}
	for _, o := range dataapi.Operations() {
		if !slices.Contains(got.Value, offered{o.Action, true}) {
			t.Errorf("%s of the data plane is not announced", o.Action)
		}
	}
}
