package compatibility

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"apicenter/internal/inventory"
)

// wsdl compares operations by their names. What they take and give is not
// compared, so nothing but an operation that is gone can be told for sure.
func wsdl(old, new []byte) ([]inventory.Reason, error) {
	was, err := operations(old)
	if err != nil {
		return nil, fmt.Errorf("the last document cannot be read: %w", err)
	}
	is, err := operations(new)
	if err != nil {
		return nil, fmt.Errorf("the new document cannot be read: %w", err)
	}
	var reasons []inventory.Reason
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if !is[name] {
			reasons = append(reasons, inventory.Reason{ID: "operation-removed", Text: "operation " + name + " was removed", Path: name, Breaking: true})
		}
	}
	if len(reasons) == 0 {
		return nil, errors.New("no operation was removed; the messages of a WSDL are not compared")
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if !was[name] {
			reasons = append(reasons, inventory.Reason{ID: "operation-added", Text: "operation " + name + " was added", Path: name})
		}
	}
	return reasons, nil
}

// operations are those of the port types (in WSDL 2, interfaces) of a document.
func operations(data []byte) (map[string]bool, error) {
	out := map[string]bool{}
	port := ""
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch name := attribute(t, "name"); {
			case t.Name.Local == "portType" || t.Name.Local == "interface":
				port = name
			case t.Name.Local == "operation" && port != "":
				out[port+"/"+name] = true
			}
		case xml.EndElement:
			if t.Name.Local == "portType" || t.Name.Local == "interface" {
				port = ""
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
