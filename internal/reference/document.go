package reference

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Document is an OpenAPI document. Its methods may be called from many goroutines.
type Document struct {
	root    *node
	old     bool                    // it is of version 2.0
	anchors func() map[string]*node // parts that can be referred to by a name

	Format      string // "OpenAPI 3.0.1", "Swagger 2.0"
	Title       string
	Version     string // of the API
	Summary     string
	Description string
	Terms       string // address of the terms of service
	Contact     Contact
	License     License
	Docs        Link
	Servers     []Server
	Security    []Requirement // what operations need that say nothing of it
	Schemes     []Scheme
	Tags        []Tag
	Operations  []Operation
	Schemas     []string
}

// Contact is who answers for the API.
type Contact struct{ Name, URL, Email string }

// License is under what the API may be used.
type License struct{ Name, URL string }

// Link leads to a description elsewhere.
type Link struct{ Description, URL string }

// Server is where the API is.
type Server struct {
	URL         string
	Description string
	Variables   []Variable
}

// Variable is a part of a server's address.
type Variable struct {
	Name, Default, Description string
	Enum                       []string
}

// Scheme is a way to prove who one is.
type Scheme struct {
	Name        string
	Type        string // "API key", "OAuth 2.0"
	Description string
	Facts       []Fact
}

// Fact is something that is said in a name and a word.
type Fact struct{ Name, Value string }

// Tag is a group of operations.
type Tag struct{ Name, Description string }

// Operation is one line of the outline.
type Operation struct {
	Method     string // "GET"; "EVENT" of a webhook
	Path       string
	ID         string
	Summary    string
	Tag        string // the first; "": none
	Deprecated bool
	item       *node
	node       *node
}

// Key names the operation within its document.
func (o Operation) Key() string { return o.Method + " " + o.Path }

// ErrNone is a document that is no OpenAPI.
var ErrNone = errors.New("it is no OpenAPI document")

// methods are the members of a path that are operations, in the order of their use.
var methods = []string{"get", "query", "post", "put", "patch", "delete", "head", "options", "trace"}

// Bounds of the outline and of what stands above it.
const (
	maxOperations = 50_000
	maxServers    = 50
)

// Parse reads a document. Its errors are for people.
func Parse(data []byte) (*Document, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	d := &Document{root: root}
	d.anchors = sync.OnceValue(d.findAnchors)
	switch {
	case root.has("openapi"):
		d.Format = "OpenAPI " + root.textAt("openapi")
	case root.has("swagger"):
		d.Format, d.old = "Swagger "+root.textAt("swagger"), true
	default:
		return nil, ErrNone
	}
	d.introduce()
	d.secure()
	d.outline("paths", "")
	d.outline("webhooks", "EVENT")
	schemas := root.at("components", "schemas")
	if d.old {
		schemas = root.get("definitions")
	}
	schemas.members(func(name string, _ *node) {
		if len(name) <= maxName {
			d.Schemas = append(d.Schemas, name)
		}
	})
	return d, nil
}

// introduce reads what the document says of the whole API.
func (d *Document) introduce() {
	info := d.root.get("info")
	d.Title, d.Version = info.textAt("title"), info.textAt("version")
	d.Summary, d.Description, d.Terms = info.textAt("summary"), info.textAt("description"), info.textAt("termsOfService")
	c, l, docs := info.get("contact"), info.get("license"), d.root.get("externalDocs")
	d.Contact = Contact{c.textAt("name"), c.textAt("url"), c.textAt("email")}
	d.License = License{l.textAt("name"), l.textAt("url")}
	if id := l.textAt("identifier"); id != "" && d.License.Name == "" {
		d.License.Name = id
	}
	d.Docs = Link{docs.textAt("description"), docs.textAt("url")}
	d.Servers = servers(d.root.get("servers"))
	if host := d.root.textAt("host"); d.old && host != "" {
		schemes := d.root.get("schemes").words()
		if len(schemes) == 0 {
			schemes = []string{"https"}
		}
		for _, s := range schemes {
			d.Servers = append(d.Servers, Server{URL: s + "://" + host + d.root.textAt("basePath")})
		}
	}
	for _, t := range d.root.get("tags").list() {
		if name := t.textAt("name"); name != "" {
			d.Tags = append(d.Tags, Tag{clip(name, maxName), t.textAt("description")})
		}
		if len(d.Tags) == maxList {
			break
		}
	}
}

func servers(from *node) []Server {
	var all []Server
	for _, s := range from.list() {
		server := Server{URL: s.textAt("url"), Description: s.textAt("description")}
		s.get("variables").members(func(name string, v *node) {
			if len(server.Variables) == maxServers {
				return
			}
			server.Variables = append(server.Variables, Variable{clip(name, maxName), v.textAt("default"), v.textAt("description"), v.get("enum").words()})
		})
		if server.URL != "" {
			all = append(all, server)
		}
		if len(all) == maxServers {
			break
		}
	}
	return all
}

// outline lists the operations below a member of the document. With method, each
// is called that.
func (d *Document) outline(member, method string) {
	d.root.get(member).members(func(path string, item *node) {
		for _, o := range d.operations(path, d.resolve(item)) {
			if len(d.Operations) >= maxOperations {
				return
			}
			if method != "" {
				o.Method = method
			}
			d.Operations = append(d.Operations, o)
		}
	})
	d.group()
}

// operations are those of a path.
func (d *Document) operations(path string, item *node) (all []Operation) {
	for _, m := range methods {
		n := item.get(m)
		if n == nil || n.sort != mapping || len(path) > maxText {
			continue
		}
		all = append(all, Operation{
			Method: strings.ToUpper(m), Path: path, ID: clip(n.textAt("operationId"), maxName), Summary: clip(n.textAt("summary"), maxName),
			Tag: clip(firstOr(n.get("tags").words(), ""), maxName), Deprecated: n.yes("deprecated"), item: item, node: n,
		})
	}
	return all
}

// group adds the tags that only operations name, and has operations stand by their tags.
func (d *Document) group() {
	place := map[string]int{}
	for i, t := range d.Tags {
		if _, ok := place[t.Name]; !ok {
			place[t.Name] = i
		}
	}
	for _, o := range d.Operations {
		if _, ok := place[o.Tag]; !ok && o.Tag != "" {
			place[o.Tag] = len(d.Tags)
			d.Tags = append(d.Tags, Tag{Name: o.Tag})
		}
	}
	place[""] = len(d.Tags)
	slices.SortStableFunc(d.Operations, func(a, b Operation) int { return place[a.Tag] - place[b.Tag] })
}

// maxChain is how many references may lead from one to the next.
const maxChain = 16

// resolve follows a reference to what it refers to; what refers elsewhere is itself.
func (d *Document) resolve(n *node) *node {
	for range maxChain {
		var to *node
		switch ref := reference(n); {
		case strings.HasPrefix(ref, "#/"):
			to = d.root.follow(ref)
		case strings.HasPrefix(ref, "#"):
			to = d.anchors()[ref[1:]]
		}
		if to == nil {
			return n
		}
		n = to
	}
	return nil
}

// reference is what a node refers to. A dynamic one is read as any other: what it
// would lead to from elsewhere is not looked for.
func reference(n *node) string {
	if ref := n.textAt("$ref"); ref != "" {
		return ref
	}
	return n.textAt("$dynamicRef")
}

// findAnchors looks through the whole document.
func (d *Document) findAnchors() map[string]*node {
	found, left := map[string]*node{}, maxNodes // aliases let a part be there many times
	var look func(n *node)
	look = func(n *node) {
		if left--; n == nil || left < 0 {
			return
		}
		for _, word := range []string{"$anchor", "$dynamicAnchor"} {
			if name := n.textAt(word); name != "" && found[name] == nil {
				found[name] = n
			}
		}
		for _, item := range n.items {
			look(item)
		}
	}
	look(d.root)
	return found
}

// named is the name of the schema of the document that a reference leads to; "": it leads to something else.
func (d *Document) named(ref string) string {
	under := "#/components/schemas/"
	if d.old {
		under = "#/definitions/"
	}
	if name, ok := strings.CutPrefix(ref, under); ok && !strings.Contains(name, "/") {
		return unescape(name)
	}
	if ref == "" || strings.HasPrefix(ref, "#/") || ref[0] != '#' {
		return ""
	}
	schemas, to := d.root.at("components", "schemas"), d.anchors()[ref[1:]]
	if schemas == nil || to == nil {
		return ""
	}
	if i := slices.Index(schemas.items, to); i >= 0 && schemas.sort == mapping {
		return schemas.names[i]
	}
	return ""
}

// nameOf is the last part of a reference, as people call what it leads to.
func nameOf(ref string) string { return unescape(ref[strings.LastIndexAny(ref, "/#")+1:]) }

var slashes = strings.NewReplacer("~1", "/", "~0", "~")

// unescape reads a part of a JSON pointer in an address.
func unescape(part string) string {
	if decoded, err := url.PathUnescape(part); err == nil {
		part = decoded
	}
	return slashes.Replace(part)
}
