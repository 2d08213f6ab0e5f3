package metricsapi_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/internal/httpapi/metricsapi"
	"apicenter/internal/inventory"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const workspace = "Sub/group/center/workspaces/default"

// door lets in whom it is told to.
type door struct{ open bool }

func (d door) Authorize(_ context.Context, action, scope string) error {
	if !d.open {
		return inventory.Errorf(inventory.Denied, "", "nobody may %s on %s", action, scope)
	}
	return nil
}

// center is a store with three links: one healthy, one that is late, and one that was just made.
func center(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.Open(t)
	if err := s.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		for _, path := range []string{"Sub/group/center", workspace} {
			if _, err := tx.PutOwn(path, inventory.Doc{}, inventory.Condition{}); err != nil {
				return err
			}
		}
		for name, status := range map[string]inventory.LinkStatus{
			"healthy": {
				State: inventory.Syncing, ProvenAt: s.Now().Add(-30 * time.Second), APIs: 7,
				Definitions: 3, DefinitionsProvenAt: s.Now().Add(-time.Hour), Took: 2 * time.Second,
			},
			"late": {
				State: inventory.Failed, Stalled: true, Message: "no role for a secret", Failures: 4,
				ProvenAt: s.Now().Add(-time.Hour), APIs: 5, Problems: 2, Held: []string{"a", "b", "c"},
			},
			"new": {State: inventory.Initializing},
		} {
			path := workspace + "/links/" + name
			if _, err := tx.PutOwn(path, inventory.Doc{}, inventory.Condition{}); err != nil {
				return err
			}
			if err := tx.SetStatus(inventory.MustID(path), status); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func metrics(t *testing.T) *metricsapi.Metrics {
	t.Helper()
	m := metricsapi.New(metricsapi.Options{
		Store: center(t), Promise: inventory.Promise{Target: time.Minute, Audit: 24 * time.Hour, Allowance: time.Minute},
		Throttled: func() int64 { return 6 }, Log: slog.New(slog.DiscardHandler),
	})
	m.Ran(inventory.Run{Outcome: "ok", Requests: 10})
	m.Ran(inventory.Run{Outcome: "ok", Requests: 1})
	m.Ran(inventory.Run{Outcome: "failed", Requests: 2})
	m.Rang(3)
	m.Followed(250 * time.Millisecond)
	m.Told(2*time.Second, nil)
	m.Told(time.Second, errors.New("the receiver answers 503"))
	return m
}

// ages vary with the time that the test takes.
var ages = regexp.MustCompile(`(age_seconds\{[^}]*\}) (9\d|366\d)(\.\d+)?\b|(age_seconds\{[^}]*\}) 3\.66\d*e\+03`)

const want = `apicenter_events_received_total 3
apicenter_feed_delay_seconds_sum 0.25
apicenter_feed_delay_seconds_count 1
apicenter_link_age_seconds{link="Sub/group/center/workspaces/default/links/healthy"} AGE
apicenter_link_age_seconds{link="Sub/group/center/workspaces/default/links/late"} AGE
apicenter_link_apis{link="Sub/group/center/workspaces/default/links/healthy"} 7
apicenter_link_apis{link="Sub/group/center/workspaces/default/links/late"} 5
apicenter_link_apis{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_definitions_age_seconds{link="Sub/group/center/workspaces/default/links/healthy"} AGE
apicenter_link_failures{link="Sub/group/center/workspaces/default/links/healthy"} 0
apicenter_link_failures{link="Sub/group/center/workspaces/default/links/late"} 4
apicenter_link_failures{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_held{link="Sub/group/center/workspaces/default/links/healthy"} 0
apicenter_link_held{link="Sub/group/center/workspaces/default/links/late"} 3
apicenter_link_held{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_late{link="Sub/group/center/workspaces/default/links/healthy"} 0
apicenter_link_late{link="Sub/group/center/workspaces/default/links/late"} 1
apicenter_link_late{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_pass_seconds{link="Sub/group/center/workspaces/default/links/healthy"} 2
apicenter_link_pass_seconds{link="Sub/group/center/workspaces/default/links/late"} 0
apicenter_link_pass_seconds{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_problems{link="Sub/group/center/workspaces/default/links/healthy"} 0
apicenter_link_problems{link="Sub/group/center/workspaces/default/links/late"} 2
apicenter_link_problems{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_stalled{link="Sub/group/center/workspaces/default/links/healthy"} 0
apicenter_link_stalled{link="Sub/group/center/workspaces/default/links/late"} 1
apicenter_link_stalled{link="Sub/group/center/workspaces/default/links/new"} 0
apicenter_link_target_seconds{link="Sub/group/center/workspaces/default/links/healthy"} 60
apicenter_link_target_seconds{link="Sub/group/center/workspaces/default/links/late"} 60
apicenter_link_target_seconds{link="Sub/group/center/workspaces/default/links/new"} 60
apicenter_links_waiting 3
apicenter_runs_total{outcome="failed"} 1
apicenter_runs_total{outcome="ok"} 2
apicenter_source_requests_total 13
apicenter_source_throttled_total 6
apicenter_webhook_attempts_total{outcome="delivered"} 1
apicenter_webhook_attempts_total{outcome="failed"} 1
apicenter_webhook_delay_seconds_sum 2
apicenter_webhook_delay_seconds_count 1
`

// ours are the lines of a scrape that are not of the runtime, but for the parts of histograms.
func ours(body string) string {
	var b strings.Builder
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "apicenter_") && !strings.Contains(line, "_bucket{") {
			b.WriteString(ages.ReplaceAllString(line, "${1}${4} AGE"))
		}
	}
	return b.String()
}

func TestMetrics(t *testing.T) {
	m := metrics(t)
	w := httptest.NewRecorder()
	m.Handler(door{true}, "/").ServeHTTP(w, httptest.NewRequest(http.MethodGet, metricsapi.Path, nil))
	if got := ours(w.Body.String()); w.Code != http.StatusOK || got != want {
		t.Errorf("%d\n%s\nwant\n%s", w.Code, got, want)
	}
	for _, secret := range []string{"no role for a secret", "ann"} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("the metrics tell %q", secret)
		}
	}
}

func TestWhoMayNotIsToldNothing(t *testing.T) {
	m := metrics(t)
	w := httptest.NewRecorder()
	m.Handler(door{}, "/").ServeHTTP(w, httptest.NewRequest(http.MethodGet, metricsapi.Path, nil))
	if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "healthy") || !strings.Contains(w.Body.String(), "AuthorizationFailed") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAnAddressOfItsOwn(t *testing.T) {
	m := metrics(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, l) }()
	for path, status := range map[string]int{metricsapi.Path: 200, "/keys": 404} {
		answer, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != status || status == 200 && ours(string(body)) != want {
			t.Errorf("%s: %d %v\n%s", path, answer.StatusCode, err, body)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
