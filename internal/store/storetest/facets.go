package storetest

import (
	"fmt"
	"testing"

	"apicenter/internal/inventory"
)

// facets are the promises of Facets, Whereabouts and of choices.
var facets = []promise{
	{"APIs are counted by what they have, and by where they are", testFacets},
	{"what is chosen narrows all counts but its own", testFacetsChosen},
	{"counts follow each write, in a transaction at once", testFacetsFollow},
	{"choices go with search, filter, order and pages", testChoices},
	{"what cannot be counted is refused", testFacetsRefused},
}

const (
	stage = inventory.FieldLifecycleStage
	team  = inventory.Field("/customProperties/team")
)

var apis = inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI}

func (b *bench) counts(what string, q inventory.Query, total int, want map[inventory.Field]map[string]int) {
	b.Helper()
	b.view(func(tx inventory.Reader) error {
		b.countsIn(what, tx, q, total, want)
		return nil
	})
}

func (b *bench) countsIn(what string, tx inventory.Reader, q inventory.Query, total int, want map[inventory.Field]map[string]int) {
	b.Helper()
	var fields []inventory.Field
	for f := range want {
		fields = append(fields, f)
	}
	got, err := tx.Facets(q, fields...)
	if err != nil {
		b.Errorf("%s: %v", what, err)
		return
	}
	b.same(what+": total", got.Total, total)
	for f, counts := range want {
		have := map[string]int{}
		for _, c := range got.Counts[f] {
			have[c.Value] = c.Things
		}
		b.same(what+": "+string(f), have, counts)
	}
}

// crowd makes APIs of people and of a link, in two environments.
func crowd(b *bench) {
	b.own(service+"/metadataSchemas/team", `{"schema":"{}"}`)
	b.own(workspace+"/environments/test", `{"title":"Test"}`)
	b.own(workspace+"/environments/live", `{"title":"Live"}`)
	for i, text := range []string{
		`{"title":"Orders","kind":"rest","customProperties":{"team":"red"}}`,
		`{"title":"Billing","kind":"rest","customProperties":{"team":["red","blue"]}}`,
		`{"title":"Old orders","kind":"SOAP","customProperties":{"team":"Blue"}}`,
		`{"title":"Chat"}`,
	} {
		path := fmt.Sprintf("%s/apis/a%d", workspace, i)
		b.own(path, text)
		if i < 2 {
			b.own(path+"/versions/v1", `{"title":"v1","lifecycleStage":"production"}`)
			b.own(path+"/deployments/d", `{"environmentId":"/workspaces/default/environments/test"}`)
		}
		if i == 0 {
			b.own(path+"/deployments/e", `{"environmentId":"/workspaces/default/environments/test"}`)
			b.own(path+"/deployments/f", `{"environmentId":"/workspaces/default/environments/LIVE"}`)
		}
	}
	b.put(petstore, "apis/petstore", `{}`, `{"title":"Pets","kind":"rest"}`, noon)
	b.own(service+"/workspaces/other", `{}`)
	b.own(service+"/workspaces/other/apis/a0", `{"title":"Orders","kind":"rest"}`)
}

func testFacets(_ *testing.T, b *bench) {
	b.counts("of nothing", apis, 0, map[inventory.Field]map[string]int{inventory.FieldKind: {}})
	crowd(b)
	b.counts("all", apis, 5, map[inventory.Field]map[string]int{
		inventory.FieldKind:         {"rest": 3, "SOAP": 1, "": 1},
		stage:                       {"production": 2, "": 3},
		inventory.FieldEnvironments: {"test": 2, "LIVE": 1, "": 3},
		inventory.FieldSources:      {"gateway": 1, "": 4},
		team:                        {"red": 2, "Blue": 2, "": 2},
		"/customProperties/none":    {"": 5},
	})
	b.view(func(tx inventory.Reader) error {
		var keys []int64
		for r, err := range tx.List(apis) {
			if err != nil {
				return err
			}
			keys = append(keys, r.Key)
		}
		got, err := tx.Whereabouts(apis.Parent, append(keys, 1<<40))
		if err != nil {
			return err
		}
		b.same("where they are", []inventory.Whereabouts{got[keys[0]], got[keys[3]], got[keys[4]]}, []inventory.Whereabouts{
			{Environments: []string{"LIVE", "test"}}, {}, {Sources: []string{"gateway"}},
		})
		b.same("of those that are there", len(got), len(keys))
		return nil
	})
}

func testFacetsChosen(_ *testing.T, b *bench) {
	crowd(b)
	q := apis
	q.Choices = []inventory.Choice{{Field: inventory.FieldKind, Values: []string{"REST"}}}
	b.counts("one choice", q, 3, map[inventory.Field]map[string]int{
		inventory.FieldKind: {"rest": 3, "SOAP": 1, "": 1},
		stage:               {"production": 2, "": 1},
	})
	q.Choices = append(q.Choices, inventory.Choice{Field: stage, Values: []string{"production", "design"}})
	b.counts("two choices", q, 2, map[inventory.Field]map[string]int{
		inventory.FieldKind: {"rest": 2},
		stage:               {"production": 2, "": 1},
		team:                {"red": 2, "Blue": 1},
	})
	q = apis
	q.Search, q.Choices = "orders", []inventory.Choice{{Field: inventory.FieldKind, Values: []string{"soap", ""}}}
	b.counts("with a search", q, 1, map[inventory.Field]map[string]int{inventory.FieldKind: {"rest": 1, "SOAP": 1}})
	q.Search, q.Filter = "", &inventory.Expr{Op: "eq", Field: "/title", Value: "chat"}
	b.counts("with a filter", q, 1, map[inventory.Field]map[string]int{inventory.FieldKind: {"": 1}})
	q.Filter, q.Search = nil, "!"
	b.counts("with a search for nothing", q, 0, map[inventory.Field]map[string]int{inventory.FieldKind: {}})
}

func testFacetsFollow(_ *testing.T, b *bench) {
	crowd(b)
	kinds := func(rest int) map[inventory.Field]map[string]int {
		return map[inventory.Field]map[string]int{inventory.FieldKind: {"rest": rest, "SOAP": 1, "": 1}}
	}
	b.counts("before", apis, 5, kinds(3))
	b.own(workspace+"/apis/new", `{"title":"New","kind":"rest"}`)
	b.counts("one more", apis, 6, kinds(4))
	b.update(func(tx inventory.Tx) error {
		if err := tx.Delete(id(workspace+"/apis/new"), inventory.Condition{}); err != nil {
			return err
		}
		b.countsIn("inside", tx, apis, 5, kinds(3))
		return nil
	})
	b.counts("one less", apis, 5, kinds(3))
	b.drop(petstore)
	b.counts("what its source has no more", apis, 4, kinds(2))
	b.update(func(tx inventory.Tx) error { return tx.SoftDelete(id(service), noon) })
	b.counts("of a service that is deleted", apis, 0, map[inventory.Field]map[string]int{inventory.FieldKind: {}})
}

func testChoices(_ *testing.T, b *bench) {
	crowd(b)
	for _, tt := range []struct {
		what string
		edit func(*inventory.Query)
		want []string
	}{
		{"one value", func(q *inventory.Query) { q.Choices = choose(inventory.FieldKind, "rest") }, []string{"a0", "a1", "petstore"}},
		{"none", func(q *inventory.Query) { q.Choices = choose(inventory.FieldKind, "") }, []string{"a3"}},
		{"a value that nothing has", func(q *inventory.Query) { q.Choices = choose(team, "green") }, []string{}},
		{"no value at all", func(q *inventory.Query) { q.Choices = choose(team) }, []string{}},
		{"of a list", func(q *inventory.Query) { q.Choices = choose(team, "BLUE") }, []string{"a1", "a2"}},
		{"a derived field", func(q *inventory.Query) { q.Choices = choose(inventory.FieldEnvironments, "live") }, []string{"a0"}},
		{"what people made", func(q *inventory.Query) { q.Choices = choose(inventory.FieldSources, "") }, []string{"a0", "a1", "a2", "a3"}},
		{"with a search", func(q *inventory.Query) { q.Choices, q.Search = choose(inventory.FieldKind, "rest"), "ord" }, []string{"a0"}},
		{"ordered", func(q *inventory.Query) {
			q.Choices, q.Order = choose(inventory.FieldKind, "rest", "soap"), inventory.Order{By: inventory.ByTitle}
		}, []string{"a1", "a2", "a0", "petstore"}},
		{"a page", func(q *inventory.Query) {
			q.Choices, q.Order, q.Limit = choose(inventory.FieldKind, "rest", "soap"), inventory.Order{By: inventory.ByTitle}, 2
			q.After = b.position(*q)
		}, []string{"a0", "petstore"}},
	} {
		q := apis
		tt.edit(&q)
		b.same(tt.what, b.list(q), tt.want)
	}
}

func choose(f inventory.Field, values ...string) []inventory.Choice {
	return []inventory.Choice{{Field: f, Values: values}}
}

// position is that of the last thing of a list.
func (b *bench) position(q inventory.Query) (last inventory.Position) {
	b.Helper()
	b.view(func(tx inventory.Reader) error {
		for r, err := range tx.List(q) {
			if err != nil {
				return err
			}
			last = r.Position()
		}
		return nil
	})
	return last
}

func testFacetsRefused(_ *testing.T, b *bench) {
	for what, q := range map[string]inventory.Query{
		"another kind":           {Parent: apis.Parent, Kind: inventory.KindEnvironment},
		"of no workspace":        {Kind: inventory.KindAPI},
		"of a service":           {Parent: id(service), Kind: inventory.KindAPI},
		"what there was":         {Parent: apis.Parent, Kind: inventory.KindAPI, At: noon},
		"a choice by a text":     {Parent: apis.Parent, Kind: inventory.KindAPI, Choices: choose("/description", "x")},
		"a filter that is wrong": {Parent: apis.Parent, Kind: inventory.KindAPI, Filter: &inventory.Expr{Op: "like"}},
	} {
		b.view(func(tx inventory.Reader) error {
			_, err := tx.Facets(q, inventory.FieldKind)
			b.refused(what, err, inventory.Invalid)
			return nil
		})
	}
	b.view(func(tx inventory.Reader) error {
		_, err := tx.Facets(apis, "/title")
		b.refused("a text", err, inventory.Invalid)
		return nil
	})
}
