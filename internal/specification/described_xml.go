package specification

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxTokens is how much of an XML document is looked at: more than the largest
// WSDL has.
const maxTokens = 2_000_000

// detectXML reads the sorts that are XML.
func detectXML(data []byte) (Document, error) {
	r := &xmlReader{d: newXML(data)}
	root, err := r.root()
	if err != nil {
		return Document{}, err
	}
	format := formatOf(root)
	switch format.Name {
	case "wsdl":
		r.doc = Document{Format: format, Definition: "wsdl", Label: "WSDL", Kind: "soap", Title: attribute(root, "name")}
		err = r.each(r.wsdl)
	case "wadl":
		r.doc = Document{Format: format, Definition: "wadl", Label: "WADL", Kind: "rest"}
		err = r.each(r.wadl)
	case "other":
		r.doc = Document{Format: format, Definition: "odata", Label: "OData", Kind: "rest"}
		err = r.each(r.odata)
	default:
		return Document{}, ErrUnknown
	}
	return r.doc, err
}

// xmlReader walks through a document, and knows the elements that it is in.
type xmlReader struct {
	d     *xml.Decoder
	doc   Document
	in    []string // local names, the root first
	count int
}

func (r *xmlReader) token() (xml.Token, error) {
	if r.count++; r.count > maxTokens {
		return nil, errors.New("it has too many elements to be looked at")
	}
	t, err := r.d.Token()
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("it cannot be read as XML: %w", err)
	}
	return t, err
}

func (r *xmlReader) root() (xml.StartElement, error) {
	for {
		t, err := r.token()
		if err == io.EOF {
			err = ErrUnknown
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		if e, ok := t.(xml.StartElement); ok {
			r.in = []string{e.Name.Local}
			return e, nil
		}
	}
}

// each calls f for each element below the root, and with the text that is
// directly in it.
func (r *xmlReader) each(f func(e xml.StartElement, text string)) error {
	var last xml.StartElement
	var text strings.Builder
	flush := func() {
		if last.Name.Local != "" {
			f(last, strings.TrimSpace(text.String()))
		}
		last = xml.StartElement{}
		text.Reset()
	}
	for {
		t, err := r.token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			flush()
			r.in = append(r.in, t.Name.Local)
			last = t.Copy()
		case xml.CharData:
			if last.Name.Local != "" {
				text.Write(t)
			}
		case xml.EndElement:
			flush()
			r.in = r.in[:max(len(r.in)-1, 0)]
		}
	}
}

// parent is the name of the element that the present one is in.
func (r *xmlReader) parent() string {
	if len(r.in) < 2 {
		return ""
	}
	return r.in[len(r.in)-2]
}

func (r *xmlReader) wsdl(e xml.StartElement, text string) {
	switch e.Name.Local {
	case "service":
		r.doc.Title = cmp.Or(r.doc.Title, attribute(e, "name"))
	case "documentation":
		if p := r.parent(); p == "definitions" || p == "description" || p == "service" {
			r.doc.Description = cmp.Or(r.doc.Description, text)
		}
	case "address":
		r.doc.Servers = add(r.doc.Servers, attribute(e, "location"))
	case "endpoint":
		r.doc.Servers = add(r.doc.Servers, attribute(e, "address"))
	}
}

func (r *xmlReader) wadl(e xml.StartElement, text string) {
	switch e.Name.Local {
	case "doc":
		if r.parent() == "application" {
			r.doc.Title = cmp.Or(r.doc.Title, attribute(e, "title"))
			r.doc.Description = cmp.Or(r.doc.Description, text)
		}
	case "resources":
		r.doc.Servers = add(r.doc.Servers, attribute(e, "base"))
	}
}

func (r *xmlReader) odata(e xml.StartElement, _ string) {
	switch e.Name.Local {
	case "EntityContainer":
		r.doc.Title = cmp.Or(r.doc.Title, attribute(e, "Name"))
	case "Annotation":
		if p := r.parent(); p == "EntityContainer" && strings.HasSuffix(attribute(e, "Term"), ".Description") {
			r.doc.Description = cmp.Or(r.doc.Description, attribute(e, "String"))
		}
	}
}
