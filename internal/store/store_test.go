package store_test

import (
	"flag"
	"testing"

	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

// TestMain draws fewer histories than rapid would, since each is compared with
// every instant that it went through; ask for more with -rapid.checks.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	m.Run()
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

func open(t testing.TB) *store.Store {
	t.Helper()
	return storetest.Open(t)
}
