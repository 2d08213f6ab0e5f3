package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParseValue(t *testing.T) {
	for _, tt := range []struct {
		text     string
		literals bool
		want     string // as JSON; empty: an error
	}{
		{"word", false, `"word"`},
		{"two words", true, `"two words"`},
		{"", false, `""`},
		{"12.50", false, `"12.50"`},
		{"12.50", true, `12.50`},
		{"true", false, `"true"`},
		{"true", true, `true`},
		{"null", false, `null`},
		{`"quoted"`, true, `"quoted"`},
		{`{"a":[1,null,{"b":"c"}]}`, false, `{"a":[1,null,{"b":"c"}]}`},
		{`{a:b}`, false, `{"a":"b"}`},
		{`{ a : b , c : [ d, e ] }`, false, `{"a":"b","c":["d","e"]}`},
		{`{a:1,b:true,c:null,d:x}`, true, `{"a":1,"b":true,"c":null,"d":"x"}`},
		{`{a:1,b:true,c:null}`, false, `{"a":"1","b":"true","c":null}`},
		{`{url:https://x.example/a?b=c}`, false, `{"url":"https://x.example/a?b=c"}`},
		{`[{name:Ann},{name:Bo}]`, false, `[{"name":"Ann"},{"name":"Bo"}]`},
		{`{a:'it'/s, so',b:"1,2"}`, true, `{"a":"it's, so","b":"1,2"}`},
		{`{}`, false, `{}`},
		{`[]`, true, `[]`},
		{`{a:}`, false, `{"a":""}`},
		{`{`, false, ""},
		{`{a}`, false, ""},
		{`{a:b`, false, ""},
		{`{a:b}}`, false, ""},
		{`[a b`, false, ""},
		{`{a:'b}`, false, ""},
		{strings.Repeat("[", 100), false, ""},
	} {
		v, err := parseValue(tt.text, tt.literals)
		if (err != nil) != (tt.want == "") {
			t.Errorf("parseValue(%q, %t): %v", tt.text, tt.literals, err)
			continue
		}
		if got := encoded(t, v); err == nil && got != tt.want {
			t.Errorf("parseValue(%q, %t) = %s, want %s", tt.text, tt.literals, got, tt.want)
		}
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// JSON is read as what it is, and nothing makes the parser fall.
func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"b",null]}`, "{a:b,c:[d]}", "{a:'x'/y'}", "[[[[", "a=b", `"`, "{a:{b:{c:'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseValue(text, true)
		if err != nil {
			return
		}
		want, err := parseJSON(text)
		if err == nil && looksNested(text) && encoded(t, v) != encoded(t, want) {
			t.Errorf("%q is read as %s", text, encoded(t, v))
		}
	})
}
