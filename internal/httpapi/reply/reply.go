// Package reply writes answers that all HTTP surfaces share: errors in Azure's
// envelope. There is never an empty or HTML error body.
package reply

import (
	"net/http"
	"strconv"
	"sync"

	"apicenter/internal/arm"
)

// RequestID is the header that names a request, for people who report an error.
const RequestID = "X-Ms-Request-Id"

// Error answers with an error. Nothing may have been written before.
func Error(w http.ResponseWriter, e *arm.Error) {
	h := w.Header()
	h.Set("X-Ms-Error-Code", e.Code)
	h.Del("Etag")
	JSON(w, e.Status, e.Body())
}

// JSON answers with a body that is JSON already.
func JSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody to tell
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

// Internal is what people see of an error that is not theirs; the log has the rest.
func Internal(w http.ResponseWriter) {
	Error(w, arm.Errorf(http.StatusInternalServerError, arm.CodeInternal,
		"internal error; the server's log has the details under request id %s", w.Header().Get(RequestID)))
}
