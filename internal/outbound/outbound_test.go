package outbound

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// client trusts a secure place, by the name example.com, and knows names.
func client(t *testing.T, p *place, n names, allow ...netip.Prefix) *Client {
	t.Helper()
	roots := x509.NewCertPool()
	if cert := p.Certificate(); cert != nil {
		roots.AddCert(cert)
	}
	return New(Options{Allow: allow, Roots: roots, Resolver: n.resolver(t)})
}

func TestInsideAddressesAreRefused(t *testing.T) {
	secure, plain := start(t, inside, true, secret), start(t, inside, false, secret)
	n := names{
		"loop.test": {"127.0.0.1"}, "example.com": {"127.0.0.1"}, "private.test": {"10.1.2.3"}, "machine.test": {"169.254.169.254"},
		"unique.test": {"fd00::1"}, "nat64.test": {"64:ff9b::7f00:1"}, "sixtofour.test": {"2002:7f00:1::"}, "mapped.test": {"::ffff:127.0.0.1"},
		"unspecified.test": {"0.0.0.0"},
	}
	for host, byLooks := range map[string]bool{
		"127.0.0.1": true, "127.255.0.1": true, "[::1]": true, "0.0.0.0": true, "[::]": true, "169.254.169.254": true, "[fe80::1]": true, "[fe80::1%25lo]": true,
		"10.0.0.1": true, "172.16.0.1": true, "192.168.1.1": true, "100.64.0.1": true, "168.63.129.16": true, "224.0.0.1": true, "240.0.0.1": true,
		"255.255.255.255": true, "[fc00::1]": true, "[ff02::1]": true, "[fec0::1]": true,
		"[::ffff:127.0.0.1]": true, "[::ffff:7f00:1]": true, "[::127.0.0.1]": true, "[::ffff:0:127.0.0.1]": true, "[64:ff9b::127.0.0.1]": true,
		"[64:ff9b:1::127.0.0.1]": true, "[2002:7f00:1::]": true, "[2001:0:7f00:1::]": true,
		"2130706433": true, "0x7f000001": true, "0x7F.1": true, "017700000001": true, "0177.0.0.1": true, "127.1": true, "127.0.0.1.": true, "127.0.0.01": true, "0": true,
		"①②⑦.0.0.1": true, "127。0。0。1": true, "localhost%00.example.com": true, "": true, "a..b": true, "a b": true,
		"localhost": false, "LOCALHOST.": false, "loop.test": false, "example.com": false, "private.test": false, "machine.test": false, "unique.test": false,
		"nat64.test": false, "sixtofour.test": false, "mapped.test": false, "unspecified.test": false, "nowhere.test": false,
	} {
		t.Run(host, func(t *testing.T) {
			for _, address := range []string{"https://" + host + ":" + secure.port + "/?sig=secret", "https://" + host, "http://" + host + ":" + plain.port + "/"} {
				c := client(t, secure, n)
				if err := c.CheckAddress(address); (err != nil) != (byLooks || strings.HasPrefix(address, "http:")) {
					t.Errorf("CheckAddress(%s) = %v", address, err)
				}
				body, err := c.Download(t.Context(), address, 100)
				if _, ok := errors.AsType[*Error](err); !ok || body != nil || strings.Contains(err.Error(), "secret") {
					t.Errorf("Download(%s) = %q, %v", address, body, err)
				}
			}
		})
	}
	if secure.visits.Load()+plain.visits.Load() > 0 {
		t.Error("an inside address was asked")
	}
}

func TestOddAddressesAreRefused(t *testing.T) {
	c := New(Options{Allow: []netip.Prefix{inside}})
	for _, address := range []string{
		"", "x", "/x", "//example.com/x", "example.com", "https:", "https:example.com", "https:///x", "https://:443/x", "ftp://example.com", "file:///etc/passwd",
		"gopher://example.com", "javascript:alert(1)", "https://user@example.com", "https://user:secret@example.com", "https://example.com:x", "https://[::1", "https://%31", "https://a\nb",
		"https://" + strings.Repeat("a.", 200) + "com", "https://example.com/" + strings.Repeat("a", maxAddress), "http://8.8.8.8/x",
	} {
		if err := c.CheckAddress(address); err == nil || strings.Contains(err.Error(), "secret") || len(err.Error()) > 300 {
			t.Errorf("CheckAddress(%.60q) = %v", address, err)
		}
	}
}

func TestAllowedNetworksAreAsked(t *testing.T) {
	secure, plain := start(t, allowed, true, secret), start(t, allowed, false, secret)
	n := names{"example.com": {"127.0.0.2"}}
	for _, address := range []string{
		"https://example.com:" + secure.port + "/x", " https://example.com:" + secure.port + "#part ",
		"http://127.0.0.2:" + plain.port, "http://[::ffff:127.0.0.2]:" + plain.port, "http://example.com:" + plain.port,
	} {
		body, err := client(t, secure, n, allowed).Download(t.Context(), address, 100)
		if err != nil || string(body) != "secret" {
			t.Errorf("Download(%s) = %q, %v", address, body, err)
		}
	}
}

func TestANameThatResolvesDifferentlyTheSecondTimeGainsNothing(t *testing.T) {
	good := start(t, allowed, false, secret)
	n := names{"rebind.test": {"127.0.0.2", "127.0.0.1"}}
	c := client(t, good, n, allowed)
	address := "http://rebind.test:" + good.port
	if _, err := c.Download(t.Context(), address, 100); err != nil {
		t.Fatal(err)
	}
	c.http.CloseIdleConnections()
	if err := c.CheckAddress(address); err != nil {
		t.Error(err)
	}
	if _, err := c.Download(t.Context(), address, 100); err == nil || !strings.Contains(err.Error(), "not a public one") || strings.Contains(err.Error(), "127.0.0") {
		t.Errorf("second time: %v", err)
	}
}

func TestRedirectsAreNewAddresses(t *testing.T) {
	away := start(t, inside, false, secret)
	plain := start(t, allowed, false, secret)
	n := names{"example.com": {"127.0.0.2"}, "inside.test": {"127.0.0.1"}}
	var to string
	hops := 0
	first := start(t, allowed, true, func(w http.ResponseWriter, r *http.Request) {
		for _, header := range []string{"Authorization", "Cookie", "Referer"} {
			if r.Header.Get(header) != "" {
				t.Errorf("%s: %s came along", header, r.Header.Get(header))
			}
		}
		if hops--; hops >= 0 {
			w.Header().Set("Set-Cookie", "a=b")
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		secret(w, r)
	})
	for _, tt := range []struct {
		name, to string
		hops     int
		ok       bool
	}{
		{"elsewhere on the same host", "/next?sig=x", 1, true},
		{"five times", "/next", 5, true},
		{"six times", "/next", 6, false},
		{"for ever", "/next", 1 << 30, false},
		{"to an inside address", "https://127.0.0.1:" + away.port, 1, false},
		{"to an inside name", "https://inside.test:" + away.port, 1, false},
		{"to the machine's own services", "https://169.254.169.254/metadata/identity", 1, false},
		{"to plain http", "http://127.0.0.2:" + plain.port, 1, false},
		{"to a file", "file:///etc/passwd", 1, false},
		{"with credentials", "https://user:secret@example.com:" + first.port, 1, false},
		{"to an old way of writing", "https://2130706433/", 1, false},
		{"to nowhere", "https://", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			to, hops = tt.to, tt.hops
			body, err := client(t, first, n, allowed).Download(t.Context(), "https://example.com:"+first.port+"/?sig=secret", 100)
			if (err == nil) != tt.ok || tt.ok != (string(body) == "secret") || err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
	if away.visits.Load()+plain.visits.Load() > 0 {
		t.Error("a redirect led inside")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	const limit = 1000
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string // in the error; empty: none
	}{
		"as much as may be": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, limit)) }, ""},
		"one byte more":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, limit+1)) }, "more than 1000 bytes"},
		"without end": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "more than 1000 bytes"},
		"much in little": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
		}, "more than 1000 bytes"},
		"large headers": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 2*maxHeaders)) }, "could not be reached"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "secret")
		}, "broke off"},
		"an error":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret", http.StatusNotFound) }, "answered 404"},
		"no content":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "answered 204"},
		"slow":        {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer"},
		"hanging up":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "could not be reached"},
		"another one": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSwitchingProtocols) }, "answered 101"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, allowed, false, tt.answer)
			c := New(Options{Allow: []netip.Prefix{allowed}})
			c.http.Timeout = 2 * time.Second
			body, err := c.Download(t.Context(), p.URL, limit)
			switch {
			case tt.want == "" && (err != nil || len(body) != limit):
				t.Errorf("%d bytes, %v", len(body), err)
			case tt.want != "" && (err == nil || body != nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret")):
				t.Errorf("%d bytes, error %v; want one that it %s", len(body), err, tt.want)
			}
		})
	}
}

func TestNoProxyIsAsked(t *testing.T) {
	proxy, p := start(t, inside, false, secret), start(t, allowed, false, secret)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	c := New(Options{Allow: []netip.Prefix{allowed}, Resolver: names{"example.com": {"127.0.0.2"}}.resolver(t)})
	for _, address := range []string{"http://example.com:" + p.port, "https://example.com:" + p.port} {
		_, _ = c.Download(t.Context(), address, 100) // the second speaks TLS to a place that does not
	}
	if proxy.visits.Load() > 0 || p.visits.Load() != 1 {
		t.Errorf("the proxy was asked %d times, the place %d times", proxy.visits.Load(), p.visits.Load())
	}
}

func TestUntrustedCertificatesSaySo(t *testing.T) {
	p := start(t, allowed, true, secret)
	c := New(Options{Allow: []netip.Prefix{allowed}})
	if _, err := c.Download(t.Context(), p.URL, 100); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

func TestTheCallerMayLeave(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	p := start(t, allowed, false, func(_ http.ResponseWriter, r *http.Request) {
		leave()
		<-r.Context().Done()
	})
	c := New(Options{Allow: []netip.Prefix{allowed}})
	if _, err := c.Download(ctx, p.URL, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOtherRequestsKeepTheRules(t *testing.T) {
	away, p := start(t, inside, false, secret), start(t, allowed, false, secret)
	c := New(Options{Allow: []netip.Prefix{allowed}}).HTTP()
	for address, want := range map[string]bool{p.URL: true, away.URL: false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != want {
			t.Errorf("POST %s: %v", address, err)
		}
	}
	if away.visits.Load() > 0 {
		t.Error("an inside address was asked")
	}
}
