package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRestSendsWhatIsSaid(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(body, []byte(`{"properties": {"title":"x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, input string
		args        []string
		want, out   string
	}{
		{
			"a path", "",
			[]string{"--url", "/subscriptions?api-version=1", "--query", "value[].subscriptionId", "-o", "tsv"},
			"GET /subscriptions ?1", "sub1\n",
		},
		{
			"az's other spelling", "",
			[]string{"--uri", fakeAddress + "/subscriptions", "--uri-parameters", "api-version=1", "--query", "length(value)"},
			"GET /subscriptions ?1", "1\n",
		},
		{
			"a body", "",
			[]string{"-m", "PUT", "-u", at + "/apis/new?api-version=1", "-b", `{"properties":{"a":1}}`, "--query", "name", "-o", "tsv"},
			"PUT " + at + `/apis/new ?1 {"properties":{"a":1}}`, "new\n",
		},
		{
			"a body of a file", "",
			[]string{"-m", "put", "-u", at + "/apis/new?api-version=1", "-b", "@" + body, "-o", "none"},
			"PUT " + at + `/apis/new ?1 {"properties":{"title":"x"}}`, "",
		},
		{
			"a body of the input", `{"properties":{}}`,
			[]string{"-m", "put", "-u", at + "/apis/new?api-version=1", "-b", "@-", "--query", "properties"},
			"PUT " + at + `/apis/new ?1 {"properties":{}}`, "{}\n",
		},
		{"no body back", "", []string{"-m", "delete", "-u", at + "/apis/echo?api-version=1"}, "DELETE " + at + "/apis/echo ?1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newCenter().runWith(t, Streams{In: strings.NewReader(tt.input)}, append([]string{"rest"}, tt.args...)...)
			o.want(t, exitOK)
			if len(o.requests) != 1 || o.requests[0] != tt.want || o.out != tt.out {
				t.Errorf("sent %q and printed %q; want %q and %q", o.requests, o.out, tt.want, tt.out)
			}
		})
	}
}

func TestRestKeepsTheTokenAtHome(t *testing.T) {
	var got []string
	c := newCenter()
	c.fail["GET x"] = func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization")+" "+r.Header.Get("X-Mine"))
		_, _ = w.Write([]byte("plain text"))
	}
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--url", "https://evil.example/x"}, exitFailed, "must not go"},
		{[]string{"--url", fakeAddress + "@evil.example/x"}, exitFailed, "must not go"},
		{[]string{"--url", "x"}, exitUsage, "begins with /"},
		{[]string{"--url", "/x", "--method", "brew"}, exitUsage, "none of get"},
		{[]string{"--url", "/x", "--body", "{"}, exitUsage, "not JSON"},
		{[]string{"--url", "/x", "--body", "@/nonexistent"}, exitFailed, "read the body"},
		{[]string{"--url", "/x", "--headers", "a:b=c"}, exitUsage, "NAME=VALUE"},
		{[]string{"--url", "/x", "--headers", "a=s3cret\r\nb"}, exitUsage, "NAME=VALUE"},
		{[]string{"--url", "/x", "--uri-parameters", "a"}, exitUsage, "NAME=VALUE"},
		{nil, exitUsage, "url"},
		{[]string{"--url", "/x", "--headers", "X-Mine=1"}, exitOK, ""},
		{[]string{"--url", "/x", "--skip-authorization-header"}, exitOK, ""},
		{[]string{"--url", "/x", "--headers", "Authorization=Bearer mine"}, exitOK, ""},
	} {
		o := c.run(t, append([]string{"rest"}, tt.args...)...)
		o.want(t, tt.code)
		if !strings.Contains(o.err, tt.says) || tt.code == exitOK && o.out != "plain text" {
			t.Errorf("%q: %q, stderr %q does not say %q", tt.args, o.out, o.err, tt.says)
		}
	}
	if want := "Bearer " + fakeToken + " 1, ,Bearer mine "; strings.Join(got, ",") != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestRestWritesFilesByteForByte(t *testing.T) {
	c := newCenter()
	c.fail["GET x"] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\xff\r\n")) }
	file := filepath.Join(t.TempDir(), "out")
	c.run(t, "rest", "--url", "/x", "--output-file", file).want(t, exitOK)
	if text, err := os.ReadFile(file); err != nil || string(text) != "\xff\r\n" {
		t.Errorf("%q, %v", text, err)
	}
}
