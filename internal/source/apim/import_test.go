package apim_test

import (
	"errors"
	"testing"

	"apicenter/internal/emulator"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
	"apicenter/internal/store/storetest"
)

// TestImportOfTheDemoInstance takes the whole instance over, twice, and one of
// its APIs by its resource id.
func TestImportOfTheDemoInstance(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	s := storetest.Open(t)
	workspace := inventory.MustID("sub/group/center/workspaces/default")
	err := s.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, service := tx.PutOwn("sub/group/center", inventory.Doc{}, inventory.Condition{})
		_, space := tx.PutOwn(workspace.String(), inventory.Doc{}, inventory.Condition{})
		return errors.Join(service, space)
	})
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(s, map[string]source.Kind{apim.Name: apim.New(w.options())}, engine.Options{})
	tally := func() map[inventory.Kind]int {
		t.Helper()
		n := map[inventory.Kind]int{}
		if err := s.View(t.Context(), func(r inventory.Reader) error {
			all, err := r.Below(workspace)
			for _, rec := range all {
				n[rec.ID.Kind()]++
				if rec.Document != "" {
					n["document"]++
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	roots, versions := 0, 0
	for _, o := range w.whole(w.connect()) {
		if o.Kind == inventory.KindAPI {
			roots, versions = roots+1, versions+len(o.Children)
		}
	}
	from := inventory.Link{SourceType: apim.Name, Source: w.instance}
	for range 2 {
		n, err := e.Import(t.Context(), "ann", workspace, from, nil)
		if n != versions || err != nil {
			t.Fatalf("imported %d, %v; want %d", n, err, versions)
		}
		got := tally()
		if got[inventory.KindAPI] != roots || got[inventory.KindVersion] != versions || got[inventory.KindDeployment] != versions ||
			got[inventory.KindEnvironment] != 1 || got["document"] == 0 || got["document"] != got[inventory.KindDefinition] {
			t.Errorf("%d roots and %d APIs became %v", roots, versions, got)
		}
	}
	before := tally()
	if n, err := e.Import(t.Context(), "ann", workspace, from, []string{w.instance + "/apis/loyalty"}); n != 1 || err != nil {
		t.Errorf("imported %d by id, %v", n, err)
	}
	if after := tally(); after[inventory.KindAPI] != before[inventory.KindAPI] {
		t.Errorf("an import by id made %v of %v", after, before)
	}
}
