package auth_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/auth"
)

func TestStaticKeys(t *testing.T) {
	token := auth.NewToken()
	keys := auth.Static(map[string]auth.Principal{token: {Name: "ada"}})
	if p, err := keys.Authenticate(t.Context(), token); err != nil || p.Name != "ada" {
		t.Errorf("right token: %v, %v", p, err)
	}
	for _, bad := range []string{"", "apic_", token[:len(token)-1], token + "x", strings.ToUpper(token), auth.NewToken()} {
		if p, err := keys.Authenticate(t.Context(), bad); !errors.Is(err, auth.ErrUnknown) {
			t.Errorf("token %q: %v, %v, want ErrUnknown", bad, p, err)
		}
	}
}

func TestNewTokensDiffer(t *testing.T) {
	a, b := auth.NewToken(), auth.NewToken()
	if a == b || !strings.HasPrefix(a, "apic_") || len(a) != len("apic_")+43 {
		t.Errorf("tokens %q and %q", a, b)
	}
}

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{"Bearer x": "x", "bearer  x ": "x", "Basic x": "", "Bearer": "", "Bearer ": "", "": "", "x": ""} {
		got, ok := auth.Bearer(header)
		if ok != (want != "") || ok && got != want {
			t.Errorf("Bearer(%q) = %q, %v, want %q", header, got, ok, want)
		}
	}
}

func TestPrincipalTravelsInContext(t *testing.T) {
	if _, ok := auth.From(t.Context()); ok {
		t.Error("somebody acts in an empty context")
	}
	if p, ok := auth.From(auth.With(t.Context(), auth.Principal{Name: "ada"})); !ok || p.Name != "ada" {
		t.Errorf("got %v, %v", p, ok)
	}
}

func TestEnsureAdminIsStable(t *testing.T) {
	dir := t.TempDir()
	tokens := make([]string, 8)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			var err error
			if tokens[i], err = auth.EnsureAdmin(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, token := range tokens {
		if token == "" || token != tokens[0] {
			t.Fatalf("servers that start at once got different keys: %q", tokens)
		}
	}
	info, err := os.Stat(filepath.Join(dir, auth.AdminKeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v, want mode 0600", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left in the folder: %q", left)
	}
}

func TestEnsureAdminRefusesAnUnusableFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, auth.AdminKeyFile), []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if token, err := auth.EnsureAdmin(dir); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("got %q, %v, want an error that says what to do", token, err)
	}
	if _, err := auth.EnsureAdmin(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing folder is no error")
	}
}
