package reference

import (
	"cmp"
	"slices"
	"strings"
)

// Schema is what a value may be.
type Schema struct {
	Type        string // "string", "array of Pet", "Pet"
	Name        string // of the schema that a reference leads to; it can be read by itself
	Elsewhere   string // a reference out of the document, which is not followed
	Title       string
	Description string
	Facts       []Fact // format, limits, default
	Enum        []string
	Deprecated  bool
	ReadOnly    bool
	WriteOnly   bool
	Members     []Member
	Choices     []Choice
	Circular    bool // it is one that this is in
	Cut         bool // there is more than is shown
}

// Member is a property of an object.
type Member struct {
	Name     string
	Required bool
	Schema
}

// Choice is one of several schemas.
type Choice struct {
	Word string // "One of", "Any of", "Not"
	Of   []Schema
}

// Schema gives a named schema of the document.
func (d *Document) Schema(name string) (Schema, bool) {
	if !slices.Contains(d.Schemas, name) {
		return Schema{}, false
	}
	n := d.root.at("components", "schemas", name)
	if d.old {
		n = d.root.at("definitions", name)
	}
	r := d.reader()
	r.within = append(r.within, n)
	s := r.schema(n, 0)
	if s.Type == "" {
		s.Type = "any"
	}
	return s, true
}

// Bounds of what is shown at once.
const (
	maxLevels  = 7
	maxSchemas = 500
	maxEnum    = 60
	maxBytes   = 300_000 // of examples and the like
	maxParts   = 10      // that a type is looked for in
)

// reader reads parts of a document until it has shown as much as it may.
type reader struct {
	doc    *Document
	left   int     // schemas
	bytes  int     // of examples and the like
	within []*node // the schemas that the present one is in
}

func (d *Document) reader() *reader { return &reader{doc: d, left: maxSchemas, bytes: maxBytes} }

func (r *reader) schema(n *node, level int) Schema {
	var s Schema
	if n == nil {
		return s
	}
	if ref := reference(n); ref != "" {
		if !strings.HasPrefix(ref, "#") {
			return Schema{Type: "defined elsewhere", Elsewhere: ref}
		}
		own := n
		if n = r.doc.resolve(n); n == nil || n == own {
			return Schema{Type: nameOf(ref), Elsewhere: ref}
		}
		s.Name, s.Description = r.doc.named(ref), own.textAt("description")
		if slices.Contains(r.within, n) {
			s.Type, s.Circular = cmp.Or(s.Name, nameOf(ref)), true
			return s
		}
		r.within = append(r.within, n)
		defer func() { r.within = r.within[:len(r.within)-1] }()
	}
	if n.sort == bare { // true: anything; false: nothing
		return Schema{Type: map[string]string{"true": "any", "false": "nothing"}[n.text]}
	}
	switch s.Type = r.typeOf(n); {
	case s.Name != "" && s.Type == "object":
		s.Type = s.Name
	case s.Name != "":
		s.Type = s.Name + " (" + s.Type + ")"
	}
	if r.left--; r.left < 0 || level > maxLevels {
		s.Cut = true
		return s
	}
	s.Title = n.textAt("title")
	if s.Description == "" {
		s.Description = n.textAt("description")
	}
	s.Deprecated, s.ReadOnly, s.WriteOnly = n.yes("deprecated"), n.yes("readOnly"), n.yes("writeOnly")
	r.limits(n, &s)
	r.shape(n, &s, level)
	return s
}

// shape reads what a value is made of: members, items, parts and choices.
func (r *reader) shape(n *node, s *Schema, level int) {
	required := n.get("required").words()
	n.get("properties").members(func(name string, p *node) {
		if r.left <= 0 {
			s.Cut = true
			return
		}
		need := slices.Contains(required, name) || p.textAt("in") == "formData" && p.yes("required")
		s.Members = append(s.Members, Member{clip(name, maxName), need, r.schema(p, level+1)})
	})
	for _, part := range n.get("allOf").list() {
		if r.left <= 0 {
			s.Cut = true
			break
		}
		r.join(s, r.schema(part, level))
	}
	if items := n.get("items"); items != nil && items.sort == mapping {
		of := r.schema(items, level+1)
		s.Members = append(s.Members, of.Members...)
		s.Choices = append(s.Choices, of.Choices...)
		s.Cut = s.Cut || of.Cut
		if s.Name == "" {
			s.Name, s.Circular, s.Elsewhere = of.Name, of.Circular, of.Elsewhere
		}
		if len(s.Enum) == 0 {
			s.Enum = of.Enum
		}
		if s.Description == "" {
			s.Description = of.Description
		}
	}
	for _, word := range []string{"additionalProperties", "patternProperties"} {
		more := n.get(word)
		if more == nil || more.sort != mapping || len(more.names) == 0 {
			continue
		}
		if word == "additionalProperties" {
			s.Members = append(s.Members, Member{"any other name", false, r.schema(more, level+1)})
			continue
		}
		more.members(func(pattern string, p *node) {
			if r.left <= 0 {
				s.Cut = true
				return
			}
			s.Members = append(s.Members, Member{"names like " + clip(pattern, maxName), false, r.schema(p, level+1)})
		})
	}
	for _, c := range []struct{ member, word string }{{"oneOf", "One of"}, {"anyOf", "Any of"}} {
		choice := Choice{Word: c.word}
		for _, of := range n.get(c.member).list() {
			if r.left <= 0 {
				s.Cut = true
				break
			}
			choice.Of = append(choice.Of, r.schema(of, level+1))
		}
		if len(choice.Of) > 0 {
			s.Choices = append(s.Choices, choice)
		}
	}
	if not := n.get("not"); not != nil {
		s.Choices = append(s.Choices, Choice{"Not", []Schema{r.schema(not, level+1)}})
	}
}

// join adds a part that a schema is made of.
func (r *reader) join(s *Schema, part Schema) {
	for _, m := range part.Members {
		if i := slices.IndexFunc(s.Members, func(have Member) bool { return have.Name == m.Name }); i >= 0 {
			s.Members[i].Required = s.Members[i].Required || m.Required
			continue
		}
		s.Members = append(s.Members, m)
	}
	s.Choices = append(s.Choices, part.Choices...)
	s.Facts = append(s.Facts, part.Facts...)
	s.Cut = s.Cut || part.Cut
	if len(s.Enum) == 0 {
		s.Enum = part.Enum
	}
	if s.Description == "" {
		s.Description = part.Description
	}
	if part.Circular {
		s.Facts = append(s.Facts, Fact{"and all of", part.Type})
	}
	if part.Elsewhere != "" && s.Elsewhere == "" {
		s.Elsewhere = part.Elsewhere
	}
}

// typeOf is the type of a schema as people say it.
func (r *reader) typeOf(n *node) string { return r.typeAt(n, 0) }

func (r *reader) typeAt(n *node, level int) string {
	if ref := reference(n); ref != "" {
		if name := r.doc.named(ref); name != "" {
			return name
		}
		own := n
		if n = r.doc.resolve(n); n == nil || n == own {
			return nameOf(ref)
		}
	}
	if n == nil || level > 4 {
		return "any"
	}
	words := n.get("type").words()
	if len(words) > 8 {
		words = words[:8]
	}
	for i, word := range words {
		if word == "array" {
			words[i] = "array of " + r.typeAt(n.get("items"), level+1)
		}
	}
	if n.yes("nullable") || n.yes("x-nullable") {
		words = append(words, "null")
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, " or ")
	case n.has("properties"), n.has("additionalProperties"):
		return "object"
	case n.has("allOf"):
		parts := n.get("allOf").list()
		for _, part := range parts[:min(len(parts), maxParts)] {
			if t := r.typeAt(part, level+1); t != "any" {
				return t
			}
		}
		return "object"
	case n.has("items"):
		return "array of " + r.typeAt(n.get("items"), level+1)
	case n.has("enum"), n.has("const"):
		return "value"
	default:
		return "any"
	}
}

// limits are the words of a schema that bound a value.
var limits = []struct{ member, title string }{
	{"format", "format"},
	{"contentMediaType", "content"},
	{"pattern", "pattern"},
	{"minimum", "≥"},
	{"exclusiveMinimum", ">"},
	{"maximum", "≤"},
	{"exclusiveMaximum", "<"},
	{"multipleOf", "multiple of"},
	{"minLength", "at least, characters"},
	{"maxLength", "at most, characters"},
	{"minItems", "at least, items"},
	{"maxItems", "at most, items"},
	{"minProperties", "at least, members"},
	{"maxProperties", "at most, members"},
	{"collectionFormat", "written as"},
}

func (r *reader) limits(n *node, s *Schema) {
	for _, l := range limits {
		if v := n.textAt(l.member); v != "" && v != "true" && v != "false" {
			s.Facts = append(s.Facts, Fact{l.title, v})
		}
	}
	if n.yes("uniqueItems") {
		s.Facts = append(s.Facts, Fact{"items", "unique"})
	}
	if v := n.get("default"); v != nil {
		s.Facts = append(s.Facts, Fact{"default", r.text(v)})
	}
	if v := n.get("const"); v != nil {
		s.Facts = append(s.Facts, Fact{"always", r.text(v)})
	}
	if v := n.get("example"); v != nil && v.sort <= bare {
		s.Facts = append(s.Facts, Fact{"example", v.scalar()})
	}
	if to := n.get("discriminator"); to != nil {
		s.Facts = append(s.Facts, Fact{"told apart by", to.scalar() + to.textAt("propertyName")})
	}
	s.Enum = n.get("enum").words()
	if len(s.Enum) > maxEnum {
		s.Enum = append(s.Enum[:maxEnum:maxEnum], "…")
	}
	for i, word := range s.Enum {
		s.Enum[i] = clip(word, maxName)
	}
	for i, f := range s.Facts {
		s.Facts[i].Value = clip(f.Value, maxName)
	}
}
