package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"apicenter/e2e/system"
)

// TestNodeClients runs the tests in the folder node, which drive the
// demonstration over TLS with the clients that are published for Node.js.
func TestNodeClients(t *testing.T) {
	if _, err := os.Stat("node/node_modules"); err != nil {
		t.Fatal("the Node.js clients are not installed: make node")
	}
	d := startDemo(t, "--tls", "self-signed", "--quiet-source")
	cmd := exec.CommandContext(t.Context(), "node", "--test", "apicenter.test.mjs", "apimanagement.test.mjs")
	cmd.Dir = "node"
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+d.CA,
		"CENTER="+d.Center, "SUBSCRIPTION="+d.SubscriptionID, "TOKEN="+signIn(t, d))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}

// startDemo runs apicenter demo for as long as the test.
func startDemo(t *testing.T, args ...string) system.CenterReady {
	t.Helper()
	d, err := system.StartDemo(t.Context(), programs, t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	return d.Ready
}

// signIn gets a token for Azure Resource Manager from the emulated directory, as
// the application that may do everything there.
func signIn(t *testing.T, d system.CenterReady) string {
	t.Helper()
	pem, err := os.ReadFile(d.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"https://management.azure.com/.default"},
		"client_id": {"1c7e5d90-b2a3-4f68-8d04-e6f91b3a7c04"}, "client_secret": {"emulator-secret"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.Authority+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("%s: %s, %v", req.URL, resp.Status, err)
	}
	return answer.Token
}
