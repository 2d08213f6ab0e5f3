package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"apicenter/internal/inventory"
)

// OIDC knows the tokens of OpenID Connect providers: JSON Web Tokens, signed with
// a key that the provider publishes.
type OIDC struct {
	trusted []*trusted
	byName  map[string]*trusted
	parser  *jwt.Parser
	checked checked
}

// algorithms are those with which a token may be signed. None of them has a
// secret that a public key could be taken for.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}

const (
	clockSkew = 5 * time.Minute // how far the issuer's clock may be off
	maxToken  = 32 << 10
)

// NewOIDC makes an OIDC that trusts these issuers, none included. Nothing is
// asked of them before the first token.
func NewOIDC(log *slog.Logger, issuers ...Issuer) (*OIDC, error) {
	o := &OIDC{
		byName: map[string]*trusted{},
		parser: jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithLeeway(clockSkew), jwt.WithExpirationRequired()),
	}
	for _, i := range issuers {
		t, err := newTrusted(i, log)
		if err != nil {
			return nil, err
		}
		o.trusted = append(o.trusted, t)
		for _, name := range t.names {
			if o.byName[name] != nil {
				return nil, fmt.Errorf("the issuer %s is named twice", name)
			}
			o.byName[name] = t
		}
	}
	return o, nil
}

// SignIn says how people get a token.
type SignIn struct {
	Issuer   string
	ClientID string
	Scopes   []string
}

// SignIns gives the issuers with which people can sign in, each by the name that
// its discovery document has: clients hold the one against the other.
func (o *OIDC) SignIns() []SignIn {
	var all []SignIn
	for _, t := range o.trusted {
		if t.ClientID != "" {
			all = append(all, SignIn{t.names[0], t.ClientID, slices.Clone(t.scopes)})
		}
	}
	return all
}

// Authority is where tokens come from, for a challenge; empty when there is no issuer.
func (o *OIDC) Authority() string {
	if len(o.trusted) == 0 {
		return ""
	}
	return o.trusted[0].authority
}

// plane is what tokens can be made out for.
type plane struct {
	audiences []string // Azure's, in plain form
	scopes    []string // one of which a token with scopes must have; none: any will do
}

var (
	control = plane{audiences: []string{"https://management.azure.com", "https://management.core.windows.net"}}
	data    = plane{
		audiences: []string{"https://azure-apicenter.net", "c3ca1a77-7a87-4dba-b8f8-eea115ae4573"},
		scopes:    []string{"Data.Read.All", "user_impersonation"},
	}
)

// Control takes tokens for the control plane.
func (o *OIDC) Control() *Tokens { return &Tokens{o, []plane{control}} }

// Data takes tokens for the data plane. One that an application has in the name
// of a person must name a scope of the plane.
func (o *OIDC) Data() *Tokens { return &Tokens{o, []plane{data}} }

// Either takes tokens for either plane.
func (o *OIDC) Either() *Tokens { return &Tokens{o, []plane{control, data}} }

// Tokens takes those tokens of an OIDC that are made out for one of some planes.
type Tokens struct {
	oidc   *OIDC
	planes []plane
}

// Authenticate gives the principal of a token. ErrUnknown; Unavailable when its
// issuer cannot be asked for the key.
func (t *Tokens) Authenticate(ctx context.Context, bearer string) (Principal, error) {
	id, err := t.oidc.identify(ctx, bearer)
	if err != nil {
		return Principal{}, err
	}
	if overlap(id.audiences, id.from.audiences) {
		return id.principal, nil
	}
	var want []string
	for _, p := range t.planes {
		if !overlap(id.audiences, p.audiences) {
			want = append(want, strconv.Quote(p.audiences[0]))
			continue
		}
		if len(p.scopes) > 0 && len(id.scopes) > 0 && !overlap(id.scopes, p.scopes) {
			return Principal{}, refusedf("it has the scopes %q, and must have %s", id.scopes, strings.Join(p.scopes, " or "))
		}
		return id.principal, nil
	}
	return Principal{}, refusedf("it is made out for %q, and must be for %s", id.audiences, strings.Join(want, " or "))
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// plain is the form in which audiences compare: clients of Azure name a resource
// with and without slashes at the end.
func plain(audience string) string { return strings.TrimRight(audience, "/") }

// identified is what a token says that was checked.
type identified struct {
	principal Principal
	from      *trusted
	audiences []string
	scopes    []string
	until     time.Time
}

// identify checks all of a token but for whom it is made out. It does so once:
// then the token is known by its hash for as long as it is good, but no longer
// than keys are, since its own may be withdrawn.
func (o *OIDC) identify(ctx context.Context, bearer string) (*identified, error) {
	if len(o.trusted) == 0 || len(bearer) > maxToken || strings.Count(bearer, ".") != 2 {
		return nil, ErrUnknown
	}
	h := sha256.Sum256([]byte(bearer))
	if id := o.checked.find(h); id != nil {
		return id, nil
	}
	var c claims
	from := func() *trusted { return o.byName[c.Issuer] }
	_, err := o.parser.ParseWithClaims(bearer, &c, func(t *jwt.Token) (any, error) { return keyOf(ctx, from(), t) })
	if err != nil {
		return nil, refusal(err)
	}
	id := &identified{
		principal: c.principal(), from: from(),
		scopes: strings.Fields(strings.Join(c.Scopes, " ")), until: time.Now().Add(keyAge),
	}
	if ends := c.ExpiresAt.Add(clockSkew); ends.Before(id.until) {
		id.until = ends
	}
	for _, a := range c.Audience {
		id.audiences = append(id.audiences, plain(a))
	}
	if !presentable(id.principal.ID) {
		return nil, refusedf("it does not say whose it is")
	}
	o.checked.keep(h, id)
	return id, nil
}

var (
	errForeign  = errors.New("its issuer is not one that is trusted here")
	errCritical = errors.New("its header has extensions")
)

// keyOf finds the key that a token names, which nobody has checked yet. Of what
// its header says about keys, nothing but the id counts.
func keyOf(ctx context.Context, from *trusted, t *jwt.Token) (any, error) {
	if from == nil {
		return nil, errForeign
	}
	if _, critical := t.Header["crit"]; critical { // what must be understood, we do not
		return nil, errCritical
	}
	id, _ := t.Header["kid"].(string)
	k, err := from.key(ctx, id)
	if err != nil {
		return nil, err
	}
	if k.algorithm != "" && k.algorithm != t.Method.Alg() {
		return nil, errNoKey
	}
	return k.public, nil
}

// refusal says what callers may hear of why a token was not taken.
func refusal(err error) error {
	switch {
	case errors.Is(err, inventory.Unavailable):
		unavailable, _ := errors.AsType[*inventory.Error](err)
		return unavailable
	case errors.Is(err, errForeign):
		return refusedf("%v", errForeign)
	case errors.Is(err, jwt.ErrTokenExpired):
		return refusedf("it has expired; sign in again")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return refusedf("it is not valid yet; is a clock wrong?")
	default:
		return ErrUnknown
	}
}

// claims are what we look at in a token.
type claims struct {
	jwt.RegisteredClaims
	ObjectID  string           `json:"oid"`
	Tenant    string           `json:"tid"`
	Type      string           `json:"idtyp"` // app, user
	Scopes    jwt.ClaimStrings `json:"scp"`
	Groups    jwt.ClaimStrings `json:"groups"`
	Preferred string           `json:"preferred_username"`
	UPN       string           `json:"upn"`
	Unique    string           `json:"unique_name"`
	Name      string           `json:"name"`
	AppID     string           `json:"appid"` // of version 1
	Party     string           `json:"azp"`   // of version 2
}

// principal is whose the token is. A name under which one signs in comes before
// one that a person can choose, since it goes into what is recorded.
func (c claims) principal() Principal {
	p := Principal{ID: strings.ToLower(cmp.Or(c.ObjectID, c.Subject)), Tenant: strings.ToLower(c.Tenant), Kind: User}
	if c.Type == "app" || c.Type == "" && c.ObjectID != "" && c.ObjectID == c.Subject {
		p.Kind = Application
	}
	for _, name := range []string{c.Preferred, c.UPN, c.Unique, c.Name, c.AppID, c.Party, p.ID} {
		if presentable(name) {
			p.Name = name
			break
		}
	}
	for _, g := range c.Groups {
		p.Groups = append(p.Groups, strings.ToLower(g))
	}
	return p
}

// checked are the tokens that were checked and are still good, by their hashes.
type checked struct {
	mu     sync.RWMutex // guards tokens
	tokens map[hash]*identified
}

// maxChecked bounds the memory of checked tokens. Past it all are forgotten,
// which costs one more check of each that is still in use.
const maxChecked = 4096

func (c *checked) find(h hash) *identified {
	c.mu.RLock()
	id := c.tokens[h]
	c.mu.RUnlock()
	if id == nil || !time.Now().Before(id.until) {
		return nil
	}
	return id
}

func (c *checked) keep(h hash, id *identified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil || len(c.tokens) >= maxChecked {
		c.tokens = map[hash]*identified{}
	}
	c.tokens[h] = id
}
