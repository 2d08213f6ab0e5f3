package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"apicenter/internal/auth"
)

const issuerURL = "https://login.example.com/realm"

// Keys are made once: they cost time.
var (
	oneKey, otherKey, foreignKey = newRSA(2048), newRSA(2048), newRSA(2048)
	smallKey                     = newRSA(1024)
	curveKey                     = newEC(elliptic.P256())
)

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func newEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// provider is an issuer without sockets, so that it works in a bubble.
type provider struct {
	mu     sync.Mutex // guards all below
	issuer string
	keys   []map[string]string // as published
	down   bool
	asked  int                                               // how often for keys
	serve  func(w http.ResponseWriter, r *http.Request) bool // answers in place of the usual, if it says so
}

func newProvider() *provider {
	return &provider{issuer: issuerURL, keys: []map[string]string{published("one", &oneKey.PublicKey), published("curve", &curveKey.PublicKey)}}
}

// published is a key as issuers publish one.
func published(id string, k crypto.PublicKey) map[string]string {
	text := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	switch k := k.(type) {
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "kid": id, "n": text(k.N.Bytes()), "e": text(big.NewInt(int64(k.E)).Bytes())}
	case *ecdsa.PublicKey:
		b, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		half := (len(b) - 1) / 2
		return map[string]string{"kty": "EC", "kid": id, "crv": k.Curve.Params().Name, "x": text(b[1 : 1+half]), "y": text(b[1+half:])}
	default:
		panic("a key of another kind")
	}
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/keys") || p.down {
		p.asked++
	}
	if p.down {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	if p.serve == nil || !p.serve(w, r) {
		p.answer(w, r)
	}
	return w.Result(), nil
}

func (p *provider) answer(w http.ResponseWriter, r *http.Request) {
	var body any
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		body = map[string]string{"issuer": p.issuer, "jwks_uri": "https://login.example.com/keys"}
	case strings.HasSuffix(r.URL.Path, "/keys"):
		body = map[string]any{"keys": p.keys}
	default:
		http.NotFound(w, r)
		return
	}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}

func (p *provider) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *provider) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// trust gives an OIDC that trusts the provider under the names.
func (p *provider) trust(t testing.TB, issuers ...auth.Issuer) *auth.OIDC {
	t.Helper()
	if len(issuers) == 0 {
		issuers = []auth.Issuer{{URL: issuerURL}}
	}
	for i := range issuers {
		issuers[i].Client = &http.Client{Transport: p}
	}
	o, err := auth.NewOIDC(slog.New(slog.DiscardHandler), issuers...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// claims are those of a good token for the control plane, but for what is said.
func claims(changes ...any) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": issuerURL, "aud": "https://management.azure.com", "sub": "S1", "name": "Ada",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for i := 0; i < len(changes); i += 2 {
		if c[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
			delete(c, changes[i].(string))
		}
	}
	return c
}

// sign makes a token.
func sign(t testing.TB, method jwt.SigningMethod, k any, header map[string]any, c jwt.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	for name, v := range header {
		token.Header[name] = v
	}
	s, err := token.SignedString(k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good is a token of the key "one".
func good(t testing.TB, changes ...any) string {
	t.Helper()
	return sign(t, jwt.SigningMethodRS256, oneKey, map[string]any{"kid": "one"}, claims(changes...))
}
