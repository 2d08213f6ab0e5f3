// Package signin gets access tokens of an OpenID Connect issuer, for a person
// (in a browser, or with a code on another device) or for a program (with its
// secret). It knows nothing of a center. A token is opaque to it: whom it names
// is for the center to say.
package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	maxAnswer = 1 << 20
	patience  = 30 * time.Second // for one answer
)

// Options say with whom to sign in, and as which application.
type Options struct {
	Issuer   string
	ClientID string
	Scopes   []string
	// HTTP carries the requests; nil means http.DefaultClient. Redirects are not
	// followed.
	HTTP *http.Client
}

// Issuer is an issuer whose document has been read.
type Issuer struct {
	options   Options
	http      *http.Client
	endpoints endpoints
}

// endpoints is the part of the discovery document that is of use here.
type endpoints struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
	Device    string `json:"device_authorization_endpoint"`
}

// Token is what an issuer gave.
type Token struct {
	Access  string
	Refresh string    // "" if there is none
	Expires time.Time // zero if it does not say
}

// Error is a refusal of the issuer.
type Error struct {
	Code        string // of OAuth, such as invalid_grant
	Description string
}

func (e *Error) Error() string {
	if e.Description == "" {
		return "the issuer refuses: " + e.Code
	}
	return "the issuer refuses: " + e.Code + ": " + e.Description
}

// Discover reads the document of an issuer. It must name that issuer, and its
// endpoints must be of https, or on this machine.
func Discover(ctx context.Context, o Options) (*Issuer, error) {
	if err := secure(o.Issuer); err != nil {
		return nil, fmt.Errorf("the issuer %w", err)
	}
	if o.ClientID == "" {
		return nil, errors.New("a client id is needed: that of the application that signs people in")
	}
	carrier := http.Client{}
	if o.HTTP != nil {
		carrier = *o.HTTP
	}
	carrier.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	i := &Issuer{options: o, http: &carrier}
	address := strings.TrimSuffix(o.Issuer, "/") + "/.well-known/openid-configuration"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the issuer: %w", err)
	}
	if err := i.ask(req, &i.endpoints); err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	if strings.TrimSuffix(i.endpoints.Issuer, "/") != strings.TrimSuffix(o.Issuer, "/") {
		return nil, fmt.Errorf("%s is the document of another issuer, %q", address, i.endpoints.Issuer)
	}
	for what, at := range map[string]string{
		"token_endpoint": i.endpoints.Token, "authorization_endpoint": i.endpoints.Authorize, "device_authorization_endpoint": i.endpoints.Device,
	} {
		if at == "" && what != "token_endpoint" {
			continue
		}
		if err := secure(at); err != nil {
			return nil, fmt.Errorf("the %s of the issuer %w", what, err)
		}
	}
	return i, nil
}

// For is the same issuer, asked for tokens of other scopes.
func (i *Issuer) For(scopes ...string) *Issuer {
	other := *i
	other.options.Scopes = scopes
	return &other
}

// HasDevice tells whether people can sign in with a code on another device.
func (i *Issuer) HasDevice() bool { return i.endpoints.Device != "" }

// secure says what is wrong with an address that secrets are sent to.
func secure(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%q is not an address such as https://login.example/tenant/v2.0", address)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("%s is not of https", address)
	}
	return nil
}

// Secret signs a program in with its secret.
func (i *Issuer) Secret(ctx context.Context, secret string) (Token, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_secret": {secret}}
	if own := i.ownScopes(); len(own) > 0 {
		form.Set("scope", strings.Join(own, " "))
	}
	return i.grant(ctx, form)
}

// ownScopes are the scopes as a program asks for them: it has no single
// permissions of a resource, only its own, /.default; and no session to prolong.
func (i *Issuer) ownScopes() []string {
	var own []string
	for _, s := range i.options.Scopes {
		switch s {
		case "openid", "profile", "email", "offline_access":
			continue
		}
		if resource := resourceOf(s); resource != "" {
			s = resource + "/.default"
		}
		if !slices.Contains(own, s) {
			own = append(own, s)
		}
	}
	return own
}

// resourceOf is the resource that a scope is of, if it is written as an address
// with the permission behind the last slash.
func resourceOf(scope string) string {
	_, rest, ok := strings.Cut(scope, "://")
	if !ok || !strings.Contains(rest, "/") {
		return ""
	}
	return scope[:strings.LastIndex(scope, "/")]
}

// Refresh prolongs the sign-in of a person.
func (i *Issuer) Refresh(ctx context.Context, refresh string) (Token, error) {
	t, err := i.grant(ctx, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {i.scopes()},
	})
	if t.Refresh == "" {
		t.Refresh = refresh
	}
	return t, err
}

// scopes are those of a person, who wants to stay signed in.
func (i *Issuer) scopes() string {
	all := i.options.Scopes
	if !slices.Contains(all, "offline_access") {
		all = append(slices.Clone(all), "offline_access")
	}
	return strings.Join(all, " ")
}

// grant asks for a token.
func (i *Issuer) grant(ctx context.Context, form url.Values) (Token, error) {
	var answer struct {
		AccessToken  string      `json:"access_token"`
		RefreshToken string      `json:"refresh_token"`
		TokenType    string      `json:"token_type"`
		ExpiresIn    json.Number `json:"expires_in"`
	}
	if err := i.post(ctx, i.endpoints.Token, form, &answer); err != nil {
		return Token{}, err
	}
	if answer.AccessToken == "" || !strings.EqualFold(answer.TokenType, "Bearer") {
		return Token{}, errors.New("the issuer gave no bearer token")
	}
	t := Token{Access: answer.AccessToken, Refresh: answer.RefreshToken}
	if n, err := answer.ExpiresIn.Int64(); err == nil && n > 0 {
		t.Expires = time.Now().Add(time.Duration(n) * time.Second).Truncate(time.Second)
	}
	return t, nil
}

// post sends a form in the name of the application.
func (i *Issuer) post(ctx context.Context, address string, form url.Values, v any) error {
	form.Set("client_id", i.options.ClientID)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("ask the issuer: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return i.ask(req, v)
}

// ask sends a request and reads the JSON of its answer. A refusal is an *Error.
func (i *Issuer) ask(req *http.Request, v any) error {
	ctx, stop := context.WithTimeout(req.Context(), patience)
	defer stop()
	req.Header.Set("Accept", "application/json")
	resp, err := i.http.Do(req.WithContext(ctx))
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address: a person needs only its host
		}
		return fmt.Errorf("no answer from the issuer at %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("no answer from the issuer at %s: %w", req.URL.Host, err)
	}
	if len(text) > maxAnswer {
		return fmt.Errorf("the answer of the issuer is larger than %d bytes", maxAnswer)
	}
	if resp.StatusCode != http.StatusOK {
		var refusal struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(text, &refusal) == nil && refusal.Error != "" {
			return &Error{Code: refusal.Error, Description: refusal.Description}
		}
		return fmt.Errorf("the issuer at %s answers %s", req.URL.Host, resp.Status)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("the answer of the issuer is not what it should be: %w", err)
	}
	return nil
}
