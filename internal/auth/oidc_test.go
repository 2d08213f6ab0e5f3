package auth_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

func TestGoodTokens(t *testing.T) {
	p := newProvider()
	tokens := p.trust(t).Control()
	for name, token := range map[string]string{
		"RS256":                  good(t),
		"PS512":                  sign(t, jwt.SigningMethodPS512, oneKey, map[string]any{"kid": "one"}, claims()),
		"ES256":                  sign(t, jwt.SigningMethodES256, curveKey, map[string]any{"kid": "curve"}, claims()),
		"several audiences":      good(t, "aud", []string{"x", "https://management.azure.com"}),
		"a clock behind":         good(t, "exp", time.Now().Add(-4*time.Minute).Unix()),
		"a clock ahead":          good(t, "nbf", time.Now().Add(4*time.Minute).Unix()),
		"an audience with slash": good(t, "aud", "https://management.azure.com/"),
		"and with two":           good(t, "aud", "https://management.azure.com//"),
		"the old audience":       good(t, "aud", "https://management.core.windows.net/"),
	} {
		for range 2 { // checked, and then known
			if who, err := tokens.Authenticate(t.Context(), token); err != nil || who.ID != "s1" {
				t.Errorf("%s: %+v, %v", name, who, err)
			}
		}
	}
	if n := p.times(); n != 1 {
		t.Errorf("keys were asked for %d times, want once", n)
	}
}

// Each of these would let somebody in who should stay out.
func TestAttacks(t *testing.T) {
	p := newProvider()
	p.keys = append(p.keys, published("small", &smallKey.PublicKey), published("", &otherKey.PublicKey),
		map[string]string{"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
		map[string]string{"kty": "EC", "kid": "off", "crv": "P-256", "x": "AQ", "y": "AQ"},
		map[string]string{"kty": "RSA", "kid": "pinned", "alg": "RS512", "n": published("", &oneKey.PublicKey)["n"], "e": "AQAB"},
		map[string]string{"kty": "RSA", "kid": "enc", "use": "enc", "n": published("", &oneKey.PublicKey)["n"], "e": "AQAB"})
	tokens := p.trust(t).Control()
	if _, err := tokens.Authenticate(t.Context(), good(t)); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&oneKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	modulus := oneKey.N.Bytes()
	one := map[string]any{"kid": "one"}
	whole := good(t)
	parts := strings.Split(whole, ".")
	body := func(c jwt.MapClaims) string {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	embedded := published("mine", &foreignKey.PublicKey)

	for name, token := range map[string]string{
		"nothing":                           "",
		"no token":                          "a.b.c",
		"two parts":                         parts[0] + "." + parts[1],
		"four parts":                        whole + ".x",
		"no signature":                      parts[0] + "." + parts[1] + ".",
		"alg none":                          sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, one, claims()),
		"alg None":                          header(`{"alg":"None","kid":"one"}`) + "." + parts[1] + ".",
		"alg none with its signature":       header(`{"alg":"none","kid":"one"}`) + "." + parts[1] + "." + parts[2],
		"no alg":                            header(`{"kid":"one"}`) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key":         sign(t, jwt.SigningMethodHS256, public, one, claims()),
		"HS256 with the modulus":            sign(t, jwt.SigningMethodHS256, modulus, one, claims()),
		"HS512 with a published secret":     sign(t, jwt.SigningMethodHS512, []byte("secret"), map[string]any{"kid": "oct"}, claims()),
		"other claims, same signature":      parts[0] + "." + body(claims("sub", "root")) + "." + parts[2],
		"other header, same signature":      header(`{"alg":"RS512","kid":"one"}`) + "." + parts[1] + "." + parts[2],
		"signature of another token":        parts[0] + "." + parts[1] + "." + strings.Split(good(t, "sub", "x"), ".")[2],
		"a key of the sender":               sign(t, jwt.SigningMethodRS256, foreignKey, one, claims()),
		"an embedded key":                   sign(t, jwt.SigningMethodRS256, foreignKey, map[string]any{"kid": "mine", "jwk": embedded}, claims()),
		"an embedded key of a known id":     sign(t, jwt.SigningMethodRS256, foreignKey, map[string]any{"kid": "one", "jwk": embedded}, claims()),
		"an address of keys":                sign(t, jwt.SigningMethodRS256, foreignKey, map[string]any{"kid": "one", "jku": "https://evil.example.com/keys"}, claims()),
		"a certificate":                     sign(t, jwt.SigningMethodRS256, foreignKey, map[string]any{"kid": "one", "x5c": []string{"x"}, "x5u": "https://evil.example.com"}, claims()),
		"an extension":                      sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "one", "crit": []string{"b64"}, "b64": false}, claims()),
		"no kid":                            sign(t, jwt.SigningMethodRS256, otherKey, nil, claims()),
		"a kid that is no text":             sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": []string{"one"}}, claims()),
		"a kid that is a path":              sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "../../keys/one"}, claims()),
		"a kid that is a file":              sign(t, jwt.SigningMethodHS256, []byte{}, map[string]any{"kid": "/dev/null"}, claims()),
		"a kid that is SQL":                 sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "x' union select 'one"}, claims()),
		"a key of another kind":             sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "curve"}, claims()),
		"a key for another algorithm":       sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "pinned"}, claims()),
		"a key for encryption":              sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "enc"}, claims()),
		"a key that can be broken":          sign(t, jwt.SigningMethodRS256, smallKey, map[string]any{"kid": "small"}, claims()),
		"no issuer":                         good(t, "iss", nil),
		"a foreign issuer":                  good(t, "iss", "https://evil.example.com"),
		"an issuer that is longer":          good(t, "iss", issuerURL+"/"),
		"an issuer in capitals":             good(t, "iss", strings.ToUpper(issuerURL)),
		"a list of issuers":                 good(t, "iss", []string{issuerURL}),
		"no audience":                       good(t, "aud", nil),
		"another audience":                  good(t, "aud", "https://graph.microsoft.com"),
		"the audience of the data plane":    good(t, "aud", "https://azure-apicenter.net"),
		"an audience that begins alike":     good(t, "aud", "https://management.azure.com.evil.example.com"),
		"expired":                           good(t, "exp", time.Now().Add(-6*time.Minute).Unix()),
		"without expiry":                    good(t, "exp", nil),
		"with an expiry that is no time":    good(t, "exp", "never"),
		"not yet valid":                     good(t, "nbf", time.Now().Add(6*time.Minute).Unix()),
		"nobody's":                          good(t, "sub", nil),
		"of somebody who passes for a link": good(t, "sub", "link/gateway"),
		"of somebody who passes for us":     good(t, "sub", "administrator"),
		"of somebody with a huge name":      good(t, "sub", strings.Repeat("x", 300)),
		"of somebody who breaks lines":      good(t, "sub", "x\ny"),
		"huge":                              good(t, "groups", strings.Repeat("x", 40<<10)),
		"deeply nested":                     header(`{"alg":"RS256","kid":"one","x":`+strings.Repeat("[", 8000)) + "." + parts[1] + "." + parts[2],
		"encrypted":                         "a.b.c.d.e",
		"in capitals":                       strings.ToUpper(whole),
		"with spaces":                       whole + " ",
	} {
		if who, err := tokens.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnknown) || !cmp.Equal(who, auth.Principal{}) {
			t.Errorf("%s: %+v, %v, want ErrUnknown and nobody", name, who, err)
		}
	}
	if n := p.times(); n != 1 {
		t.Errorf("keys were asked for %d times, want once", n)
	}
}

// FuzzToken: no text that a known key has not signed is anybody's.
func FuzzToken(f *testing.F) {
	p := newProvider()
	tokens := p.trust(f).Data()
	one := map[string]any{"kid": "one"}
	f.Add("")
	f.Add("a.b.c")
	f.Add(sign(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, one, claims()))
	f.Add(sign(f, jwt.SigningMethodRS256, foreignKey, one, claims("aud", "https://azure-apicenter.net")))
	f.Add(sign(f, jwt.SigningMethodHS256, oneKey.N.Bytes(), one, claims("groups", []string{"a"})))
	f.Add(sign(f, jwt.SigningMethodES256, curveKey, map[string]any{"kid": "one"}, claims("exp", 1e300)))
	f.Fuzz(func(t *testing.T, token string) {
		if who, err := tokens.Authenticate(context.Background(), token); !errors.Is(err, auth.ErrUnknown) || who.ID != "" {
			t.Errorf("%q is of %+v, %v", token, who, err)
		}
	})
}

func TestPlanes(t *testing.T) {
	p := newProvider()
	o := p.trust(t, auth.Issuer{URL: issuerURL, Audiences: []string{"api://center/"}, ClientID: "the-cli"})
	for _, tt := range []struct {
		name          string
		claims        []any
		control, data bool
	}{
		{"control", []any{"aud", "https://management.azure.com/"}, true, false},
		{"data, an application", []any{"aud", "https://azure-apicenter.net/"}, false, true},
		{"data by its id", []any{"aud", "c3ca1a77-7a87-4dba-b8f8-eea115ae4573"}, false, true},
		{"data, with a scope", []any{"aud", "https://azure-apicenter.net", "scp", "openid Data.Read.All"}, false, true},
		{"data, with the other", []any{"aud", "https://azure-apicenter.net", "scp", "user_impersonation"}, false, true},
		{"data, with another", []any{"aud", "https://azure-apicenter.net", "scp", "openid Data.Read"}, false, false},
		{"data, with a list", []any{"aud", "https://azure-apicenter.net", "scp", []string{"x", "Data.Read.All"}}, false, true},
		{"a set audience", []any{"aud", "api://center", "scp", "x"}, true, true},
		{"the client", []any{"aud", "the-cli"}, true, true},
		{"both", []any{"aud", []string{"https://azure-apicenter.net", "https://management.azure.com"}, "scp", "x"}, true, false},
		{"none", []any{"aud", ""}, false, false},
	} {
		token := good(t, tt.claims...)
		_, err := o.Control().Authenticate(t.Context(), token)
		if (err == nil) != tt.control {
			t.Errorf("%s: control plane says %v", tt.name, err)
		}
		_, err = o.Data().Authenticate(t.Context(), token)
		if (err == nil) != tt.data {
			t.Errorf("%s: data plane says %v", tt.name, err)
		}
		_, err = o.Either().Authenticate(t.Context(), token)
		if (err == nil) != (tt.control || tt.data) {
			t.Errorf("%s: either plane says %v", tt.name, err)
		}
	}
}

func TestPrincipals(t *testing.T) {
	tokens := newProvider().trust(t).Control()
	for _, tt := range []struct {
		name   string
		claims []any
		want   auth.Principal
	}{
		{
			"a person of Entra",
			[]any{"oid", "AB-1", "tid", "T-1", "upn", "ada@example.com", "name", "Ada", "groups", []string{"G-1", "g-2"}},
			auth.Principal{ID: "ab-1", Name: "ada@example.com", Kind: auth.User, Tenant: "t-1", Groups: []string{"g-1", "g-2"}},
		},
		{"an application of version 1", []any{"oid", "S1", "sub", "S1", "name", nil, "appid", "app-1"}, auth.Principal{ID: "s1", Name: "app-1", Kind: auth.Application}},
		{"an application of version 2", []any{"oid", "o", "idtyp", "app", "name", nil, "azp", "app-2"}, auth.Principal{ID: "o", Name: "app-2", Kind: auth.Application}},
		{"a person whose oid is the subject", []any{"oid", "S1", "idtyp", "user", "unique_name", "ada"}, auth.Principal{ID: "s1", Name: "ada", Kind: auth.User}},
		{"a person of elsewhere", []any{"preferred_username", "ada", "groups", "staff"}, auth.Principal{ID: "s1", Name: "ada", Kind: auth.User, Groups: []string{"staff"}}},
		{"a job", []any{"sub", "repo:org/app:ref", "name", nil}, auth.Principal{ID: "repo:org/app:ref", Name: "repo:org/app:ref", Kind: auth.User}},
		{"a name that cannot be shown", []any{"preferred_username", "a\x00b", "name", "link/x"}, auth.Principal{ID: "s1", Name: "s1", Kind: auth.User}},
		{"a name that is the product's own", []any{"preferred_username", "Administrator", "upn", "retention", "name", "Link/x"}, auth.Principal{ID: "s1", Name: "s1", Kind: auth.User}},
	} {
		if got, err := tokens.Authenticate(t.Context(), good(t, tt.claims...)); err != nil || !cmp.Equal(got, tt.want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	o := newProvider().trust(t)
	for want, err := range map[string]error{
		`for "https://management.azure.com" or "https://azure-apicenter.net"`: second(o.Either().Authenticate(t.Context(), good(t, "aud", "x"))),

		"has expired":         second(o.Control().Authenticate(t.Context(), good(t, "exp", time.Now().Add(-time.Hour).Unix()))),
		"not valid yet":       second(o.Control().Authenticate(t.Context(), good(t, "nbf", time.Now().Add(time.Hour).Unix()))),
		"made out for":        second(o.Control().Authenticate(t.Context(), good(t, "aud", "x"))),
		"issuer is not one":   second(o.Control().Authenticate(t.Context(), good(t, "iss", "x"))),
		"must have Data.Read": second(o.Data().Authenticate(t.Context(), good(t, "aud", "https://azure-apicenter.net", "scp", "x"))),
	} {
		if !errors.Is(err, auth.ErrUnknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

func second(_ auth.Principal, err error) error { return err }

func TestUnknownKeysAreAskedForOnceAMinute(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprintf("down %v", down), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider()
				tokens := p.trust(t).Control()
				known, fresh := good(t), good(t, "sub", "fresh")
				if _, err := tokens.Authenticate(t.Context(), known); err != nil {
					t.Fatal(err)
				}
				p.change(func() { p.down = down })
				before := p.times()
				began := time.Now()
				var flood sync.WaitGroup
				for i := range 8 {
					flood.Go(func() {
						for n := range 600 { // one a second from each, for ten minutes
							token := sign(t, jwt.SigningMethodES256, curveKey, map[string]any{"kid": fmt.Sprintf("%d-%d", i, n)}, claims())
							if who, err := tokens.Authenticate(t.Context(), token); err == nil {
								t.Errorf("a flood of unknown keys got in as %+v", who)
							}
							time.Sleep(time.Second)
						}
					})
				}
				time.Sleep(5 * time.Minute)
				for _, token := range []string{known, fresh} { // the old key goes on to work
					if _, err := tokens.Authenticate(t.Context(), token); err != nil {
						t.Errorf("in the flood: %v", err)
					}
				}
				flood.Wait()
				if n, minutes := p.times()-before, int(time.Since(began).Minutes()); n > minutes || n < minutes-1 {
					t.Errorf("keys were asked for %d times in %d minutes", n, minutes)
				}
			})
		})
	}
}

func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		tokens := p.trust(t).Control()
		signed := func(kid string) string {
			k := oneKey
			if kid == "other" {
				k = otherKey
			}
			return sign(t, jwt.SigningMethodRS256, k, map[string]any{"kid": kid}, claims("jti", time.Now().String()))
		}
		check := func(when, kid string, want error) {
			t.Helper()
			if _, err := tokens.Authenticate(t.Context(), signed(kid)); !errors.Is(err, want) {
				t.Errorf("%s, a token of the key %s: %v, want %v", when, kid, err, want)
			}
		}
		check("at first", "one", nil)
		check("before it is published", "other", auth.ErrUnknown)
		p.change(func() { p.keys = append(p.keys, published("other", &otherKey.PublicKey)) })
		check("within the minute", "other", auth.ErrUnknown)
		time.Sleep(time.Minute)
		check("after it", "other", nil)
		check("beside the new one", "one", nil)
		p.change(func() { p.down = true })
		time.Sleep(2 * time.Hour)
		check("while the issuer is down", "one", nil)
		check("while the issuer is down", "third", inventory.Unavailable)
		p.change(func() { p.down, p.keys = false, p.keys[len(p.keys)-1:] })
		time.Sleep(time.Hour)
		check("once it is withdrawn and an hour went by", "one", auth.ErrUnknown)
		check("after all", "other", nil)
	})
}

// A token outlives the key that it was signed with by no more than the key's own time.
func TestCheckedTokensEndWithTheirKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		tokens := p.trust(t).Control()
		token := good(t, "exp", time.Now().Add(365*24*time.Hour).Unix())
		if _, err := tokens.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		p.change(func() { p.keys = p.keys[1:] }) // it got into wrong hands
		time.Sleep(time.Hour)
		if _, err := tokens.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnknown) {
			t.Errorf("an hour after its key was withdrawn: %v, want %v", err, auth.ErrUnknown)
		}
	})
}

func TestKnownKeysDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		tokens := p.trust(t).Control()
		if _, err := tokens.Authenticate(t.Context(), good(t)); err != nil {
			t.Fatal(err)
		}
		p.change(func() {
			p.serve = func(_ http.ResponseWriter, r *http.Request) bool {
				<-r.Context().Done() // it hangs
				return false
			}
		})
		time.Sleep(2 * time.Minute)
		began := time.Now()
		go func() {
			_, _ = tokens.Authenticate(t.Context(), sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "new"}, claims()))
		}()
		synctest.Wait()
		if _, err := tokens.Authenticate(t.Context(), good(t, "sub", "x")); err != nil || time.Since(began) != 0 {
			t.Errorf("a token of a known key: %v after %v", err, time.Since(began))
		}
		time.Sleep(time.Minute)
	})
}

func TestIssuerThatMisbehaves(t *testing.T) {
	const config = "/.well-known/openid-configuration"
	for name, serve := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"fails":      func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true },
		"is no JSON": func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("<html>")); return true },
		"is endless": func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte(`{"issuer":"` + strings.Repeat("x", 2<<20) + `"}`))
			return true
		},
		"sends elsewhere": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://login.example.com/keys", http.StatusFound)
			return true
		},
		"is somebody else": func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte(`{"issuer":"https://evil.example.com","jwks_uri":"https://login.example.com/keys"}`))
			return true
		},
		"has keys on plain http": func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte(`{"issuer":"` + issuerURL + `","jwks_uri":"http://login.example.com/keys"}`))
			return strings.HasSuffix(r.URL.Path, config)
		},
		"has keys in a file": func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte(`{"issuer":"` + issuerURL + `","jwks_uri":"file:///keys"}`))
			return strings.HasSuffix(r.URL.Path, config)
		},
		"has no keys": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, config) {
				return false
			}
			_, _ = w.Write([]byte(`{"keys":[{"kty":"RSA","kid":"one","n":"!","e":"AQAB"},{},{"kty":"EC","crv":"P-256"}]}`))
			return true
		},
	} {
		p := newProvider()
		p.serve = serve
		if who, err := p.trust(t).Control().Authenticate(t.Context(), good(t)); !errors.Is(err, inventory.Unavailable) {
			t.Errorf("an issuer that %s: %+v, %v, want unavailable", name, who, err)
		}
	}
}

func TestEntraInBothForms(t *testing.T) {
	const tenant = "11111111-2222-3333-4444-55555555aaaa"
	const v1, v2 = "https://sts.windows.net/" + tenant + "/", "https://login.microsoftonline.com/" + tenant + "/v2.0"
	for _, configured := range []string{v1, v2, "https://login.microsoftonline.com/" + strings.ToUpper(tenant)} {
		p := newProvider()
		p.issuer = v2
		o := p.trust(t, auth.Issuer{URL: configured, ClientID: "cli"})
		for _, name := range []string{v1, v2} {
			if _, err := o.Control().Authenticate(t.Context(), good(t, "iss", name)); err != nil {
				t.Errorf("configured as %s, a token of %s: %v", configured, name, err)
			}
		}
		if _, err := o.Control().Authenticate(t.Context(), good(t, "iss", strings.Replace(v2, "aaaa", "bbbb", 1))); !errors.Is(err, auth.ErrUnknown) {
			t.Errorf("a token of another tenant: %v", err)
		}
		if got := o.Authority(); got != "https://login.microsoftonline.com/"+tenant {
			t.Errorf("authority %s", got)
		}
		if got := o.SignIns(); len(got) != 1 || got[0].Issuer != v2 || got[0].Scopes[3] != "cli/.default" { // what clients find a document at
			t.Errorf("sign-in %+v", got)
		}
	}
}

func TestBadIssuers(t *testing.T) {
	for _, issuer := range []string{
		"", "login.example.com", "http://login.example.com", "ftp://login.example.com", "https://user:secret@login.example.com",
		"https://login.example.com?x", "https://login.microsoftonline.com/common/v2.0", "https://sts.windows.net/", "://",
	} {
		if _, err := auth.NewOIDC(nil, auth.Issuer{URL: issuer}); err == nil {
			t.Errorf("issuer %q is trusted", issuer)
		}
	}
	for _, issuer := range []string{"http://127.0.0.1:8090/adfs", "http://localhost/realm", "http://[::1]:1/x", "https://login.example.com"} {
		if _, err := auth.NewOIDC(nil, auth.Issuer{URL: issuer}); err != nil {
			t.Error(err)
		}
	}
	twice := auth.Issuer{URL: issuerURL}
	if _, err := auth.NewOIDC(nil, twice, twice); err == nil {
		t.Error("an issuer may be named twice")
	}
}

func TestNoIssuer(t *testing.T) {
	o, err := auth.NewOIDC(nil)
	if err != nil || o.Authority() != "" || o.SignIns() != nil {
		t.Errorf("without issuers: %q, %v, %v", o.Authority(), o.SignIns(), err)
	}
	if _, err := o.Control().Authenticate(t.Context(), good(t)); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("a token: %v", err)
	}
}

// A token is forgotten when it ends, and when there are too many.
func TestKnownTokensEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := newProvider().trust(t).Control()
		token := good(t)
		if _, err := tokens.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + 5*time.Minute + time.Second)
		if _, err := tokens.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnknown) {
			t.Errorf("a token that was known and has expired: %v", err)
		}
	})
}

func BenchmarkKnownToken(b *testing.B) {
	tokens := newProvider().trust(b).Control()
	token := good(b, "groups", strings.Fields(strings.Repeat("11111111-2222-3333-4444-55555555aaaa ", 10)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
