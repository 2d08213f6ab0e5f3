package portal

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"apicenter/internal/inventory"
)

// draft is a metadata schema as people put it together. What it cannot say, they
// write as JSON Schema.
type draft struct {
	Title, Description string
	Type               string // one of draftTypes
	Least, Most        string // characters of a text, or the bounds of a number
	Pattern            string
	Whole              bool
	Options            string // a value a line, with what it means behind a "|"
	Items              string // what a list is of: one of memberTypes
	Members            []draftMember
	JSON               string // of the type "json"
}

// draftMember is one member of an object.
type draftMember struct {
	Name, Type string // one of simpleTypes
	Required   bool
}

// typeChoice is a type of values, as people call it, and as JSON Schema does.
type typeChoice struct {
	Value, Title, Hint string
	typ, format        string
}

// simpleTypes are those of single values.
var simpleTypes = []typeChoice{
	{"text", "Text", "words, within a length or of a form", "string", ""},
	{"number", "Number", "within bounds, whole or not", "number", ""},
	{"flag", "Yes or no", "", "boolean", ""},
	{"date", "Date", "a day", "string", "date"},
	{"address", "Address", "a link that people can follow", "string", "uri"},
	{"email", "Email", "of a person or a team", "string", "email"},
}

// draftTypes are all that a form offers.
var draftTypes = slices.Concat(simpleTypes[:1], []typeChoice{
	{Value: "choice", Title: "Choice", Hint: "one of some values"},
	{Value: "choices", Title: "Several choices", Hint: "any of some values"},
}, simpleTypes[1:], []typeChoice{
	{Value: "object", Title: "Object", Hint: "several values that belong together"},
	{Value: "list", Title: "List", Hint: "any number of values"},
	{Value: "json", Title: "JSON Schema", Hint: "whatever the others cannot say"},
})

// schemaDoc is the JSON Schema that a draft becomes, in the order in which people read it.
type schemaDoc struct {
	Title       string                `json:"title,omitempty"`
	Description string                `json:"description,omitempty"`
	Type        string                `json:"type"`
	Format      string                `json:"format,omitempty"`
	Pattern     string                `json:"pattern,omitempty"`
	MinLength   *json.Number          `json:"minLength,omitempty"`
	MaxLength   *json.Number          `json:"maxLength,omitempty"`
	Minimum     *json.Number          `json:"minimum,omitempty"`
	Maximum     *json.Number          `json:"maximum,omitempty"`
	OneOf       []schemaValue         `json:"oneOf,omitempty"`
	Items       *schemaDoc            `json:"items,omitempty"`
	Properties  map[string]*schemaDoc `json:"properties,omitempty"`
	Required    []string              `json:"required,omitempty"`
}

// schemaValue is one value to choose, and what it means.
type schemaValue struct {
	Const       string `json:"const"`
	Description string `json:"description"`
}

// Bounds of a form.
const (
	maxDraftMembers = 30
	blankMembers    = 3
)

// draftFrom reads a form.
func draftFrom(v url.Values) draft {
	d := draft{
		Title: strings.TrimSpace(v.Get("title")), Description: typedIn(v, "description"), Type: v.Get("type"),
		Pattern: v.Get("pattern"), Whole: v.Get("whole") != "", Options: typedIn(v, "options"), Items: v.Get("items"), JSON: typedIn(v, "schema"),
	}
	d.Least, d.Most = strings.TrimSpace(v.Get("least")), strings.TrimSpace(v.Get("most"))
	if d.Type == "number" {
		d.Least, d.Most = strings.TrimSpace(v.Get("minimum")), strings.TrimSpace(v.Get("maximum"))
	}
	for i := range maxDraftMembers {
		n := strconv.Itoa(i)
		if m := (draftMember{strings.TrimSpace(v.Get("member" + n)), v.Get("memberType" + n), v.Get("memberRequired"+n) != ""}); m.Name != "" {
			d.Members = append(d.Members, m)
		}
	}
	return d
}

// text is the JSON Schema of a draft. Invalid, with the field of the form as target.
func (d draft) text() (string, error) {
	if d.Type == "json" {
		return d.JSON, nil
	}
	s, err := d.schema()
	if err != nil {
		return "", err
	}
	s.Title, s.Description = d.Title, d.Description
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}

func (d draft) schema() (*schemaDoc, error) {
	switch d.Type {
	case "choice":
		return d.choice()
	case "choices":
		of, err := d.choice()
		return &schemaDoc{Type: "array", Items: of}, err
	case "list":
		of, ok := simple(d.Items)
		if !ok {
			return nil, inventory.Errorf(inventory.Invalid, "items", "Say what the list is of.")
		}
		return &schemaDoc{Type: "array", Items: of}, nil
	case "object":
		return d.object()
	}
	s, ok := simple(d.Type)
	if !ok {
		return nil, inventory.Errorf(inventory.Invalid, "type", "Choose a type.")
	}
	return s, d.bound(s)
}

// bound adds the bounds of a text or a number.
func (d draft) bound(s *schemaDoc) error {
	least, most := &s.MinLength, &s.MaxLength
	switch d.Type {
	case "text":
		s.Pattern = d.Pattern
	case "number":
		if least, most = &s.Minimum, &s.Maximum; d.Whole {
			s.Type = "integer"
		}
	default:
		return nil
	}
	for _, b := range []struct {
		name, text string
		into       **json.Number
	}{{"least", d.Least, least}, {"most", d.Most, most}} {
		if b.text == "" {
			continue
		}
		n := json.Number(b.text)
		if !json.Valid([]byte(b.text)) || strings.ContainsAny(b.text, `"{[tfn`) {
			return inventory.Errorf(inventory.Invalid, b.name, "%.40q is no number.", b.text)
		}
		*b.into = &n
	}
	return nil
}

func (d draft) choice() (*schemaDoc, error) {
	s := &schemaDoc{Type: "string"}
	for line := range strings.Lines(d.Options) {
		value, means, _ := strings.Cut(line, "|")
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if slices.ContainsFunc(s.OneOf, func(o schemaValue) bool { return o.Const == value }) {
			return nil, inventory.Errorf(inventory.Invalid, "options", "%q is there twice.", value)
		}
		s.OneOf = append(s.OneOf, schemaValue{value, strings.TrimSpace(means)})
	}
	if len(s.OneOf) == 0 {
		return nil, inventory.Errorf(inventory.Invalid, "options", "Give the values to choose from, one a line.")
	}
	return s, nil
}

func (d draft) object() (*schemaDoc, error) {
	s := &schemaDoc{Type: "object", Properties: map[string]*schemaDoc{}}
	for _, m := range d.Members {
		of, ok := simple(m.Type)
		if !ok {
			return nil, inventory.Errorf(inventory.Invalid, "members", "Say what %q is.", m.Name)
		}
		if s.Properties[m.Name] != nil {
			return nil, inventory.Errorf(inventory.Invalid, "members", "%q is there twice.", m.Name)
		}
		if s.Properties[m.Name] = of; m.Required {
			s.Required = append(s.Required, m.Name)
		}
	}
	if len(s.Properties) == 0 {
		return nil, inventory.Errorf(inventory.Invalid, "members", "Give the object a member.")
	}
	slices.Sort(s.Required)
	return s, nil
}

// simple is the schema of a simple type.
func simple(name string) (*schemaDoc, bool) {
	i := slices.IndexFunc(simpleTypes, func(t typeChoice) bool { return t.Value == name })
	if i < 0 {
		return nil, false
	}
	return &schemaDoc{Type: simpleTypes[i].typ, Format: simpleTypes[i].format}, true
}

// simpleName is the simple type of a schema.
func simpleName(s *schemaDoc) string {
	for _, t := range simpleTypes {
		if s != nil && t.typ == s.Type && t.format == s.Format {
			return t.Value
		}
	}
	return ""
}

// draftOf reads a JSON Schema: as what a form can say, or as itself.
func draftOf(text string) draft {
	var s schemaDoc
	asJSON := draft{Type: "json", JSON: text}
	if json.Unmarshal([]byte(text), &s) != nil {
		return asJSON
	}
	d := draft{Title: s.Title, Description: s.Description, Pattern: s.Pattern}
	switch {
	case s.Type == "array" && s.Items != nil && len(s.Items.OneOf) > 0:
		d.Type, d.Options = "choices", optionLines(s.Items.OneOf)
	case s.Type == "array":
		d.Type, d.Items = "list", simpleName(s.Items)
	case s.Type == "object":
		d.Type = "object"
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			d.Members = append(d.Members, draftMember{name, simpleName(s.Properties[name]), slices.Contains(s.Required, name)})
		}
	case len(s.OneOf) > 0:
		d.Type, d.Options = "choice", optionLines(s.OneOf)
	case s.Type == "integer" || s.Type == "number":
		d.Type, d.Whole, d.Least, d.Most = "number", s.Type == "integer", numberText(s.Minimum), numberText(s.Maximum)
	default:
		d.Type, d.Least, d.Most = simpleName(&s), numberText(s.MinLength), numberText(s.MaxLength)
	}
	// What the form would lose, it must not show.
	again, err := d.text()
	if err != nil || !d.fits() || !inventory.SameJSON([]byte(again), []byte(text)) {
		return asJSON
	}
	return d
}

// fits says that a form gives back all that the draft says.
func (d draft) fits() bool {
	lines := append([]string{d.Title, d.Pattern}, strings.Split(d.Options, "\n")...)
	for _, m := range d.Members {
		lines = append(lines, m.Name)
	}
	return len(d.Members) <= maxDraftMembers && !slices.ContainsFunc(d.Members, func(m draftMember) bool { return m.Name == "" }) &&
		isPlain(strings.ReplaceAll(d.Description, "\n", " ")) && !slices.ContainsFunc(lines, func(line string) bool { return !isPlain(line) })
}

// isPlain says that a field for a line gives a text back as it is.
func isPlain(text string) bool {
	return text == strings.TrimSpace(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func optionLines(all []schemaValue) string {
	lines := make([]string, len(all))
	for i, v := range all {
		if lines[i] = v.Const; v.Description != "" {
			lines[i] += " | " + v.Description
		}
	}
	return strings.Join(lines, "\n")
}

func numberText(n *json.Number) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// typeTitle is what people call the type of a draft.
func (d draft) typeTitle() string {
	i := slices.IndexFunc(draftTypes, func(t typeChoice) bool { return t.Value == d.Type })
	return draftTypes[max(i, 0)].Title
}
