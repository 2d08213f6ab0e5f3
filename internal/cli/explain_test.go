package cli

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestExplainAsksForTheResourceThatIsMeant(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"petstore"}, "GET " + at + "/apis/petstore/explain" + atPreview},
		{[]string{"apis/petstore/versions/v1", "title"}, "GET " + at + "/apis/petstore/versions/v1/explain" + atPreview + "&field=%2Ftitle"},
		{[]string{"/workspaces/sales/apis/a b", "customProperties.team"}, "GET " + fakeService + "/workspaces/sales/apis/a b/explain" + atPreview + "&field=%2FcustomProperties%2Fteam"},
		{[]string{fakeWorkspace + "/environments/prod", "/title"}, "GET " + at + "/environments/prod/explain" + atPreview + "&field=%2Ftitle"},
	} {
		c := newCenter()
		c.fail["GET explain"] = func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, 200, map[string]any{"fields": []any{map[string]any{
				"field": "/title", "value": "Pets", "layer": "source", "editable": false, "advice": "change it at the source",
				"since": map[string]any{"by": "link/gateway", "run": 7}, "source": map[string]any{"id": "/apim/apis/petstore"},
				"hidden": []any{map[string]any{"layer": "people", "value": strings.Repeat("long ", 20)}},
			}}})
		}
		o := c.run(t, append([]string{"explain", "--service-id", fakeService}, tt.args...)...)
		if o.want(t, exitOK); !slices.Equal(o.requests, []string{tt.want}) {
			t.Errorf("%q sent %q, want %q", tt.args, o.requests, tt.want)
		}
		for _, want := range []string{"Pets", "source", "link/gateway", "7", "/apim/apis/petstore", "people: long", "…", "change it at the source"} {
			if !strings.Contains(o.out, want) {
				t.Errorf("%q printed %s, want %q in it", tt.args, o.out, want)
			}
		}
	}
	for _, args := range [][]string{{}, {"a", "b", "c"}, {"missing"}, {"missing", "a", "b"}} {
		newCenter().run(t, append([]string{"explain"}, args...)...).want(t, exitUsage)
	}
}

func TestExplainMissingSaysWhy(t *testing.T) {
	o := newCenter().run(t, "explain", "missing", "Pet Store", "-i", "prod-gateway", "--service-id", fakeService)
	o.want(t, exitOK)
	if want := "POST " + at + "/explainMissing" + atPreview + ` {"link":"prod-gateway","name":"Pet Store"}`; !slices.Equal(o.requests, []string{want}) {
		t.Errorf("sent %q, want %q", o.requests, want)
	}
	if !strings.Contains(o.out, "pending") || !strings.Contains(o.out, "brings it") {
		t.Errorf("printed %s", o.out)
	}
}

func TestDoctorFailsWhenSomethingIsRefused(t *testing.T) {
	c := newCenter()
	c.run(t, "integration", "doctor", "-i", "prod-gateway").want(t, exitOK)
	c.fail["POST diagnose"] = func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, map[string]any{"ok": false, "findings": []any{map[string]any{"check": "state", "outcome": "refused", "message": "no role"}}})
	}
	o := c.run(t, "integration", "doctor", "-i", "prod-gateway")
	if o.want(t, exitFailed); !strings.Contains(o.out, "no role") {
		t.Errorf("printed %s", o.out)
	}
	newCenter().run(t, "integration", "doctor", "-i", "none").want(t, exitNotFound)
}
