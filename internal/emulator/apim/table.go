package apim

import (
	"slices"
	"strings"
)

// Table is a map that keeps the order of insertion. Keys are resource names
// and fold case, as all of Azure's names do. The zero value is empty.
type Table[T comparable] struct {
	index map[string]T
	order []T
}

// Len is the number of entries.
func (t *Table[T]) Len() int { return len(t.order) }

// All are the entries in order. The caller must not change the slice.
func (t *Table[T]) All() []T { return t.order }

// Get finds an entry by name; the zero T means that there is none.
func (t *Table[T]) Get(name string) T { return t.index[strings.ToLower(name)] }

// Put adds an entry, or replaces the one of that name in its place.
func (t *Table[T]) Put(name string, v T) {
	key := strings.ToLower(name)
	if t.index == nil {
		t.index = map[string]T{}
	}
	if old, ok := t.index[key]; ok {
		t.order[slices.Index(t.order, old)] = v
	} else {
		t.order = append(t.order, v)
	}
	t.index[key] = v
}

// Delete removes an entry and says whether there was one.
func (t *Table[T]) Delete(name string) bool {
	key := strings.ToLower(name)
	v, ok := t.index[key]
	if ok {
		delete(t.index, key)
		t.order = slices.DeleteFunc(t.order, func(o T) bool { return o == v })
	}
	return ok
}

func (t *Table[T]) clone() Table[T] {
	out := Table[T]{index: make(map[string]T, len(t.index)), order: slices.Clone(t.order)}
	for k, v := range t.index {
		out.index[k] = v
	}
	return out
}
