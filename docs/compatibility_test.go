package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/httpapi/managerapi"
)

const compatibility = "compatibility.md"

// row is one of a table of operations: a path, its methods, and what holds them.
type row struct {
	section, path string
	methods       []string
	tests         []string
}

// rowsOfOperations reads the tables whose second column is methods. What a short
// word in front of a path stands for, the page says itself.
func rowsOfOperations(t *testing.T) []row {
	t.Helper()
	short := map[string]string{}
	var rows []row
	section := ""
	shape := regexp.MustCompile("^\\| `([^`]+)`(?:, ours)? \\| ((?:GET|PUT|PATCH|POST|DELETE)(?: [A-Z]+)*) \\| (.+) \\|$")
	for line := range strings.Lines(read(t, compatibility)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			section = title
		}
		if m := regexp.MustCompile("^\\| `([A-Z])` \\| `([^`]+)` \\|$").FindStringSubmatch(line); m != nil {
			short[m[1]] = m[2]
		}
		if m := shape.FindStringSubmatch(line); m != nil {
			first, rest, _ := strings.Cut(m[1], "/")
			if long, ok := short[first]; ok {
				m[1] = strings.TrimSuffix(long+"/"+rest, "/")
			}
			rows = append(rows, row{section, m[1], strings.Fields(m[2]), names(m[3], "`([^`]+)`")})
		}
	}
	return rows
}

func TestEveryOperationIsInItsTable(t *testing.T) {
	want := map[string][]string{}
	for _, o := range armapi.Operations() {
		want["Control plane"] = append(want["Control plane"], o.Method+" "+o.Path)
	}
	for _, o := range managerapi.Operations() {
		if o.Method != "HEAD" {
			want["Around the provider"] = append(want["Around the provider"], o.Method+" "+o.Path)
		}
	}
	for _, o := range dataapi.Operations() {
		want["Data plane"] = append(want["Data plane"], o.Method+" "+o.Path)
	}
	told := map[string][]string{}
	for _, r := range rowsOfOperations(t) {
		for _, method := range r.methods {
			told[r.section] = append(told[r.section], method+" "+r.path)
		}
	}
	for section, operations := range want {
		for _, o := range operations {
			if !slices.Contains(told[section], o) {
				t.Errorf("%s has no row for %s under %q", compatibility, o, section)
			}
		}
	}
	for section, operations := range told {
		slices.Sort(operations)
		for i, o := range operations {
			if !slices.Contains(want[section], o) || i > 0 && operations[i-1] == o {
				t.Errorf("%s has a row for %s under %q, which is not there, or twice", compatibility, o, section)
			}
		}
	}
}

func TestWhatHoldsAnOperationIsThere(t *testing.T) {
	golden := map[string]string{
		"Control plane":       "../internal/httpapi/armapi/testdata/wire/%s.http",
		"Around the provider": "../internal/httpapi/managerapi/testdata/%s.json",
		"Data plane":          "../internal/httpapi/dataapi/testdata/%s.json",
	}
	for _, r := range rowsOfOperations(t) {
		if len(r.tests) == 0 {
			t.Errorf("nothing holds %s", r.path)
		}
		for _, name := range r.tests {
			if strings.HasPrefix(name, "Test") {
				continue // looked for below
			}
			if _, err := os.Stat(fmt.Sprintf(golden[r.section], name)); err != nil {
				t.Errorf("%s is held by %s: %v", r.path, name, err)
			}
		}
	}
}

func TestTestsThatAreNamedAreThere(t *testing.T) {
	var have []string
	for _, pattern := range []string{"../*/*_test.go", "../internal/*/*_test.go", "../internal/*/*/*_test.go", "../cmd/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			have = append(have, names(read(t, file), `(?m)^func (Test\w+)\(`)...)
		}
	}
	page := read(t, compatibility)
	for _, name := range names(page, "`(Test\\w+)`") {
		if !slices.Contains(have, name) {
			t.Errorf("%s names %s, which is no test", compatibility, name)
		}
	}
	for _, path := range names(page, "`((?:e2e|internal|cmd|docs)/[^`]+)`") {
		if found, err := filepath.Glob("../" + path); err != nil || len(found) == 0 {
			t.Errorf("%s names %s, which is not there", compatibility, path)
		}
	}
	for cell := range strings.SplitSeq(page, "|") {
		if !strings.Contains(cell, " in the golden files") {
			continue
		}
		for _, name := range names(cell, "`([a-zA-Z-]+)`") {
			if found, _ := filepath.Glob("../internal/httpapi/*/testdata/" + name + ".json"); len(found) > 0 {
				continue
			}
			if _, err := os.Stat("../internal/httpapi/armapi/testdata/wire/" + name + ".http"); err != nil {
				t.Errorf("%s: %v", compatibility, err)
			}
		}
	}
}
