// Package identity is the emulated Entra: it knows the principals, gives them tokens over the protocols of
// managed identities and of OAuth, and tells who sent a request. What a principal may do is decided in rbac.
//
// Tokens are real: RS256 JWTs that any OpenID Connect verifier accepts, with the key published at the JWKS
// address. Addresses in documents and issuers are made from the request, so one Authority serves plain http
// (managed identity) and https (service principals, az) at the same time.
package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The types of a [Principal], as role assignments spell them.
const (
	User             = "User"
	ServicePrincipal = "ServicePrincipal"
)

// Principal is somebody who can hold a token. ClientID is the application, empty for a user.
type Principal struct {
	ObjectID string
	ClientID string
	TenantID string
	Name     string
	Type     string
}

// UserAssigned is a managed identity that stands on its own and is asked for by one of its ids.
type UserAssigned struct {
	Principal
	ResourceID string
}

// Client is an application that signs in with a secret.
type Client struct {
	Secret    string
	Principal Principal
}

// Options say who exists. A Principal without a tenant belongs to TenantID, and one without a type is a service
// principal.
type Options struct {
	TenantID string
	// ManagedIdentity is the system-assigned one: what the managed identity endpoints answer when no id is asked for.
	ManagedIdentity Principal
	UserAssigned    []UserAssigned
	// Clients by client id.
	Clients map[string]Client
	// StaticTokens are bearer tokens for people with curl. They never expire.
	StaticTokens map[string]Principal
	// TokenLife defaults to an hour.
	TokenLife time.Duration
	// Audiences are what ARM accepts in a token besides its own address; nil means those of the public cloud.
	Audiences []string
	// TenantOf names the tenant that a request is about, for the challenge to one without a good token; nil or
	// "" means TenantID.
	TenantOf func(*http.Request) string
	// Key signs the tokens. Nil makes one. Hand one in to keep tokens valid over a restart, or for a second
	// emulator in a process: the Azure SDK keeps the tokens of managed identities for the life of its process.
	Key *rsa.PrivateKey
}

// Authority issues and checks tokens. It is safe for concurrent use.
type Authority struct {
	opts      Options
	key       *rsa.PrivateKey
	keyID     string
	managed   []UserAssigned // the user-assigned identities, and the system-assigned one, which has no resource id
	audiences map[string]bool
	parser    *jwt.Parser
	grants    grants

	// mu guards verified: who a token names, by the token's hash, so that a signature is checked once.
	mu       sync.RWMutex
	verified map[[sha256.Size]byte]identified
}

// New makes an Authority.
func New(opts Options) (*Authority, error) {
	if opts.TenantID == "" {
		return nil, errors.New("identity: a tenant id is needed")
	}
	if opts.TokenLife <= 0 {
		opts.TokenLife = time.Hour
	}
	if opts.Audiences == nil {
		opts.Audiences = []string{"https://management.azure.com", "https://management.core.windows.net"}
	}
	if opts.TenantOf == nil {
		opts.TenantOf = func(*http.Request) string { return "" }
	}
	if opts.Key == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("make a signing key: %w", err)
		}
		opts.Key = key
	}
	a := &Authority{
		opts:      opts.completed(),
		key:       opts.Key,
		audiences: make(map[string]bool),
		verified:  make(map[[sha256.Size]byte]identified),
		parser:    jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithExpirationRequired()),
	}
	a.managed = append(a.opts.UserAssigned, UserAssigned{Principal: a.opts.ManagedIdentity})
	for _, aud := range opts.Audiences {
		a.audiences[plain(aud)] = true
	}
	sum := sha256.Sum256(a.key.N.Bytes())
	a.keyID = hex.EncodeToString(sum[:10])
	return a, nil
}

// completed copies the options with every principal given its tenant and type.
func (o Options) completed() Options {
	complete := func(p Principal) Principal {
		if p.TenantID == "" {
			p.TenantID = o.TenantID
		}
		if p.Type == "" {
			p.Type = ServicePrincipal
		}
		return p
	}
	done := o
	done.ManagedIdentity = complete(o.ManagedIdentity)
	done.UserAssigned = nil
	for _, u := range o.UserAssigned {
		done.UserAssigned = append(done.UserAssigned, UserAssigned{complete(u.Principal), u.ResourceID})
	}
	done.Clients = make(map[string]Client, len(o.Clients))
	for id, c := range o.Clients {
		p := complete(c.Principal)
		if p.ClientID == "" {
			p.ClientID = id
		}
		done.Clients[strings.ToLower(id)] = Client{c.Secret, p}
	}
	done.StaticTokens = make(map[string]Principal, len(o.StaticTokens))
	for token, p := range o.StaticTokens {
		done.StaticTokens[token] = complete(p)
	}
	return done
}

// claims are those of an Entra access token that clients and servers look at. An application is named by appid
// in tokens of version 1 and by azp in version 2; both stand here.
type claims struct {
	jwt.RegisteredClaims
	Audience string `json:"aud"` // hides the list of RegisteredClaims: Entra writes a plain string
	TenantID string `json:"tid"`
	ObjectID string `json:"oid"`
	AppID    string `json:"appid,omitempty"`
	Party    string `json:"azp,omitempty"`
	Name     string `json:"name,omitempty"`
	Kind     string `json:"idtyp"`
	Scope    string `json:"scp,omitempty"`
	Version  string `json:"ver"`
}

// Issue gives a token outside any request, for tests and for starting a client that has a token already. Its
// issuer is Entra's own name for the tenant.
func (a *Authority) Issue(p Principal, audience string) (token string, expires time.Time) {
	if p.TenantID == "" {
		p.TenantID = a.opts.TenantID
	}
	return a.issue(p, audience, "https://sts.windows.net/"+p.TenantID+"/")
}

func (a *Authority) issue(p Principal, audience, issuer string) (string, time.Time) {
	now := time.Now()
	expires := now.Add(a.opts.TokenLife).Truncate(time.Second)
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: p.ObjectID,
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Audience: audience, TenantID: p.TenantID, ObjectID: p.ObjectID, AppID: p.ClientID, Party: p.ClientID, Name: p.Name,
		Kind: "app", Version: "1.0",
	}
	if p.Type == User {
		c.Kind, c.Scope = "user", "user_impersonation"
	}
	if strings.HasSuffix(issuer, "/v2.0") {
		c.Version = "2.0"
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	t.Header["kid"] = a.keyID
	token, err := t.SignedString(a.key)
	if err != nil {
		panic(fmt.Sprintf("identity: sign a token: %v", err)) // an RSA key of 2048 bits signs any claims
	}
	return token, expires
}

// plain is the form in which audiences compare: Azure takes a resource with and without its last slashes.
func plain(s string) string { return strings.ToLower(strings.TrimRight(s, "/")) }
