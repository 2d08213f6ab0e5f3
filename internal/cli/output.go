package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// formats are the ways in which a result can be printed. The two with a c have
// colours on a terminal.
func formats() []string {
	return []string{"table", "json", "jsonc", "yaml", "yamlc", "tsv", "none"}
}

func checkFormat(format string) error {
	if !slices.Contains(formats(), format) {
		return fmt.Errorf("%q is none of %s", format, strings.Join(formats(), ", "))
	}
	return nil
}

// printer writes results to the standard output in the format asked for.
type printer struct {
	out    io.Writer
	format string
	color  bool
	query  *query // nil prints all
}

// whole tells whether results are printed as they are, and not by columns.
func (p printer) whole() bool {
	return p.query != nil || p.format != "table" && p.format != "tsv"
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
	if p.whole() {
		return p.document(flat)
	}
	return p.rows(flat, cols)
}

// row prints one resource as a table of one row.
func (p printer) row(o object, cols []column) error {
	if p.whole() {
		return p.document(o.flat())
	}
	return p.rows([]object{o.flat()}, cols)
}

// one prints one resource in full: for a person, a line for each property.
func (p printer) one(o object, cols []column) error {
	if p.whole() || p.format != "table" {
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

// document prints v, made of objects and lists, or what the query selects of it.
func (p printer) document(v any) error {
	if p.query != nil {
		var err error
		if v, err = p.query.apply(v); err != nil || v == nil {
			return err // as with az, nothing is printed as nothing
		}
	}
	var text []byte
	var err error
	switch p.format {
	case "none":
		return nil
	case "table":
		return p.query.table(p.out, v)
	case "tsv":
		text = p.query.tsv(v)
	case "yaml", "yamlc":
		text, err = asYAML(v)
	default:
		text, err = asJSON(v)
	}
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	if p.color && (p.format == "jsonc" || p.format == "yamlc") {
		text = paint(text)
	}
	if _, err := p.out.Write(text); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

func asJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return inert(b.Bytes()), err
}

// inert escapes what is left in JSON that would steer a terminal, or turn round
// what a person reads. It stays the same JSON.
func inert(text []byte) []byte {
	if !bytes.ContainsFunc(text, steering) {
		return text
	}
	var out []byte
	for _, r := range string(text) {
		if steering(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

func steering(r rune) bool {
	return r >= 0x7f && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r))
}

func asYAML(v any) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := errors.Join(e.Encode(convert(v, plainNumber)), e.Close())
	return b.Bytes(), err
}

// convert gives v made of the plain types of Go, and its numbers as f has them.
func convert(v any, f func(json.Number) any) any {
	switch v := v.(type) {
	case []object:
		list := make([]any, len(v))
		for i := range v {
			list[i] = convert(v[i], f)
		}
		return list
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = convert(v[i], f)
		}
		return list
	case object:
		return convert(map[string]any(v), f)
	case map[string]any:
		m := make(map[string]any, len(v))
		for k := range v {
			m[k] = convert(v[k], f)
		}
		return m
	case json.Number:
		return f(v)
	case float64: // a query made it
		return f(json.Number(strconv.FormatFloat(v, 'f', -1, 64)))
	}
	return v
}

// plainNumber is n as YAML takes it for a number.
func plainNumber(n json.Number) any {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n.String()
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
