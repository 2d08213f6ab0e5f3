package portal_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/emulator"
)

const instanceAccess = linksPage + "/retail/access"

// actsInAzure says whether a page shows what only a token for Azure opens.
func actsInAzure(t *testing.T, w *httptest.ResponseRecorder) bool {
	t.Helper()
	acts, refused := strings.Contains(w.Body.String(), emulator.OwnerID), strings.Contains(w.Body.String(), "sign in")
	if w.Code != http.StatusOK || acts == refused {
		t.Fatalf("access at the instance: %d %s", w.Code, w.Body)
	}
	return acts
}

// copied is a browser with the same cookies.
func (b *browser) copied() *browser { return &browser{b.desk, maps.Clone(b.cookies)} }

// again is a browser more of who signs in at the issuer.
func (d *desk) again() *browser {
	d.Helper()
	b := d.browser()
	if w := b.get(b.leave("/portal")); w.Code != http.StatusSeeOther {
		d.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
	return b
}

// Who has a stolen cookie does not act in the name of whom it was stolen from by
// coming in another way.
func TestATokenForAzureIsThatOfASession(t *testing.T) {
	_, _, b, _ := inAzure(t)
	as := func(p auth.Principal) bool {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+instanceAccess, nil)
		return actsInAzure(t, b.copied().send(r.WithContext(auth.With(r.Context(), p))))
	}
	grants := []auth.Grant{{Role: access.ReaderID, Scope: access.Everything}}
	reader := auth.Principal{ID: "reader", Kind: auth.Key, Grants: grants}
	owner := auth.Principal{ID: emulator.OwnerID, Kind: auth.User, Grants: grants}
	if !actsInAzure(t, b.get(instanceAccess)) {
		t.Fatal("the owner does not act in Azure")
	}
	if as(reader) || as(owner) {
		t.Error("who comes in by a token has that of a session")
	}
}

func TestARefreshDoesNotUndoASignOut(t *testing.T) {
	d, _, b, _ := inAzure(t)
	other := d.again()
	d.entra.answer("token", func(w http.ResponseWriter, r *http.Request) {
		other.post("/portal/-/sign-out", url.Values{"everywhere": {"yes"}})
		d.entra.emulated.ServeHTTP(w, r)
	})
	if actsInAzure(t, b.get(instanceAccess)) {
		t.Error("signed out while the token was refreshed, and it is given")
	}
}

// What the issuer gives, it is not asked for again: not by two pages at once, whose
// refresh token may be good once, nor when it says nothing of how long that is good.
func TestTheIssuerIsAskedOnceForATokenForAzure(t *testing.T) {
	d, _, b, _ := inAzure(t)
	before := d.entra.count("token")
	d.entra.answer("token", func(w http.ResponseWriter, r *http.Request) {
		given := httptest.NewRecorder()
		d.entra.emulated.ServeHTTP(given, r)
		var answer map[string]any
		if err := json.Unmarshal(given.Body.Bytes(), &answer); err != nil {
			t.Error(err)
		}
		delete(answer, "expires_in")
		_ = json.NewEncoder(w).Encode(answer)
	})
	var pages sync.WaitGroup
	for range 4 {
		tab := b.copied()
		pages.Go(func() { tab.get(instanceAccess) })
	}
	pages.Wait()
	if !actsInAzure(t, b.get(instanceAccess)) {
		t.Error("the owner does not act in Azure")
	}
	if asked := d.entra.count("token") - before; asked != 1 {
		t.Errorf("the issuer was asked %d times, want once", asked)
	}
}

func TestAnIssuerThatDoesNotAnswerRefusesNobody(t *testing.T) {
	d, _, b, _ := inAzure(t)
	d.entra.answer("token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	if body := b.shows(instanceAccess, http.StatusOK, "gives no token for Azure", "try again in a minute"); strings.Contains(body, "sign in again") {
		t.Error("who is signed in is told to do it again")
	}
}

func TestAnIssuerThatGivesNoTokenForAzureIsNotAskedEachTime(t *testing.T) {
	d, _, b, _ := inAzure(t)
	before := d.entra.count("token")
	d.entra.answer("token", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"consent is required"}`))
	})
	for range 3 {
		b.shows(instanceAccess, http.StatusOK, "gives no token for Azure", "consent is required", "sign in again")
	}
	if asked := d.entra.count("token") - before; asked != 1 {
		t.Errorf("the issuer was asked %d times, want once", asked)
	}
}
