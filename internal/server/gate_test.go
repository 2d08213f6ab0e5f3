package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
	"apicenter/internal/server"
)

func TestSurfaces(t *testing.T) {
	says := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, ok := auth.From(r.Context())
			fmt.Fprintf(w, "%s: %s%s %v", name, p.Kind, p.Name, ok)
		})
	}
	on := func(host string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Host == host }
	}
	o := options(io.Discard)
	o.Surfaces = []server.Surface{
		{Owns: on("data"), Handler: says("data"), Tokens: auth.Static(map[string]auth.Principal{"data": {Name: "dan"}}), Anonymous: true},
		{Owns: on("closed"), Handler: says("closed")},
		{Owns: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/subscriptions/first") }, Handler: says("first")},
	}
	for _, tt := range []struct {
		method, host, path, key string
		status                  int
		text                    string
	}{
		{"GET", "data", "/subscriptions/s", "", 200, "data: Anonymous true"},
		{"GET", "data", "/healthz", "Bearer data", 200, "data: dan true"},
		{"GET", "data", "/x", bearer, 401, "AuthenticationFailed"}, // of the other plane
		{"GET", "data", "/x", "Basic data", 401, "AuthenticationFailed"},
		{"GET", "data", "/x", "Bearer", 401, "AuthenticationFailed"},
		{"OPTIONS", "data", "/x", "", 200, "data: Anonymous true"},
		{"OPTIONS", "data", "/x", "Bearer bad", 200, "data: Anonymous true"},
		{"GET", "closed", "/x", "", 401, "AuthenticationFailed"},
		{"OPTIONS", "closed", "/x", "", 401, "AuthenticationFailed"},
		{"GET", "closed", "/x", bearer, 200, "closed: ada true"},
		{"GET", "elsewhere", "/subscriptions/first", bearer, 200, "first: ada true"},
		{"GET", "elsewhere", "/subscriptions/s", bearer, 200, "ada sent 0 bytes"},
		{"GET", "elsewhere", "/open", "", 200, "open"},
		{"GET", "elsewhere", "/healthz", "", 200, "ok"},
	} {
		w := ask(o, tt.method, "http://"+tt.host+tt.path, http.NoBody, "Authorization", tt.key)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.text) {
			t.Errorf("%s %s%s with %q: %d %s, want %d with %s", tt.method, tt.host, tt.path, tt.key, w.Code, w.Body, tt.status, tt.text)
		}
		if got := w.Header().Get("Access-Control-Allow-Origin"); (got == "*") != (tt.host == "data" && tt.status == 401) {
			t.Errorf("%s %s%s with %q: %d for origin %q", tt.method, tt.host, tt.path, tt.key, w.Code, got)
		}
	}
}

// Of two tokens, one would be looked at here, and the other perhaps by whoever
// is asked next.
func TestTwoTokensAreRefused(t *testing.T) {
	o := options(io.Discard)
	o.Surfaces = []server.Surface{{
		Owns: func(r *http.Request) bool { return r.Host == "data" }, Tokens: o.Keys, Anonymous: true,
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") }),
	}}
	for _, host := range []string{"data", "center"} {
		for _, tokens := range [][]string{{bearer, bearer}, {bearer, "Bearer bad"}, {"Bearer bad", bearer}, {bearer, ""}, {"", bearer}, {"", ""}} {
			r := httptest.NewRequest("GET", "http://"+host+"/subscriptions/s", http.NoBody)
			r.Header["Authorization"] = tokens
			w := httptest.NewRecorder()
			server.Handler(o).ServeHTTP(w, r)
			if w.Code != 401 || !strings.Contains(w.Body.String(), "more than one") {
				t.Errorf("%s with %q: %d %s, want 401 that says why", host, tokens, w.Code, w.Body)
			}
		}
	}
}

func TestChallenge(t *testing.T) {
	o := options(io.Discard)
	for _, tt := range []struct{ authority, key, challenge, text string }{
		{"", "", `Bearer realm="apicenter"`, "with an API key"},
		{"", "Bearer bad", `Bearer realm="apicenter", error="invalid_token"`, "the bearer token is not valid; send"},
		{"https://login.example.com/r", "", `Bearer authorization_uri="https://login.example.com/r", realm="apicenter"`, "with a token of https://login.example.com/r or an API key"},
		{`https://x/"y`, "Bearer bad", `Bearer authorization_uri="https://x/%22y", realm="apicenter", error="invalid_token"`, "not valid"},
	} {
		o.Authority = tt.authority
		w := ask(o, "GET", "/subscriptions/s", http.NoBody, "Authorization", tt.key)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != tt.challenge || !strings.Contains(w.Body.String(), tt.text) {
			t.Errorf("authority %q, %q: %d, %s, %s", tt.authority, tt.key, w.Code, got, w.Body)
		}
	}
}

func TestIssuerThatDoesNotAnswer(t *testing.T) {
	o := options(io.Discard)
	o.Keys = unavailable{}
	w := ask(o, "GET", "/subscriptions/s", http.NoBody, "Authorization", bearer)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "try again") {
		t.Errorf("%d %s, want 503 that says when to try again", w.Code, w.Body)
	}
}

type unavailable struct{}

func (unavailable) Authenticate(context.Context, string) (auth.Principal, error) {
	return auth.Principal{}, inventory.Errorf(inventory.Unavailable, "", "down; try again")
}
