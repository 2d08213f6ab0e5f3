package store

import (
	"context"
	"sync"
	"time"
)

// clock is a time that never goes back and never runs slower than time does. It
// follows the machine's clock where that goes forward; where it is set back, the
// time that has passed since is added to the instant before. So whatever is
// measured from an instant of this clock to a later one is never less than what
// has really passed, and what is observed later never looks older.
type clock struct {
	wall func() time.Time

	mu   sync.Mutex // guards all below
	last time.Time
	read time.Time // when that was, by what no setting of the machine's clock changes
}

// newClock is a clock that begins no earlier than an instant.
func newClock(wall func() time.Time, floor time.Time) *clock {
	return &clock{wall: wall, last: floor, read: time.Now()}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	read := time.Now()
	now := c.wall().Round(0)
	if steady := c.last.Add(read.Sub(c.read)); now.Before(steady) {
		now = steady
	}
	c.last, c.read = now, read
	return now.UTC().Truncate(time.Microsecond)
}

// Now is the time by which all that is recorded is stamped and compared, no
// finer than it is stored. It never goes back, not over a restart either.
func (s *Store) Now() time.Time { return s.clock.now() }

// startClock starts the clock no earlier than the latest instant at which
// anything is recorded to have been seen or done.
func (s *Store) startClock(ctx context.Context, wall func() time.Time) error {
	s.clock = newClock(wall, time.Time{})
	var latest int64
	err := s.transact(ctx, reading, func(t *session) error {
		return t.row([]any{&latest}, `select max(
			(select coalesce(max(read), 0) from origin), (select coalesce(max(verified), 0) from origin),
			(select coalesce(max(started), 0) from run), (select coalesce(max(ended), 0) from run),
			coalesce((select at from event order by sequence desc limit 1), 0))`)
	})
	s.clock = newClock(wall, instant(latest))
	return err
}
