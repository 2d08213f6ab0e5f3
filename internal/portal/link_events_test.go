package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"apicenter/internal/access"
)

func TestEventsAreSubscribedToWithOnesOwnRight(t *testing.T) {
	d, _, b, _ := inAzure(t)
	const page = linksPage + "/retail"
	var refuses atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events []struct {
			Data struct{ ValidationCode string }
		}
		if refuses.Load() || json.NewDecoder(r.Body).Decode(&events) != nil || len(events) != 1 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"validationResponse": events[0].Data.ValidationCode})
	}))
	defer hook.Close()
	subscribe := func(b *browser) *httptest.ResponseRecorder {
		return b.send(httptest.NewRequest(http.MethodPost, hook.URL+page+"/events", nil))
	}

	b.shows(page, http.StatusOK, `action="`+page+`/events"`, "integration events -i retail --create")
	if w := subscribe(b); w.Code != http.StatusSeeOther || w.Header().Get("Location") != page {
		t.Fatalf("subscribe: %d %s", w.Code, w.Body)
	}
	first := d.keys.All()
	if len(first) != 1 || first[0].Name != "events apicenter-retail" || first[0].Role != access.EventSenderID || !strings.HasSuffix(first[0].Scope, "/retail") {
		t.Fatalf("the keys are %+v", first)
	}
	if w := subscribe(b); w.Code != http.StatusSeeOther {
		t.Fatalf("subscribe again: %d %s", w.Code, w.Body)
	}
	second := d.keys.All()
	if len(second) != 1 || second[0].ID == first[0].ID {
		t.Errorf("the keys after a second time are %+v", second)
	}

	refuses.Store(true)
	if w := subscribe(b); w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), "must be reachable") {
		t.Errorf("an address that wants no events: %d %s", w.Code, w.Body)
	}
	if left := d.keys.All(); len(left) != 1 || left[0].ID != second[0].ID {
		t.Errorf("the keys after a failure are %+v", left)
	}
}

// Azure may take a subscription, with its key, and the answer be lost.
func TestTheKeyOfASubscriptionThatMayBeThereStays(t *testing.T) {
	d, _, b, _ := inAzure(t)
	const page = linksPage + "/retail"
	for name, instead := range map[string]http.HandlerFunc{
		"no answer in time": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) },
		"broken off":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"not to be read":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
	} {
		before := len(d.keys.All())
		d.entra.answer("apicenter-retail", instead)
		if w := b.post(page+"/events", nil); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "may have taken") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if got := len(d.keys.All()); got != before+1 {
			t.Errorf("%s: %d keys, want one more than %d", name, got, before)
		}
	}
	before := len(d.keys.All())
	d.entra.answer("apicenter-retail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	if w := b.post(page+"/events", nil); w.Code != http.StatusForbidden || len(d.keys.All()) != before {
		t.Errorf("refused: %d, and there are %d keys, want %d", w.Code, len(d.keys.All()), before)
	}
}

func TestEventsAreNotSubscribedToWithoutARight(t *testing.T) {
	d, _, _, _ := inAzure(t)
	const page = linksPage + "/retail"
	for what, key := range map[string]string{"who is unknown in Azure": adminKey, "who reads": d.key("reader", access.ReaderID)} {
		b := d.signedIn(key)
		if body := b.shows(page, http.StatusOK, "integration events -i retail --create"); strings.Contains(body, page+"/events") {
			t.Errorf("%s is offered to subscribe", what)
		}
		before := len(d.keys.All())
		if w := b.post(page+"/events", nil); w.Code != http.StatusForbidden || len(d.keys.All()) != before {
			t.Errorf("%s: %d, and there are %d keys", what, w.Code, len(d.keys.All()))
		}
	}
}

// The page of a link asks for itself again and again while something goes on.
func TestTheOfferToSubscribeAsksNobody(t *testing.T) {
	d, _, b, _ := inAzure(t)
	const page = linksPage + "/retail"
	d.entra.answer("token", func(w http.ResponseWriter, _ *http.Request) {
		t.Error("the issuer is asked for a token")
		w.WriteHeader(http.StatusBadRequest)
	})
	b.shows(page, http.StatusOK, `action="`+page+`/events"`)
	b.post("/portal/-/sign-out", nil)
	if body := d.signedIn(adminKey).shows(page, http.StatusOK); strings.Contains(body, page+"/events") {
		t.Error("who is unknown in Azure is offered to subscribe")
	}
}
