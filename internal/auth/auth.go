// Package auth says who is calling: it turns a bearer token into a Principal,
// which travels in the context. What a principal may do is decided elsewhere.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// Kind says what a principal is.
type Kind string

// The kinds of principals.
const (
	User        Kind = "User"
	Application Kind = "Application" // an application or a managed identity of a directory
	Key         Kind = "Key"         // the holder of an API key
	Anonymous   Kind = "Anonymous"   // anybody, where a service lets anybody read
)

// Principal is who acts. Its name goes into stamps and events.
type Principal struct {
	ID     string   // object id in its directory, or the id of a key; lower case
	Name   string   // for people
	Kind   Kind     // what it is
	Tenant string   // its directory, where it has one; lower case
	Groups []string // object ids of the groups that the token names; lower case
	// Grants are rights that come with the credential itself, as those of a key do.
	Grants []Grant
}

// Grant is a role on a scope and on all below it.
type Grant struct {
	Role  string // the GUID of the role definition, lower case
	Scope string // Azure's path, lower case, without a slash at the end; "/" is everything
}

// contextKey keeps our value apart from all others in a context.
type contextKey struct{}

// With gives a context in which p acts.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From is who acts in ctx; false when nobody was authenticated.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// ErrUnknown says that a token is not one of ours. It never says why.
var ErrUnknown = errors.New("the bearer token is not valid")

// prefix marks a token as ours, for people and for secret scanners.
const prefix = "apic_"

// NewToken makes a token of 32 random bytes.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// hash is all that is kept of a token.
type hash [sha256.Size]byte

// Keys knows API keys by their hashes. It is fixed once made, so that a look-up
// needs no lock.
type Keys struct {
	principals map[hash]Principal
}

// Static makes Keys of tokens and whom they stand for. Only hashes are kept.
func Static(tokens map[string]Principal) *Keys {
	k := &Keys{principals: make(map[hash]Principal, len(tokens))}
	for token, p := range tokens {
		k.principals[sha256.Sum256([]byte(token))] = p
	}
	return k
}

// Authenticate gives the principal of a bearer token, or ErrUnknown. The time
// that it takes tells nothing of a key: what is looked up is a hash, and whoever
// can choose a token cannot choose its hash.
func (k *Keys) Authenticate(_ context.Context, bearer string) (Principal, error) {
	if p, ok := k.principals[sha256.Sum256([]byte(bearer))]; ok {
		return p, nil
	}
	return Principal{}, ErrUnknown
}

// Bearer takes the token out of an Authorization header; false when there is none.
func Bearer(header string) (string, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, ok && token != "" && strings.EqualFold(scheme, "Bearer")
}
