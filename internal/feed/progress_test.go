package feed_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// Webhooks that want few events.
const (
	environments = `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.EnvironmentAdded"]}`
	updates      = `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.ApiUpdated"]}`
	additions    = `{"address":"https://a.example/x",` + added
	added        = `"eventTypes":["Microsoft.ApiCenter.ApiAdded","Microsoft.ApiCenter.ApiVersionAdded"]}`
)

// agreed makes a webhook of a.example, which agrees to it.
func (h *hooks) agreed(properties string) {
	h.Helper()
	h.hook(hook, properties)
	h.heard(5*time.Second, "a.example", "OPTIONS")
}

// versions puts an API with so many versions, which is one event, and gives what it tells.
func (h *hooks) versions(n int) (types []string) {
	h.Helper()
	paths := []string{api}
	for i := range n {
		paths = append(paths, fmt.Sprintf("%s/versions/v%d", api, i))
	}
	before := h.last()
	h.putTogether(paths...)
	if got := h.last() - before; got != 1 {
		h.Fatalf("%d events, want one", got)
	}
	return append([]string{"ApiAdded"}, slices.Repeat([]string{"ApiVersionAdded"}, n)...)
}

func (h *hooks) last() int64 {
	h.Helper()
	_, last := h.next(service, feed.Latest, 1, 0)
	return last
}

func TestEventsThatAreNotWantedHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.hook(hook, environments)
		for range 350 {
			h.put(api)
		}
		h.put(service + "/workspaces/default/environments/prod")
		h.heard(2*time.Second, "a.example", "OPTIONS", "EnvironmentAdded")
		if err := h.store.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Rewind(inventory.MustID(hook), 1) }); err != nil {
			t.Fatal(err)
		}
		h.heard(time.Second, "a.example", "EnvironmentAdded")
	})
}

func TestWhatWasNotWantedIsNotReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hooksOf(newWorld(t, feed.Options{Retention: 90 * time.Minute}))
		stop := h.deliver()
		h.agreed(environments)
		h.put(api)
		h.heard(3*time.Minute, "a.example")
		if got := h.status(hook).Cursor; got != h.last() {
			t.Errorf("after minutes %d is kept, of %d", got, h.last())
		}
		for range 20 {
			time.Sleep(10 * time.Minute)
			h.put(api)
		}
		synctest.Wait()
		stop()
		if got := h.status(hook).Cursor; got != h.last() {
			t.Errorf("when it stopped %d is kept, of %d", got, h.last())
		}
		stop = h.deliver()
		defer stop()
		h.put(service + "/workspaces/default/environments/prod")
		h.heard(2*time.Second, "a.example", "EnvironmentAdded")
		if s := h.status(hook); s.State != inventory.Delivering {
			t.Errorf("after a restart: %+v", s)
		}
	})
}

// A stop says nothing of a receiver: a webhook that a change got going goes on after it.
func TestAChangedWebhookGoesOnAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hooksOf(newWorld(t, feed.Options{}))
		stop := h.deliver()
		h.answer("a.example", 410)
		h.hook(hook, `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.ApiAdded"]}`)
		h.put(api, api+"-2")
		h.heard(2*time.Second, "a.example")
		if s := h.status(hook); s.State != inventory.Stopped {
			t.Errorf("%+v", s)
		}
		h.hang(true)
		h.hook(hook, `{"address":"https://b.example/x","eventTypes":["Microsoft.ApiCenter.ApiAdded"]}`)
		h.heard(2*time.Second, "b.example", "OPTIONS", "ApiAdded")
		stop()
		h.hang(false)
		defer h.deliver()()
		h.heard(2*time.Second, "b.example", "ApiAdded")
	})
}

// slow is a store whose readers are late to tell what they saw.
type slow struct{ *store.Store }

func (s slow) View(ctx context.Context, f func(inventory.Reader) error) error {
	err := s.Store.View(ctx, f)
	time.Sleep(time.Second)
	return err
}

func TestWhatComesWhileAWebhookReadsIsDeliveredNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hooksOf(newWorldOf(t, feed.Options{}, func(s *store.Store) feed.Store { return slow{s} }))
		defer h.deliver()()
		h.agreed(environments)
		h.put(api)
		time.Sleep(time.Second / 2)
		h.put(service + "/workspaces/default/environments/prod")
		h.heard(5*time.Second, "a.example", "EnvironmentAdded")
	})
}

func TestAWeakReceiverIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.agreed(updates)
		h.put(api)
		h.net.set(func(n *net) { n.weak, n.down["a.example"] = true, 503 })
		for range 40 {
			h.put(api)
		}
		h.answer("a.example", 0)
		h.heard(30*time.Hour, "a.example", slices.Repeat([]string{"ApiUpdated"}, 40)...)
		if s := h.status(hook); s.State != inventory.Delivering {
			t.Errorf("%+v", s)
		}
	})
}

// What was delivered is not told again after a crash, but for the last seconds of it.
func TestHowFarASlowReceiverIsIsKeptOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.agreed(updates)
		h.put(api)
		h.net.set(func(n *net) { n.pace = 5 * time.Second })
		first := h.last()
		for range 20 {
			h.put(api)
		}
		h.heard(62*time.Second, "a.example", slices.Repeat([]string{"ApiUpdated"}, 12)...)
		if got := h.status(hook).Cursor; got < first+10 {
			t.Errorf("of 12 events %d are kept as delivered", got-first)
		}
	})
}

func TestAWeakReceiverTakesALongEventOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.agreed(additions)
		h.net.set(func(n *net) { n.weak = true })
		types := h.versions(39)
		h.heard(time.Hour, "a.example", types...)
		if s := h.status(hook); s.State != inventory.Delivering || s.Cursor != h.last() || s.Taken != "" {
			t.Errorf("%+v", s)
		}
	})
}

// What a receiver takes within an event gives it another day, and no more than that.
func TestADayBeginsAnewWithinAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.agreed(additions)
		h.answer("a.example", 503)
		types := h.versions(3)
		h.heard(20*time.Hour, "a.example")
		h.net.set(func(n *net) { n.most, n.down["a.example"] = 2, 0 })
		h.heard(2*time.Hour, "a.example", types[:2]...)
		h.heard(20*time.Hour, "a.example")
		if s := h.status(hook); s.State != inventory.Retrying {
			t.Errorf("within a day of what it took: %+v", s)
		}
		h.heard(6*time.Hour, "a.example")
		if s := h.status(hook); s.State != inventory.Stopped {
			t.Errorf("after a day: %+v", s)
		}
		h.net.set(func(n *net) { n.most = 0 })
		h.hook(hook, `{"title":"again","address":"https://a.example/x",`+added)
		h.heard(2*time.Second, "a.example", types[2:]...)
	})
}

func TestWhatWasTakenOfAnEventIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hooksOf(newWorld(t, feed.Options{}))
		stop := h.deliver()
		h.agreed(additions)
		h.net.set(func(n *net) { n.most = 2 })
		types := h.versions(3)
		h.heard(time.Second, "a.example", types[:2]...)
		stop()
		h.net.set(func(n *net) { n.most = 0 })
		defer h.deliver()()
		h.heard(time.Minute, "a.example", types[2:]...)
	})
}

func TestAWebhookIsChangedWithinAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.agreed(additions)
		h.net.set(func(n *net) { n.pace = 4 * time.Second })
		types := h.versions(9)
		time.Sleep(6 * time.Second)
		h.hook(hook, `{"address":"https://b.example/x",`+added)
		h.heard(time.Minute, "a.example", types[:3]...)
		h.heard(0, "b.example", append([]string{"OPTIONS"}, types[3:]...)...)
	})
}
