package cli

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// zipped is an archive of files, given as name and content, in base64.
func zipped(t testing.TB, pairs ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w, err := z.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestRulesetIsSentAsAnArchive(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "functions"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"ruleset.yml": "rules: {}\n", "functions/check.js": "export default 1\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, path string
		want       map[string]string
	}{
		{"a folder", folder, map[string]string{"ruleset.yml": "rules: {}\n", "functions/check.js": "export default 1\n"}},
		{"a file, by the name that rules have", fileOf(t, "house.yaml", "rules: {}\n"), map[string]string{"ruleset.yaml": "rules: {}\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newCenter().run(t, "api-analysis", "import-ruleset", "-c", "spectral-openapi", "--path", tt.path, "--service-id", fakeService)
				o.want(t, exitOK)
				line, sent, _ := strings.Cut(o.requests[0], "{")
				if want := "POST " + at + "/analyzerConfigs/spectral-openapi/importRuleset" + atPreview + " "; line != want {
					t.Errorf("asked for %q, want %q", line, want)
				}
				var body struct{ Format, Value string }
				if err := json.Unmarshal([]byte("{"+sent), &body); err != nil || body.Format != "inline-zip" {
					t.Fatalf("body {%s: %v", sent, err)
				}
				if len(o.requests) != 2 {
					t.Errorf("requests %q, want one and a look at how it ended", o.requests)
				}
				to := t.TempDir()
				c := newCenter()
				c.exports = map[string]any{"format": "inline-zip", "value": body.Value}
				c.run(t, "api-analysis", "export-ruleset", "-c", "spectral-openapi", "--path", filepath.Join(to, "new")).want(t, exitOK)
				for name, content := range tt.want {
					got, err := os.ReadFile(filepath.Join(to, "new", name))
					if err != nil || string(got) != content {
						t.Errorf("%s came back as %q (%v), want %q", name, got, err, content)
					}
				}
			})
		})
	}
}

func TestRulesetStaysInItsFolder(t *testing.T) {
	for _, tt := range []struct {
		name    string
		exports map[string]any
		says    string
	}{
		{"a name that leads out", map[string]any{"format": "inline-zip", "value": zipped(t, "../evil", "x")}, "escapes"},
		{"an absolute name", map[string]any{"format": "inline-zip", "value": zipped(t, "/evil", "x")}, "escapes"},
		{"no archive", map[string]any{"format": "inline-zip", "value": "AAAA"}, "no zip file"},
		{"not base64", map[string]any{"format": "inline-zip", "value": "<>"}, "base64"},
		{"unknown format", map[string]any{"format": "fax", "value": ""}, "fax"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCenter()
			c.exports = tt.exports
			dir := t.TempDir()
			o := c.run(t, "api-analysis", "export-ruleset", "-c", "spectral-openapi", "--path", filepath.Join(dir, "in"))
			if o.code != exitFailed || !strings.Contains(o.err, tt.says) {
				t.Errorf("exit code %d, stderr %q; want it to say %q", o.code, o.err, tt.says)
			}
			if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
				t.Error("a file was written outside of the folder")
			}
		})
	}
	empty := t.TempDir()
	o := newCenter().run(t, "api-analysis", "import-ruleset", "-c", "x", "--path", empty)
	if o.code != exitUsage || !strings.Contains(o.err, "no files") {
		t.Errorf("an empty folder: exit code %d, %q", o.code, o.err)
	}
}
