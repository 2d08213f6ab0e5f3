package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAllowedNetworks(t *testing.T) {
	place := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer place.Close()
	for _, tt := range []struct {
		text    string
		valid   bool
		reaches bool // 127.0.0.1
	}{
		{"127.0.0.0/8", true, true},
		{"127.0.0.1", true, true},
		{"127.9.9.9/8", true, true},
		{"10.0.0.0/8", true, false},
		{"::1", true, false},
		{"127.0.0.1/33", false, false},
		{"localhost", false, false},
		{"", false, false},
	} {
		var s settings
		if err := s.allowed.Set(tt.text); (err == nil) != tt.valid {
			t.Errorf("--allow-network %q: %v", tt.text, err)
		}
		if _, err := s.downloads().Download(t.Context(), place.URL, 1); (err == nil) != tt.reaches {
			t.Errorf("with --allow-network %q: %v", tt.text, err)
		}
	}
}
