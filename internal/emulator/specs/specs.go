// Package specs finds API definitions in a folder and says what API each would
// be: its title, version and place. It reads the heads of the files only, so
// that a folder of ten thousand is known in a second or two.
package specs

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"apicenter/internal/emulator/document"
)

// File is one definition of a folder.
type File struct {
	Path        string // on disk
	Name        string // unique within the folder, fit for a resource name
	Route       string // unique too, fit for the path of an API
	Format      document.Format
	Title       string
	Description string
	Version     string // empty when the file is no version of anything
	Family      string // the versions of one API share it; empty without a Version
}

// Scan finds all definitions below a folder, sorted by path. Each file with a
// known ending is one, whatever is in it.
func Scan(ctx context.Context, dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && path != dir {
				return filepath.SkipDir
			}
			return ctx.Err()
		}
		if format, ok := byExtension(path); ok {
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			f := place(filepath.ToSlash(rel))
			f.Path, f.Format = path, format
			files = append(files, f)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", dir, err)
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	readHeads(files)
	dropLoners(files)
	makeUnique(files)
	return files, nil
}

func byExtension(path string) (document.Format, bool) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		return document.OpenAPIJSON, true
	case ".yaml", ".yml":
		return document.OpenAPIYAML, true
	case ".wsdl":
		return document.WSDL, true
	case ".wadl":
		return document.WADL, true
	case ".graphql", ".graphqls", ".gql":
		return document.GraphQL, true
	case ".proto":
		return document.Proto, true
	case ".edmx":
		return document.OData, true
	default:
		return document.Unknown, false
	}
}

// readHeads fills in what the files themselves say, with a few readers at once.
func readHeads(files []File) {
	work := make(chan *File)
	var wg sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			buf := make([]byte, headSize)
			for f := range work {
				f.readHead(buf)
			}
		})
	}
	for i := range files {
		work <- &files[i]
	}
	close(work)
	wg.Wait()
}

// dropLoners takes the version from files whose API has no other: one number in
// a name makes no family.
func dropLoners(files []File) {
	members := map[string]int{}
	for _, f := range files {
		members[f.Family]++
	}
	for i := range files {
		if f := &files[i]; members[f.Family] == 1 {
			f.Family, f.Version = "", ""
		}
	}
}

// makeUnique numbers the names and routes that several files would have, so
// that no file is refused.
func makeUnique(files []File) {
	names, routes := map[string]bool{}, map[string]bool{}
	unique := func(taken map[string]bool, s, extra string) string {
		out := s
		for n := 1; taken[strings.ToLower(out+extra)]; n++ {
			out = fmt.Sprintf("%s-%d", s, n)
		}
		taken[strings.ToLower(out+extra)] = true
		return out
	}
	for i := range files {
		f := &files[i]
		f.Name = unique(names, f.Name, "")
		f.Route = unique(routes, f.Route, "\x00"+f.Version)
	}
}

var (
	version   = regexp.MustCompile(`^v?\d+(\.\d+)*([-.]?(alpha|beta|rc|preview)[-.\d]*)?$|^\d{4}-\d{2}-\d{2}(-preview)?$`)
	inName    = regexp.MustCompile(`(?i)^(.+?)[-._ ](v\d+(?:\.\d+)*(?:[a-z]+\d*)?|\d{4}-\d{2}-\d{2}(?:-preview)?)$`)
	forbidden = regexp.MustCompile(`[^a-z0-9]+`)
)

// generic are file names that say nothing; the folder tells what they are.
func generic(name string) bool {
	switch strings.ToLower(name) {
	case "openapi", "swagger", "api", "spec", "index", "main", "schema", "asyncapi":
		return true
	default:
		return false
	}
}

// place reads a path. "acme/orders/1.0.0/openapi.json" and "acme/orders-v2.json"
// are versions of acme/orders; "acme/orders.json" is the API itself.
func place(rel string) File {
	stem := strings.TrimSuffix(rel, filepath.Ext(rel))
	parts := strings.Split(stem, "/")
	if len(parts) > 1 && generic(parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	f := File{Route: slug(parts, "/"), Name: slug(parts, "-")}
	last := len(parts) - 1
	switch {
	case last > 0 && version.MatchString(strings.ToLower(parts[last])):
		f.Version, parts = parts[last], parts[:last]
	case inName.MatchString(parts[last]):
		m := inName.FindStringSubmatch(parts[last])
		f.Version, parts[last] = m[2], m[1]
	}
	if f.Version != "" {
		f.Family, f.Route = slug(parts, "-"), slug(parts, "/")
	}
	f.Title = cmp.Or(title(parts[len(parts)-1]), f.Name)
	return f
}

const maxName = 80 // what API Management allows a version set

func slug(parts []string, sep string) string {
	var out []string
	for _, p := range parts {
		if s := strings.Trim(forbidden.ReplaceAllString(strings.ToLower(p), "-"), "-"); s != "" {
			out = append(out, s)
		}
	}
	s := strings.Join(out, sep)
	return cmp.Or(strings.Trim(s[max(0, len(s)-maxName):], "-/"), "api")
}

func title(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' }), " ")
}
