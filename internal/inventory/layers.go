package inventory

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Field is a JSON Pointer to one property: "/title", "/customProperties/team".
// What lies deeper is one value.
type Field string

// Fields with a meaning of their own.
const (
	// FieldDocument holds the Digest of a definition's document. It is in the
	// layers like any field, so that a person's upload and a source's export
	// never overwrite each other, but it is not part of what readers see in Doc:
	// they find it in Resource.Document.
	FieldDocument Field = "/document"
	// FieldImported holds where an import took a thing from, so that the next one
	// finds it again. Like FieldDocument it is not part of what readers see.
	FieldImported Field = "/importedFrom"
	// FieldHandedOver says of a thing that a link handed it over while others state
	// it, too: it stays, as people's own, when the last of them goes. It is not part
	// of what readers see either.
	FieldHandedOver Field = "/handedOver"
	// FieldGone tells readers that no source has the thing any more. It is derived
	// from Origin.Gone.
	FieldGone Field = "/gone"
	// FieldLifecycleStage of an API is derived: it is that of its newest version.
	FieldLifecycleStage Field = "/lifecycleStage"
)

// containers are the properties whose members are fields of their own, since
// one member may be a person's and the next a source's.
var containers = []string{"customProperties", "server", "onboarding"}

// Doc holds properties field by field. A value of null in an origin says that
// the source states the field to be empty.
type Doc map[Field]json.RawMessage

// ParseDoc splits a JSON object into its fields. Members that are null are left
// out: on the wire, null and absent mean the same. Anything but an object is Invalid.
func ParseDoc(data []byte) (Doc, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil || top == nil {
		return nil, Errorf(Invalid, "properties", "properties must be a JSON object")
	}
	d := make(Doc, len(top))
	for name, value := range top {
		if isNull(value) {
			continue
		}
		if !slices.Contains(containers, name) {
			d[Field("/"+escape(name))] = compact(value)
			continue
		}
		var inner map[string]json.RawMessage
		if err := json.Unmarshal(value, &inner); err != nil {
			return nil, Errorf(Invalid, "properties."+name, "%s must be a JSON object", name)
		}
		for member, value := range inner {
			if !isNull(value) {
				d[Field("/"+name+"/"+escape(member))] = compact(value)
			}
		}
	}
	return d, nil
}

// Encode writes the doc as one JSON object from field to value, fields in order: how layers are stored.
func (d Doc) Encode() []byte { return object(d) }

// DecodeDoc reads what Encode wrote.
func DecodeDoc(data []byte) (Doc, error) {
	d := Doc{}
	err := json.Unmarshal(data, &d)
	return d, err
}

// Set puts the JSON form of v at f. It panics on a value that JSON cannot hold: a bug of ours.
func (d Doc) Set(f Field, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	d[f] = b
}

// With is the doc with v at f. The doc itself stays as it is.
func (d Doc) With(f Field, v any) Doc {
	out := maps.Clone(d)
	out.Set(f, v)
	return out
}

// Hidden says that a field is no reader's: the house notes something there.
func (f Field) Hidden() bool { return f == FieldImported || f == FieldHandedOver }

// Text is the string at f, or "" when there is none.
func (d Doc) Text(f Field) string {
	var s string
	if raw, ok := d[f]; ok {
		_ = json.Unmarshal(raw, &s) // not a string: no text
	}
	return s
}

// Read decodes the value at f into v; false when there is none, or one of another form.
func (d Doc) Read(f Field, v any) bool {
	raw, ok := d[f]
	return ok && json.Unmarshal(raw, v) == nil
}

// All iterates the fields in order.
func (d Doc) All() iter.Seq2[Field, json.RawMessage] {
	return func(yield func(Field, json.RawMessage) bool) {
		for _, f := range slices.Sorted(maps.Keys(d)) {
			if !yield(f, d[f]) {
				return
			}
		}
	}
}

// Equal says that two docs hold the same fields with the same values.
func (d Doc) Equal(other Doc) bool { return maps.EqualFunc(d, other, SameJSON) }

// Changed lists the fields that differ between d and other, in order.
func (d Doc) Changed(other Doc) []Field {
	var out []Field
	for f, v := range d {
		if w, ok := other[f]; !ok || !SameJSON(v, w) {
			out = append(out, f)
		}
	}
	for f := range other {
		if _, ok := d[f]; !ok {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

// Overlay is what readers see: own, overlaid by the origins. The first origin
// that states a field wins; a stated null hides the field. What is gone at all
// its sources says so in FieldGone.
func Overlay(own Doc, origins []Origin) Doc {
	out := maps.Clone(own)
	if out == nil {
		out = Doc{}
	}
	for _, o := range slices.Backward(origins) {
		maps.Copy(out, o.States)
	}
	maps.DeleteFunc(out, func(_ Field, v json.RawMessage) bool { return isNull(v) })
	if gone := lastGone(origins); !gone.At.IsZero() {
		out.Set(FieldGone, gone)
	}
	return out
}

// lastGone is when the last of all origins went; zero while one of them is there.
func lastGone(origins []Origin) (last Gone) {
	for _, o := range origins {
		if o.Gone.At.IsZero() {
			return Gone{}
		}
		if o.Gone.At.After(last.At) {
			last = o.Gone
		}
	}
	return last
}

// defaults are the properties that readers always find, by kind.
var defaults = map[Kind]map[string]string{
	KindAPI:         {"customProperties": "{}", "contacts": "[]", "externalDocumentation": "[]"},
	KindEnvironment: {"customProperties": "{}"},
	KindDeployment:  {"customProperties": "{}"},
	KindDefinition:  {"specification": `{"name":"","version":""}`},
	KindSchema:      {"assignedTo": "[]"},
	KindAnalyzer:    {"state": `"active"`},
}

// JSON is the doc as the properties object of a resource of kind k, members in
// order, with the defaults of the kind, without FieldDocument and what is hidden.
func (d Doc) JSON(k Kind) json.RawMessage {
	top := make(map[string]json.RawMessage, len(d)+3)
	inner := map[string]Doc{}
	for f, v := range d {
		if f == FieldDocument || f.Hidden() {
			continue
		}
		name, member, nested := strings.Cut(string(f[1:]), "/")
		if !nested {
			top[unescape(name)] = v
			continue
		}
		if inner[name] == nil {
			inner[name] = Doc{}
		}
		inner[name][Field(unescape(member))] = v
	}
	for name, members := range inner {
		top[name] = object(members)
	}
	for name, v := range defaults[k] {
		if _, ok := top[name]; !ok {
			top[name] = json.RawMessage(v)
		}
	}
	return object(top)
}

// object writes members in order; their values are JSON already.
func object[K ~string](members map[K]json.RawMessage) json.RawMessage {
	size := 2
	for name, value := range members {
		size += len(name) + len(value) + 4
	}
	out := append(make([]byte, 0, size), '{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(appendText(out, string(name)), ':'), members[name]...)
	}
	return append(out, '}')
}

// appendText writes a JSON string.
func appendText(out []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, _ := json.Marshal(s) // a string always marshals
			return append(out, text...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}

// SameJSON says that two values are equal as JSON, whatever their spacing and the order of their members.
func SameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := decode(a)
	y, errY := decode(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

func isNull(v json.RawMessage) bool { return string(bytes.TrimSpace(v)) == "null" }

func compact(v json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return v
	}
	return b.Bytes()
}

// escape and unescape are RFC 6901's.
func escape(s string) string {
	if !strings.ContainsAny(s, "~/") {
		return s
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}

func unescape(s string) string {
	if !strings.Contains(s, "~") {
		return s
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
}
