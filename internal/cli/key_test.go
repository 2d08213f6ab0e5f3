package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAKeyIsShownOnceUsedAndRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCenter()
		o := c.run(t, "key", "create", "--name", "ci", "--role", "Azure API Center Data Reader", "--expires", "90d")
		o.want(t, exitOK)
		token := strings.TrimSpace(o.out)
		if token != "apc_1token1" || strings.Contains(o.err, token) || !strings.Contains(o.err, "not shown again") {
			t.Errorf("printed %q and %q", o.out, o.err)
		}
		want := `POST /keys ? {"expiresAt":"2000-03-31T00:00:00Z","name":"ci","role":"Azure API Center Data Reader","scope":"` + fakeService + `"}`
		if got := c.lastWrite(t); got != want {
			t.Errorf("asked for %s, want %s", got, want)
		}
		c.run(t, "environment", "list", "--token", token).want(t, exitOK)
		o = c.run(t, "key", "list")
		if o.code != exitOK || strings.Contains(o.out, token) || !strings.Contains(o.out, "ci    apc_1   Azure API Center Data Reader  0s ago   in 90d") {
			t.Errorf("list: %s%s", o.out, o.err)
		}
		c.run(t, "key", "delete", "--id", "k1").want(t, exitOK)
		c.run(t, "environment", "list", "--token", token).want(t, exitAuth)
	})
}

// lastWrite is the last request of the center that was no read.
func (c *center) lastWrite(t *testing.T) string {
	t.Helper()
	for i := len(c.requests) - 1; i >= 0; i-- {
		if !strings.HasPrefix(c.requests[i], "GET") {
			return c.requests[i]
		}
	}
	t.Fatalf("only reads: %q", c.requests)
	return ""
}

func TestAKeyForScripts(t *testing.T) {
	c := newCenter()
	o := c.run(t, "key", "create", "--name", "ci", "--role", "r", "--scope", "subscriptions/sub1/", "--query", "[[id, token, scope]]", "-o", "tsv")
	if o.code != exitOK || o.out != "k1\tapc_1token1\t/subscriptions/sub1\n" {
		t.Errorf("%d, %q, %s", o.code, o.out, o.err)
	}
	if len(o.requests) != 1 {
		t.Errorf("asked %q, though the scope is said", o.requests)
	}
}

func TestEndsOfKeys(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"90d":                  "2026-05-01T12:00:00Z",
		"12h":                  "2026-02-01T00:00:00Z",
		"1h30m":                "2026-01-31T13:30:00Z",
		"2027-01-31":           "2027-01-31T00:00:00Z",
		"2027-01-31T10:00:00Z": "2027-01-31T10:00:00Z",
		"2026-01-31":           "", "0d": "", "-1h": "", "d": "", "-3d": "", "soon": "", "99999999999d": "",
	} {
		end, err := parseEnd(text, now)
		got := ""
		if err == nil {
			got = end.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("parseEnd(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
}
