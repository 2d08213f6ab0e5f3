package signin

import (
	"context"
	"errors"
	"net/url"
	"time"
)

const (
	defaultInterval = 5 * time.Second
	longestInterval = time.Minute
	longestCode     = 15 * time.Minute // that a code is waited for
)

// Code is what a person types in on another device.
type Code struct {
	UserCode string
	Address  string // where
	Message  string // the same in words of the issuer; may be empty
}

// Device signs a person in with a code, which show tells, and waits until that
// has happened or the code is too old.
func (i *Issuer) Device(ctx context.Context, show func(Code)) (Token, error) {
	if !i.HasDevice() {
		return Token{}, errors.New("the issuer has no device codes; sign in with a browser")
	}
	var started struct {
		DeviceCode string `json:"device_code"`
		UserCode   string `json:"user_code"`
		Address    string `json:"verification_uri"`
		Message    string `json:"message"`
		ExpiresIn  int64  `json:"expires_in"`
		Interval   int64  `json:"interval"`
	}
	if err := i.post(ctx, i.endpoints.Device, url.Values{"scope": {i.scopes()}}, &started); err != nil {
		return Token{}, err
	}
	if started.DeviceCode == "" || started.UserCode == "" {
		return Token{}, errors.New("the issuer gave no device code")
	}
	life := longestCode
	if n := started.ExpiresIn; n > 0 && n < int64(longestCode/time.Second) {
		life = time.Duration(n) * time.Second
	}
	ctx, stop := context.WithTimeoutCause(ctx, life, errors.New("nobody typed the code in; try again"))
	defer stop()
	show(Code{started.UserCode, started.Address, started.Message})
	pause := defaultInterval
	if n := started.Interval; n > 0 && n < int64(longestInterval/time.Second) {
		pause = time.Duration(n) * time.Second
	}
	for {
		select {
		case <-ctx.Done():
			return Token{}, context.Cause(ctx)
		case <-time.After(pause):
		}
		token, err := i.grant(ctx, url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {started.DeviceCode},
		})
		refusal, refused := errors.AsType[*Error](err)
		switch {
		case err == nil:
			return token, nil
		case ctx.Err() != nil:
			return Token{}, context.Cause(ctx)
		case refused && refusal.Code == "authorization_pending":
		case refused && refusal.Code == "slow_down":
			pause = min(pause+5*time.Second, longestInterval)
		default:
			return Token{}, err
		}
	}
}
