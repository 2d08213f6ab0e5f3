package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// generic is the flags that az's updates have in common: --set, --add, --remove
// and --force-string. They apply in the order in which they are given.
type generic struct {
	edits []edit
	force bool
}

type edit struct {
	verb  string
	words []string
}

func (g *generic) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&editFlag{g, "set"}, "set", "change a property: PATH=VALUE …, as properties.contacts[0].name=Ann or title=Pets")
	f.Var(&editFlag{g, "add"}, "add", "add an item to a list: PATH VALUE …, where a value is JSON, a text, or name=value pairs of one object")
	f.Var(&editFlag{g, "remove"}, "remove", "remove a property, or an item of a list: PATH [INDEX]")
	f.BoolVar(&g.force, "force-string", false, "take the values of --set and --add for texts, whatever they look like")
}

type editFlag struct {
	to   *generic
	verb string
}

func (e *editFlag) Set(words string) error {
	e.to.edits = append(e.to.edits, edit{e.verb, strings.Split(words, separator)})
	return nil
}

func (e *editFlag) String() string { return "" }

func (e *editFlag) Type() string { return "strings" }

func (e *editFlag) several() {}

// apply makes the edits to the resource o.
func (g *generic) apply(cmd *cobra.Command, o object) error {
	for _, e := range g.edits {
		var err error
		switch e.verb {
		case "set":
			err = g.set(o, e.words)
		case "add":
			err = g.add(o, e.words)
		case "remove":
			err = remove(o, e.words)
		default:
			panic("no such edit: " + e.verb)
		}
		if err != nil {
			return usage(cmd, "--%s %s: %v", e.verb, strings.Join(e.words, " "), err)
		}
	}
	return nil
}

func (g *generic) value(text string) (any, error) {
	if g.force {
		return text, nil
	}
	return parseValue(text, true)
}

func (g *generic) set(o object, words []string) error {
	for _, w := range words {
		at, text, ok := cutAssignment(w)
		if !ok {
			return fmt.Errorf("%q is not PATH=VALUE", w)
		}
		v, err := g.value(text)
		if err != nil {
			return err
		}
		if err := o.set(at, v); err != nil {
			return err
		}
	}
	return nil
}

// cutAssignment splits at the first = that is in no brackets.
func cutAssignment(w string) (path, value string, ok bool) {
	inside := false
	for i, r := range w {
		switch {
		case r == '[':
			inside = true
		case r == ']':
			inside = false
		case r == '=' && !inside:
			return w[:i], w[i+1:], i > 0
		}
	}
	return "", "", false
}

func (g *generic) add(o object, words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("want PATH VALUE …")
	}
	items, err := g.items(words[1:])
	if err != nil {
		return err
	}
	p, err := parsePath(words[0])
	if err != nil {
		return err
	}
	if p, err = p.inResource(); err != nil {
		return err
	}
	_, err = p.replace(o, func(old any) (any, error) {
		list, ok := old.([]any)
		if !ok && old != nil {
			return nil, fmt.Errorf("%s is no list", words[0])
		}
		return append(list, items...), nil
	})
	return err
}

// items are the values of --add: its name=value pairs are one object.
func (g *generic) items(words []string) ([]any, error) {
	var items []any
	pairs := map[string]any{}
	for _, w := range words {
		name, text, ok := cutAssignment(w)
		if ok && !looksNested(w) {
			v, err := g.value(text)
			if err != nil {
				return nil, err
			}
			pairs[name] = v
			continue
		}
		v, err := g.value(w)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	if len(pairs) > 0 {
		items = append(items, pairs)
	}
	return items, nil
}

func remove(o object, words []string) error {
	if len(words) > 2 {
		return fmt.Errorf("want PATH [INDEX]")
	}
	at := words[0]
	if len(words) == 2 {
		if _, err := strconv.ParseUint(words[1], 10, 16); err != nil {
			return fmt.Errorf("%q is not the number of an item", words[1])
		}
		at += "[" + words[1] + "]"
	}
	p, err := parsePath(at)
	if err != nil {
		return err
	}
	if p, err = p.inResource(); err != nil {
		return err
	}
	_, err = p.replace(o, func(old any) (any, error) {
		if old == nil {
			return nil, fmt.Errorf("there is no %s", at)
		}
		return nil, nil
	})
	return err
}
