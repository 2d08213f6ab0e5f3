package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEncryptionSettings(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for name, tt := range map[string]struct {
		tls     certificates
		encrypt bool
		want    string // in the error
	}{
		"none":                     {certificates{}, false, ""},
		"self-signed":              {certificates{mode: selfSigned}, true, ""},
		"another mode":             {certificates{mode: "on"}, false, "--tls self-signed"},
		"no key":                   {certificates{cert: "c.pem"}, false, "--tls-key"},
		"no certificate":           {certificates{key: "k.pem"}, false, "--tls-cert"},
		"both":                     {certificates{mode: selfSigned, cert: "c.pem", key: "k.pem"}, false, "--tls-cert"},
		"an authority for nothing": {certificates{caFile: "ca.pem"}, false, "--tls-ca-file"},
		"missing files":            {certificates{cert: "no/c.pem", key: "no/k.pem"}, false, "no/c.pem"},
		"no place":                 {certificates{mode: selfSigned, caFile: "no/such/ca.pem"}, false, "--tls-ca-file"},
	} {
		t.Run(name, func(t *testing.T) {
			config, ca, err := settings{data: t.TempDir(), tls: tt.tls}.encryption(log)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one about %q", err, tt.want)
			}
			if err == nil && ((config != nil) != tt.encrypt || (ca != "") != tt.encrypt) {
				t.Errorf("configuration %v, authority %q", config != nil, ca)
			}
		})
	}
}

func TestTheAuthorityIsToldWithOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	s := settings{data: t.TempDir(), tls: certificates{mode: selfSigned, caFile: file, others: []byte("others\n")}}
	_, ca, err := s.encryption(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil || ca != file || !strings.HasPrefix(string(b), "-----BEGIN CERTIFICATE") || !strings.HasSuffix(string(b), "others\n") {
		t.Errorf("%s has %q, %v", ca, b, err)
	}
}

func TestHostsOfTheCertificate(t *testing.T) {
	for _, tt := range []struct{ listen, publicURL, dataDomain, want string }{
		{"127.0.0.1:0", "", "", "127.0.0.1"},
		{":8443", "", "", ""},
		{"0.0.0.0:8443", "https://apis.example.com:8443/x", "", "apis.example.com"},
		{"[::]:8443", "https://[2001:db8::1]", "", "2001:db8::1"},
		{"center.example:8443", "https://apis.example.com", "", "center.example apis.example.com"},
		{":8443", "", "apis.example.com:8443", ".apis.example.com"},
	} {
		if got := strings.Join(settings{listen: tt.listen, publicURL: tt.publicURL, dataDomain: tt.dataDomain}.hosts(), " "); got != tt.want {
			t.Errorf("--listen %s --public-url %q --data-domain %q: %q, want %q", tt.listen, tt.publicURL, tt.dataDomain, got, tt.want)
		}
	}
}
