package apim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// BenchmarkUnchangedPass reads an instance of 10,000 APIs from a server that has
// all its pages ready, and reports the processor time of the whole program.
func BenchmarkUnchangedPass(b *testing.B) {
	w := newWorld(b, emulator.Options{APIs: 10_000})
	pages := map[string][]byte{}
	record := w.open(w.options(), inventory.Link{}, false)
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		rec := httptest.NewRecorder()
		w.emulator.Handler().ServeHTTP(rec, r)
		pages[r.URL.RequestURI()] = rec.Body.Bytes()
		_, _ = rw.Write(rec.Body.Bytes())
		return true
	})
	w.whole(record)
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		_, _ = rw.Write(pages[r.URL.RequestURI()])
		return true
	})
	c := w.open(w.options(), inventory.Link{}, false)
	b.ReportAllocs()
	before := processorTime(b)
	versions := 0
	for b.Loop() {
		for o, err := range c.Read(b.Context(), source.Scope{}) {
			if err != nil {
				b.Fatal(err)
			}
			if !strings.HasPrefix(o.External, "environment") {
				versions += len(o.Children)
			}
		}
	}
	b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	if versions != 10_000*b.N {
		b.Errorf("%d versions a pass, want 10000", versions/b.N)
	}
	size := 0
	for _, p := range pages {
		size += len(p)
	}
	b.ReportMetric(float64(size)/1e6, "MB/op")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
