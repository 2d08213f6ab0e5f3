package reply_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

func TestFail(t *testing.T) {
	gone, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		err    error
		status int
		body   string
		after  string
		logged bool
	}{
		{"azure's own", t.Context(), fmt.Errorf("x: %w", arm.Errorf(418, "Teapot", "short")), 418, `{"error":{"code":"Teapot","message":"short"}}`, "", false},
		{"the inventory's", t.Context(), fmt.Errorf("x: %w", inventory.Errorf(inventory.Owned, "properties.title", "ask the source")), 409, `{"error":{"code":"PropertyManagedBySource","message":"ask the source","target":"properties.title"}}`, "", false},
		{"a bare code", t.Context(), inventory.Conflict, 409, `{"error":{"code":"Conflict","message":"conflict"}}`, "", false},
		{"a filter", t.Context(), inventory.Errorf(inventory.Invalid, "$filter", "what?"), 400, `{"error":{"code":"InvalidFilter","message":"what?","target":"$filter"}}`, "", false},
		{"a long body", t.Context(), &http.MaxBytesError{Limit: 5}, 413, `{"error":{"code":"RequestEntityTooLarge","message":"the body has more than 5 bytes"}}`, "", false},
		{"not at present", t.Context(), inventory.Errorf(inventory.Unavailable, "", "soon"), 503, `{"error":{"code":"ServiceUnavailable","message":"soon"}}`, "5", false},
		{"too much at once", t.Context(), inventory.Errorf(inventory.Busy, "", "wait"), 429, `{"error":{"code":"TooManyRequests","message":"wait"}}`, "5", false},
		{"a caller who left", gone, errors.New("disk"), 503, `{"error":{"code":"RequestCanceled","message":"the request was given up"}}`, "5", false},
		{"all else", t.Context(), errors.New("disk"), 500, `{"error":{"code":"InternalServerError","message":"internal error; the server's log has the details under request id r1"}}`, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			w := httptest.NewRecorder()
			w.Header().Set(reply.RequestID, "r1")
			r := httptest.NewRequestWithContext(tt.ctx, "GET", "/x", nil)
			reply.Fail(w, r, slog.New(slog.NewTextHandler(&log, nil)), tt.err, reply.Refusal(tt.err))
			if w.Code != tt.status || w.Body.String() != tt.body || w.Header().Get("Retry-After") != tt.after {
				t.Errorf("%d %s, Retry-After %q; want %d %s, %q", w.Code, w.Body, w.Header().Get("Retry-After"), tt.status, tt.body, tt.after)
			}
			if got := strings.Contains(log.String(), "disk"); got != tt.logged {
				t.Errorf("logged %q", log.String())
			}
		})
	}
}

// TestKeyTellsRequestsApart has two requests whose scheme and host make one word.
func TestKeyTellsRequestsApart(t *testing.T) {
	plain, safe := httptest.NewRequest("GET", "http://scenter/x", nil), httptest.NewRequest("GET", "http://center/x", nil)
	plain.RequestURI, safe.RequestURI = "/x", "/x"
	safe.TLS = &tls.ConnectionState{}
	if a, b := keyOf(t, plain), keyOf(t, safe); a == b {
		t.Errorf("the key of both is %q", a)
	}
}

func keyOf(t *testing.T, r *http.Request) string {
	t.Helper()
	key, ok := reply.Key(r)
	if !ok {
		t.Fatal("no key of a plain GET")
	}
	return key
}

func TestAddresses(t *testing.T) {
	plain := httptest.NewRequest("GET", "http://center:8080/x", nil)
	safe := httptest.NewRequest("GET", "/x", nil)
	safe.TLS = &tls.ConnectionState{}
	for _, tt := range []struct{ got, want string }{
		{reply.Base("", plain), "http://center:8080"},
		{reply.Base("", safe), "https://example.com"},
		{reply.Base("https://apis.example/", plain), "https://apis.example"},
		{reply.Hostname("Main", "data", "West Europe", ".apis.example."), "main.data.westeurope.apis.example"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
