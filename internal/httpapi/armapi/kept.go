package armapi

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"apicenter/internal/httpapi/reply"
)

// kept holds answers to plain GETs, until anything in the inventory changes:
// then all of them go. Between two changes the same few lists and resources are
// asked for over and over, by portals, editors and pipelines. Everybody who may
// read gets the same answer; with it stands what one must be allowed for it,
// since that is asked anew each time.
type kept struct {
	mu         sync.RWMutex // guards all below
	generation uint64       // of the inventory when they were made
	size       int          // of all bodies
	answers    map[string]answered
}

// answered is the body of a 200, its tag, and who may have it.
type answered struct {
	action, scope string // as the Authorizer compares scopes: in lower case
	etag          string
	body          []byte
}

const (
	maxKept    = 32 << 20  // bytes of bodies, of all answers together
	maxKeptOne = 256 << 10 // and of one
)

// key is what an answer depends on besides the inventory: addresses in it begin as the request did.
func (k *kept) key(r *http.Request) (string, bool) {
	if r.Method != http.MethodGet || r.Header.Get("If-None-Match") != "" {
		return "", false
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + r.Host + r.RequestURI, true
}

func (k *kept) find(key string, generation uint64) (answered, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.generation != generation || generation == 0 {
		return answered{}, false
	}
	a, ok := k.answers[key]
	return a, ok
}

// keep keeps an answer that was made from the state of a generation. What does
// not fit makes room by letting all others go.
func (k *kept) keep(key string, generation uint64, a answered) {
	if generation == 0 || len(a.body) > maxKeptOne {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if generation < k.generation {
		return
	}
	if generation > k.generation || k.size+len(a.body) > maxKept {
		k.generation, k.size, k.answers = generation, 0, map[string]answered{}
	}
	if _, twice := k.answers[key]; twice {
		return
	}
	k.size += len(a.body)
	k.answers[key] = a
}

func (a answered) write(w http.ResponseWriter) {
	header := w.Header()
	if a.etag != "" {
		header["Etag"] = []string{a.etag}
	}
	header["Content-Type"] = []string{reply.ContentType}
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
