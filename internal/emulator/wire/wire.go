// Package wire holds the forms of Azure Resource Manager (ARM) that every room of the emulator speaks: the
// error envelope, JSON answers, and the paths of resources that extend other resources. What the answers say
// is decided elsewhere.
package wire

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// maxBody bounds what [Read] takes: no document that it is used for comes near.
const maxBody = 1 << 20

// Error is a refusal as ARM answers it: a status, a code for programs and a message for people, and the headers
// that belong to it, such as WWW-Authenticate or Retry-After.
type Error struct {
	Status  int
	Code    string
	Message string
	Header  http.Header
}

// Errorf makes an Error without headers.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Write answers with the error. The code stands in x-ms-error-code too, because the answer to a HEAD has no body.
func (e *Error) Write(w http.ResponseWriter) {
	maps.Copy(w.Header(), e.Header)
	w.Header().Set("X-Ms-Error-Code", e.Code)
	JSON(w, e.Status, map[string]any{"error": map[string]string{"code": e.Code, "message": e.Message}})
}

// JSON answers with a value. It panics on a value that has no JSON, which is a bug of the caller.
func JSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("wire: %T has no JSON: %v", body, err))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has left needs no answer
}

// Read decodes the one JSON value of a request into v. Unknown fields are Azure's to add, so they are let
// through; an empty body, trailing data and more than a mebibyte are refused.
func Read(w http.ResponseWriter, r *http.Request, v any) *Error {
	return read(json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)), v)
}

// ReadStrict is [Read] for documents of our own, where an unknown field is a mistake.
func ReadStrict(w http.ResponseWriter, r *http.Request, v any) *Error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	return read(d, v)
}

func read(d *json.Decoder, v any) *Error {
	err := d.Decode(v)
	if err == nil && !errors.Is(d.Decode(&struct{}{}), io.EOF) {
		err = errors.New("more than one JSON value")
	}
	if err != nil {
		return Errorf(http.StatusBadRequest, "InvalidRequestContent",
			"The request content was invalid and could not be deserialized: '%v'.", err)
	}
	return nil
}

// Scope is the plain form of an ARM id: one leading slash, no doubled and no trailing one. Scripts strip the
// leading slash and clients join with two, and Azure takes both. The case stays. The root is "/".
func Scope(id string) string {
	if strings.HasPrefix(id, "/") && !strings.Contains(id, "//") && (len(id) == 1 || !strings.HasSuffix(id, "/")) {
		return id // what most clients send, without a copy
	}
	return "/" + strings.Join(strings.FieldsFunc(id, func(c rune) bool { return c == '/' }), "/")
}

// Extension takes apart the path of a resource that extends another one,
// {scope}/providers/{provider}/{rest}, at the last occurrence of the provider. The scope is "/" for the root.
// The answer is no if the path has no such provider or nothing after it.
func Extension(path, provider string) (scope string, rest []string, ok bool) {
	parts := strings.Split(Scope(path)[1:], "/")
	for i := len(parts) - 3; i >= 0; i-- {
		if strings.EqualFold(parts[i], "providers") && strings.EqualFold(parts[i+1], provider) {
			return "/" + strings.Join(parts[:i], "/"), parts[i+2:], true
		}
	}
	return "", nil, false
}

// Operation names what a request to an extension of the provider does, as role definitions do:
// GET {scope}/providers/P/kinds/name is P/kinds/read over the scope.
func Operation(method, path, provider string) (action, scope string, ok bool) {
	scope, rest, ok := Extension(path, provider)
	if !ok {
		return "", "", false
	}
	verb := "write"
	switch method {
	case http.MethodGet, http.MethodHead:
		verb = "read"
	case http.MethodDelete:
		verb = "delete"
	case http.MethodPost:
		verb = "action"
	}
	action = provider
	for i := 0; i < len(rest); i += 2 {
		action += "/" + rest[i]
	}
	return action + "/" + verb, scope, true
}

// Base is the address by which a request came: what links in the answer begin with.
func Base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// NewGUID makes a random GUID.
func NewGUID() string {
	b := make([]byte, 16)
	rand.Read(b)                                // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
