package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/inventory"
)

// orders are those that every list can have.
var orders = []inventory.OrderBy{inventory.ByCreation, inventory.ByName, inventory.ByTitle, inventory.ByUpdated}

// testOrders compares each order, whole and by pages, with what Go sorts.
func testOrders(_ *testing.T, b *bench) {
	for i, title := range []string{"Zebra", "ärger", "Ant", "ANT", "", "bee", "Bee", "x", strings.Repeat("y", 300) + "b", strings.Repeat("y", 300) + "a"} {
		b.own(fmt.Sprintf("%s/apis/%s-%d", workspace, []string{"b", "A", "c"}[i%3], i), fmt.Sprintf(`{"title":%q,"kind":"rest"}`, title))
	}
	b.own(workspace+"/apis/A-1", `{"title":"ärger","kind":"soap"}`) // the newest change, of an old one
	all := b.resources(inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI})
	for _, by := range orders {
		want := slices.Clone(all)
		slices.SortStableFunc(want, func(x, y inventory.Resource) int {
			switch by {
			case inventory.ByName:
				return strings.Compare(x.ID.Name(), y.ID.Name())
			case inventory.ByTitle:
				return strings.Compare(firstOfTitle(x), firstOfTitle(y))
			case inventory.ByUpdated:
				return x.Updated.At.Compare(y.Updated.At)
			default:
				return 0
			}
		})
		for _, descending := range []bool{false, true} {
			q := inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Order: inventory.Order{By: by, Descending: descending}}
			what := fmt.Sprintf("by %q, descending %v", by, descending)
			b.same(what, b.list(q), namesOf(want))
			q.Skip = 3
			b.same(what+", skipped", b.list(q), namesOf(want[3:]))
			q.Skip = 0
			for q.Limit = 1; q.Limit < len(want); q.Limit += 3 {
				b.same(fmt.Sprintf("%s, %d a page", what, q.Limit), namesOf(b.pages(q)), namesOf(want))
			}
			q.Limit, q.Search = 0, "x"
			b.same(what+", searched", b.list(q), []string{"A-7"})
			q.Search, q.Until = "", all[0].Key
			b.same(what+", until the first created", b.list(q), namesOf(all[:1]))
			q.Until, q.Filter = 0, &inventory.Expr{Op: "eq", Field: "/kind", Value: "soap"}
			b.same(what+", filtered", b.list(q), []string{"A-1"})
			slices.Reverse(want)
		}
	}
}

func firstOfTitle(r inventory.Resource) string {
	title := strings.ToLower(doc(string(r.Doc)).Text("/title"))
	runes := []rune(title)
	return string(runes[:min(len(runes), 200)])
}

func namesOf(all []inventory.Resource) []string {
	out := make([]string, len(all))
	for i, r := range all {
		out[i] = r.Name()
	}
	return out
}

func (b *bench) resources(q inventory.Query) (out []inventory.Resource) {
	b.Helper()
	b.view(func(tx inventory.Reader) error {
		for r, err := range tx.List(q) {
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	return out
}

// pages reads a list to its end by pages, with positions as clients send them.
func (b *bench) pages(q inventory.Query) (out []inventory.Resource) {
	b.Helper()
	for {
		page := b.resources(q)
		out = append(out, page...)
		if len(page) < q.Limit {
			return out
		}
		var err error
		if q.After, err = inventory.ParsePosition(page[len(page)-1].Position().String()); err != nil {
			b.Fatal(err)
		}
		if len(out) > 1000 {
			b.Fatal("the pages never end")
		}
	}
}

// testOrderMoves has the last of a page go, or change what it is ordered by: the
// next page goes on from where it was.
func testOrderMoves(_ *testing.T, b *bench) {
	for _, name := range []string{"aaa", "bbb", "ccc", "ddd"} {
		b.own(workspace+"/apis/"+name, fmt.Sprintf(`{"title":%q}`, name))
	}
	q := inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Order: inventory.Order{By: inventory.ByTitle}, Limit: 2}
	first := b.resources(q)
	b.same("first page", namesOf(first), []string{"aaa", "bbb"})
	q.After = first[1].Position()
	b.own(workspace+"/apis/bbb", `{"title":"zzz"}`)
	b.same("the last has moved", b.list(q), []string{"ccc", "ddd"})
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(workspace+"/apis/bbb"), inventory.Condition{}) })
	b.same("the last has gone", b.list(q), []string{"ccc", "ddd"})
	b.own(workspace+"/apis/abc", `{"title":"abc"}`)
	b.own(workspace+"/apis/bcd", `{"title":"bcd"}`)
	b.same("some have come", b.list(q), []string{"bcd", "ccc"})
}

func testDeep(_ *testing.T, b *bench) {
	const other, longer = service + "/workspaces/other", service + "-2/workspaces/default"
	for _, path := range []string{other, service + "-2", longer} {
		b.own(path, `{}`)
	}
	for i, space := range []string{workspace, other, longer, workspace, other} {
		b.own(fmt.Sprintf("%s/apis/api-%d", space, 9-i), `{"title":"Orders"}`)
		b.own(fmt.Sprintf("%s/apis/api-%d/versions/v-%d", space, 9-i, i), `{"title":"x"}`)
	}
	all := inventory.Query{Parent: id(service), Kind: inventory.KindAPI}
	b.same("of all workspaces", b.list(all), []string{"api-9", "api-8", "api-6", "api-5"})
	b.same("by pages", namesOf(b.pages(inventory.Query{Parent: all.Parent, Kind: all.Kind, Limit: 1})), []string{"api-9", "api-8", "api-6", "api-5"})
	all.Order = inventory.Order{By: inventory.ByName}
	b.same("by name", b.list(all), []string{"api-5", "api-6", "api-8", "api-9"})
	all.Search = "order"
	b.same("searched", b.list(all), []string{"api-5", "api-6", "api-8", "api-9"})
	b.same("deeper", b.list(inventory.Query{Parent: id(service), Kind: inventory.KindVersion}), []string{"v-0", "v-1", "v-3", "v-4"})
}

func testRank(_ *testing.T, b *bench) {
	const apis = workspace + "/apis/"
	for i := range 20 { // what is in every text weighs nothing, so there must be texts without it
		b.own(fmt.Sprintf("%sother-%d", apis, i), `{"title":"Something else","description":"of no interest"}`)
	}
	for _, api := range []struct{ name, doc string }{
		{"in-description", `{"title":"A","summary":"b","description":"payments"}`},
		{"in-summary", `{"title":"A","summary":"payments","description":"b"}`},
		{"payments", `{"title":"A","summary":"b","description":"c"}`},
		{"in-title", `{"title":"Payments","summary":"b","description":"c"}`},
	} {
		b.own(apis+api.name, api.doc)
	}
	q := inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Order: inventory.Order{By: inventory.ByRank}}
	best := []string{"in-title", "payments", "in-summary", "in-description"}
	for _, search := range []string{"payments", "PAYM"} {
		q.Search = search
		b.same("search "+search, b.list(q), best)
		for q.Limit = 1; q.Limit < 4; q.Limit++ {
			b.same(fmt.Sprintf("search %s, %d a page", search, q.Limit), namesOf(b.pages(q)), best)
		}
		q.Limit = 0
	}
	q.AnyWord = true
	q.Search = "an API for payments or interest"
	got := b.list(q)
	b.same("any word", got[:4], best) // interest is in twenty others
	b.same("any word finds", len(got), 24)
	q.Search = "otters payments"
	b.same("one word is nowhere", b.list(q), best)
	q.Search, q.Limit = "pay xyz", 5
	b.same("all words are short", b.list(q), []string{"in-description", "in-summary", "payments", "in-title"})
	q.Search = "otters zebras"
	b.same("no word is anywhere", b.list(q), []string{})
	q.AnyWord, q.Limit = false, 0
	created := []string{"in-description", "in-summary", "payments", "in-title"}
	q.Search = "pay"
	b.same("too short to rank", b.list(q), created)
	q.Search = "payments pay"
	b.same("one word too short", b.list(q), created)
	q.Search, q.Limit = "", 2
	b.same("no search", b.list(q), []string{"other-0", "other-1"})
	q.Search = "?!"
	b.same("no words", b.list(q), []string{})
}

func testOrderRefused(t *testing.T, b *bench) {
	b.own(petstore, `{"title":"Pets"}`)
	for name, q := range map[string]inventory.Query{
		"unknown":               {Order: inventory.Order{By: "colour"}},
		"a name for an instant": {Order: inventory.Order{By: inventory.ByUpdated}, After: inventory.Position{Key: 1, Value: "petstore"}},
		"a name for a rank":     {Order: inventory.Order{By: inventory.ByRank}, After: inventory.Position{Key: 1, Value: "petstore"}, Search: "pets"},
	} {
		q.Kind = inventory.KindAPI
		b.refused(name, b.View(t.Context(), func(tx inventory.Reader) error {
			for _, err := range tx.List(q) {
				return err
			}
			return nil
		}), inventory.Invalid)
	}
}
