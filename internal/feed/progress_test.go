package feed_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// environments is a webhook that wants few events.
const environments = `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.EnvironmentAdded"]}`

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
		h.hook(hook, environments)
		h.heard(2*time.Second, "a.example", "OPTIONS")
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
		h.hook(hook, environments)
		h.heard(10*time.Second, "a.example", "OPTIONS")
		h.put(api)
		time.Sleep(time.Second / 2)
		h.put(service + "/workspaces/default/environments/prod")
		h.heard(5*time.Second, "a.example", "EnvironmentAdded")
	})
}

func TestAWeakReceiverIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.hook(hook, `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.ApiUpdated"]}`)
		h.heard(2*time.Second, "a.example", "OPTIONS")
		h.put(api)
		h.net.mu.Lock()
		h.net.weak, h.net.down["a.example"] = true, 503
		h.net.mu.Unlock()
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
		h.hook(hook, `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.ApiUpdated"]}`)
		h.heard(2*time.Second, "a.example", "OPTIONS")
		h.put(api)
		h.net.mu.Lock()
		h.net.pace = 5 * time.Second
		h.net.mu.Unlock()
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
