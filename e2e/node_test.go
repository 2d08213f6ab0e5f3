package e2e

import (
	"os"
	"os/exec"
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
		"CENTER="+d.Center, "SUBSCRIPTION="+d.SubscriptionID, "TOKEN="+d.Token)
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
