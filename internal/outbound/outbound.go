package outbound

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	// within bounds a request from the first look-up to the last byte, redirects included.
	within       = 30 * time.Second
	maxRedirects = 5
	maxHeaders   = 64 << 10
	dialWithin   = 15 * time.Second
)

// Options are what a Client needs. The zero value reaches the internet.
type Options struct {
	// Allow are networks that may be reached although they are not public, over
	// plain HTTP too.
	Allow []netip.Prefix
	// Roots are the authorities that are trusted; nil: those of the system.
	Roots *x509.CertPool
	// Resolver looks names up; nil: the system's.
	Resolver  *net.Resolver
	UserAgent string // empty: apicenter
}

// Client asks addresses that others name. Its methods may be called at the same time.
type Client struct {
	rules     rules
	http      *http.Client
	userAgent string
}

// New makes a Client; it sends nothing.
func New(o Options) *Client {
	if o.UserAgent == "" {
		o.UserAgent = "apicenter"
	}
	return &Client{rules: rules{o.Allow}, userAgent: o.UserAgent, http: &http.Client{
		Transport:     Transport(o),
		CheckRedirect: redirect,
		Timeout:       within,
	}}
}

// CheckAddress says by its looks whether an address may be asked, so that one
// that never may is refused where it is given. What its name resolves to is
// decided each time that it is asked. The error is an [Error].
func (c *Client) CheckAddress(address string) error {
	_, err := c.rules.parse(address)
	return err
}

// HTTP is the client for requests of other sorts. It refuses as [Client.Download]
// does; the caller bounds what is read of a body.
func (c *Client) HTTP() *http.Client { return c.http }

// Download gives what an address answers with status 200, up to limit bytes.
// Any failure is an [Error], but for the end of ctx.
func (c *Client) Download(ctx context.Context, address string, limit int64) ([]byte, error) {
	u, err := c.rules.parse(address)
	if err != nil {
		return nil, err
	}
	req := (&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"User-Agent": {c.userAgent}}}).WithContext(ctx)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, explain(ctx, u.Hostname(), err)
	}
	defer resp.Body.Close()
	host := resp.Request.URL.Hostname() // where the redirects ended
	if resp.StatusCode != http.StatusOK {
		return nil, &Error{shown(host), fmt.Sprintf("answered %d; want 200", resp.StatusCode)}
	}
	tooLarge := &Error{shown(host), fmt.Sprintf("has more than %d bytes", limit)}
	if resp.ContentLength > limit {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, explain(ctx, host, err)
	case int64(len(body)) > limit:
		return nil, tooLarge
	}
	return body, nil
}

// redirect is asked before a redirect is followed; where to, the transport decides.
func redirect(req *http.Request, via []*http.Request) error {
	switch from := via[len(via)-1].URL; {
	case len(via) > maxRedirects:
		return &Error{shown(via[0].URL.Hostname()), fmt.Sprintf("redirects more than %d times", maxRedirects)}
	case from.Scheme == "https" && req.URL.Scheme != "https":
		return &Error{shown(from.Hostname()), "redirects away from https"}
	}
	req.Header.Del("Referer") // the query of a link may be a signature
	return nil
}

// explain turns a transport's error into one for people. It tells of a failure
// no more than that there was one.
func explain(ctx context.Context, host string, err error) error {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	reason := "could not be reached"
	_, untrusted := errors.AsType[x509.UnknownAuthorityError](err)
	_, misnamed := errors.AsType[x509.HostnameError](err)
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case untrusted || misnamed:
		reason = "has a certificate that is not trusted"
	case ok && timeout.Timeout():
		reason = fmt.Sprintf("did not answer within %v", within)
	case errors.Is(err, io.ErrUnexpectedEOF):
		reason = "broke off its answer"
	}
	return &Error{shown(host), reason}
}
