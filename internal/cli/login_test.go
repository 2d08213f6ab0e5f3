package cli

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newTLSCenter is the fake center behind a real socket.
func newTLSCenter(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(newCenter())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of handshakes that must fail
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// person runs command lines with one folder for the profiles, and no token in
// the environment.
type person struct {
	t   *testing.T
	c   *center
	dir string
}

func newPerson(t *testing.T) *person { return &person{t, newCenter(), t.TempDir()} }

func (p *person) run(input string, args ...string) outcome {
	p.t.Helper()
	return p.c.runWith(p.t, Streams{ConfigDir: p.dir, In: strings.NewReader(input), Getenv: env()}, args...)
}

// kept is the sign-in of a profile as it is kept; nil when there is none.
func (p *person) kept(name string) *login {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "logins", name+".json"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	var l login
	if err := json.Unmarshal(text, &l); err != nil {
		p.t.Fatal(err)
	}
	return &l
}

func TestLoginIsRemembered(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		args        []string
		who         string
	}{
		{"device code", "", []string{"--use-device-code"}, "ada"},
		{"device code, since there is no browser", "", nil, "ada"},
		{"API key from the input", fakeToken + "\n", []string{"--api-key", "-"}, "administrator"},
		{"API key", "", []string{"--api-key", fakeToken}, "administrator"},
		{"program", fakeSecret + "\n", []string{"--service-principal", "-u", fakeProgram, "-p", "-"}, "robot"},
		{"program without -p", fakeSecret, []string{"--service-principal", "-u", fakeProgram, "--tenant", fakeTenant}, "robot"},
		{"named issuer", "", []string{"--issuer", fakeIssuer, "--client-id", "other", "--scope", "api://center/Read"}, "ada"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPerson(t)
				o := p.run(tt.input, append([]string{"login", "--server", fakeAddress + "/", "--query", "name", "-o", "tsv"}, tt.args...)...)
				o.want(t, exitOK)
				l := p.kept("default")
				if o.out != tt.who+"\n" || l == nil || !strings.Contains(o.err, "as "+tt.who) {
					t.Fatalf("signed in as %q (%s); kept %v", o.out, o.err, l)
				}
				for _, secret := range []string{l.Key, l.Access, l.Refresh, fakeSecret} {
					if secret != "" && strings.Contains(o.out+o.err, secret) {
						t.Errorf("a secret is printed: %s%s", o.out, o.err)
					}
				}
				if text, err := os.ReadFile(filepath.Join(p.dir, "logins", "default.json")); err != nil || strings.Contains(string(text), fakeSecret) {
					t.Errorf("kept: %s (%v)", text, err)
				}
				// The address is kept too: nothing need be said any more.
				if o := p.run("", "account", "show", "--query", "name", "-o", "tsv"); o.out != tt.who+"\n" {
					t.Errorf("account show: %q, %s", o.out, o.err)
				}
				p.run("", "environment", "list").want(t, exitOK)
				p.run("", "logout").want(t, exitOK)
				p.run("", "environment", "list").want(t, exitAuth)
				if o := p.run("", "logout"); o.code != exitOK || !strings.Contains(o.err, "Nobody was signed in") {
					t.Errorf("logout again: %d, %s", o.code, o.err)
				}
			})
		})
	}
}

// TestTheFirstOfTwoIssuersIsTheUsualOne signs in where the operator would have
// people sign in, and says where else one could.
func TestTheFirstOfTwoIssuersIsTheUsualOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPerson(t)
		p.c.access.second = "https://login.example.com/other"
		o := p.run("", "login", "--server", fakeAddress, "--use-device-code", "--query", "name", "-o", "tsv")
		o.want(t, exitOK)
		if o.out != "ada\n" || !strings.Contains(o.err, "Signing in with "+fakeIssuer+"; choose another with --issuer: "+p.c.access.second) {
			t.Errorf("%q, %q", o.out, o.err)
		}
	})
}

func TestLoginThatFailsKeepsNothing(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		args        []string
		change      func(*center)
		code        int
		says        string
	}{
		{"unknown key", "", []string{"--api-key", "nope"}, nil, exitAuth, "does not take it"},
		{"empty key", "\n", []string{"--api-key", "-"}, nil, exitFailed, "empty"},
		{"wrong secret", "wr0ng", []string{"--service-principal", "-u", fakeProgram}, nil, exitAuth, "invalid_client"},
		{"unknown program", "x", []string{"--service-principal", "-u", "nobody"}, nil, exitAuth, "unauthorized_client"},
		{"no name", "", []string{"--service-principal"}, nil, exitUsage, "username"},
		{"two ways", "", []string{"--service-principal", "-u", "x", "--use-device-code"}, nil, exitUsage, "none of the others can be"},
		{"no issuer", "", nil, func(c *center) { c.access.nobody = true }, exitFailed, "--api-key"},
		{"another tenant", "", []string{"--tenant", "nope"}, nil, exitFailed, "no such issuer"},
		{"an issuer over http", "", []string{"--issuer", "http://login.example", "--client-id", "c", "--scope", "s"}, nil, exitFailed, "not of https"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPerson(t)
				if tt.change != nil {
					tt.change(p.c)
				}
				o := p.run(tt.input, append([]string{"login", "--server", fakeAddress}, tt.args...)...)
				o.want(t, tt.code)
				if !strings.Contains(o.err, tt.says) || strings.Contains(o.err, "wr0ng") {
					t.Errorf("stderr %q does not say %q", o.err, tt.says)
				}
				if l := p.kept("default"); l != nil {
					t.Errorf("kept %+v", l)
				}
			})
		})
	}
}

func TestASignInIsProlonged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPerson(t)
		p.run("", "login", "--server", fakeAddress).want(t, exitOK)
		first := p.kept("default")
		time.Sleep(58 * time.Minute)
		p.run("", "account", "show").want(t, exitOK)
		if p.kept("default").Access != first.Access {
			t.Error("a token that is still good is given up")
		}
		time.Sleep(time.Hour)
		p.run("", "account", "show").want(t, exitOK)
		second := p.kept("default")
		if second.Access == first.Access || !second.Expires.After(time.Now()) {
			t.Errorf("kept %+v after the end of %+v", second, first)
		}
		o := p.run("", "account", "get-access-token", "--query", "[accessToken, expiresOn, tokenType]", "-o", "json")
		var got []string
		if err := json.Unmarshal([]byte(o.out), &got); err != nil || got[0] != second.Access || got[2] != "Bearer" {
			t.Errorf("get-access-token: %s (%v)", o.out, err)
		}
		if end, err := time.Parse(time.RFC3339, got[1]); err != nil || !end.Equal(second.Expires) {
			t.Errorf("it ends at %s, want %s", got[1], second.Expires)
		}
		time.Sleep(48 * time.Hour) // past the refresh token
		o = p.run("", "account", "show")
		o.want(t, exitAuth)
		if !strings.Contains(o.err, "the sign-in has ended") || !strings.Contains(o.err, "apicenter login") {
			t.Errorf("stderr %q", o.err)
		}
	})
}

func TestAProgramIsNotProlonged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPerson(t)
		p.run(fakeSecret, "login", "--server", fakeAddress, "--service-principal", "-u", fakeProgram).want(t, exitOK)
		time.Sleep(time.Hour)
		o := p.run("", "account", "show")
		o.want(t, exitAuth)
		if !strings.Contains(o.err, "apicenter login") {
			t.Errorf("stderr %q", o.err)
		}
	})
}

func TestASignInStaysWithItsCenter(t *testing.T) {
	p := newPerson(t)
	p.run("", "login", "--server", fakeAddress, "--api-key", fakeToken).want(t, exitOK)
	p.run("", "account", "show", "--server", "https://127.0.0.1:8321").want(t, exitAuth)
	p.run("", "account", "show", "--profile", "other", "--server", fakeAddress).want(t, exitAuth)
	p.run("", "account", "show", "--server", "HTTP://127.0.0.1:8321/").want(t, exitOK)
	o := p.run("", "account", "get-access-token", "--server", "http://other.example")
	if o.code != exitAuth || strings.Contains(o.out, fakeToken) {
		t.Errorf("exit code %d, %q", o.code, o.out)
	}
	// A sign-in elsewhere takes nothing along that was said of the first center.
	p.run("", "config", "set", "service-name=main", "output=json").want(t, exitOK)
	p.run("", "login", "--server", "http://localhost:1", "--api-key", fakeToken).want(t, exitOK)
	if o := p.run("", "config", "list", "-o", "tsv"); strings.Contains(o.out, "service-name") || !strings.Contains(o.out, "server\thttp://localhost:1") {
		t.Errorf("settings:\n%s", o.out)
	}
}

func TestBrowserLogin(t *testing.T) {
	p := newPerson(t)
	var opened string
	s := Streams{ConfigDir: p.dir, InTerminal: true, Getenv: env(), Browse: func(page string) error {
		opened = page
		resp, err := (&http.Client{
			Transport:     p.c,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}).Get(page)
		if err != nil {
			return err
		}
		resp.Body.Close()
		back, err := resp.Location()
		if err != nil {
			return err
		}
		back.Host = "127.0.0.1:" + back.Port() // localhost may be the other loopback address first
		if resp, err = http.Get(back.String()); err == nil {
			resp.Body.Close()
		}
		return err
	}}
	o := p.c.runWith(t, s, "login", "--server", fakeAddress)
	o.want(t, exitOK)
	if l := p.kept("default"); l == nil || l.Refresh == "" || l.Issuer != fakeIssuer || !strings.Contains(o.err, opened) {
		t.Errorf("kept %+v; stderr %q", l, o.err)
	}
}
