package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestQueriesSelectWhatIsPrinted(t *testing.T) {
	for _, tt := range []struct {
		query, format, want string
	}{
		{"[].name", "json", "[\n  \"petstore\",\n  \"echo\",\n  \"weather\"\n]\n"},
		{"[].name", "tsv", "petstore\necho\nweather\n"},
		{"[].name", "table", "Result\npetstore\necho\nweather\n"},
		{"[0].name", "tsv", "petstore\n"},
		{"[0].name", "json", "\"petstore\"\n"},
		{"[0].name", "yaml", "petstore\n"},
		{"[0].name", "none", ""},
		{"[?kind=='soap'].{Title:title, Name:name}", "table", "Title  Name\nEcho   echo\n"},
		{"[].{name:name, c:contacts, p:customProperties, x:nope}", "tsv", "petstore\t0\t\tNone\necho\t0\t\tNone\nweather\t0\t\tNone\n"},
		{"[].{name:name, c:contacts, x:nope}", "table", "Name      X\npetstore\necho\nweather\n"},
		{"[].[name, kind]", "tsv", "petstore\trest\necho\tsoap\nweather\tgraphql\n"},
		{"[].[name, kind]", "table", "Column1   Column2\npetstore  rest\necho      soap\nweather   graphql\n"},
		{"length(@)", "tsv", "3\n"},
		{"length(@)", "table", "Result\n3\n"},
		{"[0].customProperties.cost", "json", "12345678901234567\n"},
		{"[?customProperties.rate < `0.6`] | [0].customProperties.rate", "json", "0.5\n"},
		{"[0].name == 'petstore'", "tsv", "true\n"},
		{"[[`true`, null]]", "tsv", "True\tNone\n"},
		{"[9]", "json", ""},
		{"[9]", "table", ""},
		{"[?name=='none']", "json", "[]\n"},
		{"[?name=='none']", "tsv", ""},
		{"[0].resourceGroup", "tsv", "apis\n"},
	} {
		o := newCenter().run(t, "api", "list", "--query", tt.query, "-o", tt.format)
		o.want(t, exitOK)
		if o.out != tt.want {
			t.Errorf("--query %q -o %s prints %q, want %q", tt.query, tt.format, o.out, tt.want)
		}
	}
}

func TestAWrongQuerySaysWhere(t *testing.T) {
	for _, tt := range []struct {
		query, says string
		asked       bool
	}{
		{"[?kind==", "its end: [?kind==", false},
		{"é[", "character 1: ▸é[", false},
		{"'é' == x[", "its end: 'é' == x[", false},
		{"[].name]", "▸]", false},
		{"a ~ b", "▸~ b", false},
		{"'天気", "--query cannot be read", false},
		{"a(@())", "makes no sense", true},
		{"nope(@)", "does not fit the result", true},
		{"sort(@)", "does not fit the result", true},
		{"length(`1`)", "does not fit the result", true},
	} {
		o := newCenter().run(t, "api", "list", "--query", tt.query, "--service-id", fakeService)
		o.want(t, exitUsage)
		if !strings.Contains(o.err, tt.says) || len(o.requests) > 0 != tt.asked || o.out != "" {
			t.Errorf("--query %q: %q after %q, want %q", tt.query, o.err, o.requests, tt.says)
		}
	}
}

func TestFormatsOfATerminal(t *testing.T) {
	for _, tt := range []struct{ format, want string }{
		{"jsonc", "{\n  \x1b[34m\"cost\"\x1b[0m: \x1b[33m12345678901234567\x1b[0m,\n  \x1b[34m\"rate\"\x1b[0m: \x1b[33m0.5\x1b[0m\n}\n"},
		{"yamlc", "\x1b[34mcost\x1b[0m: \x1b[33m12345678901234567\x1b[0m\n\x1b[34mrate\x1b[0m: \x1b[33m0.5\x1b[0m\n"},
		{"json", "{\n  \"cost\": 12345678901234567,\n  \"rate\": 0.5\n}\n"},
	} {
		args := []string{"api", "show", "--api-id", "petstore", "--query", "customProperties", "-o", tt.format}
		o := newCenter().runWith(t, Streams{OutTerminal: true}, args...)
		if o.out != tt.want {
			t.Errorf("-o %s prints %q, want %q", tt.format, o.out, tt.want)
		}
		if o := newCenter().run(t, args...); strings.Contains(o.out, "\x1b") {
			t.Errorf("-o %s prints colours into a file: %q", tt.format, o.out)
		}
	}
}

// No expression and no result panics, or is printed in two ways.
// orderIsOpen matches expressions with what gives members of an object in an order
// that JMESPath leaves open.
var orderIsOpen = regexp.MustCompile(`(^|[^\[])\*|\b(keys|values)\b`)

func FuzzQuery(f *testing.F) {
	for _, q := range []string{"[?a>`1`].{b:c}", "sort_by(@,&a)[-1::-2]", "*.*[]", "a.b||c&&!d", "A(@())", "[&a]", "join(',',keys(@))", "[\"\\u0000\"]", "max_by(@,&a)", "map(&a,@)|[0]", "[].*"} {
		f.Add(q)
	}
	result := []object{{"a": "x", "b": map[string]any{"c": []any{nil, true}}}, {"a": nil}}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseQuery(&cobra.Command{Use: "x"}, text)
		if err != nil || q == nil {
			return
		}
		v, err := q.apply(result)
		if err != nil {
			if ExitCode(err) != exitUsage {
				t.Errorf("%q: exit code %d", text, ExitCode(err))
			}
			return
		}
		var first, second strings.Builder
		for _, format := range formats() {
			for _, to := range []*strings.Builder{&first, &second} {
				if err := (printer{out: to, format: format, query: q}).document(result); err != nil {
					t.Errorf("%q as %s: %v", text, format, err)
				}
			}
		}
		if first.String() != second.String() && !orderIsOpen.MatchString(text) {
			t.Errorf("%q gives %v, and prints %q or %q", text, v, first.String(), second.String())
		}
	})
}
