package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// printer writes results to the standard output in the format asked for.
type printer struct {
	out    io.Writer
	format string
}

// column is one column of a table: a heading, where its value is, and how a
// person likes to read it. Without show the value stands as it is.
type column struct {
	head string
	path string
	show func(o object) string
}

// list prints many resources.
func (p printer) list(items []object, cols []column) error {
	flat := make([]object, 0, len(items)) // never nil: no resources are [], not null
	for _, it := range items {
		flat = append(flat, it.flat())
	}
	switch p.format {
	case "json", "yaml":
		return p.document(flat)
	}
	return p.rows(flat, cols)
}

// row prints one resource as a table of one row.
func (p printer) row(o object, cols []column) error {
	switch p.format {
	case "json", "yaml":
		return p.document(o.flat())
	}
	return p.rows([]object{o.flat()}, cols)
}

// one prints one resource in full: for a person, a line for each property.
func (p printer) one(o object, cols []column) error {
	if p.format != "table" {
		return p.row(o, cols)
	}
	return writeTable(p.out, nil, properties("", o.flat()))
}

func (p printer) rows(flat []object, cols []column) error {
	var head []string
	if p.format == "table" {
		for _, c := range cols {
			head = append(head, c.head)
		}
	}
	cells := make([][]string, 0, len(flat))
	for _, o := range flat {
		line := make([]string, 0, len(cols))
		for _, c := range cols {
			if p.format == "table" && c.show != nil {
				line = append(line, c.show(o))
				continue
			}
			line = append(line, o.text(c.path))
		}
		cells = append(cells, line)
	}
	if p.format == "table" {
		return writeTable(p.out, head, cells)
	}
	for _, line := range cells {
		for i := range line {
			line[i] = clean(line[i])
		}
		if _, err := fmt.Fprintln(p.out, strings.Join(line, "\t")); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
	}
	return nil
}

// document prints v, made of objects and lists, as JSON or YAML.
func (p printer) document(v any) error {
	if p.format == "yaml" {
		e := yaml.NewEncoder(p.out)
		e.SetIndent(2)
		if err := e.Encode(plain(v)); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
		return e.Close()
	}
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// plain turns the numbers in v into what YAML takes for numbers.
func plain(v any) any {
	switch v := v.(type) {
	case []object:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case object:
		return plain(map[string]any(v))
	case map[string]any:
		m := make(map[string]any, len(v))
		for k := range v {
			m[k] = plain(v[k])
		}
		return m
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return f
		}
		return v.String()
	}
	return v
}

// properties lists the leaves of o with their dotted paths, names first.
func properties(prefix string, o map[string]any) [][]string {
	var lines [][]string
	last := func(key string) int {
		if prefix == "" && (key == "name" || key == "title") {
			return 0
		}
		return 1
	}
	keys := slices.SortedFunc(maps.Keys(o), func(a, b string) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a, b))
	})
	for _, k := range keys {
		if inner, ok := o[k].(map[string]any); ok && len(inner) > 0 {
			lines = append(lines, properties(prefix+k+".", inner)...)
			continue
		}
		lines = append(lines, []string{prefix + k, text(o[k])})
	}
	return lines
}
