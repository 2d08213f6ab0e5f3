package specification

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// wanted are the members of the top level that Detect looks into. The others,
// which are nearly all of a document, are passed over.
var wanted = []string{
	"openapi", "swagger", "asyncapi", "info", "servers", "host", "basePath", "schemes", "externalDocs",
	"$schema", "name", "title", "description", "version", "url", "remotes", "packages", "repository", "websiteUrl",
	"protocolVersion", "skills", "capabilities", "provider", "documentationUrl",
}

// members reads members of the top level of a JSON or YAML document.
func members(data []byte, wanted []string) (map[string]any, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		if m, err := membersJSON(data, wanted); err == nil {
			return m, nil
		}
	}
	return membersYAML(data, wanted)
}

func membersJSON(data []byte, wanted []string) (map[string]any, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	m := map[string]any{}
	for _, name := range wanted {
		raw, ok := all[name]
		if !ok {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		m[name] = v
	}
	return m, nil
}

func membersYAML(data []byte, wanted []string) (map[string]any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("it cannot be read as YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("it is no YAML mapping")
	}
	m := map[string]any{}
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if slices.Contains(wanted, pairs[i].Value) {
			m[pairs[i].Value] = value(pairs[i+1], 0)
		}
	}
	return m, nil
}

// maxDepth is how deep value looks into what a document says of itself. An
// alias is left out: of those, a small document can be large.
const maxDepth = 16

// value is a node as JSON would have it, with texts for scalars.
func value(n *yaml.Node, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil
		}
		return n.Value
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = value(c, depth+1)
		}
		return list
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1], depth+1)
		}
		return m
	}
	return nil
}

// object is a JSON object; a nil one has no members.
type object map[string]any

func (o object) text(name string) string {
	switch v := o[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

func (o object) object(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

// names are those of the members, in order.
func (o object) names() []string { return slices.Sorted(maps.Keys(o)) }

// objects are the objects in a list, or in an object by the order of their names.
func (o object) objects(name string) []object {
	var out []object
	switch v := o[name].(type) {
	case []any:
		for _, item := range v {
			if m, ok := item.(map[string]any); ok {
				out = append(out, m)
			}
		}
	case map[string]any:
		for _, n := range object(v).names() {
			if m, ok := v[n].(map[string]any); ok {
				out = append(out, m)
			}
		}
	}
	return out
}
