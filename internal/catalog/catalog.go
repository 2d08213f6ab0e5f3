// Package catalog is what people do with the inventory: read, list, put and
// delete its things, import and export definitions, and steer links. It guards
// ownership: what a linked source determines, nobody changes here. It speaks
// neither HTTP nor SQL; every surface for people goes through it.
package catalog

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// Waker tells whoever synchronises that a link has something to do.
type Waker interface {
	// Notify records that the link should look at one API of its source, by
	// external identity, or at everything if api is empty, and wakes it. The
	// record is durable before Notify returns; doing it twice does no harm.
	Notify(ctx context.Context, link inventory.ID, api string) error
}

// Fetcher fetches a definition's document from its source, for links that
// import on demand.
type Fetcher interface {
	// Fetch returns when the document is in the inventory. Its errors carry an
	// inventory.Code where people can do something: Unavailable when the source
	// cannot be read at present.
	Fetch(ctx context.Context, definition inventory.ID) error
}

// Planner shows what a pass of a link would do.
type Planner interface {
	// Preview reads the source as a pass would, and writes nothing. With as, the
	// link has these settings, and need not be there yet. What it returns can be
	// written as JSON.
	Preview(ctx context.Context, link inventory.ID, as *inventory.Link) (any, error)
}

// Downloader gets documents that people give the address of.
type Downloader interface {
	// Download gives all that is at an address, at most limit bytes. It decides
	// which addresses may be asked, and bounds the time.
	Download(ctx context.Context, address string, limit int64) ([]byte, error)
}

// Importer copies APIs of a source into a workspace once, as if by brings them
// himself: nothing links them to the source afterwards.
type Importer interface {
	// Import brings the named APIs, by external identity or by their full ids at
	// the source, or all if apis is nil, and says how many. Doing it twice brings
	// nothing twice. Its errors carry an inventory.Code where people can do something.
	Import(ctx context.Context, by string, workspace inventory.ID, from inventory.Link, apis []string) (imported int, err error)
}

// Rights are who may do what, as far as it is known from memory.
type Rights interface {
	// Refresh reads anew what a purge has changed.
	Refresh(ctx context.Context) error
}

// Options are what a Catalog works with besides its store. Each may be nil; what
// needs it then answers Unavailable, but for Waker, without which links simply
// wait until they are due, Rights, which then are not known from memory, and Log,
// without which nothing is told.
type Options struct {
	Waker      Waker
	Fetcher    Fetcher
	Planner    Planner
	Checker    Checker
	Seeker     Seeker
	Identities Identities // nil: nothing is known of any
	Downloader Downloader
	Importer   Importer
	Rights     Rights
	Compare    inventory.Compare // nil: what people import is not compared
	Limits     Limits
	Promise    inventory.Promise // how fresh links are kept
	Tombstones time.Duration     // for how long they are kept; 0: for ever
	Log        *slog.Logger
}

// Catalog is the people's door to the inventory. Its methods may be called
// from many goroutines. Long operations are done while Run runs.
type Catalog struct {
	store      inventory.Store
	waker      Waker
	fetcher    Fetcher
	planner    Planner
	checker    Checker
	seeker     Seeker
	identities Identities
	downloader Downloader
	importer   Importer
	rights     Rights
	compare    inventory.Compare
	comparing  chan struct{} // taken by comparisons that people ask for
	limits     Limits
	promise    inventory.Promise
	tombstones time.Duration
	log        *slog.Logger
	long       long
}

// New makes a Catalog.
func New(store inventory.Store, o Options) *Catalog {
	return &Catalog{
		store: store, waker: o.Waker, fetcher: o.Fetcher, planner: o.Planner, checker: o.Checker, seeker: o.Seeker, identities: o.Identities,
		downloader: o.Downloader, importer: o.Importer, rights: o.Rights, compare: o.Compare, comparing: make(chan struct{}, comparisons), limits: o.Limits, promise: o.Promise, tombstones: o.Tombstones, log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		long: long{started: make(chan struct{})},
	}
}

// Get gives one thing. NotFound; NoParent when not even what it would live in is there.
func (c *Catalog) Get(ctx context.Context, id inventory.ID) (r inventory.Resource, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		r, err = tx.Get(id)
		return orNoParent(tx, id, err)
	})
	return r, err
}

// GetAt is Get as of an instant. Forgotten when it is before what is kept;
// Invalid when it has not come.
func (c *Catalog) GetAt(ctx context.Context, id inventory.ID, at time.Time) (r inventory.Resource, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		r, err = tx.GetAt(id, at)
		return err
	})
	return r, err
}

// orNoParent makes a NotFound a NoParent when the parent is missing too.
func orNoParent(tx inventory.Reader, id inventory.ID, err error) error {
	if inventory.CodeOf(err) != inventory.NotFound || id.Parent().IsZero() {
		return err
	}
	switch _, above := tx.Get(id.Parent()); inventory.CodeOf(above) {
	case inventory.NotFound:
		return inventory.Errorf(inventory.NoParent, "", "%s %q was not found: there is no %s %q",
			id.Kind(), id.Name(), id.Parent().Kind(), id.Parent().Name())
	default:
		return err
	}
}

// Page is one page of a list.
type Page struct {
	Items []inventory.Resource
	Next  inventory.Position // to go on after; zero on the last page
}

// List gives a page of at most q.Limit things. NotFound when the parent is not there.
func (c *Catalog) List(ctx context.Context, q inventory.Query) (Page, error) {
	return c.page(ctx, q, everything)
}

// Services gives a page of the services of a subscription or, with group, of one
// group in it, of those that readable accepts. q says which of them, and in what order.
func (c *Catalog) Services(ctx context.Context, subscription, group string, q inventory.Query, readable func(inventory.Resource) bool) (Page, error) {
	if subscription == "" || q.Limit <= 0 {
		return Page{}, inventory.Errorf(inventory.Invalid, "", "a list of services needs a subscription and a limit")
	}
	skip := q.Skip
	q = inventory.Query{Kind: inventory.KindService, After: q.After, Limit: q.Limit, Order: q.Order, Filter: q.Filter, At: q.At}
	return c.page(ctx, q, func(r inventory.Resource) bool {
		if !within(r.Path, subscription, group) || !readable(r) {
			return false
		}
		skip--
		return skip < 0
	})
}

// Generation is the inventory's: what was read since it was asked for still
// holds while it stays; 0 says that nothing does.
func (c *Catalog) Generation() uint64 { return c.store.Generation() }

func everything(inventory.Resource) bool { return true }

func (c *Catalog) page(ctx context.Context, q inventory.Query, keep func(inventory.Resource) bool) (page Page, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		page, err = pageIn(tx, q, keep)
		return err
	})
	return page, err
}

// pageIn reads the things of q that keep accepts, and one more than the limit, to
// know whether there are more.
func pageIn(tx inventory.Reader, q inventory.Query, keep func(inventory.Resource) bool) (Page, error) {
	limit := q.Limit
	page := Page{Items: make([]inventory.Resource, 0, min(limit+1, 128))}
	if q.Kind == inventory.KindService {
		q.Limit = 0 // what keep refuses does not count
	} else {
		q.Limit++
	}
	for r, err := range tx.List(q) {
		if err != nil {
			return page, err
		}
		if !keep(r) {
			continue
		}
		if len(page.Items) == limit {
			page.Next = page.Items[limit-1].Position()
			break
		}
		page.Items = append(page.Items, r)
	}
	if len(page.Items) > 0 || q.Parent.IsZero() {
		return page, nil
	}
	if !q.At.IsZero() {
		_, err := tx.GetAt(q.Parent, q.At)
		return page, err
	}
	_, err := tx.Get(q.Parent)
	return page, orNoParent(tx, q.Parent, err)
}

// History gives what happened to a thing and to all in it, newest first, at most
// limit events: those before a sequence number, or all if that is 0. NotFound
// when the thing is not there and nothing is known of it.
func (c *Catalog) History(ctx context.Context, id inventory.ID, before int64, limit int) (events []inventory.Event, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		kept, err := inventory.KeptOf(tx, id)
		if err != nil {
			return err
		}
		if events, err = tx.History(id, before, limit); err != nil {
			return err
		}
		if end := slices.IndexFunc(events, func(e inventory.Event) bool { return e.Sequence <= kept.After }); end >= 0 {
			events = events[:end]
		}
		if len(events) > 0 || before > 0 {
			return nil
		}
		_, err = tx.Get(id)
		return orNoParent(tx, id, err)
	})
	return events, err
}

// Kept says how far back what happened in a service is known, and what happened last.
func (c *Catalog) Kept(ctx context.Context, service inventory.ID) (k inventory.Kept, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		k, err = inventory.KeptOf(tx, service)
		return err
	})
	return k, err
}

// Document opens a document of a definition. NotFound.
func (c *Catalog) Document(ctx context.Context, d inventory.Digest) (io.ReadCloser, int64, error) {
	return c.store.Document(ctx, d)
}

// actor is who acts in ctx, for stamps and events.
func actor(ctx context.Context) (string, error) {
	p, ok := auth.From(ctx)
	if !ok {
		return "", inventory.Errorf(inventory.Denied, "", "only somebody who is known may change the inventory")
	}
	return p.Name, nil
}
