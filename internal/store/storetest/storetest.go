// Package storetest is the conformance suite of inventory.Store: every
// database that the house supports runs it.
package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

const (
	service   = "sub/group/center"
	workspace = service + "/workspaces/default"
	linkPath  = workspace + "/links/gateway"
	// secondPath is the link to another instance.
	secondPath = workspace + "/links/second"
)

// Open gives an empty store that is closed at the end of the test.
func Open(t testing.TB) *store.Store {
	t.Helper()
	s, err := OpenIn(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run runs the suite; open gives an empty store for one test.
func Run(t *testing.T, open func(testing.TB) *store.Store) {
	for _, group := range [][]promise{people, sources, merges, lists, facets, outlines, journal, history, webhooks, agenda, transactions, access, sessions, groups, services, operations} {
		for _, p := range group {
			t.Run(p.name, func(t *testing.T) {
				b := newBench(t, open(t))
				p.test(t, b)
				Check(t, b.Store)
			})
		}
	}
	t.Run("laws", func(t *testing.T) { laws(t, open(t)) })
}

// promise is one thing that the port promises.
type promise struct {
	name string
	test func(*testing.T, *bench)
}

// newBench prepares a service with a workspace and a link to instance A.
func newBench(t testing.TB, s *store.Store) *bench {
	b := &bench{TB: t, Store: s, link: linkPath, claims: map[string]inventory.Claim{}}
	b.own(service, `{"title":"x"}`)
	b.own(workspace, `{"title":"x"}`)
	b.own(linkPath, `{"source":"/Instance/A"}`)
	return b
}

// bench is a store with shorthands that fail the test.
type bench struct {
	testing.TB
	*store.Store
	link   string // whose source writes
	claims map[string]inventory.Claim
}

// second makes a link to instance B, and has it write until the end.
func (b *bench) second() {
	b.Helper()
	b.own(secondPath, `{"source":"/Instance/B"}`)
	b.link = secondPath
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

// own writes a people's layer.
func (b *bench) own(path, text string) inventory.Resource {
	b.Helper()
	var r inventory.Resource
	b.update(func(tx inventory.Tx) (err error) {
		r, err = tx.PutOwn(path, doc(text), inventory.Condition{})
		return err
	})
	return r
}

// begin claims the link.
func (b *bench) begin() inventory.Claim {
	b.Helper()
	b.update(func(tx inventory.Tx) (err error) {
		b.claims[b.link], err = tx.Begin(id(b.link))
		return err
	})
	return b.claims[b.link]
}

// try is Apply under the claim of the link that writes.
func (b *bench) try(f func(inventory.SourceTx) error) error {
	b.Helper()
	c, ok := b.claims[b.link]
	if !ok {
		c = b.begin()
	}
	return b.Apply(b.Context(), c, f)
}

func (b *bench) apply(f func(inventory.SourceTx) error) {
	b.Helper()
	if err := b.try(f); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) drop(path string) {
	b.Helper()
	b.apply(func(tx inventory.SourceTx) error { return tx.DropOrigin(id(path), inventory.Vanished) })
}

// refused fails unless err has the code, and words of its own for people.
func (b *bench) refused(what string, err error, want inventory.Code) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("%s: %v, want %s", what, err, want)
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

func (b *bench) record(path string) inventory.Record {
	b.Helper()
	var r inventory.Record
	b.view(func(tx inventory.Reader) (err error) {
		r, err = tx.Record(id(path))
		return err
	})
	return r
}

// list gives the names that a query finds, in order.
func (b *bench) list(q inventory.Query) []string {
	b.Helper()
	out := []string{}
	b.view(func(tx inventory.Reader) error {
		for r, err := range tx.List(q) {
			if err != nil {
				return err
			}
			out = append(out, r.Name())
		}
		return nil
	})
	return out
}

func (b *bench) same(what string, got, want any) {
	b.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(inventory.ID{})); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	petstore   = workspace + "/apis/petstore"
	version    = petstore + "/versions/v1"
	definition = version + "/definitions/openapi"
	deployment = petstore + "/deployments/prod"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
