package portal

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// inputOf makes the input of a custom property from its schema. What has no form
// of its own is typed as JSON.
func inputOf(s schemaView) input {
	in := schemaInput("customProperties/"+s.Name, s.Title, s.Schema)
	in.Required = s.Required
	return in
}

// maxMembers is how many properties of an object have inputs of their own.
const maxMembers = 30

func schemaInput(name, title string, schema any) input {
	root, _ := schema.(map[string]any)
	in := input{Name: name, Label: cmp.Or(textMember(root, "title"), title), Hint: textMember(root, "description"), Sort: asJSON}
	if in.Options = optionsOf(root); len(in.Options) > 0 {
		in.Sort = asSelect
		return in
	}
	switch typ, _ := root["type"].(string); typ {
	case "string":
		in.Sort = map[string]sort{"date": asDate, "date-time": asInstant, "uri": asAddress, "url": asAddress, "email": asEmail}[textMember(root, "format")]
		if in.Sort = cmp.Or(in.Sort, asText); in.Sort == asText && long(root) {
			in.Sort = asArea
		}
	case "number":
		in.Sort = asNumber
	case "integer":
		in.Sort = asInteger
	case "boolean":
		in.Sort, in.Options = asSelect, []choice{{Value: "true", Title: "Yes"}, {Value: "false", Title: "No"}}
	case "array":
		in.ofItems(root["items"])
	case "object":
		in.ofMembers(root)
	}
	return in
}

// long says that a text may be longer than a line.
func long(schema map[string]any) bool {
	most, ok := schema["maxLength"].(float64)
	return ok && most > 200
}

// ofItems makes the input of a list.
func (in *input) ofItems(items any) {
	of, _ := items.(map[string]any)
	if in.Options = optionsOf(of); len(in.Options) > 0 {
		in.Sort = asChoices
		return
	}
	switch typ, _ := of["type"].(string); typ {
	case "string":
		in.Sort = asLines
		in.Hint = strings.TrimSpace(in.Hint + " One a line.")
	case "object":
		if row := schemaMembers("", of); row != nil {
			in.Sort, in.row = asRows, row
		}
	}
}

// ofMembers makes the input of an object whose members are simple.
func (in *input) ofMembers(schema map[string]any) {
	if members := schemaMembers(in.Name, schema); members != nil {
		in.Sort, in.Members = asObject, members
	}
}

// schemaMembers are the inputs of an object's members, or nil when one of them is not simple.
func schemaMembers(name string, schema map[string]any) []input {
	properties, _ := schema["properties"].(map[string]any)
	if len(properties) == 0 || len(properties) > maxMembers {
		return nil
	}
	var required []any
	if r, ok := schema["required"].([]any); ok {
		required = r
	}
	var all []input
	for _, member := range slices.Sorted(maps.Keys(properties)) {
		if strings.ContainsFunc(member, unicode.IsControl) || strings.Contains(member, ".") || strings.HasSuffix(member, rawSuffix) {
			return nil // it cannot be the name of a field
		}
		in := schemaInput(name+"."+member, label(member), properties[member])
		if in.Sort == asJSON || in.Sort == asObject || in.Sort == asRows {
			return nil
		}
		in.Required = slices.Contains(required, any(member))
		all = append(all, in)
	}
	return all
}

// optionsOf are the values that a schema names: an enumeration, or constants of
// which it takes one.
func optionsOf(schema map[string]any) (all []choice) {
	named, _ := schema["enum"].([]any)
	for _, v := range named {
		all = append(all, choice{Value: string(encode(v)), Title: titleOfValue(v, "")})
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		parts, _ := schema[word].([]any)
		for _, part := range parts {
			p, _ := part.(map[string]any)
			v, ok := p["const"]
			if !ok {
				return nil
			}
			all = append(all, choice{Value: string(encode(v)), Title: meaning(titleOfValue(v, textMember(p, "title")), textMember(p, "description"))})
		}
	}
	return all
}

// meaning is a value with what it means, where that is said.
func meaning(title, description string) string {
	if description == "" {
		return title
	}
	return title + ": " + description
}

func titleOfValue(v any, title string) string {
	if text, ok := v.(string); ok {
		return cmp.Or(title, text)
	}
	b, _ := json.Marshal(v) // it came from JSON
	return cmp.Or(title, string(b))
}

func textMember(of map[string]any, name string) string {
	text, _ := of[name].(string)
	return text
}
