package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"apicenter/internal/emulator/wire"
)

const (
	codeLife    = 10 * time.Minute
	refreshLife = 24 * time.Hour
	maxGrants   = 4096 // that are open; past it all are forgotten
)

// signIn is a person who is being signed in, or has been.
type signIn struct {
	principal Principal
	client    string
	resource  string
	scopes    []string

	redirect, challenge string // of a code
	pending             bool   // a device code that nobody has typed in
	refresh             bool   // the sign-in of a refresh token
	ends                time.Time
}

// grants are the codes and refresh tokens that are good.
type grants struct {
	mu   sync.Mutex // guards open
	open map[string]signIn
}

func (g *grants) add(s signIn, life time.Duration) (code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.open) >= maxGrants || g.open == nil {
		g.open = map[string]signIn{}
	}
	code = rand.Text()
	s.ends = time.Now().Add(life)
	g.open[code] = s
	return code
}

func (g *grants) find(code string) (signIn, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.open[code]
	return s, ok && time.Now().Before(s.ends)
}

// take is find for what is good once.
func (g *grants) take(code string) (signIn, bool) {
	s, ok := g.find(code)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, code)
	return s, ok
}

func (g *grants) approve(code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.open[code]; ok {
		s.pending = false
		g.open[code] = s
	}
}

// user is the one person of this Entra: the user of the static tokens.
func (a *Authority) user() (Principal, bool) {
	var users []Principal
	for _, p := range a.opts.StaticTokens {
		if p.Type == User {
			users = append(users, p)
		}
	}
	if len(users) == 0 {
		return Principal{}, false
	}
	return slices.MinFunc(users, func(a, b Principal) int { return strings.Compare(a.ObjectID, b.ObjectID) }), true
}

// signIn begins the sign-in of the user at an application. Every application
// that needs no secret is known.
func (a *Authority) signIn(w http.ResponseWriter, r *http.Request, tenant, scopes string) (signIn, bool) {
	user, ok := a.user()
	if !ok || !a.serves(tenant, user) {
		refuseGrant(w, http.StatusBadRequest, "invalid_request", "AADSTS50034: The directory '"+tenant+"' has no user who could sign in.")
		return signIn{}, false
	}
	client := r.FormValue("client_id")
	if client == "" {
		refuseGrant(w, http.StatusBadRequest, "invalid_request", "AADSTS900144: The request body must contain the parameter 'client_id'.")
		return signIn{}, false
	}
	return signIn{principal: user, client: client, resource: delegated(scopes, client), scopes: strings.Fields(scopes)}, true
}

// delegated is the resource of the first scope that is one of a resource. An
// application that names none, or itself, gets a token for itself.
func delegated(scopes, client string) string {
	for scope := range strings.FieldsSeq(scopes) {
		if i := strings.LastIndex(scope, "/"); i > 0 {
			return scope[:i]
		}
	}
	return client
}

// authorize is the page on which the user signs in: it sends the browser back
// at once, with a code.
func (a *Authority) authorize(tenant string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		back, err := url.Parse(q.Get("redirect_uri"))
		if err != nil || back.Scheme != "http" && back.Scheme != "https" || !loopback(back.Hostname()) {
			refuseGrant(w, http.StatusBadRequest, "invalid_request", "AADSTS50011: The redirect URI specified in the request does not match those of the application: it must be on this machine, such as http://localhost.")
			return
		}
		s, ok := a.signIn(w, r, tenant, q.Get("scope"))
		if !ok {
			return
		}
		answer := url.Values{"state": {q.Get("state")}}
		switch challenge := q.Get("code_challenge"); {
		case q.Get("response_type") != "code":
			answer.Set("error", "unsupported_response_type")
		case challenge == "" || q.Get("code_challenge_method") != "S256":
			answer.Set("error", "invalid_request")
			answer.Set("error_description", "AADSTS9002325: Proof Key for Code Exchange is required, with the method S256.")
		default:
			s.redirect, s.challenge = q.Get("redirect_uri"), challenge
			answer.Set("code", a.grants.add(s, codeLife))
		}
		query := back.Query()
		for k, v := range answer {
			query[k] = v
		}
		back.RawQuery = query.Encode()
		http.Redirect(w, r, back.String(), http.StatusFound)
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// redeemCode answers a program whose user has come back with a code. A code is
// good once, whatever comes of it.
func (a *Authority) redeemCode(w http.ResponseWriter, r *http.Request, tenant string) {
	s, ok := a.grants.take(r.PostFormValue("code"))
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(proof[:])
	switch {
	case !ok || s.challenge == "" || !strings.EqualFold(s.client, r.PostFormValue("client_id")) || s.redirect != r.PostFormValue("redirect_uri"):
		refuseGrant(w, http.StatusBadRequest, "invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed, or is of another application or redirect URI.")
	case subtle.ConstantTimeCompare([]byte(challenge), []byte(s.challenge)) != 1:
		refuseGrant(w, http.StatusBadRequest, "invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	default:
		a.give(w, r, tenant, s)
	}
}

// redeemRefresh prolongs a sign-in. As with Entra, the old refresh token stays
// good, and may be used for another resource than it was given for.
func (a *Authority) redeemRefresh(w http.ResponseWriter, r *http.Request, tenant string) {
	s, ok := a.grants.find(r.PostFormValue("refresh_token"))
	if !ok || !s.refresh || !strings.EqualFold(s.client, r.PostFormValue("client_id")) {
		refuseGrant(w, http.StatusBadRequest, "invalid_grant", "AADSTS70000: The refresh token is invalid, or is of another application.")
		return
	}
	if scopes := r.PostFormValue("scope"); scopes != "" {
		s.resource, s.scopes = delegated(scopes, s.client), strings.Fields(scopes)
	}
	a.give(w, r, tenant, s)
}

// give answers with the tokens of a person.
func (a *Authority) give(w http.ResponseWriter, r *http.Request, tenant string, s signIn) {
	p := s.principal
	p.ClientID = s.client
	issuer := tenant
	if tenant != adfs {
		issuer = p.TenantID
	}
	token, _ := a.issue(p, s.resource, a.issuer(r, issuer))
	life := int(a.opts.TokenLife.Seconds())
	answer := map[string]any{
		"token_type": "Bearer", "scope": strings.Join(s.scopes, " "), "expires_in": life, "ext_expires_in": life, "access_token": token,
	}
	if slices.Contains(s.scopes, "offline_access") {
		s.redirect, s.challenge, s.refresh = "", "", true
		answer["refresh_token"] = a.grants.add(s, refreshLife)
	}
	w.Header().Set("Cache-Control", "no-store")
	wire.JSON(w, http.StatusOK, answer)
}
