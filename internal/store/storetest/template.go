package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"apicenter/internal/store"
)

// Template gives a function that puts a database which prepare has been at into
// an empty data folder. It is made once: to open a copy takes a fraction of the
// time that migrating a database does.
func Template(prepare func(*store.Store) error) func(dir string) error {
	made := sync.OnceValues(func() (content []byte, err error) {
		dir, err := os.MkdirTemp("", "storetest")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		s, err := store.Open(context.Background(), store.Options{Dir: dir})
		if err != nil {
			return nil, err
		}
		if err := errors.Join(prepare(s), s.Close()); err != nil {
			return nil, err
		}
		return os.ReadFile(filepath.Join(dir, "inventory.db"))
	})
	return func(dir string) error {
		content, err := made()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "inventory.db"), content, 0o600)
	}
}

var blank = Template(func(*store.Store) error { return nil })

// OpenIn opens an empty store in an empty folder.
func OpenIn(ctx context.Context, dir string) (*store.Store, error) {
	if err := blank(dir); err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{Dir: dir})
}
