package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// zoo are documents that filters and searches are tried on.
var zoo = []string{
	`{"title":"Zebra","kind":"rest","customProperties":{"n":7,"yes":true}}`,
	`{"title":"zebra crossing","kind":"REST","customProperties":{"n":10,"yes":false}}`,
	`{"title":"Ärger","summary":"A \"quoted\" word","customProperties":{"n":"7","x":["a"]}}`,
	`{"title":"","kind":"soap","customProperties":{"n":7.5}}`,
	`{"summary":"\\ 100% _"}`,
}

func openZoo(t testing.TB) *store.Store {
	t.Helper()
	s := open(t)
	if err := s.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		for _, path := range []string{"s/g/c", "s/g/c/workspaces/w"} {
			if _, err := tx.PutOwn(path, nil, inventory.Condition{}); err != nil {
				return err
			}
		}
		for i, text := range zoo {
			own, err := inventory.ParseDoc([]byte(text))
			if err != nil {
				return err
			}
			if _, err := tx.PutOwn(fmt.Sprintf("s/g/c/workspaces/w/apis/Api-%d", i), own, inventory.Condition{}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFilterLaw compares what the database finds with what Go finds.
func TestFilterLaw(t *testing.T) {
	s := openZoo(t)
	rapid.Check(t, func(r *rapid.T) {
		e := drawExpr(r, 4)
		var got, want []string
		if err := s.View(t.Context(), func(tx inventory.Reader) error {
			for found, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, Filter: &e}) {
				if err != nil {
					return err
				}
				got = append(got, found.Name())
			}
			for found, err := range tx.List(inventory.Query{Kind: inventory.KindAPI}) {
				if err != nil {
					return err
				}
				if holds(e, found) {
					want = append(want, found.Name())
				}
			}
			return nil
		}); err != nil {
			r.Fatal(err)
		}
		if !slices.Equal(got, want) {
			r.Fatalf("%+v: found %v, want %v", e, got, want)
		}
	})
}

func drawExpr(r *rapid.T, depth int) inventory.Expr {
	if depth > 0 && rapid.Bool().Draw(r, "deeper") {
		e := inventory.Expr{Op: rapid.SampledFrom([]string{"and", "or", "not"}).Draw(r, "op")}
		n := 1
		if e.Op != "not" {
			n = rapid.IntRange(1, 3).Draw(r, "operands")
		}
		for range n {
			e.Args = append(e.Args, drawExpr(r, depth-1))
		}
		return e
	}
	return inventory.Expr{
		Op:    rapid.SampledFrom([]string{"eq", "ne", "gt", "ge", "lt", "le", "contains", "startswith", "endswith"}).Draw(r, "op"),
		Field: rapid.SampledFrom([]inventory.Field{"/title", "/kind", "/summary", "/name", "/customProperties/n", "/customProperties/yes", "/customProperties/x", "/customProperties", "/none"}).Draw(r, "field"),
		Value: rapid.SampledFrom([]string{"", "zebra", "Z", "A", "ä", "RGER", "rest", "7", "7.5", "true", "FALSE", `"quoted"`, `\ 100% _`, "%", "api-2", `["a"]`}).Draw(r, "value"),
	}
}

// holds says the same as the database, in Go.
func holds(e inventory.Expr, r inventory.Resource) bool {
	every := func(want bool) bool {
		return !slices.ContainsFunc(e.Args, func(arg inventory.Expr) bool { return holds(arg, r) != want })
	}
	switch e.Op {
	case "and":
		return every(true)
	case "or":
		return !every(false)
	case "not":
		return every(false)
	}
	text, ok := textAt(e.Field, r)
	value := strings.ToLower(e.Value)
	if e.Op == "ne" {
		return text != value
	}
	if !ok {
		return false
	}
	order := strings.Compare(text, value)
	return map[string]bool{
		"eq": order == 0, "gt": order > 0, "ge": order >= 0, "lt": order < 0, "le": order <= 0,
		"contains": strings.Contains(text, value), "startswith": strings.HasPrefix(text, value), "endswith": strings.HasSuffix(text, value),
	}[e.Op]
}

func textAt(f inventory.Field, r inventory.Resource) (string, bool) {
	if f == "/name" {
		return strings.ToLower(r.Name()), true
	}
	value := r.Doc
	for segment := range strings.SplitSeq(string(f[1:]), "/") {
		var members map[string]json.RawMessage
		if json.Unmarshal(value, &members) != nil || members[segment] == nil {
			return "", false
		}
		value = members[segment]
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	return strings.ToLower(text), true
}

// FuzzSearch holds that no text is an error: none of it is syntax.
func FuzzSearch(f *testing.F) {
	s := openZoo(f)
	for _, text := range []string{"zebra", `zeb" OR "x`, "NEAR(a b)", "*", "\x00", "é\u0301", "कि", "a:b", "-x", "^z", "{x}", "İstanbul", "ﬁ", strings.Repeat("z ", 50)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range []inventory.Query{{}, {AnyWord: true}, {AnyWord: true, Order: inventory.Order{By: inventory.ByRank}}} {
			q.Kind, q.Search, q.Limit = inventory.KindAPI, text, 20
			if err := s.View(t.Context(), func(tx inventory.Reader) error {
				for _, err := range tx.List(q) {
					if err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Errorf("search %q, %+v: %v", text, q, err)
			}
		}
	})
}
