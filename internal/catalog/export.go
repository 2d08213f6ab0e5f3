package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// ExportMetadata gives a JSON Schema of what people may say of things of a kind,
// api, environment or deployment, custom properties included: what Put holds
// them against. For an empty kind it has all three, by name. NotFound, Invalid.
func (c *Catalog) ExportMetadata(ctx context.Context, service inventory.ID, kind string) (string, error) {
	var out map[string]any
	err := c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(service); err != nil {
			return err
		}
		if kind != "" {
			k := inventory.Kind(strings.ToLower(kind))
			if !slices.Contains(assignable, k) {
				return inventory.Errorf(inventory.Invalid, "assignedTo", "there is no metadata of %q; use api, environment or deployment", kind)
			}
			var err error
			out, err = exported(tx, service, k)
			return err
		}
		all := map[string]any{}
		for _, k := range assignable {
			one, err := exported(tx, service, k)
			if err != nil {
				return err
			}
			all[string(k)] = one
		}
		out = map[string]any{"type": "object", "properties": all}
		return nil
	})
	if err != nil {
		return "", err
	}
	out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	text, err := json.Marshal(out)
	return string(text), err
}

// exported is the schema of a kind.
func exported(tx inventory.Reader, service inventory.ID, k inventory.Kind) (map[string]any, error) {
	out := describe(shapes[k])
	custom := map[string]any{"type": "object"}
	out["properties"].(map[string]any)["customProperties"] = custom
	schemas, err := schemasFor(tx, service, k)
	if err != nil || len(schemas) == 0 {
		return out, err
	}
	properties, required := map[string]any{}, []string{}
	for _, s := range schemas {
		if !json.Valid([]byte(s.Schema)) {
			return nil, fmt.Errorf("metadata schema %s is not JSON", s.name)
		}
		properties[s.name] = s.inside(k)
		if a, _ := s.assigned(k); a.Required {
			required = append(required, s.name)
		}
	}
	custom["properties"], custom["unevaluatedProperties"] = properties, false
	if len(required) > 0 {
		custom["required"] = required
		out["required"] = append(out["required"].([]string), "customProperties")
	}
	return out, nil
}

// inside is the schema as a part of the exported one of a kind. What it refers to
// by "#" is in itself, so it gets an identity of its own there.
func (s schema) inside(k inventory.Kind) json.RawMessage {
	var own struct {
		ID *string `json:"$id"`
	}
	if !strings.Contains(s.Schema, `"$ref"`) || json.Unmarshal([]byte(s.Schema), &own) != nil || own.ID != nil {
		return json.RawMessage(s.Schema)
	}
	members := strings.TrimPrefix(strings.TrimSpace(s.Schema), "{")
	return json.RawMessage(fmt.Sprintf(`{"$id":"urn:metadata:%s:%s",%s`, k, s.name, members))
}

// describe writes properties as a JSON Schema.
func describe(list []property) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, p := range list {
		container, member, nested := strings.Cut(p.name, "/")
		if nested {
			properties[container].(map[string]any)["properties"].(map[string]any)[member] = p.describe()
			continue
		}
		properties[p.name] = p.describe()
		if p.required {
			required = append(required, p.name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func (p property) describe() map[string]any {
	switch p.form {
	case text:
		out := map[string]any{"type": "string"}
		if p.limit > 0 {
			out["maxLength"] = p.limit
		}
		return out
	case flag:
		return map[string]any{"type": "boolean"}
	case texts:
		return map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
	case objects:
		out := map[string]any{"type": "array", "items": describe(p.members)}
		if p.limit > 0 {
			out["maxItems"] = p.limit
		}
		return out
	case object:
		return describe(p.members)
	case open, tags:
		return map[string]any{"type": "object", "properties": map[string]any{}}
	default:
		panic(fmt.Sprintf("catalog: property %s has form %d", p.name, p.form))
	}
}
