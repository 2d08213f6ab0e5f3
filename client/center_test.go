package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/client"
	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/inventory"
	"apicenter/internal/outbound"
	"apicenter/internal/server"
	"apicenter/internal/store"
)

// secret is the token of the only one who may use the center of the tests.
const secret = "s3cret"

var ada = auth.Principal{
	ID: "ada", Name: "ada", Grants: []auth.Grant{{Role: access.AdministratorID, Scope: access.Everything}},
}

// center is the real handler over a real store, with a service in it.
type center struct {
	*client.Client
	url   string
	http  *httptest.Server
	store *store.Store
	dir   string
}

func openCenter(ctx context.Context) (*center, error) {
	dir, err := os.MkdirTemp("", "center-")
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{Dir: dir})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	log := slog.New(slog.DiscardHandler)
	rights, err := access.New(ctx, s)
	if err != nil {
		return nil, errors.Join(err, s.Close(), os.RemoveAll(dir))
	}
	arm := armapi.New(armapi.Options{
		Catalog: catalog.New(s, catalog.Options{Waker: asleep{}, Planner: idle{}, Seeker: blind{}, Downloader: outbound.New(outbound.Options{}), Compare: same}), Access: rights,
		Signer: documents.NewSigner([]byte("key")), Log: log, Feed: feed.New(s, feed.Options{Log: log}),
	})
	c := &center{store: s, dir: dir}
	c.http = httptest.NewServer(server.Handler(server.Options{
		ARM: arm, Keys: auth.Static(map[string]auth.Principal{secret: ada}), Log: log,
		Routes: []server.Route{{Pattern: documents.Prefix, Handler: arm.Documents(), Public: true}},
	}))
	c.url = c.http.URL
	c.Client, err = client.New(c.url, client.Options{Token: secret, HTTP: &http.Client{Transport: guard{c.http.Client().Transport}}})
	if err == nil {
		_, err = c.Services("S", "G").CreateOrUpdate(ctx, "main", client.Resource[client.Service]{Location: "local"})
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close ends the center and forgets what it had.
func (c *center) Close() error {
	c.http.Close()
	return errors.Join(c.store.Close(), os.RemoveAll(c.dir))
}

func (c *center) workspace() client.WorkspaceRef {
	return c.Service("S", "G", "main").Workspace("default")
}

func newCenter(t *testing.T) *center {
	t.Helper()
	c, err := openCenter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// asleep is a queue that takes every request and does nothing.
type asleep struct{}

func (asleep) Notify(context.Context, inventory.ID, string) error { return nil }

// idle is a planner with nothing to do.
type idle struct{}

func (idle) Preview(context.Context, inventory.ID, *inventory.Link) (any, error) {
	return map[string]any{"requests": 6, "changes": []any{map[string]any{"action": "add", "external": "apis/pets"}}}, nil
}

// blind finds nothing at any source.
type blind struct{}

func (blind) Seek(context.Context, inventory.Link, string, string) ([]inventory.Sighting, error) {
	return nil, nil
}

// same takes any two documents to mean the same.
func same(context.Context, []byte, []byte) inventory.Compatibility {
	return inventory.Compatibility{Verdict: inventory.Unaltered}
}

// guard fails a request that takes the token to a document.
type guard struct{ http.RoundTripper }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, documents.Prefix) && r.Header.Get("Authorization") != "" {
		return nil, errors.New("the token goes to a document")
	}
	return g.RoundTripper.RoundTrip(r)
}

func TestResourcesLiveAndDie(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	apis := c.workspace().APIs()
	pets := client.Resource[client.API]{Properties: client.API{
		Title: "Pets", Kind: "rest", Summary: "<all> about pets", Contacts: []client.Contact{{Name: "Pet team"}},
	}}
	made, err := apis.CreateOrUpdate(ctx, "pets", pets, client.IfNoneMatch("*"))
	if err != nil {
		t.Fatal(err)
	}
	if made.ID != apis.ID("pets") || made.ETag == "" || made.Properties.Summary != "<all> about pets" || made.SystemData.CreatedAt.IsZero() {
		t.Errorf("made %+v", made)
	}
	if _, err := apis.CreateOrUpdate(ctx, "pets", pets, client.IfNoneMatch("*")); !errors.Is(err, &client.Error{Code: "PreconditionFailed"}) {
		t.Errorf("made again: %v, want PreconditionFailed", err)
	}
	if _, err := apis.Get(ctx, "pets", client.IfNoneMatch(made.ETag)); !errors.Is(err, &client.Error{Status: http.StatusNotModified}) {
		t.Errorf("got though nothing changed: %v, want 304", err)
	}
	made.Properties.Title = "All pets"
	changed, err := apis.CreateOrUpdate(ctx, "pets", made, client.IfMatch(made.ETag))
	if err != nil || changed.Properties.Title != "All pets" || changed.Properties.Contacts[0].Name != "Pet team" {
		t.Errorf("changed to %+v, %v", changed, err)
	}
	if err := apis.Delete(ctx, "pets", client.IfMatch(made.ETag)); !errors.Is(err, &client.Error{Status: http.StatusPreconditionFailed}) {
		t.Errorf("deleted with an old tag: %v, want 412", err)
	}
	for range 2 {
		if err := apis.Delete(ctx, "pets"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if _, err := apis.Get(ctx, "pets"); !client.NotFound(err) {
		t.Errorf("after the deletion: %v, want 404", err)
	}
}

func TestListsCrossPages(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	environments := c.workspace().Environments()
	const n = 103 // a page has 100
	for i := range n {
		_, err := environments.CreateOrUpdate(ctx, fmt.Sprintf("env-%03d", i), client.Resource[client.Environment]{
			Properties: client.Environment{Title: fmt.Sprint(i), Kind: "testing"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		options     client.ListOptions
		count       int
		first, last string
	}{
		{client.ListOptions{}, n, "env-000", "env-102"},
		{client.ListOptions{Skip: 2, Top: 101}, 101, "env-002", "env-102"},
		{client.ListOptions{Filter: "title eq '7'"}, 1, "env-007", "env-007"},
	} {
		var names []string
		for e, err := range environments.List(ctx, tt.options) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, e.Name)
		}
		if len(names) != tt.count || names[0] != tt.first || names[len(names)-1] != tt.last {
			t.Errorf("%+v: %d from %v, want %d from %s to %s", tt.options, len(names), names, tt.count, tt.first, tt.last)
		}
	}
	for _, err := range environments.List(ctx, client.ListOptions{Filter: "title eq"}) {
		if !errors.Is(err, &client.Error{Code: "InvalidFilter"}) {
			t.Errorf("a bad filter: %v, want InvalidFilter", err)
		}
	}
}

func TestDocumentsComeBackByteForByte(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	api := c.workspace().API("pets")
	put(t, c.workspace().APIs(), "pets", client.API{Title: "Pets", Kind: "rest"})
	put(t, api.Versions(), "one", client.Version{Title: "1", LifecycleStage: "design"})
	put(t, api.Version("one").Definitions(), "openapi", client.Definition{Title: "OpenAPI"})
	definition := api.Version("one").Definition("openapi")
	for name, text := range map[string]string{
		"inline": "{\"openapi\": \"3.0.1\"}\r\n<é>",
		"link":   `{"openapi":"3.0.1","x":"` + strings.Repeat("a", 3<<20) + `"}`,
	} {
		err := definition.ImportSpecification(ctx, client.Document{
			Format: "inline", Value: text, Specification: &client.Specification{Name: "openapi", Version: "3.0.1"},
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r, err := definition.ExportSpecification(ctx)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got bytes.Buffer
		if _, err := io.Copy(&got, r); err != nil || r.Close() != nil || got.String() != text {
			t.Errorf("%s: %d bytes came back, want %d (%v)", name, got.Len(), len(text), err)
		}
	}
	d, err := api.Version("one").Definitions().Get(ctx, "openapi")
	if err != nil || d.Properties.Specification == nil || d.Properties.Specification.Version != "3.0.1" {
		t.Errorf("the definition says %+v, %v", d.Properties, err)
	}
}

func TestADocumentIsComparedWithWhatItWas(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	api := c.workspace().API("pets")
	put(t, c.workspace().APIs(), "pets", client.API{Title: "Pets", Kind: "rest"})
	put(t, api.Versions(), "one", client.Version{Title: "1", LifecycleStage: "design"})
	put(t, api.Version("one").Definitions(), "openapi", client.Definition{Title: "OpenAPI"})
	definition := c.DefinitionByID(api.Version("one").Definition("openapi").ID())
	bring := func(text string) time.Time {
		t.Helper()
		if err := definition.ImportSpecification(ctx, client.Document{Format: "inline", Value: text, Specification: &client.Specification{Name: "other"}}); err != nil {
			t.Fatal(err)
		}
		d, err := api.Version("one").Definitions().Get(ctx, "openapi")
		if err != nil {
			t.Fatal(err)
		}
		return d.SystemData.LastModifiedAt
	}
	then := bring("a\nb\n")
	bring("a\nc\n")
	d, err := definition.Diff(ctx, client.Edition{At: then}, time.Time{})
	want := []client.Line{{Op: " ", Text: "a"}, {Op: "-", Text: "b"}, {Op: "+", Text: "c"}}
	if err != nil || d.Verdict != "unchanged" || !d.From.At.Equal(then) || d.To.ID != definition.ID() || d.Diff == nil || !slices.Equal(d.Diff.Hunks[0].Lines, want) {
		t.Errorf("%+v, %v", d, err)
	}
	r, err := definition.ExportSpecificationAt(ctx, then)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != "a\nb\n" {
		t.Errorf("it was %q, %v", text, err)
	}
	if _, err := definition.ExportSpecificationAt(ctx, then.Add(-time.Hour)); !client.NotFound(err) {
		t.Errorf("before it was there: %v, want 404", err)
	}
}

func TestWebhooksHaveASecret(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	service := c.Service("S", "G", "main")
	made := put(t, service.Webhooks(), "hook", client.Webhook{Address: "https://hooks.example.com/x", EventTypes: []string{"Microsoft.ApiCenter.ApiAdded"}})
	if d := made.Properties.Delivery; d == nil || d.State != "validating" || d.Message == "" {
		t.Errorf("a new one says %+v", d)
	}
	hook := service.Webhook("hook")
	if _, err := hook.Replay(ctx, 0); err == nil {
		t.Error("without a secret it delivers again")
	}
	if secret, err := hook.NewSecret(ctx); err != nil || !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("secret: %d characters, %v", len(secret), err)
	}
	if r, err := hook.Replay(ctx, 0); err != nil || r.Name != "hook" || r.Properties.Delivery == nil || r.Properties.Delivery.Cursor != "0" {
		t.Errorf("replayed: %+v, %v", r, err)
	}
}

func TestLinksAreSteered(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	link := put(t, c.workspace().APISources(), "gateway", client.APISource{
		APIManagement:       &client.APIManagement{ResourceID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw"},
		ImportSpecification: "always",
	})
	if link.Properties.LinkState == nil || link.Properties.LinkState.State != "initializing" || link.Properties.Synchronization == nil {
		t.Errorf("the new link says %+v", link.Properties)
	}
	source := c.workspace().APISource("gateway")
	if at, err := source.Sync(ctx, ""); err != nil || at.IsZero() {
		t.Errorf("sync: %v, %v", at, err)
	}
	for run, err := range source.Runs(ctx, client.ListOptions{Top: 3}) {
		t.Errorf("a run though nothing ran: %+v, %v", run, err)
	}
	if p, err := source.Plan(ctx, nil); err != nil || p.Requests != 6 || len(p.Changes) != 1 || p.Changes[0].External != "apis/pets" {
		t.Errorf("plan: %+v, %v", p, err)
	}
	if at, err := source.Apply(ctx, strings.Repeat("0", 64), nil); err != nil || at.IsZero() {
		t.Errorf("apply: %v, %v", at, err)
	}
	if held, err := source.Approve(ctx); err != nil || len(held) != 0 {
		t.Errorf("approve: %v, %v", held, err)
	}
}

func put[P any](t *testing.T, s client.Collection[P], name string, p P) client.Resource[P] {
	t.Helper()
	r, err := s.CreateOrUpdate(t.Context(), name, client.Resource[P]{Properties: p})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
