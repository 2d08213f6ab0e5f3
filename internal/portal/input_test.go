package portal

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

// formSeeds are schemas, each with values that were stored under it, or before it was.
var formSeeds = map[string][]string{
	`{"type":"string"}`:                                  {`"a"`, `" a\n"`, `"a\r\nb\rc\n"`, `"\n\na"`, `"\u0000"`, `""`, `5`, `true`, `null`, `{"a":1}`, `["a"]`, `"<b>\"'&amp;"`},
	`{"type":"string","maxLength":500}`:                  {`"  a\r\n\r\nb \r\n"`, `"\n"`, `1e2`},
	`{"type":"string","format":"date"}`:                  {`"2026-01-31"`, `"soon"`, `" 2026-01-31"`, `"0000-01-01"`, `"2026-1-3"`, `"a\nb"`, `20260131`},
	`{"type":"string","format":"uri"}`:                   {`"https://a.example\n"`, `"a\nb"`},
	`{"type":"number"}`:                                  {`1.50`, `1e3`, `-0`, `"abc"`, `[1]`, `12345678901234567890123`},
	`{"type":"integer"}`:                                 {`7`, `7.5`, `"seven"`, `null`},
	`{"type":"boolean"}`:                                 {`true`, `false`, `null`, `"yes"`, `0`},
	`{"enum":["a","A"," b ",{"x":1,"a":[2]},null,1]}`:    {`"a"`, `"A"`, `"b"`, `" b "`, `{"a": [2], "x": 1}`, `null`, `1.0`, `"gone"`},
	`{"oneOf":[{"const":"a","title":"A"},{"const":""}]}`: {`"a"`, `""`, `["a"]`},
	`{"type":"array","items":{"type":"string"}}`:         {`[]`, `["a"," b ",""]`, `["a","b "]`, `["a\nb"]`, `[1,"a"]`, `[null]`, `"a"`, `{}`, `null`},
	`{"type":"array","items":{"enum":["a","b","c"]}}`:    {`["c","a"]`, `["a","a"]`, `["A"]`, `["d",1]`, `[]`, `"a"`, `null`, `[null]`},
	`{"type":"array","items":{"type":"number"}}`:         {`[1, 2.50]`, `{"a" : "<"}`},
	`{"type":"object","properties":{"name":{"type":"string"},"on":{"type":"boolean"},"tags":{"type":"array","items":{"enum":["a","b"]}}},"required":["name"]}`: {
		`{"name":"a","pager":"x"}`, `{"pager":"x"}`, `{"name":" a\n","on":null}`, `{"name":{"first":"a"},"tags":["b","a"]}`, `{"name":7}`, `{}`, `[]`, `null`, `"a"`, `{"name":"","tags":[]}`,
	},
	`{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"day":{"type":"string","format":"date"}},"required":["name"]}}`: {
		`[{"name":"a","pager":"x"}]`, `[{"name":"a"},{}]`, `[null,{"name":"a"}]`, `[{"day":"soon"}]`, `[{"name":" a "},{"name":""},{"name":"b","day":null}]`, `[]`, `{}`, `["a"]`, `null`,
		"[" + strings.Repeat(`{"name":"a"},`, maxRows) + `{"name":"last"}]`,
	},
	`{"type":"array","items":{"type":"object","properties":{"tags":{"type":"array","items":{"enum":["a"]}}}}}`: {`[{"tags":[]},{"tags":["a"]}]`},
	`{"type":"object","properties":{"a\nb":{"type":"string"},"a.b":{"type":"string"}}}`:                        {`{"a\nb":"x","a.b":"y"}`},
	`{"type":"object","properties":{"a\nb":{"type":"string"}}}`:                                                {`{"a\nb":"x"}`},
	`{"type":"object","properties":{"a":{"type":"string"},"a:json":{"type":"string"}}}`:                        {`{"a":"x","a:json":"1"}`},
}

// A form that is sent back as it was shown changes nothing, and finds nothing
// wrong, whatever is stored.
func FuzzFormsChangeNothing(f *testing.F) {
	for _, schema := range slices.Sorted(maps.Keys(formSeeds)) {
		for _, value := range formSeeds[schema] {
			f.Add(schema, value)
		}
	}
	f.Fuzz(func(t *testing.T, schema, value string) {
		if !json.Valid([]byte(value)) || !utf8.ValidString(value) || !utf8.ValidString(schema) {
			return // neither is ever stored
		}
		s := schemaView{Name: "team", Title: "Team", Required: len(value)%2 == 0}
		if json.Unmarshal([]byte(schema), &s.Schema) != nil {
			return
		}
		comesBack(t, func() []input { return []input{inputOf(s)} }, value)
		for kind := range maps.Keys(editable) {
			comesBack(t, func() []input { return copies(editable[kind]) }, value)
		}
	})
}

// comesBack shows a value in inputs and sends the form back as it is.
func comesBack(t *testing.T, inputs func() []input, value string) {
	t.Helper()
	was := inventory.Doc{}
	var page []byte
	for _, in := range inputs() {
		was[fieldNamed(in.Name)] = json.RawMessage(value)
		in.fill(json.RawMessage(value))
		page = append(page, rendered(t, "edit", "input", in)...)
	}
	f := form{inputs: inputs()}
	changed, wrong := f.changes(&request{Request: &http.Request{PostForm: sentBack(t, page)}}, was)
	for field, after := range changed {
		t.Errorf("%s: %s becomes %s", field, value, after)
	}
	for _, in := range f.inputs {
		if in.faulty() {
			t.Errorf("%s: %s is refused: %s", in.Name, value, fmt.Sprint(in.Fault, in.Members, in.Rows))
		}
	}
	if wrong && !f.faulty() {
		t.Errorf("%s is refused", value)
	}
}

// What is changed in a form changes, and what is beside it stays.
func TestFormsChangeWhatWasTouched(t *testing.T) {
	const (
		object = `{"type":"object","properties":{"name":{"type":"string"},"cost":{"type":"number"},"note":{"type":"string"}}}`
		rows   = `{"type":"array","items":` + object + `}`
		lines  = `{"type":"array","items":{"type":"string"}}`
		name   = "customProperties/team"
	)
	for _, tt := range []struct{ schema, was, field, text, want string }{
		{object, `{"name":"a","pager":"x"}`, ":json", `{"name":"b","pager":"y"}`, `{"name":"b","pager":"y"}`},
		{object, `{"name":"a","pager":"x"}`, ":json", "", ``},
		{object, `{"name":"a"}`, ".name", "", ``},
		{object, `{"name":"a","note":""}`, ".name", "", ``},
		{object, `{"name":" a\n","cost":"much","note":7}`, ".note", "8", `{"name":" a\n","cost":"much","note":"8"}`},
		{object, `{"name":"a","note":{"x":1}}`, ".note:json", `{"x":2}`, `{"name":"a","note":{"x":2}}`},
		{object, `"a"`, ":json", `{"name":"a"}`, `{"name":"a"}`},
		{rows, `[{"name":"a"},{"name":" b "},{"name":""}]`, ".0.cost", "1", `[{"name":"a","cost":1},{"name":" b "},{"name":""}]`},
		{rows, `[{"name":"a"},{"name":"b"}]`, ".0.name", "", `[{"name":"b"}]`},
		{rows, `[{"name":"a"}]`, ".1.name", "b", `[{"name":"a"},{"name":"b"}]`},
		{rows, `[{"name":"a","pager":"x"}]`, ":json", `[{"pager":"y"}]`, `[{"pager":"y"}]`},
		{lines, `["a"," b"]`, "", "a\r\nc\r\n", `["a","c"]`},
		{lines, `["a\nb"]`, ":json", `["a\nb","c"]`, `["a\nb","c"]`},
		{`{"type":"string","format":"date"}`, `"soon"`, "", "2026-01-31", `"2026-01-31"`},
	} {
		var s any
		if err := json.Unmarshal([]byte(tt.schema), &s); err != nil {
			t.Fatal(err)
		}
		in := inputOf(schemaView{Name: "team", Title: "Team", Schema: s})
		f := form{inputs: []input{in}}
		in.fill(json.RawMessage(tt.was))
		sent := sentBack(t, rendered(t, "edit", "input", in))
		if !sent.Has(name + tt.field) {
			t.Errorf("%s has no field %q but %v", tt.was, tt.field, sent)
			continue
		}
		sent.Set(name+tt.field, tt.text)
		changed, wrong := f.changes(&request{Request: &http.Request{PostForm: sent}}, inventory.Doc{"/" + name: json.RawMessage(tt.was)})
		if got, ok := changed["/"+name]; wrong || !ok || !same(got, json.RawMessage(tt.want)) {
			t.Errorf("%s with %q in %q becomes %s (%v), want %s", tt.was, tt.text, tt.field, got, wrong, tt.want)
		}
	}
}

// What somebody typed and cannot be taken is told to him, whatever is beside it.
func TestFormsSayWhatIsWrongInParts(t *testing.T) {
	in := input{Name: "x", Sort: asObject, Members: []input{{Name: "x.cost", Label: "Cost", Sort: asNumber}, {Name: "x.name", Label: "Name", Sort: asText, Required: true}}}
	for text, wrong := range map[string]bool{"much": true, "": false} {
		f := form{inputs: copies([]input{in})}
		if _, got := f.changes(&request{Request: &http.Request{PostForm: map[string][]string{"x.cost": {text}, "x.name": {""}}}}, inventory.Doc{}); got != wrong {
			t.Errorf("%q alone: wrong %v", text, got)
		}
	}
}

// A list offers nothing as chosen that is not.
func TestRequiredListsChooseNothing(t *testing.T) {
	in := input{Name: "x", Label: "X", Sort: asSelect, Required: true, Options: words("rest", "soap")}
	in.fill(nil)
	if sent := sentBack(t, rendered(t, "edit", "input", in)); sent.Has("x") {
		t.Errorf("it sends %v", sent)
	}
}
