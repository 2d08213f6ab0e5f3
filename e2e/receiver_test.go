package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"apicenter/e2e/system"
)

// listener is a receiver of webhooks.
type listener struct {
	mu   sync.Mutex // guards the rest
	down bool
	told strings.Builder
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil || l.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.Method == http.MethodOptions:
		w.Header().Set("WebHook-Allowed-Origin", "*")
	default:
		fmt.Fprintf(&l.told, "%s %s\n", r.Header.Get("Webhook-Signature"), body)
	}
}

// listening is the key of the receivers that a story has started.
type listening struct{}

// receiver starts a receiver of webhooks, or sends it down, or up again with
// nothing heard.
func receiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: receiver NAME [down|up]")
	}
	all := ts.Value(listening{}).(map[string]*listener)
	l := all[args[0]]
	if l == nil {
		l = &listener{}
		all[args[0]] = l
		s := httptest.NewServer(l)
		ts.Defer(s.Close)
		ts.Setenv(args[0], s.URL)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = len(args) == 2 && args[1] == "down"
	l.told.Reset()
}

// heard waits until a receiver has been told something that matches.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || ts.Value(listening{}).(map[string]*listener)[args[0]] == nil {
		ts.Fatalf("usage: heard NAME REGEXP, of a receiver")
	}
	l := ts.Value(listening{}).(map[string]*listener)[args[0]]
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), storyWithin)
	defer cancel()
	ts.Check(system.Poll(ctx, fmt.Sprintf("%q told to %s", args[1], args[0]), func() (bool, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return pattern.MatchString(l.told.String()), nil
	}))
}
