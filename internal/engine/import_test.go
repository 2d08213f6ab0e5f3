package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

// elsewhere is a link to something that is not imported, so that a house has one.
const elsewhere = `{"sourceType":"Script","source":"/other","importSpecification":"always"}`

var once = inventory.Link{SourceType: "Script", Source: "/instance", Import: inventory.ImportAlways}

// importOnce imports and says what came of it.
func (h *house) importOnce(from inventory.Link, apis ...string) (int, error) {
	h.Helper()
	return h.engine.Import(h.Context(), "ann", inventory.MustID(workspace), from, apis)
}

// mustImport imports everything, without any trouble.
func (h *house) mustImport(want int) {
	h.Helper()
	if n, err := h.importOnce(once); n != want || err != nil {
		h.Fatalf("imported %d, %v; want %d", n, err, want)
	}
}

// everything is what is in the workspace but for its links, by path below it.
func (h *house) everything() map[string]inventory.Record {
	h.Helper()
	out := map[string]inventory.Record{}
	for _, rec := range h.below(inventory.MustID(workspace)) {
		if below := strings.TrimPrefix(strings.TrimPrefix(rec.Path, workspace), "/"); below != "" && rec.ID.Kind() != inventory.KindLink {
			out[below] = rec
		}
	}
	return out
}

func paths(all map[string]inventory.Record) []string {
	var out []string
	for path := range all {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

func TestImportGivesPeopleTheAPIs(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	h.source.Put(petstore("Petstore"))
	h.mustImport(1)
	name := h.api("Petstore").Name()
	all := h.everything()
	want := []string{
		"apis/" + name, "apis/" + name + "/deployments/script", "apis/" + name + "/versions/version-v1",
		"apis/" + name + "/versions/version-v1/definitions/openapi", "environments/script",
	}
	if got := paths(all); !slices.Equal(got, want) {
		t.Fatalf("got %q\nwant %q", got, want)
	}
	for path, rec := range all {
		if rec.Linked || len(rec.Origins) > 0 || rec.Created.By != "ann" {
			t.Errorf("%s: linked %t, by %s", path, rec.Linked, rec.Created.By)
		}
		if strings.Contains(string(rec.Doc), "importedFrom") {
			t.Errorf("%s shows where it came from: %s", path, rec.Doc)
		}
	}
	if d := all["apis/"+name+"/versions/version-v1/definitions/openapi"]; d.Document == "" || !strings.Contains(string(d.Doc), `"3.0.1"`) {
		t.Errorf("the definition is %s with document %q", d.Doc, d.Document)
	}
	d := all["apis/"+name+"/deployments/script"].View()
	if env, def := d.Text("/environmentId"), d.Text("/definitionId"); env != "/workspaces/default/environments/script" ||
		def != "/workspaces/default/apis/"+name+"/versions/version-v1/definitions/openapi" {
		t.Errorf("deployed in %s as %s", env, def)
	}
}

func TestImportNamesAsAPassDoes(t *testing.T) {
	imported, linked := newHouse(t, engine.Options{}, elsewhere), newHouse(t, engine.Options{}, always)
	for _, h := range []*house{imported, linked} {
		h.source.Put(petstore("Petstore"))
		h.source.Put(sourcetest.Group("apiversionsets/s", "A set", sourcetest.Version("apis/1", "1", []byte(`{}`)), sourcetest.Version("apis/2", "2024-01-01", nil)))
	}
	imported.mustImport(3)
	linked.pass("")
	without := func(h *house) []string {
		return slices.DeleteFunc(paths(h.everything()), func(p string) bool {
			return strings.Contains(p, "environments/") || strings.Contains(p, "deployments/")
		})
	}
	if got, want := without(imported), without(linked); !slices.Equal(got, want) {
		t.Errorf("an import made %q\na pass %q", got, want)
	}
}

func TestImportAgainUpdatesAndKeepsWhatPeopleSaid(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	h.source.Put(petstore("Petstore"))
	h.mustImport(1)
	before := paths(h.everything())
	api := h.api("Petstore")
	h.update(func(tx inventory.Tx) error {
		rec, err := tx.Record(api.ID)
		if err != nil {
			return err
		}
		_, err = tx.PutOwn(rec.Path, rec.Own.With("/summary", "ours").With("/description", "ours too"), inventory.Condition{})
		return err
	})
	h.source.Put(sourcetest.API("apis/petstore", "Renamed", "v1", []byte(`{"openapi":"3.1.0"}`)))
	h.mustImport(1)
	if after := paths(h.everything()); !slices.Equal(after, before) {
		t.Fatalf("after the second import: %q\nwant %q", after, before)
	}
	rec := h.everything()[strings.TrimPrefix(api.Path, workspace+"/")]
	if view := rec.View(); view.Text("/title") != "Renamed" || view.Text("/summary") != "ours" || view.Text("/description") != "" {
		t.Errorf("after the second import: %s", rec.Doc) // the source states its description to be empty
	}
	events := h.events()
	h.mustImport(1)
	if again := h.events(); again != events {
		t.Errorf("an import that changes nothing made %d events", again-events)
	}
}

func (h *house) events() (n int) {
	h.Helper()
	h.view(func(r inventory.Reader) error {
		for _, err := range r.Events(0, 1000) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n
}

func TestImportOfNamedAPIs(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	h.source.Put(petstore("Petstore"))
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))))
	n, err := h.importOnce(once, "apis/2", "apis/none")
	if n != 1 || !errors.Is(err, inventory.NotFound) || !strings.Contains(err.Error(), "apis/none") {
		t.Errorf("imported %d, %v", n, err)
	}
	if _, err := h.importOnce(once, "apis/1"); err != nil {
		t.Error(err)
	}
	set := h.api("Set")
	var versions int
	for _, rec := range h.below(set.ID) {
		if rec.ID.Kind() == inventory.KindVersion {
			versions++
		}
	}
	if versions != 2 || len(h.apis()) != 1 {
		t.Errorf("%d versions of %d APIs, want 2 of 1", versions, len(h.apis()))
	}
}

func (h *house) apis() (all []inventory.Resource) {
	h.Helper()
	h.view(func(r inventory.Reader) error {
		for api, err := range r.List(inventory.Query{Kind: inventory.KindAPI}) {
			if err != nil {
				return err
			}
			all = append(all, api)
		}
		return nil
	})
	return all
}

func TestImportLeavesAloneWhatALinkKeeps(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	before := h.everything()
	h.source.Put(sourcetest.API("apis/zoo", "Zoo", "v1", []byte(`{}`)))
	n, err := h.importOnce(once)
	if n != 1 || !errors.Is(err, inventory.Conflict) || !strings.Contains(err.Error(), `apis/petstore: the link "gateway"`) {
		t.Errorf("imported %d, %v", n, err)
	}
	for path, rec := range before {
		if after := h.everything()[path]; after.Revision != rec.Revision {
			t.Errorf("%s was touched", path)
		}
	}
	if len(h.apis()) != 2 {
		t.Errorf("%d APIs, want 2", len(h.apis()))
	}
}

func TestImportFromAnotherInstanceIsAnotherAPI(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	h.source.Put(petstore("Petstore"))
	h.mustImport(1)
	for range 2 {
		if n, err := h.importOnce(inventory.Link{SourceType: "Script", Source: "/second"}); n != 1 || err != nil {
			t.Fatalf("imported %d, %v", n, err)
		}
	}
	if len(h.apis()) != 2 {
		t.Errorf("%d APIs of two instances, want 2", len(h.apis()))
	}
}

func TestImportSaysWhatFailedAndKeepsTheRest(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	for i := range 20 {
		h.source.Put(sourcetest.API(fmt.Sprintf("apis/%02d", i), fmt.Sprintf("API %d", i), "v1", []byte(`{}`)))
	}
	h.source.FailDocument("apis/07", errors.New("too deep"))
	n, err := h.importOnce(once)
	if n != 20 || err == nil || !strings.Contains(err.Error(), "apis/07: its definition came without the document: too deep") {
		t.Errorf("imported %d, %v", n, err)
	}
	h.source.FailDocument("apis/07", nil)
	h.mustImport(20)

	remedy := &inventory.Remedy{Command: "az role assignment create"}
	for _, after := range []int{0, 5} {
		for code, stalled := range map[inventory.Code]bool{inventory.Conflict: true, inventory.Unavailable: false} {
			h.source.FailAfter(after, &source.Error{Stalled: stalled, Message: "waiting for role", Remedy: remedy, Err: errors.New("403")})
			_, err := h.importOnce(once)
			if want := "waiting for role; grant it with: az role assignment create"; inventory.CodeOf(err) != code || err.Error() != want {
				t.Errorf("a listing that broke off after %d: %v %q, want %v %q", after, inventory.CodeOf(err), err, code, want)
			}
		}
	}
	if len(h.apis()) != 20 {
		t.Errorf("%d APIs are left, want 20", len(h.apis()))
	}
}

func TestImportIntoAnEnvironmentThatIsNamed(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	h.source.Put(petstore("Petstore"))
	named := once
	named.Environment = "/workspaces/default/environments/Mine"
	if n, err := h.importOnce(named); n != 0 || !errors.Is(err, inventory.NotFound) {
		t.Errorf("into none: %d, %v", n, err)
	}
	h.update(func(tx inventory.Tx) error { return put(tx, workspace+"/environments/mine", `{"title":"Mine"}`) })
	if _, err := h.importOnce(named); err != nil {
		t.Fatal(err)
	}
	if _, made := h.everything()["environments/script"]; made {
		t.Error("another environment was made")
	}
}

func TestAPanicOfASourceEndsTheImportAlone(t *testing.T) {
	h := newHouse(t, engine.Options{}, elsewhere)
	o := petstore("Petstore")
	o.Children[0].Children[0].Document.Open = nil
	h.source.Put(o)
	if n, err := h.importOnce(once); n != 0 || err == nil || !strings.Contains(err.Error(), "log") {
		t.Errorf("imported %d, %v", n, err)
	}
}
