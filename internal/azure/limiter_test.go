package azure_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/azure"
)

const header = "x-ms-ratelimit-remaining-subscription-reads"

// arm is the bucket as Azure keeps it.
type arm struct {
	mu             sync.Mutex
	tokens, refill float64
	at             time.Time
	refused, low   int
	flying, most   int
}

func newARM(tokens, refill float64) *arm {
	return &arm{tokens: tokens, refill: refill, at: time.Now(), low: int(tokens)}
}

// answer takes a while, as the network does, half of it before the bucket is looked at.
func (a *arm) answer(latency time.Duration) (int, http.Header) {
	a.enter(1)
	defer a.enter(-1)
	time.Sleep(latency / 2)
	status, h := a.count()
	time.Sleep(latency / 2)
	return status, h
}

func (a *arm) enter(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flying += n
	a.most = max(a.most, a.flying)
}

func (a *arm) count() (int, http.Header) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens = min(250, a.tokens+time.Since(a.at).Seconds()*a.refill)
	a.at = time.Now()
	h := http.Header{}
	if a.tokens < 1 {
		a.refused++
		h.Set("Retry-After", "3")
		return http.StatusTooManyRequests, h
	}
	a.tokens--
	a.low = min(a.low, int(a.tokens))
	h.Set(header, strconv.Itoa(int(a.tokens)))
	return http.StatusOK, h
}

// ask sends n requests from as many callers as there are workers.
func ask(t *testing.T, l *azure.Limiter, first bool, n, workers int, answer func() (int, http.Header)) {
	t.Helper()
	var wg sync.WaitGroup
	work := make(chan struct{})
	for range workers {
		wg.Go(func() {
			for range work {
				turn, err := l.Wait(t.Context(), first)
				if err != nil {
					t.Error(err)
					return
				}
				turn.Answered(answer())
				turn.End()
			}
		})
	}
	for range n {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
}

func TestFirstReadingUsesTheBucketAndIsNeverRefused(t *testing.T) {
	for _, tt := range []struct {
		name           string
		requests       int
		tokens, refill float64
		latency        time.Duration
	}{
		{"fast network", 1011, 250, 25, 4 * time.Millisecond},
		{"usual network", 1011, 250, 25, 120 * time.Millisecond},
		{"large source", 10111, 250, 25, 80 * time.Millisecond},
		{"somebody else was here before", 300, 20, 25, 50 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newARM(tt.tokens, tt.refill)
				start := time.Now()
				ask(t, azure.NewLimiter(), true, tt.requests, 16, func() (int, http.Header) { return a.answer(tt.latency) })
				took := time.Since(start).Seconds()
				if best := (float64(tt.requests) - tt.tokens) / tt.refill; tt.tokens == 250 && took > 1.10*best {
					t.Errorf("%d requests took %.1fs, want at most 1.10 × %.1fs", tt.requests, took, best)
				}
				if a.refused > 0 || a.most > 8 {
					t.Errorf("%d refused, %d at a time; want none, at most 8", a.refused, a.most)
				}
				if tt.tokens == 250 && a.low < 25 {
					t.Errorf("the bucket went down to %d", a.low)
				}
			})
		})
	}
}

func TestSmallerRefillThanExpectedIsNotOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newARM(250, 10)
		ask(t, azure.NewLimiter(), true, 1000, 8, func() (int, http.Header) { return a.answer(50 * time.Millisecond) })
		if a.refused > 0 {
			t.Errorf("%d refused, want none", a.refused)
		}
	})
}

func TestSteadyReadingTakesAFifth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newARM(250, 25), azure.NewLimiter()
		answer := func() (int, http.Header) { return a.answer(50 * time.Millisecond) }
		start := time.Now()
		ask(t, l, false, 105, 1, answer)
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("an unchanged pass took %v, want it at the speed of the network", took)
		}
		ask(t, l, false, 200, 4, answer) // the burst is over after this
		start = time.Now()
		ask(t, l, false, 500, 4, answer)
		if rate := 500 / time.Since(start).Seconds(); rate > 5.1 || rate < 4.8 {
			t.Errorf("%.2f requests a second, want 5", rate)
		}
		if a.refused > 0 || a.low < 25 {
			t.Errorf("%d refused, the bucket went down to %d", a.refused, a.low)
		}
	})
}

func TestEverybodyLeavesTheReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newARM(250, 25), azure.NewLimiter()
		var wg sync.WaitGroup
		for _, first := range []bool{true, false, true} {
			wg.Go(func() {
				ask(t, l, first, 400, 8, func() (int, http.Header) { return a.answer(30 * time.Millisecond) })
			})
		}
		// Another program with the same identity takes its share.
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			a.count()
		}
		wg.Wait()
		if a.refused > 0 || a.low < 10 || a.most > 8 {
			t.Errorf("%d refused, down to %d, %d at a time", a.refused, a.low, a.most)
		}
	})
}

func TestNoBucketNoThrottling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ask(t, azure.NewLimiter(), false, 5000, 8, func() (int, http.Header) {
			time.Sleep(time.Millisecond)
			return http.StatusOK, nil
		})
		if took := time.Since(start); took > 700*time.Millisecond {
			t.Errorf("5000 requests without a bucket took %v, want 8 at a time of 1ms each", took)
		}
	})
}

func TestRetryAfterParksEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := azure.NewLimiter()
		turn, _ := l.Wait(t.Context(), true)
		turn.Answered(http.StatusTooManyRequests, http.Header{"Retry-After": {"20"}})
		turn.End()
		start := time.Now()
		ask(t, l, true, 10, 4, func() (int, http.Header) { return http.StatusOK, nil })
		if took := time.Since(start); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("waited %v, want 20s", took)
		}
	})
}

func TestLongRetryAfterIsAnErrorAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := azure.NewLimiter()
		turn, _ := l.Wait(t.Context(), true)
		waiting := make(chan error, 1)
		go func() {
			_, err := l.Wait(t.Context(), false)
			waiting <- err
		}()
		synctest.Wait()
		start := time.Now()
		turn.Answered(http.StatusTooManyRequests, http.Header{"Retry-After": {"600"}})
		turn.End()
		e, ok := errors.AsType[*azure.Error](<-waiting)
		if !ok || e.RetryAfter != 10*time.Minute || time.Since(start) > 0 {
			t.Errorf("got %v after %v, want at once an error that says 10m", e, time.Since(start))
		}
		time.Sleep(10*time.Minute + time.Second)
		if _, err := l.Wait(t.Context(), false); err != nil {
			t.Errorf("after the time: %v", err)
		}
	})
}

func TestCancelledWaitEndsPromptlyAndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := azure.NewLimiter()
		var turns []*azure.Turn
		for i := range 8 {
			turn, err := l.Wait(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				turn.Answered(http.StatusOK, nil)
			}
			turns = append(turns, turn)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Wait(ctx, true); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ninth at a time: %v", err)
		}
		for _, turn := range turns {
			turn.End()
		}
		ask(t, l, true, 100, 8, func() (int, http.Header) { return http.StatusOK, nil })
	})
}

func TestLimitersAreSharedByIdentity(t *testing.T) {
	var ls azure.Limiters
	if ls.For("S", "i") != ls.For("s", "I") || ls.For("s", "") == ls.For("s", "i") || ls.For("s", "i") == ls.For("t", "i") {
		t.Error("one limiter for each subscription and identity, whatever their case")
	}
}

func TestExpectFollowsTheBudget(t *testing.T) {
	for _, tt := range []struct {
		name     string
		first    bool
		requests int64
		want     time.Duration
	}{
		{"what the bucket holds goes at once", true, 100, 0},
		{"a first reading refills as Azure does", true, 474, 10 * time.Second},
		{"a steady one keeps to its share", false, 299, 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := azure.NewLimiter()
				if got := l.Expect(tt.requests, tt.first); got != 0 {
					t.Errorf("before any answer %v, want 0", got)
				}
				a := newARM(250, 25)
				ask(t, l, tt.first, 1, 1, func() (int, http.Header) { return a.answer(0) })
				if got := l.Expect(tt.requests, tt.first).Round(time.Second); got != tt.want {
					t.Errorf("%d requests: %v, want %v", tt.requests, got, tt.want)
				}
			})
		})
	}
}
