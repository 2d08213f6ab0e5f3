package armapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/inventory"
	"apicenter/internal/outbound"
	"apicenter/internal/server"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	base    = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter"
	center  = base + "/services/Center"
	space   = center + "/workspaces/default"
	gateway = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw"
	version = "2024-06-01-preview"
	linkID  = "S/G/Center/workspaces/default/links/gateway"
)

// desk is the surface on the real mux, with the real store.
type desk struct {
	testing.TB
	store  *store.Store
	mux    http.Handler
	source *fakeSource
	guard  *fakeGuard
}

// fakeGuard lets everybody do everything that it was not told to deny.
type fakeGuard struct {
	mu    sync.Mutex                      // guards asked
	deny  func(action, scope string) bool // nil: nothing
	asked []string
}

func (g *fakeGuard) Authorize(ctx context.Context, action, scope string) error {
	p, known := auth.From(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.deny != nil {
		g.asked = append(g.asked, action+" "+scope)
	}
	if !known || g.deny != nil && g.deny(action, scope) {
		return inventory.Errorf(inventory.Denied, "", "%s may not perform %s on %s", p.Name, action, scope)
	}
	return nil
}

// fakeSource remembers what it was told.
type fakeSource struct {
	notified  []string
	failure   error // of a preview, and of an import
	findings  []inventory.Finding
	documents map[string]string // by address
	hold      chan struct{}     // imports and downloads wait until it is closed; nil: they do not
}

// wait says when what was to be held may go on.
func (f *fakeSource) wait(ctx context.Context) error {
	if f.hold == nil {
		return nil
	}
	select {
	case <-f.hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fakeSource) Download(ctx context.Context, address string, limit int64) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	text, ok := f.documents[address]
	if !ok || int64(len(text)) > limit {
		return nil, fmt.Errorf("nothing to be had at %s", address)
	}
	return []byte(text), nil
}

func (f *fakeSource) Import(ctx context.Context, by string, workspace inventory.ID, from inventory.Link, apis []string) (int, error) {
	if err := f.wait(ctx); err != nil {
		return 0, err
	}
	f.notified = append(f.notified, fmt.Sprintf("%s imports into %s from %s: %q", by, workspace, from.Source, apis))
	return len(apis), f.failure
}

// Seek finds the API orders.
func (f *fakeSource) Seek(_ context.Context, _ inventory.Link, external, _ string) ([]inventory.Sighting, error) {
	if external == "apis/orders" {
		return []inventory.Sighting{{External: external, Title: "Orders"}}, nil
	}
	return nil, nil
}

func (f *fakeSource) Notify(_ context.Context, link inventory.ID, api string) error {
	f.notified = append(f.notified, link.Name()+":"+api)
	return nil
}

func (f *fakeSource) CheckAddress(address string) error {
	return outbound.New(outbound.Options{}).CheckAddress(address)
}

func (f *fakeSource) Preview(_ context.Context, _ inventory.ID, as *inventory.Link) (any, error) {
	if as != nil {
		return map[string]string{"import": string(as.Import)}, f.failure
	}
	return map[string]int{"adds": 3}, f.failure
}

// Compare finds every document to break those before it.
func (f *fakeSource) Compare(context.Context, []byte, []byte) inventory.Compatibility {
	return inventory.Compatibility{Verdict: inventory.Breaking, Reasons: []inventory.Reason{{ID: "gone", Text: "it is gone", Operation: "GET", Path: "/a", Breaking: true}}}
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	s := storetest.Open(t)
	f := &fakeSource{}
	log := slog.New(slog.DiscardHandler)
	people := catalog.New(s, catalog.Options{
		Waker: f, Planner: f, Checker: f, Seeker: f, Identities: f, Importer: f, Downloader: f, Log: log,
		Promise: inventory.Promise{Target: time.Minute, Audit: 24 * time.Hour, Allowance: time.Minute}, Compare: f.Compare,
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	changes := feed.New(s, feed.Options{Retention: time.Hour, Log: log})
	followed := make(chan error, 1)
	go func() { ended <- people.Run(ctx) }()
	go func() { followed <- changes.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, <-followed); err != nil {
			t.Error(err)
		}
	})
	guard := &fakeGuard{}
	h := armapi.New(armapi.Options{Access: guard, Catalog: people, Signer: documents.NewSigner([]byte("key")), Log: log, Feed: changes})
	return &desk{TB: t, store: s, source: f, guard: guard, mux: server.Handler(server.Options{
		ARM: h, Keys: auth.Static(map[string]auth.Principal{"secret": {Name: "ada"}}), Log: log,
		Routes: []server.Route{{Pattern: documents.Prefix, Handler: h.Documents(), Public: true}},
	})}
}

// centre is a desk with a service.
func centre(t testing.TB) *desk {
	t.Helper()
	d := newDesk(t)
	d.must("PUT", center, `{"location":"westeurope"}`, 201)
	return d
}

// in is the same desk, failing another test.
func (d *desk) in(t testing.TB) *desk {
	other := *d
	other.TB = t
	return &other
}

// ask sends one request; headers come in pairs. A path without api-version gets one.
func (d *desk) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	if !strings.Contains(path, "api-version") && !strings.HasPrefix(path, "http") {
		path += sep(path) + "api-version=" + version
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	if w.Code >= 400 {
		d.wellFormed(method+" "+path, w)
	}
	return w
}

// wellFormed fails unless w is an error as clients can read it.
func (d *desk) wellFormed(what string, w *httptest.ResponseRecorder) {
	d.Helper()
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
		d.Errorf("%s: %d with body %q, want an ARM error (%v)", what, w.Code, w.Body, err)
	}
}

func (d *desk) must(method, path, body string, status int, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	w := d.ask(method, path, body, headers...)
	if w.Code != status {
		d.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	return w
}

// fails wants an error with a code, and a message that has text in it.
func (d *desk) fails(method, path, body string, status int, code, text string, headers ...string) {
	d.Helper()
	w := d.ask(method, path, body, headers...)
	var e struct {
		Error struct{ Code, Message, Target string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		d.Fatalf("%s %s: %d %q: %v", method, path, w.Code, w.Body, err)
	}
	if w.Code != status || e.Error.Code != code || !strings.Contains(e.Error.Message+" "+e.Error.Target, text) {
		d.Errorf("%s %s: %d %s, want %d %s with %q", method, path, w.Code, w.Body, status, code, text)
	}
}

var instants = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// golden compares an answer's body with testdata, times left out.
func (d *desk) golden(name string, w *httptest.ResponseRecorder) {
	d.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, w.Body.Bytes(), "", "  "); err != nil {
		d.Fatalf("%s: %v in %s", name, err, w.Body)
	}
	got := instants.ReplaceAll(append(b.Bytes(), '\n'), []byte("2026-01-01T00:00:00Z"))
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			d.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		d.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		d.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
	}
}

// holds has the link hold deletions back.
func (d *desk) holds(externals ...string) {
	d.Helper()
	if err := d.store.Update(d.Context(), "worker", func(tx inventory.Tx) error {
		var errs []error
		for _, e := range externals {
			errs = append(errs, tx.PutDeletion(inventory.MustID(linkID), inventory.Deletion{External: e, Why: "many", Since: time.Now()}))
		}
		return errors.Join(errs...)
	}); err != nil {
		d.Fatal(err)
	}
}

// brings writes what the link's source states of one thing.
func (d *desk) brings(path, external, states string) {
	d.Helper()
	doc, err := inventory.ParseDoc([]byte(states))
	if err != nil {
		d.Fatal(err)
	}
	d.asSource(func(tx inventory.SourceTx) error {
		o := inventory.Origin{External: external, States: doc, Mark: states, Read: time.Now()}
		return tx.PutOrigin(inventory.MustID(path), o, inventory.Doc{})
	})
}

// vanishes has the source of the link have a thing no more, and the link keep it.
func (d *desk) vanishes(path string) {
	d.Helper()
	d.asSource(func(tx inventory.SourceTx) error {
		return tx.MarkGone(inventory.MustID(path), inventory.Gone{At: d.store.Now(), Why: inventory.Vanished})
	})
}

// asSource writes as the source of the link.
func (d *desk) asSource(f func(inventory.SourceTx) error) {
	d.Helper()
	var c inventory.Claim
	if err := d.store.Update(d.Context(), "test", func(tx inventory.Tx) (err error) {
		c, err = tx.Begin(inventory.MustID(linkID))
		return err
	}); err != nil {
		d.Fatal(err)
	}
	if err := d.store.Apply(d.Context(), c, f); err != nil {
		d.Fatal(err)
	}
}

const linkBody = `{"properties":{"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + gateway + `"}}}`
