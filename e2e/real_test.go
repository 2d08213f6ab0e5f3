package e2e

import (
	"cmp"
	"context"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/e2e/realdata"
	"apicenter/e2e/system"
)

// atOnce bounds the documents in memory: the largest has 47 MB.
const atOnce = 4

// TestWhatIsExportedIsWhatTheSourceExported links an instance of real
// documents and compares, byte for byte, the file, the source's export of it
// and the inventory's.
func TestWhatIsExportedIsWhatTheSourceExported(t *testing.T) {
	docs := chosen(t)
	source := startEmulator(t, "--specs", layOut(t, docs))
	center := startCenter(t, source, t.TempDir(), "--poll-interval", "240h", "--audit-period", "0")
	if err := center.Link(t.Context(), "real", source.Ready.APIMID); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
	defer stop()
	done, err := center.Synced(ctx, "real", 0)
	if err != nil {
		t.Fatalf("%v; the server wrote:\n%s", err, center.Tail())
	}
	t.Logf("%d documents in %v", len(docs), done.EndedAt.Sub(done.StartedAt))
	if c := done.Counts; c.Observed != len(docs) || c.Documents != len(docs) || c.Failed != 0 {
		t.Errorf("the run observed %d APIs, fetched %d documents and failed at %d; want %d, %[4]d and 0", c.Observed, c.Documents, c.Failed, len(docs))
	}

	apis, err := center.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, exported, mirrored := ofFiles(t, docs), ofSource(t, source), ofCenter(t, apis)
	if len(files) != len(docs) {
		t.Fatalf("%d of the %d documents differ; the test needs them all to", len(files), len(docs))
	}
	for digest, name := range files {
		title, ok := exported[digest]
		if !ok {
			t.Errorf("the source does not export %s as it is", name)
		}
		if got, ok := mirrored[digest]; !ok {
			t.Errorf("the inventory does not export %s as it is", name)
		} else if got != title {
			t.Errorf("the document %s is that of %q at the source, of %q in the inventory", name, title, got)
		}
	}
	if len(exported) != len(files) || len(mirrored) != len(files) {
		t.Errorf("%d files, %d documents at the source, %d in the inventory", len(files), len(exported), len(mirrored))
	}
}

// chosen is the ten largest documents and every fifth by a hash of the name, or all.
func chosen(t *testing.T) []realdata.Document {
	t.Helper()
	docs, err := realdata.Documents()
	if err != nil {
		t.Fatal(err)
	}
	if *whole {
		return docs
	}
	slices.SortFunc(docs, func(a, b realdata.Document) int { return cmp.Compare(b.Size, a.Size) })
	const largest = 10
	taken := slices.Clone(docs[:largest])
	for _, d := range docs[largest:] {
		h := fnv.New32a()
		h.Write([]byte(d.Name))
		if h.Sum32()%5 == 0 {
			taken = append(taken, d)
		}
	}
	return taken
}

// layOut makes a folder that holds these documents and no others.
func layOut(t *testing.T, docs []realdata.Document) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range docs {
		at := filepath.Join(dir, filepath.FromSlash(d.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(d.Path, at); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ofFiles gives the names of the documents by their digests.
func ofFiles(t *testing.T, docs []realdata.Document) map[string]string {
	t.Helper()
	return collect(t, len(docs), func(i int) (map[string]string, error) {
		b, err := os.ReadFile(docs[i].Path)
		return map[string]string{system.Digest(b): docs[i].Name}, err
	})
}

// ofSource gives the titles under which the inventory should show the exports
// of the source, by their digests.
func ofSource(t *testing.T, source *system.Emulator) map[string]string {
	t.Helper()
	apis, err := source.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sets, err := source.VersionSets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return collect(t, len(apis), func(i int) (map[string]string, error) {
		b, err := source.Export(t.Context(), apis[i].Name)
		p := apis[i].Properties
		return map[string]string{system.Digest(b): cmp.Or(sets[strings.ToLower(p.APIVersionSetID)], p.DisplayName)}, err
	})
}

// ofCenter gives the titles of APIs by the digests of their documents.
func ofCenter(t *testing.T, apis []system.API) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, a := range apis {
		for _, v := range a.Versions {
			for _, d := range v.Definitions {
				if was, ok := out[d.Document]; ok {
					t.Errorf("%q and %s have the same document", was, d.ID)
				}
				out[d.Document] = a.Title()
			}
		}
	}
	return out
}

// collect merges n maps, which must have no key in common.
func collect(t *testing.T, n int, f func(i int) (map[string]string, error)) map[string]string {
	t.Helper()
	parts := make([]map[string]string, n)
	if err := system.Each(n, atOnce, func(i int) (err error) {
		parts[i], err = f(i)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, part := range parts {
		for digest, name := range part {
			if was, ok := out[digest]; ok {
				t.Errorf("%q and %q have the same document", was, name)
			}
		}
		maps.Copy(out, part)
	}
	return out
}
