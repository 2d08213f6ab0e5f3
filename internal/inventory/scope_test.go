package inventory_test

import (
	"strings"
	"testing"

	"apicenter/internal/inventory"
)

func TestScope(t *testing.T) {
	pets := inventory.Traits{Name: "Pet-Store", Path: "/shop/pets/", Tags: []string{"internal", "Beta"}, Products: []string{"starter"}}
	type rules = []inventory.ScopeRule
	for _, tt := range []struct {
		name             string
		include, exclude rules
		outside          string // of why
	}{
		{"no rules", nil, nil, ""},
		{"included by name", rules{{Name: "pet*"}}, nil, ""},
		{"included by another rule", rules{{Name: "x"}, {Path: "shop/*"}}, nil, ""},
		{"included by none", rules{{Name: "x*"}, {Path: "shop"}}, nil, "no rule"},
		{"all of a rule has to fit", rules{{Name: "pet*", Tag: "public"}}, nil, "no rule"},
		{"a tag of several", rules{{Tag: "BETA"}}, nil, ""},
		{"excluded by tag", nil, rules{{Product: "gold"}, {Tag: "int*"}}, "excludes tag=int*"},
		{"excluded before included", rules{{Name: "*"}}, rules{{Product: "start*r", Path: "*pets"}}, "excludes path=*pets,product=start*r"},
		{"no wildcard, no part", rules{{Name: "pet"}}, nil, "no rule"},
		{"wildcards share no letter", rules{{Name: "pet-store*e"}}, nil, "no rule"},
		{"wildcards in the middle", rules{{Name: "p*t*o*"}}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := inventory.Scope{Include: tt.include, Exclude: tt.exclude}.Outside(pets)
			if (got == "") != (tt.outside == "") || !strings.Contains(got, tt.outside) {
				t.Errorf("outside because %q, want %q", got, tt.outside)
			}
		})
	}
}

func TestParseScopeRule(t *testing.T) {
	for text, want := range map[string]inventory.ScopeRule{
		"name=pet*":                {Name: "pet*"},
		"tag=a, product=b,path=/x": {Tag: "a", Product: "b", Path: "/x"},
		"name=a=b":                 {Name: "a=b"},
		"":                         {},
		"name":                     {},
		"name=":                    {},
		"name=a,name=b":            {},
		"color=red":                {},
	} {
		got, err := inventory.ParseScopeRule(text)
		if got != want || (err == nil) != (want != inventory.ScopeRule{}) {
			t.Errorf("ParseScopeRule(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if err != nil {
			continue
		}
		if again, err := inventory.ParseScopeRule(got.String()); again != got || err != nil {
			t.Errorf("ParseScopeRule(%q) = %+v, %v; want what it was written from", got.String(), again, err)
		}
	}
}

func FuzzScope(f *testing.F) {
	f.Add("pet*", "petstore")
	f.Add("a*a", "a")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		got := inventory.Fits(pattern, text)
		//lint:ignore SA6005 rules compare in lower case, which is not quite what EqualFold does
		if !strings.Contains(pattern, "*") && got != (strings.ToLower(pattern) == strings.ToLower(text)) {
			t.Errorf("%q fits %q: %t", pattern, text, got)
		}
		if !inventory.Fits("*", text) || got && !inventory.Fits("*"+pattern+"*", text) {
			t.Errorf("a wider pattern than %q does not fit %q", pattern, text)
		}
	})
}
