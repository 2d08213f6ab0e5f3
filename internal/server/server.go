// Package server listens: it puts the surfaces behind one address, lets nobody
// in without a token but where a route or a surface says so, guards the process against what
// clients may send, and stops without cutting anybody off.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
)

// Authenticator says who a bearer token stands for.
type Authenticator interface {
	// Authenticate gives auth.ErrUnknown for a token that is nobody's, and
	// inventory.Unavailable when that cannot be told at present.
	Authenticate(ctx context.Context, bearer string) (auth.Principal, error)
}

// Route is one surface of the server.
type Route struct {
	Pattern string // as http.ServeMux has it
	Handler http.Handler
	Public  bool // needs no token: it guards itself, or has nothing to guard
}

// Surface is one that no pattern can tell from the others: by the host that was
// asked, say.
type Surface struct {
	Owns    func(*http.Request) bool
	Handler http.Handler
	Tokens  Authenticator // whose tokens are good here; nil: Options.Keys
	// Anonymous lets in who has no token as a principal of the kind
	// auth.Anonymous, and every OPTIONS, which browsers send without: the handler
	// decides. A token that is no good is still refused, in a way that pages of any
	// origin may read.
	Anonymous bool
	// MaxBody is how many bytes of a body reach the handler, which bounds what it
	// keeps of them; 0: as many as everywhere.
	MaxBody int64
}

// Options are what a Server needs. ARM, Keys and Log are required.
type Options struct {
	Address   string       // "host:port"; empty: a free port of the loopback interface
	ARM       http.Handler // answers Azure's resource paths, which no ServeMux can
	Surfaces  []Surface    // asked in order, before all else
	Routes    []Route      // everything else
	Keys      Authenticator
	Authority string      // where people get a token, for challenges; may be empty
	TLS       *tls.Config // nil: plain HTTP; see Certificate and SelfSigned
	Log       *slog.Logger
	AccessLog bool // a line for each request
	// Ready says whether the server can do its work; nil: once it listens.
	Ready func(ctx context.Context) error
	// Grace is how long requests may take to end at shutdown; 0: 15 seconds.
	Grace time.Duration
}

// Limits of what a client may send.
const (
	// maxBody is the four megabytes that Azure takes, and room for what JSON adds.
	maxBody    = 4<<20 + 256<<10
	maxHeaders = 64 << 10
	maxURI     = 16 << 10

	headerTimeout = 10 * time.Second
	readTimeout   = 2 * time.Minute
	writeTimeout  = 10 * time.Minute // a large document over a slow line
	idleTimeout   = 2 * time.Minute
	defaultGrace  = 15 * time.Second
	defaultListen = "127.0.0.1:0"
)

// Server is all of it. It serves once.
type Server struct {
	options  Options
	http     *http.Server
	listener net.Listener
}

// New makes a Server; it does not listen yet.
func New(o Options) *Server {
	if o.Address == "" {
		o.Address = defaultListen
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	return &Server{options: o, http: &http.Server{
		Handler:           Handler(o),
		TLSConfig:         o.TLS,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaders,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug), // clients that break off
	}}
}

// Listen takes the address and gives it as it is, with the port that was chosen.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", s.options.Address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; is another server running there?", s.options.Address, err)
	}
	s.listener = l
	return l.Addr(), nil
}

// Serve answers until ctx ends, after Listen. It then takes no more requests,
// lets those under way end, and returns; what does not end in time is cut off.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() {
		if s.options.TLS != nil {
			failed <- s.http.ServeTLS(s.listener, "", "")
			return
		}
		failed <- s.http.Serve(s.listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Grace)
	defer cancel()
	err := s.http.Shutdown(grace)
	if err != nil {
		s.options.Log.Warn("requests were still under way at shutdown and are cut off", "grace", s.options.Grace)
		err = s.http.Close()
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Run is Listen and Serve.
func (s *Server) Run(ctx context.Context) error {
	if _, err := s.Listen(ctx); err != nil {
		return err
	}
	return s.Serve(ctx)
}

// Handler is everything but the listening.
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { status(w, http.StatusOK, "ok", "") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if o.Ready != nil {
			if err := o.Ready(r.Context()); err != nil {
				o.Log.WarnContext(r.Context(), "not ready", "error", err)
				status(w, http.StatusServiceUnavailable, "not ready", "the server's log has the reason")
				return
			}
		}
		status(w, http.StatusOK, "ok", "")
	})
	for _, route := range o.Routes {
		h := route.Handler
		if !route.Public {
			h = o.gate().admit(h)
		}
		mux.Handle(route.Pattern, h)
	}
	surfaces := make([]Surface, 0, len(o.Surfaces)+1)
	for _, s := range append(slices.Clone(o.Surfaces), Surface{Owns: resource, Handler: o.ARM}) {
		g := o.gate()
		if g.anonymous = s.Anonymous; s.Tokens != nil {
			g.tokens = s.Tokens
		}
		s.Handler = g.admit(s.Handler)
		surfaces = append(surfaces, s)
	}
	return guarded(o, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range surfaces {
			if surfaces[i].Owns(r) {
				surfaces[i].Handler.ServeHTTP(w, r)
				return
			}
		}
		routed(mux, w, r)
	}))
}

// bodyLimit is how many bytes the body of a request may have.
func (o Options) bodyLimit(r *http.Request) int64 {
	for _, s := range o.Surfaces {
		if s.Owns(r) {
			return cmp.Or(s.MaxBody, maxBody)
		}
	}
	return maxBody
}

func resource(r *http.Request) bool { return arm.Owns(r.URL.Path) }
