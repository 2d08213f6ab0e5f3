package armapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Options are what a Handler needs: the first four, and where clients find things.
type Options struct {
	Catalog *catalog.Catalog
	Access  Authorizer
	Signer  *documents.Signer // signs the addresses of exported documents
	Log     *slog.Logger
	// DefaultService is the one whose data plane answers without a prefix.
	DefaultService inventory.ID
	// DataDomain is the domain below which each service's data plane has a host
	// name of its own; empty: they answer below a path of this server.
	DataDomain string
	// PublicURL is how clients reach this server, "https://apis.example.com".
	// Empty: as the request says, which is right when no proxy changes it.
	PublicURL string
}

// Handler answers all requests below /subscriptions/ and /providers/. The
// caller is in the context already, and bodies are limited.
type Handler struct {
	catalog        *catalog.Catalog
	access         Authorizer
	routes         map[place]*methods
	signer         *documents.Signer
	log            *slog.Logger
	publicURL      string
	dataDomain     string
	defaultService inventory.ID
	buffers        sync.Pool // of *[]byte
	kept           kept
}

// New makes a Handler.
func New(o Options) *Handler {
	if o.Access == nil {
		panic("armapi: a handler without an Authorizer would let everybody in")
	}
	h := &Handler{
		catalog: o.Catalog, access: o.Access, routes: routes(), signer: o.Signer, log: o.Log,
		publicURL: o.PublicURL, dataDomain: o.DataDomain, defaultService: o.DefaultService,
	}
	h.buffers.New = func() any { return new(make([]byte, 0, 16<<10)) }
	return h
}

// request is one request and what it is about.
type request struct {
	*http.Request
	target
	version string
}

func (r *request) param(name string) (string, bool) { return arm.Param(r.URL.RawQuery, name) }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	key, plain := h.kept.key(r)
	generation := h.catalog.Generation()
	if a, ok := h.kept.find(key, generation); plain && ok {
		if err := h.access.Authorize(r.Context(), a.action, a.scope); err != nil {
			return err
		}
		a.write(w)
		return nil
	}
	path, err := arm.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return notFound(r)
	}
	t, ok := locate(path)
	if !ok {
		return notFound(r)
	}
	m, ok := h.routes[t.place]
	if !ok {
		return notFound(r)
	}
	version, _ := arm.Param(r.URL.RawQuery, "api-version")
	if err := arm.CheckVersion(version); err != nil {
		return err
	}
	o := m.of(r.Method)
	if o == nil {
		return notAllowed(w, r, m.names)
	}
	req := &request{Request: r, target: t, version: version}
	if o.filtered {
		return o.do(h, w, req)
	}
	if err := h.access.Authorize(r.Context(), o.needs, t.scope); err != nil {
		return err
	}
	if !plain || t.shape != one && t.shape != list {
		return o.do(h, w, req)
	}
	c := &copying{ResponseWriter: w}
	err = o.do(h, c, req)
	if err == nil && c.body != nil {
		h.kept.keep(key, generation, answered{action: o.needs, scope: t.scope, etag: w.Header().Get("Etag"), body: c.body})
	}
	return err
}

func notAllowed(w http.ResponseWriter, r *http.Request, names []string) error {
	allow := strings.Join(names, ", ")
	w.Header().Set("Allow", allow)
	return arm.Errorf(http.StatusMethodNotAllowed, arm.CodeMethodNotAllowed, "%s is not possible here; use %s", r.Method, allow)
}

func notFound(r *http.Request) error {
	return arm.Errorf(http.StatusNotFound, arm.CodeNotFound, "there is nothing at %s; check the path", r.URL.Path)
}

// statuses is the one table from the inventory's codes to Azure's.
var statuses = map[inventory.Code]struct {
	status int
	code   string
}{
	inventory.Invalid:      {http.StatusBadRequest, "ValidationError"},
	inventory.NotFound:     {http.StatusNotFound, arm.CodeNotFound},
	inventory.NoParent:     {http.StatusNotFound, "ParentResourceNotFound"},
	inventory.Exists:       {http.StatusPreconditionFailed, "PreconditionFailed"},
	inventory.Changed:      {http.StatusPreconditionFailed, "PreconditionFailed"},
	inventory.Owned:        {http.StatusConflict, "PropertyManagedBySource"},
	inventory.Conflict:     {http.StatusConflict, "Conflict"},
	inventory.Superseded:   {http.StatusConflict, "Conflict"},
	inventory.LimitReached: {http.StatusBadRequest, "LimitExceeded"},
	inventory.Denied:       {http.StatusForbidden, "AuthorizationFailed"},
	inventory.Unavailable:  {http.StatusServiceUnavailable, "ServiceUnavailable"},
}

// fail answers with err. What is no fault of the caller is told to the log, not to him.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*arm.Error](err); ok {
		reply.Error(w, e)
		return
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		reply.Error(w, arm.Errorf(http.StatusRequestEntityTooLarge, arm.CodeTooLarge, "the body has more than %d bytes", e.Limit))
		return
	}
	if s, ok := statuses[inventory.CodeOf(err)]; ok {
		out := arm.Errorf(s.status, s.code, "%v", err)
		if e, ok := errors.AsType[*inventory.Error](err); ok {
			out.Message, out.Target = e.Message, wireTarget(e.Target)
		}
		if out.Target == "$filter" {
			out.Code = codeInvalidFilter
		}
		if s.status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "5")
		}
		reply.Error(w, out)
		return
	}
	if e, ok := errors.AsType[*source.Error](err); ok {
		if e.Stalled { // the same request fails until somebody has done something
			reply.Error(w, arm.Errorf(http.StatusConflict, "SourceRefused", "%s", e.Advice()))
			return
		}
		w.Header().Set("Retry-After", strconv.Itoa(max(5, int(e.After.Seconds()))))
		reply.Error(w, arm.Errorf(http.StatusServiceUnavailable, "SourceUnavailable", "%s", e.Advice()))
		return
	}
	if r.Context().Err() != nil {
		reply.Error(w, arm.Errorf(http.StatusServiceUnavailable, "RequestCanceled", "the request was given up"))
		return
	}
	h.log.ErrorContext(r.Context(), "request failed",
		"method", r.Method, "path", r.URL.Path, "request", w.Header().Get(reply.RequestID), "error", err)
	reply.Internal(w)
}

// wireTarget gives the name that a caller knows a link's property by.
func wireTarget(target string) string {
	switch target {
	case "properties.source":
		return "properties.azureApiManagementSource.resourceId"
	case "properties.identity":
		return "properties.azureApiManagementSource.msiResourceId"
	case "properties.sourceType":
		return "properties.apiSourceType"
	default:
		return target
	}
}
