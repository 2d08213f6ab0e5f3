package store_test

import (
	"testing"

	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

func TestStore(t *testing.T) { storetest.Run(t, open) }

func open(t testing.TB) *store.Store {
	t.Helper()
	return storetest.Open(t)
}
