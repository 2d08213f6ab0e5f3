package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

func export(file string) []string {
	return []string{"api", "definition", "export-specification", "--api-id", "petstore", "--version-id", "v1-0", "--definition-id", "openapi", "--file-name", file}
}

func TestExportWritesBytesExactly(t *testing.T) {
	bytes := "\xff\x00binary\r\n"
	var got *http.Request
	c := newCenter()
	c.fail["GET doc"] = func(w http.ResponseWriter, r *http.Request) {
		got = r
		_, _ = w.Write([]byte(bytes))
	}
	c.run(t, export("-")...).want(t, exitOK)
	if o := c.run(t, export("-")...); o.out != "{\"openapi\": \"3.0.1\"}\r\né" {
		t.Errorf("inline: stdout %q", o.out)
	}
	c.exports = map[string]any{"format": "link", "value": "https://blobs.example/doc?sig=" + "x"}
	name := filepath.Join(t.TempDir(), "spec")
	if err := os.WriteFile(name, []byte("an older one that is longer than the new one"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run(t, export(name)...).want(t, exitOK)
	text, err := os.ReadFile(name)
	if err != nil || string(text) != bytes {
		t.Errorf("link: file %q, %v", text, err)
	}
	if auth := got.Header.Get("Authorization"); auth != "" || got.URL.Host != "blobs.example" {
		t.Errorf("asked %s with Authorization %q", got.URL, auth)
	}
}

// The answer to a request may be a secret.
func TestAFileStaysAsPrivateAsItWas(t *testing.T) {
	c := newCenter()
	for _, mode := range []os.FileMode{0o600, 0o644, 0o666} {
		name := filepath.Join(t.TempDir(), "spec")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		c.run(t, export(name)...).want(t, exitOK)
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode || info.Size() == 0 {
			t.Errorf("a file of mode %v: %v, %v", mode, info, err)
		}
	}
}

func TestAFailedExportLeavesTheOldFile(t *testing.T) {
	for _, tt := range []struct {
		name    string
		exports map[string]any
		doc     http.HandlerFunc
		says    string
	}{
		{"expired link", map[string]any{"format": "link", "value": fakeAddress + "/doc?sig=sekret"}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "403"},
		{"link that is none", map[string]any{"format": "link", "value": "file:///etc/passwd"}, nil, "none"},
		{"unknown format", map[string]any{"format": "carrier-pigeon", "value": "x"}, nil, "neither"},
		{"nothing", map[string]any{}, nil, "neither"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCenter()
			c.exports = tt.exports
			c.fail["GET doc"] = tt.doc
			dir := t.TempDir()
			name := filepath.Join(dir, "spec")
			if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			o := c.run(t, export(name)...)
			o.want(t, exitFailed)
			if !strings.Contains(o.err, tt.says) || strings.Contains(o.err, "sekret") {
				t.Errorf("stderr %q; want %q in it, and no secret", o.err, tt.says)
			}
			if text, _ := os.ReadFile(name); string(text) != "old" {
				t.Errorf("the old file is %q", text)
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 {
				t.Errorf("%d files are left", len(left))
			}
		})
	}
}

func TestExportFollowsALongOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCenter()
		polls := 0
		c.fail["POST exportSpecification"] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", fakeAddress+"/op?api-version=x")
			w.WriteHeader(202)
		}
		c.fail["GET op"] = func(w http.ResponseWriter, _ *http.Request) {
			if polls++; polls < 3 {
				w.Header().Set("Location", fakeAddress+"/op?api-version=x")
				w.Header().Set("Retry-After", "2")
				answerJSON(w, 202, map[string]any{"status": "InProgress"})
				return
			}
			answerJSON(w, 200, map[string]any{"format": "inline", "value": "done"})
		}
		if o := c.run(t, export("-")...); o.code != exitOK || o.out != "done" || polls != 3 {
			t.Errorf("exit code %d, stdout %q after %d polls: %s", o.code, o.out, polls, o.err)
		}
	})
}
