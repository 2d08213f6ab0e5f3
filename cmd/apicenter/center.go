package main

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/azure"
	"apicenter/internal/catalog"
	"apicenter/internal/compatibility"
	"apicenter/internal/engine"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/httpapi/hookapi"
	"apicenter/internal/httpapi/keysapi"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/httpapi/mcpapi"
	"apicenter/internal/httpapi/metricsapi"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/outline"
	"apicenter/internal/portal"
	"apicenter/internal/server"
	"apicenter/internal/source"
	"apicenter/internal/store"
)

// center is a running API center.
type center struct {
	url     string
	ca      string // the file with what clients have to trust; "" if that is nothing new
	token   string
	service string // ARM id
	portal  *portal.Handler
	store   *store.Store
	stop    context.CancelFunc
	ended   chan error
}

// startCenter builds a center and has it serve. It ends with ctx, or by Close.
func startCenter(ctx context.Context, s settings, log *slog.Logger) (*center, error) {
	b := &building{settings: s, log: log, center: &center{ended: make(chan error, 1)}}
	for _, step := range []func(context.Context) error{
		b.trust, b.openStore, b.openDoor, b.readSources, b.keepInventory, b.haveService, b.speakREST, b.drawPages, b.putUpFront, b.listen,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, b.tearDown())
		}
	}
	return b.center, nil
}

// building is a center that is being built, a step after the other.
type building struct {
	settings settings
	log      *slog.Logger
	center   *center

	door        door
	credentials *azure.Credentials
	limits      catalog.Limits
	kinds       map[string]source.Kind
	promise     inventory.Promise
	limiters    azure.Limiters
	metrics     *metricsapi.Metrics
	comparer    *compatibility.Comparer
	passes      *engine.Engine
	queue       *jobs.Queue
	people      *catalog.Catalog
	changes     *feed.Feed
	deliveries  *feed.Deliverer
	home        inventory.ID // the service that is always there
	signer      *documents.Signer
	rest        *armapi.Handler
	resources   *managerapi.Handler // all of Azure's paths
	front       *server.Server
	scheme      string // that it speaks
}

// trust finds whom to trust when others are called.
func (b *building) trust(context.Context) (err error) {
	if b.settings.roots != nil {
		return nil
	}
	if b.settings.roots, err = trusted(b.settings.trustedCAFile); err != nil {
		return fmt.Errorf("--trusted-ca-file: %w", err)
	}
	return nil
}

func (b *building) openStore(ctx context.Context) (err error) {
	b.center.store, err = store.Open(ctx, store.Options{Dir: b.settings.data})
	return err
}

func (b *building) tearDown() error {
	if b.center.store == nil {
		return nil
	}
	return b.center.store.Close()
}

// openDoor says who may come in. The key in the data folder is always good.
func (b *building) openDoor(ctx context.Context) error {
	key, err := auth.EnsureAdmin(b.settings.data)
	if err != nil {
		return err
	}
	tokens := map[string]auth.Principal{key: administrator}
	if b.settings.token != "" {
		tokens[b.settings.token] = administrator
	}
	b.center.token = cmp.Or(b.settings.token, key)
	b.door, err = b.settings.openDoor(auth.With(ctx, administrator), b.center.store, tokens, b.log)
	return err
}

// readSources makes what keeps links in step, and the queue of its work.
func (b *building) readSources(ctx context.Context) error {
	s, db := b.settings, b.center.store
	if s.tombstones < 0 {
		return fmt.Errorf("--tombstone-retention %s: it cannot be negative", s.tombstones)
	}
	if s.allowance < 0 {
		return fmt.Errorf("--consistency-allowance %s: it cannot be negative", s.allowance)
	}
	if b := s.brake; b != nil && (b.Things < 0 || b.Share < 0 || b.Share > 1 || s.brakeWindow <= 0) {
		return fmt.Errorf("--brake-apis %d, --brake-share %v, --brake-window %s: want no number below 0, a share of at most 1, and a window above 0", b.Things, b.Share, s.brakeWindow)
	}
	kind, credentials, err := s.apim(&b.limiters)
	if err != nil {
		return err
	}
	b.credentials, b.kinds = credentials, map[string]source.Kind{kind.Name: kind}
	if b.limits, err = catalog.Preset(s.limits); err != nil {
		return err
	}
	b.promise = inventory.Promise{Target: s.pollInterval, Audit: s.auditPeriod, Allowance: s.allowance}
	b.metrics = metricsapi.New(metricsapi.Options{Store: db, Promise: b.promise, Throttled: b.limiters.Throttled, Log: b.log})
	b.comparer = compatibility.New(comparisons, startComparer, b.log)
	b.passes = engine.New(db, b.kinds, engine.Options{
		Interval: s.pollInterval, Audit: s.auditPeriod, MaxAPIs: cmp.Or(s.maxAPIs, b.limits.LinkedAPIs), Brake: s.brake, BrakeWindow: s.brakeWindow,
		UserAgent: userAgent(), Compare: b.comparer.Compare, Log: b.log, Ran: b.metrics.Ran,
	})
	b.queue, err = jobs.New(ctx, jobs.Options{
		DB: db.Writer(), Store: db, Engine: b.passes, Log: b.log, TakeOver: db.TakeOver, Sweep: b.sweep,
	})
	return err
}

// sweep deletes documents that nothing has named since before an instant, and
// tombstones that have been kept for long enough.
func (b *building) sweep(ctx context.Context, before time.Time) (int64, error) {
	db := b.center.store
	if b.settings.tombstones > 0 {
		if _, err := db.Forget(ctx, db.Now().Add(-b.settings.tombstones)); err != nil {
			return 0, err
		}
	}
	return db.Sweep(ctx, before)
}

// keepInventory makes what people do with the inventory.
func (b *building) keepInventory(context.Context) error {
	b.people = catalog.New(b.center.store, catalog.Options{
		Waker: waker{b.queue}, Fetcher: b.queue, Planner: planner{b.passes}, Checker: b.passes, Seeker: b.passes, Importer: b.passes, Compare: b.comparer.Compare,
		Identities: identities{b.credentials}, Downloader: b.settings.downloads(), Rights: b.door, Limits: b.limits, Promise: b.promise,
		Tombstones: b.settings.tombstones, Log: b.log,
	})
	b.changes = feed.New(b.center.store, feed.Options{Retention: b.settings.eventRetention, Log: b.log, Followed: b.metrics.Followed})
	b.deliveries = feed.NewDeliverer(b.changes, feed.DelivererOptions{
		Webhooks: b.center.store, Client: b.settings.downloads().HTTP(), Origin: cmp.Or(hostOf(b.settings.publicURL), "apicenter"), Log: b.log,
		Told: b.metrics.Told,
	})
	return nil
}

// haveService creates the service of the settings unless it is there.
func (b *building) haveService(ctx context.Context) (err error) {
	b.center.service, err = ensureService(auth.With(ctx, administrator), b.people, b.settings.service)
	if err != nil {
		return err
	}
	path, _ := servicePath(b.center.service)
	b.home, err = inventory.ParseID(path)
	return err
}

// speakREST makes the control plane, and what is around and behind it.
func (b *building) speakREST(context.Context) error {
	s := b.settings
	key, err := hkdf.Key(sha256.New, []byte(b.center.token), nil, "addresses of documents", sha256.Size)
	if err != nil {
		return err
	}
	b.signer = documents.NewSigner(key)
	b.rest = armapi.New(armapi.Options{
		Catalog: b.people, Access: b.door.guard, Signer: b.signer, Log: b.log, Feed: b.changes,
		PublicURL: s.publicURL, DataDomain: s.dataDomain, DefaultService: b.home,
	})
	b.resources, err = s.resources(managerapi.Options{
		Catalog: b.people, Access: b.door.guard, Roles: b.door.guard, Provider: b.rest, Log: b.log,
		PublicURL: s.publicURL, Tenant: s.tenant,
	})
	return err
}

// drawPages makes the portal.
func (b *building) drawPages(context.Context) (err error) {
	var azure http.Handler
	if b.settings.upstream != "" {
		azure = b.resources
	}
	b.center.portal, err = portal.New(portal.Options{
		Catalog: b.people, Access: b.door.guard, Roles: b.door.guard, Keys: b.door, KeyRing: b.door.keys, Sessions: b.center.store, Log: b.log, PublicURL: b.settings.publicURL, Version: version(),
		Issuers: portal.Issuers{
			SignIns: b.door.oidc.SignIns(), Tokens: b.door.oidc.Control(), HTTP: b.settings.outside(), Resource: b.settings.audience + "/.default",
		},
		Sources: finder{b.kinds}, Azure: azure, Stopping: b.changes.Ended(),
		Compare: b.comparer.Compare,
	})
	return err
}

// putUpFront puts all surfaces behind one address.
func (b *building) putUpFront(context.Context) error {
	s := b.settings
	encryption, ca, err := s.encryption(b.log)
	if err != nil {
		return err
	}
	if b.center.ca, b.scheme = ca, "http"; encryption != nil {
		b.scheme = "https"
	}
	b.front = server.New(server.Options{
		Address: s.listen, TLS: encryption, Log: b.log, AccessLog: s.accessLog,
		Keys: b.door.tokens(b.door.oidc.Control()), Authority: b.door.oidc.Authority(),
		ARM: b.resources, Surfaces: []server.Surface{b.hooks(), b.dataPlane(), b.portal(), b.agents()}, Routes: b.routes(b.rest.Documents()),
	})
	return nil
}

func (b *building) dataPlane() server.Surface {
	s := b.settings
	data := dataapi.New(dataapi.Options{
		Catalog: b.people, Access: b.door.guard, Signer: b.signer, Log: b.log,
		PublicURL: s.publicURL, Domain: s.dataDomain, DefaultService: b.home,
		Limits: dataapi.Limits{RequestsPerMinute: cmp.Or(s.dataRequests, b.limits.DataRequests), APIs: b.limits.DataAPIs},
	})
	return server.Surface{Owns: data.Owns, Handler: data, Tokens: b.door.tokens(b.door.oidc.Data()), Anonymous: true}
}

// portal lets everybody in, to be asked there who it is.
func (b *building) portal() server.Surface {
	return server.Surface{Owns: b.center.portal.Owns, Handler: b.center.portal, Anonymous: true, MaxBody: portal.MaxUpload}
}

// agents is where programs that speak the Model Context Protocol look. Tokens of either plane do.
func (b *building) agents() server.Surface {
	h := mcpapi.New(mcpapi.Options{Catalog: b.people, Access: b.door.guard, DefaultService: b.home, Version: version(), Log: b.log})
	return server.Surface{Owns: h.Owns, Handler: h, Tokens: b.door.tokens(b.door.oidc.Either()), Anonymous: true}
}

// hooks is where sources tell of events. Handshakes come without a token.
func (b *building) hooks() server.Surface {
	h := hookapi.New(hookapi.Options{Store: b.center.store, Access: b.door.guard, Bell: bell{b.queue, b.metrics}, Kinds: b.kinds, Log: b.log})
	return server.Surface{Owns: h.Owns, Handler: h, Anonymous: true}
}

// routes are those with plain patterns.
func (b *building) routes(exported http.Handler) []server.Route {
	all := []server.Route{
		{Pattern: "/documents/", Handler: exported, Public: true},
		{Pattern: "GET " + metricsapi.Path, Handler: b.metrics.Handler(b.door.guard, access.Everything)},
	}
	own := keysapi.New(keysapi.Options{Guard: b.door.guard, Keys: b.door.keys, SignIns: b.door.oidc.SignIns(), Log: b.log})
	for _, r := range own.Routes() {
		all = append(all, server.Route(r))
	}
	return all
}

// listen takes the address, and starts all that runs.
func (b *building) listen(ctx context.Context) error {
	address, err := b.front.Listen(ctx)
	if err != nil {
		return err
	}
	metrics, err := b.listenForMetrics(ctx)
	if err != nil {
		return err
	}
	c := b.center
	c.url = b.scheme + "://" + address.String()
	ctx, c.stop = context.WithCancel(ctx)
	go func() {
		err := runAll(ctx, b.front.Serve, b.queue.Run, b.people.Run, b.changes.Run, b.deliveries.Run, b.comparer.Run,
			outline.New(b.center.store, b.log).Run, metrics)
		c.ended <- errors.Join(err, c.store.Close())
	}()
	return nil
}

// listenForMetrics takes the address that the metrics have of their own, if any,
// and gives what serves there.
func (b *building) listenForMetrics(ctx context.Context) (serve func(context.Context) error, err error) {
	if b.settings.metricsListen == "" {
		return func(context.Context) error { return nil }, nil
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", b.settings.metricsListen)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	b.log.Info("serving metrics without a token", "address", l.Addr().String())
	return func(ctx context.Context) error { return b.metrics.Serve(ctx, l) }, nil
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
