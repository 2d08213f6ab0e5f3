package store_test

import (
	"testing"

	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

func TestStore(t *testing.T) { storetest.Run(t, open) }

func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
