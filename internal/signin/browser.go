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

// Browser signs a person in on a page of the issuer, which open shows. The
// issuer sends the browser back to this machine with a code, which is good only
// together with a secret that never left this process (PKCE).
func (i *Issuer) Browser(ctx context.Context, open func(address string)) (Token, error) {
	if i.endpoints.Authorize == "" {
		return Token{}, errors.New("the issuer has no page to sign in on")
	}
	ctx, stop := context.WithTimeoutCause(ctx, longestVisit, errors.New("nobody signed in; try again"))
	defer stop()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Token{}, fmt.Errorf("listen for the browser: %w", err)
	}
	verifier := random()
	v := visit{
		state: random(), issuer: i.endpoints.Issuer, came: make(chan arrival, 1),
		// Issuers let a port vary if the host is this name, not all of them if it is a number.
		address: fmt.Sprintf("http://localhost:%d/", l.Addr().(*net.TCPAddr).Port),
	}
	page, err := v.page(i, verifier)
	if err != nil {
		l.Close()
		return Token{}, err
	}
	server := &http.Server{Handler: &v, ReadTimeout: patience, WriteTimeout: patience, MaxHeaderBytes: 64 << 10}
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
	case a := <-v.came:
		if a.err != nil {
			return Token{}, a.err
		}
		return i.grant(ctx, url.Values{
			"grant_type": {"authorization_code"}, "code": {a.code}, "redirect_uri": {v.address}, "code_verifier": {verifier},
		})
	}
}

// visit waits for one browser to come back.
type visit struct {
	state, issuer, address string
	came                   chan arrival
}

type arrival struct {
	code string
	err  error
}

// page is the page of the issuer to sign in on.
func (v *visit) page(i *Issuer, verifier string) (string, error) {
	u, err := url.Parse(i.endpoints.Authorize)
	if err != nil {
		return "", fmt.Errorf("the authorization_endpoint of the issuer: %w", err)
	}
	challenge := sha256.Sum256([]byte(verifier))
	query := u.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": i.options.ClientID, "redirect_uri": v.address, "scope": i.scopes(),
		"state": v.state, "code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
		"prompt": "select_account",
	} {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// ServeHTTP takes the browser that comes back. One that does not bring our
// state comes from elsewhere and is sent away; the right one may still come.
func (v *visit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet || r.URL.Path != "/" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(v.state)) != 1 {
		http.Error(w, "This page only takes the answer to a sign-in that is under way.", http.StatusBadRequest)
		return
	}
	a := arrival{code: q.Get("code")}
	switch {
	case q.Get("error") != "":
		a.err = &Error{Code: q.Get("error"), Description: q.Get("error_description")}
	case q.Has("iss") && q.Get("iss") != v.issuer:
		a.err = errors.New("the answer is that of another issuer")
	case a.code == "":
		a.err = errors.New("the issuer sent no code")
	}
	if a.err != nil {
		http.Error(w, "You are not signed in. The terminal says why.", http.StatusBadRequest)
	} else {
		fmt.Fprintln(w, "You are signed in. You can close this window.")
	}
	select {
	case v.came <- a:
	default: // it came twice
	}
}

// random is a word that nobody can guess.
func random() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
