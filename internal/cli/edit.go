package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// hops are a path, which names a place in a resource: `contacts[0].name`, `tags.team`,
// `contacts[name=Ann].email`. Paths may start at the resource, or inside of its
// properties, as they are printed.
type hops []hop

// hop is one step of a path: into a member, or to an item of a list by its
// number or by what one of its members is.
type hop struct {
	member     string
	item       bool
	index      int
	key, value string // instead of the index
}

func parsePath(text string) (hops, error) {
	var p hops
	for rest := text; ; {
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, fmt.Errorf("%q is not a path like properties.contacts[0].name", text)
		}
		p = append(p, hop{member: rest[:end]})
		rest = rest[end:]
		for strings.HasPrefix(rest, "[") {
			inside, after, ok := strings.Cut(rest[1:], "]")
			if !ok {
				return nil, fmt.Errorf("%q lacks a ]", text)
			}
			h := hop{item: true}
			if key, value, _ := strings.Cut(inside, "="); key != "" && key != inside {
				h.key, h.value = key, strings.Trim(value, `'"`)
			} else if n, err := strconv.ParseUint(inside, 10, 16); err == nil {
				h.index = int(n)
			} else {
				return nil, fmt.Errorf("%q: [%s] is neither a number nor name=value", text, inside)
			}
			p, rest = append(p, h), after
		}
		if rest == "" {
			return p, nil
		}
		var ok bool
		if rest, ok = strings.CutPrefix(rest, "."); !ok {
			return nil, fmt.Errorf("%q: a dot is missing before %q", text, rest)
		}
	}
}

// envelope are the members of a resource beside its properties that people set;
// the others that it has there are the center's.
var (
	envelope = []string{"location", "tags", "identity", "sku"}
	readOnly = []string{"id", "name", "type", "systemData", "resourceGroup", "etag"}
)

// inResource makes a path that may start inside of the properties start at the
// resource.
func (p hops) inResource() (hops, error) {
	switch first := p[0].member; {
	case first == "properties" && len(p) == 1:
		return nil, fmt.Errorf("name one of the properties, like properties.title")
	case first == "properties", slices.Contains(envelope, first):
		return p, nil
	case slices.Contains(readOnly, first):
		return nil, fmt.Errorf("%s is the center's and cannot be changed", first)
	}
	return append(hops{{member: "properties"}}, p...), nil
}

// replace puts what change makes of the value at p, nil if there is none, in
// its place, and gives the changed whole. Objects and lists on the way that
// are not there are made; a list grows by one item at most.
func (p hops) replace(whole any, change func(any) (any, error)) (any, error) {
	if len(p) == 0 {
		return change(whole)
	}
	if p[0].item {
		return p.replaceItem(whole, change)
	}
	o, ok := asObject(whole)
	if !ok && whole != nil {
		return nil, fmt.Errorf("%s is looked for in what is no object", p[0].member)
	}
	if o == nil {
		o = map[string]any{}
	}
	v, err := p[1:].replace(o[p[0].member], change)
	if err != nil {
		return nil, err
	}
	if v == nil {
		delete(o, p[0].member) // a PUT leaves out what is to go
	} else {
		o[p[0].member] = v
	}
	return o, nil
}

func (p hops) replaceItem(whole any, change func(any) (any, error)) (any, error) {
	list, ok := whole.([]any)
	if !ok && whole != nil {
		return nil, fmt.Errorf("an item is looked for in what is no list")
	}
	i := p[0].index
	if p[0].key != "" {
		i = slices.IndexFunc(list, func(v any) bool {
			o, _ := asObject(v)
			return o != nil && text(o[p[0].key]) == p[0].value
		})
		if i < 0 {
			return nil, fmt.Errorf("the list has no item whose %s is %q", p[0].key, p[0].value)
		}
	}
	if i > len(list) {
		return nil, fmt.Errorf("the list has only %d items; the next one is [%d]", len(list), len(list))
	}
	var old any
	if i < len(list) {
		old = list[i]
	}
	v, err := p[1:].replace(old, change)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return slices.Delete(list, i, min(i+1, len(list))), nil
	case i == len(list):
		return append(list, v), nil
	}
	list[i] = v
	return list, nil
}

func asObject(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, true
	case object:
		return v, true
	}
	return nil, false
}

// set puts v at the path below the resource o.
func (o object) set(at string, v any) error {
	p, err := parsePath(at)
	if err != nil {
		return err
	}
	if p, err = p.inResource(); err != nil {
		return err
	}
	_, err = p.replace(o, func(any) (any, error) { return v, nil })
	return err
}
