// Package auth says who is calling: it turns a bearer token into a Principal,
// which travels in the context. What a principal may do is decided elsewhere.
package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
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

// ErrUnknown says that a token is not one of ours. Why, it says only of a token
// that was one of ours, or would be.
var ErrUnknown = errors.New("the bearer token is not valid")

// refused is ErrUnknown of a token that is no good, and known as one of ours.
type refused struct{ why string }

func refusedf(format string, args ...any) error { return &refused{fmt.Sprintf(format, args...)} }

func (r *refused) Error() string { return ErrUnknown.Error() + ": " + r.why }

// Unwrap gives ErrUnknown.
func (r *refused) Unwrap() error { return ErrUnknown }

// Authenticator says who a bearer token stands for. It gives ErrUnknown for a
// token that is nobody's, and inventory.Unavailable when that cannot be told at present.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (Principal, error)
}

// Chain asks one after the other, until one knows the token.
type Chain []Authenticator

// Authenticate gives the principal of a bearer token, or the error of whoever knows it.
func (c Chain) Authenticate(ctx context.Context, bearer string) (Principal, error) {
	for _, a := range c {
		p, err := a.Authenticate(ctx, bearer)
		if _, known := errors.AsType[*refused](err); known || !errors.Is(err, ErrUnknown) {
			return p, err
		}
	}
	return Principal{}, ErrUnknown
}

// prefix marks a token as ours, for people and for secret scanners.
const prefix = "apic_"

// NewToken makes a token of 32 random bytes.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// NewID makes a random GUID.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Bearer takes the token out of an Authorization header; false when there is none.
func Bearer(header string) (string, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, ok && token != "" && strings.EqualFold(scheme, "Bearer")
}
