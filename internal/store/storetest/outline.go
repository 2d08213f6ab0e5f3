package storetest

import (
	"fmt"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// outlines are the promises of Outlines and of deep searches.
var outlines = []promise{
	{"what definitions define is found, and read once for each document", testOutlines},
	{"what is found follows the definitions", testOutlinesFollow},
	{"what is found moves with a version", testOutlinesMove},
	{"outlines go with their documents", testOutlinesSwept},
	{"a deep search goes with choices, order and pages", testDeepSearch},
}

// define gives an API a version with a definition of a document.
func (b *bench) define(api, version, document string) {
	b.Helper()
	digest := b.document(document)
	path := workspace + "/apis/" + api
	b.own(path+"/versions/"+version, `{"title":"`+version+`"}`)
	b.own(path+"/versions/"+version+"/definitions/openapi", fmt.Sprintf(`{"title":"OpenAPI","document":%q}`, digest))
}

// read outlines what is unread: each document defines what it says, line by line.
func (b *bench) read(lines map[string][]inventory.OutlineLine) {
	b.Helper()
	unread, err := b.Unread(b.Context(), 100)
	if err != nil {
		b.Fatal(err)
	}
	var all []inventory.Outline
	for _, d := range unread {
		all = append(all, inventory.Outline{Document: d, Lines: lines[string(d)]})
	}
	if err := b.PutOutlines(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	b.refresh()
}

func (b *bench) refresh() {
	b.Helper()
	for range 5 {
		stale, err := b.Stale(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if len(stale) == 0 {
			return
		}
		if err := b.Refresh(b.Context(), stale); err != nil {
			b.Fatal(err)
		}
	}
	b.Error("what is stale never becomes fresh")
}

func (b *bench) deeply(search string, want ...string) {
	b.Helper()
	if want == nil {
		want = []string{}
	}
	q := apis
	q.Search, q.Deep = search, true
	b.same(fmt.Sprintf("deep search %q", search), b.list(q), want)
	b.view(func(tx inventory.Reader) error {
		f, err := tx.Facets(q)
		b.same(fmt.Sprintf("deep search %q counts", search), f.Total, len(want))
		return err
	})
}

// shop makes two APIs whose documents define something.
func shop(b *bench) {
	b.own(workspace+"/apis/orders", `{"title":"Orders","kind":"rest"}`)
	b.own(workspace+"/apis/pets", `{"title":"Pets","kind":"soap"}`)
	b.define("orders", "v1", "one")
	b.define("pets", "v1", "two")
	one := b.document("one")
	two := b.document("two")
	b.read(map[string][]inventory.OutlineLine{
		string(one): {{Name: "GET /orders/{id}", More: "getOrderById Find it"}, {Name: "Äpfel"}},
		string(two): {{Name: "POST /pets", More: "addPet"}, {Name: "Order"}},
	})
}

func testOutlines(_ *testing.T, b *bench) {
	shop(b)
	for search, want := range map[string][]string{
		"getorderby": {"orders"}, "find": {"orders"}, "orders get": {"orders"}, "apfel": {"orders"},
		"addpet": {"pets"}, "pets order": {"pets"}, "pets find": nil, "order": {"orders", "pets"}, "byid": nil, "id": {"orders"},
		"!": nil, "o": {"orders"},
	} {
		b.deeply(search, want...)
	}
	b.finds("getorderbyid") // other searches stay as they are
	b.define("pets", "v2", "one")
	if unread, err := b.Unread(b.Context(), 10); err != nil || len(unread) > 0 {
		b.Errorf("a document that was read is unread: %v %v", unread, err)
	}
	b.refresh()
	b.deeply("getorderbyid", "orders", "pets")
	b.view(func(tx inventory.Reader) error {
		pets, err := tx.Get(id(workspace + "/apis/pets"))
		if err != nil {
			return err
		}
		all, err := tx.Outlined([]int64{pets.Key, 1 << 40})
		if err != nil {
			return err
		}
		b.same("outlines of an API", all, []inventory.Outlined{
			{API: pets.Key, Definition: workspace + "/apis/pets/versions/v2/definitions/openapi", Lines: []inventory.OutlineLine{{Name: "GET /orders/{id}", More: "getOrderById Find it"}, {Name: "Äpfel"}}},
			{API: pets.Key, Definition: workspace + "/apis/pets/versions/v1/definitions/openapi", Lines: []inventory.OutlineLine{{Name: "POST /pets", More: "addPet"}, {Name: "Order"}}},
		})
		return nil
	})
}

func testOutlinesFollow(_ *testing.T, b *bench) {
	shop(b)
	b.define("orders", "v1", "three")
	three := b.document("three")
	b.deeply("getorderbyid", "orders") // until somebody has read the new one
	b.read(map[string][]inventory.OutlineLine{string(three): {{Name: "GET /bills"}}})
	b.deeply("getorderbyid")
	b.deeply("bills", "orders")
	b.own(workspace+"/apis/orders/versions/v1/definitions/openapi", `{"title":"OpenAPI"}`)
	b.refresh()
	b.deeply("bills")
	b.update(func(tx inventory.Tx) error {
		return tx.Delete(id(workspace+"/apis/pets/versions/v1/definitions/openapi"), inventory.Condition{})
	})
	b.refresh()
	b.deeply("addpet")
}

func testOutlinesMove(_ *testing.T, b *bench) {
	shop(b)
	b.define("orders", "v2", "three")
	three := b.document("three")
	b.read(map[string][]inventory.OutlineLine{string(three): {{Name: "GET /bills"}}})
	b.apply(func(tx inventory.SourceTx) error {
		return tx.Move(id(workspace+"/apis/orders/versions/v1"), id(workspace+"/apis/pets/versions/moved"))
	})
	b.refresh()
	b.deeply("getorderbyid", "pets")
	b.deeply("addpet", "pets")
	b.deeply("bills", "orders")
}

func testOutlinesSwept(_ *testing.T, b *bench) {
	shop(b)
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(workspace+"/apis/pets"), inventory.Condition{}) })
	if _, err := b.Fold(b.Context(), b.Now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	if n, err := b.Sweep(b.Context(), b.Now().Add(time.Hour)); err != nil || n != 1 {
		b.Fatalf("swept %d, %v", n, err)
	}
	b.refresh()
	b.deeply("addpet")
	b.deeply("find", "orders")
	// One of a document that has gone is none.
	if err := b.PutOutlines(b.Context(), []inventory.Outline{{Document: inventory.Digest("00"), Lines: []inventory.OutlineLine{{Name: "x"}}}}); err != nil {
		b.Error(err)
	}
}

func testDeepSearch(_ *testing.T, b *bench) {
	shop(b)
	q := apis
	q.Deep, q.Search, q.Order = true, "order", inventory.Order{By: inventory.ByRank}
	b.same("by rank", b.list(q), []string{"orders", "pets"})
	q.Limit = 1
	q.After = b.position(q)
	b.same("the next page", b.list(q), []string{"pets"})
	q.After, q.Limit, q.Order = inventory.Position{}, 0, inventory.Order{By: inventory.ByTitle, Descending: true}
	b.same("by title", b.list(q), []string{"pets", "orders"})
	q.Choices = choose(inventory.FieldKind, "soap")
	b.same("with a choice", b.list(q), []string{"pets"})
	q.Filter = &inventory.Expr{Op: "eq", Field: "/title", Value: "none"}
	b.same("with a filter", b.list(q), []string{})
	b.view(func(tx inventory.Reader) error {
		f, err := tx.Facets(q, inventory.FieldKind)
		b.same("counts with a filter", f.Total, 0)
		return err
	})
	b.view(func(tx inventory.Reader) error {
		for _, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, Search: "a", Deep: true}) {
			b.refused("everywhere", err, inventory.Invalid)
		}
		return nil
	})
}
