package specification

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Entry is one thing that a definition defines, and that people look for.
type Entry struct {
	Name string // as people write it: "GET /orders/{id}", "Query.orders", "Order"
	More string // what else it is found by: the id of an operation, and what it is for
}

// Bounds of Entries.
const (
	// MaxEntriesSize is how many bytes of a document are read for its entries.
	MaxEntriesSize = 8 << 20
	maxEntries     = 4000
	maxEntryText   = 300 // bytes of a name, and of what else
	maxTypeTokens  = 500_000
)

// Entries lists what a document defines: operations first, then types. What it
// is no sort for is no error, and has none; errors are of documents that cannot be read.
func Entries(data []byte) ([]Entry, error) {
	switch {
	case len(data) > MaxEntriesSize:
		return nil, errors.New("it is too large to be looked at")
	case !utf8.Valid(data):
		return nil, errors.New("it is not in UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte(mark))
	var e entries
	var err error
	switch {
	case looksLikeXML(data):
		err = e.xml(data)
	case looksLikeProto(data):
		e.proto(data)
	case looksLikeGraphQL(data):
		err = e.graphQL(data)
	default:
		var m object
		if m, err = members(data, defining); err == nil {
			e.members(m)
		}
	}
	return e.all, err
}

// entries gathers them, the first of each name.
type entries struct {
	all  []Entry
	seen map[string]bool
}

func (e *entries) add(name string, more ...string) {
	name = strings.TrimSpace(name)
	if name == "" || len(e.all) == maxEntries || e.seen[name] {
		return
	}
	if e.seen == nil {
		e.seen = map[string]bool{}
	}
	e.seen[name] = true
	more = slices.DeleteFunc(more, func(text string) bool { return text == "" })
	e.all = append(e.all, Entry{Name: cut(name), More: cut(strings.Join(more, " "))})
}

// cut is a text on one line that is not too long.
func cut(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for len(text) > maxEntryText {
		_, last := utf8.DecodeLastRuneInString(text[:maxEntryText+1])
		text = text[:maxEntryText+1-last]
	}
	return text
}

// defining are the members of the top level that define something.
var defining = []string{"openapi", "swagger", "asyncapi", "paths", "webhooks", "components", "definitions", "channels", "operations", "skills", "tools"}

// methods are those that a path of OpenAPI can have.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

func (e *entries) members(m object) {
	for _, at := range []string{"paths", "webhooks"} {
		paths := m.object(at)
		for _, path := range paths.names() {
			item := paths.object(path)
			for _, method := range methods {
				if o := item.object(method); o != nil {
					e.add(strings.ToUpper(method)+" "+path, o.text("operationId"), o.text("summary"))
				}
			}
		}
	}
	for _, at := range []string{"channels", "operations"} { // of AsyncAPI
		all := m.object(at)
		for _, name := range all.names() {
			c := all.object(name)
			e.add(strings.TrimSpace(c.text("action")+" "+name), c.text("address"), c.text("summary"), c.text("title"),
				c.object("publish").text("operationId"), c.object("subscribe").text("operationId"))
		}
	}
	for _, at := range []string{"skills", "tools"} { // of agents and of MCP servers
		for _, s := range m.objects(at) {
			e.add(s.text("name"), s.text("id"), s.text("description"))
		}
	}
	for _, types := range []object{m.object("components").object("schemas"), m.object("components").object("messages"), m.object("definitions")} {
		for _, name := range types.names() {
			e.add(name, types.object(name).text("title"))
		}
	}
}

// xml reads the operations of WSDL and WADL, and the sets and types of OData.
func (e *entries) xml(data []byte) error {
	r := &xmlReader{d: newXML(data)}
	if _, err := r.root(); err != nil {
		return err
	}
	port, resource := "", ""
	return r.each(func(x xml.StartElement, _ string) {
		name := attribute(x, "name")
		switch x.Name.Local {
		case "portType", "interface":
			port = name
		case "operation":
			if p := r.parent(); p == "portType" || p == "interface" {
				e.add(name, port)
			}
		case "resource":
			resource = attribute(x, "path")
		case "method":
			e.add(strings.TrimSpace(name+" "+resource), attribute(x, "id"))
		case "EntitySet", "FunctionImport", "ActionImport", "Singleton", "EntityType":
			e.add(attribute(x, "Name"))
		}
	})
}

// graphQL reads the fields of the types of a schema: those of the roots are its operations.
func (e *entries) graphQL(data []byte) error {
	doc, err := parser.ParseSchemaWithLimit(&ast.Source{Input: string(data)}, maxTypeTokens)
	if err != nil {
		return fmt.Errorf("it cannot be read as GraphQL: %w", err)
	}
	all := slices.Concat(doc.Definitions, doc.Extensions)
	for _, root := range []bool{true, false} {
		for _, d := range all {
			if slices.Contains([]string{"Query", "Mutation", "Subscription"}, d.Name) != root {
				continue
			}
			if !root {
				e.add(d.Name, firstLine(d.Description))
			}
			for _, f := range d.Fields {
				e.add(d.Name+"."+f.Name, firstLine(f.Description))
			}
		}
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

var defined = regexp.MustCompile(`^\s*(service|rpc|message)\s+(\w+)`)

func (e *entries) proto(data []byte) {
	service := ""
	for line := range strings.Lines(string(data)) {
		m := defined.FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[1] == "service":
			service = m[2]
		case m[1] == "rpc":
			e.add(service + "/" + m[2])
		default:
			e.add(m[2])
		}
	}
}
