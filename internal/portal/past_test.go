package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
)

// asThen is an address as of a moment.
func asThen(address string, at time.Time) string {
	return address + "?at=" + url.QueryEscape(at.UTC().Format(time.RFC3339Nano))
}

func TestTheInventoryAsItWas(t *testing.T) {
	d := newDesk(t)
	api := workspace + "/apis/orders"
	d.put(api+"/versions/one", `{"title":"v1","lifecycleStage":"production"}`)
	d.put(api+"/versions/one/definitions/openapi", `{"title":"OpenAPI"}`)
	then := d.store.Now()
	d.put(api, `{"title":"Sales orders","kind":"rest"}`)
	d.put(workspace+"/apis/pets", `{"title":"Pets","kind":"rest"}`)
	b := d.signedIn(adminKey)

	page := b.shows(asThen(apisPage, then), http.StatusOK, ">Orders</a>", "As of <time", `href="/portal/center/default/apis">Back to the present`, "Buys things")
	if strings.Contains(page, "Pets") || strings.Contains(page, "Sales orders") || strings.Contains(page, "new-link") {
		t.Errorf("the list of then shows what came later, or offers to change it\n%s", page)
	}
	inside := regexp.MustCompile(`href="([^"]*)">Orders</a>`).FindStringSubmatch(page)[1]
	page = b.shows(strings.ReplaceAll(inside, "&amp;", "&"), http.StatusOK, "<h1>Orders</h1>", "As of <time", "v1", "OpenAPI")
	if strings.Contains(page, "/edit") || strings.Contains(page, "/-/new-") || strings.Contains(page, "danger") {
		t.Error("what was can be edited")
	}
	b.shows("/portal/center/default/apis/orders", http.StatusOK, "Sales orders")

	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{asThen(apisPage, time.Now().Add(time.Hour)), http.StatusBadRequest, "yet to come"},
		{asThen("/portal/center/default/apis/pets", then), http.StatusNotFound, "there was no api"},
		{apisPage + "?at=yesterday", http.StatusBadRequest, "no date and time"},
	} {
		b.shows(tt.path, tt.status, tt.says)
	}
	if _, err := d.store.Fold(t.Context(), d.store.Now()); err != nil {
		t.Fatal(err)
	}
	b.shows(asThen(apisPage, then), http.StatusGone, "is not kept", "Back to the present", "See the inventory as of")
}

func TestEventsLeadToWhatWasThen(t *testing.T) {
	d := newDesk(t)
	d.put(workspace+"/apis/orders", `{"title":"Sales orders","kind":"rest"}`)
	b := d.signedIn(adminKey)
	links := regexp.MustCompile(`class="then" href="([^"]*)"`).FindAllStringSubmatch(b.page(activityPage+"?kind=api"), -1)
	if len(links) != 2 {
		t.Fatalf("%d events lead to then, want 2", len(links))
	}
	for i, title := range []string{"Sales orders", "Orders"} {
		b.shows(strings.ReplaceAll(links[i][1], "&amp;", "&"), http.StatusOK, "<h1>"+title+"</h1>")
	}
	b.shows(activityPage, http.StatusOK, "See the inventory as of", `action="/portal/center/default/apis"`)
	if w := d.signedIn(d.key("data", access.DataReaderID)).get(strings.ReplaceAll(links[1][1], "&amp;", "&")); w.Code != http.StatusOK {
		t.Errorf("a reader of data sees what was: %d", w.Code)
	}
}
