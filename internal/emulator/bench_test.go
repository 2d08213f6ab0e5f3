package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"apicenter/internal/emulator"
)

// get asks the handler without a network, which would cost more than it.
func get(b *testing.B, h http.Handler, path string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer azemu")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w
}

func BenchmarkListPage(b *testing.B) {
	srv, err := emulator.New(emulator.Options{APIs: 100_000})
	if err != nil {
		b.Fatal(err)
	}
	path := srv.Target().InstanceID + "/apis?api-version=" + version
	for name, query := range map[string]string{
		"current": "&$filter=isCurrent%20eq%20true&expandApiVersionSet=true&$skip=50000",
		"all":     "&$skip=50000",
		"scan":    "&$filter=contains(path,%27orders/50000%27)",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				get(b, srv.Handler(), path+query)
			}
		})
	}
}

func BenchmarkExport(b *testing.B) {
	srv, err := emulator.New(emulator.Options{APIs: 10})
	if err != nil {
		b.Fatal(err)
	}
	path := srv.Target().InstanceID + "/apis/sales-orders-00000?export=true&format=openapi%2Bjson-link&api-version=" + version
	for b.Loop() {
		get(b, srv.Handler(), path)
	}
}
