// Package fault decides what goes wrong in the emulator: which request waits, is throttled, fails or is cut
// off, which event is lost. What a fault looks like in a list, a link or a delivery is up to the room that asks.
//
// Each kind of fault has its own counter, and a decision depends on nothing but the seed, the kind and the
// count. So a red test is replayed by its seed: the same requests in the same order meet the same faults, and
// asking for one kind does not disturb the others.
package fault

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"apicenter/internal/emulator/wire"
)

// kind is what can go wrong by chance. Adding one at the end leaves the sequences of the others as they are.
type kind uint64

const (
	jitter kind = iota
	failure
	failureStatus
	truncation
	shift
	expiry
	drop
	double
	reorder
	logged
	kinds
)

// maxLog bounds the memory of faults: what a person reads of them.
const maxLog = 100

// Faults is the source of all decisions. It is safe for concurrent use.
type Faults struct {
	// Principal names who sent a request, for whom the buckets count. Nil counts for all together. Set it before
	// the first request.
	Principal func(*http.Request) string

	now       atomic.Pointer[sequence]
	throttled atomic.Int64

	// mu guards log: the last faults, the oldest first.
	mu  sync.Mutex
	log []string
}

// sequence is one Config at work: its counters and buckets. A new Config starts a new one.
type sequence struct {
	Config
	limits  limits
	counts  [kinds]atomic.Uint64
	buckets buckets
}

// New makes Faults. The Config is taken as it is; check one that a person wrote with [Config.Validate].
func New(c Config) *Faults {
	f := &Faults{}
	f.Set(c)
	return f
}

// Set starts anew with another Config: counters at zero, buckets full.
func (f *Faults) Set(c Config) {
	f.now.Store(&sequence{Config: c, limits: c.limits()})
}

// Config returns what is set.
func (f *Faults) Config() Config { return f.now.Load().Config }

// Throttled counts the answers 429 since the start.
func (f *Faults) Throttled() int64 { return f.throttled.Load() }

// Log returns the seed and the last faults of chance, for the message of a test that failed. Throttling is not
// in it: it follows from the time, not from the seed.
func (f *Faults) Log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{fmt.Sprintf("seed %d", f.Config().Seed)}, f.log...)
}

// ShiftPage tells whether rows move to another page before this page is read.
func (f *Faults) ShiftPage() bool {
	s := f.now.Load()
	return f.hit(s, shift, s.ShiftRate, "row shifted between pages")
}

// LinkExpired tells whether the link that is made now has expired already.
func (f *Faults) LinkExpired() bool {
	s := f.now.Load()
	return f.hit(s, expiry, s.ExpireRate, "link expired")
}

// ExportDelay is how long an export takes.
func (f *Faults) ExportDelay() time.Duration { return time.Duration(f.Config().ExportDelay) }

// Stale is how old the state is that a read answers from.
func (f *Faults) Stale() time.Duration { return time.Duration(f.Config().ConsistencyDelay) }

// LogDelay is how long the activity log does not show the entry that is made now.
func (f *Faults) LogDelay() time.Duration {
	s := f.now.Load()
	if s.ActivityLogDelay <= 0 {
		return 0
	}
	_, v := s.draw(logged)
	return time.Duration(float64(s.ActivityLogDelay) * (1 + v) / 2)
}

// Events are the decisions about the delivery of events.
func (f *Faults) Events() Events { return Events{f} }

// Events decides what happens to an event on its way.
type Events struct{ f *Faults }

// Drop tells whether the event is lost.
func (e Events) Drop() bool {
	s := e.f.now.Load()
	return e.f.hit(s, drop, s.DropEvents, "event dropped")
}

// Double tells whether the event comes twice.
func (e Events) Double() bool {
	s := e.f.now.Load()
	return e.f.hit(s, double, s.DoubleEvents, "event doubled")
}

// Reorder tells whether later events overtake the event.
func (e Events) Reorder() bool {
	s := e.f.now.Load()
	return e.f.hit(s, reorder, s.ReorderEvents, "event reordered")
}

// hit draws for one chance and notes a fault. A rate of zero draws nothing, so it costs nothing.
func (f *Faults) hit(s *sequence, k kind, rate float64, note string) bool {
	if rate <= 0 {
		return false
	}
	n, v := s.draw(k)
	if v >= rate {
		return false
	}
	f.note(n, note)
	return true
}

func (f *Faults) note(n uint64, note string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.log) == maxLog {
		f.log = append(f.log[:0], f.log[1:]...)
	}
	f.log = append(f.log, fmt.Sprintf("%s (draw %d)", note, n))
}

// draw takes the next number of a kind, in [0, 1). The mixing is that of SplitMix64: the numbers of a seed stay
// the same in every version of Go.
func (s *sequence) draw(k kind) (n uint64, v float64) {
	n = s.counts[k].Add(1)
	x := mix(mix(s.Seed+uint64(k)*0x9e3779b97f4a7c15) + n*0x9e3779b97f4a7c15)
	return n, float64(x>>11) / (1 << 53)
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// ServeHTTP is the admin API: GET reads the Config and PUT replaces it as a whole, so {} ends all faults.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		wire.JSON(w, http.StatusOK, f.Config())
	case http.MethodPut:
		var c Config
		if err := wire.ReadStrict(w, r, &c); err != nil {
			err.Write(w)
			return
		}
		if err := c.Validate(); err != nil {
			wire.Errorf(http.StatusBadRequest, "InvalidFaults", "%v", err).Write(w)
			return
		}
		f.Set(c)
		wire.JSON(w, http.StatusOK, c)
	default:
		w.Header().Set("Allow", "GET, PUT")
		wire.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "Faults are read with GET and replaced with PUT.").Write(w)
	}
}
