// Package feed tells of what changes, to those who follow it: it waits for
// events that were committed, wakes whoever waits for them, and forgets what is
// older than is kept. What a follower has not read is in the store, so nobody
// who is slow holds anybody up, or anything in memory.
package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"apicenter/internal/inventory"
)

// Store is what the feed reads.
type Store interface {
	View(ctx context.Context, f func(inventory.Reader) error) error
	// Now is the time by which events are stamped.
	Now() time.Time
	// News has something after events were committed.
	News() <-chan struct{}
	// Fold forgets what happened before an instant, and says how much.
	Fold(ctx context.Context, before time.Time) (int64, error)
}

// Options are the settings of a feed.
type Options struct {
	Retention time.Duration // how long what happened is kept
	Followers int           // how many may wait at once; 0: 256
	// Followed hears how old a change was when it was given to who waited for it; nil: nobody does.
	Followed func(age time.Duration)
	Log      *slog.Logger
}

// Feed is the events of a store, as they come. Its methods may be called from
// many goroutines. Nobody waits for anything unless Run runs.
type Feed struct {
	store Store
	o     Options
	seats chan struct{} // one for each who waits

	mu    sync.Mutex    // guards news
	news  chan struct{} // closed, and replaced, when events were committed
	ended chan struct{} // closed when Run ends
}

const (
	// poll is how long events can go unnoticed that another process has committed.
	poll      = 30 * time.Second
	foldEvery = time.Hour
	followers = 256
)

// New makes a Feed.
func New(store Store, o Options) *Feed {
	if o.Followers == 0 {
		o.Followers = followers
	}
	return &Feed{store: store, o: o, seats: make(chan struct{}, o.Followers), news: make(chan struct{}), ended: make(chan struct{})}
}

// Run wakes followers, and forgets what is too old, until ctx ends. It runs once.
func (f *Feed) Run(ctx context.Context) error {
	defer close(f.ended)
	slow, fold := time.NewTicker(poll), time.NewTimer(0)
	defer slow.Stop()
	defer fold.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.store.News():
		case <-slow.C:
		case <-fold.C:
			f.fold(ctx)
			fold.Reset(foldEvery)
			continue
		}
		f.mu.Lock()
		close(f.news)
		f.news = make(chan struct{})
		f.mu.Unlock()
	}
}

func (f *Feed) fold(ctx context.Context) {
	n, err := f.store.Fold(ctx, f.store.Now().Add(-f.o.Retention))
	switch {
	case err != nil && ctx.Err() == nil:
		f.o.Log.WarnContext(ctx, "what happened long ago could not be forgotten; it is tried again", "error", err)
	case n > 0:
		f.o.Log.InfoContext(ctx, "what happened long ago was forgotten", "rows", n)
	}
}

// Numbers to follow from: what is yet to happen, and all that is kept.
const (
	Latest = int64(-1)
	Oldest = int64(-2)
)

// Next gives the events of a thing and all in it that come after a number, in
// order, and the number to go on after. When there are none it waits for some,
// as long as wait; then, and when the server stops, it gives none and no error.
//
// Forgotten when events after the number are not kept any more, or it is beyond
// the last; Busy when too many wait already.
func (f *Feed) Next(ctx context.Context, in inventory.ID, after int64, limit int, wait time.Duration) (letters []Letter, cursor int64, err error) {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	waited := false
	for {
		news := f.wake() // before the store is asked, so that nothing is missed between
		p, err := f.read(ctx, in, after, limit)
		if waited && len(p.letters) > 0 && f.o.Followed != nil {
			f.o.Followed(time.Since(p.letters[0].Time))
		}
		if err != nil || len(p.letters) > 0 || wait <= 0 && !p.full {
			return p.letters, p.cursor, err
		}
		if after = p.cursor; p.full { // of events that tell nothing
			continue
		}
		select {
		case f.seats <- struct{}{}:
		default:
			return nil, after, inventory.Errorf(inventory.Busy, "", "%d others wait for events at present; ask again later, or without wait", cap(f.seats))
		}
		waited = f.sit(ctx, news, deadline.C)
		<-f.seats
		if !waited {
			return nil, after, ctx.Err()
		}
	}
}

// wake is closed when events are committed.
func (f *Feed) wake() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.news
}

// sit waits for news. It says whether there are any.
func (f *Feed) sit(ctx context.Context, news <-chan struct{}, deadline <-chan time.Time) bool {
	select {
	case <-news:
		return true
	case <-deadline:
	case <-f.ended:
	case <-ctx.Done():
	}
	return false
}

// Ended is closed when the feed has ended: who follows it is to leave.
func (f *Feed) Ended() <-chan struct{} { return f.ended }

// page is what some events tell.
type page struct {
	letters []Letter
	cursor  int64 // to go on after
	full    bool  // there may be more events behind it
}

// read gives the letters of the events that there are.
func (f *Feed) read(ctx context.Context, in inventory.ID, after int64, limit int) (p page, err error) {
	err = f.store.View(ctx, func(tx inventory.Reader) error {
		p = page{}
		kept, err := inventory.KeptOf(tx, in)
		if err != nil {
			return err
		}
		switch after {
		case Latest:
			p.cursor = kept.Last
			return nil
		case Oldest:
			after = kept.After
		}
		if err := kept.Holds(after); err != nil {
			return err
		}
		p.cursor = kept.Last
		n := 0
		for e, err := range tx.EventsIn(in, after, limit) {
			if err != nil {
				return err
			}
			if n++; n == limit {
				p.cursor, p.full = e.Sequence, true
			}
			more, err := compose(tx, e)
			if err != nil {
				return err
			}
			p.letters = append(p.letters, more...)
		}
		return nil
	})
	return p, err
}

// compose reads what an event's letters tell besides the event.
func compose(tx inventory.Reader, e inventory.Event) ([]Letter, error) {
	docs := map[string][]byte{}
	for _, c := range e.Changes {
		path := c.Path
		if c.Action == inventory.Moved {
			path = c.To
		}
		id, err := inventory.ParseID(path)
		if err != nil {
			return nil, err
		}
		if r, err := tx.GetAt(id, e.At); err == nil {
			docs[path] = r.Doc
		} else if inventory.CodeOf(err) == "" {
			return nil, err
		}
	}
	return Letters(e, docs), nil
}
