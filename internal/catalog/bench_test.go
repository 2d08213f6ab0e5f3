package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const (
	center    = "Sub/Group/Center"
	workspace = center + "/workspaces/default"
	gateway   = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw"
	linkPath  = workspace + "/links/gateway"
)

// desk is a catalog on a real store, with shorthands that fail the test.
type desk struct {
	*testing.T
	*catalog.Catalog
	store  *store.Store
	ctx    context.Context // of somebody who is known
	source *fakeSource
}

// fakeSource is what cmd fills the catalog's interfaces with: it remembers what
// it was told, and fetches one document.
type fakeSource struct {
	store    *store.Store
	notified []string
	document string

	imported  []string
	failure   error             // of an import
	panics    bool              // an import does
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

func (f *fakeSource) Import(ctx context.Context, by string, workspace inventory.ID, from inventory.Link, apis []string) (int, error) {
	if err := f.wait(ctx); err != nil {
		return 0, err
	}
	if f.panics {
		panic("secret of the inside")
	}
	f.imported = append(f.imported, fmt.Sprintf("%s %s %s %s %q", by, workspace, from.Source, from.Import, apis))
	return len(apis), f.failure
}

func (f *fakeSource) Download(ctx context.Context, address string, limit int64) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	text, ok := f.documents[address]
	if !ok || int64(len(text)) > limit {
		return nil, errors.New("nothing is to be had there")
	}
	return []byte(text), nil
}

func (f *fakeSource) Notify(_ context.Context, link inventory.ID, api string) error {
	f.notified = append(f.notified, link.Name()+":"+api)
	return nil
}

func (f *fakeSource) Preview(_ context.Context, link inventory.ID, as *inventory.Link) (any, error) {
	out := map[string]string{"link": link.Name()}
	if as != nil {
		out["import"] = string(as.Import)
	}
	return out, nil
}

func (f *fakeSource) Fetch(ctx context.Context, id inventory.ID) error {
	if f.document == "" {
		return inventory.Errorf(inventory.Unavailable, "", "the source does not answer")
	}
	digest, _, err := f.store.PutDocument(ctx, strings.NewReader(f.document))
	if err != nil {
		return err
	}
	return bring(ctx, f.store, inventory.MustID(linkPath), id, "apis/orders", inventory.Doc{
		inventory.FieldDocument: json.RawMessage(`"` + string(digest) + `"`), "/title": json.RawMessage(`"OpenAPI"`),
	})
}

// bring writes what a link's source states of one thing.
func bring(ctx context.Context, s *store.Store, link, id inventory.ID, external string, states inventory.Doc) error {
	var c inventory.Claim
	err := s.Update(ctx, "test", func(tx inventory.Tx) (err error) {
		c, err = tx.Begin(link)
		return err
	})
	if err != nil {
		return err
	}
	return s.Apply(ctx, c, func(tx inventory.SourceTx) error {
		mark := string(states.Encode())
		return tx.PutOrigin(id, inventory.Origin{External: external, States: states, Mark: mark, Read: time.Now()}, inventory.Doc{})
	})
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s := storetest.Open(t)
	f := &fakeSource{store: s}
	return &desk{
		T: t, store: s, source: f, ctx: auth.With(t.Context(), auth.Principal{Name: "ada"}),
		Catalog: catalog.New(s, catalog.Options{Waker: f, Fetcher: f, Planner: f, Importer: f, Downloader: f}),
	}
}

// centre is a desk with a service.
func centre(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.put(center, `{"location":"westeurope"}`)
	return d
}

func doc(t testing.TB, text string) inventory.Doc {
	t.Helper()
	d, err := inventory.ParseDoc([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func id(path string) inventory.ID { return inventory.MustID(path) }

func (d *desk) put(path, body string) inventory.Resource {
	d.Helper()
	r, _, err := d.Put(d.ctx, path, doc(d, body), catalog.Match{})
	if err != nil {
		d.Fatalf("put %s: %v", path, err)
	}
	return r
}

// refused puts what must not be put, and gives the error's target and message.
func (d *desk) refused(path, body string, want inventory.Code) *inventory.Error {
	d.Helper()
	_, _, err := d.Put(d.ctx, path, doc(d, body), catalog.Match{})
	if !errors.Is(err, want) {
		d.Fatalf("put %s %s: %v, want %s", path, body, err, want)
	}
	e, _ := errors.AsType[*inventory.Error](err)
	return e
}

// brings writes what the link's source states.
func (d *desk) brings(path, external, states string) {
	d.Helper()
	if err := bring(d.ctx, d.store, id(linkPath), id(path), external, doc(d, states)); err != nil {
		d.Fatalf("bring %s: %v", path, err)
	}
}

func (d *desk) reads(path, want string) inventory.Resource {
	d.Helper()
	r, err := d.Get(d.ctx, id(path))
	if err != nil {
		d.Fatal(err)
	}
	if !inventory.SameJSON(r.Doc, json.RawMessage(want)) {
		d.Errorf("%s reads\n%s, want\n%s", path, r.Doc, want)
	}
	return r
}

const linkBody = `{"sourceType":"AzureApiManagement","source":"` + gateway + `"}`

// linked is a centre with a link that brought an API and all below it.
func linked(t *testing.T) *desk {
	t.Helper()
	d := centre(t)
	d.put(linkPath, linkBody)
	d.brings(workspace+"/environments/gateway", "", `{"server":{"type":"Azure API Management"}}`)
	d.brings(workspace+"/apis/orders-1", "groups/orders", `{"title":"Orders","description":"d","kind":"rest"}`)
	d.brings(workspace+"/apis/orders-1/versions/v1", "apis/orders", `{"title":"v1"}`)
	d.brings(workspace+"/apis/orders-1/versions/v1/definitions/openapi", "apis/orders", `{"title":"OpenAPI"}`)
	d.brings(workspace+"/apis/orders-1/deployments/gateway", "apis/orders", `{"server":{"runtimeUri":["https://gw/orders"]}}`)
	d.source.notified = nil
	return d
}
