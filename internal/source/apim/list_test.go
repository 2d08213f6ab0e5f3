package apim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"apicenter/internal/emulator"
	"apicenter/internal/emulator/fault"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// many fills an instance with n APIs in no set.
func many(t testing.TB, n, pageSize int) *world {
	t.Helper()
	w := newWorld(t, emulator.Options{Empty: true, PageSize: pageSize})
	for i := range n {
		w.put(fmt.Sprintf("/apis/api-%03d", i), m{"displayName": fmt.Sprint("API ", i), "path": fmt.Sprint("p", i)})
	}
	w.sent()
	return w
}

func (w *world) reader(first bool) source.Connector {
	return w.open(w.options(), inventory.Link{}, first)
}

func TestUnchangedPassKeepsToItsBudget(t *testing.T) {
	w := newWorld(t, emulator.Options{APIs: 2000})
	for _, first := range []bool{false, true} {
		c := w.reader(first)
		w.whole(c)
		if most := int64(2000/100 + 5); c.Requests() > most || int64(len(w.sent())) != c.Requests() {
			t.Errorf("first %t: %d requests for 2000 APIs, want at most %d", first, c.Requests(), most)
		}
	}
}

func TestFirstReadingAsksForPagesSideBySide(t *testing.T) {
	w := many(t, 40, 4)
	var flying, most atomic.Int32
	gate := make(chan struct{})
	w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.RawQuery, "skip=") {
			if n := flying.Add(1); n == 4 {
				close(gate) // so many are here at once: let them all go on
			}
			<-gate
			most.Store(max(most.Load(), flying.Load()))
			flying.Add(-1)
		}
		return false
	})
	if got := len(w.whole(w.reader(true))); got != 41 {
		t.Errorf("%d roots, want 41", got)
	}
	if most.Load() > 8 {
		t.Errorf("%d pages at a time, want at most 8", most.Load())
	}
}

// TestAPIsComeBeforeTheListEnds holds the second page back until an API of the first was seen.
func TestAPIsComeBeforeTheListEnds(t *testing.T) {
	w := many(t, 12, 4)
	for _, first := range []bool{false, true} {
		seen := make(chan struct{})
		w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.RawQuery, "skip=") {
				<-seen
			}
			return false
		})
		n := 0
		for o, err := range w.reader(first).Read(t.Context(), source.Scope{}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; o.External == "apis/api-003" {
				close(seen)
			}
		}
		if n != 13 {
			t.Errorf("first %t: %d roots, want 13", first, n)
		}
	}
}

// TestShiftedPages deletes APIs of the first page while the others are read: rows
// move from the second page to the first. Others are made at the end, so that the
// count of the source agrees with what pages cut by offset would have shown.
func TestShiftedPages(t *testing.T) {
	for _, gone := range []int{1, 3} {
		for _, first := range []bool{false, true} {
			w := many(t, 20, 5)
			var once atomic.Bool
			w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.RawQuery, "skip=") || !once.CompareAndSwap(false, true) {
					return false
				}
				for i := range gone {
					for method, path := range map[string]string{
						http.MethodDelete: fmt.Sprintf("/apis/api-%03d", i), http.MethodPut: fmt.Sprintf("/apis/later-%d", i),
					} {
						body := fmt.Sprintf(`{"properties":{"displayName":"L%d","path":"l%d"}}`, i, i)
						req := httptest.NewRequest(method, w.instance+path+"?api-version=2024-05-01", strings.NewReader(body))
						req.Header.Set("Authorization", "Bearer azemu")
						if method == http.MethodDelete {
							req.Header.Set("If-Match", "*")
						}
						rec := httptest.NewRecorder()
						if w.emulator.Handler().ServeHTTP(rec, req); rec.Code >= 300 {
							t.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
						}
					}
				}
				return false
			})
			objects, err := read(t.Context(), w.reader(first), source.Scope{})
			if err != nil {
				t.Errorf("%d gone, first %t: %v", gone, first, err)
			}
			seen := map[string]bool{}
			for _, o := range objects {
				seen[o.External] = true
			}
			for i := gone; i < 20; i++ {
				if external := fmt.Sprintf("apis/api-%03d", i); !seen[external] {
					t.Errorf("%d gone, first %t: the listing lost %s, which was there all the time", gone, first, external)
				}
			}
		}
	}
}

func TestMoodyListsAreCompleteOrAnError(t *testing.T) {
	for seed := range uint64(8) {
		w := newWorld(t, emulator.Options{APIs: 60, PageSize: 7, Faults: fault.Config{Seed: seed, ShiftRate: 0.1, TruncateRate: 0.1}})
		for _, first := range []bool{false, true} {
			objects, err := read(t.Context(), w.reader(first), source.Scope{})
			versions := map[string]bool{}
			for _, o := range objects {
				for _, v := range o.Children {
					versions[v.External] = true
				}
			}
			if err == nil && len(versions) != 60 {
				t.Errorf("seed %d, first %t: a listing with %d of 60 ended well", seed, first, len(versions))
			}
			if err != nil && source.Stalled(err) {
				t.Errorf("seed %d, first %t: stalled: %v", seed, first, err)
			}
		}
	}
}

// answerList answers lists of APIs with a text.
func answerList(w *world, answer func(r *http.Request) string) {
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/apis") {
			return false
		}
		_, _ = rw.Write([]byte(answer(r)))
		return true
	})
}

const oneRow = `{"name":"a","properties":{"displayName":"A","path":"a","isCurrent":true}}`

func TestStrangeLists(t *testing.T) {
	w := many(t, 1, 100)
	next := func(rest string) string { return w.url + w.instance + "/apis?" + rest }
	var calls atomic.Int32
	for _, tt := range []struct {
		name    string
		answer  func(r *http.Request) string
		roots   int // and the environment
		fails   string
		stalled bool
	}{
		{"no count, no nextLink", func(*http.Request) string { return `{"value":[` + oneRow + `]}` }, 1, "", false},
		{"empty nextLink, null count", func(*http.Request) string { return `{"value":[` + oneRow + `],"count":null,"nextLink":""}` }, 1, "", false},
		{"empty", func(*http.Request) string { return `{"value":[],"count":0}` }, 0, "", false},
		{"empty object", func(*http.Request) string { return `{}` }, 0, "", false},
		{"no object", func(*http.Request) string { return `<html>proxy</html>` }, 0, "not the JSON", false},
		{"fewer than counted", func(*http.Request) string { return `{"value":[` + oneRow + `],"count":2}` }, 1, "changed while it was read", false},
		{"always truncated", func(*http.Request) string { return `{"value":[` + oneRow + `],"cou` }, 0, "not the JSON", false},
		{"truncated once", func(*http.Request) string {
			if calls.Add(1) == 1 {
				return `{"value":[` + oneRow
			}
			return `{"value":[` + oneRow + `],"count":1}`
		}, 1, "", false},
		{"nameless", func(*http.Request) string { return `{"value":[{"properties":{}}]}` }, 0, "no name", false},
		{"a page that repeats", func(r *http.Request) string {
			return `{"value":[` + oneRow + `],"nextLink":"` + next("x="+r.URL.Query().Get("x")+"1") + `"}`
		}, 1, "repeats", false},
		{"a circle of empty pages", func(*http.Request) string { return `{"value":[],"nextLink":"` + next("round") + `"}` }, 0, "do not come to an end", false},
		{"another host", func(*http.Request) string {
			return `{"value":[` + oneRow + `],"nextLink":"https://evil.example/subscriptions?sig=secret"}`
		}, 1, "evil.example was not asked", true},
		{"another scheme", func(*http.Request) string {
			return `{"value":[` + oneRow + `],"nextLink":"` + strings.Replace(next(""), "http:", "https:", 1) + `"}`
		}, 1, "was not asked", true},
		{"with credentials", func(*http.Request) string {
			return `{"value":[` + oneRow + `],"nextLink":"` + strings.Replace(next(""), "http://", "http://u:p@", 1) + `"}`
		}, 1, "was not asked", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answerList(w, tt.answer)
			for _, first := range []bool{false, true} {
				calls.Store(0)
				objects, err := read(t.Context(), w.reader(first), source.Scope{})
				if len(objects) != tt.roots+1 {
					t.Errorf("first %t: %d roots, want %d", first, len(objects)-1, tt.roots)
				}
				if tt.fails == "" && err != nil || tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
					t.Errorf("first %t: error %v, want %q", first, err, tt.fails)
				}
				if err != nil && (source.Stalled(err) != tt.stalled || strings.Contains(err.Error(), "secret")) {
					t.Errorf("first %t: stalled %t, want %t (%v)", first, source.Stalled(err), tt.stalled, err)
				}
			}
		})
	}
}

func TestOffsetsThatAreIgnored(t *testing.T) {
	w := many(t, 12, 4)
	w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if q.Has("$top") && q.Has("$skip") && !strings.Contains(r.URL.RawQuery, "%24skip") {
			q.Del("$skip") // ours, not those of a nextLink, which escapes the dollar
			r.URL.RawQuery = q.Encode()
		}
		return false
	})
	if got := len(w.whole(w.reader(true))); got != 13 {
		t.Errorf("%d roots, want 13", got)
	}
}

func TestTierWithoutWorkspaces(t *testing.T) {
	w := many(t, 2, 100)
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed} {
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/workspaces") {
				return false
			}
			refuse(rw, status, "MethodNotAllowedInPricingTier", "Method not allowed in this tier.")
			return true
		})
		if got := len(w.whole(w.reader(false))); got != 3 {
			t.Errorf("%d: %d roots, want 3", status, got)
		}
	}
}

func TestCancelledWhileAPageIsOnItsWay(t *testing.T) {
	w := many(t, 12, 4)
	for _, first := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.RawQuery, "skip=") {
				return false
			}
			cancel()
			<-r.Context().Done() // the client hangs up
			return true
		})
		if _, err := read(ctx, w.reader(first), source.Scope{}); !errors.Is(err, context.Canceled) {
			t.Errorf("first %t: %v", first, err)
		}
		cancel()
	}
}
