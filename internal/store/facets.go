package store

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

func (t *session) Facets(q inventory.Query, fields ...inventory.Field) (inventory.Facets, error) {
	out := inventory.Facets{Counts: map[inventory.Field][]inventory.Count{}}
	s, err := t.shelf(q)
	if err != nil {
		return out, err
	}
	base, err := t.base(s, q)
	if err != nil {
		return out, err
	}
	all, err := s.chosen(base, q.Choices, "")
	if err != nil {
		return out, err
	}
	out.Total = all.count()
	for _, f := range fields {
		c, err := s.column(f)
		if err != nil {
			return out, err
		}
		of, err := s.chosen(base, q.Choices, f)
		if err != nil {
			return out, err
		}
		out.Counts[f] = c.counts(of)
	}
	return out, nil
}

// base is what a query asks for, its choices aside.
func (t *session) base(s *shelf, q inventory.Query) (set, error) {
	if q.Search == "" && q.Filter == nil {
		return s.all, nil
	}
	if q.Deep && q.Filter == nil {
		return t.deep(s, q)
	}
	l := list{query: query{long: true}}
	q.Choices = nil
	words, match := searchWords(q.Search), t.store.dialect.allOf
	if q.AnyWord {
		words, match = withoutShort(words), t.store.dialect.anyOf
	}
	if err := t.which(&l, q, words, match); err != nil {
		return nil, err
	}
	l.text = l.selecting("coalesce(group_concat(" + l.key + "), '')")
	found, err := collect(t, l.query, scanKeys)
	if err != nil {
		return nil, err
	}
	return s.places(found[0]), nil
}

// only is the set of APIs that the choices of a query and, if it is deep, its search leave.
func (t *session) only(q inventory.Query) (*shelf, set, error) {
	s, err := t.shelf(q)
	if err != nil {
		return nil, nil, err
	}
	of := s.all
	if q.Deep && q.Search != "" {
		if of, err = t.deep(s, q); err != nil {
			return nil, nil, err
		}
	}
	of, err = s.chosen(of, q.Choices, "")
	return s, of, err
}

// deepest is how short a word may be to be looked for in what definitions define:
// shorter ones begin too many words there.
const deepest = 2

// deep is the set of APIs that have each word of a search in their own texts or in
// what their definitions define.
func (t *session) deep(s *shelf, q inventory.Query) (set, error) {
	if t.generation != 0 && t.sought.on == s && t.sought.search == q.Search {
		return t.sought.found, nil // a page and its counts ask for the same
	}
	found, err := t.seek(s, q)
	t.sought = sought{s, q.Search, found}
	return found, err
}

// sought is what a deep search of a shelf has found.
type sought struct {
	on     *shelf
	search string
	found  set
}

func (t *session) seek(s *shelf, q inventory.Query) (set, error) {
	words := searchWords(q.Search)
	if len(words) == 0 {
		return make(set, len(s.all)), nil
	}
	of, d := s.all, t.store.dialect
	for _, word := range words {
		text, args := "select rowid from search where "+d.match()+" $1", []any{d.allOf([]string{word})}
		if utf8.RuneCountInString(word) >= deepest {
			text += " union all select rowid from outline_search where " + d.matchOutline() + " $1"
		}
		found, err := collect(t, query{text: "select coalesce(group_concat(rowid), '') from (" + text + ")", args: args, long: true}, scanKeys)
		if err != nil {
			return nil, err
		}
		of = of.and(s.places(found[0]))
	}
	return of, nil
}

func (t *session) Whereabouts(workspace inventory.ID, keys []int64) (map[int64]inventory.Whereabouts, error) {
	s, err := t.shelf(inventory.Query{Parent: workspace, Kind: inventory.KindAPI})
	if err != nil {
		return nil, err
	}
	out := make(map[int64]inventory.Whereabouts, len(keys))
	for _, key := range keys {
		at, ok := slices.BinarySearch(s.keys, key)
		if !ok {
			continue
		}
		out[key] = inventory.Whereabouts{
			Environments: s.columns[inventory.FieldEnvironments].of(at),
			Sources:      s.columns[inventory.FieldSources].of(at),
		}
	}
	return out, nil
}

// chosen is what of a set all choices hold of, those on one field left out.
func (s *shelf) chosen(of set, choices []inventory.Choice, but inventory.Field) (set, error) {
	for _, c := range choices {
		column, err := s.column(c.Field)
		if err != nil {
			return nil, err
		}
		if c.Field != but {
			of = of.and(column.any(c.Values))
		}
	}
	return of, nil
}

// column gives that of a field; one that no API has a value in is empty.
func (s *shelf) column(f inventory.Field) (*column, error) {
	if c, ok := s.columns[f]; ok {
		return c, nil
	}
	if !strings.HasPrefix(string(f), string(customPrefix)) {
		return nil, inventory.Errorf(inventory.Invalid, "", "APIs cannot be told apart by %q", f)
	}
	return newColumn(s.all), nil
}

// column is what the values of a field tell apart.
type column struct {
	all    set
	values map[string]*value // folded
}

// value is one of them, and the things that have it.
type value struct {
	text   string // as first seen
	things set
}

func newColumn(all set) *column { return &column{all: all, values: map[string]*value{}} }

// add notes that things have a value; "" is none.
func (c *column) add(text string, things set) {
	if text == "" {
		return
	}
	folded := strings.ToLower(text)
	v, ok := c.values[folded]
	if !ok {
		v = &value{text: text, things: make(set, len(c.all))}
		c.values[folded] = v
	}
	v.things.add(things)
}

// none is what has no value.
func (c *column) none() set {
	out := slices.Clone(c.all)
	for _, v := range c.values {
		out.remove(v.things)
	}
	return out
}

// any is what has one of some values.
func (c *column) any(values []string) set {
	out := make(set, len(c.all))
	for _, text := range values {
		if text == "" {
			out.add(c.none())
		} else if v, ok := c.values[strings.ToLower(text)]; ok {
			out.add(v.things)
		}
	}
	return out
}

// counts counts those of a set, by value.
func (c *column) counts(of set) []inventory.Count {
	var out []inventory.Count
	for _, v := range c.values {
		if n := of.and(v.things).count(); n > 0 {
			out = append(out, inventory.Count{Value: v.text, Things: n})
		}
	}
	slices.SortFunc(out, func(a, b inventory.Count) int {
		return cmp.Or(cmp.Compare(b.Things, a.Things), cmp.Compare(a.Value, b.Value))
	})
	if n := of.and(c.none()).count(); n > 0 {
		out = append(out, inventory.Count{Things: n})
	}
	return out
}

// of gives the values of one thing, in order.
func (c *column) of(at int) []string {
	var out []string
	for _, folded := range slices.Sorted(maps.Keys(c.values)) {
		if v := c.values[folded]; v.things.has(at) {
			out = append(out, v.text)
		}
	}
	return out
}
