// Package keysapi serves what callers ask about themselves and their
// credentials: API keys, who they are, and where people sign in.
package keysapi

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Options are what a Handler needs.
type Options struct {
	Guard   *access.Guard
	Keys    *auth.Keys
	SignIns []auth.SignIn // for people; may be none
	Log     *slog.Logger
}

// Handler answers. The caller is in the context already.
type Handler struct{ options Options }

// New makes a Handler.
func New(o Options) *Handler { return &Handler{options: o} }

// Route is an address that the Handler answers, as http.ServeMux has it.
type Route struct {
	Pattern string
	Handler http.Handler
	Public  bool // needs no token
}

// Routes are all of them.
func (h *Handler) Routes() []Route {
	return []Route{
		{Pattern: "GET /keys", Handler: h.of(h.list)},
		{Pattern: "POST /keys", Handler: h.of(h.create)},
		{Pattern: "DELETE /keys/{id}", Handler: h.of(h.revoke)},
		{Pattern: "GET /whoami", Handler: h.of(h.whoami)},
		{Pattern: "GET /.well-known/apicenter", Handler: h.of(h.signIn), Public: true},
	}
}

// of makes a handler of a function that gives the status and the body of its
// answer; nil: an answer without one.
func (h *Handler) of(f func(*http.Request) (status int, body any, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		status, body, err := f(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if body == nil {
			w.WriteHeader(status)
			return
		}
		if err := reply.Value(w, status, body); err != nil {
			h.fail(w, r, err)
		}
	})
}

// maxBody is more than any request here needs.
const maxBody = 16 << 10

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	reply.Fail(w, r, h.options.Log, err, reply.Refusal(err))
}

// decode reads the body, a JSON object with no members but those of v: a
// misspelt one must not count as left out.
func decode(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return inventory.Errorf(inventory.Invalid, "", "the body is not the JSON object that is expected here: %v", err)
	}
	if d.More() {
		return inventory.Errorf(inventory.Invalid, "", "the body goes on after its JSON object")
	}
	return nil
}
