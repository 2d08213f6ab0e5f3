package reply

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
)

// Kept holds answers to plain GETs, until anything in the inventory changes:
// then all of them go. Between two changes the same few lists and resources are
// asked for over and over, by portals, editors and pipelines. Everybody who may
// read gets the same answer; whether one may is asked anew each time. The zero
// value is ready.
type Kept struct {
	mu         sync.RWMutex // guards all below
	generation uint64       // of the inventory when they were made
	size       int          // of all answers, with their keys
	answers    map[string]Answer
}

// Answer is a 200 that was given, with what its caller must be allowed.
type Answer struct {
	Action, Scope string
	etag          string
	body          []byte
}

const (
	maxKept    = 32 << 20  // bytes of all answers together, as size counts them
	maxKeptOne = 256 << 10 // and of the body of one
	maxKey     = 1 << 10   // callers choose their keys, and could fill the memory with them
	perAnswer  = 256       // about what an answer takes besides its texts
)

// Key is what an answer depends on besides the inventory: addresses in it begin
// as the request did. False for requests whose answers are not kept.
func Key(r *http.Request) (string, bool) {
	if r.Method != http.MethodGet || r.Header.Get("If-None-Match") != "" || len(r.Host)+len(r.RequestURI) > maxKey {
		return "", false
	}
	return Base("", r) + r.RequestURI, true
}

// size is how much memory an answer takes.
func (a Answer) size(key string) int { return perAnswer + len(key) + len(a.Scope) + len(a.body) }

// Find gives the answer that was given before, if the inventory still is of the generation.
func (k *Kept) Find(key string, generation uint64) (Answer, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.generation != generation || generation == 0 {
		return Answer{}, false
	}
	a, ok := k.answers[key]
	return a, ok
}

// Record has do answer and keeps that, if it is worth it. The inventory must have
// been of the generation before do, and whoever calls it, looked at anything.
func (k *Kept) Record(w http.ResponseWriter, key string, generation uint64, a Answer, do func(http.ResponseWriter) error) error {
	c := &copying{ResponseWriter: w}
	if err := do(c); err != nil {
		return err
	}
	if c.body != nil {
		a.etag, a.body = w.Header().Get("Etag"), c.body
		k.keep(key, generation, a)
	}
	return nil
}

// keep keeps an answer. What does not fit makes room by letting all others go.
func (k *Kept) keep(key string, generation uint64, a Answer) {
	if generation == 0 || len(a.body) > maxKeptOne {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if generation < k.generation {
		return
	}
	size := a.size(key)
	if generation > k.generation || k.size+size > maxKept {
		k.generation, k.size, k.answers = generation, 0, map[string]Answer{}
	}
	if _, twice := k.answers[key]; twice {
		return
	}
	k.size += size
	k.answers[key] = a
}

// Write answers so again.
func (a Answer) Write(w http.ResponseWriter) {
	header := w.Header()
	if a.etag != "" {
		header["Etag"] = []string{a.etag}
	}
	header["Content-Type"] = []string{ContentType}
	header["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(a.body) // the client is gone: nobody to tell
}

// copying passes an answer on and keeps a copy of what is worth one.
type copying struct {
	http.ResponseWriter
	status int
	body   []byte
}

func (c *copying) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *copying) Write(b []byte) (int, error) {
	if c.status == http.StatusOK && c.body == nil && len(b) <= maxKeptOne {
		c.body = bytes.Clone(b)
	}
	return c.ResponseWriter.Write(b)
}
