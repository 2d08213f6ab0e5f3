package catalog

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

// Bounds of the scope of a link.
const (
	maxRules   = 100 // to include, and to exclude
	maxPattern = 200 // characters
)

// completeScope brings the scope of a link into the one form that the rest of
// the house knows, or says what is wrong with it.
func completeScope(own inventory.Doc) error {
	raw, ok := own[inventory.FieldScope]
	if !ok {
		return nil
	}
	var s inventory.Scope
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields() // a rule that is misspelt would cover other APIs than was meant
	if err := d.Decode(&s); err != nil {
		return inventory.Errorf(inventory.Invalid, "properties.scope",
			`properties.scope is to be {"include":[…],"exclude":[…]}, each rule with name, path, tag or product: %v`, err)
	}
	for _, list := range []struct {
		at    string
		rules []inventory.ScopeRule
	}{{"properties.scope.include", s.Include}, {"properties.scope.exclude", s.Exclude}} {
		if len(list.rules) > maxRules {
			return inventory.Errorf(inventory.Invalid, list.at, "%s has %d rules; at most %d are taken", list.at, len(list.rules), maxRules)
		}
		for i, r := range list.rules {
			if err := checkRule(list.at, i, r); err != nil {
				return err
			}
		}
	}
	delete(own, inventory.FieldScope)
	if !s.IsZero() {
		own.Set(inventory.FieldScope, s)
	}
	return nil
}

func checkRule(at string, i int, r inventory.ScopeRule) error {
	if r == (inventory.ScopeRule{}) {
		return inventory.Errorf(inventory.Invalid, at, "%s[%d] says nothing; give name, path, tag or product", at, i)
	}
	for _, pattern := range []string{r.Name, r.Path, r.Tag, r.Product} {
		if n := utf8.RuneCountInString(pattern); n > maxPattern {
			return inventory.Errorf(inventory.Invalid, at, "%s[%d] has a pattern of %d characters; at most %d are taken", at, i, n, maxPattern)
		}
	}
	return nil
}
