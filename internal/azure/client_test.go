package azure_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"apicenter/internal/azure"
)

type token func() (string, error)

func (f token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	text, err := f()
	return azcore.AccessToken{Token: text, ExpiresOn: time.Now().Add(time.Hour)}, err
}

func good() (string, error) { return "eyJ.secret", nil }

func options(endpoint string) azure.Options {
	return azure.Options{
		Endpoint: endpoint, Audience: "https://management.azure.com", Credential: token(good), Limiter: azure.NewLimiter(),
		UserAgent: "apicenter/test", Transport: azure.NewTransport(), AllowLoopbackHTTP: true,
	}
}

// serve starts a resource manager and a client to it.
func serve(t *testing.T, h http.HandlerFunc) *azure.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := azure.NewClient(options(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEndpointsThatMayGetAToken(t *testing.T) {
	for endpoint, want := range map[string][2]bool{ // with loopback allowed, and without
		"https://management.azure.com":      {true, true},
		"https://management.azure.com/":     {true, true},
		"http://127.0.0.1:8080":             {true, false},
		"http://[::1]:8080":                 {true, false},
		"http://localhost:8080":             {true, false},
		"http://management.azure.com":       {false, false},
		"http://127.0.0.1.evil.example":     {false, false},
		"http://localhost.evil.example":     {false, false},
		"http://10.0.0.1":                   {false, false},
		"http://0.0.0.0":                    {false, false},
		"https://u:p@management.azure.com":  {false, false},
		"https://management.azure.com/path": {false, false},
		"https://management.azure.com?x=1":  {false, false},
		"ftp://127.0.0.1":                   {false, false},
		"management.azure.com":              {false, false},
		"":                                  {false, false},
	} {
		for i, allow := range []bool{true, false} {
			o := options(endpoint)
			o.AllowLoopbackHTTP = allow
			if _, err := azure.NewClient(o); (err == nil) != want[i] {
				t.Errorf("endpoint %q, loopback allowed %t: %v", endpoint, allow, err)
			}
		}
	}
}

func TestTokensStayAtTheEndpoint(t *testing.T) {
	var leaked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { leaked.Add(1) }))
	defer other.Close()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer eyJ.secret" || r.Header.Get("User-Agent") != "apicenter/test" || r.Header.Get("X-Ms-Client-Request-Id") == "" {
			t.Errorf("headers %v", r.Header)
		}
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, other.URL, http.StatusFound)
		}
		_, _ = io.WriteString(w, "{}")
	})
	own := c.URL("/a")
	for address, want := range map[string]bool{
		own: true, "/a?b=c": true, strings.ToUpper(own[:7]) + own[7:]: true,
		other.URL: false, "//evil.example/a": false, strings.Replace(own, "http:", "https:", 1): false,
		"https://management.azure.com/a": false, strings.Replace(own, "//", "//u:p@", 1): false, "http://%zz": false,
		own[:strings.LastIndexByte(own, ':')]: false, // another port
	} {
		resp, err := c.Get(t.Context(), address)
		if err == nil {
			resp.Body.Close()
		}
		_, refused := errors.AsType[*azure.AddressError](err)
		if (err == nil) != want || refused == want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := c.Get(t.Context(), c.URL("/redirect")); err == nil {
		t.Error("a redirect was followed or taken for an answer")
	}
	if leaked.Load() > 0 {
		t.Errorf("%d requests went elsewhere", leaked.Load())
	}
}

func TestDefaultPortsAreTheSameAddress(t *testing.T) {
	c, err := azure.NewClient(options("https://management.azure.com"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // far enough to see whether the address is refused
	for address, want := range map[string]bool{
		"https://management.azure.com:443/x": true, "https://MANAGEMENT.azure.com/x": true,
		"https://management.azure.com:8443/x": false, "http://management.azure.com:443/x": false,
	} {
		_, err := c.Get(ctx, address)
		if _, refused := errors.AsType[*azure.AddressError](err); refused == want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestURLEscapesAsEveryProviderReads(t *testing.T) {
	c := serve(t, nil)
	if got := c.URL("/a%3Bb", "$filter", "isCurrent eq true", "x", "a&b=c+d"); !strings.HasSuffix(got, "/a%3Bb?$filter=isCurrent%20eq%20true&x=a%26b%3Dc%2Bd") {
		t.Errorf("got %s", got)
	}
}

func TestErrorsAreReadAndCleaned(t *testing.T) {
	for _, tt := range []struct{ name, body, code, message string }{
		{"envelope", `{"error":{"code":"ResourceNotFound","message":"API not found."}}`, "ResourceNotFound", "API not found."},
		{"top level", `{"code":"ValidationError","message":"bad"}`, "ValidationError", "bad"},
		{"signature", `{"error":{"code":"X","message":"see https://a.blob/x?sv=1&sig=abc and sig=def\n\tnow"}}`, "X", "see *** and *** now"},
		{"query", `{"error":{"code":"X","message":"at https://a/x?secret=1 it"}}`, "X", "at https://a/x it"},
		{"token", `{"error":{"code":"X","message":"Bearer eyJhbGciOi.x.y is bad"}}`, "X", "Bearer *** is bad"},
		{"page", `<html>no</html>`, "", ""},
		{"empty", ``, "", ""},
		{"long", `{"error":{"code":"X","message":"` + strings.Repeat("ü", 1000) + `"}}`, "X", strings.Repeat("ü", 250) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := c.Get(t.Context(), c.URL("/x"))
			e, ok := errors.AsType[*azure.Error](err)
			if !ok || e.Status != 400 || e.Code != tt.code || e.Message != tt.message {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestErrorBodiesAreBounded(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for r.Context().Err() == nil { // as long as anybody listens
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	})
	if _, err := c.Get(t.Context(), c.URL("/x")); err == nil {
		t.Error("no error")
	}
}

func TestFailuresAreTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		failures int64
		ok       bool
		sent     int64
	}{{0, true, 1}, {2, true, 3}, {3, false, 3}} {
		var n atomic.Int64
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1) <= tt.failures {
				w.Header().Set("Retry-After-Ms", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, `{"a":1}`)
		})
		got, err := azure.Read[map[string]int](t.Context(), c, c.URL("/x"))
		if (err == nil) != tt.ok || tt.ok && got["a"] != 1 || c.Requests() != tt.sent {
			t.Errorf("%d failures: %v, %v after %d requests", tt.failures, got, err, c.Requests())
		}
	}
}

func TestLongPatienceIsReturned(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	for range 2 {
		_, err := c.Get(t.Context(), c.URL("/x"))
		if e, ok := errors.AsType[*azure.Error](err); !ok || e.Status != 429 || e.RetryAfter < 80*time.Second {
			t.Errorf("got %#v, want an error that says 90s", err)
		}
	}
	if c.Requests() != 1 {
		t.Errorf("%d requests, want one: the second must not be sent", c.Requests())
	}
}

func TestTokenErrorsAreSorted(t *testing.T) {
	for _, tt := range []struct {
		name    string
		err     error
		refused bool
	}{
		{"turned away", &azidentity.AuthenticationFailedError{RawResponse: &http.Response{StatusCode: 400, Status: "400", Body: http.NoBody}}, true},
		{"authority is down", &azidentity.AuthenticationFailedError{RawResponse: &http.Response{StatusCode: 503, Status: "503", Body: http.NoBody}}, false},
		{"authority cannot be reached", &azidentity.AuthenticationFailedError{}, false},
		{"no such identity", azidentity.NewCredentialUnavailableError("none"), true},
		{"anything else", errors.New("eyJhbGciOi.secret"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.NotFoundHandler())
			defer s.Close()
			o := options(s.URL)
			o.Credential = token(func() (string, error) { return "", tt.err })
			c, err := azure.NewClient(o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Get(t.Context(), c.URL("/x"))
			if e, ok := errors.AsType[*azure.TokenError](err); !ok || e.Refused != tt.refused || c.Requests() != 0 || strings.Contains(e.Error(), "secret") {
				t.Errorf("got %v after %d requests, want refused %t", err, c.Requests(), tt.refused)
			}
		})
	}
}

func TestAnUnreadAnswerGivesItsTurnBack(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	for range 50 {
		resp, err := c.Get(t.Context(), c.URL("/x"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		resp.Body.Close() // closing twice is no harm
	}
}

func TestPagesEnd(t *testing.T) {
	var c *azure.Client
	c = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/three":
			n := len(r.URL.RawQuery)
			next := ""
			if n < 2 {
				next = c.URL("/three") + "?" + strings.Repeat("x", n+1)
			}
			fmt.Fprintf(w, `{"value":[%d],"nextLink":%q}`, n, next)
		case "/circle":
			fmt.Fprintf(w, `{"value":[1],"nextLink":%q}`, c.URL("/circle"))
		}
	})
	for path, want := range map[string]error{"/three": nil, "/circle": azure.ErrEndless} {
		var got []int
		var end error
		for p, err := range azure.Pages[int](t.Context(), c, c.URL(path)) {
			got, end = append(got, p.Value...), err
		}
		if !errors.Is(end, want) || want == nil && len(got) != 3 {
			t.Errorf("%s: %v, %v", path, got, end)
		}
	}
}

func TestANextLinkElsewhereIsNotAsked(t *testing.T) {
	var visits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer other.Close()
	var next string
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"value":[1],"nextLink":%q}`, next) })
	own, _ := strings.CutPrefix(c.URL(""), "http://")
	for _, next = range []string{
		other.URL + "/x?sig=secret", "//" + strings.TrimPrefix(other.URL, "http://") + "/x", "https://169.254.169.254/metadata/identity", "https://evil.example/x",
		"https://" + own + "/x", "http://user:secret@" + own + "/x", "http://" + own + "@evil.example/x", "http://" + own + ".evil.example/x", "file:///etc/passwd", "http://%zz",
	} {
		var pages int
		var end error
		for _, err := range azure.Pages[int](t.Context(), c, c.URL("/list")) {
			pages++
			end = err
		}
		if _, refused := errors.AsType[*azure.AddressError](end); !refused || pages != 2 || strings.Contains(end.Error(), "secret") {
			t.Errorf("nextLink %s: %d pages, %v", next, pages, end)
		}
	}
	if visits.Load() > 0 {
		t.Errorf("%d requests went elsewhere", visits.Load())
	}
}
