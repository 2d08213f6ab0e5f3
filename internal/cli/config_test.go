package cli

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsComeFromTheStrongest(t *testing.T) {
	dir := t.TempDir()
	ready := writeReady(t, `{"center":"`+fakeAddress+`","token":"`+fakeToken+`","serviceId":"`+fakeService+`"}`)
	c := newCenter()
	at := func(env string, args ...string) outcome {
		t.Helper()
		return c.runWith(t, Streams{ConfigDir: dir, Getenv: environ(env, "APICENTER_READY_FILE", ready)}, args...)
	}
	at("", "config", "set", "server="+fakeAddress, "service-name=profiled", "output=json", "subscription=sub1").want(t, exitOK)
	for _, tt := range []struct {
		name, env string
		args      []string
		want      string // of config list -o tsv
	}{
		{"profile before ready file", "", nil, "" +
			"server\t" + fakeAddress + "\tprofile default\n" +
			"subscription\tsub1\tprofile default\n" +
			"resource-group\tapis\tready file\n" +
			"service-name\tprofiled\tprofile default\n" +
			"workspace\tdefault\tdefault\n" +
			"output\ttsv\tflag\n"},
		{"environment before profile", "APICENTER_SERVICE_NAME=env", nil, "" +
			"server\t" + fakeAddress + "\tprofile default\n" +
			"subscription\tsub1\tprofile default\n" +
			"resource-group\tapis\tready file\n" +
			"service-name\tenv\tenvironment\n" +
			"workspace\tdefault\tdefault\n" +
			"output\ttsv\tflag\n"},
		{"flag before environment, and other centers do not count", "APICENTER_SERVER=" + fakeAddress, []string{"--server", "http://other.example"}, "" +
			"server\thttp://other.example\tflag\n" +
			"workspace\tdefault\tdefault\n" +
			"output\ttsv\tflag\n"},
		{"a profile of its own", "APICENTER_PROFILE=fresh", nil, "" +
			"server\t" + fakeAddress + "\tready file\n" +
			"subscription\tsub1\tready file\n" +
			"resource-group\tapis\tready file\n" +
			"service-name\tmain\tready file\n" +
			"workspace\tdefault\tdefault\n" +
			"output\ttsv\tflag\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := at(tt.env, append([]string{"config", "list", "-o", "tsv"}, tt.args...)...)
			o.want(t, exitOK)
			if o.out != tt.want {
				t.Errorf("settings:\n%swant:\n%s", o.out, tt.want)
			}
		})
	}
	if o := at("", "config", "get", "output"); o.out != "json\n" {
		t.Errorf("config get output: %q", o.out)
	}
	at("", "config", "unset", "output", "service-name").want(t, exitOK)
	if o := at("", "config", "get", "output"); o.out != "table\n" {
		t.Errorf("config get output after unset: %q", o.out)
	}
}

// environ is an environment of one NAME=VALUE, or none, and of pairs.
func environ(one string, pairs ...string) func(string) string {
	name, value, _ := strings.Cut(one, "=")
	return env(append([]string{name, value}, pairs...)...)
}

func TestSettingsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"set", "nope=1"}, exitUsage, "settings are server, ca"},
		{[]string{"set", "server"}, exitUsage, "KEY=VALUE"},
		{[]string{"set", "server=localhost"}, exitUsage, "must look like"},
		{[]string{"set", "server=http://a:s3cret@x"}, exitUsage, "must look like"},
		{[]string{"set", "output=xml"}, exitUsage, "none of table"},
		{[]string{"set", "ca=/nonexistent"}, exitUsage, "read the certificate authority"},
		{[]string{"set", "workspace="}, exitUsage, "no value"},
		{[]string{"set", "output=json", "workspace=\x1b"}, exitUsage, "no value"},
		{[]string{"set"}, exitUsage, "requires at least 1"},
		{[]string{"get", "server"}, exitNotFound, "server is not set"},
		{[]string{"get", "nope"}, exitUsage, "not a setting"},
		{[]string{"unset", "nope"}, exitUsage, "not a setting"},
		{[]string{"list", "--profile", "../x"}, exitUsage, "cannot be called"},
		{[]string{"list", "--profile", ""}, exitOK, ""},
		{[]string{"list", "-o", "xml"}, exitUsage, "none of table"},
	} {
		o := newCenter().runWith(t, Streams{ConfigDir: dir, Getenv: env()}, append([]string{"config"}, tt.args...)...)
		o.want(t, tt.code)
		if !strings.Contains(o.err, tt.says) {
			t.Errorf("config %q: stderr %q does not say %q", tt.args, o.err, tt.says)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d files are left by settings that were refused (%v)", len(left), err)
	}
	var errs strings.Builder
	nowhere := Streams{Out: &errs, Err: &errs}
	if code := Execute(t.Context(), New(nowhere), nowhere, []string{"config", "set", "output=json"}); code != exitFailed || !strings.Contains(errs.String(), "APICENTER_CONFIG_DIR") {
		t.Errorf("without a folder: exit code %d, %s", code, errs.String())
	}
}

func TestABrokenProfileIsNamed(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "profiles", "default.json")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := newCenter().runWith(t, Streams{ConfigDir: dir}, "api", "list")
	o.want(t, exitFailed)
	if !strings.Contains(o.err, name) || !strings.Contains(o.err, "mend it") {
		t.Errorf("stderr %q", o.err)
	}
}

func TestSettingsOfAProfileAreUsed(t *testing.T) {
	dir := t.TempDir()
	c := newCenter()
	run := func(args ...string) outcome {
		return c.runWith(t, Streams{ConfigDir: dir, Getenv: env("APICENTER_TOKEN", fakeToken)}, args...)
	}
	run("config", "set", "--profile", "work", "server="+fakeAddress, "subscription=sub1", "resource-group=apis", "service-name=main", "output=tsv", "workspace=default").want(t, exitOK)
	o := run("environment", "list", "--profile", "work", "--query", "[].name")
	o.want(t, exitOK)
	if o.out != "prod\n" || len(o.requests) != 1 {
		t.Errorf("%q after %q", o.out, o.requests)
	}
	run("environment", "list").want(t, exitUsage) // the profile that is used otherwise knows no center
}

func TestACenterWithAnAuthorityOfItsOwn(t *testing.T) {
	server := newTLSCenter(t)
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, env string
		args      []string
		code      int
		says      string
	}{
		{"unknown", "", nil, exitFailed, "--ca-file"},
		{"by flag", "", []string{"--ca-file", ca}, exitOK, ""},
		{"by variable", "APICENTER_CA_FILE=" + ca, nil, exitOK, ""},
		{"not there", "", []string{"--ca-file", ca + "x"}, exitFailed, "no such file"},
		{"no certificate", "", []string{"--ca-file", writeReady(t, "{}")}, exitFailed, "holds no certificate"},
	} {
		var out, errs strings.Builder
		s := Streams{Out: &out, Err: &errs, ConfigDir: dir, Getenv: environ(tt.env, "APICENTER_SERVER", server.URL, "APICENTER_TOKEN", fakeToken)}
		code := Execute(t.Context(), New(s), s, append([]string{"environment", "list", "-o", "tsv"}, tt.args...))
		if code != tt.code || !strings.Contains(errs.String(), tt.says) || (out.Len() > 0) != (tt.code == exitOK) {
			t.Errorf("%s: exit code %d, %q, %q", tt.name, code, out.String(), errs.String())
		}
	}
}

func TestOnlyTheOwnerReadsAProfile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	c := newCenter()
	c.runWith(t, Streams{ConfigDir: dir}, "config", "set", "output=json").want(t, exitOK)
	c.runWith(t, Streams{ConfigDir: dir, In: strings.NewReader(fakeToken)}, "login", "--api-key", "-").want(t, exitOK)
	n := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		n++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		if strings.HasSuffix(path, ".json") {
			text, err := os.ReadFile(path)
			if err != nil || !json.Valid(text) {
				t.Errorf("%s: %s, %v", path, text, err)
			}
		}
		return nil
	})
	if err != nil || n != 5 {
		t.Errorf("%d files and folders, %v; want 5", n, err)
	}
}
