package jobs_test

import (
	"slices"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

func (b *bench) ring(apis ...string) {
	b.Helper()
	var hints []inventory.Hint
	for _, api := range apis {
		hints = append(hints, inventory.Hint{Link: link, API: api})
	}
	if err := b.queue.Ring(b.Context(), hints); err != nil {
		b.Fatal(err)
	}
}

func TestAnEventIsLookedIntoAtOnceAndTwiceLater(t *testing.T) {
	run(t, "always", func(b *bench) {
		b.source.Put(sourcetest.API("apis/orders", "Orders", "v1", []byte(`{}`)))
		time.Sleep(7 * time.Second)
		at := time.Now()
		b.ring("apis/petstore")
		var looks []time.Duration
		for opens := b.source.Opens(); time.Since(at) < 99*time.Second; time.Sleep(100 * time.Millisecond) {
			if now := b.source.Opens(); now > opens {
				opens, looks = now, append(looks, time.Since(at).Round(time.Second))
			}
		}
		// Bubbles begin at midnight: seven seconds after it, the steps of 5 and 30
		// seconds that are far enough away are at 15 and 90 seconds.
		if want := []time.Duration{0, 8 * time.Second, 83 * time.Second}; !slices.Equal(looks, want) {
			b.Errorf("the document was looked at %v after the event, want %v", looks, want)
		}
	})
}

func TestAnEventOfALinkThatIsGoneIsNoError(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		if err := b.queue.Ring(b.Context(), []inventory.Hint{{Link: inventory.MustID(linkPath + "-2"), API: "apis/a"}}); err != nil {
			b.Error(err)
		}
	})
}
