package listing_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"apicenter/internal/listing"
)

// marked writes the words of a text with their classes.
func marked(lines []listing.Line) string {
	var b strings.Builder
	for _, l := range lines {
		for _, t := range l.Tokens {
			if t.Class == "" {
				b.WriteString(t.Text)
			} else {
				b.WriteString("<" + t.Class + ":" + t.Text + ">")
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestWordsAreToldApart(t *testing.T) {
	for _, tt := range []struct {
		format, text string
		language     listing.Language
		want         string
	}{
		{"openapi", `{"a": [1, true, "x\"y"]}`, listing.JSON, `{<a:"a">: [<n:1>, <k:true>, <s:"x\"y">]}`},
		{"asyncapi", "a: 'x' # why\n- b c: 12", listing.YAML, "<a:a>: <s:'x'> <c:# why>\n- <a:b c>: <n:12>"},
		{"wsdl", "<a b='c'>t</a><!-- x\ny --><d/>", listing.XML, "<t:<a> <a:b>=<s:'c'><t:>>t<t:</a><t:>><c:<!--><c: x>\n<c:y -->><t:<d><t:/>>"},
		{"graphql", "type Pet { # x\n  name(a: Int = 1): String!\n}", listing.GraphQL, "<k:type> <t:Pet> { <c:# x>\n  <a:name>(<a:a>: <t:Int> = <n:1>): <t:String>!\n}"},
		{"grpc", "message M { string a = 1; } // x", listing.Protobuf, "<k:message> <t:M> { <t:string> a = <n:1>; } <c:// x>"},
		{"other", "anything <b>", listing.Plain, "anything <b>"},
	} {
		text := listing.New(tt.format, []byte(tt.text))
		if text.Language != tt.language {
			t.Errorf("%q is %s, want %s", tt.text, text.Language, tt.language)
		}
		if got := marked(text.Between(1, 100)); got != tt.want {
			t.Errorf("%q is shown as\n%s\nwant\n%s", tt.text, got, tt.want)
		}
	}
}

func TestOutline(t *testing.T) {
	for _, tt := range []struct{ format, text, want string }{
		{"graphql", "type Query {\n  pet(\n    id: ID\n  ): Pet\n}\n\"\"\"\ntype No\n\"\"\"\ntype Pet { x: Int }\nenum E { A }", "[{Queries pet 2} {Types Pet 9} {Enumerations E 10}]"},
		{"wsdl", "<wsdl:definitions>\n<wsdl:operation name=\"Add\"/>\n<wsdl:operation name=\"Add\"/><service name=\"S\"/>", "[{Services S 3} {Operations Add 2}]"},
		{"asyncapi", "asyncapi: 3.0.0\nchannels:\n  store: {}\noperations:\n  send: {}", "[{Channels store 3} {Operations send 5}]"},
		{"grpc", "service S {\n  rpc Get (A) returns (B);\n}\nmessage A {}", "[{Services S 1} {Operations Get 2} {Messages A 4}]"},
		{"other", "words", "[]"},
		{"openapi", "a: [", "[]"},
	} {
		if got := fmt.Sprint(listing.New(tt.format, []byte(tt.text)).Outline()); got != tt.want {
			t.Errorf("%q has the outline %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestLongLines(t *testing.T) {
	text := listing.New("openapi", []byte(`{"a":"`+strings.Repeat("x", 5000)+`","b":1}`))
	if !text.Indented || text.Lines != 4 {
		t.Errorf("it has %d lines", text.Lines)
	}
	if l := text.Between(2, 1)[0]; l.More < 2900 || len(l.Tokens) == 0 {
		t.Errorf("the long line is %+v", l)
	}
}

func TestPagesOfLines(t *testing.T) {
	text := listing.New("other", []byte("1\n2\r\n3\n"))
	if text.Lines != 3 {
		t.Errorf("%d lines, want 3", text.Lines)
	}
	for _, tt := range []struct {
		from, count int
		want        string
	}{{1, 2, "1\n2"}, {3, 5, "3"}, {0, 1, "1"}, {9, 5, ""}} {
		if got := marked(text.Between(tt.from, tt.count)); got != tt.want {
			t.Errorf("%d from %d are %q, want %q", tt.count, tt.from, got, tt.want)
		}
	}
	if got := listing.New("", nil); got.Lines != 0 || len(got.Between(1, 5)) != 0 {
		t.Errorf("nothing has %d lines", got.Lines)
	}
}

// All of a text is shown, whatever it is.
func FuzzText(f *testing.F) {
	for _, format := range []string{"openapi", "wsdl", "graphql", "grpc", "asyncapi", ""} {
		f.Add(format, []byte("type Query {\n a: \"b\" # c\n}\n<a b='c'><!-- d -->\n/* e */ \"\"\""))
	}
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		text := listing.New(format, data)
		text.Outline()
		if text.Indented || !utf8.Valid(data) {
			return
		}
		for _, l := range text.Between(1, 1000) {
			var b strings.Builder
			for _, token := range l.Tokens {
				b.WriteString(token.Text)
			}
			lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
			if want := strings.TrimRight(lines[l.Number-1], "\r\n"); l.More == 0 && b.String() != want {
				t.Fatalf("line %d is shown as %q, want %q", l.Number, b.String(), want)
			}
		}
	})
}
