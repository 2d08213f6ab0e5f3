package armapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// full is a centre with n APIs, as a linked instance of that size leaves it.
func full(b *testing.B, n int) *desk {
	b.Helper()
	d := centre(b)
	for i := range n {
		body := fmt.Sprintf(`{"properties":{"title":"Orders %d","kind":"rest","summary":"Place and follow orders, part %d","description":"Everything about word%d and what comes after it.","customProperties":{"team":"team-%d","tier":%d}}}`, i, i, i%50, i%7, i%3)
		d.must("PUT", fmt.Sprintf("%s/apis/orders-%d", space, i), body, 201)
	}
	return d
}

var paths = []struct{ name, path string }{
	{"get", space + "/apis/orders-77?api-version=" + version},
	{"list20", space + "/apis?$top=20&api-version=" + version},
	{"search", space + "/apis?$search=word7&$top=20&api-version=" + version},
	{"filter", space + "/apis?$filter=kind%20eq%20'rest'%20and%20customProperties/team%20eq%20'team-3'&$top=20&api-version=" + version},
}

// BenchmarkHandler is the surface without a network.
func BenchmarkHandler(b *testing.B) {
	d := full(b, 500)
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := httptest.NewRequest("GET", p.path, nil)
				r.Header.Set("Authorization", "Bearer secret")
				w := &nowhere{header: http.Header{}}
				for pb.Next() {
					d.mux.ServeHTTP(w, r)
				}
				if w.status != 200 && w.status != 0 { // 0: this one had nothing to do
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

// BenchmarkLoopback is what a client on the same machine sees over 8 connections.
func BenchmarkLoopback(b *testing.B) {
	d := full(b, 500)
	s := httptest.NewServer(d.mux)
	defer s.Close()
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := drive(s.Listener.Addr().String(), p.path, &left); err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// drive is a frugal client: the machine's cores are the server's.
func drive(addr, path string, left *atomic.Int64) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReaderSize(c, 64<<10)
	out := []byte("GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n")
	for left.Add(-1) >= 0 {
		if _, err := c.Write(out); err != nil {
			return err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != 200 {
			return fmt.Errorf("status %d (%w)", resp.StatusCode, err)
		}
	}
	return nil
}
