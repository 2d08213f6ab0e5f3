// Package layers keeps every package in its room: it fails the build when a
// package imports what the architecture does not allow it.
package layers

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "apicenter/internal/"

// room says what a package may import of ours, and what of others it must not touch.
type room struct{ may, not string }

// rooms has every package below internal/. A pattern ending in /... stands for
// all below it. A package's tests may use more: they play the part of cmd.
var rooms = map[string]room{
	"access":    {"auth inventory", "net/http database/sql log log/slog os"},
	"inventory": {"", "net/http database/sql log log/slog os"},
	"arm":       {"", "net/http database/sql log log/slog os"},
	"source":    {"inventory", "net/http database/sql os"},
	"plan":      {"inventory source", "context log log/slog os net/http database/sql math/rand math/rand/v2 time"},
	"engine":    {"inventory plan source", "net/http database/sql os github.com/riverqueue/river"},
	"jobs":      {"engine inventory source", "net/http"},
	"diff":      {"", "context log log/slog os net/http database/sql"},
	"metadata":  {"", "context log log/slog os net/http database/sql"},
	"catalog":   {"auth diff inventory metadata", "net/http database/sql os"},
	"store":     {"inventory", "net/http"},
	"feed":      {"inventory outbound", "database/sql os"},
	"auth":      {"inventory", "database/sql"},
	"azure":     {"arm outbound", "database/sql"},
	"cli":       {"signin specification subscription", "database/sql"},
	"server":    {"arm auth httpapi/reply inventory", "database/sql"},
	"outbound":  {"", "database/sql log log/slog os"},
	"signin":    {"", "database/sql os"},
	"layers":    {"", ""},
	"portal":    {"access arm auth catalog feed httpapi/reply inventory listing metadata reference signin source specification subscription", "database/sql os"},
	"reference": {"", "context log log/slog net/http database/sql os time"},
	"listing":   {"", "context log log/slog net/http database/sql os time"},

	"subscription":  {"", "context log log/slog os net/http database/sql time"},
	"compatibility": {"inventory specification", "os net/http database/sql"},
	"simulation":    {"", "net/http database/sql os"}, // all of it is tests

	"outline":       {"inventory specification", "net/http database/sql os"},
	"specification": {"", "context log log/slog os net/http database/sql time"},

	"source/apim":             {"azure inventory source specification", "database/sql os"},
	"source/sourcetest":       {"inventory source", "net/http database/sql os"},
	"store/storetest":         {"inventory store", "net/http"},
	"httpapi/reply/replytest": {"", "net/http database/sql os"},

	"httpapi/armapi":     {"arm catalog diff feed httpapi/documents httpapi/odata httpapi/reply inventory source", "database/sql os"},
	"httpapi/documents":  {"arm httpapi/reply inventory", "database/sql os"},
	"httpapi/managerapi": {"access arm auth azure catalog httpapi/odata httpapi/reply inventory", "database/sql os"},
	"httpapi/odata":      {"inventory", "database/sql net/http os"},
	"httpapi/reply":      {"arm inventory", "database/sql os"},
	"httpapi/metricsapi": {"arm httpapi/reply inventory", "database/sql os"},
	"httpapi/mcpapi":     {"arm auth catalog feed httpapi/reply inventory", "database/sql os"},
	"httpapi/hookapi":    {"arm auth httpapi/reply inventory source subscription", "database/sql os"},
	"httpapi/keysapi":    {"access arm auth httpapi/reply inventory", "database/sql os"},
	"httpapi/dataapi":    {"arm auth catalog httpapi/documents httpapi/odata httpapi/reply inventory source", "database/sql os"},

	// The emulator must not share the bugs of what it checks.
	"emulator/...": {"emulator/...", "database/sql github.com/Azure/azure-sdk-for-go/..."},
}

// onlyHome are modules of others that one room alone may import.
var onlyHome = map[string]string{
	"modernc.org/sqlite":                               "store",
	"github.com/pressly/goose/v3":                      "store",
	"github.com/riverqueue/...":                        "jobs",
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity": "azure",
	"github.com/santhosh-tekuri/jsonschema/v6":         "metadata",
	"github.com/spf13/cobra":                           "cli",
	"github.com/modelcontextprotocol/...":              "httpapi/mcpapi",
	"github.com/prometheus/...":                        "httpapi/metricsapi",
}

func TestRooms(t *testing.T) {
	for path, imports := range packages(t) {
		r, ok := find(rooms, path)
		if !ok {
			t.Errorf("%s has no room yet: give it one here and in docs/architecture.md", path)
			continue
		}
		for _, imported := range imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			switch {
			case isOurs && !slices.ContainsFunc(strings.Fields(r.may), covers(ours)):
				t.Errorf("%s may not import %s", path, ours)
			case !isOurs && slices.ContainsFunc(strings.Fields(r.not), covers(imported)):
				t.Errorf("%s must not touch %s", path, imported)
			}
			if home, ok := find(onlyHome, imported); ok && !strings.HasPrefix(path+"/", home+"/") {
				t.Errorf("%s imports %s, whose only home is %s", path, imported, home)
			}
		}
	}
	for path := range rooms {
		if !strings.HasSuffix(path, "/...") && path != "layers" && packages(t)[path] == nil {
			t.Errorf("the room %s has no package", path)
		}
	}
}

// The client package is for other people's programs: it must not drag anything in.
func TestTheClientStandsAlone(t *testing.T) {
	p, err := build.ImportDir("../../client", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range p.Imports {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") || first == "apicenter" {
			t.Errorf("client imports %s, which is not of the standard library", imported)
		}
	}
}

// packages gives the imports of each package below internal/, tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == ".." {
			return err
		}
		if d.Name() == "testdata" {
			return filepath.SkipDir
		}
		p, err := build.ImportDir(path, 0)
		if _, none := err.(*build.NoGoError); none { //nolint:errorlint // ImportDir gives it bare
			return nil
		}
		if err != nil {
			return err
		}
		if len(p.GoFiles) > 0 {
			out[filepath.ToSlash(path[len("../"):])] = append([]string{}, p.Imports...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d packages found: this test looks in the wrong place", len(out))
	}
	return out
}

// find looks a path up by its name, or by the pattern that covers it.
func find[V any](m map[string]V, path string) (V, bool) {
	for pattern, v := range m {
		if covers(path)(pattern) {
			return v, true
		}
	}
	var none V
	return none, false
}

func covers(path string) func(string) bool {
	return func(pattern string) bool {
		above, all := strings.CutSuffix(pattern, "/...")
		return pattern == path || all && (path == above || strings.HasPrefix(path, above+"/"))
	}
}
