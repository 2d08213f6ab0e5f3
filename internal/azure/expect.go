package azure

import (
	"time"
)

// Expect is how long so many requests take at least to get their turns, if they
// began now and nobody else asked for any.
func (l *Limiter) Expect(requests int64, first bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	wait := max(0, l.parked.Sub(now))
	if !l.bucket {
		return wait
	}
	l.refill(now)
	n := float64(requests)
	long := until(n+reserve-l.tokens, bucketRefill)
	if !first {
		long = max(long, until(n-l.allowance, allowanceRefill))
	}
	return wait + long
}
