package portal

import (
	"sync"
	"time"
)

// failureStands is for how long who has just failed to answer is not asked again.
const failureStands = time.Minute

// memo remembers an answer for as long as it is fresh, and a failure for a minute.
// One asks at a time; who waits has the same answer. The zero value is ready.
type memo[T any] struct {
	mu    sync.Mutex
	value T
	err   error
	fresh time.Time // until when the value is
	until time.Time // nobody is asked before
}

// get gives the answer, which ask finds, with the time until which it is fresh. For
// a grace past that it will do where ask fails.
func (m *memo[T]) get(grace time.Duration, ask func() (T, time.Time, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Now().Before(m.until) {
		return m.value, m.err
	}
	value, fresh, err := ask()
	m.until = time.Now().Add(failureStands)
	switch end := m.fresh.Add(grace); {
	case err == nil:
		m.value, m.err, m.fresh, m.until = value, nil, fresh, fresh
	case m.err == nil && time.Now().Before(end):
		if m.until.After(end) {
			m.until = end
		}
	default:
		m.value, m.err = value, err
	}
	return m.value, m.err
}
