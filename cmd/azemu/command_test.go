package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// listening is a writer that tells of its first write: the emulator listens.
type listening chan struct{}

func (s listening) Write(b []byte) (int, error) {
	close(s)
	return len(b), nil
}

func TestAzemuTellsWhenItIsReady(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready.json")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	up, ended := make(listening), make(chan error, 1)
	c := command()
	c.SetArgs([]string{"--apis", "3", "--ready-file", file, "--token", "t0"})
	c.SetOut(up)
	go func() { ended <- c.ExecuteContext(ctx) }()
	select {
	case <-up:
	case err := <-ended:
		t.Fatal(err)
	}

	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r ready
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Emulator+r.InstanceID+"/apis?api-version=2024-05-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || r.IdentityEndpoint != r.Emulator+"/msi/token" || r.IdentityHeader == "" {
		t.Errorf("status %d, ready file %s", resp.StatusCode, b)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestAzemuRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"all interfaces":   {[]string{"--listen", "0.0.0.0:0"}, "loopback"},
		"no host":          {[]string{"--listen", ":0"}, "loopback"},
		"another shape":    {[]string{"--export-shape", "odd"}, "odd"},
		"a wrong rate":     {[]string{"--error-rate", "2"}, "errorRate"},
		"a missing folder": {[]string{"--specs", "no/such/folder"}, "no/such/folder"},
	} {
		t.Run(name, func(t *testing.T) {
			c := command()
			c.SetArgs(tt.args)
			c.SetOut(make(listening))
			if err := c.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %s", err, tt.want)
			}
		})
	}
}
