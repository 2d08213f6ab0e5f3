package portal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"apicenter/internal/signin"
)

const (
	visitCookie = "apicenter_sign_in"
	visitAge    = 10 * time.Minute
	maxVisit    = 2 << 10 // bytes; browsers drop a cookie of more than 4 kB
)

// visit is a sign-in that is under way.
type visit struct {
	signin.Visit
	Issuer int
	To     string // where to go on
	Ends   time.Time
}

// visits leaves the sign-ins that are under way with the browsers that are away,
// sealed: what anybody can begin must not fill the memory here.
type visits struct{ aead cipher.AEAD }

// newVisits makes a key that ends with the process, and with it the sign-ins under
// way: no other process has the data folder.
func newVisits() (visits, error) {
	var key [32]byte
	rand.Read(key[:]) // never fails
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return visits{}, fmt.Errorf("a seal for sign-ins: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return visits{aead}, err
}

// seal gives a visit as the value of a cookie.
func (v visits) seal(in visit) (string, error) {
	text, err := json.Marshal(in)
	if err == nil && len(text) > maxVisit {
		in.To = Root // rather lose the way than the sign-in
		text, err = json.Marshal(in)
	}
	if err != nil {
		return "", fmt.Errorf("keep a sign-in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(v.aead.Seal(nil, nil, text, nil)), nil
}

// open gives the visit of a cookie, or an error if it is over, or none of ours.
func (v visits) open(value string) (found visit, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return visit{}, err
	}
	text, err := v.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return visit{}, err
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return visit{}, err
	}
	if time.Now().After(found.Ends) {
		return visit{}, errors.New("it is too old")
	}
	return found, nil
}
