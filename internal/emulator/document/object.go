package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// IsMethod says whether a member of a path of OpenAPI is an operation.
func IsMethod(name string) bool { return slices.Contains(methods, name) }

// Object is a whole document in OpenAPI, which may be JSON or YAML. Numbers of JSON are kept as
// they were written.
func Object(data []byte) (map[string]any, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	var content any
	if len(data) > 0 && data[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&content); err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
	} else {
		if err := yaml.Unmarshal(data, &content); err != nil {
			return nil, fmt.Errorf("read YAML: %w", err)
		}
		content = plain(content)
	}
	o, ok := content.(map[string]any)
	if !ok {
		return nil, errors.New("the document is no object")
	}
	return o, nil
}

// plain turns what only YAML has into what JSON has: names of members that are
// no strings, and dates.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, in := range v {
			v[name] = plain(in)
		}
	case map[any]any:
		o := make(map[string]any, len(v))
		for name, in := range v {
			o[fmt.Sprint(name)] = plain(in)
		}
		return o
	case []any:
		for i, in := range v {
			v[i] = plain(in)
		}
	case time.Time:
		if v.Equal(v.Truncate(24 * time.Hour)) {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	}
	return v
}
