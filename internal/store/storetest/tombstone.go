package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

func (b *bench) tombstones() (all []inventory.Tombstone) {
	b.Helper()
	b.view(func(tx inventory.Reader) (err error) {
		all, err = tx.Tombstones(id(linkPath).Ancestor(inventory.KindService), 0, 100)
		return err
	})
	return all
}

// relink makes another link in place of the present one, which states nothing.
func (b *bench) relink(instance string) {
	b.Helper()
	b.apply(func(tx inventory.SourceTx) error { return tx.Remove() })
	delete(b.claims, b.link)
	b.own(b.link, `{"source":"`+instance+`"}`)
}

func testForgetTombstones(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.put(petstore+"-2", "apis/other", `{"title":"Other"}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error { return tx.Merge(id(petstore+"-2"), id(petstore)) })
	b.put(petstore+"-3", "apis/third", `{"title":"Third"}`, `{}`, noon)
	b.drop(petstore + "-3")
	forget := func(before time.Time, want int64) {
		t.Helper()
		if n, err := b.Forget(t.Context(), before); n != want || err != nil {
			t.Errorf("forgot %d tombstones, %v; want %d", n, err, want)
		}
	}
	forget(b.Now().Add(-time.Hour), 0)
	forget(b.Now().Add(time.Hour), 1) // not the one of what is part of a thing that is there
	b.drop(petstore)
	forget(b.Now().Add(time.Hour), 2)
}

func testEntombed(_ *testing.T, b *bench) {
	find := func(workspace, name string) (path string) {
		b.Helper()
		b.view(func(tx inventory.Reader) error {
			found, err := tx.Entombed(id(workspace), name)
			if path = found.Path; errors.Is(err, inventory.NotFound) {
				return nil
			}
			return err
		})
		return path
	}
	b.same("of nothing", find(workspace, "pets"), "")
	b.put(petstore, "apiVersionSets/animals", `{"title":"Pets"}`, `{}`, noon)
	b.put(petstore+"/versions/v1", "apis/pets_v1", `{"title":"v1"}`, `{}`, noon)
	b.same("of what is there", find(workspace, "petstore"), "")
	b.drop(petstore)
	b.same("by its name", find(workspace, "PetStore"), petstore)
	b.same("by the name of its set", find(workspace, "animals"), petstore)
	b.same("by that of a version", find(workspace, "Pets_v1"), petstore+"/versions/v1")
	b.same("by a part of it", find(workspace, "store"), "")
	b.same("in another workspace", find(service+"/workspaces/other", "petstore"), "")
}

func testWorkspaceTombstones(_ *testing.T, b *bench) {
	const api, environment = workspace + "/apis/orders", workspace + "/environments/gateway"
	b.relink("/Instance/a/workspaces/Sales")
	b.put(api, "workspaces/sales/apis/orders", `{"title":"Orders"}`, `{}`, noon)
	b.put(environment, "environment", `{"server":{"type":"x"}}`, `{}`, noon)
	b.own(api, `{"summary":"ours"}`)
	b.own(environment, `{"title":"ours"}`)
	b.drop(api)
	b.drop(environment)
	b.relink("/instance/A")
	b.put(api, "workspaces/sales/apis/orders", `{"title":"Orders"}`, `{}`, noon)
	b.same("of the API", b.record(api).Own.Text("/summary"), "ours")
	b.put(environment, "environment", `{"server":{"type":"x"}}`, `{}`, noon)
	b.same("of an environment, which is each link's own", b.record(environment).Own.Text("/title"), "")
}

func testInherit(t *testing.T, b *bench) {
	const there, untouched, absent = workspace + "/apis/there", workspace + "/apis/untouched", workspace + "/apis/absent"
	for _, path := range []string{there, untouched, absent} {
		b.put(path, path, `{"title":"A"}`, `{"stage":"seed"}`, noon)
		b.own(path, `{"summary":"old","license":{"name":"old"},"stage":"said"}`)
		b.own(path+"/versions/mine", `{"title":"mine"}`)
		b.drop(path)
	}
	b.relink("/instance/renamed")
	for _, path := range []string{there, untouched} {
		b.put(path+"-again", path, `{"title":"A"}`, `{"stage":"seed"}`, noon)
	}
	b.own(there+"-again", `{"summary":"new","stage":"seed"}`)
	inherit := func(from string) (sum inventory.Inheritance) {
		b.update(func(tx inventory.Tx) (err error) {
			sum, err = tx.Inherit(id(linkPath), from)
			return err
		})
		return sum
	}
	b.same("of nothing", inherit("/instance/none"), inventory.Inheritance{})
	b.same("of the instance", inherit("/instance/a"), inventory.Inheritance{Filed: 3, Returned: 2, Left: 1})
	b.same("what nobody had touched", b.record(untouched+"-again").Own, doc(`{"summary":"old","license":{"name":"old"},"stage":"said"}`))
	b.same("what people had touched", b.record(there+"-again").Own, doc(`{"summary":"new","license":{"name":"old"},"stage":"seed"}`))
	b.reads(untouched+"-again/versions/mine", `{"title":"mine"}`)
	b.reads(there+"-again/versions/mine", `{"title":"mine"}`)
	b.put(absent, absent, `{"title":"A"}`, `{"stage":"seed"}`, noon)
	b.same("what came later", b.record(absent).Own, doc(`{"summary":"old","license":{"name":"old"},"stage":"said"}`))
	left := b.tombstones()
	if len(left) != 1 || left[0].External != there || !left[0].Own.Equal(doc(`{"summary":"old","stage":"said"}`)) || left[0].Source != "/instance/renamed" {
		t.Errorf("what is left: %+v", left)
	}
}

func testSeveralTombstones(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.own(petstore, `{"summary":"first"}`)
	b.drop(petstore)
	// Another API takes the identity over, as one does that joins a version set.
	b.put(petstore+"-2", "apis/other", `{"title":"Other"}`, `{}`, noon)
	b.own(petstore+"-2", `{"summary":"second"}`)
	b.put(petstore+"-2", "apis/petstore", `{"title":"Other"}`, `{}`, noon.Add(time.Minute))
	b.drop(petstore + "-2")
	all := b.tombstones()
	if len(all) != 2 || all[0].Own.Text("/summary") != "second" || all[1].Own.Text("/summary") != "first" || all[0].Link != linkPath {
		t.Fatalf("tombstones: %+v", all)
	}
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.same("the newest comes back", b.record(petstore).Own.Text("/summary"), "second")
	b.same("the other is still kept", b.tombstones()[0].Own.Text("/summary"), "first")
}

// grown makes an API with all that can be of one, of a source and of people.
func (b *bench) grown() (before string) {
	b.Helper()
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{}`, noon)
	b.own(petstore, `{"summary":"ours"}`)
	b.put(version, "apis/petstore", `{"title":"v1"}`, `{"lifecycleStage":"design"}`, noon)
	b.put(definition, "apis/petstore", `{"title":"OpenAPI","document":"`+string(b.document(`{"openapi":"3.0.1"}`))+`"}`, `{}`, noon)
	b.put(petstore+"/deployments/gateway", "apis/petstore", `{"server":{"runtimeUri":["https://gw"]},"definitionId":"`+inventory.ShortID(definition)+`"}`, `{"title":"Gateway"}`, noon)
	b.own(version+"/definitions/mine", `{"title":"mine"}`)
	b.own(petstore+"/versions/next", `{"title":"v2","lifecycleStage":"design"}`)
	return b.shown(petstore)
}

// shown is what readers see of a thing and of all below it.
func (b *bench) shown(path string) string {
	b.Helper()
	var out strings.Builder
	b.view(func(tx inventory.Reader) error {
		all, err := tx.Below(id(path))
		for _, rec := range all {
			fmt.Fprintln(&out, rec.Path, string(rec.Doc), rec.Document)
		}
		return err
	})
	return out.String()
}

// give restores the newest tombstone of a kind.
func (b *bench) give(kind inventory.Kind) (r inventory.Restoration, err error) {
	b.Helper()
	all := b.tombstones()
	at := slices.IndexFunc(all, func(t inventory.Tombstone) bool { return t.Kind == kind })
	if at < 0 {
		b.Fatalf("there is no tombstone of a %s", kind)
	}
	err = b.Update(b.Context(), "ann", func(tx inventory.Tx) (err error) {
		r, err = tx.RestoreTombstone(id(service), all[at].ID)
		return err
	})
	return r, err
}

func testRestoreTombstones(t *testing.T, b *bench) {
	before := b.grown()
	b.drop(petstore)
	_, err := b.give(inventory.KindVersion)
	b.refused("a version without its API", err, inventory.Conflict)
	b.own(petstore, `{"title":"taken"}`)
	_, err = b.give(inventory.KindAPI)
	b.refused("what has another in its place", err, inventory.Conflict)
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(petstore), inventory.Condition{}) })
	r, err := b.give(inventory.KindAPI)
	if err != nil || r.Resource.Path != petstore || r.Things != 6 || r.Left {
		t.Errorf("restored %+v, %v", r, err)
	}
	b.same("what readers see", b.shown(petstore), before)
	b.same("who states it", len(b.record(petstore).Origins), 0)
	b.same("what is kept", len(b.tombstones()), 0)

	b.put(petstore+"-2", "apis/petstore", `{"title":"Pets"}`, `{}`, noon.Add(time.Hour))
	b.own(petstore+"-2", `{"summary":"of then"}`)
	b.drop(petstore + "-2")
	b.put(petstore+"-3", "apis/other", `{"title":"Pets"}`, `{}`, noon.Add(2*time.Hour))
	b.put(petstore+"-3", "apis/petstore", `{"title":"Pets"}`, `{"lifecycleStage":"x"}`, noon.Add(3*time.Hour))
	r, err = b.give(inventory.KindAPI)
	if err != nil || r.Resource.Path != petstore+"-3" || r.Things != 0 || r.Left || b.record(petstore+"-3").Own.Text("/summary") != "of then" {
		t.Errorf("words that went to the thing that is there: %+v, %v", r, err)
	}
}

func testRestoreAVersion(t *testing.T, b *bench) {
	before := b.grown()
	b.apply(func(tx inventory.SourceTx) error {
		return errors.Join(tx.DropOrigin(id(petstore+"/deployments/gateway"), inventory.Vanished), tx.DropOrigin(id(version), inventory.Vanished))
	})
	r, err := b.give(inventory.KindVersion)
	if err != nil || r.Things != 4 {
		t.Errorf("restored %+v, %v", r, err)
	}
	for _, line := range strings.Split(before, "\n")[1:] {
		if !strings.Contains(b.shown(petstore), line) {
			t.Errorf("lacking %s in\n%s", line, b.shown(petstore))
		}
	}
}

func testForgetATombstone(t *testing.T, b *bench) {
	b.grown()
	b.drop(petstore)
	all := b.tombstones()
	b.update(func(tx inventory.Tx) error {
		n, err := tx.ForgetTombstone(id(service), all[len(all)-1].ID)
		b.same("forgotten", n, 4)
		return err
	})
	b.same("what is kept", len(b.tombstones()), 0)
	b.refused("one that is not there", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.RestoreTombstone(id(service), all[0].ID)
		return err
	}), inventory.NotFound)
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.same("what comes back", b.record(petstore).Own.Text("/summary"), "")
}

func testMergedIsNotRestored(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.put(petstore+"-2", "apis/other", `{"title":"Other"}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error { return tx.Merge(id(petstore+"-2"), id(petstore)) })
	_, err := b.give(inventory.KindAPI)
	b.refused("what became one with another", err, inventory.Conflict)
}
