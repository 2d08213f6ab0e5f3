package managerapi_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/httpapi/managerapi"
)

func TestTransportTrustsTheGivenCertificates(t *testing.T) {
	behind := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	behind.Config.ErrorLog = log.New(io.Discard, "", 0) // who does not trust it breaks off
	behind.StartTLS()
	defer behind.Close()
	roots := x509.NewCertPool()
	roots.AddCert(behind.Certificate())
	for _, tt := range []struct {
		roots  *x509.CertPool
		status int
	}{{roots, 200}, {nil, 502}} {
		transport := managerapi.NewTransport(tt.roots)
		w := start(t, func(o *managerapi.Options) { o.Upstream, o.Transport = behind.URL, transport })
		w.must(tt.status, ownerToken, "GET", web, "")
		transport.CloseIdleConnections()
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhatAnUpstreamMayAnswer(t *testing.T) {
	answer := func(status int, body io.Reader) roundTripper {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1, Body: io.NopCloser(body)}, nil
		}
	}
	for name, tt := range map[string]struct {
		transport roundTripper
		status    int
		code      string
	}{
		"too late":           {func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }, 504, "GatewayTimeout"},
		"broken":             {func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }, 502, "BadGateway"},
		"switches protocols": {answer(101, strings.NewReader("")), 502, "BadGateway"},
		"breaks off":         {answer(200, io.MultiReader(strings.NewReader("{"), cutOff{})), 502, "BadGateway"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, func(o *managerapi.Options) { o.Upstream, o.Transport = "https://upstream.example", tt.transport })
			w.fails(tt.status, tt.code, "upstream.example", ownerToken, "GET", web, "")
		})
	}
}

// cutOff fails to read.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// stuck sends the beginning of a body, and then nothing.
type stuck struct {
	io.Reader
	ctx context.Context
}

func (s stuck) Read(b []byte) (int, error) {
	if n, err := s.Reader.Read(b); err == nil {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// Who asks is not kept waiting without end.
func TestAnUpstreamThatGetsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, func(o *managerapi.Options) {
			o.Upstream, o.Transport = "https://upstream.example", roundTripper(func(r *http.Request) (*http.Response, error) {
				body := io.NopCloser(stuck{strings.NewReader(`{"value":`), r.Context()})
				return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: 100, Body: body}, nil
			})
		})
		began := time.Now()
		w.fails(504, "GatewayTimeout", "upstream.example", ownerToken, "GET", web, "")
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// A body goes on piece by piece, and one that breaks off does not look like a whole one.
func TestBodiesAreStreamed(t *testing.T) {
	more := make(chan bool)
	w, _ := behind(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(rw, "first")
		_ = http.NewResponseController(rw).Flush()
		if <-more {
			_, _ = io.WriteString(rw, "second")
			return
		}
		panic(http.ErrAbortHandler)
	})
	front := httptest.NewServer(w.handler)
	defer front.Close()
	for _, whole := range []bool{true, false} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", front.URL+web, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+ownerToken)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, len("first"))
		if _, err := io.ReadFull(resp.Body, head); err != nil || string(head) != "first" {
			t.Errorf("the first piece: %q, %v", head, err)
		}
		more <- whole
		rest, err := io.ReadAll(resp.Body)
		if whole && (err != nil || string(rest) != "second") || !whole && err == nil {
			t.Errorf("the rest of a body that is whole (%v): %q, %v", whole, rest, err)
		}
		_ = resp.Body.Close()
	}
}
