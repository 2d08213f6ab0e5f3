package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

const (
	subscription = "/subscriptions/S"
	group        = subscription + "/resourceGroups/G"
	center       = group + "/providers/Microsoft.ApiCenter/services/C"
	api          = center + "/workspaces/default/apis/A"

	readAPI   = "Microsoft.ApiCenter/services/workspaces/apis/read"
	writeAPI  = "Microsoft.ApiCenter/services/workspaces/apis/write"
	name      = "00000000-0000-4000-8000-00000000000%d"
	contrib   = "Azure API Center Service Contributor"
	readerCtr = "Azure API Center Service Reader"
)

func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func guardOf(t testing.TB, s *store.Store) *access.Guard {
	t.Helper()
	g, err := access.New(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func guard(t testing.TB) *access.Guard { return guardOf(t, open(t, t.TempDir())) }

// by is a context in which somebody acts.
func by(t testing.TB, p auth.Principal) context.Context { return auth.With(t.Context(), p) }

func assign(t testing.TB, g *access.Guard, n int, role, principal, scope string) {
	t.Helper()
	created, err := g.Assign(by(t, auth.Principal{Name: "ann"}), inventory.Assignment{
		Name: fmt.Sprintf(name, n), Role: role, Principal: principal, Scope: scope,
	})
	if err != nil || !created {
		t.Fatalf("assign %s to %s on %s: created %v, %v", role, principal, scope, created, err)
	}
}

func TestWhoMayWhatWhere(t *testing.T) {
	g := guard(t)
	assign(t, g, 1, readerCtr, "ADA", center)
	assign(t, g, 2, contrib, "editors", group)
	assign(t, g, 3, "Owner", "owner", "/")
	assign(t, g, 4, "Azure API Center Data Reader", "dan", center)
	ada := auth.Principal{ID: "ada"}
	editor := auth.Principal{ID: "ed", Groups: []string{"others", "editors"}}
	dan := auth.Principal{ID: "dan"}
	key := auth.Principal{ID: "key", Kind: auth.Key, Grants: []auth.Grant{{Role: access.AdministratorID, Scope: "/subscriptions/s"}}}
	for _, tt := range []struct {
		who           auth.Principal
		action, scope string
		control, data bool
	}{
		{ada, readAPI, api, true, false},
		{ada, readAPI, strings.ToUpper(api), true, false},
		{ada, readAPI, center, true, false},
		{ada, readAPI, center + "/", true, false},
		{ada, readAPI, strings.Replace(api, "/services/", "//services/", 1), true, false},
		{ada, writeAPI, api, false, false},
		{ada, readAPI, center + "2", false, false}, // whole segments
		{ada, readAPI, group, false, false},
		{ada, readAPI, "/", false, false},
		{ada, readAPI, "", false, false},
		{ada, readAPI, "/subscriptions/other", false, false},
		{editor, writeAPI, api, true, false},
		{editor, "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/updateAnalysisState/action", api, false, false},
		{editor, writeAPI, subscription, false, false},
		{auth.Principal{ID: "owner"}, writeAPI, api, true, false}, // not even an owner has data actions
		{auth.Principal{ID: "owner"}, "x/y", "/", true, false},
		{dan, readAPI, api, false, true},
		{dan, writeAPI, api, false, false},
		{key, writeAPI, api, true, true},
		{key, writeAPI, "/subscriptions/s2", false, false},
		{auth.Principal{ID: "nobody"}, readAPI, api, false, false},
		{auth.Principal{Kind: auth.Anonymous}, readAPI, api, false, false},
		{auth.Principal{ID: "x", Grants: []auth.Grant{{Role: "no such role", Scope: "/"}}}, readAPI, api, false, false},
	} {
		ctx := by(t, tt.who)
		if got := g.Allowed(ctx, tt.action, tt.scope); got != tt.control {
			t.Errorf("%s, %s on %s: allowed %v, want %v", tt.who.ID, tt.action, tt.scope, got, tt.control)
		}
		if err := g.Authorize(ctx, tt.action, tt.scope); (err == nil) != tt.control || err != nil && !errors.Is(err, inventory.Denied) {
			t.Errorf("%s, %s on %s: %v, want allowed %v", tt.who.ID, tt.action, tt.scope, err, tt.control)
		}
		if err := g.AuthorizeData(ctx, tt.action, tt.scope); (err == nil) != tt.data || err != nil && !errors.Is(err, inventory.Denied) {
			t.Errorf("%s, data %s on %s: %v, want allowed %v", tt.who.ID, tt.action, tt.scope, err, tt.data)
		}
	}
}

func TestNobodyMayNothing(t *testing.T) {
	g := guard(t)
	for what, err := range map[string]error{
		"control":  g.Authorize(t.Context(), readAPI, api),
		"data":     g.AuthorizeData(t.Context(), readAPI, api),
		"assign":   func() error { _, err := g.Assign(t.Context(), inventory.Assignment{}); return err }(),
		"unassign": g.Unassign(t.Context(), "/", "x"),
	} {
		if !errors.Is(err, inventory.Denied) {
			t.Errorf("%s: %v, want denied", what, err)
		}
	}
	if g.Allowed(t.Context(), readAPI, api) {
		t.Error("nobody is allowed to read")
	}
}

func TestDenialSaysWhatIsMissing(t *testing.T) {
	g := guard(t)
	ctx := by(t, auth.Principal{ID: "1234", Name: "ada@example.com"})
	var b strings.Builder
	fmt.Fprintln(&b, g.Authorize(ctx, writeAPI, api))
	fmt.Fprintln(&b, g.AuthorizeData(ctx, readAPI, api))
	fmt.Fprintln(&b, g.AuthorizeData(by(t, auth.Principal{Kind: auth.Anonymous}), readAPI, api))
	fmt.Fprintln(&b, g.Authorize(t.Context(), readAPI, api))
	golden(t, "denials.txt", b.String())
}

func TestAssignmentsCountAtOnceAndLast(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	g := guardOf(t, s)
	ada := by(t, auth.Principal{ID: "ada", Name: "ada"})
	assign(t, g, 1, contrib, "ada", group)
	if !g.Allowed(ada, writeAPI, api) {
		t.Error("an assignment does not count")
	}
	a, err := g.Assignment(t.Context(), strings.ToUpper(fmt.Sprintf(name, 1)))
	if err != nil || a.Scope != strings.ToLower(group) || a.Created.By != "ann" || a.Role != "dd24193f-ef65-44e5-8a7e-6fa6e03f7713" {
		t.Errorf("assignment %+v, %v", a, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	g = guardOf(t, open(t, dir))
	if all, err := g.Assignments(t.Context()); err != nil || len(all) != 1 || !g.Allowed(ada, writeAPI, api) {
		t.Errorf("after a restart: %+v, %v", all, err)
	}
	if err := g.Unassign(ada, center, a.Name); !errors.Is(err, inventory.NotFound) {
		t.Errorf("unassign on another scope: %v, want not found", err)
	}
	if err := g.Unassign(ada, strings.ToUpper(group), a.Name); err != nil || g.Allowed(ada, writeAPI, api) {
		t.Errorf("unassign: %v, or it counts on", err)
	}
	if err := g.Unassign(ada, group, a.Name); !errors.Is(err, inventory.NotFound) {
		t.Errorf("unassign twice: %v, want not found", err)
	}
	if _, err := g.Assignment(t.Context(), a.Name); !errors.Is(err, inventory.NotFound) {
		t.Errorf("read what is gone: %v, want not found", err)
	}
}

func TestBadAssignments(t *testing.T) {
	g := guard(t)
	good := inventory.Assignment{Name: fmt.Sprintf(name, 1), Scope: "/", Role: "Reader", Principal: "ada"}
	for _, tt := range []struct {
		what   string
		change func(*inventory.Assignment)
		want   inventory.Code
	}{
		{"nothing wrong", func(*inventory.Assignment) {}, ""},
		{"the same again", func(*inventory.Assignment) {}, ""},
		{"another description", func(a *inventory.Assignment) { a.Description = "why" }, ""},
		{"the same under another name", func(a *inventory.Assignment) { a.Name = fmt.Sprintf(name, 2) }, inventory.Conflict},
		{"another principal", func(a *inventory.Assignment) { a.Principal = "bob" }, inventory.Invalid},
		{"no GUID", func(a *inventory.Assignment) { a.Name = "n" }, inventory.Invalid},
		{"no role", func(a *inventory.Assignment) { a.Role = "" }, inventory.NotFound},
		{"no such role", func(a *inventory.Assignment) { a.Role = "Emperor" }, inventory.NotFound},
		{"no principal", func(a *inventory.Assignment) { a.Principal = "" }, inventory.Invalid},
		{"a principal of two words", func(a *inventory.Assignment) { a.Principal = "a b" }, inventory.Invalid},
		{"no scope", func(a *inventory.Assignment) { a.Scope = "" }, inventory.Invalid},
		{"no such scope", func(a *inventory.Assignment) { a.Scope = "/x" }, inventory.Invalid},
		{"a long description", func(a *inventory.Assignment) { a.Description = strings.Repeat("x", 2000) }, inventory.Invalid},
		{"a long type", func(a *inventory.Assignment) { a.PrincipalType = strings.Repeat("x", 2000) }, inventory.Invalid},
	} {
		a := good
		tt.change(&a)
		if _, err := g.Assign(by(t, auth.Principal{Name: "ann"}), a); inventory.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.what, err, tt.want)
		}
	}
	if all, err := g.Assignments(t.Context()); len(all) != 1 || err != nil {
		t.Errorf("kept %+v, %v, want one", all, err)
	}
}

func TestHeld(t *testing.T) {
	g := guard(t)
	assign(t, g, 1, "Reader", "ada", group)
	assign(t, g, 2, "Reader", "team", group)
	assign(t, g, 3, "Owner", "team", "/")
	got := g.Held(by(t, auth.Principal{ID: "ada", Groups: []string{"team"}, Grants: []auth.Grant{{Role: access.DataReaderID, Scope: "/subscriptions/s"}}}))
	if want := "[{8e3af657-a8ff-443c-a75c-2fe8c4bcb635 /} {c7244dfb-f447-457d-b2ba-3999044d1706 /subscriptions/s} {acdd72a7-3385-48ef-bd42-f606fba81ae7 /subscriptions/s/resourcegroups/g}]"; fmt.Sprint(got) != want {
		t.Errorf("held %v, want %s", got, want)
	}
}

// Whoever asks while assignments change gets the answer of before or of after.
func TestAskingWhileAssigning(t *testing.T) {
	g := guard(t)
	ada := by(t, auth.Principal{ID: "ada", Name: "ada"})
	assign(t, g, 1, "Reader", "ada", center)
	var askers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		askers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if !g.Allowed(ada, readAPI, api) || g.Allowed(ada, writeAPI, group) {
					t.Error("a change elsewhere changed this answer")
					return
				}
			}
		})
	}
	for range 20 {
		assign(t, g, 2, contrib, "ada", center)
		if err := g.Unassign(ada, center, fmt.Sprintf(name, 2)); err != nil {
			t.Error(err)
		}
	}
	close(done)
	askers.Wait()
}

func BenchmarkAllowed(b *testing.B) {
	g := guard(b)
	for i := range 5 {
		assign(b, g, i, contrib, "ada", fmt.Sprintf("%s%d", group, i))
	}
	assign(b, g, 6, readerCtr, "team", center)
	ctx := by(b, auth.Principal{ID: "ada", Groups: []string{"x", "y", "team"}})
	b.ReportAllocs()
	for b.Loop() {
		if !g.Allowed(ctx, readAPI, api) {
			b.Fatal("denied")
		}
	}
}
