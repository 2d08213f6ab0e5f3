package signin_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator/identity"
	"apicenter/internal/signin"
)

const (
	tenant = "11111111-1111-1111-1111-111111111111"
	robot  = "33333333-3333-3333-3333-333333333333"
)

// signingKey is made once: it takes a while.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// authority is the emulated Entra as an http.RoundTripper, so that it also
// works in a bubble. It remembers the forms that it got.
type authority struct {
	*http.ServeMux
	identity *identity.Authority
	forms    []url.Values
	instead  map[string]http.HandlerFunc // by the last segment of the path
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a, err := identity.New(identity.Options{
		TenantID: tenant, Key: signingKey(), Audiences: []string{"api://center"},
		StaticTokens: map[string]identity.Principal{"unused": {ObjectID: "oid-ada", Name: "ada", Type: identity.User}},
		Clients:      map[string]identity.Client{robot: {Secret: "s3cret", Principal: identity.Principal{ObjectID: "oid-robot", Name: "robot"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	a.Register(mux)
	return &authority{ServeMux: mux, identity: a, instead: map[string]http.HandlerFunc{}}
}

func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	} else {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, err
		}
		a.forms = append(a.forms, form)
		r.Body = io.NopCloser(strings.NewReader(string(text)))
	}
	w := httptest.NewRecorder()
	if f := a.instead[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]; f != nil {
		f(w, r)
	} else {
		a.ServeHTTP(w, r)
	}
	return w.Result(), nil
}

func (a *authority) options() signin.Options {
	return signin.Options{
		Issuer: "http://127.0.0.1:8080/" + tenant + "/v2.0", ClientID: "app", Scopes: []string{"openid", "api://center/Read"},
		HTTP: &http.Client{Transport: a},
	}
}

func (a *authority) discover(t *testing.T, o signin.Options) *signin.Issuer {
	t.Helper()
	i, err := signin.Discover(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// holder is whom a token names.
func (a *authority) holder(t *testing.T, token signin.Token) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token.Access)
	p, err := a.identity.Authenticate(r)
	if err != nil {
		t.Fatal(err)
	}
	return p.ObjectID
}

func TestDiscoveryTakesOnlyWhatIsSafe(t *testing.T) {
	good := map[string]any{
		"issuer":                        "https://login.example/t",
		"token_endpoint":                "https://login.example/token",
		"authorization_endpoint":        "https://login.example/authorize",
		"device_authorization_endpoint": "https://login.example/device",
	}
	for _, tt := range []struct {
		name, issuer string
		change       map[string]any
		says         string // "" is fine
	}{
		{"all well", "https://login.example/t", nil, ""},
		{"a slash more", "https://login.example/t/", nil, ""},
		{"another issuer's document", "https://login.example/t", map[string]any{"issuer": "https://evil.example/t"}, "another issuer"},
		{"no issuer", "https://login.example/t", map[string]any{"issuer": nil}, "another issuer"},
		{"tokens over http", "https://login.example/t", map[string]any{"token_endpoint": "http://login.example/token"}, "not of https"},
		{"a page over http", "https://login.example/t", map[string]any{"authorization_endpoint": "http://login.example/authorize"}, "not of https"},
		{"no token endpoint", "https://login.example/t", map[string]any{"token_endpoint": nil}, "token_endpoint"},
		{"no device codes", "https://login.example/t", map[string]any{"device_authorization_endpoint": nil}, ""},
		{"an issuer over http", "http://login.example/t", nil, "not of https"},
		{"not an address", "login.example", nil, "not an address"},
		{"with a password", "https://a:b@login.example", nil, "not an address"},
		{"not JSON", "https://login.example/t", map[string]any{"token_endpoint": 5}, "not what it should be"},
	} {
		doc := maps.Clone(good)
		maps.Copy(doc, tt.change)
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		a := newAuthority(t)
		a.instead["openid-configuration"] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }
		o := a.options()
		o.Issuer = tt.issuer
		if _, err = signin.Discover(t.Context(), o); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
	}
}

func TestAnswersAreBoundedAndRedirectsRefused(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"endless": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		},
		"a page": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); _, _ = w.Write([]byte("<html>")) },
	} {
		a := newAuthority(t)
		a.instead["openid-configuration"] = answer
		if _, err := signin.Discover(t.Context(), a.options()); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestDeviceCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		var shown signin.Code
		token, err := a.discover(t, a.options()).Device(t.Context(), func(c signin.Code) { shown = c })
		if err != nil {
			t.Fatal(err)
		}
		if a.holder(t, token) != "oid-ada" || token.Refresh == "" || time.Until(token.Expires) < 59*time.Minute {
			t.Errorf("token %+v", token)
		}
		if shown.UserCode == "" || !strings.Contains(shown.Message, shown.UserCode) {
			t.Errorf("shown %+v", shown)
		}
		if got := a.forms[0].Get("scope"); got != "openid api://center/Read offline_access" {
			t.Errorf("asked for %q", got)
		}
	})
}

func TestDeviceCodeThatNobodyTypesIn(t *testing.T) {
	for _, tt := range []struct {
		code  string
		asked int // in fifteen minutes, with a second more each
		says  string
	}{
		{"authorization_pending", 900, "nobody typed"},
		{"slow_down", 0, "nobody typed"},
		{"access_denied", 1, "access_denied"},
		{"expired_token", 1, "expired_token"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAuthority(t)
			i := a.discover(t, a.options())
			a.instead["token"] = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(400)
				_, _ = io.WriteString(w, `{"error":"`+tt.code+`","error_description":"d"}`)
			}
			_, err := i.Device(t.Context(), func(signin.Code) {})
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v, want %q", tt.code, err, tt.says)
			}
			asked := len(a.forms) - 1
			if tt.asked > 0 && (asked < tt.asked-1 || asked > tt.asked) || tt.code == "slow_down" && asked > 25 {
				t.Errorf("%s: asked %d times", tt.code, asked)
			}
		})
	}
}

// visit plays the browser: it opens the page and goes where that sends it.
func visit(t *testing.T, a *authority, change func(*url.URL) *url.URL) func(string) {
	return func(page string) {
		resp, err := (&http.Client{
			Transport:     a,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}).Get(page)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
		back, err := resp.Location()
		if err != nil {
			t.Error(err)
			return
		}
		if back = change(back); back == nil {
			return
		}
		// localhost may be the other loopback address first, where nobody listens.
		back.Host = "127.0.0.1:" + back.Port()
		resp, err = http.Get(back.String())
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if text, err := io.ReadAll(resp.Body); err != nil || !strings.HasPrefix(string(text), "You are") && resp.StatusCode != 400 {
			t.Errorf("the browser shows %q, %v", text, err)
		}
	}
}

func set(name, value string) func(*url.URL) *url.URL {
	return func(u *url.URL) *url.URL {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u
	}
}

func TestBrowser(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*url.URL) *url.URL
		says   string
	}{
		{"as it should be", func(u *url.URL) *url.URL { return u }, ""},
		{"a guessed code", set("code", "guess"), "invalid_grant"},
		{"a refusal", set("error", "access_denied"), "access_denied"},
		{"the answer of another issuer", set("iss", "https://evil.example"), "another issuer"},
		{"no code", set("code", ""), "no code"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAuthority(t)
			token, err := a.discover(t, a.options()).Browser(t.Context(), visit(t, a, tt.change))
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v, want %q", err, tt.says)
				}
				return
			}
			if err != nil || a.holder(t, token) != "oid-ada" || token.Refresh == "" {
				t.Errorf("token %+v, %v", token, err)
			}
			if last := a.forms[len(a.forms)-1]; len(last.Get("code_verifier")) < 43 {
				t.Errorf("the code is redeemed with the verifier %q", last.Get("code_verifier"))
			}
		})
	}
}

func TestOnlyOurStateCounts(t *testing.T) {
	a := newAuthority(t)
	open := visit(t, a, func(u *url.URL) *url.URL {
		for _, state := range []string{"", "guess"} {
			forged := set("state", state)(&url.URL{Scheme: "http", Host: "127.0.0.1:" + u.Port(), Path: "/", RawQuery: u.RawQuery})
			resp, err := http.Get(forged.String())
			if err != nil {
				t.Error(err)
				return nil
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("state %q: %s", state, resp.Status)
			}
		}
		return u
	})
	token, err := a.discover(t, a.options()).Browser(t.Context(), open)
	if err != nil || a.holder(t, token) != "oid-ada" {
		t.Errorf("after forged answers: %+v, %v", token, err)
	}
}

func TestTheBrowserIsNotWaitedForForEver(t *testing.T) {
	a := newAuthority(t)
	ctx, stop := context.WithCancel(t.Context())
	_, err := a.discover(t, a.options()).Browser(ctx, func(string) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the cancellation", err)
	}
}

func TestSecretOfAProgram(t *testing.T) {
	a := newAuthority(t)
	o := a.options()
	o.ClientID, o.Scopes = robot, []string{"openid", "offline_access", "api://center/Read", "api://center/Write"}
	i := a.discover(t, o)
	token, err := i.Secret(t.Context(), "s3cret")
	if err != nil || a.holder(t, token) != "oid-robot" || token.Refresh != "" {
		t.Errorf("token %+v, %v", token, err)
	}
	if got := a.forms[0].Get("scope"); got != "api://center/.default" {
		t.Errorf("asked for %q", got)
	}
	_, err = i.Secret(t.Context(), "wr0ng")
	if refusal, ok := errors.AsType[*signin.Error](err); !ok || refusal.Code != "invalid_client" || strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("with a wrong secret: %v", err)
	}
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		i := a.discover(t, a.options())
		token, err := i.Device(t.Context(), func(signin.Code) {})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(token.Expires))
		again, err := i.Refresh(t.Context(), token.Refresh)
		if err != nil || a.holder(t, again) != "oid-ada" || again.Refresh == "" || !again.Expires.After(token.Expires) {
			t.Errorf("token %+v, %v", again, err)
		}
		if _, err := i.Refresh(t.Context(), "guess"); err == nil {
			t.Error("a guessed refresh token is taken")
		}
		a.instead["token"] = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"access_token":"t","token_type":"bearer","expires_in":"60"}`)
		}
		if kept, err := i.Refresh(t.Context(), "old"); err != nil || kept.Refresh != "old" {
			t.Errorf("an issuer that keeps the refresh token: %+v, %v", kept, err)
		}
	})
}
