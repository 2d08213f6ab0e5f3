// Package reply writes answers that all HTTP surfaces share: errors in Azure's
// envelope. There is never an empty or HTML error body.
package reply

import (
	"net/http"
	"strconv"

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

// Internal is what people see of an error that is not theirs; the log has the rest.
func Internal(w http.ResponseWriter) {
	Error(w, arm.Errorf(http.StatusInternalServerError, arm.CodeInternal,
		"internal error; the server's log has the details under request id %s", w.Header().Get(RequestID)))
}
