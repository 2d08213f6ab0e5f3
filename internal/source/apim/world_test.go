package apim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"apicenter/internal/azure"
	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// world is an emulated Azure that listens, with a hook in front of it.
type world struct {
	t        testing.TB
	emulator *emulator.Server
	url      string
	instance string

	mu       sync.Mutex // guards all below
	hook     func(w http.ResponseWriter, r *http.Request) bool
	requests []string // method, path and query
}

func newWorld(t testing.TB, o emulator.Options) *world {
	t.Helper()
	e, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, emulator: e, instance: e.Target().InstanceID}
	inner := e.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.requests = append(w.requests, r.Method+" "+r.URL.RequestURI())
		hook := w.hook
		w.mu.Unlock()
		if hook == nil || !hook(rw, r) {
			inner.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// intercept puts a hook in front of the emulator; it says whether it has answered. nil takes it away.
func (w *world) intercept(hook func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// sent takes the list of requests since it was last asked.
func (w *world) sent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.requests
	w.requests = nil
	return out
}

// call changes the emulator as its owner; path is below the instance.
func (w *world) call(method, path string, body any) {
	w.t.Helper()
	var text string
	if s, ok := body.(string); ok {
		text = s
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(b)
	}
	address := w.url + w.instance + path
	if strings.HasPrefix(path, "/admin/") || strings.HasPrefix(path, "/subscriptions/") {
		address = w.url + path
	}
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	req, err := http.NewRequest(method, address+sep+"api-version=2024-05-01", strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer azemu")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("If-Match", "*")
	if method == http.MethodPut {
		req.Header.Del("If-Match")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	}
}

type m = map[string]any

// put makes an API, or changes it.
func (w *world) put(path string, properties m) {
	w.t.Helper()
	w.call(http.MethodPut, path, m{"properties": properties})
}

// rest makes a REST API with a document.
func (w *world) rest(name, title, document string) {
	w.t.Helper()
	w.put("/apis/"+name, m{"displayName": title, "path": name, "protocols": []string{"https"}, "format": "openapi+json", "value": document})
}

func petstore(title string) string {
	return fmt.Sprintf(`{"openapi":"3.0.1","info":{"title":%q,"version":"1.0"},"paths":{"/pets":{"get":{"operationId":"list","responses":{"200":{"description":"ok"}}}}}}`, title)
}

// owner is a credential that has its token already.
type owner struct{}

func (owner) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "azemu", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// options are those by which the emulator is read.
func (w *world) options() apim.Options {
	return apim.Options{
		Endpoint: w.url, Audience: "https://management.azure.com", AllowLoopback: true, Limiters: &azure.Limiters{},
		Credential: func(string) (azcore.TokenCredential, error) { return owner{}, nil },
	}
}

func (w *world) open(o apim.Options, link inventory.Link, first bool) source.Connector {
	w.t.Helper()
	if link.Source == "" {
		link.Source = w.instance
	}
	c, err := apim.New(o).Open(w.t.Context(), link, source.Env{UserAgent: "apicenter/test", First: first})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// connect opens a connector to the whole instance.
func (w *world) connect() source.Connector { return w.open(w.options(), inventory.Link{}, false) }

// read is all that a reading yields, by external identity, in order, and how it ended.
func read(ctx context.Context, c source.Connector, s source.Scope) (objects []source.Object, err error) {
	for o, err := range c.Read(ctx, s) {
		if err != nil {
			return objects, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// whole is a reading of everything that must end well.
func (w *world) whole(c source.Connector) map[string]source.Object {
	w.t.Helper()
	objects, err := read(w.t.Context(), c, source.Scope{})
	if err != nil {
		w.t.Fatalf("read: %v", err)
	}
	out := map[string]source.Object{}
	for _, o := range objects {
		if _, twice := out[o.External]; twice {
			w.t.Errorf("%q was yielded twice", o.External)
		}
		out[o.External] = o
	}
	return out
}

// body is a document as it is stored, and what it said of itself.
func body(t testing.TB, d *source.Document) (text, specification string) {
	t.Helper()
	content, err := d.Open(t.Context())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer content.Close()
	b, err := io.ReadAll(content)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(b), string(content.States["/specification"])
}

// child is the first thing of a kind below an object.
func child(t testing.TB, o source.Object, kind inventory.Kind) source.Object {
	t.Helper()
	for _, c := range o.Children {
		if c.Kind == kind {
			return c
		}
	}
	t.Fatalf("%q has no %s", o.External, kind)
	return source.Object{}
}

// apimOpen opens a connector for a link to a source.
func apimOpen(w *world, id string) (source.Connector, error) {
	return apim.New(w.options()).Open(w.t.Context(), inventory.Link{Source: id}, source.Env{})
}
