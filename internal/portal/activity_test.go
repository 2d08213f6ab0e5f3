package portal_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

const activityPage = "/portal/center/-/activity"

// eventful is a desk where a few things have happened.
func eventful(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.put(workspace+"/apis/orders", `{"title":"Orders","kind":"rest","summary":"Buys <b>things</b>"}`)
	d.put(workspace+"/apis/orders/versions/one", `{"title":"v1","lifecycleStage":"production"}`)
	d.put(workspace+"/environments/test", `{"title":"Test","kind":"testing"}`)
	d.put(workspace+"/apis/pets", `{"title":"Pets","kind":"rest"}`)
	if err := d.people.Delete(auth.With(t.Context(), administrator), inventory.MustID(workspace+"/apis/pets"), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	return d
}

// told gives the events of a page: what each tells of.
func told(page string) (all []string) {
	for _, m := range regexp.MustCompile(`(?s)<li id="e-\d+".*?<strong>([^<]*)</strong>.*?</span>\s*<strong>([^<]*)</strong> ([^<·]*)`).FindAllStringSubmatch(page, -1) {
		all = append(all, m[1]+": "+m[2]+" "+strings.TrimSpace(m[3]))
	}
	return all
}

func TestActivityTellsWhatHappened(t *testing.T) {
	b := eventful(t).signedIn(adminKey)
	for query, want := range map[string]string{
		"":                                 "Pets: The API was deleted|Pets: The API was added|Test: Environment test was added|Orders: Version one was added|Orders: The API changed|Orders: The API was added|Default: Workspace default changed|Default: Workspace default was added|center: The API center was added",
		"?kind=version":                    "Orders: Version one was added",
		"?action=deleted":                  "Pets: The API was deleted",
		"?text=ORDERS&action=created":      "Orders: Version one was added|Orders: The API was added",
		"?text=buys&kind=api":              "Orders: The API changed",
		"?actor=AD&kind=environment":       "Test: Environment test was added",
		"?actor=nobody":                    "",
		"?breaking=yes":                    "",
		"?until=2001-01-01T00:00":          "",
		"?since=2999-01-01":                "",
		"?since=2001-01-01T00:00&kind=api": "Pets: The API was deleted|Pets: The API was added|Orders: The API changed|Orders: The API changed|Orders: The API was added",
		"?before=1":                        "",
		"?before=x&kind=version":           "Orders: Version one was added",
	} {
		page := b.page(activityPage + query)
		if got := strings.Join(told(page), "|"); got != want {
			t.Errorf("%s: %s\nwant %s", query, got, want)
		}
	}
	page := b.page(activityPage)
	if !strings.Contains(page, "Buys &lt;b&gt;things&lt;/b&gt;") || !strings.Contains(page, `href="/portal/center/default/apis/orders"`) {
		t.Error("the page does not say what changed, or where that is")
	}
	if strings.Contains(page, `href="/portal/center/default/apis/pets"`) {
		t.Error("it leads to what is gone")
	}
	if part := b.page(activityPage+"?kind=version", "HX-Request", "true"); strings.Contains(part, "<html") || len(told(part)) != 1 {
		t.Errorf("the part: %s", part)
	}
	for _, query := range []string{"?since=soon", "?until=2026-13-01"} {
		if w := b.get(activityPage + query); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "no date and time") || !strings.Contains(w.Body.String(), `aria-invalid="true"`) {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

// Narrowing is one step of the reader, not one for each letter, and a page that
// he comes back to is loaded as it was.
func TestActivityIsNarrowedInPlace(t *testing.T) {
	b := eventful(t).signedIn(adminKey)
	b.shows(activityPage, http.StatusOK, `hx-replace-url="true"`, `hx-swap="innerMorph"`, `"history":"reload"`, `<div id="events">`)
	w := b.get(activityPage+"?text=nothing+like+it", "HX-Request", "true")
	b.says("the part", w.Code, w.Body.String(), http.StatusOK, []string{`role="status">0 events</p>`, "Nothing that is known fits"})
}

func TestActivityGoesByPages(t *testing.T) {
	d := newDesk(t)
	for i := range 100 {
		d.put(workspace+"/apis/orders", fmt.Sprintf(`{"title":"Orders","kind":"rest","summary":"%d"}`, i))
	}
	b := d.signedIn(adminKey)
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`)
	address, seen := activityPage+"?kind=api", 0
	for range 5 {
		page := b.page(address)
		seen += len(told(page))
		m := next.FindStringSubmatch(page)
		if m == nil {
			break
		}
		address = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	if seen != 101 {
		t.Errorf("%d events on all pages, want 101", seen)
	}
}

func TestActivityKeepsSecrets(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	b.post(newWebhook, aWebhook)
	if page := b.page(activityPage + "?kind=webhook"); len(told(page)) != 1 || strings.Contains(page, "swordfish") {
		t.Errorf("the activity of webhooks: %s", page)
	}
	b.post(webhooksPage+"/chat", with(aWebhook, "address", "https://hooks.example.com/other?key=swordfish"))
	if page := b.page(activityPage + "?kind=webhook"); strings.Contains(page, "swordfish") || !strings.Contains(page, "hooks.example.com/other") {
		t.Error("the query of a webhook's address is shown to whoever may see the activity")
	}
	if page := b.page(activityPage + "?text=swordf"); len(told(page)) != 0 {
		t.Error("the query of a webhook's address can be found out by searching")
	}
}

func TestWhoSeesTheActivity(t *testing.T) {
	d := eventful(t)
	if w := d.signedIn(d.key("reader", access.ReaderID)).get(activityPage); w.Code != http.StatusOK {
		t.Errorf("a reader: %d", w.Code)
	}
	if w := d.signedIn(d.key("data", access.DataReaderID)).get(activityPage); w.Code != http.StatusForbidden {
		t.Errorf("a reader of data: %d", w.Code)
	}
	if w := d.browser().get(activityPage); w.Code != http.StatusSeeOther {
		t.Errorf("nobody: %d", w.Code)
	}
}
