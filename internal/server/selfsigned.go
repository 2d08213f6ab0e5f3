package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// AuthorityFile is the name, in the data folder, of the certificate that
// clients of a self-signed server have to trust.
const AuthorityFile = "tls-ca.pem"

const (
	authorityKeyFile = "tls-ca-key.pem"
	authorityLife    = 10 * 365 * 24 * time.Hour
	leafLife         = 90 * 24 * time.Hour
	renewBefore      = 30 * 24 * time.Hour
	maxLeaves        = 256
	skew             = time.Hour // clocks of clients may be behind
)

// SelfSigned serves a certificate of an authority of our own, for development.
// The authority is kept in dir, so that clients trust it once; its certificate
// is in [AuthorityFile], and its key is its owner's only. What it signs is for
// this machine and hosts, lives in memory, and is renewed in time. A host that
// begins with a dot stands for all names below it, however deep.
func SelfSigned(dir string, hosts ...string) (*tls.Config, error) {
	a, err := loadAuthority(dir)
	if errors.Is(err, fs.ErrNotExist) {
		a, err = newAuthority(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("the authority for self-signed certificates: %w", err)
	}
	a.hosts, a.leaves = []string{"localhost", "127.0.0.1", "::1"}, map[string]*tls.Certificate{}
	for _, host := range hosts {
		if strings.HasPrefix(host, ".") {
			a.domains = append(a.domains, strings.ToLower(host))
		} else {
			a.hosts = append(a.hosts, host)
		}
	}
	if _, err := a.leaf(""); err != nil {
		return nil, err
	}
	return config(func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return a.leaf(strings.ToLower(hello.ServerName))
	}), nil
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	hosts       []string
	domains     []string

	mu sync.Mutex // guards leaves
	// leaves by the name below a domain; that of the hosts by none.
	leaves map[string]*tls.Certificate
}

// loadAuthority fails with fs.ErrNotExist only if there is no certificate yet.
func loadAuthority(dir string) (*authority, error) {
	certFile, keyFile := filepath.Join(dir, AuthorityFile), filepath.Join(dir, authorityKeyFile)
	if _, err := os.Stat(certFile); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("%v; delete %s to have a new one made, which clients then have to trust", err, certFile)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA || time.Now().After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("%s is not ours, or has expired; delete it to have a new one made, which clients then have to trust", certFile)
	}
	return &authority{certificate: pair.Leaf, key: key}, nil
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		// With a name of its own, an authority is not taken for an earlier one that a client still trusts.
		Subject:               pkix.Name{CommonName: "apicenter development " + now.UTC().Format("2006-01-02 15:04:05")},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	a := &authority{certificate: template, key: key}
	der, err := a.sign(template, key)
	if err != nil {
		return nil, err
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	// The certificate last: where it is, its key is.
	return a, errors.Join(
		writePEM(filepath.Join(dir, authorityKeyFile), "EC PRIVATE KEY", secret, 0o600),
		writePEM(filepath.Join(dir, AuthorityFile), "CERTIFICATE", der, 0o644))
}

// sign gives a certificate its number and the authority's signature.
func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
}

// leaf is the certificate to show to who asks for a name, made anew when it comes to its end.
func (a *authority) leaf(name string) (*tls.Certificate, error) {
	hosts := []string{name}
	if !slices.ContainsFunc(a.domains, func(domain string) bool { return strings.HasSuffix(name, domain) }) {
		name, hosts = "", a.hosts
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf := a.leaves[name]; leaf != nil && time.Now().Before(leaf.Leaf.NotAfter.Add(-renewBefore)) {
		return leaf, nil
	}
	leaf, err := a.issue(hosts)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %q: %w", hosts, err)
	}
	if len(a.leaves) >= maxLeaves { // who asks for so many is no user; making one anew costs little
		clear(a.leaves)
	}
	a.leaves[name] = leaf
	return leaf, nil
}

func (a *authority) issue(hosts []string) (*tls.Certificate, error) {
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "apicenter"},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := a.sign(template, key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// writePEM lets the file appear whole or not at all.
func writePEM(path, kind string, der []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return err
	}
	err = pem.Encode(f, &pem.Block{Type: kind, Bytes: der})
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
