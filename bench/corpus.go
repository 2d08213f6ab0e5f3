package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"apicenter/e2e/realdata"
)

// maxDocument keeps the few giants out: one document of 47 MB would say more
// about itself than about ten thousand APIs.
const maxDocument = 1_000_000

// corpus is a folder of n real documents, no two alike.
type corpus struct {
	dir   string
	n     int
	bytes int64
}

// makeCorpus writes the corpus below the cache, or finds it there. The folder
// is renamed into place when it is whole, so what is found is whole.
func makeCorpus(specs string, n int) (corpus, error) {
	docs, err := choose(specs, n)
	if err != nil {
		return corpus{}, err
	}
	cache, err := realdata.Cache()
	if err != nil {
		return corpus{}, err
	}
	c := corpus{dir: filepath.Join(cache, "corpus", fmt.Sprintf("%s-%d", fingerprint(docs), n)), n: n}
	if _, err := os.Stat(c.dir); errors.Is(err, os.ErrNotExist) {
		if err := c.write(docs); err != nil {
			return corpus{}, fmt.Errorf("make the corpus: %w", err)
		}
	}
	files, err := realdata.List(c.dir)
	if err != nil {
		return corpus{}, err
	}
	if len(files) != n {
		return corpus{}, fmt.Errorf("%s has %d documents, want %d; remove it", c.dir, len(files), n)
	}
	for _, f := range files {
		c.bytes += f.Size
	}
	return c, nil
}

// choose takes n of the documents of up to maxDocument, sorted by size: at even
// steps when there are more of them, over and over when there are fewer.
func choose(specs string, n int) ([]realdata.Document, error) {
	docs, err := readFolder(specs)
	if err != nil {
		return nil, err
	}
	docs = slices.DeleteFunc(docs, func(d realdata.Document) bool { return d.Size > maxDocument })
	if len(docs) == 0 {
		return nil, fmt.Errorf("no documents of up to %d bytes", maxDocument)
	}
	slices.SortFunc(docs, func(a, b realdata.Document) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Name, b.Name))
	})
	chosen := make([]realdata.Document, n)
	for i := range chosen {
		if n < len(docs) {
			chosen[i] = docs[i*len(docs)/n]
		} else {
			chosen[i] = docs[i%len(docs)]
		}
	}
	return chosen, nil
}

func readFolder(specs string) ([]realdata.Document, error) {
	if specs == "" {
		return realdata.Documents()
	}
	return realdata.List(specs)
}

func (c corpus) write(docs []realdata.Document) error {
	if err := os.MkdirAll(filepath.Dir(c.dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(c.dir), "making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for i, doc := range docs {
		b, err := os.ReadFile(doc.Path)
		if err != nil {
			return err
		}
		if b, err = copyOf(b, i); err != nil {
			return fmt.Errorf("%s: %w", doc.Name, err)
		}
		if err := os.WriteFile(filepath.Join(temp, fileName(i)), b, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(temp, c.dir)
}

// fileName has no digits that could be read as a version.
func fileName(i int) string { return rareWord(i) + ".json" }

// marker opens the i-th copy.
func marker(i int) string { return fmt.Sprintf(`{"x-copy":"%06d",`, i) }

// copyOf makes the i-th copy of a document: it begins with bytes of its own, and
// words to search for lead its title, where they survive if the title is cut.
func copyOf(document []byte, i int) ([]byte, error) {
	start, end, err := titleIn(document)
	if err != nil {
		return nil, err
	}
	var title string
	if err := json.Unmarshal(document[start:end], &title); err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(titleOf(i, title))
	if err != nil {
		return nil, err
	}
	open := bytes.IndexByte(document, '{')
	return slices.Concat([]byte(marker(i)), document[open+1:start], quoted, document[end:]), nil
}

// titleIn finds where the value of info.title stands.
func titleIn(document []byte) (start, end int, err error) {
	d := json.NewDecoder(bytes.NewReader(document))
	for _, name := range []string{"info", "title"} {
		if err := enter(d, name); err != nil {
			return 0, 0, err
		}
	}
	start = int(d.InputOffset())
	start += bytes.IndexByte(document[start:], '"')
	var title string
	if err := d.Decode(&title); err != nil {
		return 0, 0, err
	}
	return start, int(d.InputOffset()), nil
}

// enter reads up to the value of a member of the object that comes next.
func enter(d *json.Decoder, name string) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return cmp.Or(err, fmt.Errorf("want an object that has %q, got %v", name, t))
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == name {
			return nil
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("no %q", name)
}
