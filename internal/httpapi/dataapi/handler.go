package dataapi

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Authorizer says whether the caller in ctx may do something with data.
type Authorizer interface {
	// AuthorizeData gives nil, or an inventory.Error with the code Denied that
	// names the action and the scope, which is Azure's path of a resource.
	AuthorizeData(ctx context.Context, action, scope string) error
}

// Limits bound what is asked of one service; 0 is no limit.
type Limits struct {
	// RequestsPerMinute may all come at once; after that they come one by one.
	RequestsPerMinute int
	APIs              int // how many can be reached: the oldest ones
}

// Options are what a Handler needs. But for PublicURL, Domain and Limits all is required.
type Options struct {
	Catalog *catalog.Catalog
	Access  Authorizer
	Signer  *documents.Signer // signs the addresses of exported documents
	Log     *slog.Logger
	// DefaultService is that of paths that name none.
	DefaultService inventory.ID
	// PublicURL is how clients reach this server, "https://apis.example.com".
	// Empty: as the request says.
	PublicURL string
	Domain    string // of the host names of services: {service}.data.{region}.{domain}; empty: none has one
	Limits    Limits
}

// Handler answers what Owns says is the data plane's. Whoever calls is in the
// context; nobody, or somebody anonymous, gets where a service is open to all.
type Handler struct {
	catalog        *catalog.Catalog
	access         Authorizer
	signer         *documents.Signer
	log            *slog.Logger
	defaultService inventory.ID
	publicURL      string
	domain         string
	directory      directory
	routes         []route
	buffers        reply.Buffers
	kept           reply.Kept
}

// New makes a Handler.
func New(o Options) *Handler {
	if o.Access == nil {
		panic("dataapi: without an Authorizer everybody might do anything")
	}
	domain := strings.ToLower(strings.Trim(o.Domain, "."))
	return &Handler{
		catalog: o.Catalog, access: o.Access, signer: o.Signer, log: o.Log, defaultService: o.DefaultService, publicURL: o.PublicURL, domain: domain,
		directory: directory{catalog: o.Catalog, domain: domain, limits: o.Limits}, routes: routes(),
	}
}

// request is one request and what it is about.
type request struct {
	*http.Request
	service  *service
	id       inventory.ID // of the last thing that the path names, the service's if it names none
	segments []string     // of the path below the service
	base     string       // how the caller reached this server: "https://host"
	// generation is the inventory's, from before anything was looked at.
	generation uint64
}

func (r *request) param(name string) (string, bool) { return arm.Param(r.URL.RawQuery, name) }

// path is the request's own, without a verb at its end.
func (r *request) path() string {
	path := strings.TrimRight(r.URL.EscapedPath(), "/")
	return path[:strings.LastIndexByte(path, '/')+1] + url.PathEscape(r.segments[len(r.segments)-1])
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	openToBrowsers(w.Header())
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	if err := h.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	at, ok := h.locate(r)
	if !ok {
		return reply.NotFound(r)
	}
	route, allowed := find(h.routes, r.Method, at)
	if route == nil && allowed == nil {
		return reply.NotFound(r)
	}
	if route == nil {
		return reply.NotAllowed(w, r, strings.Join(append(allowed, http.MethodOptions), ", "))
	}
	generation := h.catalog.Generation()
	s, err := h.directory.find(r.Context(), h.means(at))
	if err != nil {
		return err
	}
	in := &request{Request: r, service: s, segments: at.segments, base: h.base(r, at), generation: generation}
	if s != nil {
		if in.id, err = inventory.ParseID(strings.Join(append([]string{s.id.String()}, at.segments[:route.depth]...), "/")); err != nil {
			return reply.NotFound(r)
		}
	}
	if err := h.authorize(in, route.Action); err != nil {
		return err
	}
	if s == nil {
		return arm.Errorf(http.StatusNotFound, arm.CodeNotFound, "there is no API center at %s; check its name", r.Host+r.URL.Path)
	}
	if err := s.spend(w, time.Now()); err != nil {
		return err
	}
	if err := checkVersion(in); err != nil {
		return err
	}
	if _, past := in.param("at"); past {
		return arm.Errorf(http.StatusBadRequest, "InvalidQueryParameterValue",
			"the data plane shows what is; leave at out, or ask the control plane, which answers what was at an instant")
	}
	if err := h.reachable(in); err != nil {
		return err
	}
	return route.do(h, w, in)
}

// means says which service an address is of.
func (h *Handler) means(at address) func(*service) bool {
	return func(s *service) bool {
		switch {
		case at.host != "":
			return s.hostname == at.host
		case at.service != "":
			return s.id.Name() == strings.ToLower(at.service)
		default:
			return s.id == h.defaultService
		}
	}
}

// base is how clients reach this server, at the address that the caller used.
func (h *Handler) base(r *http.Request, at address) string {
	switch {
	case at.host == "":
		return reply.Base(h.publicURL, r)
	case strings.HasPrefix(h.publicURL, "https://"):
		return "https://" + r.Host
	default:
		return reply.Base("", r)
	}
}

// authorize refuses who may not do this. It tells nobody which services there
// are before it knows who asks.
func (h *Handler) authorize(r *request, action string) error {
	if r.service != nil && r.service.anonymous {
		return nil // what anybody may read, somebody may
	}
	if p, ok := auth.From(r.Context()); !ok || p.Kind == auth.Anonymous {
		return arm.Errorf(http.StatusUnauthorized, arm.CodeUnauthenticated,
			"a token is needed: send the header 'Authorization: Bearer TOKEN', or have the API center allow anonymous access")
	}
	if r.service == nil {
		return nil
	}
	return h.access.AuthorizeData(r.Context(), action, r.service.scope+strings.TrimPrefix(r.id.String(), r.service.id.String()))
}

// spend takes one of the requests that the service has left.
func (s *service) spend(w http.ResponseWriter, now time.Time) error {
	if s.requests == nil {
		return nil
	}
	one := s.requests.ReserveN(now, 1)
	wait := one.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	one.CancelAt(now)
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	w.Header().Set("Retry-After", seconds)
	return arm.Errorf(http.StatusTooManyRequests, "TooManyRequests",
		"this API center answers %d requests a minute; try again in %s seconds", s.requests.Burst(), seconds)
}

// versions are the api-versions that were ever written down; clients send none.
var versions = []string{"2024-02-01-preview", "2024-03-01"}

func checkVersion(r *request) error {
	v, _ := r.param("api-version")
	if v == "" || slices.Contains(versions, strings.ToLower(v)) {
		return nil
	}
	return arm.Errorf(http.StatusBadRequest, "InvalidApiVersionParameter",
		"The api-version '%s' is not supported; supported: %s.", v, strings.Join(versions, ", "))
}

// reachable refuses what is below an API that the limit leaves out.
func (h *Handler) reachable(r *request) error {
	api := r.id.Ancestor(inventory.KindAPI)
	if r.service.lastAPI == 0 || api.IsZero() {
		return nil
	}
	have, err := h.catalog.Get(r.Context(), api)
	if err == nil && have.Key > r.service.lastAPI {
		return arm.Errorf(http.StatusNotFound, arm.CodeNotFound,
			"API %q cannot be reached: this API center shows %d APIs here, the oldest ones", have.Name(), h.directory.limits.APIs)
	}
	return err
}

// fail answers with err. What is no fault of the caller is told to the log, not to him.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	refusal := reply.Refusal(err)
	if e, ok := errors.AsType[*source.Error](err); ok && refusal == nil {
		refusal = refused(e)
	}
	if refusal != nil && refusal.Status == http.StatusUnauthorized {
		w.Header().Set("Www-Authenticate", `Bearer realm="apicenter"`)
	}
	reply.Fail(w, r, h.log, err, refusal)
}

// refused is why a source cannot be read. What would mend it is not told to
// those who only read.
func refused(e *source.Error) *arm.Error {
	if e.Stalled {
		return arm.Errorf(http.StatusConflict, "SourceRefused", "%s", e.Message)
	}
	return arm.Errorf(http.StatusServiceUnavailable, "SourceUnavailable", "%s", e.Message)
}
