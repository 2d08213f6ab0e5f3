package jobs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"apicenter/internal/azure"
	"apicenter/internal/emulator"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
	"apicenter/internal/store"
)

// fakes answers some requests to a source, in place of the emulator.
type fakes func(r *http.Request) (status int, header http.Header, body string, ok bool)

// shop is a worker over the real store and connector, and an emulated Azure in
// the same process, in virtual time.
type shop struct {
	*testing.T
	emulator *emulator.Server
	store    *store.Store
	worker   *jobs.Worker
	fake     atomic.Pointer[fakes]
	sent     atomic.Int64 // requests to Resource Manager
}

// owner is a credential that has its token already.
type owner struct{}

func (owner) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "azemu", ExpiresOn: time.Now().Add(1000 * time.Hour)}, nil
}

// RoundTrip answers in this process.
func (s *shop) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	if strings.HasPrefix(r.URL.Path, "/subscriptions/") {
		s.sent.Add(1)
	}
	w := httptest.NewRecorder()
	if fake := s.fake.Load(); fake != nil {
		if status, header, body, ok := (*fake)(r); ok {
			for name, values := range header {
				w.Header()[name] = values
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return answer(w, r), nil
		}
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "127.0.0.1:1", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	s.emulator.Handler().ServeHTTP(w, in)
	return answer(w, r), nil
}

func answer(w *httptest.ResponseRecorder, r *http.Request) *http.Response {
	resp := w.Result()
	resp.Request = r
	return resp
}

// newShop opens one with a link to an instance.
func newShop(t *testing.T, o emulator.Options) *shop {
	e, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{T: t, emulator: e}
	if s.store, err = store.Open(t.Context(), store.Options{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	kind := apim.New(apim.Options{
		Endpoint: "http://127.0.0.1:9", Audience: "https://management.azure.com", AllowLoopback: true, Limiters: &azure.Limiters{},
		Credential: func(string) (azcore.TokenCredential, error) { return owner{}, nil }, Transport: s,
	})
	s.worker = jobs.NewWorker(s.store, engine.New(s.store, map[string]source.Kind{kind.Name: kind},
		engine.Options{Interval: promise.Target, Audit: promise.Audit}))
	if err := s.store.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		own := inventory.Doc{}
		own.Set(inventory.FieldSourceType, apim.Name)
		own.Set(inventory.FieldSource, e.Target().InstanceID)
		own.Set(inventory.FieldImport, inventory.ImportAlways)
		return errors.Join(put(tx, "sub/group/center", inventory.Doc{}), put(tx, workspace, inventory.Doc{}), put(tx, linkPath, own))
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shop) close() {
	if err := errors.Join(s.worker.Close(context.Background()), s.store.Close()); err != nil {
		s.Error(err)
	}
}

// promise is that of the defaults.
var promise = inventory.Promise{Target: time.Minute, Audit: 24 * time.Hour, Allowance: time.Minute}

// work does what a queue does, for a while: each second, whatever waits.
func (s *shop) work(d time.Duration) {
	s.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Second) {
		links, err := s.worker.Waiting(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		for _, l := range links {
			for again := true; again; {
				if again, err = s.worker.Step(s.Context(), l, time.Now().Add(30*time.Second)); err != nil {
					s.Fatal(err)
				}
			}
		}
	}
}

// look is the link, and how fresh it is.
func (s *shop) look() (status inventory.LinkStatus, f inventory.Freshness) {
	s.Helper()
	if err := s.store.View(s.Context(), func(r inventory.Reader) error {
		rec, err := r.Record(link)
		status = inventory.StatusOf(rec.Resource)
		f = promise.Freshness(inventory.LinkOf(rec.Own), status, rec.Created.At, s.store.Now())
		return err
	}); err != nil {
		s.Fatal(err)
	}
	return status, f
}

func (s *shop) deletions() (n int) {
	s.Helper()
	if err := s.store.View(s.Context(), func(r inventory.Reader) error {
		runs, err := r.Runs(link, 200)
		for _, run := range runs {
			n += run.Counts.Deleted
		}
		return err
	}); err != nil {
		s.Fatal(err)
	}
	return n
}

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
				s := newShop(t, emulator.Options{APIs: 30, Seed: 1})
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
				if !f.Late || !strings.Contains(f.Reason, tt.late) || *f.Age < time.Hour+promise.Allowance {
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
