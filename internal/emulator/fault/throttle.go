package fault

import (
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// operation is a type of operation that ARM counts by itself, in the word of its header.
type operation string

const (
	reads   operation = "reads"
	writes  operation = "writes"
	deletes operation = "deletes"
)

func operationOf(method string) operation {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return reads
	case http.MethodDelete:
		return deletes
	}
	return writes
}

// limit is a token bucket's measure: so many at once, so many per second.
type limit struct{ size, refill float64 }

type limits struct {
	on           bool
	read, change limit
}

// limits fills up what the Config leaves out with ARM's figures.
func (c Config) limits() limits {
	or := func(set, standard int) float64 {
		if set > 0 {
			return float64(set)
		}
		return float64(standard)
	}
	return limits{
		on:     c.Bucket > 0 || c.WriteBucket > 0,
		read:   limit{or(c.Bucket, 250), or(c.Refill, 25)},
		change: limit{or(c.WriteBucket, 200), or(c.WriteRefill, 10)},
	}
}

func (l limits) of(op operation) limit {
	if op == reads {
		return l.read
	}
	return l.change
}

// counted is whose requests share a bucket. The subscription is empty for requests to the tenant.
type counted struct {
	subscription, principal string
	op                      operation
}

type buckets struct {
	// mu guards all, which holds a bucket from its first request on.
	mu  sync.Mutex
	all map[counted]*bucket
}

type bucket struct {
	tokens  float64
	at      time.Time // when tokens was right
	blocked time.Time // the end of the Retry-After that was given last
}

// take spends one token. Without one it tells how long to wait, in whole seconds. Until then every request is
// refused, tokens or not, as ARM does: a client gains nothing by ignoring Retry-After.
func (b *buckets) take(who counted, l limit, retryAfter time.Duration, now time.Time) (left int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = make(map[counted]*bucket)
	}
	t := b.all[who]
	if t == nil {
		t = &bucket{tokens: l.size, at: now}
		b.all[who] = t
	}
	t.tokens = min(l.size, t.tokens+l.refill*now.Sub(t.at).Seconds())
	t.at = now
	if now.Before(t.blocked) {
		return 0, wholeSeconds(t.blocked.Sub(now))
	}
	if t.tokens >= 1 {
		t.tokens--
		return int(t.tokens), 0
	}
	if retryAfter <= 0 {
		retryAfter = time.Duration((1 - t.tokens) / l.refill * float64(time.Second))
	}
	wait = wholeSeconds(retryAfter)
	t.blocked = now.Add(wait)
	return 0, wait
}

// wholeSeconds rounds up to what a Retry-After can say: a second at least.
func wholeSeconds(d time.Duration) time.Duration {
	return time.Duration(max(1, math.Ceil(d.Seconds()))) * time.Second
}

// target finds the subscription in the path of an ARM request, empty for a request to the tenant. Other paths,
// such as those of tokens and blobs, are not ARM's.
func target(path string) (subscription string, arm bool) {
	first, rest, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	switch {
	case strings.EqualFold(first, "subscriptions"):
		subscription, _, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		return strings.ToLower(subscription), true
	case strings.EqualFold(first, "providers"), strings.EqualFold(first, "tenants"):
		return "", true
	}
	return "", false
}
