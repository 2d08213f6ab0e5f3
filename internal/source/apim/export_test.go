package apim_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// documentOf is the document of an API in no set.
func documentOf(t testing.TB, w *world, c source.Connector, name string) *source.Document {
	t.Helper()
	root := w.whole(c)["apis/"+name]
	return child(t, child(t, root, inventory.KindVersion), inventory.KindDefinition).Document
}

func TestExportShapes(t *testing.T) {
	for _, shape := range []emulator.Shape{emulator.Both, emulator.Nested, emulator.Flat, emulator.Bare, emulator.Raw} {
		t.Run(string(shape), func(t *testing.T) {
			w := newWorld(t, emulator.Options{Empty: true, Shape: shape})
			w.rest("a", "A title / with spaces", petstore("A"))
			got, spec := body(t, documentOf(t, w, w.connect(), "a"))
			if got != petstore("A") || spec != `{"name":"openapi","version":"3.0.1"}` {
				t.Errorf("got %s, %s", got, spec)
			}
		})
	}
}

// exports are the formats that were asked for.
func exports(w *world) []string {
	var out []string
	for _, r := range w.sent() {
		_, uri, _ := strings.Cut(r, " ")
		if u, err := url.Parse(uri); err == nil && u.Query().Has("export") {
			out = append(out, u.Query().Get("format"))
		}
	}
	return out
}

func TestExportFallsBackToOlderFormats(t *testing.T) {
	all := []string{"openapi+json-link", "openapi-link", "swagger-link"}
	for _, tt := range []struct {
		name    string
		status  int
		refused []string
		want    []string
		ok      bool
	}{
		{"the first will do", 400, nil, all[:1], true},
		{"not as JSON", 400, all[:1], all[:2], true},
		{"not as OpenAPI", 422, all[:2], all, true},
		{"not at all", 400, all, all, false},
		{"may not be asked", 403, all, all[:1], false},
		{"token refused", 401, all, all[:1], false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := empty(t)
			w.rest("a", "A", petstore("A"))
			d := documentOf(t, w, w.connect(), "a")
			w.sent()
			w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if !slices.Contains(tt.refused, r.URL.Query().Get("format")) {
					return false
				}
				refuse(rw, tt.status, "Some", "cannot be written as "+r.URL.Query().Get("format"))
				return true
			})
			content, err := d.Open(t.Context())
			if err == nil {
				content.Close()
			}
			if (err == nil) != tt.ok {
				t.Errorf("error %v, want none: %t", err, tt.ok)
			}
			if got := exports(w); !slices.Equal(got, tt.want) {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
			if err != nil && source.Stalled(err) != (tt.status == 401 || tt.status == 403) {
				t.Errorf("stalled %t: %v", source.Stalled(err), err)
			}
			if !tt.ok && tt.status == 400 && !strings.Contains(err.Error(), "openapi+json-link") {
				t.Errorf("error %v, want what was said to the first format", err)
			}
		})
	}
}

func TestExpiredLinkIsAskedForOnceMore(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	d := documentOf(t, w, w.connect(), "a")
	for _, tt := range []struct {
		expired int32
		ok      bool
	}{{0, true}, {1, true}, {2, false}} {
		var left atomic.Int32
		left.Store(tt.expired)
		w.sent()
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/blob") || left.Add(-1) < 0 {
				return false
			}
			rw.WriteHeader(http.StatusForbidden)
			return true
		})
		content, err := d.Open(t.Context())
		if err == nil {
			content.Close()
		}
		if asked := len(exports(w)); (err == nil) != tt.ok || asked != int(min(tt.expired, 1))+1 || source.Stalled(err) {
			t.Errorf("expired %d times: asked %d times, %v", tt.expired, asked, err)
		}
	}
}

// answerExports answers each export with a link.
func answerExports(w *world, link func() string) {
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("export") {
			return false
		}
		fmt.Fprintf(rw, `{"properties":{"value":{"link":%q}}}`, link())
		return true
	})
}

func TestLinksAreFetchedWithoutToken(t *testing.T) {
	var seen http.Header
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		seen = r.Header
		_, _ = io.WriteString(rw, petstore("A"))
	}))
	defer store.Close()
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	d := documentOf(t, w, w.connect(), "a")
	answerExports(w, func() string { return store.URL + "/A title.json?sig=secret" })
	if got, _ := body(t, d); got != petstore("A") || seen.Get("Authorization") != "" {
		t.Errorf("got %q, with Authorization %q", got, seen.Get("Authorization"))
	}
}

// TestLimitHoldsForDocumentsOfUnknownLength has a store that does not say how much will come.
func TestLimitHoldsForDocumentsOfUnknownLength(t *testing.T) {
	const most = 100 << 10
	var size atomic.Int64
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, "{")
		rw.(http.Flusher).Flush()
		_, _ = io.WriteString(rw, strings.Repeat(" ", int(size.Load())-2)+"}")
	}))
	defer store.Close()
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	o := w.options()
	o.MaxDocument = most
	d := documentOf(t, w, w.open(o, inventory.Link{}, false), "a")
	answerExports(w, func() string { return store.URL })
	for n, want := range map[int64]bool{10: true, most: true, most + 1: false, 10 * most: false} {
		size.Store(n)
		content, err := d.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.Copy(io.Discard, content)
		content.Close()
		if (err == nil) != want || got > most || want && got != n {
			t.Errorf("%d bytes with a limit of %d: %d came, %v", n, most, got, err)
		}
	}
}

func TestLinksThatAreNotFollowed(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	d := documentOf(t, w, w.connect(), "a")
	redirect := httptest.NewServer(http.RedirectHandler(w.url+"/blob/x", http.StatusFound))
	defer redirect.Close()
	for _, link := range []string{
		"https://169.254.169.254/metadata/identity?sig=secret", "https://10.0.0.1/x?sig=secret", "https://[fd00::1]/x?sig=secret",
		"https://[::ffff:192.168.0.1]/x?sig=secret", "https://[64:ff9b::a00:1]/?sig=secret", "https://168.63.129.16/x?sig=secret",
		"http://example.com/x?sig=secret", "ftp://example.com/?sig=secret", "file:///etc/passwd?sig=secret", "https://user:secret@example.com/",
		"/relative?sig=secret", "https://?sig=secret", "://sig=secret", redirect.URL + "/?sig=secret",
	} {
		answerExports(w, func() string { return link })
		_, err := d.Open(t.Context())
		if err == nil || source.Stalled(err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; want an error to try again, without the signature", link, err)
		}
	}
}

func TestDocumentOfAMoodyStore(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	d := documentOf(t, w, w.connect(), "a")
	var calls atomic.Int32
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/blob") || calls.Add(1) > 1 {
			return false
		}
		down(rw)
		return true
	})
	if got, _ := body(t, d); got != petstore("A") {
		t.Errorf("got %q", got)
	}
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/blob") {
			return false
		}
		rw.Header().Set("Content-Length", "1000") // and then hangs up
		_, _ = io.WriteString(rw, petstore("A")[:20])
		return true
	})
	content, err := d.Open(t.Context())
	if err == nil {
		_, err = io.ReadAll(content)
		content.Close()
	}
	if err == nil {
		t.Error("half a document was taken for a whole")
	}
}

func TestExportWithNeitherLinkNorDocument(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	d := documentOf(t, w, w.connect(), "a")
	for _, answer := range []string{`{}`, `<html>proxy</html>`, `{"name":"a","properties":{"displayName":"A"}}`, ``} {
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Has("export") {
				_, _ = io.WriteString(rw, answer)
			}
			return r.URL.Query().Has("export")
		})
		if content, err := d.Open(t.Context()); err == nil {
			content.Close()
			t.Errorf("%q was taken for a document", answer)
		}
	}
}

func TestSchemasAreDocumentsOfTheirTypes(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	c := w.connect()
	roots := w.whole(c)
	for external, head := range map[string]string{"apis/search": "", "apis/warehouse-picking": "", "apis/sales-reporting": "<?xml"} {
		d := child(t, child(t, roots[external], inventory.KindVersion), inventory.KindDefinition).Document
		w.sent()
		got, _ := body(t, d)
		if len(got) < 100 || !strings.HasPrefix(strings.TrimSpace(got), head) || len(exports(w)) > 0 {
			t.Errorf("%s: %.80q", external, got)
		}
	}
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/schemas") { // a list that leaves the text out
			_, _ = io.WriteString(rw, `{"value":[{"name":"z","properties":{"contentType":"application/vnd.ms-azure-apim.graphql.schema"}},
				{"name":"graphql","properties":{"contentType":"application/vnd.ms-azure-apim.graphql.schema","document":{}}}]}`)
			return true
		}
		if strings.HasSuffix(r.URL.Path, "/schemas/graphql") {
			_, _ = io.WriteString(rw, `{"name":"graphql","properties":{"document":{"value":"type Query { a: Int }"}}}`)
			return true
		}
		return false
	})
	d := child(t, child(t, roots["apis/search"], inventory.KindVersion), inventory.KindDefinition).Document
	if got, spec := body(t, d); got != "type Query { a: Int }" || spec != `{"name":"graphql","version":""}` {
		t.Errorf("got %q, %s", got, spec)
	}
}

func TestBusySourceSaysWhenToComeAgain(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	d := documentOf(t, w, w.connect(), "a")
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		rw.Header().Set("Retry-After", "300")
		refuse(rw, http.StatusTooManyRequests, "TooManyRequests", "later")
		return true
	})
	for range 2 { // the second is not even sent
		_, err := d.Open(t.Context())
		if e, ok := errors.AsType[*source.Error](err); !ok || e.Stalled || e.After < 4*time.Minute {
			t.Errorf("got %v, want an error that says five minutes", err)
		}
	}
	if n := len(exports(w)); n != 1 {
		t.Errorf("%d exports were sent, want 1", n)
	}
}
