package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/server"
)

// shown is the certificate that a configuration shows.
func shown(t *testing.T, c *tls.Config) *x509.Certificate {
	t.Helper()
	pair, err := c.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func selfSigned(t *testing.T, dir string, hosts ...string) *tls.Config {
	t.Helper()
	c, err := server.SelfSigned(dir, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// trust is the authority that a self-signed server has written.
func trust(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, server.AuthorityFile))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		t.Fatalf("no certificate in %s", b)
	}
	return pool
}

func TestServesOverTLS(t *testing.T) {
	dir := t.TempDir()
	o := options(io.Discard)
	o.TLS = selfSigned(t, dir)
	s := server.New(o)
	address, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	_, port, _ := net.SplitHostPort(address.String())
	ask := func(address string, c *tls.Config) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, DisableKeepAlives: true}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		return resp, err
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		resp, err := ask("https://"+net.JoinHostPort(host, port)+"/open", &tls.Config{RootCAs: trust(t, dir)})
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.TLS.Version < tls.VersionTLS12 {
			t.Errorf("%s: %s over %s", host, resp.Status, resp.Proto)
		}
	}
	for name, c := range map[string]*tls.Config{
		"who does not trust it": {},
		"who speaks old TLS":    {RootCAs: trust(t, dir), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"who means another":     {RootCAs: trust(t, dir), ServerName: "example.com"},
	} {
		if resp, err := ask("https://"+address.String()+"/open", c); err == nil {
			t.Errorf("%s gets %s", name, resp.Status)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheAuthorityStays(t *testing.T) {
	dir := t.TempDir()
	first := shown(t, selfSigned(t, dir))
	pool := trust(t, dir)
	second := shown(t, selfSigned(t, dir, "center.example", "192.0.2.7"))
	if first.Equal(second) || time.Until(second.NotAfter) > 100*24*time.Hour {
		t.Errorf("a certificate until %s", second.NotAfter)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "center.example", "192.0.2.7"} {
		if _, err := second.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := second.Verify(x509.VerifyOptions{Roots: pool, DNSName: "example.com"}); err == nil {
		t.Error("the certificate is for example.com")
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*key*"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	if info, err := os.Stat(keys[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v, %v", info.Mode(), err)
	}
}

func TestNamesBelowADomain(t *testing.T) {
	dir := t.TempDir()
	c := selfSigned(t, dir, ".data.example", "center.example")
	roots := trust(t, dir)
	for name, want := range map[string]bool{
		"demo.westeurope.data.example": true, "DEMO.data.example": true, "localhost": true, "center.example": true, "127.0.0.1": true,
		"data.example": false, "xdata.example": false, "demo.data.example.evil.example": false, "other.example": false,
	} {
		pair, err := c.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range 600 { // more than are kept
		name := fmt.Sprintf("s%d.data.example", i%300)
		pair, err := c.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil || pair.Leaf.VerifyHostname(name) != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestAnAuthorityThatCannotBeUsedIsNotReplaced(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"no key": func(dir string) error { return os.Remove(filepath.Join(dir, "tls-ca-key.pem")) },
		"not a PEM": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, server.AuthorityFile), []byte("x"), 0o600)
		},
		"not theirs": func(dir string) error {
			return writePair(selfSigned(t, t.TempDir()), dir, server.AuthorityFile, "tls-ca-key.pem")
		},
	} {
		dir := t.TempDir()
		selfSigned(t, dir)
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(filepath.Join(dir, server.AuthorityFile))
		_, err := server.SelfSigned(dir)
		if after, _ := os.ReadFile(filepath.Join(dir, server.AuthorityFile)); err == nil || !strings.Contains(err.Error(), "delete") || !bytes.Equal(before, after) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCertificatesAreRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		c := selfSigned(t, dir)
		seen := 0
		last := shown(t, c)
		for range 365 {
			time.Sleep(24 * time.Hour)
			leaf := shown(t, c)
			if left := time.Until(leaf.NotAfter); left < 29*24*time.Hour {
				t.Fatalf("%v are left of the certificate", left)
			}
			if !leaf.Equal(last) {
				last = leaf
				seen++
			}
		}
		if seen < 5 || seen > 7 {
			t.Errorf("renewed %d times in a year", seen)
		}
		if _, err := last.Verify(x509.VerifyOptions{Roots: trust(t, dir), CurrentTime: time.Now()}); err != nil {
			t.Error(err)
		}
	})
}

// writePair writes what a configuration shows, and its key.
func writePair(c *tls.Config, dir, certFile, keyFile string) error {
	pair, err := c.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, certFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600),
		os.WriteFile(filepath.Join(dir, keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
}

func TestCertificateFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		// The clock of a bubble is not that of the file system.
		age := func(path string) {
			if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		write := func() *x509.Certificate {
			c := selfSigned(t, t.TempDir())
			if err := writePair(c, dir, "cert.pem", "key.pem"); err != nil {
				t.Fatal(err)
			}
			age(certFile)
			age(keyFile)
			return shown(t, c)
		}
		var log bytes.Buffer
		first := write()
		c, err := server.Certificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if !shown(t, c).Equal(first) {
			t.Error("another certificate than that of the file")
		}
		time.Sleep(time.Minute)
		second := write()
		if !shown(t, c).Equal(second) {
			t.Error("the files have changed, and the old certificate is shown")
		}
		time.Sleep(time.Minute)
		if err := os.WriteFile(keyFile, []byte("half a k"), 0o600); err != nil {
			t.Fatal(err)
		}
		age(keyFile)
		for range 3 {
			if !shown(t, c).Equal(second) {
				t.Error("a broken key takes the certificate away")
			}
			time.Sleep(time.Minute)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("%d complaints about one change:\n%s", n, &log)
		}
		if third := write(); !shown(t, c).Equal(third) {
			t.Error("mended files are not taken")
		}
	})
}

func TestCertificateFilesMustBeGood(t *testing.T) {
	if _, err := server.Certificate("no/such.pem", "no/such.key", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "no/such.pem") {
		t.Errorf("got %v", err)
	}
}
