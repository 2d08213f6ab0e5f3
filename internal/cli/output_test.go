package cli

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
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
