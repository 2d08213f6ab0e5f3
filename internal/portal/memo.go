package portal

import (
	"sync"
	"time"
)

// failureStands is for how long who has just failed to answer is not asked again.
const failureStands = time.Minute

// memo remembers an answer for as long as it is good, and a failure for a minute.
// One asks at a time; who waits has the same answer. The zero value is ready.
type memo[T any] struct {
	mu    sync.Mutex
	value T
	err   error
	until time.Time
}

// get gives the answer, which ask finds, with the time until which it is good.
func (m *memo[T]) get(ask func() (T, time.Time, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !time.Now().Before(m.until) {
		m.value, m.until, m.err = ask()
		if m.err != nil {
			m.until = time.Now().Add(failureStands)
		}
	}
	return m.value, m.err
}
