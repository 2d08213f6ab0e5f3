package portal

import (
	"encoding/json"
	"strconv"
	"testing"
	"unicode/utf8"

	"apicenter/internal/inventory"
	"apicenter/internal/metadata"
)

func TestDraftsBecomeSchemas(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    draft
		want string
	}{
		{
			"text",
			draft{Type: "text", Title: "Team", Description: "Who owns it", Least: "2", Most: "40", Pattern: "^<b>$"},
			`{"title":"Team","description":"Who owns it","type":"string","pattern":"^<b>$","minLength":2,"maxLength":40}`,
		},
		{"number", draft{Type: "number", Least: "-1.5", Most: "1e3"}, `{"type":"number","minimum":-1.5,"maximum":1e3}`},
		{"whole number", draft{Type: "number", Whole: true, Least: "0"}, `{"type":"integer","minimum":0}`},
		{"yes or no", draft{Type: "flag"}, `{"type":"boolean"}`},
		{"date", draft{Type: "date"}, `{"type":"string","format":"date"}`},
		{"address", draft{Type: "address"}, `{"type":"string","format":"uri"}`},
		{"email", draft{Type: "email"}, `{"type":"string","format":"email"}`},
		{
			"choice",
			draft{Type: "choice", Options: "gold | at once\nsilver"},
			`{"type":"string","oneOf":[{"const":"gold","description":"at once"},{"const":"silver","description":""}]}`,
		},
		{"choices", draft{Type: "choices", Options: "a"}, `{"type":"array","items":{"type":"string","oneOf":[{"const":"a","description":""}]}}`},
		{"list", draft{Type: "list", Items: "email"}, `{"type":"array","items":{"type":"string","format":"email"}}`},
		{
			"object",
			draft{Type: "object", Members: []draftMember{{"mail", "email", false}, {"name", "text", true}}},
			`{"type":"object","properties":{"mail":{"type":"string","format":"email"},"name":{"type":"string"}},"required":["name"]}`,
		},
	} {
		text, err := tt.d.text()
		if err != nil || !inventory.SameJSON([]byte(text), []byte(tt.want)) {
			t.Errorf("%s: %s, %v", tt.name, text, err)
			continue
		}
		if _, err := metadata.Parse(text); err != nil {
			t.Errorf("%s is no schema: %v", tt.name, err)
		}
		// What a form has made, it shows again.
		if again := draftOf(text); again.Type != tt.d.Type {
			t.Errorf("%s is shown as %q", tt.name, again.Type)
		} else if said, err := again.text(); err != nil || said != text {
			t.Errorf("%s becomes %s, %v", tt.name, said, err)
		}
	}
}

func TestWhatNoFormCanSayIsJSON(t *testing.T) {
	for _, text := range []string{
		``, `x`, `[]`, `{}`, `{"enum":[1,2]}`, `{"type":"string","format":"ipv4"}`, `{"type":["string","null"]}`, `{"type":"string","default":"x"}`,
		`{"type":"array","items":{"type":"array"}}`, `{"type":"object","properties":{"a":{"enum":["b"]}}}`, `{"type":"string","minLength":1.0,"$comment":"x"}`,
		objectOf(maxDraftMembers + 1), `{"type":"object","properties":{"":{"type":"string"}}}`, `{"type":"string","title":"x "}`,
	} {
		d := draftOf(text)
		if said, err := d.text(); d.Type != "json" || err != nil || said != text {
			t.Errorf("%s is shown as %s: %s, %v", text, d.Type, said, err)
		}
	}
}

func TestDraftsSayWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		d      draft
		target string
	}{
		{draft{}, "type"},
		{draft{Type: "nothing"}, "type"},
		{draft{Type: "text", Least: "some"}, "least"},
		{draft{Type: "number", Most: `"1"`}, "most"},
		{draft{Type: "choice", Options: " \n|x"}, "options"},
		{draft{Type: "choice", Options: "a\na | again"}, "options"},
		{draft{Type: "list", Items: "list"}, "items"},
		{draft{Type: "object"}, "members"},
		{draft{Type: "object", Members: []draftMember{{"a", "text", false}, {"a", "text", false}}}, "members"},
		{draft{Type: "object", Members: []draftMember{{"a", "object", false}}}, "members"},
	} {
		_, err := tt.d.text()
		if e := errorOf(err); e == nil || e.Target != tt.target {
			t.Errorf("%+v: %v, want a fault of %s", tt.d, err, tt.target)
		}
	}
}

// Whatever stands in the inventory, the form that shows it says the same, and
// says it when it is sent back as it is.
func FuzzDraftOf(f *testing.F) {
	for _, seed := range []string{
		`{"type":"string"}`, `{"type":"array","items":{"oneOf":[{"const":"a|b"}]}}`, `{"type":"object","properties":{"":{"type":"string"}}}`,
		objectOf(maxDraftMembers), objectOf(maxDraftMembers + 1), `{"type":"object","properties":{" a":{"type":"string"},"a":{"type":"string"}}}`,
		`{"type":"object","properties":{"a\nb":{"type":"string"}}}`, `{"title":" x ","description":"a\n\nb","type":"number","minimum":1.50}`,
		`{"title":"a\u0000","description":"\n","type":"string","pattern":"a\nb"}`, `{"type":"string","pattern":" a "}`,
		`{"type":"string","oneOf":[{"const":"gold","description":"a\rb"}]}`, " {\r\n\"type\": \"boolean\"} ", `{"enum":["\ud800",1]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := draftOf(text)
		said, err := d.text()
		if err != nil || said != text && !inventory.SameJSON([]byte(said), []byte(text)) {
			t.Errorf("%q is shown as %+v: %q, %v", text, d, said, err)
		}
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return // no such schema stands there
		}
		page := rendered(t, "schema", "main", frame{Main: schemaFormOf("team", d, assignmentsOf(doc{}), nil)})
		sent, err := draftFrom(sentBack(t, page)).text()
		if err != nil || !inventory.SameJSON([]byte(sent), []byte(text)) {
			t.Errorf("%q comes back as %q, %v", text, sent, err)
		}
	})
}

// objectOf is the schema of an object with so many members.
func objectOf(members int) string {
	s := schemaDoc{Type: "object", Properties: map[string]*schemaDoc{}}
	for i := range members {
		s.Properties["member"+strconv.Itoa(i)] = &schemaDoc{Type: "string"}
	}
	return string(encode(s))
}
