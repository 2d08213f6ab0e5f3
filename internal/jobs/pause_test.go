package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

// asked is the queue as the catalog knows it.
type asked struct{ *bench }

func (a asked) Notify(_ context.Context, link inventory.ID, api string) error {
	return a.queue.Notify(a.Context(), link, api, "request")
}

func TestAPausedLinkReadsNothingUntilItIsResumed(t *testing.T) {
	run(t, "ondemand", func(b *bench) {
		people := catalog.New(b.store, catalog.Options{Waker: asked{b}})
		ctx := auth.With(b.Context(), auth.Principal{ID: "ann", Name: "ann"})
		time.Sleep(5 * time.Second)
		if _, err := people.Pause(ctx, link, catalog.Match{}); err != nil {
			b.Fatal(err)
		}
		before := len(b.runs())
		b.source.Put(sourcetest.API("apis/orders", "Orders", "v1", []byte(`{"openapi":"3.0.1"}`)))
		b.notify("apis/orders") // as events do
		time.Sleep(time.Hour)
		if n := len(b.runs()); n != before {
			b.Errorf("%d runs while it rested", n-before)
		}
		if err := b.queue.Fetch(ctx, b.definition()); inventory.CodeOf(err) != inventory.Unavailable || !strings.Contains(err.Error(), "is paused") {
			b.Errorf("a document on demand: %v", err)
		}
		s, apis := b.link()
		if f := (inventory.Promise{Target: time.Minute}).Freshness(inventory.Link{}, s, time.Time{}, b.store.Now()); apis != 1 || !f.Late || !strings.HasPrefix(f.Reason, "paused since") {
			b.Errorf("%d APIs, %+v", apis, f)
		}
		if _, err := people.Resume(ctx, link, catalog.Match{}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if s, apis := b.link(); apis != 2 || s.Paused != nil {
			b.Errorf("once resumed: %d APIs, %+v", apis, s)
		}
	})
}

func TestAPausedLinkCanBeDeleted(t *testing.T) {
	run(t, "always", func(b *bench) {
		people := catalog.New(b.store, catalog.Options{Waker: asked{b}})
		ctx := auth.With(b.Context(), auth.Principal{ID: "ann", Name: "ann"})
		time.Sleep(5 * time.Second)
		if _, err := people.Pause(ctx, link, catalog.Match{}); err != nil {
			b.Fatal(err)
		}
		if err := people.Delete(ctx, link, catalog.Match{}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if _, err := people.Get(ctx, link); inventory.CodeOf(err) != inventory.NotFound {
			b.Errorf("the link: %v", err)
		}
	})
}
