package managerapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"unicode/utf8"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/reply"
)

// Authorizer decides who may do what. Scopes are Azure's paths, in any case.
type Authorizer interface {
	// Authorize says whether the caller in ctx may do an action at a scope. The
	// error has the code Denied and names both.
	Authorize(ctx context.Context, action, scope string) error
	// Allowed is Authorize for a list that leaves out what the caller may not read.
	Allowed(ctx context.Context, action, scope string) bool
	// Held gives the roles of the caller.
	Held(ctx context.Context) []auth.Grant
}

// Options are what a Handler needs. All but those that say otherwise are required.
type Options struct {
	Catalog *catalog.Catalog
	Access  Authorizer
	Roles   Roles
	// Provider answers all paths of Microsoft.ApiCenter's own.
	Provider http.Handler
	Log      *slog.Logger
	// PublicURL is how clients reach this server, "https://apis.example.com".
	// Empty: as the request says, which is right when no proxy changes it.
	PublicURL string
	// Tenant is the directory that the center belongs to. Empty: that of the caller.
	Tenant string
	// Upstream is the resource manager that answers for all other providers,
	// "https://management.azure.com". Empty: nobody does.
	Upstream string
	// Transport reaches the upstream; it must follow no redirect. Nil: NewTransport's.
	Transport http.RoundTripper
}

// Handler answers all requests below /subscriptions, /providers and /tenants.
// The caller is in the context already, and bodies are limited.
type Handler struct {
	catalog   *catalog.Catalog
	access    Authorizer
	roles     Roles
	provider  http.Handler
	log       *slog.Logger
	publicURL string
	tenant    string
	upstream  *upstream // nil: there is none
	routes    []route
}

// New makes a Handler. It sends nothing.
func New(o Options) (*Handler, error) {
	if o.Catalog == nil || o.Access == nil || o.Roles == nil || o.Provider == nil || o.Log == nil {
		return nil, errors.New("managerapi: catalog, access, roles, provider and log are required")
	}
	h := &Handler{
		catalog: o.Catalog, access: o.Access, roles: o.Roles, provider: o.Provider, log: o.Log,
		publicURL: o.PublicURL, tenant: o.Tenant, routes: routes(),
	}
	if o.Upstream == "" {
		return h, nil
	}
	var err error
	h.upstream, err = newUpstream(o.Upstream, o.Transport)
	return h, err
}

// request is one request, and what of its path a route has named.
type request struct {
	*http.Request
	path path
	args map[string]string
	body []byte // of a request whose body has been read
}

func (r *request) param(name string) string {
	v, _ := arm.Param(r.URL.RawQuery, name)
	return v
}

// subscription is the scope of the subscription in the path.
func (r *request) subscription() string { return subscriptionScope(r.args["subscription"]) }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	p, err := parsePath(r.URL.EscapedPath())
	if err != nil {
		return reply.NotFound(r)
	}
	if strings.EqualFold(p.namespace(), apiCenter) && len(p.rest()) > 1 {
		h.provider.ServeHTTP(w, r)
		return nil
	}
	to, allowed := h.find(r.Method, p)
	switch {
	case to != nil && to.words[0] == "{scope}" && p.scope().owner() == foreign:
		return h.pass(w, &request{Request: r, path: p})
	case to != nil:
		return h.decide(w, &request{Request: r, path: p, args: to.args(p)}, to)
	case len(allowed) > 0:
		return reply.NotAllowed(w, r, strings.Join(allowed, ", "))
	case strings.EqualFold(p.namespace(), apiCenter):
		h.provider.ServeHTTP(w, r)
		return nil
	}
	return h.pass(w, &request{Request: r, path: p})
}

// decide has the upstream answer what is not ours, and else asks whether the
// caller may.
func (h *Handler) decide(w http.ResponseWriter, r *request, to *route) error {
	if to.elsewhere != nil && h.reaches(r) {
		switch elsewhere, err := to.elsewhere(h, r); {
		case err != nil:
			return err
		case elsewhere:
			return h.pass(w, r)
		}
	}
	if !to.anyone {
		if err := h.access.Authorize(r.Context(), to.action, to.scope(r)); err != nil {
			return err
		}
	}
	return to.do(h, w, r)
}

// pass answers what is not ours: the upstream does, if there is one.
func (h *Handler) pass(w http.ResponseWriter, r *request) error {
	switch {
	case h.upstream != nil && r.path.scope().owner() != ours:
		return h.forward(w, r)
	case r.path.provider < 0:
		return reply.NotFound(r.Request)
	}
	return arm.Errorf(http.StatusNotFound, "InvalidResourceNamespace",
		"The resource namespace '%s' is invalid here: this server answers for %s, and has no other resource manager to ask.", r.path.namespace(), apiCenter)
}

// maxDepth bounds how deep a body may nest; none of ours nests deeper than five.
const maxDepth = 32

// decode reads a body that must be a JSON object into v. What it does not know
// it ignores, as Azure does.
func (r *request) decode(v any) error {
	if err := r.read(); err != nil {
		return err
	}
	if len(r.body) == 0 {
		return invalid("", "the body is empty; send a JSON object")
	}
	if !utf8.Valid(r.body) {
		return invalid("", "the body is not UTF-8")
	}
	if arm.Depth(r.body) > maxDepth {
		return invalid("", "the body nests deeper than %d", maxDepth)
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		return invalid("", "the body is not the JSON that is expected: %v", err)
	}
	return nil
}

// read takes the body in, which the server has limited, so that it can still be
// passed on.
func (r *request) read() (err error) {
	if r.body != nil {
		return nil
	}
	if r.body, err = io.ReadAll(r.Body); err != nil {
		return fmt.Errorf("read the request's body: %w", err)
	}
	return nil
}

func invalid(target, format string, args ...any) *arm.Error {
	e := arm.Errorf(http.StatusBadRequest, arm.CodeInvalidContent, format, args...)
	e.Target = target
	return e
}

// fail answers with err. What is no fault of the caller is told to the log, not to him.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	reply.Fail(w, r, h.log, err, reply.Refusal(err))
}
