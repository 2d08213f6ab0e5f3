package main

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/spf13/pflag"

	"apicenter/internal/auth"
	"apicenter/internal/azure"
	"apicenter/internal/catalog"
	"apicenter/internal/engine"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/httpapi/keysapi"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/server"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
	"apicenter/internal/store"
)

// settings are what a center is told.
type settings struct {
	listen          string
	data            string
	resourceManager string
	audience        string
	authority       string
	service         string // ARM id of the service that is there from the first start on
	interval        time.Duration
	audit           time.Duration
	maxAPIs         int
	development     bool   // the login of the Azure CLI may stand in for the server's identity
	limits          string // the preset
	dataDomain      string // below which each service's data plane has a host name
	logLevel        slog.Level
	accessLog       bool
	dataRequests    int    // a minute, of the data plane of each service; 0: those of the preset
	upstream        string // endpoint of the resource manager that answers for other providers; empty: none does
	tenant          string // directory that the center belongs to; empty: that of whoever asks
	publicURL       string // how clients reach the server, if not at the address that it listens on
	readyFile       string
	token           string // one more administrator's token, besides the key in the data folder
	tls             certificates
	allow           networks       // that links which people give may lead into, though they are not public
	trustedCA       string         // file of authorities that are trusted when it calls others, besides those of the system
	roots           *x509.CertPool // all that are trusted then; nil: those of the system and of the file
	issuers         []string
	audiences       []string // of tokens of the issuers, besides Azure's
	clientID        string   // with which people sign in at the issuers
	administrators  []string // object ids
}

// register adds the flags that serve and demo have in common.
func (s *settings) register(f *pflag.FlagSet) {
	f.DurationVar(&s.interval, "poll-interval", s.interval, "time between two passes of a link")
	f.DurationVar(&s.audit, "audit-period", s.audit, "time within which every definition is fetched again; 0: never")
	f.IntVar(&s.maxAPIs, "max-apis", 0, "most APIs that one link may bring; 0: that of --limits")
	f.StringVar(&s.limits, "limits", "none", "how much may be in a service: none, free or standard, as Azure's plans have it")
	f.StringVar(&s.dataDomain, "data-domain", "", "domain below which SERVICE.data.LOCATION is the data plane of a service; empty: a path of this server")
	f.IntVar(&s.dataRequests, "data-requests-per-minute", 0, "most requests a minute to the data plane of a service; 0: that of --limits")
	f.TextVar(&s.logLevel, "log-level", s.logLevel, "debug, info, warn or error")
	f.BoolVar(&s.accessLog, "access-log", false, "log each request")
	s.tls.register(f)
	f.StringArrayVar(&s.issuers, "oidc-issuer", nil, "whose tokens are trusted, such as https://login.microsoftonline.com/TENANT-ID/v2.0; may be repeated")
	f.StringArrayVar(&s.audiences, "oidc-audience", nil, "for whom such tokens may be made out, besides Azure's audiences; may be repeated")
	f.StringVar(&s.clientID, "oidc-client-id", "", "application with which people sign in at the issuers")
	f.StringArrayVar(&s.administrators, "administrator", nil, "object id of who is made an administrator of everything; may be repeated")
	f.Var(&s.allow, "allow-network", "network that is not public and where links to import from may lead all the same, over plain http too; may be repeated")
	f.StringVar(&s.readyFile, "ready-file", "", "write addresses, ids and a token to this file once all is up")
}

// center is a running API center.
type center struct {
	url     string
	ca      string // the file with what clients have to trust; "" if that is nothing new
	token   string
	service string // ARM id
	store   *store.Store
	stop    context.CancelFunc
	ended   chan error
}

const (
	publicResourceManager = "https://management.azure.com"
	provider              = "Microsoft.ApiCenter"
)

// startCenter builds a center and has it serve. It ends with ctx, or by Close.
func startCenter(ctx context.Context, s settings, log *slog.Logger) (_ *center, err error) {
	if s.roots == nil {
		if s.roots, err = trusted(s.trustedCA); err != nil {
			return nil, fmt.Errorf("--trusted-ca-file: %w", err)
		}
	}
	db, err := store.Open(ctx, store.Options{Dir: s.data})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	token, err := auth.EnsureAdmin(s.data)
	if err != nil {
		return nil, err
	}
	tokens := map[string]auth.Principal{token: administrator}
	if s.token != "" {
		tokens[s.token], token = administrator, s.token
	}
	door, err := s.openDoor(auth.With(ctx, administrator), db, tokens, log)
	if err != nil {
		return nil, err
	}
	kind, credentials, err := s.apim()
	if err != nil {
		return nil, err
	}
	limits, err := catalog.Preset(s.limits)
	if err != nil {
		return nil, err
	}
	passes := engine.New(db, map[string]source.Kind{kind.Name: kind}, engine.Options{
		Interval: s.interval, Audit: s.audit, MaxAPIs: cmp.Or(s.maxAPIs, limits.LinkedAPIs), UserAgent: "apicenter/" + version(), Log: log,
	})
	queue, err := jobs.New(ctx, jobs.Options{
		DB: db.Writer(), Store: db, Engine: passes, Log: log, TakeOver: db.TakeOver, Sweep: db.Sweep,
	})
	if err != nil {
		return nil, err
	}
	people := catalog.New(db, catalog.Options{
		Waker: waker{queue}, Fetcher: queue, Planner: planner{passes}, Checker: passes, Identities: identities{credentials},
		Downloader: s.downloads(),
		Importer:   passes, Rights: door, Limits: limits, Log: log,
	})
	service, err := ensureService(auth.With(ctx, administrator), people, s.service)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "addresses of documents", sha256.Size)
	if err != nil {
		return nil, err
	}
	path, _ := servicePath(service)
	signer, publicURL, home := documents.NewSigner(key), strings.TrimSuffix(s.publicURL, "/"), inventory.MustID(path)
	rest := armapi.New(armapi.Options{
		Catalog: people, Access: door.guard, Signer: signer, Log: log,
		PublicURL: publicURL, DataDomain: s.dataDomain, DefaultService: home,
	})
	data := dataapi.New(dataapi.Options{
		Catalog: people, Access: door.guard, Signer: signer, Log: log, DefaultService: home, PublicURL: publicURL, Domain: s.dataDomain,
		Limits: dataapi.Limits{RequestsPerMinute: cmp.Or(s.dataRequests, limits.DataRequests), APIs: limits.DataAPIs},
	})
	resources, err := s.resources(managerapi.Options{
		Catalog: people, Access: door.guard, Roles: door.guard, Provider: rest, Log: log, PublicURL: s.publicURL, Tenant: s.tenant,
	})
	if err != nil {
		return nil, err
	}
	encryption, ca, err := s.encryption(log)
	if err != nil {
		return nil, err
	}
	routes := []server.Route{{Pattern: "/documents/", Handler: rest.Documents(), Public: true}}
	for _, r := range keysapi.New(keysapi.Options{Guard: door.guard, Keys: door.keys, SignIns: door.oidc.SignIns(), Log: log}).Routes() {
		routes = append(routes, server.Route(r))
	}
	front := server.New(server.Options{
		Address: s.listen, TLS: encryption, ARM: resources, Routes: routes, Keys: door.tokens(door.oidc.Control()), Authority: door.oidc.Authority(),
		Surfaces: []server.Surface{{Owns: data.Owns, Handler: data, Tokens: door.tokens(door.oidc.Data()), Anonymous: true}},
		Log:      log, AccessLog: s.accessLog,
	})
	address, err := front.Listen(ctx)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	scheme := "http://"
	if encryption != nil {
		scheme = "https://"
	}
	c := &center{url: scheme + address.String(), ca: ca, token: token, service: service, store: db, stop: stop, ended: make(chan error, 1)}
	go func() {
		err := runAll(running, front.Serve, queue.Run, people.Run)
		c.ended <- errors.Join(err, db.Close())
	}()
	return c, nil
}

// subscription is the one that the center's service is in.
func (c *center) subscription() string {
	path, _ := servicePath(c.service)
	name, _, _ := strings.Cut(path, "/")
	return name
}

// Wait returns when the center has ended.
func (c *center) Wait() error { return <-c.ended }

// Close ends the center and waits for it.
func (c *center) Close() error {
	c.stop()
	return c.Wait()
}

// apim is the source of API Management links, read from the settings' Azure, and
// the credentials that it is read with.
func (s settings) apim() (source.Kind, *azure.Credentials, error) {
	endpoint, err := url.Parse(s.resourceManager)
	if err != nil || endpoint.Host == "" {
		return source.Kind{}, nil, fmt.Errorf("--resource-manager %q is not a URL such as %s", s.resourceManager, publicResourceManager)
	}
	local := azure.IsLoopback(endpoint.Hostname())
	if endpoint.Scheme != "https" && !local {
		return source.Kind{}, nil, fmt.Errorf("--resource-manager %s: tokens only travel over https; plain http is for an emulator on this machine", s.resourceManager)
	}
	if local && os.Getenv("IDENTITY_ENDPOINT") == "" {
		// An emulator is its own identity endpoint, so that a local trial needs no environment.
		if err := errors.Join(
			os.Setenv("IDENTITY_ENDPOINT", strings.TrimSuffix(s.resourceManager, "/")+"/msi/token"),
			os.Setenv("IDENTITY_HEADER", "local")); err != nil {
			return source.Kind{}, nil, err
		}
	}
	credentials := &azure.Credentials{Transport: s.outside(), Development: s.development, Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: s.authority,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: s.resourceManager, Audience: s.audience},
		},
	}}
	return apim.New(apim.Options{
		Endpoint: s.resourceManager, Audience: s.audience, Credential: credentials.For,
		Limiters: &azure.Limiters{}, AllowLoopback: local, Roots: s.roots,
	}), credentials, nil
}

// ensureService creates the service of the settings unless it is there, and gives its ARM id.
func ensureService(ctx context.Context, people *catalog.Catalog, armID string) (string, error) {
	path, ok := servicePath(armID)
	if !ok {
		return "", fmt.Errorf("--service %q: want /subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter/services/NAME", armID)
	}
	id, err := inventory.ParseID(path)
	if err != nil {
		return "", err
	}
	r, err := people.Get(ctx, id)
	if errors.Is(err, inventory.NotFound) {
		body := inventory.Doc{}
		body.Set("/location", "local")
		r, _, err = people.Put(ctx, path, body, catalog.Match{})
	}
	if errors.Is(err, inventory.Conflict) {
		return armID, nil // somebody deleted it, and may restore it
	}
	if err != nil {
		return "", fmt.Errorf("create the service: %w", err)
	}
	parts := strings.SplitN(r.Path, "/", 3)
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/%s/services/%s", parts[0], parts[1], provider, parts[2]), nil
}

// servicePath is the path in the inventory of a service's ARM id.
func servicePath(armID string) (string, bool) {
	parts := strings.Split(strings.Trim(armID, "/"), "/")
	if len(parts) != 8 || !strings.EqualFold(parts[0], "subscriptions") || !strings.EqualFold(parts[2], "resourceGroups") ||
		!strings.EqualFold(parts[4]+"/"+parts[5]+"/"+parts[6], "providers/"+provider+"/services") {
		return "", false
	}
	return parts[1] + "/" + parts[3] + "/" + parts[7], true
}

// waker is the queue as the catalog wants it: what people ask for is a request.
type waker struct{ *jobs.Queue }

func (w waker) Notify(ctx context.Context, link inventory.ID, api string) error {
	return w.Queue.Notify(ctx, link, api, "request")
}

// planner is the engine as the catalog wants it.
type planner struct{ *engine.Engine }

func (p planner) Preview(ctx context.Context, link inventory.ID) (any, error) {
	return p.Engine.Preview(ctx, link)
}

// identities are the credentials as the catalog wants them.
type identities struct{ *azure.Credentials }

func (i identities) Describe(ctx context.Context, identity string) (catalog.Identity, error) {
	who, err := i.Credentials.Describe(ctx, identity)
	return catalog.Identity(who), err
}

// runAll runs parts until ctx ends or one of them fails, and waits for all.
func runAll(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, part := range parts {
		wg.Go(func() {
			if err := part(ctx); err != nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
