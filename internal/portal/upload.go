package portal

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"apicenter/internal/catalog"
)

const (
	// MaxUpload is how many bytes of a form with a file are read. What is longer
	// than a document may be is not kept: a browser sees no answer before all is sent.
	MaxUpload = 64 << 20
	// maxForm is how many bytes of a form are kept: a document, and what is beside it.
	maxForm = catalog.MaxInline + 256<<10
)

// upload is what a form has beside its fields.
type upload struct {
	name    string // of the file
	text    string
	tooLong bool // the file, or a field, which is not kept
}

// readForm reads a form, with a file or without.
func readForm(r *request) (up upload, err error) {
	parts, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
		err = r.ParseForm()
		_, up.tooLong = errors.AsType[*http.MaxBytesError](err)
		if err != nil && !up.tooLong {
			return up, unreadable(err)
		}
		return up, nil
	}
	if err != nil {
		return up, unreadable(err)
	}
	r.PostForm = url.Values{}
	for left := int64(maxForm); ; {
		part, err := parts.NextPart() // past what is left of the last one
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err != nil {
			return up, unreadable(err)
		}
		most := min(left, catalog.MaxInline)
		text, err := io.ReadAll(io.LimitReader(part, most+1))
		if err != nil {
			return up, unreadable(err)
		}
		size := int64(len(part.FormName()) + len(text))
		switch {
		case int64(len(text)) > most || size > left:
			up.tooLong = true
			continue
		case part.FileName() != "":
			up.name, up.text = part.FileName(), string(text)
		default:
			r.PostForm.Add(part.FormName(), string(text))
		}
		left -= size
	}
}

// Most is how many bytes a document has that is given itself.
func (documentInput) Most() int { return catalog.MaxInline }

// MostMB is Most in megabytes.
func (documentInput) MostMB() int { return catalog.MaxInline >> 20 }

// TooLong is for who gives a document that is too long.
func (in documentInput) TooLong() string {
	return fmt.Sprintf("The document is larger than %d MB; put it where the server can fetch it, and give its address.", in.MostMB())
}
