package portal

import (
	"cmp"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/reference"
)

// definitionHead stands above all views of a definition.
type definitionHead struct {
	Address, Title, Description string
	API                         definitionRef
	Version                     definitionRef
	Line                        definitionLine
	Download                    string // addresses; empty where there is nothing, or the reader may not
	Compare, Edit, Upload       string
	Delete                      string
	Problem                     string // why there is nothing to read
	Import                      *importView
	Tabs                        []tab
}

// referenceView is a definition as people read it.
type referenceView struct {
	definitionHead
	Doc    *reference.Document
	List   operationList
	Opened *operationView // of a page of one operation
	Schema *schemaPage    // of a page of one schema
}

// operationList is a part of the outline.
type operationList struct {
	Address string // of the definition
	Search  string
	Tag     string
	Groups  []operationGroup
	Total   int // operations that fit the search
	All     int
	Next    string // address of those that follow
	Schemas []reference.Fact
}

// operationGroup are the operations of one tag. Its id and those of its operations
// are the same in every list: script that changes a page in place tells by them
// what is still there.
type operationGroup struct {
	ID, Title, Description string
	Operations             []operationLine
}

// operationLine is one operation of the outline.
type operationLine struct {
	reference.Operation
	ID      string // in the page; that of the document is Operation.ID
	Address string
	Body    *operationView // in short documents, all of it
}

// operationView is all of one operation.
type operationView struct {
	reference.Details
	Definition string // address of the definition, for what schemas link to
	Servers    []reference.Server
}

// schemaPage is one schema of a document.
type schemaPage struct {
	Name       string
	Definition string
	reference.Schema
}

// How much of a document is on one page.
const (
	operationsPage = 200
	inlineMost     = 20 // operations that are all written out
)

// definitionHeadOf reads what stands above, and finds the document.
func (h *Handler) definitionHeadOf(r *request, current string) (definitionHead, inventory.Digest, error) {
	definition, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return definitionHead{}, "", err
	}
	api, err := h.catalog.Get(r.Context(), r.id.Ancestor(inventory.KindAPI))
	if err != nil {
		return definitionHead{}, "", err
	}
	version, err := h.catalog.Get(r.Context(), r.id.Parent())
	if err != nil {
		return definitionHead{}, "", err
	}
	line := lineOf(r, definition)
	head := definitionHead{
		Address: line.Address, Title: cmp.Or(line.Title, line.Name), Description: line.Description, Line: line,
		API:     definitionRef{docOf(api).Text("/title"), r.address(api.Path)},
		Version: definitionRef{docOf(version).Text("/title"), r.address(version.Path)},
	}
	if r.may(writeDefinition) {
		head.Edit = head.Address + "/edit"
		if r.may(importDocument) {
			head.Upload = head.Address + "/-/document"
		}
	}
	if r.may(deleteDefinition) {
		head.Delete = head.Address + "/delete"
	}
	if reads, err := h.reads(r, exportDocument); err != nil {
		return head, "", err
	} else if !reads {
		head.Problem = "You may see that it is there, and not its document: that takes the role Azure API Center Service Reader or Azure API Center Data Reader."
		return head, "", nil
	}
	if head.Import, err = h.importOf(r); err != nil {
		return head, "", err
	}
	digest, err := h.catalog.ExportSpecification(r.Context(), r.id, time.Time{})
	switch code := inventory.CodeOf(err); {
	case code == inventory.NotFound && head.Import != nil && head.Import.Failure == "":
		return head, "", nil // not yet
	case code == inventory.NotFound, code == inventory.Unavailable:
		head.Problem = said(err.Error())
		return head, "", nil
	case err != nil:
		return head, "", err
	}
	head.Download = head.Address + "/document"
	head.Compare = head.API.Address + "/compare?" + url.Values{"to": {version.Name() + "/" + definition.Name()}}.Encode()
	for _, t := range []tab{{"Reference", head.Address, -1, false}, {"Source", head.Address + "/source", -1, false}} {
		t.Current = t.Title == current
		head.Tabs = append(head.Tabs, t)
	}
	return head, digest, nil
}

// definition shows the reference of a definition, or its source if it has none.
func (h *Handler) definition(w http.ResponseWriter, r *request) error {
	if byScript(r.Request) && r.FormValue("import") != "" {
		return h.showImport(w, r)
	}
	head, digest, err := h.definitionHeadOf(r, "Reference")
	if err != nil {
		return err
	}
	if digest == "" {
		return h.show(w, r, view{template: "definition", title: head.Title, section: "APIs", data: referenceView{definitionHead: head}})
	}
	doc, err := h.shelf.reference(r.Context(), h.catalog, digest)
	if errors.Is(err, reference.ErrNone) || doc == nil && err != nil && inventory.CodeOf(err) == "" {
		return h.showSource(w, r, head, digest, err)
	}
	if err != nil {
		return err
	}
	v := referenceView{definitionHead: head, Doc: doc}
	shown := view{template: "definition", title: head.API.Title + ": " + head.Title, section: "APIs"}
	switch key, name := r.FormValue("operation"), r.FormValue("schema"); {
	case key != "":
		details, ok := doc.Find(key)
		if !ok {
			return inventory.Errorf(inventory.NotFound, "", "the definition has no operation %.200q; it may have changed", key)
		}
		v.Opened = viewOf(details, head.Address, doc)
		shown.title = key + ": " + head.API.Title
		if r.Header.Get("HX-Request") != "" {
			shown.part = "operation-part"
		}
	case name != "":
		schema, ok := doc.Schema(name)
		if !ok {
			return inventory.Errorf(inventory.NotFound, "", "the definition has no schema %.200q; it may have changed", name)
		}
		v.Schema = &schemaPage{name, head.Address, schema}
		shown.title = name + ": " + head.API.Title
		if r.Header.Get("HX-Request") != "" {
			shown.part = "schema-part"
		}
	default:
		v.List = listOf(doc, head.Address, r.FormValue("q"), r.FormValue("tag"), r.FormValue("from"))
		if r.Header.Get("HX-Request") != "" {
			shown.part = "operations"
		}
	}
	shown.data = v
	return h.show(w, r, shown)
}

func viewOf(d reference.Details, definition string, doc *reference.Document) *operationView {
	v := &operationView{Details: d, Definition: definition, Servers: d.Servers}
	if len(v.Servers) == 0 {
		v.Servers = doc.Servers
	}
	return v
}

// listOf is the part of the outline that a search, a tag and a page ask for.
func listOf(doc *reference.Document, address, search, tag, from string) operationList {
	l := operationList{Address: address, Search: search, Tag: tag, All: len(doc.Operations)}
	first, _ := strconv.Atoi(from) // anything else is the first page
	words := strings.Fields(strings.ToLower(search))
	fits := func(o reference.Operation) bool {
		text := strings.ToLower(o.Method + " " + o.Path + " " + o.Summary + " " + o.ID)
		return (tag == "" || o.Tag == tag) && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	}
	inline := len(doc.Operations) <= inlineMost
	for _, o := range doc.Operations {
		if !fits(o) {
			continue
		}
		if l.Total++; l.Total <= first || l.Total > first+operationsPage {
			continue
		}
		line := operationLine{Operation: o, ID: idOf("op", o.Key()), Address: address + "?" + url.Values{"operation": {o.Key()}}.Encode()}
		if inline {
			if d, ok := doc.Find(o.Key()); ok {
				line.Body = viewOf(d, address, doc)
			}
		}
		l.add(doc, line)
	}
	if l.Total > first+operationsPage {
		l.Next = address + "?" + url.Values{"q": {search}, "tag": {tag}, "from": {strconv.Itoa(first + operationsPage)}}.Encode()
	}
	for _, name := range doc.Schemas {
		if len(l.Schemas) == operationsPage {
			break
		}
		l.Schemas = append(l.Schemas, reference.Fact{Name: name, Value: schemaAddress(address, name)})
	}
	return l
}

// add puts an operation into the group of its tag.
func (l *operationList) add(doc *reference.Document, line operationLine) {
	title := cmp.Or(line.Tag, "Other operations")
	if n := len(l.Groups); n == 0 || l.Groups[n-1].Title != title {
		g := operationGroup{ID: idOf("g", line.Tag), Title: title}
		if i := slices.IndexFunc(doc.Tags, func(t reference.Tag) bool { return t.Name == line.Tag }); i >= 0 {
			g.Description = doc.Tags[i].Description
		}
		l.Groups = append(l.Groups, g)
	}
	g := &l.Groups[len(l.Groups)-1]
	g.Operations = append(g.Operations, line)
}

// idOf is an id in a page of what any text names.
func idOf(kind, text string) string { return kind + "-" + hex.EncodeToString([]byte(text)) }

// schemaAddress is the page of a schema of a definition.
func schemaAddress(definition, name string) string {
	return definition + "?" + url.Values{"schema": {name}}.Encode()
}
