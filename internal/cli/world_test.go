package cli

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"apicenter/client"
	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/inventory"
	"apicenter/internal/server"
	"apicenter/internal/store/storetest"
)

// world is a real center, with its store, without sockets: what the verbs do
// can be seen in its inventory. Nothing synchronises.
type world struct {
	t       testing.TB
	handler http.Handler
	between func() // called once, after the next read
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s := storetest.Open(t)
	log := slog.New(slog.DiscardHandler)
	people := catalog.New(s, catalog.Options{Waker: asleep{}, Log: log})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- people.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	guard, err := access.New(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	h := armapi.New(armapi.Options{Catalog: people, Access: guard, Signer: documents.NewSigner([]byte("key")), Log: log})
	front, err := managerapi.New(managerapi.Options{Catalog: people, Access: guard, Roles: guard, Provider: h, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ada := auth.Principal{ID: "ada", Name: "ada", Kind: auth.Key, Grants: []auth.Grant{{Role: access.AdministratorID, Scope: access.Everything}}}
	w := &world{t: t, handler: server.Handler(server.Options{
		ARM: front, Keys: auth.Static(map[string]auth.Principal{fakeToken: ada}), Log: log,
		Routes: []server.Route{{Pattern: documents.Prefix, Handler: h.Documents(), Public: true}},
	})}
	w.run("create", "-g", "apis", "-n", "main", "-l", "local")
	return w
}

// asleep is a queue that takes all and does nothing.
type asleep struct{}

func (asleep) Notify(context.Context, inventory.ID, string) error { return nil }

// RoundTrip hands the request to the handler.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	arrived := r.Clone(r.Context())
	arrived.RequestURI = r.URL.RequestURI() // which only a server sees
	w.handler.ServeHTTP(rec, arrived)
	if between := w.between; between != nil && r.Method == http.MethodGet {
		w.between = nil
		between()
	}
	return rec.Result(), nil
}

// try runs a command line against the center.
func (w *world) try(s Streams, args ...string) outcome {
	w.t.Helper()
	var out, errs bytes.Buffer
	s.Out, s.Err, s.Transport = &out, &errs, w
	s.Getenv = env("APICENTER_SERVER", fakeAddress, "APICENTER_TOKEN", fakeToken, "APICENTER_SUBSCRIPTION", "sub1")
	if s.In == nil {
		s.In = strings.NewReader("")
	}
	code := Execute(w.t.Context(), New(s), s, args)
	return outcome{code: code, out: out.String(), err: errs.String()}
}

// run is try for what must go well.
func (w *world) run(args ...string) outcome {
	w.t.Helper()
	o := w.try(Streams{}, args...)
	if o.code != exitOK {
		w.t.Fatalf("%q: exit code %d\n%s%s", args, o.code, o.out, o.err)
	}
	return o
}

// fails runs what must end with a code and say something.
func (w *world) fails(code int, says string, args ...string) {
	w.t.Helper()
	o := w.try(Streams{}, args...)
	if o.code != code || !strings.Contains(o.err, says) {
		w.t.Errorf("%q: exit code %d, want %d; it does not say %q:\n%s%s", args, o.code, code, says, o.out, o.err)
	}
}

// has asks the center itself for a resource below the service, and compares its
// properties, written as path=value.
func (w *world) has(path string, want ...string) object {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, fakeService+path+"?api-version="+preview, nil)
	r.Header.Set("Authorization", "Bearer "+fakeToken)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", path, rec.Code, rec.Body)
	}
	o, err := answer{&client.Response{Body: rec.Body.Bytes()}}.object()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, pair := range want {
		at, value, _ := strings.Cut(pair, "=")
		if got := o.flat().text(at); got != value {
			w.t.Errorf("%s: %s is %q, want %q", path, at, got, value)
		}
	}
	return o.flat()
}

// lacks wants that there is no such resource below the service.
func (w *world) lacks(path string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, fakeService+path+"?api-version="+preview, nil)
	r.Header.Set("Authorization", "Bearer "+fakeToken)
	rec := httptest.NewRecorder()
	if w.handler.ServeHTTP(rec, r); rec.Code != http.StatusNotFound {
		w.t.Errorf("GET %s: %d, want 404", path, rec.Code)
	}
}
