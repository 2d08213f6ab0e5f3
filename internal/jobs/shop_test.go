package jobs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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
	promise  inventory.Promise
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
func newShop(t *testing.T, o emulator.Options, p inventory.Promise) *shop {
	e, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{T: t, promise: p, emulator: e}
	s.store = openStore(t)
	kind := apim.New(apim.Options{
		Endpoint: "http://127.0.0.1:9", Audience: "https://management.azure.com", AllowLoopback: true, Limiters: &azure.Limiters{},
		Credential: func(string) (azcore.TokenCredential, error) { return owner{}, nil }, Transport: s,
	})
	s.worker = jobs.NewWorker(s.store, engine.New(s.store, map[string]source.Kind{kind.Name: kind},
		engine.Options{Interval: p.Target, Audit: p.Audit}))
	s.link("center")
	return s
}

// link makes a service with a link to the instance.
func (s *shop) link(service string) {
	s.Helper()
	if err := s.store.Update(s.Context(), "ann", func(tx inventory.Tx) error {
		own := inventory.Doc{}
		own.Set(inventory.FieldSourceType, apim.Name)
		own.Set(inventory.FieldSource, s.emulator.Target().InstanceID)
		own.Set(inventory.FieldImport, inventory.ImportAlways)
		path := "sub/group/" + service
		return errors.Join(put(tx, path, inventory.Doc{}), put(tx, path+"/workspaces/default", inventory.Doc{}), put(tx, path+"/workspaces/default/links/gateway", own))
	}); err != nil {
		s.Fatal(err)
	}
}

func (s *shop) close() {
	if err := errors.Join(s.worker.Close(context.Background()), s.store.Close()); err != nil {
		s.Error(err)
	}
}

// defaults are what a server promises that is told nothing else.
var defaults = inventory.Promise{Target: time.Minute, Audit: 24 * time.Hour, Allowance: time.Minute}

// work does what a queue does, for a while: each second, whatever waits.
func (s *shop) work(d time.Duration) {
	s.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Second) {
		links, err := s.worker.Waiting(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		var all sync.WaitGroup
		for _, l := range links {
			all.Go(func() {
				for again := true; again; {
					var err error
					if again, err = s.worker.Step(s.Context(), l, time.Now().Add(30*time.Second)); err != nil {
						s.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
}

// look is the link of the first service, and how fresh it is.
func (s *shop) look() (status inventory.LinkStatus, f inventory.Freshness) {
	s.Helper()
	if err := s.store.View(s.Context(), func(r inventory.Reader) error {
		rec, err := r.Record(link)
		status = inventory.StatusOf(rec.Resource)
		f = s.promise.Freshness(inventory.LinkOf(rec.Own), status, rec.Created.At, s.store.Now())
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
