package server

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// guarded is what every request goes through, whoever sends it.
func guarded(o Options, next http.Handler) http.Handler {
	ids := newRequestIDs()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := ids.next()
		h := w.Header()
		h[reply.RequestID] = id
		h["X-Ms-Correlation-Request-Id"] = id
		h["X-Content-Type-Options"] = nosniff
		if client := r.Header["X-Ms-Client-Request-Id"]; len(client) == 1 && len(client[0]) <= 128 {
			h["X-Ms-Client-Request-Id"] = client
		}
		t := &tracked{ResponseWriter: w}
		defer recovered(o.Log, t, r)
		if o.AccessLog {
			defer logged(o.Log, t, r, time.Now())
		}
		if len(r.RequestURI) > maxURI {
			reply.Error(t, arm.Errorf(http.StatusRequestURITooLong, "RequestUriTooLong", "the address has more than %d characters", maxURI))
			return
		}
		if r.Body != http.NoBody {
			most := o.bodyLimit(r)
			if r.ContentLength > most {
				h["Connection"] = closing // the rest of the body is not worth reading
				reply.Error(t, arm.Errorf(http.StatusRequestEntityTooLarge, arm.CodeTooLarge, "the body has more than %d bytes", most))
				return
			}
			r.Body = http.MaxBytesReader(t, body{r.Body}, most)
		}
		next.ServeHTTP(t, r)
	})
}

// body is what a client sends. That it breaks off, or is malformed, or takes too
// long, is his fault.
type body struct{ io.ReadCloser }

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a Reader gives EOF itself
		err = inventory.Errorf(inventory.Invalid, "", "the body of the request cannot be read to its end: %v; send it again", err)
	}
	return n, err
}

// Header values that many answers share. Nobody changes them.
var (
	nosniff = []string{"nosniff"}
	closing = []string{"close"}
)

// requestIDs are unique among all servers that ever ran: random where a server
// starts, counted from there on, which costs a request next to nothing.
type requestIDs struct {
	prefix string
	count  atomic.Uint64
}

func newRequestIDs() *requestIDs {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	s := hex.EncodeToString(b[:])
	return &requestIDs{prefix: s[:8] + "-" + s[8:12] + "-4" + s[13:] + "-8"}
}

// next is an ID in the form of a UUID, as a header value.
func (r *requestIDs) next() []string {
	n := strconv.FormatUint(r.count.Add(1), 16)
	buf := make([]byte, 0, 36)
	buf = append(buf, r.prefix...)
	for i := len(n); i < 15; i++ {
		if len(buf) == 23 {
			buf = append(buf, '-')
		}
		buf = append(buf, '0')
	}
	for i := range len(n) {
		if len(buf) == 23 {
			buf = append(buf, '-')
		}
		buf = append(buf, n[i])
	}
	return []string{string(buf)}
}

// tracked remembers what was answered, for the log and for panics.
type tracked struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (t *tracked) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracked) Write(b []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	n, err := t.ResponseWriter.Write(b)
	t.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// recovered turns a panic into an answer, if none was begun, and a log entry.
func recovered(log *slog.Logger, t *tracked, r *http.Request) {
	switch p := recover(); {
	case p == nil:
	case p == http.ErrAbortHandler: //nolint:errorlint // the sentinel itself is thrown
		panic(p)
	default:
		log.ErrorContext(r.Context(), "panic", "panic", p, "method", r.Method, "path", r.URL.Path,
			"request", t.Header().Get(reply.RequestID), "stack", string(debug.Stack()))
		if t.status != 0 {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		reply.Internal(t)
	}
}

func logged(log *slog.Logger, t *tracked, r *http.Request, began time.Time) {
	log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", t.status),
		slog.Int64("bytes", t.bytes), slog.Duration("took", time.Since(began)),
		slog.String("request", t.Header().Get(reply.RequestID)))
}

// routed is the mux, but for its answers in plain text.
func routed(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	if _, pattern := mux.Handler(r); pattern != "" {
		mux.ServeHTTP(w, r)
		return
	}
	plain := &discarded{header: http.Header{}}
	mux.ServeHTTP(plain, r)
	if allow := plain.header["Allow"]; plain.status == http.StatusMethodNotAllowed {
		w.Header()["Allow"] = allow
		reply.Error(w, arm.Errorf(http.StatusMethodNotAllowed, arm.CodeMethodNotAllowed, "%s is not possible here; use %s", r.Method, allow[0]))
		return
	}
	reply.Error(w, arm.Errorf(http.StatusNotFound, arm.CodeNotFound, "there is nothing at %s; check the path", r.URL.Path))
}

// discarded takes an answer that we write anew.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d *discarded) WriteHeader(status int)      { d.status = status }

// status answers a probe.
func status(w http.ResponseWriter, code int, state, why string) {
	body := append([]byte(`{"status":`), arm.AppendString(nil, state)...)
	if why != "" {
		body = append(append(body, `,"reason":`...), arm.AppendString(nil, why)...)
	}
	reply.JSON(w, code, append(body, '}'))
}
