package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"apicenter/internal/auth"
	"apicenter/internal/azure"
	"apicenter/internal/catalog"
	"apicenter/internal/emulator"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/plan"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
	"apicenter/internal/store"
)

const (
	workspacePath = "sub/group/center/workspaces/default"
	linkPath      = workspacePath + "/links/gateway"
	endpoint      = "http://127.0.0.1"
)

var (
	link      = inventory.MustID(linkPath)
	workspace = inventory.MustID(workspacePath)
)

// unguarded takes one guard away, to see whether the oracle misses it.
type unguarded struct {
	name  string
	store func(inventory.Store) inventory.Store // between engine and store; nil: none
	kind  func(source.Kind) source.Kind         // between engine and connector; nil: none
	brake bool
}

// world is all that a history is about.
type world struct {
	ctx       context.Context
	seed      uint64
	without   steps // that are left out
	at        int   // step
	dir       string
	store     *store.Store
	mortal    *mortal
	epochs    *epochs
	wire      *wire
	*side     // of the first link
	instance  string
	emulator  *emulator.Server
	unguarded unguarded
	engine    *engine.Engine  // of the first worker
	workers   [2]*jobs.Worker // of which the second is a server that thinks the first one dead

	catalog  *catalog.Catalog
	people   peoples
	still    bool // the link keeps to plain terms
	linked   bool
	other    *pairing     // nil: there is one link
	mingling sync.Mutex   // of what is shared
	skew     atomic.Int64 // how far the machine's clock is set off
	calm     time.Time    // since when nothing goes wrong; zero: something may
	late     []string     // events that are still under way
	wrong    []string
	log      []string

	documents map[inventory.Digest]string // that were read
}

// say notes a step of the history.
func (w *world) say(format string, args ...any) {
	w.log = append(w.log, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// fault notes that something is as it must never be.
func (w *world) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.wrong = append(w.wrong, text)
	w.say("VIOLATION: %s", text)
}

// newWorld opens a world on a copy of a database that is migrated already.
func newWorld(ctx context.Context, h history, dir string, template []byte, e *emulator.Server, u unguarded) (*world, error) {
	w := &world{
		ctx: ctx, seed: h.seed, without: h.without, dir: dir, emulator: e, unguarded: u, calm: time.Now(),
		epochs: &epochs{newest: map[inventory.ID]int64{}}, side: &side{link: link, shared: map[string]bool{}}, people: newPeoples(),
		documents: map[inventory.Digest]string{"": "null"},
	}
	if err := os.WriteFile(filepath.Join(dir, "inventory.db"), template, 0o600); err != nil {
		return nil, err
	}
	var err error
	wall := func() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) }
	if w.store, err = store.Open(ctx, store.Options{Dir: dir, Wall: wall}); err != nil {
		return nil, err
	}
	if w.origin, err = newOrigin(e.Cloud, fmt.Sprintf("instance-%d", h.seed)); err != nil {
		return nil, errors.Join(err, w.store.Close())
	}
	w.instance = w.origin.service.ID()
	w.wire = &wire{handler: e.Handler(), weather: map[fault]float64{}}
	w.wire.step(0)
	alone := u.name != "" // a guard is missed sooner where little else happens
	w.still = alone || roll(h.seed, "still").chance(0.4)
	w.open()
	w.start()
	if err := w.update(func(tx inventory.Tx) error {
		return errors.Join(put(tx, "sub/group/center", inventory.Doc{}), put(tx, workspacePath, inventory.Doc{}))
	}); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.relink(w.draft(roll(h.seed, "terms")))
	if d := roll(h.seed, "pair"); d.chance(0.3) && !alone {
		w.pair(d)
	}
	return w, nil
}

func (w *world) close() error {
	w.stop()
	for _, name := range []string{"inventory.db", "inventory.db-wal", "inventory.db-shm"} {
		_ = os.Remove(filepath.Join(w.dir, name)) // the next history brings its own
	}
	_ = w.origin.cloud.Update(func() error {
		if w.origin.cloud.DeleteService(w.origin.named); w.other != nil {
			w.origin.cloud.DeleteService(w.other.origin.named)
		}
		return nil
	})
	return w.store.Close()
}

// start starts the server: all that it remembers is what the store has.
func (w *world) start() {
	w.mortal = &mortal{Store: w.store}
	var s inventory.Store = w.mortal
	if w.unguarded.store != nil {
		s = w.unguarded.store(s)
	}
	for i := range w.workers {
		p := pace{seed: w.seed, hand: fmt.Sprint("worker ", i)}
		seen := watched{s, w.epochs, p, w.mingle}
		e := w.engineOn(seen, p)
		if w.workers[i] = jobs.NewWorker(seen, e); i == 0 {
			w.engine = e
		}
	}
}

// people's door is not the server's that dies: what they ask for is not lost with it.
func (w *world) open() {
	w.people.ctx = auth.With(w.ctx, auth.Principal{Name: "ann"})
	s := watched{w.store, w.epochs, pace{seed: w.seed, hand: "people"}, w.mingle}
	w.catalog = catalog.New(s, catalog.Options{Waker: bell{w}, Planner: planner{w}})
}

// bell wakes who works at present.
type bell struct{ *world }

func (b bell) Notify(ctx context.Context, link inventory.ID, api string) error {
	err := b.workers[0].Notify(ctx, link, api, "request")
	if errors.Is(err, errKilled) {
		return nil // who starts anew finds what there is to do
	}
	return err
}

// stop ends the server in order.
func (w *world) stop() {
	for _, worker := range w.workers {
		if err := worker.Close(w.ctx); err != nil && !errors.Is(err, errKilled) {
			w.fault("a server that stops: %v", err)
		}
	}
}

func (w *world) engineOn(s inventory.Store, p pace) *engine.Engine {
	kind := apim.New(apim.Options{
		Endpoint: endpoint, Audience: "https://management.azure.com", AllowLoopback: true, Limiters: &azure.Limiters{},
		Credential: func(string) (azcore.TokenCredential, error) { return owner{}, nil }, Transport: w.wire, Random: w.random,
	})
	kind = connectors(func(c source.Connector) source.Connector { return paced{c, p} })(kind)
	if w.unguarded.kind != nil {
		kind = w.unguarded.kind(kind)
	}
	o := engine.Options{Interval: time.Minute, Audit: 3 * time.Minute, Fetchers: 2, Random: w.random, Log: slog.New(stepping{slog.DiscardHandler, p})}
	if w.unguarded.brake {
		o.Brake = &plan.Brake{Things: 1 << 30, Share: 2}
	}
	return engine.New(s, map[string]source.Kind{kind.Name: kind}, o)
}

// random depends on the time and the seed, and not on who asks first.
func (w *world) random() float64 { return roll(w.seed, fmt.Sprint(time.Now().UnixNano())).fraction() }

// owner is a credential that has its token already.
type owner struct{}

func (owner) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "azemu", ExpiresOn: time.Now().Add(1000 * time.Hour)}, nil
}

// delay has the source answer as it was a while ago.
func (w *world) delay(d time.Duration) {
	r := httptest.NewRequestWithContext(w.ctx, http.MethodPut, "/admin/faults", strings.NewReader(fmt.Sprintf(`{"consistencyDelay":"%s"}`, d)))
	r.RemoteAddr = "127.0.0.1:1"
	answer := httptest.NewRecorder()
	if w.emulator.Handler().ServeHTTP(answer, r); answer.Code != http.StatusOK {
		w.fault("the emulator takes no faults: %d %s", answer.Code, answer.Body)
	}
}

func (w *world) update(f func(inventory.Tx) error) error {
	return w.store.Update(w.ctx, "ann", func(tx inventory.Tx) error { return f(claiming{tx, w.epochs}) })
}

func put(tx inventory.Tx, path string, own inventory.Doc) error {
	_, err := tx.PutOwn(path, own, inventory.Condition{})
	return err
}

// work lets a worker do what waits, until nothing does or the time is over.
func (w *world) work(worker *jobs.Worker, most time.Duration) {
	until := time.Now().Add(most)
	for range 50 {
		links, err := worker.Waiting(w.ctx)
		if err != nil {
			if !errors.Is(err, errKilled) {
				w.fault("look for links that are due: %v", err)
			}
			return
		}
		if len(links) == 0 || !time.Now().Before(until) {
			return
		}
		for _, id := range links {
			w.workOn(worker, id, until)
		}
	}
}

// workOn has a worker go on with one link.
func (w *world) workOn(worker *jobs.Worker, link inventory.ID, until time.Time) {
	if _, err := worker.Step(w.ctx, link, until); err != nil && !errors.Is(err, errKilled) && !errors.Is(err, jobs.ErrBusy) && !w.mortal.killed() {
		w.fault("work on %s: %v", link, err)
	}
}

// revive starts a server anew that has died.
func (w *world) revive() {
	if !w.mortal.killed() {
		w.mortal.arm(0, false)
		return
	}
	w.say("the server died, and starts anew")
	w.stop()
	w.start()
	if err := w.store.TakeOver(w.ctx); err != nil && !strings.Contains(err.Error(), "river") {
		w.fault("take over: %v", err)
	}
}

// notify brings a hint in, as an event of the source does.
func (w *world) notify(external string) {
	if w.linked {
		w.ring(link, external)
	}
}

func (w *world) ring(link inventory.ID, external string) {
	if err := w.workers[0].Ring(w.ctx, []inventory.Hint{{Link: link, API: external}}); err != nil && !errors.Is(err, errKilled) && !errors.Is(err, inventory.NotFound) {
		w.fault("note a hint for %q: %v", external, err)
	}
}
