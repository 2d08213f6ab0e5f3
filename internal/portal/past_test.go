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
		{asThen("/portal/center/default/environments", time.Now().Add(time.Hour)), http.StatusBadRequest, "yet to come"},
		{asThen("/portal/center/default/environments/later", then), http.StatusNotFound, "There was no environment"},
		{asThen("/portal/center/default/apis/pets", then), http.StatusNotFound, "There was no api"},
		{apisPage + "?at=yesterday", http.StatusBadRequest, "no date and time"},
	} {
		b.shows(tt.path, tt.status, tt.says)
	}
	if _, err := d.store.Fold(t.Context(), d.store.Now()); err != nil {
		t.Fatal(err)
	}
	b.shows(asThen(apisPage, then), http.StatusGone, "is not kept", "Back to the present", "See the inventory as of")
}

func TestDeploymentsThenWereDefinedByDocumentsOfThen(t *testing.T) {
	d := newDesk(t)
	d.document()
	const at = "/workspaces/default/apis/orders/versions/one/definitions/"
	d.put(service+at+"empty", `{"title":"Nothing yet"}`)
	d.put(workspace+"/environments/dev", `{"title":"Dev","kind":"development"}`)
	for name, definition := range map[string]string{"shop": "openapi", "till": "empty"} {
		d.put(workspace+"/apis/orders/deployments/"+name, `{"title":"`+name+`","environmentId":"/workspaces/default/environments/dev","definitionId":"`+at+definition+`"}`)
	}
	then := d.store.Now()
	d.define(service+at+"openapi", "openapi", strings.ReplaceAll(petsDocument, "Pets", "Cats"))

	b := d.signedIn(adminKey)
	page := b.shows(asThen(ordersPage, then), http.StatusOK, "Defined by one · Nothing yet</p>")
	if n := strings.Count(page, `href="`+asThen("/portal/center/default/environments/dev", then)+`"`); n != 2 {
		t.Errorf("%d of 2 deployments lead to their environment as it was\n%s", n, page)
	}
	to := regexp.MustCompile(`Defined by <a href="([^"]*)">one · The definition</a>`).FindStringSubmatch(page)
	if to == nil {
		t.Fatalf("nothing leads to the definition of then\n%s", page)
	}
	b.shows(strings.ReplaceAll(to[1], "&amp;", "&"), http.StatusOK, "Pets")
	reader := d.signedIn(d.key("reader", access.ReaderID))
	reader.shows(asThen(ordersPage, then), http.StatusOK, "Defined by one · The definition</p>")
}

func TestEnvironmentsAsTheyWere(t *testing.T) {
	d := newDesk(t)
	const at, page = workspace + "/environments/shop", "/portal/center/default/environments"
	d.put(at, `{"title":"Shop","kind":"production","server":{"type":"Kong"}}`)
	d.put(workspace+"/apis/orders/deployments/shop", `{"title":"In the shop","environmentId":"/workspaces/default/environments/shop","server":{"runtimeUri":["https://shop.example"]}}`)
	then := d.store.Now()
	d.put(at, `{"title":"Store","kind":"testing"}`)
	d.put(workspace+"/environments/later", `{"title":"Later","kind":"testing"}`)
	d.put(workspace+"/apis/orders", `{"title":"Sales orders","kind":"rest"}`)
	b := d.signedIn(adminKey)

	list := b.shows(asThen(page, then), http.StatusOK, ">Shop</a>", "As of <time", "Kong", `action="`+page+`"`)
	if strings.Contains(list, "Later") || strings.Contains(list, "new-environment") {
		t.Errorf("the list of then shows what came later, or offers to change it\n%s", list)
	}
	inside := strings.ReplaceAll(regexp.MustCompile(`href="([^"]*)">Shop</a>`).FindStringSubmatch(list)[1], "&amp;", "&")
	one := b.shows(inside, http.StatusOK, "<h1>Shop</h1>", "What ran here", ">Orders</a>", "https://shop.example")
	if strings.Contains(one, "/edit") || strings.Contains(one, "/delete") || strings.Contains(one, "Sales orders") {
		t.Errorf("what was shows what is, or can be changed\n%s", one)
	}
	api := strings.ReplaceAll(regexp.MustCompile(`href="([^"]*)">Orders</a>`).FindStringSubmatch(one)[1], "&amp;", "&")
	back := b.shows(api, http.StatusOK, "<h1>Orders</h1>", ">Shop</a>")
	if !strings.Contains(back, inside[strings.Index(inside, "?at="):]) || !strings.Contains(back, page+"?at=") {
		t.Errorf("from there nothing leads on in the past\n%s", back)
	}
	b.shows(page+"/shop", http.StatusOK, "<h1>Store</h1>")
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
