package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"

	"apicenter/internal/inventory"
)

// shelf has what tells the APIs of a workspace apart, in memory: to count ten
// thousand of them takes less than a millisecond. It is read anew, from indexes
// alone, by the first who asks after a write.
type shelf struct {
	keys    []int64 // of the APIs, in order; a set has their places
	all     set
	columns map[inventory.Field]*column
}

// shelves keeps those that were last asked for. The zero value is ready.
type shelves struct {
	mu   sync.Mutex
	kept map[inventory.ID]*kept
}

// kept is a shelf as of a generation.
type kept struct {
	mu         sync.Mutex // held while it is read: others wait for that, and do not read it too
	shelf      *shelf
	generation uint64
}

// maxShelves bounds the workspaces whose shelves are kept.
const maxShelves = 16

func (s *shelves) of(workspace inventory.ID) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.kept[workspace]
	if !ok {
		if s.kept == nil || len(s.kept) >= maxShelves {
			s.kept = map[inventory.ID]*kept{}
		}
		k = &kept{}
		s.kept[workspace] = k
	}
	return k
}

// shelf gives that of the workspace that a query is about.
func (t *session) shelf(q inventory.Query) (*shelf, error) {
	if q.Kind != inventory.KindAPI || q.Parent.Kind() != inventory.KindWorkspace || !q.At.IsZero() {
		return nil, inventory.Errorf(inventory.Invalid, "", "only APIs of one workspace can be told apart by values, and only as they are")
	}
	if t.generation == 0 {
		return t.readShelf(q.Parent) // a writer sees what it has written
	}
	k := t.store.shelves.of(q.Parent)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.shelf != nil && k.generation == t.generation {
		return k.shelf, nil
	}
	s, err := t.readShelf(q.Parent)
	if err == nil {
		k.shelf, k.generation = s, t.generation
	}
	return s, err
}

const (
	apiTraits = `
		select trait, group_concat(id) from resource
		where kind = 'api' and parent = (select id from resource where path = $1) group by trait`
	apiEnvironments = `
		select trait, group_concat(parent) from resource indexed by deployment_trait where kind = 'deployment' group by trait`
	apiSources = `
		select l.shown, (select coalesce(group_concat(o.resource), '') from origin o where o.kind = 'api' and o.link = l.id)
		from resource l where l.kind = 'link' and l.parent = (select id from resource where path = $1)`
)

func (t *session) readShelf(workspace inventory.ID) (*shelf, error) {
	traits, err := collect(t, query{text: apiTraits, args: []any{workspace.String()}, long: true}, scanTraits)
	if err != nil {
		return nil, err
	}
	s := &shelf{columns: map[inventory.Field]*column{}}
	for _, group := range traits {
		s.keys = append(s.keys, group.keys...)
	}
	slices.Sort(s.keys)
	s.all = make(set, (len(s.keys)+63)/64)
	for at := range s.keys {
		s.all.put(at)
	}
	for _, f := range []inventory.Field{inventory.FieldKind, inventory.FieldLifecycleStage, inventory.FieldEnvironments, inventory.FieldSources} {
		s.columns[f] = newColumn(s.all)
	}
	for _, group := range traits {
		things := s.places(group.keys)
		s.columns[inventory.FieldKind].add(textIn(group.traits[0]), things)
		s.columns[inventory.FieldLifecycleStage].add(textIn(group.traits[1]), things)
		if err := s.addCustom(group.traits[2], things); err != nil {
			return nil, err
		}
	}
	for f, q := range map[inventory.Field]query{
		inventory.FieldEnvironments: {text: apiEnvironments, long: true},
		inventory.FieldSources:      {text: apiSources, args: []any{workspace.String()}, long: true},
	} {
		groups, err := collect(t, q, scanNamed)
		if err != nil {
			return nil, err
		}
		for _, group := range groups {
			if things := s.places(group.keys); things.count() > 0 {
				s.columns[f].add(group.name, things)
			}
		}
	}
	return s, nil
}

const customPrefix inventory.Field = "/customProperties/"

// addCustom adds custom properties that are texts, numbers, truth values, or lists of those.
func (s *shelf) addCustom(custom json.RawMessage, things set) error {
	if string(custom) == "null" || string(custom) == "{}" {
		return nil
	}
	own, err := inventory.ParseDoc(slices.Concat([]byte(`{"customProperties":`), custom, []byte("}")))
	if err != nil {
		return fmt.Errorf("custom properties of APIs: %w", err)
	}
	for f, raw := range own {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return fmt.Errorf("custom property %s: %w", f, err)
		}
		items, ok := value.([]any)
		if !ok {
			items = []any{value}
		}
		for _, item := range items {
			text := fmt.Sprint(item)
			switch item.(type) {
			case string, float64, bool:
			default:
				continue
			}
			if len(text) > maxTrait {
				continue
			}
			if s.columns[f] == nil {
				s.columns[f] = newColumn(s.all)
			}
			s.columns[f].add(text, things)
		}
	}
	return nil
}

// maxTrait is how long a custom value may be to tell APIs apart.
const maxTrait = 100

// places is the set of those keys that are on the shelf.
func (s *shelf) places(keys []int64) set {
	out := make(set, len(s.all))
	for _, key := range keys {
		if at, ok := slices.BinarySearch(s.keys, key); ok {
			out.put(at)
		}
	}
	return out
}

// list is the keys of a set, as JSON.
func (s *shelf) list(of set) string {
	keys := make([]int64, 0, of.count())
	for at, key := range s.keys {
		if of.has(at) {
			keys = append(keys, key)
		}
	}
	return listKeys(keys)
}

// listKeys writes keys as JSON.
func listKeys(keys []int64) string {
	out := make([]byte, 0, 8*len(keys)+2)
	out = append(out, '[')
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, key, 10)
	}
	return string(append(out, ']'))
}

// alike are APIs that have the same kind, stage and custom properties.
type alike struct {
	traits [3]json.RawMessage
	keys   []int64
}

func scanTraits(rows *sql.Rows) (alike, error) {
	var a alike
	var traits []byte
	var keys string
	if err := rows.Scan(&traits, &keys); err != nil {
		return a, err
	}
	if err := json.Unmarshal(traits, &a.traits); err != nil {
		return a, fmt.Errorf("traits of APIs: %w", err)
	}
	var err error
	a.keys, err = parseKeys(keys)
	return a, err
}

// textIn is a text of JSON, "" for anything else.
func textIn(raw json.RawMessage) (text string) {
	_ = json.Unmarshal(raw, &text) // no text
	return text
}

// named are APIs that have something of one name.
type named struct {
	name string
	keys []int64
}

func scanNamed(rows *sql.Rows) (named, error) {
	var n named
	var path sql.NullString
	var keys string
	if err := rows.Scan(&path, &keys); err != nil {
		return n, err
	}
	n.name = path.String[strings.LastIndexByte(path.String, '/')+1:]
	var err error
	n.keys, err = parseKeys(keys)
	return n, err
}

func scanKeys(rows *sql.Rows) ([]int64, error) {
	var keys string
	if err := rows.Scan(&keys); err != nil {
		return nil, err
	}
	return parseKeys(keys)
}

// parseKeys reads what group_concat has put together.
func parseKeys(text string) ([]int64, error) {
	out := make([]int64, 0, strings.Count(text, ",")+1)
	for key := range strings.SplitSeq(text, ",") {
		if key == "" {
			continue
		}
		n, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("number of a row: %w", err)
		}
		out = append(out, n)
	}
	return out, nil
}

// set is a set of places on a shelf, a bit for each.
type set []uint64

func (s set) put(at int)      { s[at/64] |= 1 << (at % 64) }
func (s set) has(at int) bool { return s[at/64]&(1<<(at%64)) != 0 }

func (s set) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

func (s set) and(other set) set {
	out := make(set, len(s))
	for i := range s {
		out[i] = s[i] & other[i]
	}
	return out
}

func (s set) add(other set) {
	for i := range s {
		s[i] |= other[i]
	}
}

func (s set) remove(other set) {
	for i := range s {
		s[i] &^= other[i]
	}
}
