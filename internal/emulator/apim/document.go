package apim

import (
	"bytes"
	"cmp"
	"io"
	"os"

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
// document it came with, with what was changed since laid over it, or one made
// from the model if there is none that could be.
func (r *Revision) Export() Document {
	if r.Document.Open != nil && (!r.edited || r.Properties.Type == "soap") { // a WSDL is kept as it was imported
		return r.Document
	}
	if imported, ok := r.imported(); ok {
		return Text(document.OpenAPIJSON, Marshal(r.layOver(imported)))
	}
	return Text(document.OpenAPIJSON, Marshal(r.layOver(definition{
		content: object{"openapi": "3.0.1", "info": object{"version": cmp.Or(r.Properties.APIVersion, "1.0")}, "paths": object{}},
	})))
}
