package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// Shelf is a page of APIs, and what tells all those of its query apart.
type Shelf struct {
	Page
	inventory.Facets
	Custom []CustomField // those with few values, which Facets counts too
	Where  map[int64]inventory.Whereabouts
	Found  map[int64]Find // of a deep search: where, if not in the API's own texts
}

// apart are the fields that tell APIs apart in every service.
var apart = []inventory.Field{inventory.FieldKind, inventory.FieldLifecycleStage, inventory.FieldEnvironments, inventory.FieldSources}

// Browse gives a page of the APIs of a workspace, with counts of all that the
// query asks for. NotFound when the workspace is not there.
func (c *Catalog) Browse(ctx context.Context, q inventory.Query) (Shelf, error) {
	var s Shelf
	err := c.store.View(ctx, func(tx inventory.Reader) (err error) {
		if s.Page, err = pageIn(tx, q, everything); err != nil {
			return err
		}
		custom, err := customFields(tx, q.Parent.Ancestor(inventory.KindService), q.Kind)
		if err != nil {
			return err
		}
		fields := slices.Clone(apart)
		for _, f := range custom {
			if len(f.Values) > 0 {
				s.Custom = append(s.Custom, f)
				fields = append(fields, f.Field)
			}
		}
		if s.Facets, err = tx.Facets(q, fields...); err != nil {
			return err
		}
		keys := make([]int64, len(s.Items))
		for i, r := range s.Items {
			keys[i] = r.Key
		}
		if s.Where, err = tx.Whereabouts(q.Parent, keys); err != nil || !q.Deep {
			return err
		}
		s.Found, err = found(tx, q.Search, s.Items)
		return err
	})
	return s, err
}

// CustomField is a custom property, as its metadata schema describes it.
type CustomField struct {
	Field    inventory.Field
	Name     string
	Type     string   // of JSON; "" when the schema leaves it open
	Values   []string // those that it may have, or an item of it; none: any
	Required bool
}

// CustomFields gives the custom properties that things of a kind may have, by name.
func (c *Catalog) CustomFields(ctx context.Context, service inventory.ID, k inventory.Kind) (fields []CustomField, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		fields, err = customFields(tx, service, k)
		return err
	})
	return fields, err
}

func customFields(tx inventory.Reader, service inventory.ID, k inventory.Kind) ([]CustomField, error) {
	schemas, err := schemasFor(tx, service, k)
	if err != nil {
		return nil, err
	}
	out := make([]CustomField, 0, len(schemas))
	for _, s := range schemas {
		a, _ := s.assigned(k)
		f := CustomField{Field: s.field(), Name: s.name, Required: a.Required}
		f.describe(s.Schema)
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b CustomField) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out, nil
}

// choices is what a schema says of the values that there may be.
type choices struct {
	Type  any   `json:"type"`
	Enum  []any `json:"enum"`
	OneOf []struct {
		Const any `json:"const"`
	} `json:"oneOf"`
	Items *choices `json:"items"`
}

// describe reads what a schema says in the plain ways; what is said in others, any value may be.
func (f *CustomField) describe(schema string) {
	var s choices
	if json.Unmarshal([]byte(schema), &s) != nil {
		return
	}
	f.Type, _ = s.Type.(string)
	if f.Type == "boolean" {
		f.Values = []string{"true", "false"}
		return
	}
	if f.Type == "array" && s.Items != nil {
		s = *s.Items
	}
	values := s.Enum
	for _, one := range s.OneOf {
		values = append(values, one.Const)
	}
	for _, v := range values {
		if v == nil {
			f.Values = nil // of a oneOf, a part that is no value
			return
		}
		f.Values = append(f.Values, fmt.Sprint(v))
	}
}
