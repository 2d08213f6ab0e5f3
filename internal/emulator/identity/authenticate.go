package identity

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"apicenter/internal/emulator/wire"
)

// maxVerified bounds the memory of checked tokens. Past it everything is forgotten, which costs one signature
// check for each token still in use.
const maxVerified = 4096

// identified is what a checked token says.
type identified struct {
	principal Principal
	audience  string
	expires   time.Time
}

// Authenticate tells who sent a request, by its bearer token: one that this Authority signed for ARM, or a
// static one. The error is a *[wire.Error] of status 401 and says which of the ways to fail it was. It is called for
// every request: a token is verified once and then known by its hash until it expires.
//
// A principal of any tenant passes; whether it is that of the subscription is asked with [Authority.CheckTenant].
func (a *Authority) Authenticate(r *http.Request) (Principal, error) {
	challenge := func(code, format string, args ...any) error {
		return a.refuse(r, cmp.Or(a.opts.TenantOf(r), a.opts.TenantID), code, format, args...)
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return Principal{}, challenge("AuthenticationFailed",
			"Authentication failed. The 'Authorization' header is missing.")
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Principal{}, challenge("AuthenticationFailed",
			"Authentication failed. The 'Authorization' header is provided in an invalid format.")
	}
	if p, ok := a.opts.StaticTokens[token]; ok {
		return p, nil
	}
	id, err := a.identify(token)
	now := time.Now()
	switch {
	case err == nil && now.Before(id.expires):
	case err == nil || errors.Is(err, jwt.ErrTokenExpired):
		return Principal{}, challenge("ExpiredAuthenticationToken",
			"The access token expiry UTC time '%s' is earlier than current UTC time '%s'.", stamp(id.expires), stamp(now))
	default:
		return Principal{}, challenge("InvalidAuthenticationToken", "The access token is invalid: %v.", err)
	}
	// The address of the emulator itself is an audience too: services beside ARM, such as Graph, have no other name.
	if aud := plain(id.audience); !a.audiences[aud] && aud != strings.ToLower(wire.Base(r)) {
		return Principal{}, challenge("InvalidAuthenticationTokenAudience",
			"The access token has been obtained for wrong audience or resource '%s'. It should exactly match with one of the allowed audiences '%s'.",
			id.audience, strings.Join(a.opts.Audiences, "','"))
	}
	return id.principal, nil
}

// CheckTenant is nil if the principal is of the tenant, and else the 401 by which ARM tells a client which
// authority to ask instead.
func (a *Authority) CheckTenant(r *http.Request, p Principal, tenantID string) error {
	if strings.EqualFold(p.TenantID, tenantID) {
		return nil
	}
	return a.refuse(r, tenantID, "InvalidAuthenticationTokenTenant",
		"The access token is from the wrong issuer 'https://sts.windows.net/%s/'. It must match the tenant 'https://sts.windows.net/%s/' associated with this subscription. "+
			"Please use the authority (URL) '%s/%s' to get the token.", p.TenantID, tenantID, wire.Base(r), tenantID)
}

// identify reads a token. With an expired one it says when it expired besides the error.
func (a *Authority) identify(token string) (identified, error) {
	hash := sha256.Sum256([]byte(token))
	a.mu.RLock()
	id, ok := a.verified[hash]
	a.mu.RUnlock()
	if ok {
		return id, nil
	}
	var c claims
	_, err := a.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return &a.key.PublicKey, nil })
	if c.ExpiresAt != nil {
		id.expires = c.ExpiresAt.Time
	}
	if err != nil {
		return id, err
	}
	id.audience = c.Audience
	id.principal = Principal{ObjectID: c.ObjectID, ClientID: c.AppID, TenantID: c.TenantID, Name: c.Name, Type: ServicePrincipal}
	if c.Kind == "user" {
		id.principal.Type = User
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.verified) >= maxVerified {
		clear(a.verified)
	}
	a.verified[hash] = id
	return id, nil
}

// refuse makes a 401 that names the authority of the tenant, as the challenge of ARM does.
func (a *Authority) refuse(r *http.Request, tenantID, code, format string, args ...any) error {
	e := wire.Errorf(http.StatusUnauthorized, code, format, args...)
	e.Header = http.Header{"Www-Authenticate": {fmt.Sprintf(`Bearer authorization_uri="%s/%s", error="invalid_token", error_description="%s"`,
		wire.Base(r), tenantID, strings.ReplaceAll(e.Message, `"`, `'`))}}
	return e
}

// stamp writes a time as the messages of Azure do.
func stamp(t time.Time) string { return t.UTC().Format("1/2/2006 3:04:05 PM") }
