package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"apicenter/internal/access"
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

// An import that goes on is shown as going on, then as what became of it.
func TestImportsByAddressAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, host, stop := slowShop(t)
		defer stop()
		b, reader := d.signedIn(adminKey), d.signedIn(d.key("reader", access.ReaderID))
		const late = onePage + "/definitions/late"
		at := b.goesOn(onePage+"/-/new-definition", late)
		page := b.reads(at, "being fetched from slow.example", `hx-get="`, "Look again")
		if strings.Contains(page, "import one first") || strings.Contains(page, "secret") {
			t.Error("while it is fetched, the page says to import it, or tells a secret")
		}
		if part := b.part(at); strings.Contains(part, "<html") || !strings.Contains(part, "being fetched") {
			t.Errorf("the part of the page: %s", part)
		}
		if body := reader.reads(at); strings.Contains(body, "being fetched") {
			t.Error("it is told to who may not import")
		}
		host.answer <- errors.New("404 Not Found")
		synctest.Wait()
		b.reads(at, "404 Not Found", "import one first")
		if part := b.part(at); !strings.Contains(part, "404 Not Found") || strings.Contains(part, "hx-get") {
			t.Errorf("the part of the page, once it failed: %s", part)
		}

		at = b.goesOn(late+"/-/document", late)
		host.answer <- nil
		synctest.Wait()
		if w := b.get(at, "HX-Request", "true"); w.Header().Get("HX-Redirect") != late {
			t.Errorf("once it is there: %d %v", w.Code, w.Header())
		}
		if body := b.reads(at, "Reads a pet"); strings.Contains(body, "being fetched") {
			t.Error("what is there is being fetched")
		}
		b.reads(late+"?import=none", "Reads a pet")
	})
}

// goesOn posts a form whose import takes longer than a request, and gives the page it leads to.
func (b *browser) goesOn(path, to string) string {
	b.Helper()
	w := b.post(path, atSlowHost)
	at := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(at, to+"?") {
		b.Fatalf("%s: %d, to %q\n%s", path, w.Code, at, w.Body)
	}
	return at
}

// part is what script gets of a page.
func (b *browser) part(path string) string {
	b.Helper()
	w := b.get(path, "HX-Request", "true")
	if w.Code != http.StatusOK {
		b.Errorf("%s: %d", path, w.Code)
	}
	return w.Body.String()
}

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
