package emulator

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/blob"
	"apicenter/internal/emulator/wire"
)

// Shape is the form of the answer to an export. The live service, the published
// examples and old versions each have another.
type Shape string

// The shapes of an export.
const (
	Both   Shape = "both"   // Nested and Flat at once, so that every client finds its link
	Nested Shape = "nested" // the live service: below "properties"
	Flat   Shape = "flat"   // the published examples and the SDKs
	Bare   Shape = "bare"   // 2019-12-01: nothing but the link
	Raw    Shape = "raw"    // the document itself
)

// ParseShape reads the name of a shape.
func ParseShape(s string) (Shape, error) {
	switch v := Shape(s); v {
	case Both, Nested, Flat, Bare, Raw:
		return v, nil
	default:
		return "", fmt.Errorf("export shape %q is none of both, nested, flat, bare, raw", s)
	}
}

// answered is the word by which the answer calls the format that a client asked
// for; empty if there is no such format.
func answered(format string) string {
	switch format {
	case "openapi+json-link", "openapi-link":
		return format
	case "swagger-link", "wadl-link":
		return format + "-json"
	case "wsdl-link":
		return "wsdl-link+xml"
	default:
		return ""
	}
}

func export(c *call, r *apim.Revision) (reply, error) {
	format := c.query.Get("format")
	name := answered(format)
	inline := answered(format+"-link") != ""
	if name == "" && !inline {
		return reply{}, apim.Invalid("The format '%s' of the export is not valid.", format)
	}
	if err := exportable(r.Properties.Type, format); err != nil {
		return reply{}, err
	}
	doc := r.Export()
	if doc.Open == nil {
		return reply{}, apim.Invalid("API '%s' has no definition to export.", r.Name())
	}
	shape := *c.server.shape.Load()
	if shape == Raw || inline {
		return raw(doc)
	}
	life := c.server.opts.LinkLife
	if c.server.faults.LinkExpired() {
		life = -time.Second
	}
	title := strings.ReplaceAll(r.Properties.DisplayName, "/", "-")
	at := c.host() + c.server.blobs.Put(blob.Blob{
		Name:      title + doc.Format.Extension(),
		MediaType: doc.Format.MediaType(),
		Open:      doc.Open,
	}, life)
	return reply{body: apim.Marshal(shape.answer(r.ID(), name, at))}, nil
}

// exportable says which types have an export at all.
func exportable(kind, format string) error {
	wsdl := strings.HasPrefix(format, "wsdl")
	switch {
	case kind == "http" && wsdl:
		return apim.Invalid("WSDL can be exported for SOAP APIs only.")
	case kind == "http", kind == "soap":
		return nil
	case kind == "odata", kind == "grpc":
		return apim.Invalid("APIs of type '%s' are exported through their schemas.", kind)
	default:
		return apim.Invalid("Export is not supported for APIs of type '%s'.", kind)
	}
}

type exportLink struct {
	Link string `json:"link"`
}

type exportProperties struct {
	Format string     `json:"format"`
	Value  exportLink `json:"value"`
}

func (s Shape) answer(id, format, link string) any {
	flat := exportProperties{format, exportLink{link}}
	switch s {
	case Bare:
		return flat.Value
	case Flat:
		return struct {
			ID string `json:"id"`
			exportProperties
		}{id, flat}
	case Nested:
		return struct {
			ID         string           `json:"id"`
			Properties exportProperties `json:"properties"`
		}{id, flat}
	default:
		return struct {
			ID string `json:"id"`
			exportProperties
			Properties exportProperties `json:"properties"`
		}{id, flat, flat}
	}
}

func raw(doc apim.Document) (reply, error) {
	f, err := doc.Open()
	if err != nil {
		return reply{}, wire.Errorf(http.StatusInternalServerError, "InternalServerError", "%v", err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return reply{}, wire.Errorf(http.StatusInternalServerError, "InternalServerError", "%v", err)
	}
	return reply{header: map[string]string{"Content-Type": doc.Format.MediaType()}, body: b}, nil
}
