package emulator

import (
	"io"
	"net/http"
	"sync/atomic"

	"apicenter/internal/emulator/eventgrid"
)

// stats counts what clients ask for. Counting must cost nothing, for load tests
// run against it.
type stats struct {
	kinds     [kindCount]atomic.Int64
	classes   map[string]*atomic.Int64 // made once, never grown
	throttled atomic.Int64
	bytes     atomic.Int64
}

type kind int

const (
	kindARM kind = iota
	kindBlob
	kindIdentity
	kindAdmin
	kindCount
)

func newStats() *stats {
	s := &stats{classes: map[string]*atomic.Int64{}}
	for _, c := range []string{"list", "get", "head", "export", "service", "azure", "write", "role", "event", "log", "unknown"} {
		s.classes[c] = new(atomic.Int64)
	}
	return s
}

func (s *stats) reset() {
	for i := range s.kinds {
		s.kinds[i].Store(0)
	}
	for _, n := range s.classes {
		n.Store(0)
	}
	s.throttled.Store(0)
	s.bytes.Store(0)
}

// Stats is how often the emulator was asked, since it started or was last reset.
type Stats struct {
	ARM       int64            `json:"arm"`
	Blob      int64            `json:"blob"`
	Identity  int64            `json:"identity"`
	Admin     int64            `json:"admin"`
	Throttled int64            `json:"throttled"` // answers 429
	Bytes     int64            `json:"bytes"`     // of all bodies sent
	Routes    map[string]int64 `json:"routes"`    // requests to ARM by class of route
	Events    eventgrid.Stats  `json:"events"`
}

func (s *stats) snapshot() Stats {
	out := Stats{
		ARM:       s.kinds[kindARM].Load(),
		Blob:      s.kinds[kindBlob].Load(),
		Identity:  s.kinds[kindIdentity].Load(),
		Admin:     s.kinds[kindAdmin].Load(),
		Throttled: s.throttled.Load(),
		Bytes:     s.bytes.Load(),
		Routes:    map[string]int64{},
	}
	for c, n := range s.classes {
		out.Routes[c] = n.Load()
	}
	return out
}

// meter counts what goes through a ResponseWriter and stays out of the way of
// sendfile.
type meter struct {
	http.ResponseWriter
	stats *stats
}

func (m meter) WriteHeader(status int) {
	if status == http.StatusTooManyRequests {
		m.stats.throttled.Add(1)
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m meter) Write(b []byte) (int, error) {
	n, err := m.ResponseWriter.Write(b)
	m.stats.bytes.Add(int64(n))
	return n, err
}

func (m meter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(m.ResponseWriter, r)
	m.stats.bytes.Add(n)
	return n, err
}

func (m meter) Unwrap() http.ResponseWriter { return m.ResponseWriter }
