package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// row is one API of the inventory.
type row struct {
	Address, Name, Title, Summary, Kind, Stage string
	Environments, Sources                      []string
	Updated                                    time.Time
	Found                                      string // what a search has found in a definition; empty: nothing there
	FoundIn                                    string // its version
	Picked                                     bool
}

// facetView is a field with the values that there are to choose.
type facetView struct {
	Param, Title string
	Options      []facetValue
	More         []facetValue // those behind a fold
	Chosen       int
}

// facetValue is one value of a facet.
type facetValue struct {
	ID, Value, Label string
	Count            int
	Chosen           bool
}

// chip is a choice that was made, with the way to take it back.
type chip struct{ Title, Label, Without string }

// inventoryView is the list of APIs.
type inventoryView struct {
	Search, Sort string
	Sorts        []facetValue
	Cards        bool
	TableAt      string
	CardsAt      string
	Total        int
	Facets       []facetView
	Chips        []chip
	Clear        string // address of the list without any choice
	Items        []row
	Next         string // address of the next page; empty on the last
	First        string // address of the first page; empty on it
	Edit         string // where those that are picked are edited; empty: who asks may not
	CSV, JSON    string // addresses of the whole list
	LinkNew      string // where a source is linked; empty where that is not offered
	Bare         bool   // there is nothing in the inventory at all
}

const (
	pageSize = 50
	// openOptions are as many values of a facet as are shown at once, and
	// moreOptions as many as can be unfolded.
	openOptions, moreOptions = 6, 60
	maxSummary               = 300 // characters
)

func (h *Handler) inventory(w http.ResponseWriter, r *request) error {
	if !r.at.IsZero() {
		return h.inventoryThen(w, r)
	}
	b, err := browseOf(r.URL.Query())
	if err != nil {
		return err
	}
	shelf, err := h.catalog.Browse(r.Context(), b.query(r.id, pageSize))
	if err != nil {
		return err
	}
	shown := view{template: "inventory", title: "APIs", section: "APIs", data: inventoryOf(r, b, shelf)}
	if r.Header.Get("HX-Request") != "" {
		shown.part = "browse"
		w.Header().Set("HX-Replace-Url", b.at(r.address(r.workspace.String()), nil))
	}
	return h.show(w, r, shown)
}

// inventoryOf makes the view of a page.
func inventoryOf(r *request, b browse, shelf catalog.Shelf) inventoryView {
	here := r.address(r.workspace.String())
	v := inventoryView{
		Search: b.search, Sort: b.sort, Cards: b.cards, Total: shelf.Total,
		TableAt: b.at(here, url.Values{"view": nil}), CardsAt: b.at(here, url.Values{"view": {"cards"}}),
		CSV: b.at(here+".csv", nil), JSON: b.at(here+".json", nil),
		Bare: shelf.Total == 0 && b.search == "" && len(b.choices) == 0,
	}
	for _, s := range sorts {
		value := s.name
		if b.search == "" && s.name == "" {
			continue // there is nothing to match
		}
		if b.search == "" && s.name == "title" {
			value = "" // unasked: who begins to search gets the best match first
		}
		v.Sorts = append(v.Sorts, facetValue{Value: value, Label: s.title, Chosen: value == b.sort})
	}
	v.offer(here, b, shelf)
	v.Items = rowsOf(r, shelf)
	if r.may(writeAPI) {
		v.Edit = here + "/-/edit"
		picked := r.URL.Query()["api"]
		for i := range v.Items {
			v.Items[i].Picked = slices.Contains(picked, v.Items[i].Name)
		}
	}
	if !shelf.Next.IsZero() {
		v.Next = b.at(here, url.Values{"after": {shelf.Next.String()}})
	}
	if !b.after.IsZero() {
		v.First = b.at(here, nil)
	}
	if r.may(writeLinks) {
		v.LinkNew = strings.TrimSuffix(here, "/apis") + "/new-link"
	}
	return v
}

// rowsOf makes the rows of a page.
func rowsOf(r *request, shelf catalog.Shelf) []row {
	rows := make([]row, len(shelf.Items))
	for i, api := range shelf.Items {
		d, where := docOf(api), shelf.Where[api.Key]
		rows[i] = row{
			Address: r.address(api.Path), Name: api.Name(), Title: titleOr(d, api), Summary: summarized(d),
			Kind: d.Text("/kind"), Stage: d.Text(inventory.FieldLifecycleStage), Updated: api.Updated.At,
			Environments: where.Environments, Sources: where.Sources,
		}
		if f, ok := shelf.Found[api.Key]; ok {
			rows[i].Found, rows[i].FoundIn = f.Entry, titleOr(docOf(f.Version), f.Version)
		}
	}
	return rows
}

// titleOr is what a thing is called: by its name, if it has no title.
func titleOr(d doc, r inventory.Resource) string {
	if title := d.Text("/title"); title != "" {
		return title
	}
	return r.Name()
}

// summarized is what a thing is about, in a few lines.
func summarized(d doc) string {
	text := d.Text("/summary")
	if text == "" {
		text = d.Text("/description")
	}
	return brief(text, maxSummary)
}

// offer lists what can be chosen, and what was.
func (v *inventoryView) offer(here string, b browse, shelf catalog.Shelf) {
	all := slices.Clone(facets)
	for _, f := range shelf.Custom {
		all = append(all, ownFacet(f))
	}
	known := map[inventory.Field]bool{}
	for _, f := range all {
		known[f.field] = true
		if fv := facetOf(f, shelf.Counts[f.field], b.chosen(f.field)); len(fv.Options) > 1 || fv.Chosen > 0 {
			v.Facets = append(v.Facets, fv)
		}
	}
	without := url.Values{}
	for _, c := range b.choices {
		f := facet{param: paramOf(c.Field), field: c.Field, none: "Not set"}
		f.title = strings.TrimPrefix(f.param, customParam)
		for _, named := range all {
			if named.field == c.Field {
				f = named
			}
		}
		without[f.param] = nil
		for _, value := range c.Values {
			rest := slices.DeleteFunc(slices.Clone(c.Values), func(other string) bool { return other == value })
			v.Chips = append(v.Chips, chip{f.title, f.label(value), b.at(here, url.Values{f.param: rest})})
		}
	}
	if len(v.Chips) > 0 {
		v.Clear = b.at(here, without)
	}
}

// label is what a value is called.
func (f facet) label(value string) string {
	switch {
	case value == "":
		return f.none
	case f.field == inventory.FieldKind || f.field == inventory.FieldLifecycleStage:
		return label(value)
	default:
		return value
	}
}

// facetOf makes the view of a facet: what is chosen is there whether anything has it or not.
func facetOf(f facet, counts []inventory.Count, chosen []string) facetView {
	v := facetView{Param: f.param, Title: f.title}
	var all []facetValue
	for _, c := range counts {
		is := slices.ContainsFunc(chosen, func(value string) bool { return strings.EqualFold(value, c.Value) })
		all = append(all, facetValue{Value: c.Value, Label: f.label(c.Value), Count: c.Things, Chosen: is})
	}
	for _, value := range chosen {
		if !slices.ContainsFunc(all, func(o facetValue) bool { return strings.EqualFold(o.Value, value) }) {
			all = append(all, facetValue{Value: value, Label: f.label(value), Chosen: true})
		}
	}
	for i, value := range all {
		// By its value: script that changes a page in place takes a box for another otherwise.
		value.ID = idOf("f-"+f.param, value.Value)
		if value.Chosen {
			v.Chosen++
		}
		switch {
		case i < openOptions || value.Chosen:
			v.Options = append(v.Options, value)
		case len(v.More) < moreOptions:
			v.More = append(v.More, value)
		}
	}
	return v
}
