package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// history are the promises of what was.
var history = []promise{
	{"a history is newest first, in pages, with what is in the thing", testHistory},
	{"an instant has a newest event", testEventAt},
	{"a history follows a thing through its moves", testHistoryOfMoved},
	{"what there was at an instant is found as it was", testThen},
	{"a deleted service has a past, a purged one has none", testPastOfService},
	{"a document is kept as long as what was says it", testPastDocument},
	{"what is forgotten is said to be", testFold},
}

// after gives an instant that nothing shares with what comes.
func after(s *store.Store) time.Time {
	at := s.Now().Truncate(time.Microsecond).Add(time.Microsecond)
	for !s.Now().Truncate(time.Microsecond).After(at) {
		continue
	}
	return at
}

// told gives the history of a thing, each event as its changes.
func (b *bench) told(path string, before int64, limit int) (out []string, last int64) {
	b.Helper()
	b.view(func(tx inventory.Reader) error {
		all, err := tx.History(id(path), before, limit)
		for _, e := range all {
			text := ""
			for _, c := range e.Changes {
				text += fmt.Sprintf("%s %s", c.Action, c.Path[len(workspace):])
				if c.To != "" {
					text += " to " + c.To[len(workspace):]
				}
				text += "; "
			}
			out, last = append(out, text), e.Sequence
		}
		return err
	})
	return out, last
}

func testEventAt(_ *testing.T, b *bench) {
	at := func(t time.Time) (n int64) {
		b.Helper()
		b.view(func(tx inventory.Reader) (err error) {
			n, err = tx.EventAt(t)
			return err
		})
		return n
	}
	b.own(petstore, `{"title":"one"}`)
	_, first := b.told(petstore, 0, 1)
	between := after(b.Store)
	b.own(petstore, `{"title":"two"}`)
	_, second := b.told(petstore, 0, 1)
	b.same("between two events", at(between), first)
	b.same("after them", at(b.Store.Now()), second)
	b.same("before all", at(between.Add(-24*time.Hour)), int64(0))
}

func testHistory(_ *testing.T, b *bench) {
	b.own(petstore, `{"title":"one"}`)
	b.own(version, `{"title":"v"}`)
	b.own(petstore+"-2", `{"title":"another"}`)
	b.own(petstore, `{"title":"two"}`)
	got, _ := b.told(petstore, 0, 10)
	b.same("of an API", got, []string{"updated /apis/petstore; ", "created /apis/petstore/versions/v1; ", "created /apis/petstore; "})
	got, last := b.told(petstore, 0, 2)
	rest, _ := b.told(petstore, last, 2)
	b.same("in pages", append(got, rest...), []string{"updated /apis/petstore; ", "created /apis/petstore/versions/v1; ", "created /apis/petstore; "})
	got, _ = b.told(version, 0, 10)
	b.same("of a version", got, []string{"created /apis/petstore/versions/v1; "})
	if got, _ = b.told(workspace, 0, 4); len(got) != 4 || got[0] != "updated /apis/petstore; " {
		b.Errorf("of a workspace: %q", got)
	}
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(petstore), inventory.Condition{}) })
	if got, _ = b.told(petstore, 0, 1); len(got) != 1 || got[0] != "deleted /apis/petstore/versions/v1; deleted /apis/petstore; " {
		b.Errorf("of what is gone: %q", got)
	}
}

func testHistoryOfMoved(_ *testing.T, b *bench) {
	other, zoo := petstore+"-2", workspace+"/apis/zoo"
	b.put(petstore, "1", `{"title":"1"}`, `{}`, noon)
	b.put(other, "2", `{"title":"2"}`, `{}`, noon)
	b.put(version, "v", `{"title":"v"}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error { return tx.Move(id(version), id(other+"/versions/v1")) })
	b.apply(func(tx inventory.SourceTx) error { return tx.Move(id(other), id(zoo)) })
	b.put(zoo+"/versions/v1", "v", `{"title":"w"}`, `{}`, noon.Add(time.Hour))
	got, _ := b.told(zoo+"/versions/v1", 0, 10)
	want := []string{
		"updated /apis/zoo/versions/v1; ",
		"moved /apis/petstore-2/versions/v1 to /apis/zoo/versions/v1; ",
		"moved /apis/petstore/versions/v1 to /apis/petstore-2/versions/v1; ",
		"created /apis/petstore/versions/v1; ",
	}
	b.same("of a version", got, want)
	var paged []string
	for before := int64(0); ; {
		page, last := b.told(zoo+"/versions/v1", before, 1)
		if paged = append(paged, page...); len(page) == 0 {
			break
		}
		before = last
	}
	b.same("in pages", paged, want)
	got, _ = b.told(zoo, 0, 10)
	b.same("of the API", got, []string{
		"updated /apis/zoo/versions/v1; ",
		"moved /apis/petstore-2 to /apis/zoo; ",
		"moved /apis/petstore/versions/v1 to /apis/petstore-2/versions/v1; ",
		"created /apis/petstore-2; ",
	})
	got, _ = b.told(petstore, 0, 10)
	b.same("of the one that it left", got, []string{
		"moved /apis/petstore/versions/v1 to /apis/petstore-2/versions/v1; ",
		"created /apis/petstore/versions/v1; ",
		"created /apis/petstore; ",
	})
}

// then gives what there was, or the code of the error.
func (b *bench) then(path string, at time.Time) string {
	b.Helper()
	var r inventory.Resource
	err := b.View(b.Context(), func(tx inventory.Reader) (err error) {
		r, err = tx.GetAt(id(path), at)
		return err
	})
	if err != nil {
		return string(inventory.CodeOf(err))
	}
	return string(r.Doc)
}

func testThen(_ *testing.T, b *bench) {
	before := after(b.Store)
	made := b.own(petstore, `{"title":"one"}`)
	first := after(b.Store)
	b.own(petstore, `{"title":"two"}`)
	b.own(petstore+"-2", `{"title":"other"}`)
	second := after(b.Store)
	b.apply(func(tx inventory.SourceTx) error { return tx.Move(id(petstore), id(workspace+"/apis/zoo")) })
	third := after(b.Store)
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(workspace+"/apis/zoo"), inventory.Condition{}) })
	last := after(b.Store)
	const one = `{"contacts":[],"customProperties":{},"externalDocumentation":[],"title":"one"}`
	const two = `{"contacts":[],"customProperties":{},"externalDocumentation":[],"title":"two"}`
	for _, tt := range []struct {
		name, path string
		at         time.Time
		want       string
	}{
		{"before it was made", petstore, before, "not found"},
		{"as it was made", petstore, first, one},
		{"changed", petstore, second, two},
		{"moved away", petstore, third, "not found"},
		{"moved", workspace + "/apis/zoo", third, two},
		{"deleted", workspace + "/apis/zoo", last, "not found"},
		{"to come", petstore, b.Now().Add(time.Hour), "invalid"},
	} {
		b.same(tt.name, b.then(tt.path, tt.at), tt.want)
	}
	b.view(func(tx inventory.Reader) error {
		r, err := tx.GetAt(id(petstore), first)
		b.same("all of it", r, made)
		return err
	})
	apis := inventory.Query{Kind: inventory.KindAPI, Parent: id(workspace), Order: inventory.Order{By: inventory.ByTitle, Descending: true}}
	for at, want := range map[time.Time][]string{before: {}, first: {"petstore"}, second: {"petstore", "petstore-2"}, third: {"zoo", "petstore-2"}, last: {"petstore-2"}} {
		q := apis
		q.At = at
		b.same("list", b.list(q), want)
	}
	q := inventory.Query{Kind: inventory.KindAPI, At: second, Filter: &inventory.Expr{Op: "eq", Field: "/title", Value: "two"}}
	b.same("filtered, anywhere", b.list(q), []string{"petstore"})
	q = inventory.Query{Kind: inventory.KindAPI, Parent: id(service), At: third, Limit: 1, Skip: 1}
	b.same("deeper, in part", b.list(q), []string{"petstore-2"})
	b.view(func(tx inventory.Reader) error {
		for _, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, At: second, Search: "two"}) {
			b.refused("a search of what was", err, inventory.Invalid)
		}
		return nil
	})
}

func testPastOfService(_ *testing.T, b *bench) {
	b.own(petstore, `{"title":"one"}`)
	there := after(b.Store)
	b.update(func(tx inventory.Tx) error { return tx.SoftDelete(id(service), b.Now().Add(time.Hour)) })
	gone := after(b.Store)
	b.update(func(tx inventory.Tx) error {
		_, err := tx.Restore(id(service))
		return err
	})
	back := after(b.Store)
	for at, want := range map[time.Time]bool{there: true, gone: false, back: true} {
		if got := b.then(petstore, at) != "not found"; got != want {
			b.Errorf("at %s it was there: %v, want %v", at, got, want)
		}
	}
	b.update(func(tx inventory.Tx) error {
		if err := tx.SoftDelete(id(service), b.Now().Add(time.Hour)); err != nil {
			return err
		}
		return tx.Purge(id(service))
	})
	b.same("purged", b.then(petstore, there), "not found")
}

func testPastDocument(t *testing.T, b *bench) {
	digest, _, err := b.PutDocument(t.Context(), strings.NewReader(`{"openapi":"3.0.1"}`))
	if err != nil {
		t.Fatal(err)
	}
	b.own(petstore, `{"title":"x"}`)
	b.own(version, `{"title":"x"}`)
	b.update(func(tx inventory.Tx) error {
		_, err := tx.PutOwn(definition, inventory.Doc{}.With(inventory.FieldDocument, digest), inventory.Condition{})
		return err
	})
	b.own(definition, `{}`)
	sweep := func() int64 {
		n, err := b.Sweep(t.Context(), b.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := sweep(); n != 0 {
		t.Errorf("%d documents of the past were swept", n)
	}
	if _, err := b.Fold(t.Context(), b.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := sweep(); n != 1 {
		t.Errorf("%d documents that nothing knows any more were swept, want 1", n)
	}
}

func testFold(t *testing.T, b *bench) {
	b.own(petstore, `{"title":"one"}`)
	first := after(b.Store)
	b.own(petstore, `{"title":"two"}`)
	cut := after(b.Store)
	last := b.last()
	b.own(petstore, `{"title":"three"}`)
	n, err := b.Fold(t.Context(), cut)
	if err != nil || n != last+1 {
		t.Errorf("%d forgotten, %v; want %d events and one row", n, err, last)
	}
	b.view(func(tx inventory.Reader) error {
		kept, err := tx.Kept()
		b.same("what is kept", kept, inventory.Kept{Since: cut, After: last, Last: last + 1})
		return err
	})
	b.same("before", b.then(petstore, first), "forgotten")
	b.same("at the cut", b.then(petstore, cut), `{"contacts":[],"customProperties":{},"externalDocumentation":[],"title":"two"}`)
	if n, err := b.Fold(t.Context(), cut); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}
