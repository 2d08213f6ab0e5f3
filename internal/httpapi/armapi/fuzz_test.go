package armapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/httpapi/armapi"
)

// furnished is a filled centre with one of all other kinds, too.
func furnished(t testing.TB) *desk {
	d := filled(t)
	d.source.documents = map[string]string{"https://example.com/openapi.json": "{}"}
	d.must("PUT", link, linkBody, 201)
	d.must("PUT", schemaPath, `{"properties":{"schema":"{\"type\":\"string\"}","assignedTo":[{"entity":"environment"}]}}`, 201)
	d.must("PUT", analyzerPath, `{"properties":{}}`, 201)
	d.must("PUT", portalPath, `{"properties":{}}`, 201)
	d.must("PUT", base+"/services/gone", `{"location":"x"}`, 201)
	d.must("DELETE", base+"/services/gone", "", 200)
	return d
}

// answers fails unless w is what a client can read: never the server's fault,
// and JSON where there is to be a body.
func (d *desk) answers(r *http.Request, w *httptest.ResponseRecorder) {
	d.Helper()
	what := r.Method + " " + r.URL.String()
	if w.Code >= 500 {
		d.Errorf("%s: %d %s", what, w.Code, w.Body)
	}
	if w.Code >= 400 {
		d.wellFormed(what, w)
	}
	if w.Body.Len() > 0 && !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		d.Errorf("%s: %d with a body of type %q", what, w.Code, w.Header().Get("Content-Type"))
	}
	if w.Code < 300 && w.Body.Len() == 0 && r.Method == http.MethodGet {
		d.Errorf("%s: %d without a body", what, w.Code)
	}
}

// send sends what was made by chance.
func (d *desk) send(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return w
}

// FuzzPath: whatever is asked for, there is an answer that a client can read.
func FuzzPath(f *testing.F) {
	d := furnished(f)
	methods := []string{"GET", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "gEt"}
	for i, o := range armapi.Operations() {
		f.Add(i, fill.Replace(o.Path)+"?api-version="+version)
	}
	for i, path := range []string{
		"/subscriptions", "/subscriptions/S?api-version=2024-03-01", "//subscriptions//S", "/subscriptions/S/providers/Microsoft.ApiCenter/services/x",
		space + "/apis/pets%3Brev=2?api-version=" + version, space + "/apis/a%2Fb?api-version=" + version, space + "/apis/%00?api-version=" + version,
		base + "/services/Center~deleted?api-version=" + version, base + "/deletedServices/Center~deleted?api-version=" + version,
		space + "/apis?$filter=kind eq 'rest'&$top=1&$skip=2&$search=x&api-version=" + version, base + "/operationResults/x?api-version=" + version,
		center + "/operationResults/a/operationResults/b?api-version=" + version, "/providers/Microsoft.ApiCenter?api-version=" + version,
		"/subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter/services/\u212Aenter?api-version=" + version,
	} {
		f.Add(i, path)
	}
	f.Fuzz(func(t *testing.T, which int, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return // no client can send it
		}
		if first, _, _ := strings.Cut(strings.TrimLeft(strings.ToLower(u.Path), "/"), "/"); first != "subscriptions" && first != "providers" {
			return // another surface's
		}
		r := httptest.NewRequest(methods[uint(which)%uint(len(methods))], "/", strings.NewReader("{}"))
		r.URL, r.RequestURI = u, path
		d := d.in(t)
		d.answers(r, d.send(r))
	})
}

// FuzzBody: whatever is sent, it is the sender's fault or nobody's, and what is
// there can be read afterwards.
func FuzzBody(f *testing.F) {
	d := furnished(f)
	var takers []armapi.Operation
	for _, o := range armapi.Operations() {
		if o.Method != http.MethodGet && o.Method != http.MethodDelete {
			takers = append(takers, o)
		}
	}
	for i, o := range takers {
		for _, c := range story(f) {
			if c.body != "" && o.Method == c.method && pattern(o.Path).MatchString(c.path) {
				f.Add(i, c.body)
			}
		}
	}
	for i, body := range []string{
		`{"location":"x","tags":{"a":1},"identity":{"type":"None"}}`, `{"properties":{"restore":"x"}}`, `{"identity":{"a":{"b":null}}}`,
		`{"properties":{"title":"x","kind":"rest","customProperties":{"a/b~":[1,{"\u0000":null}]}}}`, `{"api":"a/b"}`,
		`{"properties":{"environmentId":"/subscriptions/S","server":{"runtimeUri":[]}}}`, `{"format":"inline-zip","value":"UEsFBg=="}`,
		`{"properties":{"apimSource":{"resourceId":"x"},"shouldImportSpec":true}}`, `{"sourceResourceIds":["//apis/*"]}`,
		`{"properties":{"schema":"{\"$ref\":\"#\"}","assignedTo":[{"entity":"api","required":true}]}}`,
	} {
		for range takers {
			f.Add(i, body)
			i++
		}
	}
	f.Fuzz(func(t *testing.T, which int, body string) {
		o := takers[uint(which)%uint(len(takers))]
		r := httptest.NewRequest(o.Method, fill.Replace(o.Path)+"?api-version="+version, strings.NewReader(body))
		d := d.in(t)
		d.answers(r, d.send(r))
		for _, path := range []string{
			fill.Replace(o.Path), space + "/apis?$filter=customProperties/x%20eq%20'y'%20and%20title%20ne%20'z'", center,
		} {
			r := httptest.NewRequest(http.MethodGet, path+sep(path)+"api-version="+version, nil)
			d.answers(r, d.send(r))
		}
	})
}

func sep(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}
