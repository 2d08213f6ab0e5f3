package dataapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

// BenchmarkHandler is the surface without a network, as armapi's.
func BenchmarkHandler(b *testing.B) {
	d := newDesk(b, dataapi.Limits{})
	for i := range 500 {
		d.put(fmt.Sprintf("%s/apis/orders-%d", space, i), fmt.Sprintf(`{"title":"Orders %d","kind":"rest","summary":"Place and follow orders, part %d",
			"description":"Everything about word%d and what comes after it.","customProperties":{"team":"team-%d","tier":%d}}`, i, i, i%50, i%7, i%3))
	}
	d.put(space+"/environments/prod", `{"title":"Production","kind":"production"}`)
	d.put(space+"/apis/orders-77/deployments/main", `{"title":"Main","environmentId":"/workspaces/default/environments/prod","server":{"runtimeUri":["https://a.example.com"]}}`)
	for _, p := range []struct{ name, path string }{
		{"get", "/workspaces/default/apis/orders-77"},
		{"list20", "/workspaces/default/apis?$top=20"},
		{"byName50", "/workspaces/default/apis?$top=50&$orderby=name%20asc"},
		{"everywhere20", "/apis?$top=20"},
		{"search", "/workspaces/default/apis?$search=word7&$top=20"},
		{"filter", "/workspaces/default/apis?$filter=kind%20eq%20'rest'%20and%20customProperties/team%20eq%20'team-3'&$top=20"},
		{"deployments", "/workspaces/default/apis/orders-77/deployments?$top=50"},
	} {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := httptest.NewRequest(http.MethodGet, p.path, nil)
				r.Header.Set("Authorization", "Bearer secret")
				w := &nowhere{header: http.Header{}}
				for pb.Next() {
					d.mux.ServeHTTP(w, r)
				}
				if w.status != http.StatusOK && w.status != 0 { // 0: this one had nothing to do
					b.Errorf("status %d", w.status)
				}
			})
		})
	}
}

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(status int)      { n.status = status }
