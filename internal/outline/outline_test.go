package outline_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"apicenter/internal/inventory"
	"apicenter/internal/outline"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const workspace = "sub/group/center/workspaces/default"

var apis = inventory.MustID(workspace)

// define gives an API a definition.
func define(t *testing.T, s *store.Store, api, document string) {
	t.Helper()
	digest, _, err := s.PutDocument(t.Context(), strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		path := workspace + "/apis/" + api
		for _, put := range []struct{ path, own string }{
			{"sub/group/center", `{}`},
			{workspace, `{}`},
			{path, `{"title":"A thing"}`},
			{path + "/versions/v1", `{}`},
			{path + "/versions/v1/definitions/d", fmt.Sprintf(`{"document":%q}`, digest)},
		} {
			own, err := inventory.ParseDoc([]byte(put.own))
			if err != nil {
				return err
			}
			if _, err := tx.PutOwn(put.path, own, inventory.Condition{}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func found(t *testing.T, s *store.Store, search string) (names []string) {
	t.Helper()
	if err := s.View(t.Context(), func(tx inventory.Reader) error {
		for r, err := range tx.List(inventory.Query{Parent: apis, Kind: inventory.KindAPI, Search: search, Deep: true}) {
			if err != nil {
				return err
			}
			names = append(names, r.Name())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// finish does all that there is to do.
func finish(t *testing.T, s *store.Store) (steps int) {
	t.Helper()
	r := outline.New(s, slog.New(slog.DiscardHandler))
	for more := true; more; steps++ {
		var err error
		if more, err = r.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if steps > 1000 {
			t.Fatal("it never ends")
		}
	}
	return steps
}

func TestDefinitionsAreFound(t *testing.T) {
	s := storetest.Open(t)
	for i := range 40 {
		define(t, s, fmt.Sprintf("api%d", i), fmt.Sprintf(`{"openapi":"3.0.0","paths":{"/orders/n%d/items":{"get":{"operationId":"listThem%d"}}}}`, i, i))
	}
	define(t, s, "broken", "{")
	define(t, s, "large", `{"openapi":"3.0.0","paths":{"/x":{"get":{"summary":"`+strings.Repeat("x", 9<<20)+`"}}}}`)
	if steps := finish(t, s); steps < 3 {
		t.Errorf("all was done in %d steps, so that nothing else got a turn", steps)
	}
	for search, want := range map[string]int{"orders": 40, "n7": 1, "listthem39": 1, "items them7": 1, "get n12 thing": 1, "broken": 1, "xxx": 0} {
		if got := found(t, s, search); len(got) != want {
			t.Errorf("%q finds %v, want %d", search, got, want)
		}
	}
	before := s.Generation()
	if steps := finish(t, s); steps != 1 || s.Generation() != before {
		t.Error("what was read is read again")
	}
	define(t, s, "api7", `{"openapi":"3.0.0","paths":{"/bills":{"get":{}}}}`)
	finish(t, s)
	if got := found(t, s, "n7"); len(got) != 0 {
		t.Errorf("by what it has no more, one finds %v", got)
	}
	if got := found(t, s, "bills"); len(got) != 1 {
		t.Errorf("by what it has, one finds %v", got)
	}
}
