// Package reply writes what the answers of all HTTP surfaces share: JSON, errors
// in Azure's envelope, the server's own addresses. There is never an empty or
// HTML error body.
package reply

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// RequestID is the header that names a request, for people who report an error.
const RequestID = "X-Ms-Request-Id"

// ContentType is that of all JSON.
const ContentType = "application/json; charset=utf-8"

// JSON answers with a body that is JSON already.
func JSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{ContentType}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody to tell
}

// Value answers with v as JSON.
func Value(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	JSON(w, status, body)
	return nil
}

// Buffers are lent to answers that are spliced together. The zero value is ready.
type Buffers struct{ pool sync.Pool } // of *[]byte

// Splice answers with JSON that f appends to a lent buffer.
func (b *Buffers) Splice(w http.ResponseWriter, status int, f func([]byte) ([]byte, error)) error {
	lent, ok := b.pool.Get().(*[]byte)
	if !ok {
		lent = new(make([]byte, 0, 16<<10))
	}
	body, err := f((*lent)[:0])
	if err == nil {
		JSON(w, status, body)
	}
	if cap(body) <= 1<<20 { // a rare giant is not kept
		*lent = body[:0]
		b.pool.Put(lent)
	}
	return err
}
