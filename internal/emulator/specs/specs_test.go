package specs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	dir := t.TempDir()
	long := `{"paths":{"/x":{"description":"` + strings.Repeat("x", 300<<10) + `"}},"info":{"title":"Too late"}}`
	for name, body := range map[string]string{
		"acme/orders/1.0.0/openapi.json": `{"openapi":"3.0.0","info":{"title":"Orders","description":"d"}}`,
		"acme/orders/2.0.0/openapi.yaml": "openapi: 3.0.0\ninfo:\n  title: Orders\n  version: '2'\npaths: {}\n",
		"acme/orders/2.0.0/swagger.json": `{"swagger":"2.0","info":{"title":"Twin"}}`,
		"pets-v1.json":                   `{"openapi":"3.0.0","info":{"title":"Pets"}}`,
		"pets.v2.json":                   `{"openapi":"3.0.0","info":{"title":"Pets"}}`,
		"lonely-v7.json":                 "no JSON at all",
		"long.json":                      long,
		"legacy.wsdl":                    `<definitions name="D"></definitions><service name="Legacy"/>`,
		"notes.txt":                      "not a definition",
		".git/config.json":               "{}",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ name, route, title, version, family string }{
		{"acme-orders-1-0-0", "acme/orders", "Orders", "1.0.0", "acme-orders"},
		{"acme-orders-2-0-0", "acme/orders", "Orders", "2.0.0", "acme-orders"},
		{"acme-orders-2-0-0-1", "acme/orders-1", "Twin", "2.0.0", "acme-orders"},
		{"legacy", "legacy", "Legacy", "", ""},
		{"lonely-v7", "lonely", "lonely", "", ""},
		{"long", "long", "long", "", ""},
		{"pets-v1", "pets", "Pets", "v1", "pets"},
		{"pets-v2", "pets", "Pets", "v2", "pets"},
	}
	if len(files) != len(want) {
		t.Fatalf("%d files, want %d", len(files), len(want))
	}
	for i, w := range want {
		f := files[i]
		if f.Name != w.name || f.Route != w.route || f.Title != w.title || f.Version != w.version || f.Family != w.family {
			t.Errorf("%s is %q %q %q %q %q, want %q", f.Path, f.Name, f.Route, f.Title, f.Version, f.Family, w)
		}
	}
}
