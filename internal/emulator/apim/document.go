package apim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"apicenter/internal/emulator/document"
)

// Document is the definition that an API was made from. It is opened when it is
// needed, so that a folder of any size costs no memory.
type Document struct {
	Format document.Format
	Open   func() (io.ReadSeekCloser, error)
}

// File is a document on disk.
func File(format document.Format, path string) Document {
	return Document{Format: format, Open: func() (io.ReadSeekCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return f, nil
	}}
}

// Text is a document in memory.
func Text(format document.Format, data []byte) Document {
	return Generated(format, func() []byte { return data })
}

// Generated is a document that is made each time it is read; render must
// always give the same.
func Generated(format document.Format, render func() []byte) Document {
	return Document{Format: format, Open: func() (io.ReadSeekCloser, error) {
		return text{bytes.NewReader(render())}, nil
	}}
}

type text struct{ *bytes.Reader }

func (text) Close() error { return nil }

func (d Document) bytes() ([]byte, error) {
	if d.Open == nil {
		return nil, os.ErrNotExist
	}
	f, err := d.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// Export is the definition as API Management would give it out now: the
// document it came with, or one made from the model once that has moved on.
func (r *Revision) Export() Document {
	if r.Document.Open != nil && !r.edited {
		return r.Document
	}
	if r.Properties.Type == "soap" {
		return r.Document // a WSDL is kept as it was imported
	}
	return Text(document.OpenAPIJSON, r.openAPI())
}

func (r *Revision) openAPI() []byte {
	type object = map[string]any
	p := r.Properties
	paths := map[string]object{}
	for _, op := range r.Operations().All() {
		template := op.Properties.URLTemplate
		if paths[template] == nil {
			paths[template] = object{}
		}
		paths[template][strings.ToLower(op.Properties.Method)] = openAPI(op)
	}
	info := object{"title": p.DisplayName, "version": cmp.Or(p.APIVersion, "1.0")}
	if p.Description != nil {
		info["description"] = *p.Description
	}
	return Marshal(object{
		"openapi": "3.0.1",
		"info":    info,
		"servers": []object{{"url": r.GatewayURL()}},
		"paths":   paths,
	})
}

// openAPI is the operation inside of a document made from the model. The
// resource name becomes the operationId, as in the real product.
func openAPI(e *Entity[Operation]) map[string]any {
	op := map[string]any{
		"operationId": e.Name,
		"summary":     e.Properties.DisplayName,
		"responses":   responses(e.Properties.Responses),
	}
	if e.Properties.Description != nil {
		op["description"] = *e.Properties.Description
	}
	var names []struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	// The parameters were checked when the operation was written.
	_ = json.Unmarshal(e.Properties.TemplateParameters, &names)
	var list []map[string]any
	for _, n := range names {
		list = append(list, map[string]any{
			"name": n.Name, "in": "path", "required": true,
			"schema": map[string]any{"type": cmp.Or(n.Type, "string")},
		})
	}
	if list != nil {
		op["parameters"] = list
	}
	return op
}

func responses(raw json.RawMessage) map[string]any {
	var list []struct {
		Status      int    `json:"statusCode"`
		Description string `json:"description"`
	}
	_ = json.Unmarshal(raw, &list)
	out := map[string]any{}
	for _, r := range list {
		out[strconv.Itoa(r.Status)] = map[string]any{"description": r.Description}
	}
	if len(out) == 0 {
		out["200"] = map[string]any{"description": ""}
	}
	return out
}
