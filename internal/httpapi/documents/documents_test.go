package documents_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"apicenter/internal/httpapi/documents"
	"apicenter/internal/inventory"
)

// shelf holds documents by digest.
type shelf map[inventory.Digest]string

func (s shelf) Document(_ context.Context, d inventory.Digest) (io.ReadCloser, int64, error) {
	text, ok := s[d]
	if !ok {
		return nil, 0, inventory.Errorf(inventory.NotFound, "", "no document %s", d)
	}
	return io.NopCloser(strings.NewReader(text)), int64(len(text)), nil
}

func ask(t *testing.T, method, url string) *httptest.ResponseRecorder {
	t.Helper()
	h := documents.Handler(documents.NewSigner([]byte("k")), shelf{"abc": "\x00\xffbytes"}, slog.New(slog.DiscardHandler))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

func TestSignedAddress(t *testing.T) {
	signer := documents.NewSigner([]byte("k"))
	good := signer.URL("http://h", "abc", time.Now())
	for _, tt := range []struct {
		name, method, url string
		status            int
		body              string
	}{
		{"as stored", "GET", good, 200, "\x00\xffbytes"},
		{"head", "HEAD", good, 200, ""},
		{"preflight", "OPTIONS", good, 204, ""},
		{"expired", "GET", signer.URL("http://h", "abc", time.Now().Add(-6*time.Minute)), 403, "expired"},
		{"another document", "GET", strings.Replace(good, "abc", "abd", 1), 403, "signature"},
		{"longer validity", "GET", strings.Replace(good, "expires=", "expires=9", 1), 403, "signature"},
		{"another key", "GET", documents.NewSigner([]byte("x")).URL("http://h", "abc", time.Now()), 403, "signature"},
		{"no signature", "GET", "http://h/documents/abc", 403, "signature"},
		{"swept", "GET", signer.URL("http://h", "gone", time.Now()), 404, "export the definition again"},
		{"write", "PUT", good, 405, "GET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(t, tt.method, tt.url)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("%s %s: %d %q, want %d with %q", tt.method, tt.url, w.Code, w.Body, tt.status, tt.body)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
				t.Errorf("a browser may not read this: allow-origin %q", got)
			}
		})
	}
}

func TestDocumentCannotRun(t *testing.T) {
	w := ask(t, http.MethodGet, documents.NewSigner([]byte("k")).URL("http://h", "abc", time.Now()))
	h := w.Header()
	if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("headers %v would let a browser run the document", h)
	}
	if h.Get("Content-Length") != "7" {
		t.Errorf("Content-Length %q, want 7", h.Get("Content-Length"))
	}
}
