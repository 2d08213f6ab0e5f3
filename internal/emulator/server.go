package emulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"apicenter/internal/emulator/activitylog"
	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/blob"
	"apicenter/internal/emulator/eventgrid"
	"apicenter/internal/emulator/fault"
	"apicenter/internal/emulator/identity"
	"apicenter/internal/emulator/rbac"
	"apicenter/internal/emulator/retail"
)

// Server is an emulated Azure. It has no goroutines of its own; events wait
// until Run delivers them.
type Server struct {
	// Cloud is the state. Tests and the demo change it inside of Update.
	Cloud *apim.Cloud

	opts      Options
	routes    router
	blobs     blob.Store
	stats     *stats
	authority *identity.Authority
	roles     *rbac.Directory
	faults    *fault.Faults
	events    *eventgrid.Broker
	log       *activitylog.Log
	arm       http.Handler // with its faults
	// extensions by provider
	extensions map[string]*extension
	others     *http.ServeMux // tokens, and the proof of webhooks
	admin      *http.ServeMux
	shape      atomic.Pointer[Shape]
	target     Target
	story      []retail.Change // of the demo instance
}

// New builds the emulated Azure that the options describe.
func New(opts Options) (*Server, error) {
	if err := opts.Faults.Validate(); err != nil {
		return nil, err
	}
	s := &Server{opts: opts.complete(), stats: newStats(), others: http.NewServeMux(), admin: http.NewServeMux()}
	s.shape.Store(&s.opts.Shape)
	s.faults = fault.New(fault.Config{})
	s.faults.Principal = s.caller
	s.events = eventgrid.New(eventgrid.Options{Faults: s.faults.Events(), Transport: s.opts.Webhooks})
	s.events.Register(s.others)
	s.log = activitylog.New(activitylog.Options{PageSize: s.opts.PageSize, Delay: s.faults.LogDelay})
	s.Cloud = apim.New(apim.Rules{TouchParent: s.opts.TouchParent, Late: s.faults.Stale, Notify: s.publish})
	if err := s.registerIdentity(); err != nil {
		return nil, err
	}
	s.arm = s.faults.Wrap(http.HandlerFunc(s.serveARM))
	s.registerRoutes()
	s.registerAdmin()
	if err := s.load(); err != nil {
		return nil, err
	}
	s.faults.Set(s.opts.Faults) // what was loaded is not late
	return s, nil
}

// Target names the first instance and a token that opens it.
func (s *Server) Target() Target { return s.target }

// Instance is the first instance, or nil once somebody has deleted it. It
// belongs to Cloud: ask inside of View or Update.
func (s *Server) Instance() *apim.Service {
	id := s.target.InstanceID
	return s.Cloud.Services.Get(id[strings.LastIndexByte(id, '/')+1:])
}

// Stats counts the requests so far.
func (s *Server) Stats() Stats {
	out := s.stats.snapshot()
	out.Events = s.events.Stats()
	return out
}

// Run delivers events until the context ends.
func (s *Server) Run(ctx context.Context) error { return s.events.Run(ctx) }

// Handler serves all of it.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	m := meter{w, s.stats}
	path := strings.TrimLeft(r.URL.Path, "/")
	first, _, _ := strings.Cut(path, "/")
	switch strings.ToLower(first) {
	case "admin":
		s.stats.kinds[kindAdmin].Add(1)
		s.admin.ServeHTTP(m, r)
	case "blob":
		s.stats.kinds[kindBlob].Add(1)
		s.blobs.ServeHTTP(m, r)
	case "subscriptions", "tenants", "providers":
		s.stats.kinds[kindARM].Add(1)
		s.arm.ServeHTTP(m, r)
	case "metadata":
		s.stats.kinds[kindIdentity].Add(1)
		s.metadataEndpoints(m, r)
	default:
		s.serveOther(m, r)
	}
}

// serveOther serves tokens and the proof of webhooks; the rest is a path that ARM
// does not have either.
func (s *Server) serveOther(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.others.Handler(r); pattern != "" {
		s.stats.kinds[kindIdentity].Add(1)
		s.others.ServeHTTP(w, r)
		return
	}
	s.stats.kinds[kindARM].Add(1)
	s.serveARM(w, r)
}

func (s *Server) registerIdentity() error {
	owner := identity.Principal{ObjectID: OwnerID, TenantID: TenantID, Name: "owner@emulator.example", Type: identity.User}
	authority, err := identity.New(identity.Options{
		TenantID: TenantID,
		ManagedIdentity: identity.Principal{
			ObjectID: ManagedID, ClientID: ManagedClientID, TenantID: TenantID, Name: "api-center", Type: identity.ServicePrincipal,
		},
		UserAssigned: []identity.UserAssigned{{ResourceID: UserAssignedIdentity, Principal: identity.Principal{
			ObjectID: UserAssignedID, ClientID: UserAssignedClientID, TenantID: TenantID, Name: "gateway-reader", Type: identity.ServicePrincipal,
		}}},
		TenantOf: s.tenantOf,
		Clients: map[string]identity.Client{ClientID: {Secret: ClientSecret, Principal: identity.Principal{
			ObjectID: ApplicationID, ClientID: ClientID, TenantID: TenantID, Name: "automation", Type: identity.ServicePrincipal,
		}}},
		StaticTokens: map[string]identity.Principal{s.opts.Token: owner},
	})
	if err != nil {
		return fmt.Errorf("start the token authority: %w", err)
	}
	s.authority = authority
	authority.Register(s.others)
	s.roles = rbac.New()
	s.extensions = map[string]*extension{rbac.Provider: {"role", s.roles}, eventgrid.Provider: {"event", s.events}, activitylog.Provider: {"log", s.log}}
	return nil
}

// tenantOf is the tenant of the subscription in a path, or "".
func (s *Server) tenantOf(r *http.Request) (tenant string) {
	path := segments(r.URL.EscapedPath())
	if len(path) < 2 || !strings.EqualFold(path[0], "subscriptions") {
		return ""
	}
	_ = s.Cloud.View(func() error {
		if sub := s.Cloud.Subscriptions.Get(path[1]); sub != nil {
			tenant = sub.Tenant
		}
		return nil
	})
	return tenant
}

// publish tells Event Grid what a write did.
func (s *Server) publish(e apim.Event) {
	topic := e.Service.ID()
	s.events.Publish(eventgrid.Event{Topic: topic, Type: "Microsoft.ApiManagement." + e.Type, Subject: e.Path, ResourceURI: topic + e.Path})
}

// caller names who sent a request, for whom ARM counts.
func (s *Server) caller(r *http.Request) string {
	p, err := s.authority.Authenticate(r)
	if err != nil {
		return "" // refused later; all strangers share one bucket
	}
	return p.ObjectID
}

// newName makes a name for something that a client will ask for once.
func newName() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
