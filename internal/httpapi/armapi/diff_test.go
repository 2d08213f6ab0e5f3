package armapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// told is an answer to a diff, as far as tests look at it.
type told struct {
	From, To struct{ ID, At string }
	Verdict  string
	Reasons  []struct{ Text string }
	Diff     *struct {
		Added, Removed int
		Hunks          []struct{ Lines []struct{ Op, Text string } }
	}
}

func (d *desk) diff(body string) (out told) {
	d.Helper()
	w := d.must("POST", definition+"/diff", body, 200)
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		d.Fatal(err)
	}
	return out
}

func TestWhatLiesBetweenTwoDocuments(t *testing.T) {
	d := filled(t)
	other := petVersion + "/definitions/other"
	d.must("PUT", other, `{"properties":{"title":"Other"}}`, 201)
	bring := func(definition, text string) {
		quoted, _ := json.Marshal(text)
		d.must("POST", definition+"/importSpecification", `{"format":"inline","value":`+string(quoted)+`,"specification":{"name":"openapi"}}`, 200)
	}
	instant := func() string { return d.store.Now().UTC().Format(time.RFC3339Nano) }
	before := instant()
	bring(definition, `{"a":1,"b":2}`)
	first := instant()
	bring(definition, `{"a":1,"b":3}`)
	second := instant()
	bring(definition, `{"a":4,"b":3}`)
	bring(other, `{"a":4, "b":3}`)

	got := d.diff(`{"from":{"at":"` + first + `"},"to":{"at":"` + second + `"}}`)
	if got.Verdict != "breaking" || len(got.Reasons) != 1 || got.Diff.Added != 1 || got.Diff.Removed != 1 || got.To.At != second {
		t.Errorf("between two instants: %+v", got)
	}
	var lines []string
	for _, l := range got.Diff.Hunks[0].Lines {
		lines = append(lines, l.Op+l.Text)
	}
	if said := strings.Join(lines, "|"); said != ` {|   "a": 1,|-  "b": 2|+  "b": 3| }` {
		t.Errorf("lines: %s", said)
	}
	if got := d.diff(`{"from":{"at":"` + first + `"}}`); got.Diff.Added != 2 || got.From.ID != definition || got.To.ID != definition || got.To.At != "" {
		t.Errorf("since an instant: %+v", got)
	}
	if got := d.diff(`{"from":{"id":"` + other + `"}}`); got.Verdict != "breaking" || got.Diff.Added+got.Diff.Removed != 0 || got.From.ID != other {
		t.Errorf("of another layout: %+v", got)
	}
	bring(other, `{"a":4,"b":3}`)
	if got := d.diff(`{"from":{"id":"` + other + `"}}`); got.Verdict != "unchanged" || len(got.Diff.Hunks) != 0 {
		t.Errorf("of two that have the same: %+v", got)
	}
	bring(other, "\x00\xff")
	d.diff(`{"from":{"id":"` + other + `"}}`)

	for _, tt := range []struct {
		body, code, says string
		status           int
	}{
		{"{}", "ValidationError", "from is missing", 400},
		{`{"from":{"at":"yesterday"}}`, "InvalidRequestContent", "", 400},
		{`{"from":{"at":"` + before + `"}}`, "ResourceNotFound", "had no specification", 404},
		{`{"from":{"at":"2001-01-01T00:00:00Z"}}`, "ResourceNotFound", "there was no definition", 404},
		{`{"from":{"at":"2999-01-01T00:00:00Z"}}`, "ValidationError", "yet to come", 400},
		{`{"from":{"id":"` + api + `"}}`, "ValidationError", "not the id of a definition", 400},
		{`{"from":{"id":"` + strings.Repeat("x", 4000) + `"}}`, "ValidationError", "not the id of a definition", 400},
		{`{"from":{"id":"` + definition + `-2"}}`, "ResourceNotFound", "", 404},
		{`{"from":{"at":"` + first + `"},"to":{"id":"` + other + `"}}`, "ValidationError", "to.at", 400},
	} {
		d.fails("POST", definition+"/diff", tt.body, tt.status, tt.code, tt.says)
	}
	elsewhere := strings.Replace(definition, "default", "secret", 1)
	d.guard.deny = func(action, scope string) bool {
		return strings.Contains(scope, "/secret/") && strings.HasSuffix(action, "/exportSpecification/action")
	}
	d.fails("POST", definition+"/diff", `{"from":{"id":"`+elsewhere+`"}}`, 403, "AuthorizationFailed", "exportSpecification")
}
