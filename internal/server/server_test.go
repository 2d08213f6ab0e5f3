package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
	"apicenter/internal/server"
)

// options are those of a server whose ARM surface says who called.
func options(log io.Writer) server.Options {
	return server.Options{
		Keys: auth.Static(map[string]auth.Principal{"secret": {Name: "ada"}}),
		Log:  slog.New(slog.NewTextHandler(log, nil)),
		ARM: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, _ := auth.From(r.Context())
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
				return
			}
			fmt.Fprintf(w, "%s sent %d bytes", p.Name, n)
		}),
		Routes: []server.Route{
			{Pattern: "GET /open", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "open") }), Public: true},
			{Pattern: "GET /closed", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "closed") })},
			{Pattern: "/panic", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("ouch") }), Public: true},
			{Pattern: "/half", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); panic("ouch") }), Public: true},
		},
	}
}

func ask(o server.Options, method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	server.Handler(o).ServeHTTP(w, r)
	return w
}

const bearer = "Bearer secret"

func TestWhoMayGoWhere(t *testing.T) {
	for _, tt := range []struct {
		method, path, key string
		status            int
		text              string
	}{
		{"GET", "/subscriptions/s", bearer, 200, "ada sent 0 bytes"},
		{"GET", "//SUBSCRIPTIONS//s", bearer, 200, "ada"},
		{"GET", "/subscriptions/s", "", 401, "AuthenticationFailed"},
		{"GET", "/subscriptions/s", "Bearer wrong", 401, "AuthenticationFailed"},
		{"GET", "/subscriptions/s", "Basic secret", 401, "AuthenticationFailed"},
		{"GET", "/closed", "", 401, "AuthenticationFailed"},
		{"GET", "/closed", bearer, 200, "closed"},
		{"GET", "/open", "", 200, "open"},
		{"POST", "/open", "", 405, "MethodNotAllowed"},
		{"GET", "/healthz", "", 200, `{"status":"ok"}`},
		{"GET", "/readyz", "", 200, `{"status":"ok"}`},
		{"POST", "/healthz", "", 405, "MethodNotAllowed"},
		{"GET", "/nothing", "", 404, "ResourceNotFound"},
		{"GET", "/", bearer, 404, "ResourceNotFound"},
		{"GET", "/" + strings.Repeat("x", 20<<10), "", 414, "RequestUriTooLong"},
	} {
		w := ask(options(io.Discard), tt.method, tt.path, http.NoBody, "Authorization", tt.key)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.text) {
			t.Errorf("%s %.40s with %q: %d %s, want %d with %s", tt.method, tt.path, tt.key, w.Code, w.Body, tt.status, tt.text)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (w.Code == 401) != strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s %.40s: %d with WWW-Authenticate %q", tt.method, tt.path, w.Code, challenge)
		}
		if w.Code >= 400 {
			var e struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error.Message == "" {
				t.Errorf("%s %.40s: body %q is no ARM error (%v)", tt.method, tt.path, w.Body, err)
			}
		}
	}
}

func TestRequestIDs(t *testing.T) {
	shape := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`)
	h := server.Handler(options(io.Discard))
	seen := map[string]bool{}
	for range 300 {
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.Header.Set("x-ms-client-request-id", "mine")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		id := w.Header().Get("x-ms-request-id")
		if !shape.MatchString(id) || seen[id] {
			t.Fatalf("request id %q is not a new UUID", id)
		}
		seen[id] = true
		if got := w.Header().Get("x-ms-client-request-id"); got != "mine" {
			t.Fatalf("client's request id came back as %q", got)
		}
	}
}

func TestBodiesAreLimited(t *testing.T) {
	for name, body := range map[string]io.Reader{
		"declared":   bytes.NewReader(make([]byte, 5<<20)),
		"undeclared": io.MultiReader(bytes.NewReader(make([]byte, 5<<20))),
	} {
		if w := ask(options(io.Discard), "PUT", "/subscriptions/s", body, "Authorization", bearer); w.Code != 413 {
			t.Errorf("%s length: %d %s, want 413", name, w.Code, w.Body)
		}
	}
	if w := ask(options(io.Discard), "PUT", "/subscriptions/s", bytes.NewReader(make([]byte, 4<<20)), "Authorization", bearer); w.Code != 200 {
		t.Errorf("four megabytes: %d %s, want 200", w.Code, w.Body)
	}
}

// A surface may bound bodies itself: it is asked with what is longer than others
// take, if it is the one that answers.
func TestSurfacesTakeLongBodies(t *testing.T) {
	o := options(io.Discard)
	takes := func(path string, most int64) server.Surface {
		return server.Surface{Owns: func(r *http.Request) bool { return r.URL.Path == path }, Handler: o.ARM, Anonymous: true, MaxBody: most}
	}
	o.Surfaces = []server.Surface{takes("/short", 0), takes("/long", 8<<20), takes("/short", 8<<20)}
	for _, tt := range []struct {
		path   string
		size   int
		status int
	}{{"/long", 5 << 20, 200}, {"/long", 9 << 20, 413}, {"/short", 5 << 20, 413}, {"/short", 4 << 20, 200}} {
		for name, body := range map[string]io.Reader{
			"declared":   bytes.NewReader(make([]byte, tt.size)),
			"undeclared": io.MultiReader(bytes.NewReader(make([]byte, tt.size))),
		} {
			if w := ask(o, "POST", tt.path, body); w.Code != tt.status {
				t.Errorf("%s: %d bytes of %s length: %d, want %d", tt.path, tt.size, name, w.Code, tt.status)
			}
		}
	}
}

// A body that cannot be read is the fault of who sends it, and surfaces can tell.
func TestBodiesThatBreakOff(t *testing.T) {
	o := options(io.Discard)
	var failed error
	o.ARM = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, failed = io.ReadAll(r.Body) })
	for name, tt := range map[string]struct {
		body io.Reader
		want inventory.Code
	}{
		"whole":     {strings.NewReader("{}"), ""},
		"cut off":   {io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)), inventory.Invalid},
		"malformed": {iotest.ErrReader(errors.New("invalid byte in chunk length")), inventory.Invalid},
	} {
		ask(o, "PUT", "/subscriptions/s", tt.body, "Authorization", bearer)
		if got := inventory.CodeOf(failed); got != tt.want || failed != nil && tt.want == "" {
			t.Errorf("%s: %v, want the code %q", name, failed, tt.want)
		}
	}
	ask(o, "PUT", "/subscriptions/s", io.LimitReader(endless{}, 5<<20), "Authorization", bearer)
	if _, tooLong := errors.AsType[*http.MaxBytesError](failed); !tooLong {
		t.Errorf("too long: %v", failed)
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestPanicIsAnAnswerAndALogEntry(t *testing.T) {
	var log bytes.Buffer
	w := ask(options(&log), "GET", "/panic", http.NoBody)
	id := w.Header().Get("x-ms-request-id")
	if w.Code != 500 || !strings.Contains(w.Body.String(), id) || strings.Contains(w.Body.String(), "ouch") {
		t.Errorf("%d %s, want 500 with the request id and nothing of the cause", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "ouch") || !strings.Contains(log.String(), id) {
		t.Errorf("log %q, want the cause and the request id", log.String())
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("half an answer ended with %v, want the connection cut", p)
		}
	}()
	ask(options(io.Discard), "GET", "/half", http.NoBody)
}

func TestReadiness(t *testing.T) {
	o := options(io.Discard)
	o.Ready = func(context.Context) error { return errors.New("no database at secret-host") }
	w := ask(o, "GET", "/readyz", http.NoBody)
	if w.Code != 503 || strings.Contains(w.Body.String(), "secret-host") {
		t.Errorf("%d %s, want 503 without the cause", w.Code, w.Body)
	}
}

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	o := options(&log)
	o.AccessLog = true
	ask(o, "GET", "/open?token=secret", http.NoBody)
	if got := log.String(); !strings.Contains(got, "path=/open status=200 bytes=4") || strings.Contains(got, "secret") {
		t.Errorf("log %q", got)
	}
}

// Shutdown lets a request end that is under way, and returns only then.
func TestShutdownLetsRequestsEnd(t *testing.T) {
	o := options(io.Discard)
	entered, release := make(chan struct{}), make(chan struct{})
	o.Routes = append(o.Routes, server.Route{Pattern: "/slow", Public: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "done")
	})})
	s := server.New(o)
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(addr.String(), "127.0.0.1:") {
		t.Errorf("listens on %s, want the loopback interface", addr)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	ended := make(chan error, 1)
	wg.Go(func() { ended <- s.Serve(ctx) })
	var answer string
	wg.Go(func() {
		resp, err := http.Get("http://" + addr.String() + "/slow")
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		answer = string(b)
	})
	<-entered
	stop()
	select {
	case err := <-ended:
		t.Errorf("Serve returned %v while a request was under way", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	wg.Wait()
	if answer != "done" {
		t.Errorf("the request got %q", answer)
	}
}

func TestShutdownCutsOffWhatDoesNotEnd(t *testing.T) {
	o := options(io.Discard)
	o.Grace = 10 * time.Millisecond
	entered := make(chan struct{})
	o.Routes = append(o.Routes, server.Route{Pattern: "/stuck", Public: true, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})})
	s := server.New(o)
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if resp, err := http.Get("http://" + addr.String() + "/stuck"); err == nil {
			resp.Body.Close()
			t.Error("a request that was cut off has an answer")
		}
	})
	wg.Go(func() { <-entered; stop() })
	if err := s.Serve(ctx); err != nil {
		t.Errorf("Serve: %v", err)
	}
	wg.Wait()
}

func TestTakenAddress(t *testing.T) {
	first := server.New(options(io.Discard))
	addr, err := first.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := options(io.Discard)
	o.Address = addr.String()
	if err := server.New(o).Run(t.Context()); err == nil || !strings.Contains(err.Error(), addr.String()) {
		t.Errorf("got %v, want an error that names %s", err, addr)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := first.Serve(ctx); err != nil {
		t.Error(err)
	}
}
