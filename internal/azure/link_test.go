package azure

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestLinksInProductionDoNotReachThisMachine(t *testing.T) {
	reached := false
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer secure.Close()
	for _, link := range []string{secure.URL, strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), strings.Replace(secure.URL, "https", "http", 1)} {
		_, err := NewLinks(NewLinkTransport(false, nil), nil).Get(t.Context(), link+"/x?sig=secret")
		if _, refused := errors.AsType[*AddressError](err); !refused || reached || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, reached %t", link, err, reached)
		}
	}
}

func TestLinksInsideOrAwayAreRefused(t *testing.T) {
	redirect := httptest.NewServer(http.RedirectHandler("https://169.254.169.254/?sig=secret", http.StatusFound))
	defer redirect.Close()
	for _, link := range []string{
		"https://169.254.169.254/metadata/identity?sig=secret", "https://10.0.0.1/?sig=secret", "https://[fd00::1]/?sig=secret", "https://168.63.129.16/?sig=secret",
		"https://[::ffff:10.0.0.1]/?sig=secret", "https://[64:ff9b::a00:1]/?sig=secret", "https://2130706433/?sig=secret", "https://0x7f.1/?sig=secret", "https://0177.0.0.1/?sig=secret",
		"http://example.com/?sig=secret", "https://u:secret@example.com/", "ftp://example.com/?sig=secret", "file:///etc/passwd", "//example.com/?sig=secret", "", redirect.URL,
	} {
		l := NewLinks(NewLinkTransport(true, nil), nil)
		_, err := l.Get(t.Context(), link)
		_, refused := errors.AsType[*AddressError](err)
		if err == nil || refused == (link == redirect.URL) || strings.Contains(err.Error(), "secret") || l.Fetched() > 1 {
			t.Errorf("%s: %v after %d requests", link, err, l.Fetched())
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
	l := NewLinks(NewLinkTransport(true, nil), nil)
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
