package jobs_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/emulator/fault"
	"apicenter/internal/inventory"
)

var day = flag.Bool("day", false, "live through a whole day of 10,000 APIs: minutes")

// What Azure grants one identity in one subscription.
const (
	bucket = 250
	refill = 25
)

// TestADayWithinTheBudget lives through the time in which every definition is
// verified once more: with -day, a day of 10,000 APIs, else half an hour of as
// many as are verified at the same rate.
func TestADayWithinTheBudget(t *testing.T) {
	apis, promise := 200, defaults
	if promise.Audit = 30 * time.Minute; *day {
		apis, promise.Audit = 10_000, defaults.Audit
	}
	period := promise.Audit
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, emulator.Options{APIs: apis, Seed: 1, Faults: fault.Config{Bucket: bucket, Refill: refill}}, promise)
		defer s.close()
		began := s.store.Now()
		for first := true; first; first = s.synced().IsZero() {
			s.work(time.Minute)
		}
		there := s.store.Now()
		s.work(period)
		status, f := s.look()
		if f.Late || status.APIs != apis || status.Problems != 0 {
			t.Errorf("after %v: %+v, %+v", period, status, f)
		}
		if status.Definitions == 0 || !status.DefinitionsProvenAt.After(there.Add(-period/10)) {
			t.Errorf("of %d definitions, one was last verified at %v; all were there at %v", status.Definitions, status.DefinitionsProvenAt, there)
		}
		sent, granted := s.sent.Load(), s.store.Now().Sub(began).Seconds()*refill
		t.Logf("%d APIs, %v: %d requests, %.1f %% of the refill", apis, period, sent, 100*float64(sent)/granted)
		if float64(sent) > granted/10 {
			t.Errorf("%d requests, more than a tenth of the %.0f that were refilled", sent, granted)
		}
		if n := s.emulator.Stats().Throttled; n != 0 {
			t.Errorf("%d answers 429", n)
		}
	})
}

// synced is when the first link was first there as a whole.
func (s *shop) synced() time.Time {
	status, _ := s.look()
	return status.SyncedAt
}

// TestAForeignClientIsNotInTheWay has two links read one subscription while
// somebody else uses the same bucket, at their first reading as well.
func TestAForeignClientIsNotInTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, emulator.Options{APIs: 300, Seed: 1, Faults: fault.Config{Bucket: bucket, Refill: refill}}, defaults)
		defer s.close()
		s.link("other")
		stop, ended := make(chan struct{}), make(chan struct{})
		asked, refused, least := 0, 0, bucket
		go func() {
			defer close(ended)
			for tick := time.NewTicker(200 * time.Millisecond); ; {
				select {
				case <-stop:
					tick.Stop()
					return
				case <-tick.C:
				}
				r := httptest.NewRequest(http.MethodGet, s.emulator.Target().InstanceID+"?api-version=2024-05-01", nil)
				r.Header.Set("Authorization", "Bearer azemu")
				w := httptest.NewRecorder()
				s.emulator.Handler().ServeHTTP(w, r)
				if asked++; w.Code != http.StatusOK {
					refused++
				}
				left, err := strconv.Atoi(w.Header().Get("X-Ms-Ratelimit-Remaining-Subscription-Reads"))
				if err != nil {
					t.Error(err)
				}
				least = min(least, left)
			}
		}()
		s.work(3 * time.Minute)
		close(stop)
		<-ended
		t.Logf("the foreign client asked %d times beside %d requests of the links; it was left %d at least", asked, s.sent.Load(), least)
		if refused != 0 || asked < 800 {
			t.Errorf("of %d requests of the foreign client %d were refused", asked, refused)
		}
		if n := s.emulator.Stats().Throttled; n != 0 {
			t.Errorf("%d answers 429 in all", n)
		}
		for _, service := range []string{"center", "other"} {
			if err := s.store.View(t.Context(), func(r inventory.Reader) error {
				res, err := r.Get(inventory.MustID("sub/group/" + service + "/workspaces/default/links/gateway"))
				if status := inventory.StatusOf(res); status.APIs != 300 || status.ProvenAt.IsZero() {
					t.Errorf("the link of %s: %+v", service, status)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
