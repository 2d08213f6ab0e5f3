// Package metadata checks custom properties against JSON Schemas that people
// have written. It reads no other document than the one that it is given, and
// bounds what that may cost.
package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of a schema and of a value.
const (
	maxSchema = 32 << 10 // bytes
	maxValue  = 32 << 10 // bytes
	maxDepth  = 32
	maxRefs   = 16
	maxDigits = 400
	// maxCost bounds what it takes to check one against the other: half a second.
	maxCost = 16 << 20
)

// Schema is a JSON Schema. It is for one goroutine at a time.
type Schema struct {
	compiled *jsonschema.Schema
	root     map[string]any
	size     int // bytes, and instructions of the patterns
	refs     int
	circular bool // a reference may lead back to itself
}

// cost is how much work a value is, in the worst case. Every part of the schema
// may have to look at all of it, by as many ways as the references make: of n
// on one way, three times as many for each three. If they lead back to
// themselves, so many on each level of the value.
func (s *Schema) cost(size, depth int) float64 {
	levels := 1
	if s.circular {
		levels = depth
	}
	return float64(s.size) * float64(size) * math.Pow(3, float64(s.refs*levels)/3)
}

// location is what a schema is called while it is read; nothing is there.
const location = "schema:"

// Parse reads a schema. Its errors are for the one who wrote it.
func Parse(text string) (*Schema, error) {
	if len(text) > maxSchema {
		return nil, fmt.Errorf("it has %d bytes; at most %d are allowed", len(text), maxSchema)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, errors.New("it is not a JSON object")
	}
	b, err := bounded(doc)
	if err != nil {
		return nil, err
	}
	s := &Schema{root: root, size: len(text), refs: len(b.refs), circular: circular(b.refs)}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.UseRegexpEngine(s.pattern)
	if err := c.AddResource(location, doc); err != nil {
		return nil, readable(err)
	}
	if s.compiled, err = c.Compile(location); err != nil {
		return nil, readable(err)
	}
	return s, nil
}

// pattern reads a regular expression and adds it to the size of the schema: a
// short one may stand for many repetitions.
func (s *Schema) pattern(text string) (jsonschema.Regexp, error) {
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	s.size += len(program.Inst)
	return compiled, nil
}

// bounded says whether a document costs too much to look at.
func bounded(doc any) (bounds, error) {
	var b bounds
	b.walk(doc, "", 1)
	switch {
	case b.deepest > maxDepth:
		return b, fmt.Errorf("it nests %d deep; at most %d are allowed", b.deepest, maxDepth)
	case len(b.refs) > maxRefs:
		return b, fmt.Errorf("it has %d references; at most %d are allowed", len(b.refs), maxRefs)
	case b.huge != "":
		return b, fmt.Errorf("the number %.40s is out of range", b.huge)
	}
	return b, nil
}

// bounds is what a document may cost.
type bounds struct {
	deepest int
	refs    []reference
	huge    json.Number // one that takes forever to calculate with
}

// reference is a place in a schema, and the one that it refers to: JSON pointers.
type reference struct{ at, to string }

// leadsTo says that whoever follows r comes by next. What is no pointer into the
// schema may lead anywhere.
func (r reference) leadsTo(next reference) bool {
	to, ok := strings.CutPrefix(r.to, "#")
	if !ok || to != "" && to[0] != '/' || strings.Contains(to, "%") {
		return true
	}
	return strings.HasPrefix(next.at+"/", to+"/")
}

// circular says whether a reference may lead back to itself. Those that lead to
// no other are harmless, and so are those that lead to none but these.
func circular(refs []reference) bool {
	for before := -1; before != len(refs); {
		before = len(refs)
		refs = slices.DeleteFunc(slices.Clone(refs), func(r reference) bool { return !slices.ContainsFunc(refs, r.leadsTo) })
	}
	return len(refs) > 0
}

var escaped = strings.NewReplacer("~", "~0", "/", "~1")

func (b *bounds) walk(v any, at string, depth int) {
	b.deepest = max(b.deepest, depth)
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			to, isText := member.(string)
			switch {
			case name == "$ref" && isText:
				b.refs = append(b.refs, reference{at, to})
			case name == "$dynamicRef" || name == "$recursiveRef" || isText && at != "" && (name == "$id" || name == "id"):
				// Where it leads depends on the way there, as do pointers below an id.
				b.refs = append(b.refs, reference{at, "anywhere"})
			}
			b.walk(member, at+"/"+escaped.Replace(name), depth+1)
		}
	case []any:
		for i, item := range v {
			b.walk(item, fmt.Sprintf("%s/%d", at, i), depth+1)
		}
	case json.Number:
		if _, exponent, ok := strings.Cut(strings.ToLower(string(v)), "e"); len(v) > maxDigits || ok && len(exponent) > 4 {
			b.huge = v
		}
	}
}

// nowhere has no document.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s; a schema can only refer to itself and to the published meta-schemas", url)
}

// Check says what is wrong with a value; nil when nothing is.
func (s *Schema) Check(value []byte) error {
	if len(value) > maxValue {
		return fmt.Errorf("it has %d bytes; at most %d are allowed", len(value), maxValue)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(value)))
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	b, err := bounded(v)
	if err != nil {
		return err
	}
	if s.cost(len(value), b.deepest) > maxCost {
		return fmt.Errorf("with %d bytes, %d deep, it takes too long to check against this schema; make one of them smaller", len(value), b.deepest)
	}
	if err := s.compiled.Validate(v); err != nil {
		return readable(err)
	}
	return nil
}

// readable cuts an error of the library to what it says of the document: it
// writes a line about the schema's address, and then a fault a line.
func readable(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) > 1 {
		lines = lines[1:]
	}
	for i, line := range lines {
		line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
		lines[i] = strings.TrimPrefix(line, "at '': ")
	}
	const shown = 5
	if len(lines) > shown {
		lines = append(lines[:shown], "…")
	}
	text := []rune(strings.ReplaceAll(strings.Join(lines, "; "), location, ""))
	return errors.New(string(text[:min(len(text), 500)]))
}

// Type says what sort of values the schema takes, as far as it says so: the
// JSON type, or "choice" for one of a few.
func (s *Schema) Type() string {
	for _, word := range []string{"oneOf", "anyOf", "enum"} {
		if _, ok := s.root[word]; ok {
			return "choice"
		}
	}
	switch t := s.root["type"].(type) {
	case string:
		return t
	case []any:
		names := make([]string, len(t))
		for i, name := range t {
			names[i] = fmt.Sprint(name)
		}
		slices.Sort(names)
		return strings.Join(names, ",")
	default:
		return ""
	}
}

// Members is how many properties an object may have by name.
func (s *Schema) Members() int {
	members, _ := s.root["properties"].(map[string]any)
	return len(members)
}
