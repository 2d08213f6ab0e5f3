package specification

import (
	"bytes"
	"errors"
	"path"
	"strings"
	"unicode/utf8"
)

// Document is what a definition says of the API that it defines. What it does
// not say is empty.
type Document struct {
	Format
	Definition string // its name, usual among definitions of its sort: openapi, odata
	Label      string // the name of the sort as people write it: OpenAPI, OData
	Kind       string // of the API: rest, soap, graphql, grpc, webhook, websocket, mcp, a2a

	Title, Summary, Description string
	Release                     string // version of the API
	TermsOfService              string
	Contacts                    []Contact
	License                     License
	Documentation               []Link
	Servers                     []string // addresses, as they are written
}

// Contact is who answers for an API.
type Contact struct{ Name, URL, Email string }

// License is under what an API may be used; URL and Identifier exclude each other.
type License struct{ Name, URL, Identifier string }

// Link leads to a description elsewhere.
type Link struct{ Title, Description, URL string }

// ErrUnknown is a document of no sort that is known here.
var ErrUnknown = errors.New("it is none of OpenAPI, AsyncAPI, WSDL, WADL, OData, GraphQL, protobuf, MCP, A2A")

// MaxSize is how many bytes Detect reads of a document.
const MaxSize = 64 << 20

// Detect reads a whole document. The name of its file helps where the bytes
// leave a doubt; it may be empty. Errors are ErrUnknown, or say what is wrong
// with a document that is clearly meant to be of a sort.
func Detect(name string, data []byte) (Document, error) {
	switch {
	case len(data) > MaxSize:
		return Document{}, errors.New("it is too large to be looked at")
	case !utf8.Valid(data):
		return Document{}, errors.New("it is not in UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte(mark))
	if looksLikeXML(data) {
		return detectXML(data)
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".proto":
		return detectProto(data), nil
	case ".graphql", ".graphqls", ".gql":
		return detectGraphQL(data), nil
	}
	if m, err := members(data, wanted); err == nil {
		if d, ok := detectMembers(m); ok {
			return d, nil
		}
	} else if format := Sniff(data).Name; format != "" {
		return Document{}, err // it names itself, and then is no JSON or YAML
	}
	switch {
	case looksLikeProto(data):
		return detectProto(data), nil
	case looksLikeGraphQL(data):
		return detectGraphQL(data), nil
	}
	return Document{}, ErrUnknown
}
