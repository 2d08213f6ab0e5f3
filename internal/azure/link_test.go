package azure

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestIsPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"20.60.1.1": true, "1.1.1.1": true, "2603:1030::1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "172.32.0.1": true, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "100.128.0.1": true, "168.63.129.16": false, "0.0.0.0": false, "0.1.2.3": false,
		"192.0.0.170": false, "198.18.0.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "fec0::1": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "2001:0:1::": false, "::10.0.0.1": false, "2001:db8::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("isPublic(%s) = %t, want %t", address, got, want)
		}
	}
}

func TestLinksInProductionDoNotReachThisMachine(t *testing.T) {
	reached := false
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer secure.Close()
	for _, link := range []string{secure.URL, strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), strings.Replace(secure.URL, "https", "http", 1)} {
		_, err := NewLinks(false).Get(t.Context(), link+"/x?sig=secret")
		if _, refused := errors.AsType[*AddressError](err); !refused || reached || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, reached %t", link, err, reached)
		}
	}
}

func TestLinksAreCountedAndPlain(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/My API.json" || r.URL.RawQuery != "sig=a%2Bb%3D" || r.Header.Get("Authorization") != "" {
			t.Errorf("asked for %q?%s with %v", r.URL.Path, r.URL.RawQuery, r.Header)
		}
		_, _ = io.WriteString(w, "document")
	}))
	defer s.Close()
	l := NewLinks(true)
	resp, err := l.Get(t.Context(), " "+s.URL+"/My API.json?sig=a%2Bb%3D")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); string(b) != "document" || err != nil || l.Fetched() != 1 {
		t.Errorf("got %q, %v after %d", b, err, l.Fetched())
	}
}

func FuzzClean(f *testing.F) {
	f.Add("see https://a/x?sig=1 and eyJ0 \xff")
	f.Add(strings.Repeat("\xff0", errorMessage)) // grows when it is made valid
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text)
		if len(got) > errorMessage+len("…") || strings.Contains(got, "eyJ") || strings.Contains(strings.ToLower(got), "sig=") || strings.Contains(got, "\n") {
			t.Errorf("clean(%q) = %q", text, got)
		}
	})
}

func FuzzParseError(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"a","message":"b"},"code":"c"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if code, message := parseError(body); len(code) > 103 || len(message) > errorMessage+len("…") {
			t.Errorf("%d bytes of code, %d of message", len(code), len(message))
		}
	})
}
