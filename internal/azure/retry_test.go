package azure_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/azure"
)

// transport is a function that carries requests.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestTriesAreSpreadByTheRandomGiven(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func() (*http.Response, error)
		want   []time.Duration
	}{
		{"no answer", func() (*http.Response, error) { return nil, errors.New("connection reset") }, []time.Duration{0, 840 * time.Millisecond, 3360 * time.Millisecond}},
		{"it says how long", func() (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"3"}}, Body: http.NoBody}, nil
		}, []time.Duration{0, 3 * time.Second, 6 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var tries []time.Duration
				o := options("http://127.0.0.1")
				o.Random = func() float64 { return 0.5 }
				o.Transport = transport(func(*http.Request) (*http.Response, error) {
					tries = append(tries, time.Since(began))
					return tt.answer()
				})
				c, err := azure.NewClient(o)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Get(t.Context(), c.URL("/x")); err == nil || !slices.Equal(tries, tt.want) {
					t.Errorf("tries after %v and %v, want after %v", tries, err, tt.want)
				}
			})
		})
	}
}
