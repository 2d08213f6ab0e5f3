package auth_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// openKeys gives the keys of the store in a folder.
func openKeys(t *testing.T, dir string) (*auth.Keys, *store.Store) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	keys, err := auth.NewKeys(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return keys, s
}

func TestKeyWorksUntilItIsRevoked(t *testing.T) {
	dir := t.TempDir()
	keys, s := openKeys(t, dir)
	key, token, err := keys.Make(t.Context(), "ann", inventory.Key{Name: "ci", Role: "r", Scope: "/subscriptions/s"})
	if err != nil || !strings.HasPrefix(token, key.Prefix) || len(key.Prefix) != 11 || key.Created.By != "ann" {
		t.Fatalf("made %+v, %v", key, err)
	}
	other, otherToken, err := keys.Make(t.Context(), "ann", inventory.Key{Name: "ci"})
	if err != nil || other.ID == key.ID || otherToken == token {
		t.Fatalf("made %+v, %v", other, err)
	}
	check := func(keys *auth.Keys) {
		t.Helper()
		p, err := keys.Authenticate(t.Context(), token)
		if err != nil || p.ID != key.ID || p.Name != "ci" || p.Kind != auth.Key || len(p.Grants) != 1 || p.Grants[0] != (auth.Grant{Role: "r", Scope: "/subscriptions/s"}) {
			t.Errorf("stands for %+v, %v", p, err)
		}
		for _, bad := range []string{"", token + "x", token[:len(token)-1], key.Prefix, string(key.Hash), "apic_" + string(key.Hash), auth.NewToken()} {
			if p, err := keys.Authenticate(t.Context(), bad); !errors.Is(err, auth.ErrUnknown) {
				t.Errorf("%q stands for %+v, %v", bad, p, err)
			}
		}
	}
	check(keys)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "inventory.db"))
	if err != nil || strings.Contains(string(b), token) {
		t.Errorf("the database file has the token in it (%v)", err)
	}
	keys, _ = openKeys(t, dir)
	check(keys)
	if all := keys.All(); len(all) != 2 || all[0] != key || all[1] != other {
		t.Errorf("all keys: %+v", all)
	}
	if err := keys.Revoke(t.Context(), "bob", strings.ToUpper(key.ID)); err != nil {
		t.Error(err)
	}
	if p, err := keys.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("a revoked key stands for %+v, %v", p, err)
	}
	if _, err := keys.Authenticate(t.Context(), otherToken); err != nil {
		t.Errorf("another key went with it: %v", err)
	}
	if err := keys.Revoke(t.Context(), "bob", key.ID); !errors.Is(err, inventory.NotFound) {
		t.Errorf("revoked twice: %v", err)
	}
}

func TestKeyExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, err := auth.NewKeys(t.Context(), nowhere{})
		if err != nil {
			t.Fatal(err)
		}
		_, token, err := keys.Make(t.Context(), "ann", inventory.Key{Name: "ci", Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - time.Nanosecond)
		if _, err := keys.Authenticate(t.Context(), token); err != nil {
			t.Errorf("a moment before: %v", err)
		}
		time.Sleep(time.Nanosecond)
		chain := auth.Chain{auth.Static(nil), keys, auth.Static(nil)}
		if _, err := chain.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnknown) || !strings.Contains(err.Error(), "expired at 2000-01-01T01:00:00Z") {
			t.Errorf("when it expires: %v", err)
		}
	})
}

func TestKeysAreLimited(t *testing.T) {
	keys, err := auth.NewKeys(t.Context(), nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 1001 {
		_, _, err := keys.Make(t.Context(), "ann", inventory.Key{Name: "ci"})
		if limited := errors.Is(err, inventory.LimitReached); limited != (n == 1000) {
			t.Fatalf("key %d: %v", n, err)
		}
	}
}

func TestKeyNeedsAName(t *testing.T) {
	keys, err := auth.NewKeys(t.Context(), nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"", " ", "a\nb", "link/gateway", "team/ci", "ada@example.com", "administrator", "Administrator", " apicenter ", "event", "retention", strings.Repeat("x", 300),
	} {
		if _, _, err := keys.Make(t.Context(), "ann", inventory.Key{Name: name}); !errors.Is(err, inventory.Invalid) {
			t.Errorf("a key named %q: %v", name, err)
		}
	}
	if all := keys.All(); len(all) != 0 {
		t.Errorf("made %+v", all)
	}
}

// nowhere is a store that keeps nothing.
type nowhere struct{}

func (nowhere) Keys(context.Context) ([]inventory.Key, error) { return nil, nil }
func (nowhere) PutKey(_ context.Context, _ string, k inventory.Key) (inventory.Key, error) {
	return k, nil
}
func (nowhere) DeleteKey(context.Context, string, string) error { return nil }

func TestChain(t *testing.T) {
	down := inventory.Errorf(inventory.Unavailable, "", "down")
	first := auth.Static(map[string]auth.Principal{"one": {Name: "one"}, "both": {Name: "first"}})
	second := auth.Static(map[string]auth.Principal{"two": {Name: "two"}, "both": {Name: "second"}})
	for _, tt := range []struct {
		chain auth.Chain
		token string
		name  string
		err   error
	}{
		{auth.Chain{first, second}, "one", "one", nil},
		{auth.Chain{first, second}, "two", "two", nil},
		{auth.Chain{first, second}, "both", "first", nil},
		{auth.Chain{first, second}, "three", "", auth.ErrUnknown},
		{auth.Chain{first, failing{down}, second}, "one", "one", nil},
		{auth.Chain{first, failing{down}, second}, "two", "", inventory.Unavailable},
		{auth.Chain{}, "one", "", auth.ErrUnknown},
	} {
		if p, err := tt.chain.Authenticate(t.Context(), tt.token); p.Name != tt.name || !errors.Is(err, tt.err) {
			t.Errorf("%q: %+v, %v, want %q, %v", tt.token, p, err, tt.name, tt.err)
		}
	}
}

type failing struct{ err error }

func (f failing) Authenticate(context.Context, string) (auth.Principal, error) {
	return auth.Principal{}, f.err
}
