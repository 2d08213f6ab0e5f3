package identity_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const (
	verifier = "a-verifier-of-more-than-forty-three-characters-it-is"
	back     = "http://localhost:1234/"
	wanted   = "openid offline_access " + arm + "/user_impersonation"
)

// form is a form with the application and some more fields, in pairs.
func form(pairs ...string) url.Values {
	f := url.Values{"client_id": {"app"}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// authorize asks for a code, and gives where the browser is sent, or nil.
func authorize(t *testing.T, mux http.Handler, pairs ...string) *url.URL {
	t.Helper()
	challenge := sha256.Sum256([]byte(verifier))
	f := form("response_type", "code", "redirect_uri", back, "state", "s t", "scope", wanted,
		"code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method", "S256")
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+tenant+"/oauth2/v2.0/authorize?"+f.Encode(), nil))
	if w.Code != http.StatusFound {
		return nil
	}
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAuthorizationSendsOnlyOursBack(t *testing.T) {
	mux := newMux(t)
	for _, tt := range []struct {
		name  string
		pairs []string
		to    string // "" refuses without sending anybody anywhere
		err   string
	}{
		{"as it should be", nil, back, ""},
		{"by number, with a query", []string{"redirect_uri", "http://127.0.0.1:9/x?a=b"}, "http://127.0.0.1:9/x", ""},
		{"elsewhere", []string{"redirect_uri", "https://evil.example/"}, "", ""},
		{"elsewhere by http", []string{"redirect_uri", "http://evil.example/"}, "", ""},
		{"nowhere", []string{"redirect_uri", ""}, "", ""},
		{"nobody", []string{"client_id", ""}, "", ""},
		{"no challenge", []string{"code_challenge", ""}, back, "invalid_request"},
		{"plain challenge", []string{"code_challenge_method", "plain"}, back, "invalid_request"},
		{"implicit", []string{"response_type", "token"}, back, "unsupported_response_type"},
	} {
		u := authorize(t, mux, tt.pairs...)
		if u == nil {
			if tt.to != "" {
				t.Errorf("%s: refused", tt.name)
			}
			continue
		}
		q := u.Query()
		if to := u.Scheme + "://" + u.Host + u.Path; to != tt.to || q.Get("state") != "s t" || q.Get("error") != tt.err || (q.Get("code") == "") != (tt.err != "") {
			t.Errorf("%s: sent to %s, want %s with error %q", tt.name, u, tt.to, tt.err)
		}
	}
}

func TestCodesAreGoodOnceForWhoAskedForThem(t *testing.T) {
	mux := newMux(t)
	good := []string{"grant_type", "authorization_code", "redirect_uri", back, "code_verifier", verifier}
	for _, tt := range []struct {
		name  string
		pairs []string
		says  string // "" is given a token
	}{
		{"as it should be", nil, ""},
		{"wrong verifier", []string{"code_verifier", "x"}, "AADSTS501481"},
		{"no verifier", []string{"code_verifier", ""}, "AADSTS501481"},
		{"another application", []string{"client_id", "other"}, "AADSTS54005"},
		{"another page", []string{"redirect_uri", "http://localhost:1/"}, "AADSTS54005"},
		{"another code", []string{"code", "guess"}, "AADSTS54005"},
	} {
		code := authorize(t, mux).Query().Get("code")
		f := form(append(append([]string{"code", code}, good...), tt.pairs...)...)
		for _, again := range []bool{false, true} {
			status, answer := ask(t, mux, "POST", "/"+tenant+"/oauth2/v2.0/token", f.Encode(), nil)
			if !again && tt.says == "" {
				c := claimsOf(t, answer["access_token"])
				if status != 200 || c["oid"] != "oid-alice" || c["aud"] != arm || c["idtyp"] != "user" || c["azp"] != "app" || answer["refresh_token"] == nil {
					t.Errorf("%s: %d %v", tt.name, status, answer)
				}
				continue
			}
			says, _ := answer["error_description"].(string)
			if status != 400 || answer["error"] != "invalid_grant" || !again && !strings.HasPrefix(says, tt.says) {
				t.Errorf("%s, again %t: %d %v, want %s", tt.name, again, status, answer, tt.says)
			}
		}
	}
}

func TestTokensAreForWhatWasAskedFor(t *testing.T) {
	mux := newMux(t)
	for scope, aud := range map[string]string{
		"openid " + arm + "//.default": arm + "/",
		"openid app/.default":          "app",
		"openid profile":               "app",
		"api://center/Read x/y":        "api://center",
	} {
		f := form("grant_type", "authorization_code", "redirect_uri", back, "code_verifier", verifier, "code", authorize(t, mux, "scope", scope).Query().Get("code"))
		_, answer := ask(t, mux, "POST", "/"+tenant+"/oauth2/v2.0/token", f.Encode(), nil)
		if got := claimsOf(t, answer["access_token"])["aud"]; got != aud {
			t.Errorf("scope %q gives a token for %v, want %s", scope, got, aud)
		}
		if (answer["refresh_token"] != nil) != strings.Contains(scope, "offline_access") {
			t.Errorf("scope %q gives the refresh token %v", scope, answer["refresh_token"])
		}
	}
}

func TestDeviceCodes(t *testing.T) {
	mux := newMux(t)
	for _, root := range []string{"/" + tenant + "/oauth2/v2.0", "/adfs/oauth2"} {
		status, started := ask(t, mux, "POST", root+"/devicecode", form("scope", wanted).Encode(), nil)
		if status != 200 || started["user_code"] == "" || !strings.Contains(started["message"].(string), started["user_code"].(string)) {
			t.Fatalf("%d %v", status, started)
		}
		poll := form("grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", started["device_code"].(string))
		for _, want := range []string{"authorization_pending", "", "bad_verification_code"} {
			status, answer := ask(t, mux, "POST", root+"/token", poll.Encode(), nil)
			if got, _ := answer["error"].(string); got != want || (status == 200) != (want == "") {
				t.Errorf("%s: %d %v, want %q", root, status, answer, want)
			}
		}
	}
	if status, answer := ask(t, mux, "POST", "/"+foreign+"/oauth2/v2.0/devicecode", form("scope", wanted).Encode(), nil); status != 400 {
		t.Errorf("in a tenant without a user: %d %v", status, answer)
	}
}

func TestSignInsAreProlonged(t *testing.T) {
	mux := newMux(t)
	f := form("grant_type", "authorization_code", "redirect_uri", back, "code_verifier", verifier, "code", authorize(t, mux).Query().Get("code"))
	_, answer := ask(t, mux, "POST", "/"+tenant+"/oauth2/v2.0/token", f.Encode(), nil)
	refresh := answer["refresh_token"].(string)
	for _, tt := range []struct {
		pairs  []string
		status int
	}{
		{nil, 200},
		{nil, 200}, // the old one stays good
		{[]string{"client_id", "other"}, 400},
		{[]string{"refresh_token", "guess"}, 400},
		{[]string{"grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", refresh}, 400},
	} {
		f := form(append([]string{"grant_type", "refresh_token", "refresh_token", refresh}, tt.pairs...)...)
		status, answer := ask(t, mux, "POST", "/"+tenant+"/oauth2/v2.0/token", f.Encode(), nil)
		if status != tt.status || status == 200 && claimsOf(t, answer["access_token"])["oid"] != "oid-alice" {
			t.Errorf("%v: %d %v, want %d", tt.pairs, status, answer, tt.status)
		}
	}
	// For another resource.
	_, answer = ask(t, mux, "POST", "/"+tenant+"/oauth2/v2.0/token", form("grant_type", "refresh_token", "refresh_token", refresh, "scope", "api://other/.default").Encode(), nil)
	if c := claimsOf(t, answer["access_token"]); c["aud"] != "api://other" || c["oid"] != "oid-alice" {
		t.Errorf("for another resource: %v", c)
	}
}
