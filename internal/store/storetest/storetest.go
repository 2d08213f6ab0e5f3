// Package storetest is the conformance suite of inventory.Store: every
// database that the house supports runs it.
package storetest

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/internal/inventory"
)

const (
	service   = "sub/group/center"
	workspace = service + "/workspaces/default"
	linkPath  = workspace + "/links/gateway"
)

// Run runs the suite; open gives an empty store for one test.
func Run(t *testing.T, open func(*testing.T) inventory.Store) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"a person's write is read back", testPutOwn},
		{"a source's write is read back, seeds included", testPutOrigin},
		{"the people's layer survives a source", testLayers},
		{"an older observation changes nothing", testOlderObservation},
		{"a superseded claim cannot write", testClaims},
		{"a tombstone gives the people's layer back", testTombstones},
		{"a version moves with all below it", testMove},
		{"documents are kept byte for byte", testDocuments},
		{"an API has the stage of its newest version", testStage},
		{"search finds words and beginnings of words", testSearch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &bench{T: t, Store: open(t)}
			b.update(func(tx inventory.Tx) error {
				for _, path := range []string{service, workspace} {
					if _, err := tx.PutOwn(path, doc(`{"title":"x"}`), inventory.Condition{Absent: true}); err != nil {
						return err
					}
				}
				_, err := tx.PutOwn(linkPath, doc(`{"source":"/Instance/A"}`), inventory.Condition{})
				return err
			})
			tt.test(t, b)
		})
	}
}

// bench is a store with shorthands that fail the test.
type bench struct {
	*testing.T
	inventory.Store
	claim inventory.Claim
}

func doc(text string) inventory.Doc {
	d, err := inventory.ParseDoc([]byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

func id(path string) inventory.ID { return inventory.MustID(path) }

func (b *bench) update(f func(inventory.Tx) error) {
	b.Helper()
	if err := b.Update(b.Context(), "ann", f); err != nil {
		b.Fatal(err)
	}
}

// begin claims the link.
func (b *bench) begin() {
	b.Helper()
	b.update(func(tx inventory.Tx) (err error) {
		b.claim, err = tx.Begin(id(linkPath))
		return err
	})
}

func (b *bench) apply(f func(inventory.SourceTx) error) {
	b.Helper()
	if b.claim.Epoch == 0 {
		b.begin()
	}
	if err := b.Apply(b.Context(), b.claim, f); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) put(path, external, states, seeds string, read time.Time) {
	b.Helper()
	b.apply(func(tx inventory.SourceTx) error {
		return tx.PutOrigin(id(path), inventory.Origin{External: external, States: doc(states), Mark: states, Read: read}, doc(seeds))
	})
}

func (b *bench) get(path string) inventory.Resource {
	b.Helper()
	var r inventory.Resource
	b.view(func(tx inventory.Reader) (err error) {
		r, err = tx.Get(id(path))
		return err
	})
	return r
}

func (b *bench) view(f func(inventory.Reader) error) {
	b.Helper()
	if err := b.View(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

// missing fails unless path is not there, and gives the error.
func (b *bench) missing(path string) error {
	b.Helper()
	err := b.View(b.Context(), func(tx inventory.Reader) error {
		_, err := tx.Get(id(path))
		return err
	})
	if !errors.Is(err, inventory.NotFound) {
		b.Fatalf("get %s: %v, want not found", path, err)
	}
	return err
}

func (b *bench) reads(path, want string) {
	b.Helper()
	if diff := cmp.Diff(parse(b, want), parse(b, string(b.get(path).Doc))); diff != "" {
		b.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func parse(b *bench, text string) (v any) {
	b.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		b.Fatal(err)
	}
	return v
}

const petstore = workspace + "/apis/petstore"

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func testPutOwn(t *testing.T, b *bench) {
	var put inventory.Resource
	b.update(func(tx inventory.Tx) (err error) {
		put, err = tx.PutOwn(workspace+"/apis/PetStore", doc(`{"title":"Pets","customProperties":{"team":"x"}}`), inventory.Condition{})
		return err
	})
	if put.Revision != 1 || put.Name() != "PetStore" || put.Created.By != "ann" {
		t.Errorf("put: revision %d, name %q, by %q", put.Revision, put.Name(), put.Created.By)
	}
	b.reads(petstore, `{"title":"Pets","customProperties":{"team":"x"},"contacts":[],"externalDocumentation":[]}`)
	err := b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn(petstore, doc(`{}`), inventory.Condition{Revision: 7})
		return err
	})
	if !errors.Is(err, inventory.Changed) {
		t.Errorf("put at a wrong revision: %v, want changed", err)
	}
	err = b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn(petstore+"/versions/v1/definitions/openapi", doc(`{}`), inventory.Condition{})
		return err
	})
	if !errors.Is(err, inventory.NoParent) {
		t.Errorf("put below nothing: %v, want no parent", err)
	}
}

func testPutOrigin(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{"summary":"All pets"}`, noon)
	b.reads(petstore, `{"title":"Pets","kind":"rest","summary":"All pets","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	before := b.get(petstore)
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{"summary":"Other"}`, noon.Add(time.Hour))
	if after := b.get(petstore); after.Revision != before.Revision || after.Updated != before.Updated {
		t.Errorf("an equal observation changed the resource: %+v, then %+v", before, after)
	}
	var entries []inventory.Entry
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Origins(id(linkPath), inventory.KindAPI) {
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	if len(entries) != 1 || entries[0].ID != id(petstore) || entries[0].External != "apis/petstore" {
		t.Errorf("origins: %+v", entries)
	}
}

func testLayers(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.update(func(tx inventory.Tx) error {
		rec, err := tx.Record(id(petstore))
		if err != nil {
			return err
		}
		rec.Own.Set("/summary", "ours")
		rec.Own.Set("/title", "hidden")
		_, err = tx.PutOwn(petstore, rec.Own, inventory.Condition{Revision: rec.Revision})
		return err
	})
	b.put(petstore, "apis/petstore", `{"title":"Pets 2"}`, `{}`, noon.Add(time.Minute))
	got := b.get(petstore)
	var view struct{ Title, Summary string }
	if err := json.Unmarshal(got.Doc, &view); err != nil {
		t.Fatal(err)
	}
	if view.Title != "Pets 2" || view.Summary != "ours" || got.Revision != 3 {
		t.Errorf("after the sync: %+v at revision %d, want Pets 2, ours, 3", view, got.Revision)
	}
}

func testOlderObservation(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"New"}`, `{}`, noon)
	b.put(petstore, "apis/petstore", `{"title":"Old"}`, `{}`, noon.Add(-time.Second))
	b.reads(petstore, `{"title":"New","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testClaims(t *testing.T, b *bench) {
	b.begin()
	old := b.claim
	b.begin()
	err := b.Apply(t.Context(), old, func(inventory.SourceTx) error { return nil })
	if !errors.Is(err, inventory.Superseded) {
		t.Errorf("write with an old claim: %v, want superseded", err)
	}
}

func testTombstones(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{"summary":"seed"}`, noon)
	b.update(func(tx inventory.Tx) error {
		_, err := tx.PutOwn(petstore, doc(`{"summary":"ours"}`), inventory.Condition{})
		return err
	})
	b.apply(func(tx inventory.SourceTx) error { return tx.DropOrigin(id(petstore), inventory.Vanished) })
	b.missing(petstore)
	b.apply(func(tx inventory.SourceTx) error { return tx.DropOrigin(id(petstore), inventory.Vanished) })
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{"summary":"seed"}`, noon)
	b.reads(petstore, `{"title":"Pets","summary":"ours","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testMove(t *testing.T, b *bench) {
	other := workspace + "/apis/other"
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.put(other, "apiversionsets/other", `{"title":"Other"}`, `{}`, noon)
	b.put(petstore+"/versions/v1", "apis/petstore", `{"title":"v1"}`, `{"lifecycleStage":"design"}`, noon)
	b.put(petstore+"/versions/v1/definitions/openapi", "apis/petstore", `{"title":"OpenAPI"}`, `{}`, noon)
	b.put(petstore+"/deployments/prod", "apis/petstore", `{"definitionId":"/workspaces/default/apis/petstore/versions/v1/definitions/openapi"}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error {
		return tx.Move(id(petstore+"/versions/v1"), id(other+"/versions/v1"))
	})
	b.missing(petstore + "/versions/v1/definitions/openapi")
	b.get(other + "/versions/v1/definitions/openapi")
	b.reads(petstore+"/deployments/prod", `{"definitionId":"/workspaces/default/apis/other/versions/v1/definitions/openapi","customProperties":{}}`)
	b.reads(other, `{"title":"Other","lifecycleStage":"design","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	b.apply(func(tx inventory.SourceTx) error { return tx.Merge(id(petstore), id(other)) })
	if err := b.missing(petstore); !strings.Contains(err.Error(), "other") {
		t.Errorf("a merged API's error does not name its new place: %v", err)
	}
}

func testDocuments(t *testing.T, b *bench) {
	body := strings.Repeat(`{"openapi":"3.0.1"}`+"\n\x00\xff", 10_000)
	digest, size, err := b.PutDocument(t.Context(), strings.NewReader(body))
	if err != nil || size != int64(len(body)) {
		t.Fatalf("put: %d bytes, %v", size, err)
	}
	if again, _, err := b.PutDocument(t.Context(), strings.NewReader(body)); err != nil || again != digest {
		t.Errorf("put again: %s, %v, want %s", again, err, digest)
	}
	r, size, err := b.Document(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || string(got) != body || size != int64(len(body)) {
		t.Errorf("read back %d bytes of %d (size %d), %v", len(got), len(body), size, err)
	}
	if _, _, err := b.Document(t.Context(), "none"); !errors.Is(err, inventory.NotFound) {
		t.Errorf("a document that is not there: %v", err)
	}
}

func testStage(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	stage := func() string {
		var view struct{ LifecycleStage string }
		if err := json.Unmarshal(b.get(petstore).Doc, &view); err != nil {
			t.Fatal(err)
		}
		return view.LifecycleStage
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, ""},
		{func() {
			b.put(petstore+"/versions/v1", "apis/petstore", `{"title":"v1"}`, `{"lifecycleStage":"design"}`, noon)
		}, "design"},
		{func() {
			b.put(petstore+"/versions/v2", "apis/petstore-2", `{"title":"v2"}`, `{"lifecycleStage":"testing"}`, noon)
		}, "testing"},
		{func() {
			b.update(func(tx inventory.Tx) error {
				_, err := tx.PutOwn(petstore+"/versions/v2", doc(`{"lifecycleStage":"production"}`), inventory.Condition{})
				return err
			})
		}, "production"},
		{func() {
			b.apply(func(tx inventory.SourceTx) error {
				return tx.DropOrigin(id(petstore+"/versions/v2"), inventory.Vanished)
			})
		}, "design"},
	} {
		step.do()
		if got := stage(); got != step.want {
			t.Errorf("stage %q, want %q", got, step.want)
		}
	}
}

func testSearch(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Zoë's Pets","description":"cats and dogs"}`, `{}`, noon)
	for _, tt := range []struct {
		words string
		want  int
	}{{"pets", 1}, {"zoe", 1}, {"PET dog", 1}, {"store", 0}, {"petst", 1}, {`"'`, 0}, {"fish", 0}} {
		n := 0
		b.view(func(tx inventory.Reader) error {
			for _, err := range tx.List(inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Search: tt.words}) {
				if err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if n != tt.want {
			t.Errorf("search %q: %d found, want %d", tt.words, n, tt.want)
		}
	}
}
