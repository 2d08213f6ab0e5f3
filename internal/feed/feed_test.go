package feed_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

// world is a feed that runs, of a store with a service.
type world struct {
	testing.TB
	*feed.Feed
	store *store.Store
	stop  func()
}

func newWorld(t *testing.T, o feed.Options) *world {
	return newWorldOf(t, o, func(s *store.Store) feed.Store { return s })
}

// newWorldOf is newWorld with a feed that reads the store as read has it.
func newWorldOf(t *testing.T, o feed.Options, read func(*store.Store) feed.Store) *world {
	o.Log = slog.New(slog.DiscardHandler)
	if o.Retention == 0 {
		o.Retention = time.Hour
	}
	w := &world{TB: t, store: storetest.Open(t)}
	w.Feed = feed.New(read(w.store), o)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Feed.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	w.put(service, service+"/workspaces/default")
	return w
}

func (w *world) put(paths ...string) {
	w.Helper()
	for _, path := range paths {
		w.putTogether(path)
	}
}

// putTogether puts things in one transaction.
func (w *world) putTogether(paths ...string) {
	w.Helper()
	time.Sleep(time.Millisecond) // each time it says something else
	if err := w.store.Update(w.Context(), "ann", func(tx inventory.Tx) error {
		for _, path := range paths {
			if _, err := tx.PutOwn(path, inventory.Doc{}.With("/title", path+time.Now().String()), inventory.Condition{}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		w.Fatal(err)
	}
}

// next gives the subjects of the next letters, and where to go on.
func (w *world) next(in string, after int64, limit int, wait time.Duration) (subjects []string, cursor int64) {
	w.Helper()
	letters, cursor, err := w.Next(w.Context(), inventory.MustID(in), after, limit, wait)
	if err != nil {
		w.Fatal(err)
	}
	for _, l := range letters {
		subjects = append(subjects, l.Subject)
	}
	return subjects, cursor
}

func TestPagesOfAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Options{})
		w.put("sub/group/other", api)
		subjects, cursor := w.next(service, feed.Oldest, 2, 0)
		if len(subjects) != 2 || cursor != 2 {
			t.Errorf("first page: %v, then %d", subjects, cursor)
		}
		if subjects, cursor = w.next(service, cursor, 2, 0); len(subjects) != 1 || subjects[0] != feed.ARMID(api) || cursor != 4 {
			t.Errorf("second page: %v, then %d", subjects, cursor)
		}
		if subjects, cursor = w.next(service, cursor, 2, 0); len(subjects) != 0 || cursor != 4 {
			t.Errorf("third page: %v, then %d", subjects, cursor)
		}
		if _, cursor = w.next(service, feed.Latest, 2, 0); cursor != 4 {
			t.Errorf("latest is %d", cursor)
		}
		_, _, err := w.Next(t.Context(), inventory.MustID(service), 5, 1, 0)
		if !errors.Is(err, inventory.Forgotten) || !strings.Contains(err.Error(), "read the inventory anew") {
			t.Errorf("after what is not known, as of an inventory that was restored: %v", err)
		}
	})
}

func TestFollowersWakeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ages []time.Duration
		w := newWorld(t, feed.Options{Followed: func(age time.Duration) { ages = append(ages, age) }})
		began := time.Now()
		go func() {
			time.Sleep(time.Second)
			w.put("sub/group/other") // wakes, and is not theirs
			time.Sleep(time.Second)
			w.put(api)
		}()
		subjects, cursor := w.next(service, feed.Latest, 10, time.Minute)
		if len(subjects) != 1 || cursor != 4 || time.Since(began) != 2*time.Second+2*time.Millisecond {
			t.Errorf("%v, then %d, after %s", subjects, cursor, time.Since(began))
		}
		if subjects, cursor = w.next(service, cursor, 10, 30*time.Second); len(subjects) != 0 || cursor != 4 || time.Since(began) != 32*time.Second+2*time.Millisecond {
			t.Errorf("%v, then %d, after %s", subjects, cursor, time.Since(began))
		}
		w.next(service, 0, 10, time.Minute) // what was there already, nobody waited for
		if len(ages) != 1 || ages[0] > 10*time.Millisecond {
			t.Errorf("changes that were waited for were this old: %v", ages)
		}
	})
}

func TestTooManyFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Options{Followers: 1})
		first := make(chan error, 1)
		go func() {
			_, _, err := w.Next(t.Context(), inventory.MustID(service), feed.Latest, 1, time.Minute)
			first <- err
		}()
		synctest.Wait()
		_, _, err := w.Next(t.Context(), inventory.MustID(service), feed.Latest, 1, time.Minute)
		if !errors.Is(err, inventory.Busy) {
			t.Errorf("the second: %v", err)
		}
		if _, cursor := w.next(service, feed.Latest, 1, 0); cursor != 2 {
			t.Errorf("who does not wait gets %d", cursor)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
		w.next(service, feed.Latest, 1, time.Second)
	})
}

func TestStopEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Options{})
		began := time.Now()
		go func() {
			time.Sleep(time.Second)
			w.stop()
		}()
		if subjects, _ := w.next(service, feed.Latest, 1, time.Minute); len(subjects) != 0 || time.Since(began) != time.Second {
			t.Errorf("%v after %s", subjects, time.Since(began))
		}
		<-w.Ended()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := w.Next(ctx, inventory.MustID(service), feed.Latest, 1, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone: %v", err)
		}
	})
}

func TestOldEventsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Options{Retention: 90 * time.Minute})
		time.Sleep(3 * time.Hour)
		w.put(api)
		time.Sleep(time.Minute)
		_, _, err := w.Next(t.Context(), inventory.MustID(service), 1, 1, 0)
		if !errors.Is(err, inventory.Forgotten) {
			t.Errorf("an old cursor: %v", err)
		}
		if subjects, cursor := w.next(service, feed.Oldest, 10, 0); len(subjects) != 1 || cursor != 3 {
			t.Errorf("what is kept: %v, then %d", subjects, cursor)
		}
	})
}

// A service begins with itself, whatever happened in one that had its name.
func TestANewServiceIsFollowedFromItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Options{})
		w.put(api)
		id := inventory.MustID(service)
		if err := w.store.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.SoftDelete(id, w.store.Now()) }); err != nil {
			t.Fatal(err)
		}
		if err := w.store.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Purge(id) }); err != nil {
			t.Fatal(err)
		}
		w.put(service, service+"/workspaces/default")
		if subjects, cursor := w.next(service, feed.Oldest, 1, 0); len(subjects) != 1 || subjects[0] != feed.ARMID(service) || cursor != 6 {
			t.Errorf("the oldest that is kept: %v, then %d", subjects, cursor)
		}
		if subjects, _ := w.next(service, 5, 10, 0); len(subjects) != 2 {
			t.Errorf("after the purge: %v", subjects)
		}
		if _, _, err := w.Next(t.Context(), id, 3, 10, 0); !errors.Is(err, inventory.Forgotten) {
			t.Errorf("with a cursor of the old one: %v", err)
		}
	})
}

// A page of events that tell nothing is no end.
func TestEventsThatTellNothingArePassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Options{})
		const link, other = service + "/workspaces/default/links/gateway", service + "/workspaces/default/apis/Zoo"
		w.put(link, api, other)
		move := func(id, to string) {
			var c inventory.Claim
			if err := w.store.Update(t.Context(), "ann", func(tx inventory.Tx) (err error) {
				c, err = tx.Begin(inventory.MustID(link))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := w.store.Apply(t.Context(), c, func(tx inventory.SourceTx) error {
				if to == "" {
					return tx.PutOrigin(inventory.MustID(id), inventory.Origin{External: "v", States: inventory.Doc{}.With("/title", "1"), Read: w.store.Now()}, nil)
				}
				return tx.Move(inventory.MustID(id), inventory.MustID(to))
			}); err != nil {
				t.Fatal(err)
			}
		}
		move(api+"/versions/v1", "")
		_, last := w.next(service, feed.Latest, 1, 0)
		move(api+"/versions/v1", other+"/versions/v1")
		synctest.Wait()
		began := time.Now()
		if subjects, _ := w.next(service, last, 1, time.Minute); !slices.Equal(subjects, []string{feed.ARMID(other + "/versions/v1")}) || time.Since(began) > 0 {
			t.Errorf("%v after %s", subjects, time.Since(began))
		}
	})
}
