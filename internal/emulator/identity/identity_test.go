package identity_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"apicenter/internal/emulator/identity"
	"apicenter/internal/emulator/wire"
)

const (
	tenant  = "11111111-1111-1111-1111-111111111111"
	foreign = "22222222-2222-2222-2222-222222222222"
	arm     = "https://management.azure.com"
	mirror  = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mirror"
)

// newAuthority makes an authority with one principal of each kind. Its key is made anew for each test.
func newAuthority(t testing.TB) *identity.Authority {
	t.Helper()
	a, err := identity.New(identity.Options{
		TenantID:        tenant,
		ManagedIdentity: identity.Principal{ObjectID: "oid-center", ClientID: "app-center", Name: "center"},
		UserAssigned: []identity.UserAssigned{{
			Principal:  identity.Principal{ObjectID: "oid-mirror", ClientID: "app-mirror", Name: "mirror"},
			ResourceID: mirror,
		}},
		Clients: map[string]identity.Client{
			"app-robot":   {Secret: "s3cret", Principal: identity.Principal{ObjectID: "oid-robot", Name: "robot"}},
			"app-foreign": {Secret: "s3cret", Principal: identity.Principal{ObjectID: "oid-foreign", TenantID: foreign}},
		},
		StaticTokens: map[string]identity.Principal{"alice-token": {ObjectID: "oid-alice", Name: "alice", Type: identity.User}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newMux(t testing.TB) *http.ServeMux {
	t.Helper()
	mux := http.NewServeMux()
	newAuthority(t).Register(mux)
	return mux
}

// ask sends one request and returns the status and the JSON answer.
func ask(t testing.TB, h http.Handler, method, target, body string, header map[string]string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		t.Fatalf("%s %s: %v in %q", method, target, err, w.Body)
	}
	return w.Code, answer
}

// claimsOf reads a token without checking it.
func claimsOf(t testing.TB, token any) map[string]any {
	t.Helper()
	s, _ := token.(string)
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestManagedIdentity(t *testing.T) {
	mux := newMux(t)
	header := map[string]string{"X-IDENTITY-HEADER": "any"}
	for _, tt := range []struct {
		name, method, target, body string
		header                     map[string]string
		status                     int
		oid                        string
	}{
		{"app service", "GET", "/msi/token?api-version=2019-08-01&resource=" + arm, "", header, 200, "oid-center"},
		{"by client id", "GET", "/msi/token?resource=" + arm + "&client_id=APP-mirror", "", header, 200, "oid-mirror"},
		{"by object id", "GET", "/msi/token?resource=" + arm + "&object_id=oid-mirror", "", header, 200, "oid-mirror"},
		{"by resource id", "GET", "/msi/token?resource=" + arm + "&mi_res_id=" + strings.ToUpper(mirror), "", header, 200, "oid-mirror"},
		{"the system's by client id", "GET", "/msi/token?resource=" + arm + "&client_id=app-center", "", header, 200, "oid-center"},
		{"unknown identity", "GET", "/msi/token?resource=" + arm + "&client_id=nobody", "", header, 400, ""},
		{"no header", "GET", "/msi/token?resource=" + arm, "", nil, 401, ""},
		{"no resource", "GET", "/msi/token", "", header, 400, ""},
		{"2017-09-01 with a slash", "GET", "/msi/token/?resource=" + arm + "&api-version=2017-09-01", "", map[string]string{"secret": "any"}, 200, "oid-center"},
		{"2017-09-01 by clientid", "GET", "/msi/token?resource=" + arm + "&clientid=app-mirror", "", map[string]string{"secret": "any"}, 200, "oid-mirror"},
		{"cloud shell", "POST", "/msi/token", "resource=" + arm + "/", map[string]string{"Metadata": "true"}, 200, "oid-center"},
		{"cloud shell by client id", "POST", "/msi/token/", "resource=" + arm + "&client_id=app-mirror", map[string]string{"Metadata": "true"}, 200, "oid-mirror"},
		{"cloud shell without the header", "POST", "/msi/token", "resource=" + arm, nil, 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := ask(t, mux, tt.method, tt.target, tt.body, tt.header)
			if status != tt.status {
				t.Fatalf("status %d, want %d: %v", status, tt.status, answer)
			}
			if status != http.StatusOK {
				if answer["error"] == nil || answer["error_description"] == nil {
					t.Errorf("refused with %v", answer)
				}
				return
			}
			c := claimsOf(t, answer["access_token"])
			if c["oid"] != tt.oid || c["tid"] != tenant || c["aud"] != answer["resource"] {
				t.Errorf("token for %v of %v at %v, want %s of %s at %v", c["oid"], c["tid"], c["aud"], tt.oid, tenant, answer["resource"])
			}
			if _, isString := answer["expires_on"].(string); !isString || answer["token_type"] != "Bearer" {
				t.Errorf("answer %v", answer)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	mux := newMux(t)
	form := "grant_type=client_credentials&client_id=app-robot&client_secret=s3cret&scope=" + arm + "/.default"
	for _, tt := range []struct {
		name, path, form string
		status           int
		issuer, aud, err string
	}{
		{"tenant", "/" + tenant + "/oauth2/v2.0/token", form, 200, "http://example.com/" + tenant + "/v2.0", arm, ""},
		{"double slash", "/" + tenant + "/oauth2/v2.0/token", strings.Replace(form, ".com/", ".com//", 1), 200, "http://example.com/" + tenant + "/v2.0", arm + "/", ""},
		{"adfs", "/adfs/oauth2/token", form, 200, "http://example.com/adfs", arm, ""},
		{"organizations", "/organizations/oauth2/v2.0/token", form, 200, "http://example.com/" + tenant + "/v2.0", arm, ""},
		{"another tenant's client", "/" + foreign + "/oauth2/v2.0/token", strings.Replace(form, "app-robot", "app-foreign", 1), 200, "http://example.com/" + foreign + "/v2.0", arm, ""},
		{"client of another tenant", "/" + foreign + "/oauth2/v2.0/token", form, 400, "", "", "unauthorized_client"},
		{"unknown client", "/adfs/oauth2/token", strings.Replace(form, "robot", "nobody", 1), 400, "", "", "unauthorized_client"},
		{"wrong secret", "/adfs/oauth2/token", strings.Replace(form, "s3cret", "guess", 1), 401, "", "", "invalid_client"},
		{"no .default", "/adfs/oauth2/token", strings.Replace(form, "/.default", "", 1), 400, "", "", "invalid_scope"},
		{"another grant", "/adfs/oauth2/token", strings.Replace(form, "client_credentials", "password", 1), 400, "", "", "unsupported_grant_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := ask(t, mux, "POST", tt.path, tt.form, nil)
			if got, _ := answer["error"].(string); status != tt.status || got != tt.err {
				t.Fatalf("answered %d %v, want %d %s", status, answer, tt.status, tt.err)
			}
			if status != http.StatusOK {
				return
			}
			c := claimsOf(t, answer["access_token"])
			if c["iss"] != tt.issuer || c["aud"] != tt.aud || c["idtyp"] != "app" || c["appid"] != c["azp"] {
				t.Errorf("claims %v, want iss %s, aud %s", c, tt.issuer, tt.aud)
			}
		})
	}
}

func TestDiscoveryNamesTheHostThatWasAsked(t *testing.T) {
	mux := newMux(t)
	for path, issuer := range map[string]string{
		"/" + tenant + "/v2.0/.well-known/openid-configuration": "https://login.test:8443/" + tenant + "/v2.0",
		"/common/v2.0/.well-known/openid-configuration":         "https://login.test:8443/" + tenant + "/v2.0",
		"/adfs/.well-known/openid-configuration":                "https://login.test:8443/adfs",
	} {
		status, doc := ask(t, mux, "GET", "https://login.test:8443"+path, "", nil)
		if status != http.StatusOK || doc["issuer"] != issuer {
			t.Errorf("GET %s: %d, issuer %v, want %s", path, status, doc["issuer"], issuer)
		}
		for _, key := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
			if got, _ := doc[key].(string); !strings.HasPrefix(got, "https://login.test:8443/") {
				t.Errorf("GET %s: %s is %q", path, key, got)
			}
		}
		if status, set := ask(t, mux, "GET", doc["jwks_uri"].(string), "", nil); status != http.StatusOK || len(set["keys"].([]any)) != 1 {
			t.Errorf("GET %s: %d %v", doc["jwks_uri"], status, set)
		}
		if status, _ := ask(t, mux, "POST", doc["token_endpoint"].(string), "x=y", nil); status != http.StatusBadRequest {
			t.Errorf("POST %s without a grant: %d", doc["token_endpoint"], status)
		}
	}
	status, doc := ask(t, mux, "GET", "https://login.test:8443/common/discovery/instance", "", nil)
	if got, _ := doc["tenant_discovery_endpoint"].(string); status != http.StatusOK || !strings.HasPrefix(got, "https://login.test:8443/"+tenant) {
		t.Errorf("instance discovery: %d %v", status, doc)
	}
}

// bearer is a request to ARM with an Authorization header.
func bearer(authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/subscriptions", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func TestAuthenticate(t *testing.T) {
	a := newAuthority(t)
	robot := identity.Principal{ObjectID: "oid-robot", ClientID: "app-robot", TenantID: tenant, Name: "robot", Type: identity.ServicePrincipal}
	alice := identity.Principal{ObjectID: "oid-alice", TenantID: tenant, Name: "alice", Type: identity.User}
	issue := func(p identity.Principal, aud string) string { token, _ := a.Issue(p, aud); return token }
	other, _ := newAuthority(t).Issue(robot, arm)
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"oid": "x", "aud": arm, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, header string
		want         identity.Principal
		code         string
	}{
		{"application", "Bearer " + issue(robot, arm), robot, ""},
		{"audience with slashes", "bearer " + issue(robot, arm+"//"), robot, ""},
		{"audience is the emulator", "Bearer " + issue(robot, "http://127.0.0.1:8080/"), robot, ""},
		{"user", "Bearer " + issue(alice, arm), alice, ""},
		{"static", "Bearer alice-token", alice, ""},
		{"none", "", identity.Principal{}, "AuthenticationFailed"},
		{"another scheme", "Basic eA==", identity.Principal{}, "AuthenticationFailed"},
		{"no token", "Bearer", identity.Principal{}, "InvalidAuthenticationToken"},
		{"rubbish", "Bearer rubbish", identity.Principal{}, "InvalidAuthenticationToken"},
		{"another key", "Bearer " + other, identity.Principal{}, "InvalidAuthenticationToken"},
		{"unsigned", "Bearer " + unsigned, identity.Principal{}, "InvalidAuthenticationToken"},
		{"another audience", "Bearer " + issue(robot, "https://azure-apicenter.net"), identity.Principal{}, "InvalidAuthenticationTokenAudience"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, how := range []string{"first", "again"} {
				got, err := a.Authenticate(bearer(tt.header))
				if got != tt.want {
					t.Errorf("%s: %+v, want %+v", how, got, tt.want)
				}
				checkRefusal(t, err, tt.code)
			}
		})
	}
}

func checkRefusal(t *testing.T, err error, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || e.Status != http.StatusUnauthorized || e.Code != code {
		t.Fatalf("error %v, want 401 %s", err, code)
	}
	if got := e.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer authorization_uri="http://127.0.0.1:8080/`) {
		t.Errorf("challenge %q", got)
	}
}

func TestTokenOfAnotherTenant(t *testing.T) {
	a := newAuthority(t)
	token, _ := a.Issue(identity.Principal{ObjectID: "o", TenantID: foreign}, arm)
	r := bearer("Bearer " + token)
	p, err := a.Authenticate(r)
	if err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, a.CheckTenant(r, p, strings.ToUpper(foreign)), "")
	err = a.CheckTenant(r, p, tenant)
	checkRefusal(t, err, "InvalidAuthenticationTokenTenant")
	if e, _ := errors.AsType[*wire.Error](err); !strings.Contains(e.Header.Get("WWW-Authenticate"), "/"+tenant+`"`) {
		t.Errorf("challenge %q does not name the tenant %s", e.Header.Get("WWW-Authenticate"), tenant)
	}
}

func TestTokenExpires(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		a, err := identity.New(identity.Options{TenantID: tenant, TokenLife: time.Minute, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		known, expires := a.Issue(identity.Principal{ObjectID: "o"}, arm)
		fresh, _ := a.Issue(identity.Principal{ObjectID: "p"}, arm)
		time.Sleep(time.Until(expires) - time.Millisecond)
		if _, err := a.Authenticate(bearer("Bearer " + known)); err != nil {
			t.Errorf("before the end: %v", err)
		}
		time.Sleep(time.Millisecond)
		for name, token := range map[string]string{"known": known, "never seen": fresh} {
			_, err := a.Authenticate(bearer("Bearer " + token))
			e, ok := errors.AsType[*wire.Error](err)
			if !ok || e.Code != "ExpiredAuthenticationToken" || !strings.Contains(e.Message, expires.UTC().Format("3:04:05 PM")) {
				t.Errorf("%s token at its end: %v", name, err)
			}
		}
	})
}

func TestTenantIsNeeded(t *testing.T) {
	if _, err := identity.New(identity.Options{}); err == nil {
		t.Error("an authority without a tenant was made")
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	a := newAuthority(b)
	token, _ := a.Issue(identity.Principal{ObjectID: "o"}, arm)
	r := bearer("Bearer " + token).WithContext(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(r); err != nil {
			b.Fatal(err)
		}
	}
}
