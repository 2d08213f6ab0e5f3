package portal_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/portal"
)

// slowHost answers what is asked of it when it is told to.
type slowHost struct {
	asked  chan struct{} // closed by the first request
	answer chan error
}

func (h *slowHost) Download(ctx context.Context, _ string, _ int64) ([]byte, error) {
	if h.asked != nil {
		close(h.asked)
	}
	select {
	case err := <-h.answer:
		return []byte(petsDocument), err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// slowShop is a shop whose documents come from a slow host, until stop.
func slowShop(t *testing.T) (d *desk, host *slowHost, stop func()) {
	t.Helper()
	d, host = shop(t), &slowHost{answer: make(chan error)}
	d.people = catalog.New(d.store, catalog.Options{Downloader: host})
	d.open(portal.Issuers{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.people.Run(ctx) }()
	return d, host, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

const onePage = ordersPage + "/versions/one"

var atSlowHost = url.Values{"title": {"Late"}, "name": {"late"}, "link": {"https://who:secret@slow.example/pets.json?token=secret"}, "format": {"openapi"}}

// What was made for a document is taken back, even if who made it has gone.
func TestWhoGoesLeavesNoDefinition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, host, stop := slowShop(t)
		defer stop()
		b := d.signedIn(adminKey)
		host.asked = make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			<-host.asked
			leave()
		}()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, onePage+"/-/new-definition", strings.NewReader(atSlowHost.Encode()))
		b.send(r, "Content-Type", "application/x-www-form-urlencoded")
		if _, err := d.people.Get(t.Context(), inventory.MustID(workspace+"/apis/orders/versions/one/definitions/late")); inventory.CodeOf(err) != inventory.NotFound {
			t.Errorf("the definition is still there: %v", err)
		}
	})
}
