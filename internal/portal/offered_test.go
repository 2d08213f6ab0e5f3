package portal_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/feed"
)

// serviceReader is the role that reads documents too, which Reader does not.
const serviceReader = "6cba8790-29c5-48e5-bab1-c7541b01cb04"

func TestDocumentsAreOfferedToWhoMayReadThem(t *testing.T) {
	d := newDesk(t)
	d.document()
	d.define(workspace+"/apis/orders/versions/one/definitions/second", "openapi", petsDocument)
	d.define(workspace+"/apis/orders/versions/one/definitions/second", "openapi", strings.ReplaceAll(petsDocument, "Pets", "Cats"))
	then := "?at=" + url.QueryEscape(d.store.Now().UTC().Format(time.RFC3339Nano))
	document, compare := ordersPage+"/versions/one/definitions/openapi/document", ordersPage+"/compare"
	offers := map[string][]string{ // by page
		ordersPage:               {document},
		ordersPage + "/versions": {document, compare},
		ordersPage + "/history":  {compare},
		activityPage:             {compare},
		ordersPage + then:        {document, compare},
	}
	refused := d.signedIn(d.key("reader", access.ReaderID))
	for page, all := range offers {
		d.signedIn(d.key("service reader", serviceReader)).shows(page, http.StatusOK, all...)
		body := refused.shows(page, http.StatusOK)
		for _, address := range all {
			if strings.Contains(body, address) {
				t.Errorf("%s offers %s to who is refused there", page, address)
			}
		}
	}

	d.openToAll() // which is to say as it is
	for page, all := range offers {
		body := refused.shows(page, http.StatusOK)
		for _, address := range all {
			if shows := strings.Contains(body, address); shows != (page == ordersPage || strings.HasSuffix(page, "/versions")) {
				t.Errorf("%s of an open center offers %s: %t", page, address, shows)
			}
		}
	}
}

var menu = regexp.MustCompile(`(?s)<nav class="side".*?</nav>`)

// offers are the pages that the menu of a page has, by their titles.
func (b *browser) offers(page string) map[string]string {
	all := map[string]string{}
	for _, item := range regexp.MustCompile(`<a href="([^"]*)".*<span>(.*)</span>`).FindAllStringSubmatch(menu.FindString(b.page(page)), -1) {
		all[item[2]] = item[1]
	}
	return all
}

func TestTheMenuOffersWhatMayBeOpened(t *testing.T) {
	d := newDesk(t)
	for name, tt := range map[string]struct{ role, scope, want string }{
		"of an API":          {"Owner", workspace + "/apis/orders", ""},
		"of a workspace":     {"Owner", workspace, "APIs Environments Links"},
		"of a center":        {"Owner", service, "APIs Access Activity Environments Home Identities Keys Links Metadata Settings Webhooks"},
		"of data of an API":  {access.DataReaderID, workspace + "/apis/orders", ""},
		"of data of centers": {access.DataReaderID, service, "APIs Environments Home"},
	} {
		role, _ := d.guard.FindRole(tt.role)
		b := d.signedIn(d.keyAt(name, role.ID, feed.ARMID(tt.scope)))
		offers := b.offers(ordersPage)
		if got := strings.Join(slices.Sorted(maps.Keys(offers)), " "); got != tt.want {
			t.Errorf("who has a role %s is offered %q; want %q", name, got, tt.want)
		}
		for title, address := range offers {
			if w := b.get(address); w.Code != http.StatusOK {
				t.Errorf("who has a role %s is offered %s: %d", name, title, w.Code)
			}
		}
	}
	d.openToAll()
	for who, b := range map[string]*browser{"nobody": d.browser(), "who has a role of an API": d.signedIn(d.keyAt("one", access.ReaderID, feed.ARMID(workspace+"/apis/orders")))} {
		if got := strings.Join(slices.Sorted(maps.Keys(b.offers(ordersPage))), " "); got != "APIs Environments Home" {
			t.Errorf("of a center that is open, %s is offered %q", who, got)
		}
	}
}

func TestCentersAreListedToWhoMaySeeAnythingOfThem(t *testing.T) {
	d := newDesk(t)
	d.put("sub/group/other", `{"location":"westeurope"}`)
	d.put(workspace+"/environments/shop", `{"title":"Shop","kind":"production"}`)
	d.put(workspace+"/links/retail", `{"sourceType":"AzureApiManagement","source":"`+gateway+`"}`)
	d.put(workspace+"/apis/orders/versions/next", `{"title":"Next","lifecycleStage":"design"}`)
	d.put(workspace+"/apis/orders/versions/next/definitions/openapi", `{"title":"OpenAPI"}`)
	lists := func(who, role, scope, want string) {
		t.Helper()
		b := d.signedIn(d.keyAt(who, role, feed.ARMID(scope)))
		if body := b.page("/portal?all=yes"); want == "" && !strings.Contains(body, "no API center that you may see") || want != "" && !strings.Contains(body, `class="cover" href="`+want+`"`) {
			t.Errorf("who %s is not led to %q\n%s", who, want, body)
		}
		if w := b.get("/portal"); want != "" && w.Header().Get("Location") != want || want != "" && b.get(want).Code != http.StatusOK {
			t.Errorf("who %s is sent to %q, which answers %d", who, w.Header().Get("Location"), b.get(want).Code)
		}
	}
	lists("reads it", access.ReaderID, service, "/portal/center")
	lists("reads a workspace", access.ReaderID, workspace, apisPage)
	lists("reads data of an API", access.DataReaderID, workspace+"/apis/orders", ordersPage)
	lists("reads an environment", access.ReaderID, workspace+"/environments/shop", "/portal/center/default/environments/shop")
	lists("reads a link", access.ReaderID, workspace+"/links/retail", "/portal/center/default/links/retail")
	const definition = "/apis/orders/versions/next/definitions/openapi"
	lists("reads a definition", access.ReaderID, workspace+definition, "/portal/center/default"+definition)
	lists("reads a version, which has no page of its own", access.ReaderID, workspace+"/apis/orders/versions/next", "")
	lists("reads what was deleted", access.ReaderID, workspace+"/apis/gone", "")
	lists("tells of events", access.EventSenderID, workspace+"/links/retail", "")
	lists("has a role apart", access.ReaderID, "sub/group/none", "")
	d.openToAll()
	lists("has a role on nothing here", access.ReaderID, "sub/group/none", "/portal/center")
}
