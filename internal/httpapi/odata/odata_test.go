package odata_test

import (
	"errors"
	"strings"
	"testing"

	"apicenter/internal/httpapi/odata"
	"apicenter/internal/inventory"
)

// show writes a condition so that a table can hold it.
func show(e inventory.Expr) string {
	switch e.Op {
	case "and", "or", "not":
		args := make([]string, len(e.Args))
		for i, a := range e.Args {
			args[i] = show(a)
		}
		return e.Op + "(" + strings.Join(args, ", ") + ")"
	case "any":
		return "any " + string(e.Field) + "(" + show(e.Args[0]) + ")"
	default:
		return strings.TrimSpace(string(e.Field) + " " + e.Op + " " + e.Value)
	}
}

func TestParse(t *testing.T) {
	rename := map[string]inventory.Field{"apiSourceType": "/sourceType"}
	for _, tt := range []struct{ in, want string }{
		{`name eq 'petstore'`, "/name eq petstore"},
		{`NAME EQ 'x'`, "/NAME eq x"},
		{`properties/kind eq 'rest'`, "/kind eq rest"},
		{`kind ne 'agent' and kind ne 'mcp' and kind ne 'skill'`, "and(/kind ne agent, /kind ne mcp, /kind ne skill)"},
		{`(kind eq 'rest' or kind eq 'soap') and (lifecycleStage eq 'production')`, "and(or(/kind eq rest, /kind eq soap), /lifecycleStage eq production)"},
		{`a eq '1' or b eq '2' and c eq '3'`, "or(/a eq 1, and(/b eq 2, /c eq 3))"},
		{`contains(customProperties/team, 'pay')`, "/customProperties/team contains pay"},
		{`contains(title,'a') eq true and startswith(title,'b') ne true`, "and(/title contains a, not(/title startswith b))"},
		{`endswith(title, 'c') eq false`, "not(/title endswith c)"},
		{`customProperties/tags/any(t: t eq 'x')`, "any /customProperties/tags(eq x)"},
		{`customProperties/tags/any(t: contains(t, 'x'))`, "any /customProperties/tags(contains x)"},
		{`customProperties/compliant eq true`, "/customProperties/compliant eq true"},
		{`customProperties/n ge -1.5`, "/customProperties/n ge -1.5"},
		{`lastUpdated gt 2024-01-01T00:00:00Z`, "/lastUpdated gt 2024-01-01T00:00:00Z"},
		{`not (kind eq 'rest')`, "not(/kind eq rest)"},
		{`not contains(title, 'x')`, "not(/title contains x)"},
		{`kind in ('rest', 'soap')`, "or(/kind eq rest, /kind eq soap)"},
		{`summary eq null`, "/summary null"},
		{`summary ne null`, "not(/summary null)"},
		{`title eq 'it''s'`, "/title eq it's"},
		{`title eq 'it's'`, "/title eq it's"},
		{`title eq 'the customers' data'`, "/title eq the customers' data"},
		{`title eq 'rock 'n' roll'`, "/title eq rock 'n' roll"},
		{`(title eq 'a 'b' x' or title eq 'c (the 'd') e') and kind eq 'rest'`, "and(or(/title eq a 'b' x, /title eq c (the 'd') e), /kind eq rest)"},
		{`customProperties/x/any(t: contains(t, 'customers' and's'))`, "any /customProperties/x(contains customers' and's)"},
		{`title in ('a's', 'b's')`, "or(/title eq a's, /title eq b's)"},
		{`title eq ''`, "/title eq"},
		{`title eq 'a) or (b'`, "/title eq a) or (b"},
		{`apiSourceType eq 'AzureApiManagement'`, "/sourceType eq AzureApiManagement"},
		{`contains eq 'x'`, "/contains eq x"},
		{`customProperties/a~b eq 'x'`, "/customProperties/a~0b eq x"},
	} {
		got, err := odata.Parse(tt.in, rename)
		if err != nil {
			t.Errorf("Parse(%s): %v", tt.in, err)
		} else if show(*got) != tt.want {
			t.Errorf("Parse(%s) = %s, want %s", tt.in, show(*got), tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{``, "expected a property, found the end"},
		{`name`, "expected one of"},
		{`name eq`, "expected a value, found the end"},
		{`name eq petstore`, "single quotes"},
		{`name eq 'x`, "closing quote"},
		{`name like 'x'`, "expected one of"},
		{`name eq 5 kind eq 'y'`, "expected 'and', 'or' or the end"},
		{`(name eq 'x'`, `expected ")"`},
		{`name eq 'x')`, "expected 'and', 'or' or the end"},
		{`contains(name)`, `expected ","`},
		{`contains(name, 'x') eq 5`, "true or false"},
		{`a/b/c eq 'x'`, "not a property"},
		{`a in ('x'`, `expected ")"`},
		{`a in (null)`, "null cannot stand in a list"},
		{`a gt null`, "eq or ne"},
		{`t/any(x: y eq 'a')`, "only the element"},
		{`t/any(x: x/any(y: y eq 'a'))`, "any cannot stand inside any"},
		{`'a' eq 'a'`, "expected a property"},
		{strings.Repeat("(", 100) + "a eq 'b'", "nests deeper"},
		{strings.Repeat("not ", 100) + "a eq 'b'", "nests deeper"},
		{"a eq 'b'" + strings.Repeat(" or a eq 'b'", 300), "at most 200 comparisons"},
		{strings.Repeat(" ", 9000), "at most 8192 characters"},
	} {
		_, err := odata.Parse(tt.in, nil)
		if fault, ok := errors.AsType[*odata.Error](err); !ok || !strings.Contains(fault.Message, tt.want) {
			t.Errorf("Parse(%.40q): %v, want an Error with %q", tt.in, err, tt.want)
		}
	}
}

func TestParseOrder(t *testing.T) {
	for in, want := range map[string]inventory.Order{
		"name asc":                       {By: inventory.ByName},
		" NAME  Desc ":                   {By: inventory.ByName, Descending: true},
		"updated asc":                    {By: inventory.ByUpdated},
		"updated desc":                   {By: inventory.ByUpdated, Descending: true},
		"lastUpdated desc":               {By: inventory.ByUpdated, Descending: true},
		"systemData/lastModifiedAt desc": {By: inventory.ByUpdated, Descending: true},
		"systemData/createdAt desc":      {Descending: true},
		"title":                          {By: inventory.ByTitle},
		"properties/title desc":          {By: inventory.ByTitle, Descending: true},
	} {
		if got, err := odata.ParseOrder(in); err != nil || got != want {
			t.Errorf("ParseOrder(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", " ", "kind asc", "name up", "name asc, title asc", "name,title", "name asc desc", "rank", "name;drop", "customProperties/x asc"} {
		if got, err := odata.ParseOrder(in); err == nil {
			t.Errorf("ParseOrder(%q) = %+v, want an error", in, got)
		} else if _, ok := errors.AsType[*odata.Error](err); !ok {
			t.Errorf("ParseOrder(%q): %v is no *Error", in, err)
		}
	}
}

// The laws: no input panics; what is read is well formed and bounded.
func FuzzParse(f *testing.F) {
	f.Add(`(kind eq 'rest' or contains(customProperties/x, 'y')) and not a/any(t: t in ('b', 1))`)
	f.Add(`title eq 'it's' and b ne null`)
	f.Fuzz(func(t *testing.T, in string) {
		e, err := odata.Parse(in, nil)
		if err == nil {
			check(t, *e, false, 0)
		}
	})
}

func check(t *testing.T, e inventory.Expr, element bool, depth int) {
	t.Helper()
	if depth > 80 {
		t.Fatalf("nests %d deep", depth)
	}
	switch e.Op {
	case "and", "or", "not", "any":
		if len(e.Args) == 0 || (e.Op == "not" || e.Op == "any") && len(e.Args) != 1 {
			t.Fatalf("%s has %d arguments", e.Op, len(e.Args))
		}
		for _, a := range e.Args {
			check(t, a, element || e.Op == "any", depth+1)
		}
	default:
		if element == (e.Field != "") || !element && e.Field[0] != '/' {
			t.Fatalf("%s compares field %q, inside any: %v", e.Op, e.Field, element)
		}
	}
}
