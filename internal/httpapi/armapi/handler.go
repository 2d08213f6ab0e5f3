package armapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

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
	Feed    Feed // nil: nobody can follow what changes
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
	feed           Feed
	publicURL      string
	dataDomain     string
	defaultService inventory.ID
	buffers        reply.Buffers
	kept           reply.Kept
}

// New makes a Handler.
func New(o Options) *Handler {
	if o.Access == nil {
		panic("armapi: a handler without an Authorizer would let everybody in")
	}
	return &Handler{
		catalog: o.Catalog, access: o.Access, routes: routes(), signer: o.Signer, log: o.Log, feed: o.Feed,
		publicURL: o.PublicURL, dataDomain: o.DataDomain, defaultService: o.DefaultService,
	}
}

// request is one request and what it is about.
type request struct {
	*http.Request
	target
	version string
	at      time.Time // as of when is asked; zero: now
}

func (r *request) param(name string) (string, bool) { return arm.Param(r.URL.RawQuery, name) }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	key, plain := reply.Key(r)
	generation := h.catalog.Generation()
	if a, ok := h.kept.Find(key, generation); plain && ok {
		if err := h.access.Authorize(r.Context(), a.Action, a.Scope); err != nil {
			return err
		}
		a.Write(w)
		return nil
	}
	path, err := arm.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return reply.NotFound(r)
	}
	t, ok := locate(path)
	if !ok {
		return reply.NotFound(r)
	}
	m, ok := h.routes[t.place]
	if !ok {
		return reply.NotFound(r)
	}
	version, _ := arm.Param(r.URL.RawQuery, "api-version")
	if err := arm.CheckVersion(version); err != nil {
		return err
	}
	o := m.of(r.Method)
	if o == nil {
		return reply.NotAllowed(w, r, strings.Join(m.names, ", "))
	}
	req := &request{Request: r, target: t, version: version}
	if req.at, err = instantOf(req); err != nil {
		return err
	}
	if o.filtered {
		return o.do(h, w, req)
	}
	if err := h.access.Authorize(r.Context(), o.needs, t.scope); err != nil {
		return err
	}
	if !plain || t.shape != one && t.shape != list || own(t.kind) {
		return o.do(h, w, req)
	}
	may := reply.Answer{Action: o.needs, Scope: strings.ToLower(t.scope)} // as an Authorizer compares it
	return h.kept.Record(w, key, generation, may, func(w http.ResponseWriter) error { return o.do(h, w, req) })
}

// own says that answers about a kind are not the same for everybody and for
// ever: a link's age grows by itself, and the address of a webhook is not shown to all.
func own(k inventory.Kind) bool { return k == inventory.KindLink || k == inventory.KindWebhook }

// fail answers with err. What is no fault of the caller is told to the log, not to him.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	refusal := reply.Refusal(err)
	if e, ok := errors.AsType[*source.Error](err); ok && refusal == nil {
		if refusal = refused(e); !e.Stalled {
			w.Header().Set("Retry-After", strconv.Itoa(max(5, int(e.After.Seconds()))))
		}
	}
	if refusal != nil {
		refusal.Target = wireTarget(refusal.Target)
	}
	reply.Fail(w, r, h.log, err, refusal)
}

// refused is why a source cannot be read: 409 if the same request fails until
// somebody has done something.
func refused(e *source.Error) *arm.Error {
	if e.Stalled {
		return arm.Errorf(http.StatusConflict, "SourceRefused", "%s", e.Advice())
	}
	return arm.Errorf(http.StatusServiceUnavailable, "SourceUnavailable", "%s", e.Advice())
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
