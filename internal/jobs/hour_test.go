package jobs_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
)

func TestAnHourOfASourceThatFails(t *testing.T) {
	list := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/apis") }
	anything := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/subscriptions/") }
	for _, tt := range []struct {
		name   string
		of     func(*http.Request) bool
		status int
		header http.Header
		body   string
		late   string // a part of the reason
		most   int64  // requests in the hour
	}{
		{"empty", list, 200, nil, `{"value":[],"count":0}`, "they are held for approval", 300},
		{"forbidden", anything, 403, nil, `{"error":{"code":"AuthorizationFailed","message":"no"}}`, "stalled since", 80},
		{"not found", anything, 404, nil, `{"error":{"code":"ResourceNotFound","message":"no"}}`, "stalled since", 10},
		{"truncated", list, 200, nil, `{"value":[{"id":"/a","name":"a`, "failing since", 100},
		{"throttled", anything, 429, http.Header{"Retry-After": {"90"}}, `{"error":{"code":"TooManyRequests","message":"no"}}`, "failing since", 60},
		{"down", anything, 503, nil, `{"error":{"code":"ServerError","message":"no"}}`, "failing since", 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t, emulator.Options{APIs: 30, Seed: 1}, defaults)
				defer s.close()
				s.work(2 * time.Minute)
				if st, f := s.look(); f.Late || st.APIs != 30 {
					t.Fatalf("before: %+v, %+v", st, f)
				}
				fake := fakes(func(r *http.Request) (int, http.Header, string, bool) { return tt.status, tt.header, tt.body, tt.of(r) })
				s.fake.Store(&fake)
				before := s.sent.Load()
				s.work(time.Hour)
				st, f := s.look()
				if !f.Late || !strings.Contains(f.Reason, tt.late) || *f.Age < time.Hour+defaults.Allowance {
					t.Errorf("after an hour: late %v, age %v: %s", f.Late, f.Age, f.Reason)
				}
				if n := s.deletions(); n != 0 || st.APIs != 30 {
					t.Errorf("after an hour: %d deletions, %d APIs", n, st.APIs)
				}
				if n := s.sent.Load() - before; n > tt.most {
					t.Errorf("%d requests in the hour, want at most %d", n, tt.most)
				}
				s.fake.Store(nil)
				s.work(16 * time.Minute)
				if st, f = s.look(); f.Late || st.State != inventory.Syncing || st.APIs != 30 || s.deletions() != 0 {
					t.Errorf("afterwards: %+v, %+v", st, f)
				}
			})
		})
	}
}
