package outbound

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Transport keeps the rules for a client that has its own ways otherwise. It
// fails with an [Error], wrapped or not, when an address may not be asked.
func Transport(o Options) http.RoundTripper {
	r := rules{o.Allow}
	return transport{rules: r, secure: r.transport(o, "https"), plain: r.transport(o, "http")}
}

// transport has a pool of connections for each scheme, since the scheme decides what may be dialled.
type transport struct {
	rules         rules
	secure, plain *http.Transport
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.rules.check(req.URL); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	if req.URL.Scheme == "http" {
		return t.plain.RoundTrip(req)
	}
	return t.secure.RoundTrip(req)
}

// CloseIdleConnections is for http.Client.
func (t transport) CloseIdleConnections() {
	t.secure.CloseIdleConnections()
	t.plain.CloseIdleConnections()
}

func (r rules) transport(o Options, scheme string) *http.Transport {
	return &http.Transport{
		Proxy: nil, // it would resolve names for us
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			d := net.Dialer{Timeout: dialWithin, Resolver: o.Resolver, Control: r.control(address, scheme)}
			return d.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    dialWithin,
		ResponseHeaderTimeout:  within,
		MaxResponseHeaderBytes: maxHeaders,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		ReadBufferSize:         64 << 10, // large documents in few bites
	}
}

// control is asked with each address that a name has, just before it is dialled.
func (r rules) control(named, scheme string) func(string, string, syscall.RawConn) error {
	host, _, _ := net.SplitHostPort(named) // the transport has put it together
	return func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return &Error{shown(host), "resolves to what is no address"}
		}
		return r.admit(host, ap.Addr(), scheme)
	}
}
