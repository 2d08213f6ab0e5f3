package specification

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
)

// Format is what a document says it is written in, as the inventory shows it.
type Format struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// mark is the byte order mark.
const mark = "\ufeff"

// Sniff tells what a document is from its head. What the head does not tell is
// left empty: a guess would be shown as a fact. Formats that do not name
// themselves, as GraphQL, are not found.
func Sniff(head []byte) Format {
	head = bytes.TrimPrefix(head, []byte(mark))
	for _, sniff := range []func([]byte) Format{sniffXML, sniffJSON, sniffYAML} {
		if f := sniff(head); f.Name != "" {
			return f
		}
	}
	return Format{}
}

// named maps the member that names the format to the format.
var named = map[string]string{"openapi": "openapi", "swagger": "openapi", "asyncapi": "asyncapi"}

// sniffJSON looks for a member of the top level that names the format, as far
// as the head goes.
func sniffJSON(head []byte) Format {
	d := json.NewDecoder(bytes.NewReader(head))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Format{}
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
		key, _ := name.(string)
		if format := named[key]; format != "" {
			return Format{Name: format, Version: plain(strings.Trim(string(value), `"`))}
		}
	}
	return Format{}
}

// sniffYAML looks for a line "openapi: …" or the like that is not indented.
func sniffYAML(head []byte) Format {
	for line := range bytes.Lines(head) {
		name, value, ok := strings.Cut(string(line), ":")
		format := named[strings.Trim(strings.TrimRight(name, " "), `"'`)]
		if !ok || format == "" {
			continue
		}
		value, _, _ = strings.Cut(value, "#")
		return Format{Name: format, Version: plain(strings.Trim(strings.TrimSpace(value), `"'`))}
	}
	return Format{}
}

// sniffXML looks at the first element.
func sniffXML(head []byte) Format {
	if !looksLikeXML(head) {
		return Format{}
	}
	d := newXML(head)
	for {
		t, err := d.Token()
		if err != nil {
			return Format{}
		}
		if e, ok := t.(xml.StartElement); ok {
			return formatOf(e)
		}
	}
}

func looksLikeXML(head []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) }

// newXML reads a document of any charset: the names in all formats are ASCII.
func newXML(data []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// formatOf tells an XML format by its root.
func formatOf(root xml.StartElement) Format {
	switch {
	case root.Name.Local == "definitions":
		return Format{Name: "wsdl", Version: "1.1"}
	case root.Name.Local == "description" && strings.Contains(root.Name.Space, "wsdl"):
		return Format{Name: "wsdl", Version: "2.0"}
	case root.Name.Local == "application":
		return Format{Name: "wadl"}
	case root.Name.Local == "Edmx":
		return Format{Name: "other", Version: plain(attribute(root, "Version"))}
	}
	return Format{}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// ProtoSyntax finds `syntax = "proto3";` in the head of a protobuf file.
func ProtoSyntax(head []byte) string {
	for line := range bytes.Lines(head) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "syntax")
		if !ok {
			continue
		}
		rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "=")
		if ok {
			return plain(strings.Trim(strings.TrimSpace(rest), `"';`))
		}
	}
	return ""
}

// plain is a version as it may be shown; anything longer or stranger is none.
func plain(version string) string {
	if len(version) > 20 {
		return ""
	}
	for _, r := range version {
		if !strings.ContainsRune("0123456789.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", r) {
			return ""
		}
	}
	return version
}
