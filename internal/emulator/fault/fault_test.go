package fault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator/fault"
)

const path = "/subscriptions/s/providers/x"

// body is what the handler behind the faults answers.
const body = `{"value":[{"id":"1"},{"id":"2"}]}`

func behind(f *fault.Faults) http.Handler {
	return f.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusCreated)
		}
		fmt.Fprint(w, body)
	}))
}

func send(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

func TestZeroConfigIsFaultless(t *testing.T) {
	f := fault.New(fault.Config{})
	h := behind(f)
	for _, tt := range []struct{ method, path, header, left string }{
		{"GET", path, "subscription-reads", "249"},
		{"HEAD", "//subscriptions//s/x", "subscription-reads", "249"},
		{"PUT", path, "subscription-writes", "199"},
		{"POST", strings.ToUpper(path), "subscription-writes", "199"},
		{"DELETE", path, "subscription-deletes", "199"},
		{"GET", "/subscriptions", "tenant-reads", "249"},
		{"GET", "/providers/Microsoft.ApiManagement", "tenant-reads", "249"},
		{"GET", "/tenants", "tenant-reads", "249"},
		{"GET", "/msi/token", "", ""},
		{"GET", "/blobs/subscriptions/s", "", ""},
	} {
		for range 300 {
			w := send(h, tt.method, tt.path)
			if w.Code >= 300 || w.Body.String() != body {
				t.Fatalf("%s %s: %d %s", tt.method, tt.path, w.Code, w.Body)
			}
			var got []string
			for name, values := range w.Header() {
				if rest, ok := strings.CutPrefix(name, "X-Ms-Ratelimit-Remaining-"); ok {
					got = append(got, strings.ToLower(rest)+values[0])
				}
			}
			if strings.Join(got, " ") != tt.header+tt.left {
				t.Fatalf("%s %s: rate limit headers %v, want %s %s", tt.method, tt.path, got, tt.header, tt.left)
			}
		}
	}
	e := f.Events()
	if f.ShiftPage() || f.LinkExpired() || e.Drop() || e.Double() || e.Reorder() || f.ExportDelay() != 0 || f.Stale() != 0 || f.Throttled() != 0 || len(f.Log()) != 1 {
		t.Errorf("faults without a fault: %v, %d throttled", f.Log(), f.Throttled())
	}
}

func TestBucketEmptiesAndRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fault.New(fault.Config{Bucket: 250})
		h := behind(f)
		for i := range 250 {
			w := send(h, "GET", path)
			if got, want := w.Header().Get("x-ms-ratelimit-remaining-subscription-reads"), fmt.Sprint(249-i); w.Code != 200 || got != want {
				t.Fatalf("read %d: %d, %s left, want %s", i+1, w.Code, got, want)
			}
		}
		w := send(h, "GET", path)
		if w.Code != 429 || w.Header().Get("Retry-After") != "1" || w.Header().Get("x-ms-ratelimit-remaining-subscription-reads") != "0" ||
			!strings.Contains(w.Body.String(), `"code":"SubscriptionRequestsThrottled"`) {
			t.Fatalf("read 251: %d %v %s", w.Code, w.Header(), w.Body)
		}
		if w := send(h, "PUT", path); w.Code != 201 || w.Header().Get("x-ms-ratelimit-remaining-subscription-writes") != "199" {
			t.Errorf("writes have their own bucket: %d %v", w.Code, w.Header())
		}
		if w := send(h, "DELETE", path); w.Code != 200 || w.Header().Get("x-ms-ratelimit-remaining-subscription-deletes") != "199" {
			t.Errorf("deletes have their own bucket: %d %v", w.Code, w.Header())
		}
		if w := send(h, "GET", "/subscriptions/other"); w.Code != 200 {
			t.Errorf("another subscription has its own bucket: %d", w.Code)
		}
		time.Sleep(999 * time.Millisecond) // 24 tokens are there, but the client was told to wait
		if w := send(h, "GET", path); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
			t.Errorf("before the Retry-After is over: %d %v", w.Code, w.Header())
		}
		time.Sleep(time.Millisecond)
		if w := send(h, "GET", path); w.Code != 200 || w.Header().Get("x-ms-ratelimit-remaining-subscription-reads") != "24" {
			t.Errorf("after a second: %d, %s left, want 24", w.Code, w.Header().Get("x-ms-ratelimit-remaining-subscription-reads"))
		}
		time.Sleep(time.Hour)
		if w := send(h, "GET", path); w.Header().Get("x-ms-ratelimit-remaining-subscription-reads") != "249" {
			t.Errorf("after an hour %s left, want 249", w.Header().Get("x-ms-ratelimit-remaining-subscription-reads"))
		}
		if f.Throttled() != 2 {
			t.Errorf("%d throttled, want 2", f.Throttled())
		}
	})
}

func TestBucketOfEachPrincipal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fault.New(fault.Config{Bucket: 1, WriteBucket: 1, Refill: 1, WriteRefill: 1, RetryAfter: fault.Duration(61 * time.Second)})
		f.Principal = func(r *http.Request) string { return r.URL.Query().Get("who") }
		h := behind(f)
		for i, tt := range []struct {
			method, who string
			status      int
		}{
			{"GET", "a", 200}, {"GET", "a", 429}, {"GET", "b", 200}, {"PUT", "a", 201}, {"PUT", "a", 429}, {"GET", "b", 429},
		} {
			w := send(h, tt.method, path+"?who="+tt.who)
			if w.Code != tt.status || w.Code == 429 && w.Header().Get("Retry-After") != "61" {
				t.Errorf("request %d, %s of %s: %d %v, want %d", i, tt.method, tt.who, w.Code, w.Header(), tt.status)
			}
		}
		if w := send(h, "GET", "/tenants?who=a"); w.Code != 200 {
			t.Errorf("the tenant has its own bucket: %d", w.Code)
		}
		if w := send(h, "GET", "/tenants?who=a"); w.Code != 429 || !strings.Contains(w.Body.String(), "TenantRequestsThrottled") {
			t.Errorf("the tenant's bucket: %d %s", w.Code, w.Body)
		}
		f.Set(f.Config())
		if w := send(h, "GET", path+"?who=a"); w.Code != 200 {
			t.Errorf("a new start has full buckets: %d", w.Code)
		}
	})
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := behind(fault.New(fault.Config{Latency: fault.Duration(time.Second), LatencyJitter: fault.Duration(time.Second)}))
		took := map[time.Duration]bool{}
		for range 20 {
			start := time.Now()
			send(h, "GET", path)
			d := time.Since(start)
			if d < time.Second || d >= 2*time.Second {
				t.Errorf("took %v, want between one and two seconds", d)
			}
			took[d] = true
		}
		if len(took) < 20 {
			t.Errorf("20 requests took only %d different times", len(took))
		}
		start := time.Now()
		send(h, "GET", "/msi/token")
		if d := time.Since(start); d != 0 {
			t.Errorf("a token took %v, and latency is for ARM only", d)
		}
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", path, nil))
		if w.Body.Len() > 0 || time.Since(start) != time.Millisecond {
			t.Errorf("the client left after 1ms, and was answered %q after %v", w.Body, time.Since(start))
		}
	})
}

// story is what a fixed sequence of requests meets.
func story(f *fault.Faults) string {
	h := behind(f)
	var met strings.Builder
	for range 100 {
		w := send(h, "GET", path)
		fmt.Fprintf(&met, "%d/%d ", w.Code, w.Body.Len())
	}
	return met.String()
}

func TestSeedReplaysTheFaults(t *testing.T) {
	c := fault.Config{Seed: 7, ErrorRate: 0.2, TruncateRate: 0.2}
	f := fault.New(c)
	want := story(f)
	if got := story(fault.New(c)); got != want {
		t.Errorf("the same seed tells another story:\n%s\n%s", want, got)
	}
	f.Set(c)
	if got := story(f); got != want {
		t.Errorf("set anew it tells another story:\n%s\n%s", want, got)
	}
	// The other kinds have their own draws.
	c.ShiftRate, c.DropEvents = 0.5, 0.5
	f.Set(c)
	for range 10 {
		f.ShiftPage()
		f.Events().Drop()
	}
	if got := story(f); got != want {
		t.Errorf("with other faults in between it tells another story:\n%s\n%s", want, got)
	}
	c.Seed = 8
	if got := story(fault.New(c)); got == want {
		t.Error("another seed tells the same story")
	}
}

func TestRatesAreMet(t *testing.T) {
	const n = 20000
	f := fault.New(fault.Config{Seed: 1, ShiftRate: 0.1, ExpireRate: 0.3, DropEvents: 0.5, DoubleEvents: 1, ReorderEvents: 0.01})
	e := f.Events()
	for _, tt := range []struct {
		name string
		ask  func() bool
		rate float64
	}{
		{"shift", f.ShiftPage, 0.1}, {"expire", f.LinkExpired, 0.3}, {"drop", e.Drop, 0.5}, {"double", e.Double, 1}, {"reorder", e.Reorder, 0.01},
	} {
		hits := 0
		for range n {
			if tt.ask() {
				hits++
			}
		}
		if got := float64(hits) / n; got < tt.rate-0.01 || got > tt.rate+0.01 {
			t.Errorf("%s: %v of all, want about %v", tt.name, got, tt.rate)
		}
	}
}

func TestErrorsAreOfAllKinds(t *testing.T) {
	f := fault.New(fault.Config{ErrorRate: 1})
	h := behind(f)
	met := map[int]string{}
	for range 100 {
		w := send(h, "PUT", path)
		met[w.Code] = w.Body.String()
	}
	for status, form := range map[int]string{500: `{"error":{"code":"InternalServerError"`, 502: "<html>", 503: `{"error":{"code":"ServerTimeout"`, 504: "<html>"} {
		if !strings.HasPrefix(met[status], form) {
			t.Errorf("%d answers %q, want %s…", status, met[status], form)
		}
	}
	if len(met) != 4 {
		t.Errorf("met %v", met)
	}
	log := f.Log()
	if log[0] != "seed 0" || len(log) != 101 || !strings.HasSuffix(log[100], "for PUT "+path+" (draw 100)") {
		t.Errorf("log %q", log)
	}
	send(h, "PUT", path)
	if next := f.Log(); len(next) != 101 || !slices.Equal(next[1:100], log[2:]) {
		t.Errorf("the log does not go on: %q", next)
	}
}

func TestTruncatedAnswerIsWholeHTTPWithBrokenJSON(t *testing.T) {
	f := fault.New(fault.Config{TruncateRate: 1})
	server := httptest.NewServer(behind(f))
	defer server.Close()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := server.Client().Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var v any
	if err := json.NewDecoder(r.Body).Decode(&v); r.StatusCode != 200 || r.ContentLength != int64(len(body)/2) || err == nil {
		t.Errorf("answered %d with %d bytes, decoded with %v", r.StatusCode, r.ContentLength, err)
	}
	if w := send(behind(f), "PUT", path); w.Code != 201 || w.Body.String() != body {
		t.Errorf("a write is cut: %d %s", w.Code, w.Body)
	}
	missing := f.Wrap(http.NotFoundHandler())
	if w := send(missing, "GET", path); w.Code != 404 || w.Body.String() != "404 page not found\n" {
		t.Errorf("an error is cut: %d %q", w.Code, w.Body)
	}
}

func TestDelays(t *testing.T) {
	f := fault.New(fault.Config{ExportDelay: fault.Duration(time.Second), ConsistencyDelay: fault.Duration(time.Minute)})
	if f.ExportDelay() != time.Second || f.Stale() != time.Minute {
		t.Errorf("export delay %v, stale %v", f.ExportDelay(), f.Stale())
	}
}

func TestAdmin(t *testing.T) {
	f := fault.New(fault.Config{Seed: 3, Latency: fault.Duration(250 * time.Millisecond)})
	read := send(f, "GET", "/admin/faults")
	if read.Code != 200 || !strings.Contains(read.Body.String(), `"latency":"250ms"`) {
		t.Fatalf("GET: %d %s", read.Code, read.Body)
	}
	for _, tt := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"what was read", read.Body.String(), 200, `"seed":3`},
		{"some", `{"seed":5,"errorRate":0.5,"exportDelay":"5m"}`, 200, `"exportDelay":"5m0s"`},
		{"unknown field", `{"erorRate":0.5}`, 400, `unknown field \"erorRate\"`},
		{"rate too high", `{"errorRate":5}`, 400, "errorRate is 5, and a rate is between 0 and 1"},
		{"negative rate", `{"dropEvents":-1}`, 400, "dropEvents"},
		{"negative time", `{"latency":"-1s"}`, 400, "latency is negative"},
		{"no duration", `{"latency":"soon"}`, 400, `no duration such as 250ms`},
		{"number for a duration", `{"latency":250}`, 400, "latency"},
		{"refill of nothing", `{"refill":5}`, 400, "need a bucket"},
		{"no JSON", `nonsense`, 400, "invalid"},
		{"nothing", ``, 400, "invalid"},
	} {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodPut, "/admin/faults", strings.NewReader(tt.body)))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %d %s, want %d with %s", tt.name, w.Code, w.Body, tt.status, tt.says)
		}
	}
	if c := f.Config(); c.Seed != 5 || c.ErrorRate != 0.5 || c.Latency != 0 {
		t.Errorf("after all it is %+v: a PUT replaces the whole, and a bad one nothing", c)
	}
	if w := send(f, "POST", "/admin/faults"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func BenchmarkFaultless(b *testing.B) {
	h := fault.New(fault.Config{}).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
