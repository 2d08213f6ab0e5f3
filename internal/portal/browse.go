package portal

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// browse is what an address of the inventory asks for: a reader may keep it, and
// send it to others.
type browse struct {
	search  string
	sort    string // one of sorts
	cards   bool
	choices []inventory.Choice
	after   inventory.Position
}

// facet is a field that APIs are told apart by, as pages call it.
type facet struct {
	param string // of an address
	field inventory.Field
	title string
	none  string // what having no value is called
}

var facets = []facet{
	{"kind", inventory.FieldKind, "Kind", "No kind"},
	{"stage", inventory.FieldLifecycleStage, "Lifecycle", "No stage"},
	{"environment", inventory.FieldEnvironments, "Environment", "Not deployed"},
	{"source", inventory.FieldSources, "Source", "People"},
}

// customParam begins the parameters that are custom properties.
const customParam = "custom."

// ownFacet is that of a custom property.
func ownFacet(f catalog.CustomField) facet {
	return facet{customParam + f.Name, f.Field, f.Name, "Not set"}
}

// sorts are the orders of the list, the one that it has unasked first.
var sorts = []struct {
	name, title string
	order       inventory.Order
}{
	{"", "Best match", inventory.Order{By: inventory.ByRank}},
	{"title", "Title", inventory.Order{By: inventory.ByTitle}},
	{"-title", "Title, Z first", inventory.Order{By: inventory.ByTitle, Descending: true}},
	{"-updated", "Changed last", inventory.Order{By: inventory.ByUpdated, Descending: true}},
	{"updated", "Changed first", inventory.Order{By: inventory.ByUpdated}},
	{"new", "Newest", inventory.Order{By: inventory.ByCreation, Descending: true}},
}

// maxSearch bounds a search; no index has longer words.
const maxSearch = 200

func browseOf(v url.Values) (browse, error) {
	b := browse{search: strings.TrimSpace(v.Get("q")), sort: v.Get("sort"), cards: v.Get("view") == "cards"}
	if utf8.RuneCountInString(b.search) > maxSearch {
		return b, inventory.Errorf(inventory.Invalid, "q", "a search has at most %d characters", maxSearch)
	}
	if b.search == "" && b.sort == "title" {
		b.sort = "" // which is that then
	}
	if b.order() == nil {
		return b, inventory.Errorf(inventory.Invalid, "sort", "the list cannot be sorted by %q", b.sort)
	}
	for _, f := range facets {
		b.choose(f.field, v[f.param])
	}
	for name, values := range v {
		if custom, ok := strings.CutPrefix(name, customParam); ok {
			b.choose("/customProperties/"+inventory.Field(escapePointer(custom)), values)
		}
	}
	slices.SortFunc(b.choices, func(x, y inventory.Choice) int { return strings.Compare(string(x.Field), string(y.Field)) })
	if v.Get("after") == "" {
		return b, nil
	}
	var err error
	b.after, err = inventory.ParsePosition(v.Get("after"))
	return b, err
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func unescapePointer(name string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
}

func (b *browse) choose(f inventory.Field, values []string) {
	if len(values) > 0 {
		b.choices = append(b.choices, inventory.Choice{Field: f, Values: values})
	}
}

func (b browse) order() *inventory.Order {
	for _, s := range sorts {
		if s.name == b.sort {
			if b.search == "" && s.name == "" {
				return &inventory.Order{By: inventory.ByTitle}
			}
			return &s.order
		}
	}
	return nil
}

func (b browse) query(workspace inventory.ID, limit int) inventory.Query {
	return inventory.Query{
		Parent: workspace, Kind: inventory.KindAPI, Search: b.search, Deep: b.search != "", Choices: b.choices,
		Order: *b.order(), After: b.after, Limit: limit,
	}
}

// values are the parameters of the address that asks for it, from its first page on.
func (b browse) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", b.search)
	set("sort", b.sort)
	if b.cards {
		v.Set("view", "cards")
	}
	for _, c := range b.choices {
		v[paramOf(c.Field)] = c.Values
	}
	return v
}

func paramOf(f inventory.Field) string {
	for _, known := range facets {
		if known.field == f {
			return known.param
		}
	}
	return customParam + unescapePointer(strings.TrimPrefix(string(f), "/customProperties/"))
}

// at is the address of the same list with parameters changed; one without values goes.
func (b browse) at(address string, change url.Values) string {
	v := b.values()
	for name, values := range change {
		if v[name] = values; len(values) == 0 {
			delete(v, name)
		}
	}
	if len(v) == 0 {
		return address
	}
	return address + "?" + v.Encode()
}

// chosen are the values that are chosen of a field.
func (b browse) chosen(f inventory.Field) []string {
	for _, c := range b.choices {
		if c.Field == f {
			return c.Values
		}
	}
	return nil
}
