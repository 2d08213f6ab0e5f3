package managerapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

const graphPath = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"

func TestGraphQueries(t *testing.T) {
	w := start(t)
	w.service(other+"/resourceGroups/g/providers/Microsoft.ApiCenter/services/Gamma", `{"location":"north"}`)
	const centers = "resources | where type =~ 'microsoft.apicenter/services'"
	for _, tt := range []struct{ query, more, want string }{
		{centers, "", "Center Gamma 2/2"},
		{centers + " | where name =~ 'gamma'", "", "Gamma 1/1"},
		{centers + " | where name =~ 'none'", "", "0/0"},
		{"  Resources|where Type==\\\"Microsoft.ApiCenter/services\\\"|where Name  =~\\n'Center' ;", "", "Center 1/1"},
		{centers, `,"subscriptions":["OTHER-SUB"]`, "Gamma 1/1"},
		{centers, `,"subscriptions":["none"]`, "0/0"},
		{centers, `,"options":{"$top":1}`, "Center 1/2 next 1"},
		{centers, `,"options":{"$top":1,"$skipToken":"1"}`, "Gamma 1/2"},
		{centers, `,"options":{"$skip":1,"resultFormat":"objectArray"}`, "Gamma 1/2"},
		{centers, `,"options":{"$skip":7}`, "0/2"},
		{"resources | where type =~ 'microsoft.apimanagement/service'", "", "0/0"},
	} {
		var out struct {
			TotalRecords, Count int
			SkipToken           string `json:"$skipToken"`
			Data                []struct{ Name string }
		}
		got := w.must(200, ownerToken, "POST", graphPath, `{"query":"`+tt.query+`"`+tt.more+`}`)
		if err := json.Unmarshal(got.Body.Bytes(), &out); err != nil || out.Data == nil {
			t.Fatalf("%s: %v: %s", tt.query, err, got.Body)
		}
		var said []string
		for _, d := range out.Data {
			said = append(said, d.Name)
		}
		said = append(said, strings.Join([]string{digit(out.Count), digit(out.TotalRecords)}, "/"))
		if out.SkipToken != "" {
			said = append(said, "next", out.SkipToken)
		}
		if got := strings.Join(said, " "); got != tt.want {
			t.Errorf("%s%s: %q, want %q", tt.query, tt.more, got, tt.want)
		}
	}
	for body, want := range map[string]string{
		`{}`: "these are", `{"query":"resources"}`: "these are", `{"query":"resources | where type =~ 'x'"}`: "these are",
		`{"query":"` + centers + ` | project id"}`:                                                    "these are",
		`{"query":"` + centers + ` | where name =~ 'a' | where name =~ 'b'"}`:                         "these are",
		`{"query":"resources | where type =~ 'microsoft.apimanagement/service' | where name =~ 'x'"}`: "these are",
		`{"query":5}`: "JSON", ``: "empty",
		`{"query":"` + centers + `","options":{"$top":0}}`:                                    "$top",
		`{"query":"` + centers + `","options":{"$skip":-1}}`:                                  "$skip",
		`{"query":"` + centers + `","options":{"$skipToken":"x"}}`:                            "$skipToken",
		`{"query":"` + centers + `","options":{"resultFormat":"graph"}}`:                      "resultFormat",
		`{"query":"` + centers + `","subscriptions":["` + strings.Repeat(`a","`, 101) + `"]}`: "at most",
	} {
		if got := w.must(400, ownerToken, "POST", graphPath, body).Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s in it", body, got, want)
		}
	}
}

func digit(n int) string { return string(rune('0' + n)) }
