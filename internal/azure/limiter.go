package azure

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What Azure grants one identity in one subscription: a bucket of reads that refills all the time.
const (
	bucketSize   = 250
	bucketRefill = 25.0 // a second
)

// What we take of it. Others may use the same identity, and a person's click
// must find something left: so nobody goes below the reserve, and only a first
// reading goes that far at full speed. All else keeps to a fifth of the refill,
// with the burst that lets an unchanged pass of a hundred pages go at once.
const (
	reserve         = 25
	allowanceSize   = 250
	allowanceRefill = bucketRefill / 5
	inFlight        = 8
)

// longPark is the longest time that a request waits for a source that asked
// for patience. Beyond it, whoever asks is told when to come again.
const longPark = time.Minute

// remainingReads is the header by which ARM tells what is left in the bucket.
const remainingReads = "X-Ms-Ratelimit-Remaining-Subscription-Reads"

// Limiter gives requests their turn, so that all that share an identity and a
// subscription stay within one bucket together. The bucket is known through
// the headers of answers alone: until the first answer one request goes at a
// time, and a source that never names a bucket is held to the number in flight only.
type Limiter struct {
	slots chan struct{} // one for each request in flight

	mu         sync.Mutex // guards all below
	heard      bool       // an answer has come
	bucket     bool       // an answer has told of a bucket
	tokens     float64    // our estimate of what is left in it
	allowance  float64    // what all but first readings may still take
	refilled   time.Time  // when the two were computed
	unanswered int        // requests that have a turn and no answer yet
	answers    int        // that have come
	throttled  int64      // of them, those that were 429
	parked     time.Time  // nobody goes before
	changed    chan struct{}
}

// NewLimiter is a limiter that has not heard of any bucket.
func NewLimiter() *Limiter {
	return &Limiter{
		slots: make(chan struct{}, inFlight), allowance: allowanceSize,
		refilled: time.Now(), changed: make(chan struct{}),
	}
}

// Turn is the right to send one request.
type Turn struct {
	limiter  *Limiter
	began    int // answers that had come before
	answered bool
}

// Wait waits for a turn. With first, it may use all of the bucket but the
// reserve; otherwise it keeps to the steady share. When the source asked for
// more than a minute of patience it fails at once with an [Error] that says how
// much. Who has a turn must call its End.
func (l *Limiter) Wait(ctx context.Context, first bool) (*Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := &Turn{limiter: l}
	for {
		changed, delay, err := l.take(t, first)
		if err != nil {
			return nil, err
		}
		if delay == 0 {
			break
		}
		if err := sleep(ctx, delay, changed); err != nil {
			return nil, err
		}
	}
	select {
	case l.slots <- struct{}{}:
		return t, nil
	case <-ctx.Done():
		t.settle(nil)
		return nil, ctx.Err()
	}
}

// Answered tells the limiter what the source said of its budget.
func (t *Turn) Answered(status int, h http.Header) {
	t.settle(func() { t.learn(time.Now(), status, h) })
}

// End gives the turn back: the answer has been read, or there was none.
func (t *Turn) End() {
	t.settle(nil)
	<-t.limiter.slots
}

// take takes a token, or says how long it will be until there may be one.
// changed is closed when it is worth asking again earlier.
func (l *Limiter) take(t *Turn, first bool) (changed <-chan struct{}, delay time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if wait := l.parked.Sub(now); wait > longPark {
		return nil, 0, &Error{
			Status: http.StatusTooManyRequests, Code: "TooManyRequests",
			Message: "the subscription's budget is used up", RetryAfter: wait,
		}
	} else if wait > 0 {
		return l.changed, wait, nil
	}
	if !l.heard && l.unanswered > 0 {
		return l.changed, time.Hour, nil // a scout is out; its answer changes everything
	}
	if l.bucket {
		l.refill(now)
		wait := until(reserve+1-l.tokens, bucketRefill)
		if !first {
			wait = max(wait, until(1-l.allowance, allowanceRefill))
		}
		if wait > 0 {
			return l.changed, wait, nil
		}
		l.tokens--
		if !first {
			l.allowance--
		}
	}
	l.unanswered++
	t.began = l.answers
	return nil, 0, nil
}

func (l *Limiter) refill(now time.Time) {
	elapsed := now.Sub(l.refilled).Seconds()
	l.tokens = min(bucketSize, l.tokens+elapsed*bucketRefill)
	l.allowance = min(allowanceSize, l.allowance+elapsed*allowanceRefill)
	l.refilled = now
}

// settle counts the request as answered, once, and wakes those who wait.
func (t *Turn) settle(learn func()) {
	if t.answered {
		return
	}
	t.answered = true
	l := t.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unanswered--
	if learn != nil {
		learn()
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// learn corrects the estimate. The header counts what had reached Azure when it
// was written. What is under way may come on top, and so may what was answered
// since this request began, for answers overtake each other: both are taken off.
func (t *Turn) learn(now time.Time, status int, h http.Header) {
	l := t.limiter
	l.heard = true
	l.refill(now)
	if n, err := strconv.Atoi(strings.TrimSpace(h.Get(remainingReads))); err == nil {
		l.bucket = true
		l.tokens = float64(min(bucketSize, n) - l.unanswered - (l.answers - t.began))
	}
	l.answers++
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return
	}
	wait := retryAfter(h)
	if status == http.StatusTooManyRequests {
		l.throttled++
		l.tokens = min(l.tokens, 0)
		wait = max(wait, time.Second)
	}
	if until := now.Add(wait); until.After(l.parked) {
		l.parked = until
	}
}

// until is how long a missing amount takes to refill; never so short that it rounds to nothing.
func until(missing, perSecond float64) time.Duration {
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/perSecond*float64(time.Second)) + time.Microsecond
}

func sleep(ctx context.Context, d time.Duration, early <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// retryAfter is the time that an answer asks to wait, in any of the forms in use; 0 if it names none.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if n, err := strconv.Atoi(h.Get(name)); err == nil && n > 0 {
			return time.Duration(n) * time.Millisecond
		}
	}
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(n, 0), int(24*time.Hour/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), 24*time.Hour)
	}
	return 0
}

// Limiters holds the limiter of each subscription and identity. The zero value is ready.
type Limiters struct {
	mu sync.Mutex // guards by
	by map[[2]string]*Limiter
}

// For is the limiter that all requests of an identity to a subscription share.
func (l *Limiters) For(subscription, identity string) *Limiter {
	key := [2]string{strings.ToLower(subscription), strings.ToLower(identity)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = map[[2]string]*Limiter{}
	}
	if l.by[key] == nil {
		l.by[key] = NewLimiter()
	}
	return l.by[key]
}

// Throttled is how many answers were 429 so far, of all limiters together.
func (l *Limiters) Throttled() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.by {
		one.mu.Lock()
		n += one.throttled
		one.mu.Unlock()
	}
	return n
}
