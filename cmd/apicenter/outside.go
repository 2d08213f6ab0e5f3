package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"apicenter/internal/azure"
	"apicenter/internal/outbound"
)

// outside is the client with which the center asks whom its settings name: the
// identity endpoint, issuers, a resource manager.
func (s settings) outside() *http.Client {
	transport := azure.NewTransport()
	transport.TLSClientConfig = &tls.Config{RootCAs: s.roots}
	return &http.Client{Transport: transport}
}

// downloads is the client with which it asks whom its users name.
func (s settings) downloads() *outbound.Client {
	return outbound.New(outbound.Options{Allow: s.allowed, Roots: s.roots, UserAgent: userAgent()})
}

// hostOf is the host of an address; "" when there is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// trusted are the system's certificates and those in a file; nil, which means
// the system's, when no file is named.
func trusted(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", file)
	}
	return roots, nil
}

// networks is a flag that may be repeated.
type networks []netip.Prefix

func (n *networks) String() string {
	var all []string
	for _, network := range *n {
		all = append(all, network.String())
	}
	return strings.Join(all, ",")
}

// Set adds a network, or a single address.
func (n *networks) Set(text string) error {
	network, err := netip.ParsePrefix(text)
	if ip, ipErr := netip.ParseAddr(text); ipErr == nil {
		network, err = netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	if err != nil {
		return fmt.Errorf("want a network such as 10.1.0.0/16, or an IP address")
	}
	*n = append(*n, network.Masked())
	return nil
}

// Type names the value in the help.
func (n *networks) Type() string { return "network" }

var _ pflag.Value = (*networks)(nil)
