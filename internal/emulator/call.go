package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/identity"
	"apicenter/internal/emulator/wire"
)

// call is one request to ARM on its way through the emulator.
type call struct {
	*http.Request
	server    *Server
	args      []arg
	query     url.Values
	version   string
	principal identity.Principal
	body      []byte
	change    *apim.Change // of an API, read before the lock
}

// reply is what a handler answers. Status 0 means 200.
type reply struct {
	status int
	etag   string
	header map[string]string
	body   []byte
}

// maxBody is the limit of a request; inline imports may have 4 MB, and JSON
// may double that.
const maxBody = 16 << 20

func (c *call) arg(name string) string {
	for _, a := range c.args {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// modern is true from 2024-05-01 on, where API writes answer otherwise.
func (c *call) modern() bool { return c.version >= "2024" }

func (c *call) preview() bool { return strings.HasSuffix(c.version, "-preview") }

func (c *call) form() apim.Form {
	var f apim.Form
	if c.preview() {
		f |= apim.Preview
	}
	if c.flag("expandApiVersionSet") {
		f |= apim.Expanded
	}
	return f
}

func (c *call) flag(name string) bool {
	yes, _ := strconv.ParseBool(c.query.Get(name)) // anything unreadable is a no
	return yes
}

func (c *call) readBody() error {
	b, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, maxBody))
	if err != nil {
		return wire.Errorf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request has more than %d bytes.", maxBody)
	}
	c.body = bytes.TrimSpace(b)
	return nil
}

// decode reads the body into v.
func (c *call) decode(v any) error {
	if len(c.body) == 0 {
		return wire.Errorf(http.StatusBadRequest, "InvalidRequestContent", "The request content must not be empty.")
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return wire.Errorf(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%v'.", err)
	}
	return nil
}

// properties is the raw value of that field in the body.
func (c *call) properties() (json.RawMessage, error) {
	var in struct {
		Properties json.RawMessage `json:"properties"`
	}
	err := c.decode(&in)
	return in.Properties, err
}

// host is the emulator's own address, as the client spelled it.
func (c *call) host() string { return baseURL(c.Request) }

func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// precondition checks If-Match. PUT may go without, PATCH and DELETE may not.
func (c *call) precondition(etag string) error {
	want := c.Header.Get("If-Match")
	switch {
	case want == "" && c.Method != http.MethodPut:
		return wire.Errorf(http.StatusBadRequest, "ValidationError", "The If-Match header is required.")
	case want == "", want == "*", want == etag:
		return nil
	default:
		return wire.Errorf(http.StatusPreconditionFailed, "PreconditionFailed", "Resource was modified since last retrieval.")
	}
}

// written answers a PUT.
func written(created bool, etag string, body []byte) reply {
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return reply{status: status, etag: etag, body: body}
}

func found(etag string, v any) reply { return reply{etag: etag, body: apim.Marshal(v)} }

func (r reply) write(w http.ResponseWriter, head bool) {
	h := w.Header()
	for k, v := range r.header {
		h.Set(k, v)
	}
	if r.etag != "" {
		h.Set("ETag", r.etag)
	}
	h.Set("Cache-Control", "no-cache")
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	if head || len(r.body) == 0 {
		w.WriteHeader(status)
		return
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(status)
	_, _ = w.Write(r.body) // the client may have gone
}

func refuse(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		e.Write(w)
		return
	}
	wire.Errorf(http.StatusInternalServerError, "InternalServerError", "%v", err).Write(w)
}
