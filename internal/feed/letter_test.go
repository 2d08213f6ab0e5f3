package feed_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	service = "Sub/group/Center"
	api     = service + "/workspaces/default/apis/Pets"
)

func field(name, before, after string) inventory.FieldChange {
	f := inventory.FieldChange{Field: inventory.Field(name)}
	if before != "" {
		f.Before = json.RawMessage(before)
	}
	if after != "" {
		f.After = json.RawMessage(after)
	}
	return f
}

func TestLetters(t *testing.T) {
	version := api + "/versions/v1"
	for _, tt := range []struct {
		name    string
		event   inventory.Event
		changes []inventory.Change
		docs    map[string][]byte
	}{
		{"created", inventory.Event{Action: inventory.Created, Path: api}, []inventory.Change{
			{Path: api, Action: inventory.Created},
			{Path: version, Action: inventory.Created},
			{Path: version + "/definitions/openapi", Action: inventory.Created},
			{Path: api + "/deployments/prod", Action: inventory.Created},
		}, map[string][]byte{
			api:                              []byte(`{"title":"Pets","kind":"rest","summary":"s","customProperties":{"team":"a"},"contacts":[]}`),
			version:                          []byte(`{"title":"1","lifecycleStage":"design"}`),
			version + "/definitions/openapi": []byte(`{"title":"OpenAPI","specification":{"name":"openapi","version":"3.0.1"}}`),
			api + "/deployments/prod":        []byte(`{"title":"Prod","server":{"runtimeUri":["https://x"]},"customProperties":{}}`),
		}},
		{"updated", inventory.Event{Action: inventory.Updated, Path: api}, []inventory.Change{{
			Path: api, Action: inventory.Updated,
			Fields: []inventory.FieldChange{field("/title", `"Pet"`, `"Pets"`), field("/importedFrom", "", `"x"`), field("/summary", `"s"`, "")},
		}}, map[string][]byte{api: []byte(`{"title":"Pets","kind":"rest"}`)}},
		{"deleted", inventory.Event{Action: inventory.Updated, Path: api}, []inventory.Change{{
			Path: version, Action: inventory.Deleted, Why: inventory.Vanished,
			Fields: []inventory.FieldChange{field("/title", `"1"`, ""), field("/lifecycleStage", `"design"`, "")},
		}}, nil},
		{"moved", inventory.Event{Action: inventory.Updated, Path: api}, []inventory.Change{
			{Path: service + "/workspaces/default/apis/Zoo/versions/v1", Action: inventory.Moved, To: version},
			{Path: api + "/versions/v2", Action: inventory.Moved, To: service + "/workspaces/default/apis/Zoo/versions/v2"},
		}, map[string][]byte{version: []byte(`{"title":"1"}`)}},
		{"renamed", inventory.Event{Action: inventory.Moved, Path: api}, []inventory.Change{
			{Path: api, Action: inventory.Moved, To: service + "/workspaces/default/apis/Zoo"},
			{Path: version, Action: inventory.Moved, To: service + "/workspaces/default/apis/Zoo/versions/v1"},
		}, nil},
		{"others", inventory.Event{Action: inventory.Updated, Path: service}, []inventory.Change{
			{Path: service, Action: inventory.SoftDeleted},
			{Path: service + "/workspaces/default/links/links", Action: inventory.Created},
			{Path: service + "/workspaces/default/environments/prod", Action: inventory.Created},
			{Path: "/access/keys/k", Action: inventory.Created},
		}, map[string][]byte{service + "/workspaces/default/environments/prod": []byte(`{"title":"Prod","kind":"production"}`)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := tt.event
			e.Sequence, e.At, e.Actor, e.Changes = 7, time.Date(2026, 1, 31, 12, 0, 0, 5000, time.UTC), "ann", tt.changes
			got, err := json.MarshalIndent(feed.Letters(e, tt.docs), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			file := filepath.Join("testdata", tt.name+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestLetterID(t *testing.T) {
	for id, want := range map[string][2]int64{"12-3": {12, 3}, "12": {12, 0}} {
		if sequence, count, err := feed.ParseLetterID(id); err != nil || sequence != want[0] || int64(count) != want[1] {
			t.Errorf("ParseLetterID(%q) = %d, %d, %v", id, sequence, count, err)
		}
	}
	for _, id := range []string{"", "x", "1-x", "-1-"} {
		if sequence, _, err := feed.ParseLetterID(id); err == nil && sequence > 0 {
			t.Errorf("ParseLetterID(%q) is %d", id, sequence)
		}
	}
}
