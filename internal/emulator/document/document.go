// Package document reads API definitions as API Management does on import: it
// finds the title, the backend and the operations, and leaves the bytes alone.
package document

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format names a kind of definition.
type Format string

// The formats that the emulator tells apart.
const (
	OpenAPIJSON Format = "openapi+json"
	OpenAPIYAML Format = "openapi"
	Swagger     Format = "swagger"
	WSDL        Format = "wsdl"
	WADL        Format = "wadl"
	GraphQL     Format = "graphql"
	OData       Format = "odata"
	Proto       Format = "grpc"
	Unknown     Format = ""
)

// Extension is the file ending of a definition in this format.
func (f Format) Extension() string {
	switch f {
	case OpenAPIYAML:
		return ".yaml"
	case WSDL, WADL, OData:
		return ".xml"
	case GraphQL:
		return ".graphql"
	case Proto:
		return ".proto"
	default:
		return ".json"
	}
}

// MediaType is the content type under which a definition travels.
func (f Format) MediaType() string {
	switch f {
	case OpenAPIYAML:
		return "application/yaml"
	case WSDL, WADL, OData:
		return "text/xml"
	case GraphQL, Proto:
		return "text/plain"
	default:
		return "application/json"
	}
}

// Definition is what an import learns from a document.
type Definition struct {
	Format      Format
	Title       string
	Version     string
	Description string
	ServiceURL  string
	Operations  []Operation
}

// Operation is one row of an API's operations; ID is a valid resource name.
type Operation struct {
	ID          string
	Title       string
	Description string
	Method      string
	Template    string
	Parameters  []string // names in the template, in order
}

// Parse reads a document of a known format, or guesses when the format is Unknown.
func Parse(format Format, data []byte) (Definition, error) {
	if format == Unknown {
		format = Guess(data)
	}
	switch format {
	case OpenAPIJSON, OpenAPIYAML, Swagger:
		return parseOpenAPI(data)
	case WSDL:
		return parseWSDL(data)
	case WADL, GraphQL, OData, Proto:
		return Definition{Format: format}, nil
	default:
		return Definition{}, errors.New("the document is of no known format")
	}
}

// Guess tells a format by the first bytes of a document.
func Guess(head []byte) Format {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	switch {
	case len(head) == 0:
		return Unknown
	case head[0] == '{' && bytes.Contains(head, []byte(`"swagger"`)):
		return Swagger
	case head[0] == '{':
		return OpenAPIJSON
	case head[0] == '<' && bytes.Contains(head, []byte("definitions")):
		return WSDL
	case head[0] == '<' && bytes.Contains(head, []byte("Edmx")):
		return OData
	case head[0] == '<':
		return WADL
	case bytes.Contains(head, []byte("openapi:")), bytes.Contains(head, []byte("swagger:")):
		return OpenAPIYAML
	case bytes.Contains(head, []byte("syntax = \"proto")), bytes.Contains(head, []byte("syntax=\"proto")):
		return Proto
	case bytes.Contains(head, []byte("type ")), bytes.Contains(head, []byte("schema ")):
		return GraphQL
	default:
		return Unknown
	}
}

// openAPI is the part of OpenAPI 2 and 3 that an import looks at.
type openAPI struct {
	OpenAPI string `json:"openapi" yaml:"openapi"`
	Swagger string `json:"swagger" yaml:"swagger"`
	Info    struct {
		Title       string `json:"title" yaml:"title"`
		Description string `json:"description" yaml:"description"`
		Version     string `json:"version" yaml:"version"`
	} `json:"info" yaml:"info"`
	Servers []struct {
		URL string `json:"url" yaml:"url"`
	} `json:"servers" yaml:"servers"`
	Host     string                     `json:"host" yaml:"host"`
	BasePath string                     `json:"basePath" yaml:"basePath"`
	Schemes  []string                   `json:"schemes" yaml:"schemes"`
	Paths    map[string]map[string]node `json:"paths" yaml:"paths"`
}

// node puts off decoding until it is known that the value is an operation:
// a path item also holds lists and strings.
type node struct {
	json json.RawMessage
	yaml yaml.Node
}

func (n *node) UnmarshalJSON(b []byte) error {
	n.json = append(n.json[:0], b...)
	return nil
}

func (n *node) UnmarshalYAML(y *yaml.Node) error {
	n.yaml = *y
	return nil
}

func (n *node) decode(v any) error {
	if n.json != nil {
		return json.Unmarshal(n.json, v)
	}
	return n.yaml.Decode(v)
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func parseOpenAPI(data []byte) (Definition, error) {
	format, in := OpenAPIJSON, openAPI{}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		if err := json.Unmarshal(data, &in); err != nil {
			return Definition{}, fmt.Errorf("read OpenAPI JSON: %w", err)
		}
	} else {
		format = OpenAPIYAML
		if err := yaml.Unmarshal(data, &in); err != nil {
			return Definition{}, fmt.Errorf("read OpenAPI YAML: %w", err)
		}
	}
	if in.OpenAPI == "" && in.Swagger == "" {
		return Definition{}, errors.New("the document has neither an openapi nor a swagger field")
	}
	if in.Swagger != "" && format == OpenAPIJSON {
		format = Swagger
	}
	return Definition{
		Format:      format,
		Title:       in.Info.Title,
		Version:     in.Info.Version,
		Description: in.Info.Description,
		ServiceURL:  in.serviceURL(),
		Operations:  in.operations(),
	}, nil
}

func (in *openAPI) serviceURL() string {
	if len(in.Servers) > 0 {
		return in.Servers[0].URL
	}
	if in.Host == "" {
		return ""
	}
	scheme := "https"
	if len(in.Schemes) > 0 && !slices.Contains(in.Schemes, scheme) {
		scheme = in.Schemes[0]
	}
	return scheme + "://" + in.Host + in.BasePath
}

// operations come sorted by path, then by method, for maps have no order.
func (in *openAPI) operations() []Operation {
	var ops []Operation
	taken := map[string]bool{}
	for path, item := range in.Paths {
		for method, body := range item {
			if !IsMethod(method) {
				continue
			}
			var op struct {
				ID          string `json:"operationId" yaml:"operationId"`
				Summary     string `json:"summary" yaml:"summary"`
				Description string `json:"description" yaml:"description"`
			}
			if body.decode(&op) != nil {
				continue // an operation that is no object has nothing to show
			}
			ops = append(ops, Operation{
				ID:          op.ID,
				Title:       cmp.Or(op.Summary, op.ID, strings.ToUpper(method)+" "+path),
				Description: op.Description,
				Method:      strings.ToUpper(method),
				Template:    path,
				Parameters:  templateParameters(path),
			})
		}
	}
	slices.SortFunc(ops, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Template, b.Template),
			cmp.Compare(slices.Index(methods, strings.ToLower(a.Method)), slices.Index(methods, strings.ToLower(b.Method))))
	})
	for i, op := range ops {
		ops[i].ID = unique(NormalizeID(cmp.Or(op.ID, op.Method+" "+op.Template)), taken)
	}
	return ops
}

func templateParameters(path string) []string {
	var names []string
	for rest := path; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return names
		}
		name, tail, ok := strings.Cut(after, "}")
		if !ok {
			return names
		}
		names, rest = append(names, name), tail
	}
}

// maxID leaves room for the suffix that makes a name unique.
const maxID = 76

// NormalizeID turns an operationId into a resource name: lower case, dashes
// for everything else, at most 76 characters.
func NormalizeID(id string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(id) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
			continue
		}
		dash = true
	}
	out := b.String()
	return cmp.Or(strings.TrimRight(out[:min(len(out), maxID)], "-"), "operation")
}

func unique(id string, taken map[string]bool) string {
	out := id
	for n := 1; taken[out]; n++ {
		out = fmt.Sprintf("%s-%d", id, n)
	}
	taken[out] = true
	return out
}

func parseWSDL(data []byte) (Definition, error) {
	var in struct {
		Name     string `xml:"name,attr"`
		Docs     string `xml:"documentation"`
		PortType []struct {
			Operations []struct {
				Name string `xml:"name,attr"`
				Docs string `xml:"documentation"`
			} `xml:"operation"`
		} `xml:"portType"`
		Services []struct {
			Name  string `xml:"name,attr"`
			Ports []struct {
				Address struct {
					Location string `xml:"location,attr"`
				} `xml:"address"`
			} `xml:"port"`
		} `xml:"service"`
	}
	if err := xml.Unmarshal(data, &in); err != nil {
		return Definition{}, fmt.Errorf("read WSDL: %w", err)
	}
	d := Definition{Format: WSDL, Title: in.Name, Description: strings.TrimSpace(in.Docs)}
	for _, s := range in.Services {
		d.Title = cmp.Or(s.Name, d.Title)
		for _, p := range s.Ports {
			d.ServiceURL = cmp.Or(d.ServiceURL, p.Address.Location)
		}
	}
	taken := map[string]bool{}
	for _, p := range in.PortType {
		for _, op := range p.Operations {
			id := NormalizeID(op.Name)
			if taken[id] {
				continue // the same operation bound to a second port
			}
			taken[id] = true
			d.Operations = append(d.Operations, Operation{
				ID: id, Title: op.Name, Description: strings.TrimSpace(op.Docs),
				Method: "POST", Template: "/?soapAction=" + op.Name,
			})
		}
	}
	return d, nil
}
