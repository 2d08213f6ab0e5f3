package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// longestVisit is how long a browser is waited for.
const longestVisit = 5 * time.Minute

// Visit is a sign-in in a browser that is under way: the browser is sent to the page
// of the issuer, and comes back to Address with State. The code that it brings is good
// only together with Verifier (PKCE), which nobody else must learn.
type Visit struct {
	State    string
	Verifier string
	Address  string
}

// NewVisit begins a sign-in; the browser is to come back to an address.
func NewVisit(address string) Visit {
	return Visit{State: random(), Verifier: random(), Address: address}
}

// Returns says whether a query is that of the browser of this visit.
func (v Visit) Returns(query url.Values) bool {
	return subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(v.State)) == 1
}

// Page is where the issuer signs in the person of a visit.
func (i *Issuer) Page(v Visit) (string, error) {
	if i.endpoints.Authorize == "" {
		return "", errors.New("the issuer has no page to sign in on")
	}
	u, err := url.Parse(i.endpoints.Authorize)
	if err != nil {
		return "", fmt.Errorf("the authorization_endpoint of the issuer: %w", err)
	}
	challenge := sha256.Sum256([]byte(v.Verifier))
	query := u.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": i.options.ClientID, "redirect_uri": v.Address, "scope": i.scopes(),
		"state": v.State, "code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
		"prompt": "select_account",
	} {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// End gives the token for what the browser of a visit has come back with.
func (i *Issuer) End(ctx context.Context, v Visit, query url.Values) (Token, error) {
	code, err := i.code(query)
	if err != nil {
		return Token{}, err
	}
	return i.grant(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {v.Address}, "code_verifier": {v.Verifier},
	})
}

// code is what a browser brings.
func (i *Issuer) code(query url.Values) (string, error) {
	switch {
	case query.Get("error") != "":
		return "", &Error{Code: query.Get("error"), Description: query.Get("error_description")}
	case query.Has("iss") && query.Get("iss") != i.endpoints.Issuer:
		return "", errors.New("the answer is that of another issuer")
	case query.Get("code") == "":
		return "", errors.New("the issuer sent no code")
	}
	return query.Get("code"), nil
}

// Browser signs a person in on a page of the issuer, which open shows; the
// browser comes back to this machine.
func (i *Issuer) Browser(ctx context.Context, open func(address string)) (Token, error) {
	ctx, stop := context.WithTimeoutCause(ctx, longestVisit, errors.New("nobody signed in; try again"))
	defer stop()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Token{}, fmt.Errorf("listen for the browser: %w", err)
	}
	// Issuers let a port vary if the host is this name, not all of them if it is a number.
	v := NewVisit(fmt.Sprintf("http://localhost:%d/", l.Addr().(*net.TCPAddr).Port))
	page, err := i.Page(v)
	if err != nil {
		l.Close()
		return Token{}, err
	}
	d := &doorstep{issuer: i, visit: v, came: make(chan url.Values, 1)}
	server := &http.Server{Handler: d, ReadTimeout: patience, WriteTimeout: patience, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	defer func() {
		// Let the browser have its last answer, but wait for nothing else.
		grace, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		if server.Shutdown(grace) != nil {
			server.Close()
		}
		<-ended
	}()
	open(page)
	select {
	case <-ctx.Done():
		return Token{}, context.Cause(ctx)
	case query := <-d.came:
		return i.End(ctx, v, query)
	}
}

// doorstep waits for one browser to come back.
type doorstep struct {
	issuer *Issuer
	visit  Visit
	came   chan url.Values
}

// ServeHTTP takes the browser that comes back. One that does not bring our
// state comes from elsewhere and is sent away; the right one may still come.
func (d *doorstep) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet || r.URL.Path != "/" || !d.visit.Returns(query) {
		http.Error(w, "This page only takes the answer to a sign-in that is under way.", http.StatusBadRequest)
		return
	}
	if _, err := d.issuer.code(query); err != nil {
		http.Error(w, "You are not signed in. The terminal says why.", http.StatusBadRequest)
	} else {
		fmt.Fprintln(w, "You are signed in. You can close this window.")
	}
	select {
	case d.came <- query:
	default: // it came twice
	}
}

// random is a word that nobody can guess.
func random() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
