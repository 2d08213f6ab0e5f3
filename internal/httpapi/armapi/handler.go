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

// Options are what a Handler needs.
type Options struct {
	Catalog *catalog.Catalog
	Signer  *documents.Signer // signs the addresses of exported documents
	Log     *slog.Logger
	// PublicURL is how clients reach this server, "https://apis.example.com".
	// Empty: as the request says, which is right when no proxy changes it.
	PublicURL string
}

// Handler answers all requests below /subscriptions/ and /providers/. The
// caller is in the context already, and bodies are limited.
type Handler struct {
	catalog   *catalog.Catalog
	signer    *documents.Signer
	log       *slog.Logger
	publicURL string
	buffers   sync.Pool // of *[]byte
	kept      kept
}

// New makes a Handler.
func New(o Options) *Handler {
	h := &Handler{catalog: o.Catalog, signer: o.Signer, log: o.Log, publicURL: o.PublicURL}
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

type verb func(*Handler, http.ResponseWriter, *request) error

// verbs are what can be done with a shape, by method; allow names the methods.
type verbs struct {
	allow               string
	get, put, del, post verb
}

var (
	resourceVerbs = verbs{allow: "GET, HEAD, PUT, DELETE", get: (*Handler).get, put: (*Handler).put, del: (*Handler).delete}
	listVerbs     = verbs{allow: "GET, HEAD", get: (*Handler).list}
)

// actions are what can be done with a resource besides, by its kind and the
// last word of the path.
var actions = map[inventory.Kind]map[string]verbs{
	inventory.KindDefinition: {
		"importspecification": {allow: "POST", post: (*Handler).importSpecification},
		"exportspecification": {allow: "POST", post: (*Handler).exportSpecification},
	},
	inventory.KindLink: {
		"sync":    {allow: "POST", post: (*Handler).sync},
		"runs":    {allow: "GET, HEAD", get: (*Handler).runs},
		"plan":    {allow: "POST", post: (*Handler).plan},
		"approve": {allow: "POST", post: (*Handler).approve},
		"check":   {allow: "POST", post: (*Handler).check},
	},
}

func (v verbs) of(method string) verb {
	switch method {
	case http.MethodGet, http.MethodHead: // the server drops the body of a HEAD
		return v.get
	case http.MethodPut:
		return v.put
	case http.MethodDelete:
		return v.del
	case http.MethodPost:
		return v.post
	default:
		return nil
	}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	key, plain := h.kept.key(r)
	generation := h.catalog.Generation()
	if a, ok := h.kept.find(key, generation); plain && ok {
		a.write(w)
		return nil
	}
	if strings.EqualFold(strings.Trim(r.URL.Path, "/"), "subscriptions") {
		return h.subscriptions(w, r)
	}
	path, err := arm.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return notFound(r)
	}
	t, ok := locate(path)
	if !ok {
		return notFound(r)
	}
	var v verbs
	switch t.shape {
	case one:
		v = resourceVerbs
	case list:
		v = listVerbs
	default:
		if v, ok = actions[t.kind][t.action]; !ok {
			return notFound(r)
		}
	}
	version, _ := arm.Param(r.URL.RawQuery, "api-version")
	if err := arm.CheckVersion(version); err != nil {
		return err
	}
	do := v.of(r.Method)
	if do == nil {
		w.Header().Set("Allow", v.allow)
		return arm.Errorf(http.StatusMethodNotAllowed, arm.CodeMethodNotAllowed, "%s is not possible here; use %s", r.Method, v.allow)
	}
	if !plain || t.shape == action {
		return do(h, w, &request{Request: r, target: t, version: version})
	}
	c := &copying{ResponseWriter: w}
	err = do(h, c, &request{Request: r, target: t, version: version})
	if err == nil && c.body != nil {
		h.kept.keep(key, generation, answered{etag: w.Header().Get("Etag"), body: c.body})
	}
	return err
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
