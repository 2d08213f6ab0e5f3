package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// at is the value at a dotted path, or nil.
func (o object) at(path string) any {
	key, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return o[key]
	}
	switch inner := o[key].(type) {
	case map[string]any:
		return object(inner).at(rest)
	case object:
		return inner.at(rest)
	}
	return nil
}

// text is the value at path as text: "" for nil, JSON for what has an inside.
func (o object) text(path string) string { return text(o.at(path)) }

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// objects are the objects of the list at path.
func (o object) objects(path string) []object {
	list, _ := o.at(path).([]any)
	var out []object
	for _, v := range list {
		if inner, ok := asObject(v); ok {
			out = append(out, inner)
		}
	}
	return out
}

// count is how many the value at path speaks of: a number, the length of a
// list, or 1 for true.
func (o object) count(path string) int {
	switch v := o.at(path).(type) {
	case json.Number:
		n, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return 0
		}
		return int(n)
	case []any:
		return len(v)
	case bool:
		if v {
			return 1
		}
	}
	return 0
}

// time is the instant at path; the zero time when there is none.
func (o object) time(path string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, o.text(path))
	if err != nil {
		return time.Time{}
	}
	return t
}

// flat is o as az prints it: the content of properties on the top level,
// where what is there already wins, and the resource group of the id.
func (o object) flat() object {
	flat := object{}
	if inner, ok := o["properties"].(map[string]any); ok {
		maps.Copy(flat, inner)
	}
	for k, v := range o {
		if _, ok := v.(map[string]any); k != "properties" || !ok {
			flat[k] = v
		}
	}
	if g := groupOf(o.text("id")); g != "" {
		flat["resourceGroup"] = g
	}
	return flat
}
