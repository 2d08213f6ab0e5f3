package store_test

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

func TestOpenMakesPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s)
	for name, want := range map[string]os.FileMode{
		"": 0o700, "lock": 0o600, "inventory.db": 0o600, "inventory.db-wal": 0o600, "inventory.db-shm": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %q is %o, want %o", name, got, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn("s/g/Center", inventory.Doc{}, inventory.Condition{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestOpenAgainFindsAll(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		s, err := store.Open(t.Context(), store.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		write(t, s)
		if err := s.View(t.Context(), func(tx inventory.Reader) error {
			r, err := tx.Get(inventory.MustID("s/g/center"))
			if r.Path != "s/g/Center" || r.Revision != 1 {
				t.Errorf("found %+v", r)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	dir := t.TempDir()
	first, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), store.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "in use by another apicenter server") || !strings.Contains(err.Error(), dir) {
		t.Errorf("second server: %v, want a refusal that says why and names the folder", err)
	}
	write(t, first)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), `insert into goose_db_version (version_id, is_applied) values (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = store.Open(t.Context(), store.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "newer apicenter") {
		t.Errorf("an older program on a newer schema: %v", err)
	}
}

func TestFileOfAnotherKindIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "inventory.db"), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{Dir: dir}); err == nil {
		t.Error("a text file was taken for a database")
	}
	if err := os.Remove(filepath.Join(dir, "inventory.db")); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatalf("the refusal kept the lock: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, document := s.Document(t.Context(), "x")
	_, _, put := s.PutDocument(t.Context(), strings.NewReader("x"))
	for name, err := range map[string]error{
		"view":         s.View(t.Context(), func(inventory.Reader) error { return nil }),
		"update":       s.Update(t.Context(), "ann", func(inventory.Tx) error { return nil }),
		"document":     document,
		"put document": put,
	} {
		if !errors.Is(err, inventory.Unavailable) {
			t.Errorf("%s: %v, want unavailable", name, err)
		}
	}
}

// The level of synchronous belongs to the connection: one that the pool opened
// anew must not be taken for durable because the last one was.
func TestDurabilityFollowsTheConnection(t *testing.T) {
	s := open(t)
	level := func() (n int) {
		t.Helper()
		if err := s.Writer().QueryRowContext(t.Context(), `pragma synchronous`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const full = 2
	for range 2 {
		write(t, s)
		if got := level(); got != full {
			t.Errorf("after a person's write synchronous is %d, want %d", got, full)
		}
		conn, err := s.Writer().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) { // and that closes it
			t.Fatal(err)
		}
		if _, _, err := s.PutDocument(t.Context(), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if got := level(); got == full {
			t.Error("a document, which can be fetched again, waits for the disk")
		}
	}
}

// Readers that always overlap keep SQLite from beginning its log anew by itself.
func TestLogStaysBounded(t *testing.T) {
	store.Patient(t)
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := s.View(t.Context(), func(tx inventory.Reader) error {
					for range 20 {
						if _, err := tx.Get(inventory.MustID("s/g/center")); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var largest int64
	random, block := rand.NewChaCha8([32]byte{}), make([]byte, 1<<20)
	for range 80 {
		if _, err := random.Read(block); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.PutDocument(t.Context(), bytes.NewReader(block)); err != nil {
			t.Fatal(err)
		}
		log, err := os.Stat(filepath.Join(dir, "inventory.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, log.Size())
	}
	close(done)
	readers.Wait()
	if largest > 48<<20 {
		t.Errorf("the log grew to %d MB", largest>>20)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
