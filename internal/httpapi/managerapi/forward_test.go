package managerapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/inventory"
)

// behind makes a world whose upstream is a handler.
func behind(t testing.TB, h http.HandlerFunc) (*world, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return start(t, func(o *managerapi.Options) { o.Upstream = srv.URL }), srv.URL
}

func TestOnlyHeadersOfTheListGoOn(t *testing.T) {
	var got http.Header
	w, _ := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Etag": `"1"`, "X-Ms-Ratelimit-Remaining-Subscription-Reads": "7", "Retry-After": "3",
			"Set-Cookie": "a=b", "Connection": "X-Hop", "X-Hop": "1", "Server": "secret", "Strict-Transport-Security": "max-age=1", "Access-Control-Allow-Origin": "*",
		} {
			rw.Header().Set(name, value)
		}
		_, _ = io.WriteString(rw, `{}`)
	})
	answered := w.must(200, ownerToken, "GET", web, "", "Accept", "application/json", "If-Match", `"0"`, "X-Ms-Client-Request-Id", "c",
		"Commandname", "apim", "Cookie", "a=b", "X-Forwarded-For", "10.0.0.1", "Connection", "X-Hop", "X-Hop", "1", "Te", "trailers",
		"X-Ms-Authorization-Auxiliary", "Bearer other", "Accept-Encoding", "br", "Proxy-Authorization", "Basic x", "Range", "bytes=0-1")
	for name, want := range map[string]string{
		"Authorization": "Bearer " + ownerToken, "Accept": "application/json", "If-Match": `"0"`, "X-Ms-Client-Request-Id": "c", "Commandname": "apim",
		"Cookie": "", "X-Forwarded-For": "", "X-Hop": "", "Te": "", "X-Ms-Authorization-Auxiliary": "", "Accept-Encoding": "gzip", "Proxy-Authorization": "", "Range": "", "User-Agent": "",
	} {
		if got.Get(name) != want {
			t.Errorf("the upstream got %s %q, want %q", name, got.Get(name), want)
		}
	}
	for name, want := range map[string]string{
		"Etag": `"1"`, "X-Ms-Ratelimit-Remaining-Subscription-Reads": "7", "Retry-After": "3", "Set-Cookie": "", "X-Hop": "",
		"Connection": "", "Server": "", "Strict-Transport-Security": "", "Access-Control-Allow-Origin": "",
	} {
		if have := answered.Header().Get(name); have != want {
			t.Errorf("the client got %s %q, want %q", name, have, want)
		}
	}
}

func TestAddressesOfTheUpstreamBecomeOurs(t *testing.T) {
	var base string
	var body string
	w, base := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Location", base+sub+"/operationresults/1?api-version=v&t=a%2Fb")
		h.Set("Azure-AsyncOperation", strings.ToUpper(base[:4])+base[4:]+sub+"/operations/1")
		h.Set("Operation-Location", "https://elsewhere.example/subscriptions/1")
		_, _ = io.WriteString(rw, body)
	})
	const ours = "https://center.example"
	for _, tt := range []struct{ body, want string }{
		{`{"value":[{"nextLink":"` + base + `/subscriptions/x"}], "nextLink" : "` + base + `/subscriptions/x?$skip=1&a=b", "z":1}`, `{"value":[{"nextLink":"` + base + `/subscriptions/x"}], "nextLink" : "` + ours + `/subscriptions/x?$skip=1&a=b", "z":1}`},
		{`{"nextLink":"https://elsewhere.example/subscriptions/x"}`, `{"nextLink":"https://elsewhere.example/subscriptions/x"}`},
		{`{"nextLink":"` + base + `/blob/x"}`, `{"nextLink":"` + base + `/blob/x"}`}, // we would not answer there
		{`{"nextLink":null,"value":[]}`, `{"nextLink":null,"value":[]}`},
		{`{"nextLink":"","value":[]}`, `{"nextLink":"","value":[]}`},
		{`[{"nextLink":"` + base + `/subscriptions/x"}]`, `[{"nextLink":"` + base + `/subscriptions/x"}]`},
		{`{"nextLink":"` + base + `/subscriptions/x`, `{"nextLink":"` + base + `/subscriptions/x`}, // no JSON
		{`"nextLink"`, `"nextLink"`},
		{`{"nextLink":"` + strings.Replace(base, "http://", "http://user@", 1) + `/subscriptions/x"}`, `{"nextLink":"` + strings.Replace(base, "http://", "http://user@", 1) + `/subscriptions/x"}`},
	} {
		body = tt.body
		got := w.must(200, ownerToken, "GET", web, "")
		if got.Body.String() != tt.want {
			t.Errorf("body %s\n got %s\nwant %s", tt.body, got.Body, tt.want)
		}
		if n := got.Header().Get("Content-Length"); n != fmt.Sprint(len(tt.want)) {
			t.Errorf("length %s of %d bytes", n, len(tt.want))
		}
	}
	got := w.must(200, ownerToken, "GET", web, "").Header()
	for name, want := range map[string]string{
		"Location":             ours + sub + "/operationresults/1?api-version=v&t=a%2Fb",
		"Azure-Asyncoperation": ours + sub + "/operations/1",
		"Operation-Location":   "https://elsewhere.example/subscriptions/1",
	} {
		if got.Get(name) != want {
			t.Errorf("%s %q, want %q", name, got.Get(name), want)
		}
	}
}

func TestKeysAreNeverSentUpstream(t *testing.T) {
	asked := 0
	w, _ := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer "+ownerToken {
			t.Errorf("the upstream got %q", r.Header.Get("Authorization"))
		}
	})
	w.fails(403, "AuthorizationFailed", "never sent", keyToken, "GET", web, "")
	w.fails(401, "AuthenticationFailed", "wants a token", "", "GET", web, "")
	w.must(200, keyToken, "GET", "/subscriptions", "")
	w.must(200, keyToken, "GET", sub+"/resources", "")
	w.fails(404, "ResourceGroupNotFound", "", keyToken, "GET", sub+"/resourceGroups/none", "")
	w.fails(404, "RoleAssignmentNotFound", "", keyToken, "GET", sub+assignments+"/"+first, "")
	if asked != 0 {
		t.Errorf("the upstream was asked %d times with a key, or with nothing", asked)
	}
	w.must(200, ownerToken, "GET", web, "")
	if asked != 1 {
		t.Errorf("the upstream was asked %d times, want once", asked)
	}
}

// What only we have, the upstream is not asked about; what it does not know, or
// does not show, is no failure.
func TestWhatTheUpstreamDoesNotHaveIsNoFailure(t *testing.T) {
	asked, status := 0, 0
	w, _ := behind(t, func(rw http.ResponseWriter, _ *http.Request) {
		asked++
		rw.WriteHeader(status)
	})
	for _, path := range []string{center + assignments, center + "/providers/Microsoft.Authorization/roleDefinitions", center + "/providers/Microsoft.Authorization/permissions"} {
		w.must(200, ownerToken, "GET", path, "")
	}
	w.must(204, ownerToken, "DELETE", center+assignments+"/"+first, "")
	w.must(404, ownerToken, "GET", center+"/providers/Microsoft.Insights/diagnosticSettings", "")
	if asked != 0 {
		t.Errorf("the upstream was asked %d times about a service of ours", asked)
	}
	for _, status = range []int{http.StatusNotFound, http.StatusForbidden} {
		if got := w.must(200, ownerToken, "GET", sub+"/resources", ""); got.Header().Get("Warning") != "" {
			t.Errorf("%d of the upstream is told as a failure: %s", status, got.Header().Get("Warning"))
		}
	}
	status = http.StatusUnauthorized
	if got := w.must(200, ownerToken, "GET", sub+"/resources", ""); got.Header().Get("Warning") == "" {
		t.Error("a token that the upstream refuses is not told")
	}
}

func TestUpstreamThatFails(t *testing.T) {
	answer := func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }
	w, base := behind(t, func(rw http.ResponseWriter, r *http.Request) { answer(rw, r) })
	lists := map[string]string{"/subscriptions": "subscriptionId", sub + "/resourceGroups": "name", sub + "/resources": "name", "/providers": "namespace", sub + assignments: "name"}
	ours := func(why string) {
		t.Helper()
		for path, member := range lists {
			got := w.must(200, ownerToken, "GET", path, "")
			if warned := got.Header().Get("Warning"); !strings.Contains(warned, "left out") {
				t.Errorf("%s, %s: warning %q", why, path, warned)
			}
			if strings.Contains(w.names(member, ownerToken, path), " ") {
				t.Errorf("%s, %s: %s", why, path, got.Body)
			}
		}
		if got := w.names("name", ownerToken, sub+"/resources"); got != "Center" {
			t.Errorf("%s: resources %q", why, got)
		}
	}
	ours("an error")
	w.fails(502, "UpstreamError", "502", ownerToken, "GET", web, "")
	answer = func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, "<html>no</html>")
	}
	w.fails(403, "UpstreamError", "", ownerToken, "GET", web, "")
	answer = func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, `{"value":[{"id"`) }
	ours("half a page")
	answer = func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "nonsense\r\n\r\n")
		_ = conn.Close()
	}
	w.fails(502, "BadGateway", strings.TrimPrefix(base, "http://"), ownerToken, "GET", web, "")
	ours("nonsense")
	redirects := 0
	answer = func(rw http.ResponseWriter, r *http.Request) {
		redirects++
		http.Redirect(rw, r, "/subscriptions/elsewhere", http.StatusTemporaryRedirect)
	}
	got := w.must(307, ownerToken, "PUT", web, "{}")
	if redirects != 1 || got.Header().Get("Location") != "/subscriptions/elsewhere" {
		t.Errorf("asked %d times, Location %q: a redirect is the client's to follow", redirects, got.Header().Get("Location"))
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	w = start(t, func(o *managerapi.Options) { o.Upstream = "http://" + closed })
	ours("nobody listens")
	w.fails(503, "ServiceUnavailable", closed, ownerToken, "GET", web+"?sig=secret", "")
	if strings.Contains(w.log.String(), "secret") || strings.Contains(w.log.String(), ownerToken) {
		t.Errorf("the log tells a secret: %s", w.log)
	}
}

func TestBodiesGoThroughAsTheyCome(t *testing.T) {
	large := strings.Repeat("x", 9<<20)
	w, _ := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client broke off
		}
		if r.URL.RawQuery == "large" {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"a":"`+large+`"}`)
			return
		}
		rw.Header().Set("Content-Type", "text/plain")
		rw.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(rw, "%s %s %q", r.Method, r.URL.RequestURI(), got)
	})
	for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
		got := w.must(202, ownerToken, method, web+"/a%3Bb//c?x=1&y", "body")
		if want := fmt.Sprintf("%s %s/a%%3Bb//c?x=1&y %q", method, web, "body"); got.Body.String() != want {
			t.Errorf("%s: %s, want %s", method, got.Body, want)
		}
	}
	if got := w.must(200, ownerToken, "GET", web+"?large", "").Body.Len(); got != len(large)+8 {
		t.Errorf("%d bytes of a large body, want %d", got, len(large)+8)
	}
	if got := w.must(202, ownerToken, "HEAD", web, ""); got.Header().Get("Content-Type") != "text/plain" {
		t.Errorf("HEAD: %v", got.Header())
	}
	r := httptest.NewRequestWithContext(t.Context(), "PUT", web, http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("too long")), 3))
	r.Header.Set("Authorization", "Bearer "+ownerToken)
	got := httptest.NewRecorder()
	w.handler.ServeHTTP(got, r)
	if got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over the limit: %d %s", got.Code, got.Body)
	}
	r = httptest.NewRequestWithContext(t.Context(), "PUT", web, iotest.ErrReader(inventory.Errorf(inventory.Invalid, "", "broken off")))
	r.Header.Set("Authorization", "Bearer "+ownerToken)
	got = httptest.NewRecorder()
	w.handler.ServeHTTP(got, r)
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "broken off") {
		t.Errorf("a body that breaks off: %d %s", got.Code, got.Body)
	}
	w.must(405, ownerToken, "TRACE", web, "")
}

func TestUpstreamAddressIsChecked(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://management.azure.com": true, "https://management.azure.com/": true, "http://127.0.0.1:80": true, "http://localhost": true, "http://[::1]:1/": true,
		"http://management.azure.com": false, "management.azure.com": false, "https://": false, "https://user@host": false,
		"https://host/path": false, "https://host?x=1": false, "ftp://127.0.0.1": false, ":": false, "http://127.0.0.1.example.com": false,
	} {
		w := start(t)
		_, err := managerapi.New(managerapi.Options{Catalog: w.catalog, Access: w.guard, Roles: w.guard, Provider: http.NotFoundHandler(), Log: discard, Upstream: address})
		if (err == nil) != ok {
			t.Errorf("%q: %v, want it taken: %v", address, err, ok)
		}
	}
}
