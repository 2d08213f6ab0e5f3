package main

import (
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTrustedCertificates(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	write := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	roots, err := trusted(file)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}}
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	answer, err := client.Get(s.URL)
	if err != nil {
		t.Fatalf("a certificate of the file is not trusted: %v", err)
	}
	_ = answer.Body.Close()
	if roots, err := trusted(""); roots != nil || err != nil {
		t.Errorf("no file: %v, %v, want the system's", roots, err)
	}
	write([]byte("no certificate"))
	if _, err := trusted(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file without a certificate: %v", err)
	}
	if _, err := trusted(file + "x"); err == nil {
		t.Error("a file that is not there was taken")
	}
}

func TestBadUpstreamsAreRefused(t *testing.T) {
	for want, s := range map[string]settings{
		"--upstream-resource-manager": {upstream: "http://management.azure.com"},
		"--trusted-ca-file":           {upstream: publicResourceManager, trustedCAFile: filepath.Join(t.TempDir(), "none.pem")},
	} {
		s.data, s.service, s.resourceManager, s.limits = t.TempDir(), localService, publicResourceManager, "none"
		c, err := startCenter(t.Context(), s, slog.New(slog.DiscardHandler))
		if c != nil {
			t.Errorf("%+v was started: %v", s, c.Close())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want it to name %s", err, want)
		}
	}
}
