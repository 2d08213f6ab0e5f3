package reference

import (
	"slices"
	"strings"
)

// Details are what a document says of one operation.
type Details struct {
	Operation
	Description string
	Docs        Link
	Servers     []Server // empty: those of the document
	Security    []Requirement
	Open        bool // it says that it needs nobody to be known
	Parameters  []Parameter
	Body        *Body
	Responses   []Response
	Callbacks   []Callback // those of a callback itself are not told
}

// Callback is a request that the server makes.
type Callback struct {
	Name    string
	Details // its path is an expression of where it goes
}

// Parameter is one of a request, or a header of an answer.
type Parameter struct {
	Name, In, Description string
	Required, Deprecated  bool
	Schema                Schema
	Example               string
}

// Body is what is sent.
type Body struct {
	Description string
	Required    bool
	Media       []Media
}

// Media is a body in one form.
type Media struct {
	Type     string
	Schema   Schema
	Examples []Example
}

// Example shows a body.
type Example struct {
	Name, Summary, Text string
	Made                bool // of the schema, since the document has none
}

// Response is an answer.
type Response struct {
	Status      string // "200", "4XX", "default"
	Description string
	Headers     []Parameter
	Media       []Media
	Links       []Following
}

// Following is what can be done after an answer.
type Following struct {
	Name        string
	Operation   string // its key; "": it is in another document, or in none
	Description string
	Parameters  []Fact // with what of the answer
}

// Find gives the operation of a key.
func (d *Document) Find(key string) (Details, bool) {
	i := slices.IndexFunc(d.Operations, func(o Operation) bool { return o.Key() == key })
	if i < 0 {
		return Details{}, false
	}
	r := d.reader()
	out := r.details(d.Operations[i])
	d.Operations[i].node.get("callbacks").members(func(name string, c *node) {
		d.resolve(c).members(func(expression string, item *node) {
			for _, o := range d.operations(expression, d.resolve(item)) {
				if len(out.Callbacks) < maxCallbacks {
					out.Callbacks = append(out.Callbacks, Callback{clip(name, maxName), r.details(o)})
				}
			}
		})
	})
	return out, true
}

// Bounds of what is shown of one operation.
const (
	maxParameters = 200
	maxMedia      = 12
	maxExamples   = 6
	maxResponses  = 60
	maxCallbacks  = 20
	maxLinks      = 20
)

func (r *reader) details(o Operation) Details {
	d, n := r.doc, o.node
	out := Details{Operation: o, Description: n.textAt("description"), Security: d.Security, Servers: servers(n.get("servers"))}
	if len(out.Servers) == 0 {
		out.Servers = servers(o.item.get("servers"))
	}
	out.Docs = Link{n.at("externalDocs").textAt("description"), n.at("externalDocs").textAt("url")}
	if n.has("security") {
		out.Security = requirements(n.get("security"))
		out.Open = len(out.Security) == 0
	}
	form := &node{sort: mapping}
	for _, p := range d.parameters(o) {
		switch in := p.textAt("in"); {
		case in == "body":
			out.Body = &Body{Description: p.textAt("description"), Required: p.yes("required")}
			for _, typ := range d.types(n, "consumes") {
				out.Body.Media = append(out.Body.Media, r.media(typ, p))
			}
		case in == "formData":
			form.names, form.items = append(form.names, p.textAt("name")), append(form.items, p)
		case len(out.Parameters) < maxParameters:
			out.Parameters = append(out.Parameters, r.parameter(p))
		}
	}
	if len(form.names) > 0 {
		schema := &node{sort: mapping, names: []string{"type", "properties"}, items: []*node{{sort: text, text: "object"}, form}}
		whole := &node{sort: mapping, names: []string{"schema"}, items: []*node{schema}}
		out.Body = &Body{Media: []Media{r.media(firstOr(n.get("consumes").words(), "application/x-www-form-urlencoded"), whole)}}
	}
	if b := d.resolve(n.get("requestBody")); b != nil {
		out.Body = &Body{Description: b.textAt("description"), Required: b.yes("required"), Media: r.all(b.get("content"))}
	}
	n.get("responses").members(func(status string, answer *node) {
		if len(out.Responses) < maxResponses && !strings.HasPrefix(status, "x-") {
			out.Responses = append(out.Responses, r.response(status, d.resolve(answer), d.types(n, "produces")))
		}
	})
	return out
}

// parameters are those of an operation and of its path; its own go before.
func (d *Document) parameters(o Operation) []*node {
	var all []*node
	seen := map[string]bool{}
	for _, from := range []*node{o.node, o.item} {
		for _, p := range from.get("parameters").list() {
			p = d.resolve(p)
			if key := p.textAt("in") + " " + p.textAt("name"); p != nil && !seen[key] {
				seen[key] = true
				all = append(all, p)
			}
		}
	}
	return all
}

// types are the media types of a document of version 2.0.
func (d *Document) types(n *node, member string) []string {
	all := n.get(member).words()
	if len(all) == 0 {
		all = d.root.get(member).words()
	}
	if len(all) == 0 {
		all = []string{"application/json"}
	}
	return all[:min(len(all), maxMedia)]
}

func firstOr(all []string, otherwise string) string {
	if len(all) > 0 {
		return all[0]
	}
	return otherwise
}

func (r *reader) parameter(p *node) Parameter {
	out := Parameter{
		Name: clip(p.textAt("name"), maxName), In: clip(p.textAt("in"), maxName), Description: p.textAt("description"),
		Required: p.yes("required"), Deprecated: p.yes("deprecated"), Example: r.text(p.get("example")),
	}
	switch schema := p.get("schema"); {
	case schema != nil:
		out.Schema = r.schema(schema, 0)
	case p.get("content") != nil:
		for _, m := range r.all(p.get("content")) {
			out.Schema = m.Schema
		}
	default:
		out.Schema = r.schema(p, 0) // of version 2.0, a parameter is its own schema
		out.Schema.Description, out.Schema.Deprecated = "", false
	}
	return out
}

func (r *reader) response(status string, n *node, types []string) Response {
	out := Response{Status: clip(status, maxName), Description: n.textAt("description")}
	n.get("headers").members(func(name string, h *node) {
		if len(out.Headers) < maxParameters {
			p := r.parameter(r.doc.resolve(h))
			p.Name, p.In = clip(name, maxName), "header"
			out.Headers = append(out.Headers, p)
		}
	})
	n.get("links").members(func(name string, l *node) {
		if l = r.doc.resolve(l); len(out.Links) < maxLinks {
			out.Links = append(out.Links, r.following(clip(name, maxName), l))
		}
	})
	if content := n.get("content"); content != nil {
		out.Media = r.all(content)
		return out
	}
	if n.get("schema") == nil {
		return out
	}
	for _, typ := range types {
		m := r.media(typ, n)
		if given := n.at("examples").get(typ); given != nil {
			m.Examples = []Example{{Text: r.text(given)}}
		}
		out.Media = append(out.Media, m)
	}
	return out
}

// following is one link of an answer.
func (r *reader) following(name string, n *node) Following {
	out := Following{Name: name, Description: n.textAt("description")}
	id, ref := n.textAt("operationId"), n.textAt("operationRef")
	var to *node
	if strings.HasPrefix(ref, "#/") {
		to = r.doc.root.follow(ref)
	}
	if i := slices.IndexFunc(r.doc.Operations, func(o Operation) bool { return id != "" && o.ID == id || o.node == to }); i >= 0 {
		out.Operation = r.doc.Operations[i].Key()
	}
	n.get("parameters").members(func(name string, v *node) {
		if len(out.Parameters) < maxLinks {
			out.Parameters = append(out.Parameters, Fact{clip(name, maxName), r.text(v)})
		}
	})
	return out
}

// all are the forms of a body.
func (r *reader) all(content *node) (all []Media) {
	content.members(func(typ string, n *node) {
		if len(all) < maxMedia {
			all = append(all, r.media(typ, r.doc.resolve(n)))
		}
	})
	return all
}

func (r *reader) media(typ string, n *node) Media {
	m := Media{Type: clip(typ, maxName), Schema: r.schema(n.get("schema"), 0)}
	if given := n.get("example"); given != nil {
		m.Examples = append(m.Examples, Example{Text: r.text(given)})
	}
	n.get("examples").members(func(name string, e *node) {
		e = r.doc.resolve(e)
		if len(m.Examples) < maxExamples && e.get("value") != nil {
			m.Examples = append(m.Examples, Example{Name: clip(name, maxName), Summary: e.textAt("summary"), Text: r.text(e.get("value"))})
		}
	})
	if len(m.Examples) == 0 && r.bytes > 0 && strings.Contains(typ, "json") {
		if made := r.sample(n.get("schema")); made != "" {
			m.Examples = append(m.Examples, Example{Text: made, Made: true})
		}
	}
	return m
}
