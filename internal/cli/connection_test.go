package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeReady writes a ready file and gives its name.
func writeReady(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ready.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestConnectionIsFoundFromFlagsFilesAndTheCenter(t *testing.T) {
	file := writeReady(t, `{"center":"`+fakeAddress+`/","token":"`+fakeToken+`","serviceId":"`+fakeService+`","subscriptionId":"sub1","more":{}}`)
	elsewhere := writeReady(t, `{"center":"http://other.example","token":"`+fakeToken+`","serviceId":"`+fakeService+`"}`)
	nowhere := writeReady(t, `{"emulator":"http://127.0.0.1:1","token":"`+fakeToken+`"}`)
	far := "/subscriptions/sub2/resourceGroups/apis/providers/Microsoft.ApiCenter/services/far"
	other := strings.Replace(fakeService, "main", "other", 1)
	for _, tt := range []struct {
		name     string
		env      []string
		services []string
		args     []string
		code     int
		requests int // before the list itself
		says     string
	}{
		{"environment alone", []string{"APICENTER_SERVER", fakeAddress, "APICENTER_TOKEN", fakeToken}, nil, nil, exitOK, 1, ""},
		{"subscription of the environment", []string{"APICENTER_SERVER", fakeAddress, "APICENTER_TOKEN", fakeToken, "APICENTER_SUBSCRIPTION", "sub1"}, nil, nil, exitOK, 1, ""},
		{"ready file by flag", nil, nil, []string{"--ready-file", file}, exitOK, 0, ""},
		{"ready file by environment", []string{"APICENTER_READY_FILE", file}, nil, nil, exitOK, 0, ""},
		{"ready file by flag beats the environment", []string{"APICENTER_SERVER", "http://other.example", "APICENTER_TOKEN", "x"}, nil, []string{"--ready-file", file}, exitOK, 0, ""},
		{"name is not looked for in the group of the file", nil, []string{fakeService, other}, []string{"--ready-file", file, "-n", "MAIN"}, exitOK, 1, ""},
		{"service id", nil, nil, []string{"--server", fakeAddress, "--token", fakeToken, "--service-id", strings.ToLower(fakeService)}, exitOK, 0, ""},
		{"center", nil, nil, []string{"--center", fakeAddress, "--token", fakeToken, "--service-id", fakeService}, exitOK, 0, ""},
		{"all by name", nil, nil, []string{"--server", fakeAddress, "--token", fakeToken, "--subscription", "sub1", "-g", "apis", "-n", "main"}, exitOK, 0, ""},
		{"two services", nil, []string{fakeService, other}, []string{"--server", fakeAddress, "--token", fakeToken}, exitUsage, 2, other},
		{"many services", nil, []string{far, fakeService, other}, []string{"--server", fakeAddress, "--token", fakeToken, "--subscription", "sub2"}, exitOK, 1, ""},
		{"many services, and one of that name", nil, []string{fakeService, other, far}, []string{"--server", fakeAddress, "--token", fakeToken, "-n", "Far"}, exitOK, 2, ""},
		{"the name in full", nil, []string{fakeService, far}, []string{"--server", fakeAddress, "--token", fakeToken, "-g", "apis", "-n", "main"}, exitOK, 1, ""},
		{"no such service", nil, nil, []string{"--server", fakeAddress, "--token", fakeToken, "-n", "nope"}, exitNotFound, 2, "no such service"},
		{"no center", nil, nil, nil, exitUsage, 0, "APICENTER_SERVER"},
		{"not an address", nil, nil, []string{"--server", "localhost:80"}, exitUsage, 0, "must look like"},
		{"password in the address", nil, nil, []string{"--server", "http://a:" + fakeToken + "@127.0.0.1"}, exitUsage, 0, "must look like"},
		{"not a service id", nil, nil, []string{"--server", fakeAddress, "--service-id", "/subscriptions/x"}, exitUsage, 0, "not the id"},
		{"service id and name", nil, nil, []string{"--server", fakeAddress, "--service-id", fakeService, "-n", "main"}, exitUsage, 0, "service-id"},
		{"no ready file", nil, nil, []string{"--ready-file", "/nonexistent"}, exitFailed, 0, "ready file"},
		{
			"stale ready file of the environment does not matter",
			[]string{"APICENTER_READY_FILE", "/nonexistent"},
			nil,
			[]string{"--server", fakeAddress, "--token", fakeToken, "--service-id", fakeService},
			exitOK, 0, "",
		},
		{"token of another center stays at home", nil, nil, []string{"--ready-file", elsewhere, "--server", fakeAddress}, exitAuth, 0, "APICENTER_TOKEN"},
		{"token of no center stays at home", nil, nil, []string{"--ready-file", nowhere, "--server", fakeAddress, "--service-id", fakeService}, exitAuth, 0, "APICENTER_TOKEN"},
		{
			"token for another center stays at home",
			[]string{"APICENTER_SERVER", "http://other.example", "APICENTER_TOKEN", fakeToken},
			nil,
			[]string{"--server", fakeAddress},
			exitAuth, 0, "APICENTER_TOKEN",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCenter()
			c.subscriptions = []string{"sub1", "sub2", "of-the-upstream"}
			if tt.services != nil {
				c.services = tt.services
			}
			o := c.runWith(t, Streams{Getenv: env(tt.env...)}, append([]string{"environment", "list"}, tt.args...)...)
			o.want(t, tt.code)
			if !strings.Contains(o.err, tt.says) {
				t.Errorf("stderr %q does not say %q", o.err, tt.says)
			}
			if tt.code == exitOK && len(o.requests) != tt.requests+1 {
				t.Errorf("requests %q, want %d and the list", o.requests, tt.requests)
			}
		})
	}
}

func TestTokenOverPlainHTTPIsWarnedOf(t *testing.T) {
	c := newCenter()
	o := c.runWith(t, Streams{Getenv: env()}, "api", "list", "--server", "http://center.example", "--token", fakeToken, "--service-id", fakeService, "--top", "1")
	o.want(t, exitOK)
	if !strings.Contains(o.err, "unencrypted to center.example") {
		t.Errorf("stderr %q has no warning", o.err)
	}
}

// az has a --server that is a property: there the center is named with --center,
// and nowhere is the one taken for the other.
func TestTheCenterIsNamedBesideAServer(t *testing.T) {
	const server = "{runtimeUri:[https://api.example]}"
	for _, args := range [][]string{
		{"environment", "create", "--environment-id", "new", "--title", "New", "--type", "testing", "--server", "type=Kubernetes"},
		{"environment", "update", "--environment-id", "prod", "--server", "type=Kubernetes"},
		{"api", "deployment", "create", "--api-id", "petstore", "--deployment-id", "d", "--title", "D", "--environment-id", "prod", "--definition-id", "/x", "--server", server},
		{"api", "deployment", "update", "--api-id", "petstore", "--deployment-id", "prod", "--server", server},
	} {
		c := newCenter()
		where := []string{"--center", fakeAddress, "--token", fakeToken, "--service-id", fakeService}
		o := c.runWith(t, Streams{Getenv: env()}, append(where, args...)...)
		o.want(t, exitOK)
		if sent := strings.Join(o.requests, "\n"); !strings.Contains(sent, "Kubernetes") && !strings.Contains(sent, "https://api.example") {
			t.Errorf("%q sent no server: %s", args, sent)
		}
		if o := c.runWith(t, Streams{Getenv: env()}, args...); o.code != exitUsage || !strings.Contains(o.err, "which center?") {
			t.Errorf("%q without a center: exit code %d, %s", args, o.code, o.err)
		}
	}
}

func TestAFirstServiceIsMadeInTheOnlySubscription(t *testing.T) {
	for _, tt := range []struct {
		services, subscriptions []string
		args                    string
		code                    int
		says                    string
	}{
		{nil, []string{"sub1"}, "create -g apis -n new -l local", exitOK, ""},
		{nil, []string{"sub1", "sub2"}, "create -g apis -n new -l local", exitUsage, "which subscription? There are 2"},
		{[]string{fakeService}, []string{"sub1", "sub2"}, "create -g apis -n new -l local", exitOK, ""},
		{[]string{fakeService}, []string{"sub1", "sub2"}, "list", exitOK, ""},
		{nil, []string{"sub1", "sub2"}, "list", exitUsage, "sub1, sub2"},
	} {
		c := newCenter()
		c.services, c.subscriptions = tt.services, tt.subscriptions
		o := c.run(t, strings.Fields(tt.args)...)
		o.want(t, tt.code)
		if !strings.Contains(o.err, tt.says) {
			t.Errorf("%s with %q and %q: stderr %q does not say %q", tt.args, tt.services, tt.subscriptions, o.err, tt.says)
		}
	}
}
