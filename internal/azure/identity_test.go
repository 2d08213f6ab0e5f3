package azure_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"apicenter/internal/azure"
)

const (
	home    = "6f0c4f6e-2f5b-4a8e-9d3c-7b1a52e8d401"
	foreign = "c2d9a7b4-51e3-4f0d-8a66-0e9f3b7c1d52"
)

// jwt is a token with these claims and no signature worth the name.
func jwt(claims string) string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestATokenTellsWhomItIsFor(t *testing.T) {
	for _, tt := range []struct {
		name, token string
		want        azure.Identity
	}{
		{"version 1", jwt(`{"oid":"o","appid":"a","tid":"t"}`), azure.Identity{PrincipalID: "o", ClientID: "a", TenantID: "t"}},
		{"version 2", jwt(`{"oid":"o","azp":"a","tid":"t"}`), azure.Identity{PrincipalID: "o", ClientID: "a", TenantID: "t"}},
		{"padded", strings.Replace(jwt(`{"oid":"o"}`), ".c2ln", "==.c2ln", 1), azure.Identity{PrincipalID: "o"}},
		{"opaque", "secret", azure.Identity{}},
		{"two parts", "eyJ.secret", azure.Identity{}},
		{"no base64", "a.!.c", azure.Identity{}},
		{"no JSON", "a.eA.c", azure.Identity{}},
		{"other types", jwt(`{"oid":7}`), azure.Identity{}},
		{"endless", jwt(`{"oid":"` + strings.Repeat("x", 100_000) + `"}`), azure.Identity{}},
		{"long name", jwt(`{"oid":"` + strings.Repeat("x", 100) + `"}`), azure.Identity{PrincipalID: strings.Repeat("x", 64) + "…"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options("http://127.0.0.1:1")
			o.Credential = token(func() (string, error) { return tt.token, nil })
			c, err := azure.NewClient(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Identity(); got != (azure.Identity{}) {
				t.Errorf("before the first token: %+v", got)
			}
			if got, err := c.Authenticate(t.Context()); got != tt.want || err != nil || c.Identity() != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func FuzzATokenIsRead(f *testing.F) {
	f.Add(jwt(`{"oid":"o","tid":"t"}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		o := options("http://127.0.0.1:1")
		o.Credential = token(func() (string, error) { return text, nil })
		c, err := azure.NewClient(o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Authenticate(t.Context()); err != nil || len(got.PrincipalID) > 70 {
			t.Errorf("%q gave %+v, %v", text, got, err)
		}
	})
}

// announce has an identity endpoint of App Service's kind announced, that says no
// unless an identity is asked for in one of two ways.
func announce(t *testing.T) (asked *atomic.Int32, down *atomic.Bool) {
	asked, down = new(atomic.Int32), new(atomic.Bool)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		q := r.URL.Query()
		id := q.Get("client_id") + q.Get("mi_res_id")
		if down.Load() || id == "nobody" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_request","error_description":"Identity not found"}`)
			return
		}
		if q.Get("resource") != "https://management.azure.com" {
			t.Errorf("a token for %q was asked for", q.Get("resource"))
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_on":"4102444800","resource":"x","token_type":"Bearer"}`, jwt(`{"oid":"oid-`+id+`","tid":"`+home+`"}`))
	}))
	t.Cleanup(s.Close)
	for _, name := range []string{"MSI_ENDPOINT", "IMDS_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("IDENTITY_ENDPOINT", s.URL)
	t.Setenv("IDENTITY_HEADER", "h")
	return asked, down
}

func credentials() *azure.Credentials {
	return &azure.Credentials{Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: "https://login.microsoftonline.com/",
		Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Audience: "https://management.azure.com/"}},
	}}
}

func TestIdentitiesAreDescribedOnce(t *testing.T) {
	asked, _ := announce(t)
	c := credentials()
	const resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
	for identity, want := range map[string]string{"": "oid-", "client-1": "oid-client-1", resource: "oid-" + resource} {
		for range 2 {
			got, err := c.Describe(t.Context(), identity)
			if want = want[:min(len(want), 64)]; err != nil || !strings.HasPrefix(got.PrincipalID, want) || got.TenantID != home {
				t.Errorf("%q is %+v, %v; want %q", identity, got, err, want)
			}
		}
	}
	before := asked.Load()
	for range 3 {
		_, err := c.Describe(t.Context(), "nobody")
		if e, ok := errors.AsType[*azure.TokenError](err); !ok || !e.Refused {
			t.Errorf("an identity that is not there: %v", err)
		}
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("%d requests for an identity that is not there, want 1", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = c.Describe(ended, "later") // may be known to the process already
	if _, err := c.Describe(t.Context(), "later"); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestTheDirectoryOfASubscription(t *testing.T) {
	challenge := func(tenant string) string {
		return `Bearer authorization_uri="https://login.windows.net/` + tenant + `", error="invalid_token", error_description="wrong"`
	}
	for _, tt := range []struct {
		name              string
		status            int
		body              string
		challenge         string // to the token
		anonymous         string // to none
		want              string
		asksWithoutAToken bool
	}{
		{name: "it may be read", status: 200, body: `{"tenantId":"` + strings.ToUpper(home) + `"}`, want: home},
		{name: "the token is of another directory", status: 401, challenge: challenge(foreign), want: foreign},
		{name: "it may not be read", status: 403, anonymous: challenge(home), want: home, asksWithoutAToken: true},
		{name: "it says nothing", status: 200, body: `{}`, anonymous: challenge(foreign), want: foreign, asksWithoutAToken: true},
		{name: "another challenge", status: 403, anonymous: `Bearer authorization="https://login.windows.net/` + home + `/"`, want: home, asksWithoutAToken: true},
		{name: "no directory", status: 403, anonymous: challenge("common"), asksWithoutAToken: true},
		{name: "no challenge", status: 404, asksWithoutAToken: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			anonymous := false
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/subscriptions/s 1" || r.URL.Query().Get("api-version") == "" {
					t.Errorf("asked %s", r.URL)
				}
				if r.Header.Get("Authorization") == "" {
					anonymous = true
					w.Header().Set("WWW-Authenticate", tt.anonymous)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				if tt.challenge != "" {
					w.Header().Set("WWW-Authenticate", tt.challenge)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			got, err := c.Directory(t.Context(), "s 1")
			if got != tt.want || err != nil || anonymous != tt.asksWithoutAToken {
				t.Errorf("got %q, %v, without a token: %t", got, err, anonymous)
			}
		})
	}
}

func TestTheDirectoryCannotAlwaysBeLearnt(t *testing.T) {
	c := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if got, err := c.Directory(t.Context(), "s"); got != "" || err != nil {
		t.Errorf("from a manager that does not answer: %q, %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Directory(ended, "s"); !errors.Is(err, context.Canceled) {
		t.Errorf("in a context that has ended: %v", err)
	}
}
