package metadata_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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

// Each of these would keep a processor busy for longer than anybody waits.
func TestWhatTakesTooLongIsRefused(t *testing.T) {
	list := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	deep := strings.Repeat("[", 30) + strings.Repeat("]", 30)
	const meta = `{"$ref":"https://json-schema.org/draft/2020-12/schema"}`
	for name, tt := range map[string]struct{ schema, value string }{
		"itself, twice":          {`{"allOf":` + list(2, `{"items":{"$ref":"#"}}`) + `}`, deep},
		"itself, often":          {`{"allOf":` + list(16, `{"items":{"$ref":"#"}}`) + `}`, strings.Repeat("[", 8) + strings.Repeat("]", 8)},
		"itself by a name":       {`{"$anchor":"x","anyOf":` + list(2, `{"items":{"$ref":"#x"}}`) + `}`, deep},
		"itself by an id":        {`{"$id":"https://example.com/x","allOf":` + list(2, `{"items":{"$ref":"x"}}`) + `}`, deep},
		"below an id":            {`{"$defs":{"a":{"$id":"https://example.com/a","allOf":` + list(2, `{"items":{"$ref":"#"}}`) + `}},"$ref":"#/$defs/a"}`, deep},
		"itself, dynamically":    {`{"$dynamicAnchor":"x","allOf":` + list(3, `{"items":{"$dynamicRef":"#x"}}`) + `}`, deep},
		"by turns":               {`{"$defs":{"a":{"allOf":` + list(2, `{"items":{"$ref":"#/$defs/b"}}`) + `},"b":{"allOf":` + list(2, `{"items":{"$ref":"#/$defs/a"}}`) + `}},"$ref":"#/$defs/a"}`, deep},
		"escaped":                {`{"$defs":{"a~/b":{"allOf":` + list(2, `{"items":{"$ref":"#/$defs/a~0~1b"}}`) + `}},"$ref":"#/%24defs/a~0~1b"}`, deep},
		"around the meta-schema": {`{"$dynamicAnchor":"meta","allOf":` + list(4, meta) + `}`, strings.Repeat(`{"not":`, 20) + `{}` + strings.Repeat(`}`, 20)},
		"large by large":         {`{"items":{"allOf":` + list(1400, `{"minimum":0}`) + `}}`, list(16000, "1")},
		"a pattern that repeats": {`{"pattern":"((a{1,30}){1,30})*$"}`, `"` + strings.Repeat("a", 32000) + `"`},
	} {
		s, err := metadata.Parse(tt.schema)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		done := make(chan error, 1)
		go func() { done <- s.Check([]byte(tt.value)) }()
		select {
		case err = <-done:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: still busy", name)
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("%s: %v, want that it takes too long", name, err)
		}
	}
}

// What people need is within the bounds.
func TestWhatIsWithinTheBounds(t *testing.T) {
	refs := make([]string, 12)
	for i := range refs {
		refs[i] = fmt.Sprintf(`"p%d":{"$ref":"#/$defs/text"}`, i)
	}
	choices := strings.TrimSuffix(strings.Repeat(`{"const":"one of many choices"},`, 500), ",")
	for name, tt := range map[string]struct{ schema, value string }{
		"many references": {`{"$defs":{"text":{"type":"string"}},"type":"array","items":{"type":"object","properties":{` + strings.Join(refs, ",") + `}}}`, `[{"p1":"x","p2":"y"},{"p3":"z"}]`},
		"a tree":          {`{"$id":"https://example.com/tree","$defs":{"node":{"type":"object","properties":{"id":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},"$ref":"#/$defs/node"}`, `{"id":"a","children":[{"id":"b","children":[{"id":"c","children":[]}]}]}`},
		"many choices":    {`{"anyOf":[` + choices + `]}`, `"one of many choices"`},
		"a long list":     {`{"type":"array","items":{"type":"string","pattern":"^[a-z0-9-]{1,63}$"}}`, "[" + strings.TrimSuffix(strings.Repeat(`"team-payments",`, 1000), ",") + "]"},
	} {
		s, err := metadata.Parse(tt.schema)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Check([]byte(tt.value)); err != nil {
			t.Errorf("%s: %v", name, err)
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
