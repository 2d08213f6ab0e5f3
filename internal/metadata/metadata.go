// Package metadata checks custom properties against JSON Schemas that people
// have written. It reads no other document than the one that it is given, and
// bounds what that may cost.
package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of a schema and of a value: checking one against the other takes their
// product in the worst case, and each reference within a schema may double it.
const (
	maxSchema = 32 << 10 // bytes
	maxValue  = 32 << 10 // bytes
	maxDepth  = 32
	maxRefs   = 16
	maxDigits = 400
)

// Schema is a JSON Schema.
type Schema struct {
	compiled *jsonschema.Schema
	root     map[string]any
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
	if err := bounded(doc); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	if err := c.AddResource(location, doc); err != nil {
		return nil, readable(err)
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil, readable(err)
	}
	return &Schema{compiled: compiled, root: root}, nil
}

// bounded says whether a document costs too much to look at.
func bounded(doc any) error {
	var b bounds
	b.walk(doc, 1)
	switch {
	case b.deepest > maxDepth:
		return fmt.Errorf("it nests %d deep; at most %d are allowed", b.deepest, maxDepth)
	case b.refs > maxRefs:
		return fmt.Errorf("it has %d references; at most %d are allowed", b.refs, maxRefs)
	case b.huge != "":
		return fmt.Errorf("the number %.40s is out of range", b.huge)
	}
	return nil
}

// bounds is what a document may cost.
type bounds struct {
	deepest, refs int
	huge          json.Number // one that takes forever to calculate with
}

func (b *bounds) walk(v any, depth int) {
	b.deepest = max(b.deepest, depth)
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			switch name {
			case "$ref", "$dynamicRef", "$recursiveRef":
				b.refs++
			}
			b.walk(member, depth+1)
		}
	case []any:
		for _, item := range v {
			b.walk(item, depth+1)
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
	if err := bounded(v); err != nil {
		return err
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
