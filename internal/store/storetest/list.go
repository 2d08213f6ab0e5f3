package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// lists are the promises of List.
var lists = []promise{
	{"a list goes in order of creation and by pages", testPaging},
	{"a list goes in the order asked for, and so do its pages", testOrders},
	{"pages stay right while their order changes", testOrderMoves},
	{"a list reaches below the direct parent", testDeep},
	{"the best match comes first", testRank},
	{"an order or position that makes no sense is refused", testOrderRefused},
	{"search finds words and beginnings of words", testSearch},
	{"search goes with a parent, a filter and pages", testSearchCombined},
	{"the search index follows what readers see", testSearchFollows},
	{"each operator of a filter", testFilter},
	{"a filter that makes no sense is refused", testFilterRefused},
	{"a long filter stays a filter", testFilterLong},
}

func testPaging(t *testing.T, b *bench) {
	other := service + "/workspaces/other"
	b.own(other, `{}`)
	var names []string
	for i := range 7 {
		name := fmt.Sprintf("api-%d", 9-i) // not in order of name
		names = append(names, name)
		b.own(workspace+"/apis/"+name, `{"title":"x"}`)
		b.own(other+"/apis/"+name, `{"title":"x"}`)
	}
	here := inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI}
	b.same("all of a parent", b.list(here), names)
	b.same("all of any parent", len(b.list(inventory.Query{Kind: inventory.KindAPI})), 14)
	b.same("of a parent that is not there", b.list(inventory.Query{Parent: id(service + "/workspaces/none"), Kind: inventory.KindAPI}), []string{})
	for _, q := range []struct {
		skip, limit int
		want        []string
	}{{0, 3, names[:3]}, {2, 0, names[2:]}, {2, 3, names[2:5]}, {6, 3, names[6:]}, {7, 3, []string{}}} {
		b.same(fmt.Sprintf("skip %d, limit %d", q.skip, q.limit),
			b.list(inventory.Query{Parent: here.Parent, Kind: here.Kind, Skip: q.skip, Limit: q.limit}), q.want)
	}
	var paged []string
	page := here
	page.Limit = 3
	for {
		n := 0
		b.view(func(tx inventory.Reader) error {
			for r, err := range tx.List(page) {
				if err != nil {
					return err
				}
				n++
				paged = append(paged, r.Name())
				page.After = r.Position()
			}
			return nil
		})
		if n == 0 {
			break
		}
		// What goes or comes between two pages shifts nothing.
		b.update(func(tx inventory.Tx) error { return tx.Delete(id(workspace+"/apis/"+paged[0]), inventory.Condition{}) })
		b.own(workspace+"/apis/"+paged[0], `{"title":"anew"}`)
		if len(paged) > 20 {
			t.Fatal("the pages never end")
		}
		if n < page.Limit {
			break
		}
	}
	b.same("by pages", paged[:len(names)], names)
	b.view(func(tx inventory.Reader) error {
		for range tx.List(here) {
			break // whoever has seen enough may stop
		}
		_, err := tx.Get(id(workspace))
		return err
	})
}

func (b *bench) finds(search string, want ...string) {
	b.Helper()
	if want == nil {
		want = []string{}
	}
	b.same(fmt.Sprintf("search %q", search), b.list(inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Search: search}), want)
}

func testSearch(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Zoë's Pets","description":"cats and dogs"}`, `{"summary":"Ärzte v2"}`, noon)
	for _, search := range []string{"pets", "zoe", "ZOË", "PET dog", "petst", "cats  dogs", "dogs cats", "ärzt", "arz", "v2", "zoë's", "pets and"} {
		b.finds(search, "petstore")
	}
	for _, search := range []string{"store", `"'`, "fish", "pets fish", "and-not", "*", "pets*x", "title:zoo", "NEAR(cats fish)", "ogs", "\x00", "\xff"} {
		b.finds(search)
	}
	b.finds(`pets" OR "fish`) // a quote is no syntax
	b.finds("pets NOT dogs")  // nor is a word
	b.finds(strings.Repeat("pets ", 100), "petstore")
}

func testSearchCombined(_ *testing.T, b *bench) {
	other := service + "/workspaces/other"
	b.own(other, `{}`)
	for i := range 6 {
		b.own(fmt.Sprintf("%s/apis/a%d", workspace, i), fmt.Sprintf(`{"title":"Order %d","kind":"%s"}`, i, []string{"rest", "soap"}[i%2]))
		b.own(fmt.Sprintf("%s/apis/b%d", other, i), `{"title":"Order"}`)
	}
	b.own(workspace+"/environments/order", `{"title":"Order"}`)
	q := inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Search: "ord"}
	b.same("of a parent", b.list(q), []string{"a0", "a1", "a2", "a3", "a4", "a5"})
	b.same("of any parent", len(b.list(inventory.Query{Kind: inventory.KindAPI, Search: "ord"})), 12)
	b.same("of another kind", b.list(inventory.Query{Kind: inventory.KindEnvironment, Search: "ord"}), []string{"order"})
	q.Limit = 2
	b.same("first page", b.list(q), []string{"a0", "a1"})
	q.Skip = 3
	b.same("skipped", b.list(q), []string{"a3", "a4"})
	q.Skip, q.After = 0, b.get(workspace+"/apis/a3").Position()
	b.same("after", b.list(q), []string{"a4", "a5"})
	q.After, q.Limit = inventory.Position{}, 0
	q.Filter = &inventory.Expr{Op: "eq", Field: "/kind", Value: "SOAP"}
	b.same("filtered", b.list(q), []string{"a1", "a3", "a5"})
}

func testSearchFollows(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Otters"}`, `{"summary":"Swim"}`, noon)
	b.finds("otters", "petstore")
	b.put(petstore, "apis/petstore", `{"title":"Seals"}`, `{}`, noon)
	b.finds("otters")
	b.finds("seals swim", "petstore")
	b.own(petstore, `{"title":"Hidden","summary":"Dive"}`)
	b.finds("hidden")
	b.finds("swim")
	b.finds("seals dive", "petstore")
	b.second()
	b.put(petstore, "x", `{"description":"Whales"}`, `{}`, noon)
	b.finds("whales", "petstore")
	b.drop(petstore)
	b.finds("whales")
	b.link = linkPath
	b.drop(petstore)
	b.finds("seals")
	b.finds("dive")
}

func testFilter(_ *testing.T, b *bench) {
	const apis = workspace + "/apis/"
	b.own(apis+"One", `{"title":"Ärger","kind":"rest","customProperties":{"n":7,"yes":true,"a/b":"slash","t~":"tilde","list":["x"]},"license":{"name":"MIT"}}`)
	b.own(apis+"two", `{"title":"Zebra","kind":"soap","customProperties":{"n":10,"yes":false},"summary":"100%"}`)
	b.own(apis+"three", `{"title":"_x_","summary":"A \"quoted\"\nÄ\u00c9 \\"}`)
	all := []string{"One", "two", "three"}
	e := func(op string, f inventory.Field, v string) inventory.Expr {
		return inventory.Expr{Op: op, Field: f, Value: v}
	}
	of := func(op string, args ...inventory.Expr) inventory.Expr { return inventory.Expr{Op: op, Args: args} }
	for _, tt := range []struct {
		name string
		expr inventory.Expr
		want []string
	}{
		{"eq without case", e("eq", "/title", "zEBRA"), []string{"two"}},
		{"eq beyond ASCII", e("eq", "/title", "äRGER"), []string{"One"}},
		{"eq of the name", e("eq", "/name", "ONE"), []string{"One"}},
		{"eq of what is absent", e("eq", "/kind", ""), []string{}},
		{"ne", e("ne", "/kind", "rest"), []string{"two", "three"}},
		{"gt", e("gt", "/name", "three"), []string{"two"}},
		{"ge", e("ge", "/name", "THREE"), []string{"two", "three"}},
		{"lt", e("lt", "/name", "three"), []string{"One"}},
		{"le", e("le", "/name", "three"), []string{"One", "three"}},
		{"contains", e("contains", "/title", "RG"), []string{"One"}},
		{"contains beyond ASCII", e("contains", "/title", "Ä"), []string{"One"}},
		{"contains is no pattern", e("contains", "/title", "_"), []string{"three"}},
		{"contains a percent sign", e("contains", "/summary", "0%"), []string{"two"}},
		{"contains nothing", e("contains", "/summary", ""), []string{"two", "three"}},
		{"a text that JSON escapes", e("eq", "/summary", "a \"QUOTED\"\näé \\"), []string{"three"}},
		{"startswith", e("startswith", "/title", "är"), []string{"One"}},
		{"startswith more than there is", e("startswith", "/title", "Zebras"), []string{}},
		{"endswith", e("endswith", "/title", "BRA"), []string{"two"}},
		{"endswith more than there is", e("endswith", "/title", "xZebra"), []string{}},
		{"endswith nothing", e("endswith", "/title", ""), all},
		{"a number by its text", e("eq", "/customProperties/n", "7"), []string{"One"}},
		{"numbers in order of their text", e("gt", "/customProperties/n", "10"), []string{"One"}},
		{"true", e("eq", "/customProperties/yes", "true"), []string{"One"}},
		{"an element of a list", inventory.Expr{Op: "any", Field: "/customProperties/list", Args: []inventory.Expr{e("eq", "", "X")}}, []string{"One"}},
		{"no element of a list", inventory.Expr{Op: "any", Field: "/customProperties/list", Args: []inventory.Expr{e("contains", "", "y")}}, []string{}},
		{"one value as a list", inventory.Expr{Op: "any", Field: "/customProperties/n", Args: []inventory.Expr{e("eq", "", "10")}}, []string{"two"}},
		{"nothing there", inventory.Expr{Op: "null", Field: "/summary"}, []string{"One"}},
		{"false", e("eq", "/customProperties/yes", "False"), []string{"two"}},
		{"deeper", e("eq", "/license/name", "mit"), []string{"One"}},
		{"a name with a slash", e("eq", "/customProperties/a~1b", "slash"), []string{"One"}},
		{"a name with a tilde", e("eq", "/customProperties/t~0", "tilde"), []string{"One"}},
		{"a list by its JSON", e("contains", "/customProperties/list", `"x"`), []string{"One"}},
		{"and", of("and", e("eq", "/kind", "rest"), e("eq", "/name", "one")), []string{"One"}},
		{"and of one", of("and", e("eq", "/kind", "rest")), []string{"One"}},
		{"or", of("or", e("eq", "/kind", "rest"), e("eq", "/name", "three")), []string{"One", "three"}},
		{"not", of("not", e("eq", "/kind", "rest")), []string{"two", "three"}},
		{"not not", of("not", of("not", e("eq", "/kind", "rest"))), []string{"One"}},
		{"nested", of("and", of("or", e("eq", "/kind", "rest"), e("eq", "/kind", "soap")), of("not", of("or", e("endswith", "/title", "a"), e("eq", "/title", "nothing")))), []string{"One"}},
		{"or within and", of("and", of("or", e("eq", "/name", "one"), e("endswith", "/name", "o")), e("ne", "/kind", "soap")), []string{"One"}},
		{"a value is no syntax", e("eq", "/title", `' or 1=1 --`), []string{}},
	} {
		b.same(tt.name, b.list(inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Filter: &tt.expr}), tt.want)
	}
	changed := b.get(apis + "two").Updated.At
	for _, tt := range []struct {
		op   string
		at   time.Time
		want []string
	}{
		{"eq", changed, []string{"two"}},
		{"ne", changed, []string{"One", "three"}},
		{"lt", changed, []string{"One"}},
		{"ge", changed, []string{"two", "three"}},
		{"gt", changed.In(time.FixedZone("", 3600)), []string{"three"}},
		{"le", changed.Add(-time.Hour), []string{}},
	} {
		expr := e(tt.op, "/updated", tt.at.Format(time.RFC3339Nano))
		b.same(tt.op+" of the last change", b.list(inventory.Query{Kind: inventory.KindAPI, Filter: &expr}), tt.want)
	}
	one := e("ne", "/kind", "rest")
	b.same("with pages", b.list(inventory.Query{Kind: inventory.KindAPI, Filter: &one, Skip: 1, Limit: 1}), []string{"three"})
	b.same("after", b.list(inventory.Query{Kind: inventory.KindAPI, Filter: &one, After: b.get(apis + "two").Position()}), []string{"three"})
}

func testFilterRefused(t *testing.T, b *bench) {
	eq := inventory.Expr{Op: "eq", Field: "/title", Value: "x"}
	deep, wide := eq, inventory.Expr{Op: "or"}
	for range 1000 {
		deep = inventory.Expr{Op: "not", Args: []inventory.Expr{deep}}
		wide.Args = append(wide.Args, eq)
	}
	for name, e := range map[string]inventory.Expr{
		"no operator": {}, "unknown": {Op: "like", Field: "/title"}, "and of nothing": {Op: "and"}, "not of nothing": {Op: "not"},
		"not of two": {Op: "not", Args: []inventory.Expr{eq, eq}}, "a day that is none": {Op: "gt", Field: "/updated", Value: "yesterday"},
		"part of an instant": {Op: "contains", Field: "/updated", Value: "2026-01-01T00:00:00Z"}, "a quote in a name": {Op: "eq", Field: `/a"b`}, "deep": deep, "wide": wide,
	} {
		b.refused(name, b.View(t.Context(), func(tx inventory.Reader) error {
			for _, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, Filter: &e}) {
				return err
			}
			return nil
		}), inventory.Invalid)
	}
}

func testFilterLong(_ *testing.T, b *bench) {
	b.own(petstore, `{"title":"x"}`)
	deep, wide := inventory.Expr{Op: "eq", Field: "/title", Value: "X"}, inventory.Expr{Op: "and"}
	for range 98 {
		wide.Args = append(wide.Args, deep)
	}
	for range 90 {
		deep = inventory.Expr{Op: "not", Args: []inventory.Expr{deep}}
	}
	both := inventory.Expr{Op: "and", Args: []inventory.Expr{deep, wide}}
	b.same("as long as may be", b.list(inventory.Query{Kind: inventory.KindAPI, Filter: &both}), []string{"petstore"})
}
