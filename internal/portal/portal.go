package portal

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/signin"
)

// Access says who may do what. The error of somebody who may not is Denied.
type Access interface {
	Authorize(ctx context.Context, action, scope string) error
	// AuthorizeReading is Authorize for what both planes show: the same action of either does.
	AuthorizeReading(ctx context.Context, action, scope string) error
	Allowed(ctx context.Context, action, scope string) bool
}

// Keys knows the API keys.
type Keys interface {
	// Authenticate gives the principal of a key's token, or auth.ErrUnknown.
	Authenticate(ctx context.Context, token string) (auth.Principal, error)
	// Recall gives the principal of a key by the hash of its token, as long as the
	// key is good, or auth.ErrUnknown.
	Recall(of inventory.Digest) (auth.Principal, error)
}

// Options are what a Handler needs; all but Sources, Azure, Stopping, Compare and PublicURL is required.
type Options struct {
	Catalog  *catalog.Catalog
	Access   Access
	Roles    Roles
	Keys     Keys
	KeyRing  KeyRing
	Sessions inventory.Sessions
	Issuers  Issuers
	Log      *slog.Logger
	// Sources finds what can be linked; nil: people name it.
	Sources Sources
	// Azure answers for Azure Resource Manager to who has a token for it; nil: nobody does.
	Azure http.Handler
	// Stopping is closed when the server is about to stop: streams end then.
	Stopping <-chan struct{}
	// Compare says what a difference of two documents means; nil: that is not told.
	Compare inventory.Compare
	// Version is that of this server, for who looks at the settings.
	Version string
	// PublicURL is how browsers reach this server, "https://apis.example.com".
	// Empty: as the request says.
	PublicURL string
}

// Root is the path that all pages are below.
const Root = "/portal"

// Handler answers all that is below Root, and sends who asks for "/" there.
type Handler struct {
	catalog   *catalog.Catalog
	access    Access
	roles     Roles
	keys      Keys
	keyRing   KeyRing
	sessions  inventory.Sessions
	log       *slog.Logger
	sources   Sources
	azure     http.Handler
	stopping  <-chan struct{}
	publicURL string
	release   string // of this server
	assets    assets
	templates map[string]*template.Template
	own       *http.ServeMux // pages of the portal itself, below Root/-/
	pages     *http.ServeMux // pages of a service
	issuers   Issuers
	documents []memo[*signin.Issuer] // of the issuers
	tickets   tickets
	visits    visits
	personal  personal
	comparer  inventory.Compare
	shelf     shelf
	origins   *http.CrossOriginProtection
}

// New makes a Handler.
func New(o Options) (*Handler, error) {
	if o.Access == nil || o.Keys == nil || o.Sessions == nil {
		panic("portal: a handler without access, keys and sessions would let everybody in")
	}
	h := &Handler{
		catalog: o.Catalog, access: o.Access, roles: o.Roles, keys: o.Keys, keyRing: o.KeyRing, sessions: o.Sessions, issuers: o.Issuers, log: o.Log, publicURL: o.PublicURL, release: o.Version,
		sources: o.Sources, azure: o.Azure, stopping: o.Stopping, comparer: o.Compare,
		documents: make([]memo[*signin.Issuer], len(o.Issuers.SignIns)), origins: http.NewCrossOriginProtection(),
	}
	var err error
	if h.visits, err = newVisits(); err != nil {
		return nil, err
	}
	if public, err := url.Parse(o.PublicURL); err == nil && public.Host != "" {
		// A proxy may ask for another host than the browser did.
		if err := h.origins.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
			return nil, fmt.Errorf("the public URL %s: %w", o.PublicURL, err)
		}
	}
	if h.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if h.templates, err = h.parse(); err != nil {
		return nil, err
	}
	h.own, h.pages = http.NewServeMux(), http.NewServeMux()
	for _, p := range routes() {
		mux := h.pages
		if strings.Contains(p.pattern, " "+Root+"/-/") {
			mux = h.own
		}
		mux.Handle(p.pattern, h.serve(p))
	}
	h.own.HandleFunc("GET "+Root+"/-/static/{hash}/{name}", h.assets.serve)
	return h, nil
}

// Owns says that a request is the portal's to answer.
func (h *Handler) Owns(r *http.Request) bool {
	path := r.URL.Path
	return path == "/" || path == robotsPath || path == Root || strings.HasPrefix(path, Root+"/")
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	if err := h.origins.Check(r); err != nil {
		h.refuse(w, r, inventory.Errorf(inventory.Denied, "", "this was sent by a page of another site; open the portal and do it there"))
		return
	}
	switch path := r.URL.Path; {
	case path == "/":
		http.Redirect(w, r, Root, http.StatusFound)
		return
	case path == robotsPath:
		robots(w, r)
		return
	case strings.HasPrefix(path, Root+"/-/"):
	case len(path) > len(Root)+1 && strings.HasSuffix(path, "/"):
		http.Redirect(w, r, strings.TrimRight(path, "/"), http.StatusMovedPermanently)
		return
	}
	mux := h.muxOf(r.URL.Path)
	if _, pattern := mux.Handler(r); pattern == "" {
		h.refuse(w, r, reply.NotFound(r))
		return
	}
	mux.ServeHTTP(w, r)
}

// muxOf has the pages below a path.
func (h *Handler) muxOf(path string) *http.ServeMux {
	if strings.HasPrefix(path, Root+"/-/") {
		return h.own
	}
	return h.pages
}

// guard sets what browsers hold a page to.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}
