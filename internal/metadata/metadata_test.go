package metadata_test

import (
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/metadata"
)

func TestValuesAreChecked(t *testing.T) {
	choice := `{"type":"string","title":"Region","oneOf":[{"const":"eu","description":"Europe"},{"const":"us","description":""}]}`
	for _, tt := range []struct{ schema, value, fault string }{
		{`{"type":"boolean"}`, `true`, ""},
		{`{"type":"boolean"}`, `"true"`, "got string, want boolean"},
		{`{"type":"number"}`, `1.5`, ""},
		{`{"type":"number"}`, `"1"`, "want number"},
		{`{"type":"string","pattern":"^a+$"}`, `"aa"`, ""},
		{`{"type":"string","pattern":"^a+$"}`, `"b"`, "does not match pattern"},
		{choice, `"eu"`, ""},
		{choice, `"mars"`, "oneOf"},
		{`{"type":"array","items":{"type":"string","oneOf":[{"const":"a"},{"const":"b"}]}}`, `["a","b"]`, ""},
		{`{"type":"array","items":{"enum":["a"]}}`, `["z"]`, "at '/0'"},
		{`{"type":"object","properties":{"n":{"type":"number"}},"required":["n"]}`, `{"n":1}`, ""},
		{`{"type":"object","properties":{"n":{"type":"number"}},"required":["n"]}`, `{}`, "missing property 'n'"},
		{`{}`, `null`, ""},
		{`{"$defs":{"x":{"type":"number"}},"$ref":"#/$defs/x"}`, `"x"`, "want number"},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","type":"number"}`, `"x"`, "want number"},
		{`{"multipleOf":2}`, `1e99999999`, "out of range"},
		{`{"type":"integer"}`, `1e-99999999`, "out of range"},
		{`{"type":"number","maximum":1e300}`, `1e301`, "maximum"},
		{`{"type":"string"}`, `"` + strings.Repeat("x", 40<<10) + `"`, "bytes"},
	} {
		s, err := metadata.Parse(tt.schema)
		if err != nil {
			t.Fatalf("%s: %v", tt.schema, err)
		}
		err = s.Check([]byte(tt.value))
		if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%.80s against %s: %v, want %q", tt.value, tt.schema, err, tt.fault)
		}
		if err != nil && strings.Contains(err.Error(), "schema:") {
			t.Errorf("the fault tells of the inside: %v", err)
		}
	}
}

func TestSchemasThatCannotBe(t *testing.T) {
	many := make([]string, 17)
	for i := range many {
		many[i] = `{"$ref":"#/$defs/x"}`
	}
	for _, tt := range []struct{ schema, fault string }{
		{``, "not JSON"},
		{`{`, "not JSON"},
		{`{} {}`, "not JSON"},
		{`true`, "not a JSON object"},
		{`[]`, "not a JSON object"},
		{`{"type":"text"}`, "type"},
		{`{"type":"string","pattern":"("}`, "pattern"},
		{`{"minLength":-1}`, "minLength"},
		{`{"$ref":"https://example.com/other.json"}`, "only refer to itself"},
		{`{"$ref":"file:///etc/passwd"}`, "only refer to itself"},
		{`{"$schema":"https://example.com/meta"}`, "only refer to itself"},
		{`{"$id":"https://example.com/a","$ref":"b"}`, "only refer to itself"},
		{`{"$ref":"#/$defs/none"}`, "none"},
		{`{"description":"` + strings.Repeat("x", 40<<10) + `"}`, "bytes"},
		{strings.Repeat(`{"not":`, 40) + `{}` + strings.Repeat(`}`, 40), "deep"},
		{`{"minimum":1e99999999}`, "out of range"},
		{`{"$defs":{"x":{}},"allOf":[` + strings.Join(many, ",") + `]}`, "references"},
	} {
		if _, err := metadata.Parse(tt.schema); err == nil || !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%.80s: %v, want %q", tt.schema, err, tt.fault)
		}
	}
}

func TestType(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"string"}`: "string", `{"type":["string","null"]}`: "null,string", `{"type":["null","string"]}`: "null,string",
		`{"type":"string","oneOf":[{"const":"a"}]}`: "choice", `{"enum":[1]}`: "choice", `{"title":"x"}`: "",
	} {
		s, err := metadata.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Type(); got != want {
			t.Errorf("%s: type %q, want %q", text, got, want)
		}
	}
	s, err := metadata.Parse(`{"type":"object","properties":{"a":{},"b":{}}}`)
	if err != nil || s.Members() != 2 {
		t.Errorf("members of an object: %v, %v, want 2", s, err)
	}
}

// FuzzParse: no schema and no value makes it fail other than with an error.
func FuzzParse(f *testing.F) {
	f.Add(`{"type":"string","oneOf":[{"const":"eu"}]}`, `"eu"`)
	f.Add(`{"$ref":"#","properties":{"a":{"$ref":"#"}}}`, `{"a":{"a":{}}}`)
	f.Add(`{"$dynamicRef":"#x","$dynamicAnchor":"x"}`, `1e999`)
	f.Add(fmt.Sprintf(`{"multipleOf":1e-%d}`, 400), `1e400`)
	f.Fuzz(func(_ *testing.T, schema, value string) {
		if s, err := metadata.Parse(schema); err == nil {
			_ = s.Check([]byte(value))
			s.Type()
			s.Members()
		}
	})
}
