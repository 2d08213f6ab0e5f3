package dataapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

// answers holds what every answer holds: JSON, no fault of ours, readable from any origin.
func (d *desk) answers(method, path, body string) {
	d.Helper()
	at, err := url.ParseRequestURI(path)
	if err != nil {
		return // the server's own parser refuses it
	}
	r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
	r.Method, r.URL, r.RequestURI = method, at, path
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	d.wellFormed(method+" "+path, w)
	switch {
	case w.Code >= 500:
		d.Errorf("%s %q: %d %s", method, path, w.Code, w.Body)
	case w.Code == http.StatusNoContent && method == http.MethodOptions:
	case !json.Valid(w.Body.Bytes()):
		d.Errorf("%s %q: %d with body %q", method, path, w.Code, w.Body)
	}
}

// FuzzFilter holds that every filter is either read and run, or refused.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`(kind eq 'rest' or contains(customProperties/x, 'y')) and not customProperties/tags/any(t: t in ('b', 1))`, `title eq 'it's' and b ne null`,
		`a"b eq 'x'`, "a\x00 eq 'x'", `a\ eq 'x'`, `[0] eq 'x'`, `$ eq 'x'`, `recommended eq true`, `lastUpdated ge 2026-01-01T00:00:00Z`, `lastUpdated eq null`, "\xff eq '\xff'", `name ge 'x`, strings.Repeat("not ", 24) + "a eq 'b'",
		"a in ('" + strings.Repeat("x','", 199) + "')", "a eq 'b'" + strings.Repeat(" or a eq 'b'", 199),
	} {
		f.Add(text)
	}
	d := filled(f, dataapi.Limits{})
	f.Fuzz(func(t *testing.T, filter string) {
		(&desk{TB: t, handler: d.handler}).answers(http.MethodGet, "/workspaces/default/apis?$filter="+url.QueryEscape(filter), "")
	})
}

// FuzzRequest holds that there is an answer to everything.
func FuzzRequest(f *testing.F) {
	for _, o := range dataapi.Operations() {
		f.Add(o.Method, request.Replace(o.Path), `{"query":"pets"}`)
	}
	for _, path := range []string{
		"//", "/data/center/apis?$top=1&$skiptoken=2.QQ&$orderby=updated+desc", "/workspaces/a%2fb/apis", "/workspaces/%00/apis", "/workspaces/default/apis/%ff:x",
		"/apis?$skiptoken=-1", "/apis?$orderby=name&$skiptoken=1.", "/apis?$search=%22*&$top=1", "/workspaces/default:search:search", "/:", "/workspaces/:search",
	} {
		f.Add("GET", path, "")
		f.Add("POST", path, "{}")
	}
	d := filled(f, dataapi.Limits{})
	f.Fuzz(func(t *testing.T, method, path, body string) {
		(&desk{TB: t, handler: d.handler}).answers(method, path, body)
	})
}
