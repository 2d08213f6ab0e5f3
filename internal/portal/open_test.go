package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/feed"
)

// openToAll lets everybody read the center.
func (d *desk) openToAll() {
	d.Helper()
	d.put(service+"/portals/default", `{"allowAnonymousAccess":true}`)
}

// document gives the API of the desk a version with a definition that has a document.
func (d *desk) document() {
	d.Helper()
	d.put(workspace+"/apis/orders/versions/one", `{"title":"v1","lifecycleStage":"production"}`)
	d.define(workspace+"/apis/orders/versions/one/definitions/openapi", "openapi", petsDocument)
}

func TestOpenToAllShowsThePresentAlone(t *testing.T) {
	d := newDesk(t)
	d.put(workspace+"/environments/shop", `{"title":"Shop","kind":"production"}`)
	d.document()
	then := url.QueryEscape(d.store.Now().UTC().Format(time.RFC3339Nano))
	d.openToAll()

	people := map[string]*browser{
		"a stranger":             d.browser(),
		"who has a role apart":   d.signedIn(d.keyAt("apart", access.ReaderID, feed.ARMID("sub/group/other"))),
		"a reader of data":       d.signedIn(d.key("data", access.DataReaderID)),
		"a reader of everything": d.signedIn(d.key("reader", access.AdministratorID)),
	}
	const definition, environments = ordersPage + "/versions/one/definitions/openapi", "/portal/center/default/environments"
	for _, page := range []struct{ present, past string }{
		{apisPage, "?at="},
		{ordersPage, "?at="},
		{definition + "/document", "?at="},
		{environments, "?at="},
		{environments + "/shop", "?at="},
		{ordersPage + "/compare?from=one/openapi&to=one/openapi", "&fromAt="},
		{ordersPage + "/compare?from=one/openapi&to=one/openapi", "&toAt="},
	} {
		for who, b := range people {
			if w := b.get(page.present); w.Code != http.StatusOK {
				t.Errorf("%s asks for %s: %d", who, page.present, w.Code)
			}
			past := page.present + page.past + then
			want := map[string]int{"a stranger": http.StatusSeeOther, "who has a role apart": http.StatusForbidden}[who]
			if want == 0 {
				want = http.StatusOK
			}
			w := b.get(past)
			if w.Code != want || want == http.StatusSeeOther && !strings.HasPrefix(w.Header().Get("Location"), "/portal/-/sign-in?to=") {
				t.Errorf("%s asks for %s: %d %s, want %d", who, past, w.Code, w.Header().Get("Location"), want)
			}
		}
	}
}
