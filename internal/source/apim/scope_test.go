package apim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

func TestScopeOfALink(t *testing.T) {
	w := empty(t)
	w.put("/tags/old", m{"displayName": "Out of date"})
	w.put("/products/gold", m{"displayName": "Gold plan"})
	w.put("/apiVersionSets/s", m{"displayName": "Set", "versioningScheme": "Segment"})
	w.put("/apis/pets", m{"displayName": "Pets", "path": "shop/pets"})
	w.put("/apis/loans", m{"displayName": "Loans", "path": "bank/loans"})
	for _, v := range []string{"v1", "v2"} {
		w.put("/apis/set-"+v, m{"displayName": "Set", "path": "set" + v, "apiVersion": v, "apiVersionSetId": "/apiVersionSets/s"})
	}
	w.put("/apis/pets/tags/old", m{})
	w.put("/apis/set-v1/tags/old", m{})
	w.put("/products/gold/apiLinks/l1", m{"apiId": "/apis/loans"})
	all := []string{"apis/loans", "apis/pets", "apis/set-v1", "apis/set-v2"}
	type rules = []inventory.ScopeRule
	for _, tt := range []struct {
		name     string
		scope    inventory.Scope
		covered  string
		requests int64 // for a whole reading, more than without rules
	}{
		{"no rules", inventory.Scope{}, "apis/loans apis/pets apis/set-v1 apis/set-v2", 0},
		{"by name", inventory.Scope{Include: rules{{Name: "SET-*"}}}, "apis/set-v1 apis/set-v2", 0},
		{"by path", inventory.Scope{Include: rules{{Path: "shop/*"}, {Path: "/bank/loans"}}}, "apis/loans apis/pets", 0},
		{"by tag", inventory.Scope{Exclude: rules{{Tag: "old"}}}, "apis/loans apis/set-v2", 1},
		{"by title of a tag", inventory.Scope{Include: rules{{Tag: "out of*"}}}, "apis/pets apis/set-v1", 1},
		{"by product", inventory.Scope{Include: rules{{Product: "gold"}}}, "apis/loans", 2},
		{"by no product", inventory.Scope{Exclude: rules{{Product: "silver"}}}, "apis/loans apis/pets apis/set-v1 apis/set-v2", 1},
		{"all of a rule", inventory.Scope{Exclude: rules{{Tag: "old", Name: "set-*"}}}, "apis/loans apis/pets apis/set-v2", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plain := w.connect()
			if _, err := read(t.Context(), plain, source.Scope{}); err != nil {
				t.Fatal(err)
			}
			c := w.open(w.options(), inventory.Link{Scope: tt.scope}, false)
			objects, err := read(t.Context(), c, source.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			covered, outside := sorted(objects)
			if got := strings.Join(covered, " "); got != tt.covered {
				t.Errorf("covered %s, want %s", got, tt.covered)
			}
			if both := slices.Sorted(slices.Values(slices.Concat(covered, outside))); !slices.Equal(both, all) {
				t.Errorf("listed %q, want all: %q", both, all)
			}
			if more := c.Requests() - plain.Requests(); more != tt.requests {
				t.Errorf("%d requests for the rules, want %d", more, tt.requests)
			}
			for _, external := range all {
				covered, _ := sorted([]source.Object{one(t, c, external)})
				if want := slices.Contains(strings.Fields(tt.covered), external); (len(covered) == 1) != want {
					t.Errorf("alone, %s is covered: %t, want %t", external, len(covered) == 1, want)
				}
			}
		})
	}
}

// sorted are the identities of the versions that are covered, and of those that are not.
func sorted(objects []source.Object) (covered, outside []string) {
	for _, o := range objects {
		for _, v := range o.Children {
			if v.Kind != inventory.KindVersion {
				continue
			}
			if v.Outside == "" {
				covered = append(covered, v.External)
			} else {
				outside = append(outside, v.External)
			}
		}
	}
	slices.Sort(covered)
	return covered, outside
}

func TestRulesThatCannotBeJudgedProveNothing(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	for _, path := range []string{"/apisByTags", "/products"} {
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, path) {
				rw.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		})
		c := w.open(w.options(), inventory.Link{Scope: inventory.Scope{
			Exclude: []inventory.ScopeRule{{Tag: "x"}, {Product: "y"}},
		}}, false)
		if _, err := read(t.Context(), c, source.Scope{}); err == nil {
			t.Errorf("a reading ends well though %s is refused", path)
		}
	}
}
