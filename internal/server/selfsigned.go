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
	skew             = time.Hour // clocks of clients may be behind
)

// SelfSigned serves a certificate of an authority of our own, for development.
// The authority is kept in dir, so that clients trust it once; its certificate
// is in [AuthorityFile], and its key is its owner's only. What it signs is for
// this machine and hosts, lives in memory, and is renewed in time.
func SelfSigned(dir string, hosts ...string) (*tls.Config, error) {
	a, err := loadAuthority(dir)
	if errors.Is(err, fs.ErrNotExist) {
		a, err = newAuthority(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("the authority for self-signed certificates: %w", err)
	}
	a.hosts = append([]string{"localhost", "127.0.0.1", "::1"}, hosts...)
	if _, err := a.current(); err != nil {
		return nil, err
	}
	return config(a.current), nil
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	hosts       []string

	mu   sync.Mutex // guards leaf
	leaf *tls.Certificate
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

// current is the certificate to show, made anew when it comes to its end.
func (a *authority) current() (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.leaf != nil && now.Before(a.leaf.Leaf.NotAfter.Add(-renewBefore)) {
		return a.leaf, nil
	}
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
	for _, host := range a.hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := a.sign(template, key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %q: %w", a.hosts, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	a.leaf = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	return a.leaf, nil
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
