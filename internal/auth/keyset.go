package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// key is one that an issuer signs with.
type key struct {
	public    crypto.PublicKey
	algorithm string // empty: any that goes with the kind of key
}

// keySet are the keys of an issuer, as last read. It is never changed, only replaced.
type keySet struct {
	keys map[string]key
	read time.Time
}

func (s *keySet) find(id string) (key, bool) {
	if s == nil {
		return key{}, false
	}
	k, ok := s.keys[id]
	return k, ok
}

// read asks the issuer where its keys are, and for the keys.
func (t *trusted) read(ctx context.Context) (*keySet, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := t.get(ctx, t.discovery, &about); err != nil {
		return nil, err
	}
	if !slices.Contains(t.names, about.Issuer) {
		return nil, fmt.Errorf("%s says that it is of the issuer %q; is that the one to name?", t.discovery, about.Issuer)
	}
	var published struct {
		Keys []webKey `json:"keys"`
	}
	if err := t.get(ctx, about.Keys, &published); err != nil {
		return nil, err
	}
	set := &keySet{keys: map[string]key{}, read: time.Now()}
	for _, w := range published.Keys {
		if public := w.public(); public != nil && w.ID != "" && w.Use != "enc" {
			set.keys[w.ID] = key{public, w.Algorithm}
		}
	}
	if len(set.keys) == 0 {
		return nil, fmt.Errorf("%s has no key to check a signature with", about.Keys)
	}
	return set, nil
}

// get reads a JSON document of the issuer.
func (t *trusted) get(ctx context.Context, address string, v any) error {
	u, err := url.Parse(address)
	if err != nil || !safe(u) {
		return fmt.Errorf("%q is no address to read keys from", address)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := t.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, answer.Status)
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = errors.New("it has more than a megabyte")
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	return nil
}

// webKey is a JSON Web Key with the members of the kinds of key that we take.
type webKey struct {
	Type      string `json:"kty"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	N         string `json:"n"` // RSA
	E         string `json:"e"`
	Curve     string `json:"crv"` // elliptic curves
	X         string `json:"x"`
	Y         string `json:"y"`
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// Keys of RSA that are taken, in bits. A smaller one can be broken; a larger one
// makes each check a burden.
const (
	minRSA = 2048
	maxRSA = 8192
)

// public is the key itself; nil when it is of another kind, or no good.
func (w webKey) public() crypto.PublicKey {
	switch w.Type {
	case "RSA":
		n, e := new(big.Int).SetBytes(decoded(w.N)), new(big.Int).SetBytes(decoded(w.E))
		if n.BitLen() < minRSA || n.BitLen() > maxRSA || e.BitLen() < 2 || e.BitLen() > 31 {
			return nil
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}
	case "EC":
		curve := curves[w.Curve]
		if curve == nil {
			return nil
		}
		point := slices.Concat([]byte{4}, decoded(w.X), decoded(w.Y))
		if public, err := ecdsa.ParseUncompressedPublicKey(curve, point); err == nil {
			return public
		}
	}
	return nil
}

// decoded is what a member stands for; nothing when it stands for nothing.
func decoded(member string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(member)
	if err != nil {
		return nil
	}
	return b
}
