package identity

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

const (
	deviceLife     = 15 * time.Minute
	deviceInterval = time.Second // Entra's is five; tests wait for it
)

// deviceGrant is the name of the grant.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// device starts a sign-in with a code. There is one user, who approves at once;
// still the first question comes too early, as it does for people.
func (a *Authority) device(tenant string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		s, ok := a.signIn(w, r, tenant, r.PostFormValue("scope"))
		if !ok {
			return
		}
		s.pending = true
		code, user := a.grants.add(s, deviceLife), rand.Text()[:9]
		page := wire.Base(r) + "/devicelogin"
		w.Header().Set("Cache-Control", "no-store")
		wire.JSON(w, http.StatusOK, map[string]any{
			"device_code": code, "user_code": user, "verification_uri": page,
			"expires_in": int(deviceLife.Seconds()), "interval": int(deviceInterval.Seconds()),
			"message": "To sign in, use a web browser to open the page " + page + " and enter the code " + user + " to authenticate.",
		})
	}
}

// devicePage is where the code would be typed in.
func (a *Authority) devicePage(w http.ResponseWriter, _ *http.Request) {
	wire.JSON(w, http.StatusOK, map[string]string{"message": "The emulator's user approves every code by itself."})
}

// redeemDevice answers the program that waits for the code to be typed in.
func (a *Authority) redeemDevice(w http.ResponseWriter, r *http.Request, tenant string) {
	code := r.PostFormValue("device_code")
	s, ok := a.grants.find(code)
	if !ok || !strings.EqualFold(s.client, r.PostFormValue("client_id")) || s.challenge != "" || s.refresh {
		refuseGrant(w, http.StatusBadRequest, "bad_verification_code", "AADSTS70016: The device code is unknown, or has been used.")
		return
	}
	if s.pending {
		a.grants.approve(code)
		refuseGrant(w, http.StatusBadRequest, "authorization_pending", "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
		return
	}
	a.grants.take(code)
	a.give(w, r, tenant, s)
}
