package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it); got:\n%swant:\n%s", path, got, want)
	}
}

func TestOutputIsAsInTheGoldenFiles(t *testing.T) {
	for _, tt := range []struct {
		file string
		args []string
	}{
		{"links.table", []string{"integration", "list"}},
		{"links.json", []string{"integration", "list", "-o", "json"}},
		{"links.tsv", []string{"integration", "list", "-o", "tsv"}},
		{"link.table", []string{"integration", "show", "-i", "prod-gateway"}},
		{"apis.table", []string{"api", "list"}},
		{"apis.yaml", []string{"api", "list", "-o", "yaml", "--max-items", "1"}},
		{"apis.json", []string{"api", "list", "-o", "json", "--top", "1"}},
		{"none.json", []string{"api", "version", "list", "--api-id", "echo", "-o", "json"}},
		{"none.table", []string{"api", "version", "list", "--api-id", "echo"}},
		{"versions.table", []string{"api", "version", "list", "--api-id", "petstore"}},
		{"definitions.table", []string{"api", "definition", "list", "--api-id", "petstore", "--version-id", "v1-0"}},
		{"deployments.table", []string{"api", "deployment", "list", "--api-id", "petstore"}},
		{"environments.table", []string{"environment", "list"}},
		{"environment.yaml", []string{"environment", "show", "--environment-id", "prod", "-o", "yaml"}},
		{"services.table", []string{"list"}},
		{"service.json", []string{"show", "-o", "json"}},
		{"deleted.table", []string{"service", "list-deleted", "-g", "apis"}},
		{"metadata.table", []string{"metadata", "list"}},
		{"analyses.table", []string{"api-analysis", "list"}},
		{"imported.table", []string{"import-from-apim", "--apim-name", "contoso", "--apim-apis", "*"}},
		{"plan.table", []string{"integration", "plan", "-i", "prod-gateway"}},
		{"plan.tsv", []string{"integration", "plan", "-i", "prod-gateway", "-o", "tsv"}},
		{"plan.json", []string{"integration", "plan", "-i", "prod-gateway", "-o", "json"}},
		{"sync.table", []string{"integration", "sync", "-i", "prod-gateway", "--wait"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01
				o := newCenter().run(t, tt.args...)
				o.want(t, exitOK)
				golden(t, tt.file, o.out)
			})
		})
	}
}

func TestRunsShowWhatIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCenter()
		c.run(t, "integration", "sync", "-i", "prod-gateway", "--wait").want(t, exitOK)
		c.run(t, "integration", "sync", "-i", "prod-gateway").want(t, exitOK)
		o := c.run(t, "integration", "runs", "-i", "prod-gateway")
		o.want(t, exitOK)
		golden(t, "runs.table", o.out)
	})
}

// What others have named things must not steer the terminal, in no format.
func TestOutputSteersNoTerminal(t *testing.T) {
	const nasty = "a\x1b]0;title\x07\u009b31m\u0085\x7f\u202eb"
	item := object{"name": nasty, nasty: nasty}
	for _, format := range formats() {
		var out bytes.Buffer
		p := printer{out: &out, format: format}
		selected := printer{out: &out, format: format, query: everything()}
		columns := []column{{head: "Name", path: "name"}}
		if err := errors.Join(p.list([]object{item}, columns), p.one(item, columns), selected.document([]object{item})); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if strings.ContainsFunc(out.String(), func(r rune) bool {
			turns := unicode.Is(unicode.Bidi_Control, r) && !strings.HasPrefix(format, "yaml") // which cannot escape it
			return r != '\n' && r != '\t' && unicode.Is(unicode.Cc, r) || turns
		}) {
			t.Errorf("%s: %q", format, out.String())
		}
		var back []object
		if format == "json" && (json.NewDecoder(&out).Decode(&back) != nil || back[0]["name"] != nasty) {
			t.Errorf("the JSON says %q, want %q", back, nasty)
		}
	}
}
