package apim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
)

// specification is what a definition says it is written in, as the inventory shows it.
type specification struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// specificationOf tells what a document is from its head. The source's own word
// for the format is another in each answer, so the document is asked. What the
// head does not tell is left empty: a guess would be shown as a fact.
func specificationOf(f form, head []byte) specification {
	switch f.definition {
	case "graphql":
		return specification{Name: "graphql"}
	case "grpc":
		return specification{Name: "grpc", Version: protoSyntax(head)}
	case "odata":
		return specification{Name: "other", Version: sniffXML(head).Version}
	}
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	for _, sniff := range []func([]byte) specification{sniffXML, sniffJSON, sniffYAML} {
		if s := sniff(head); s.Name != "" {
			return s
		}
	}
	return specification{Name: f.definition}
}

// sniffJSON looks for "openapi" or "swagger" among the members of the top level,
// as far as the head goes.
func sniffJSON(head []byte) specification {
	d := json.NewDecoder(bytes.NewReader(head))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return specification{}
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
		if name == "openapi" || name == "swagger" {
			return specification{Name: "openapi", Version: plain(strings.Trim(string(value), `"`))}
		}
	}
	return specification{}
}

// sniffYAML looks for a line "openapi: …" or "swagger: …" that is not indented.
func sniffYAML(head []byte) specification {
	for line := range bytes.Lines(head) {
		name, value, ok := strings.Cut(string(line), ":")
		name = strings.Trim(strings.TrimRight(name, " "), `"'`)
		if !ok || name != "openapi" && name != "swagger" {
			continue
		}
		value, _, _ = strings.Cut(value, "#")
		return specification{Name: "openapi", Version: plain(strings.Trim(strings.TrimSpace(value), `"'`))}
	}
	return specification{}
}

// sniffXML looks at the first element.
func sniffXML(head []byte) specification {
	if !bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) {
		return specification{}
	}
	d := xml.NewDecoder(bytes.NewReader(head))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // names are ASCII in all of them
	for {
		t, err := d.Token()
		if err != nil {
			return specification{}
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch {
		case e.Name.Local == "definitions":
			return specification{Name: "wsdl", Version: "1.1"}
		case e.Name.Local == "description" && strings.Contains(e.Name.Space, "wsdl"):
			return specification{Name: "wsdl", Version: "2.0"}
		case e.Name.Local == "application":
			return specification{Name: "wadl"}
		case e.Name.Local == "Edmx":
			for _, a := range e.Attr {
				if a.Name.Local == "Version" {
					return specification{Name: "other", Version: plain(a.Value)}
				}
			}
			return specification{Name: "other"}
		}
		return specification{}
	}
}

// protoSyntax finds `syntax = "proto3";`.
func protoSyntax(head []byte) string {
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
