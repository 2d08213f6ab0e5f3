package azure

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Identity is whom the tokens of a credential speak for. Any of it may be empty.
type Identity struct {
	PrincipalID string // the object that roles are assigned to
	ClientID    string // its application
	TenantID    string // its directory
}

const (
	describeTimeout = 5 * time.Second
	describedFor    = time.Minute // how long an answer holds, good or bad
	maxToken        = 64 << 10    // bytes; those of Entra have some two thousand
)

// described is what came of asking who an identity is.
type described struct {
	identity Identity
	err      error
	at       time.Time
}

// Describe says who an identity is, as [Credentials.For] names them, by the
// token that it gets. A [TokenError] when it gets none within five seconds. The
// answer is kept for a minute.
func (c *Credentials) Describe(ctx context.Context, identity string) (Identity, error) {
	key := strings.ToLower(identity)
	c.mu.Lock()
	d, ok := c.described[key]
	c.mu.Unlock()
	if ok && time.Since(d.at) < describedFor {
		return d.identity, d.err
	}
	d = described{at: time.Now()}
	if d.identity, d.err = c.describe(ctx, identity); ctx.Err() != nil {
		return d.identity, d.err // says nothing of the identity
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.described == nil {
		c.described = map[string]described{}
	}
	c.described[key] = d
	return d.identity, d.err
}

func (c *Credentials) describe(ctx context.Context, identity string) (Identity, error) {
	cred, err := c.For(identity)
	if err != nil {
		return Identity{}, &TokenError{Refused: true, Err: err}
	}
	waiting, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	manager := c.Cloud.Services[cloud.ResourceManager]
	t := &tokens{TokenCredential: cred}
	if _, err := t.GetToken(waiting, tokenRequest(cmp.Or(manager.Audience, manager.Endpoint))); err != nil {
		if waiting.Err() != nil && ctx.Err() == nil {
			err = &TokenError{Err: fmt.Errorf("no answer within %s", describeTimeout)}
		}
		return Identity{}, err
	}
	if who := t.identity(); who != (Identity{}) {
		return who, nil
	}
	return Identity{}, errors.New("the token of the identity does not say whom it is for")
}

func tokenRequest(audience string) policy.TokenRequestOptions {
	return policy.TokenRequestOptions{Scopes: []string{strings.TrimSuffix(audience, "/") + "/.default"}, EnableCAE: true}
}

// tokens is a credential whose errors are TokenErrors, and which remembers whom
// its last token was for.
type tokens struct {
	azcore.TokenCredential
	last atomic.Pointer[Identity]
}

func (t *tokens) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := t.TokenCredential.GetToken(ctx, o)
	switch {
	case err == nil:
		t.last.Store(new(holder(token.Token)))
		return token, nil
	case ctx.Err() != nil:
		return token, ctx.Err()
	default:
		return token, &TokenError{Refused: refused(err), Err: err}
	}
}

func (t *tokens) identity() Identity {
	if who := t.last.Load(); who != nil {
		return *who
	}
	return Identity{}
}

// holder reads whom a token is for; nothing if it does not say. It checks no
// signature: this is the token that we were given for ourselves, and whom we send it to judges it.
func holder(token string) Identity {
	if len(token) > maxToken {
		return Identity{}
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Identity{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return Identity{}
	}
	var claims struct {
		ObjectID string `json:"oid"`
		AppID    string `json:"appid"` // of tokens of version 1
		Party    string `json:"azp"`   // of version 2
		TenantID string `json:"tid"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return Identity{}
	}
	return Identity{
		PrincipalID: cut(claims.ObjectID, 64), ClientID: cut(cmp.Or(claims.AppID, claims.Party), 64), TenantID: cut(claims.TenantID, 64),
	}
}
