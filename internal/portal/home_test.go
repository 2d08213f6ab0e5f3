package portal_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestHomeTellsWhatThereIs(t *testing.T) {
	d := stocked(t)
	page := d.signedIn(adminKey).page("/portal/center")
	for _, want := range []string{
		`<span class="figure">4</span> <span>APIs</span>`,
		`<span class="figure">0</span> <span>links</span>`,
		`Nothing is linked yet.`,
		`<a href="/portal/center/default/apis?kind=rest">REST</a><span class="count">2</span>`,
		`<a href="/portal/center/default/apis?stage=production">Production</a><span class="count">1</span>`,
		`<a href="/portal/center/default/apis?environment=test">test</a><span class="count">1</span>`,
		`<a href="/portal/center/default/apis?source=">People</a><span class="count">4</span>`,
		`stroke-dasharray="50.00 50.00" stroke-dashoffset="25.00"`,
		`<a href="/portal/center/default/apis/api2">Chat &lt;b&gt;</a>`,
		`href="/portal/center/default/new-link"`,
		`<link rel="alternate" type="application/atom+xml" title="Changes" href="/portal/center/-/changes.atom">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s\n%s", want, page)
		}
	}
	if page := d.signedIn(d.key("reader", access.ReaderID)).page("/portal/center"); strings.Contains(page, "new-link") {
		t.Error("a reader is offered what he may not do")
	}
	// Who may only read APIs sees no links, and not who did what.
	page = d.signedIn(d.key("data", access.DataReaderID)).page("/portal/center")
	if strings.Contains(page, "changes.atom") || strings.Contains(page, "ada") || !strings.Contains(page, "Billing") {
		t.Errorf("a reader of data sees %s", page)
	}
}

func TestEmptyHomeSaysHowToBegin(t *testing.T) {
	d := newDesk(t)
	if err := d.people.Delete(auth.With(t.Context(), administrator), inventory.MustID(workspace+"/apis/orders"), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	const begin, offer = "Your inventory begins with a link", "Link an API Management instance</a>"
	page := d.signedIn(adminKey).page("/portal/center")
	if !strings.Contains(page, begin) || !strings.Contains(page, offer) {
		t.Errorf("the page is %s", page)
	}
	if page := d.signedIn(d.key("reader", access.ReaderID)).page("/portal/center"); !strings.Contains(page, begin) || strings.Contains(page, offer) {
		t.Error("a reader is offered what he may not do, or not told what there is")
	}
}

func TestNewsAreTold(t *testing.T) {
	d := stocked(t)
	d.put(workspace+"/apis/api2", `{"title":"Chat","kind":"graphql"}`)
	ctx := auth.With(t.Context(), administrator)
	if err := d.people.Delete(ctx, inventory.MustID(workspace+"/apis/api1"), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	page := d.signedIn(adminKey).page("/portal/center")
	for _, want := range []string{
		`<strong>Old billing</strong>  is gone</p>`,
		`>Chat</a>  changed: summary and title</p>`,
		`>Billing</a>  changed: version one was added and lifecycle stage changed</p>`,
		`<p>Environment <a href="/portal/center/default/environments/test">Test</a>  was added</p>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s\n%s", want, page)
		}
	}
}

func TestFeedOfChanges(t *testing.T) {
	d := stocked(t)
	w := d.signedIn(adminKey).get("/portal/center/-/changes.atom")
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Entries []struct {
			ID    string `xml:"id"`
			Title string `xml:"title"`
			Link  struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &feed); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v\n%s", w.Code, err, w.Body)
	}
	if got := feed.Entries[0]; got.Title != "Chat <b> was added" || got.Link.Href != "http://localhost/portal/center/default/apis/api2" {
		t.Errorf("the newest entry is %+v", got)
	}
	seen := map[string]bool{}
	for _, e := range feed.Entries {
		if seen[e.ID] {
			t.Errorf("two entries are %s", e.ID)
		}
		seen[e.ID] = true
	}
	if w := d.browser().get("/portal/center/-/changes.atom"); w.Code != http.StatusUnauthorized {
		t.Errorf("nobody gets %d", w.Code)
	}
	if w := d.signedIn(d.key("data", access.DataReaderID)).get("/portal/center/-/changes.atom"); w.Code != http.StatusForbidden {
		t.Errorf("a reader of data gets %d", w.Code)
	}
}

func TestRobotsAreKeptOut(t *testing.T) {
	w := newDesk(t).browser().get("/robots.txt")
	if w.Code != http.StatusOK || w.Body.String() != "User-agent: *\nDisallow: /\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestExports(t *testing.T) {
	d := stocked(t)
	d.put(workspace+"/apis/evil", `{"title":"=HYPERLINK(\"http://x\",\"y\")","kind":"rest","contacts":[{"name":"+Ann, of \"red\"","email":"ann@example.com"}]}`)
	b := d.signedIn(adminKey)
	page := b.page("/portal/center/default/apis.csv?kind=rest&after=zz")
	lines := strings.Split(page, "\n")
	if lines[0] != "name,title,kind,lifecycleStage,summary,environments,sources,contacts,updated,address,team" || len(lines) != 5 {
		t.Errorf("the table is %q", lines)
	}
	for _, want := range []string{
		`evil,"'=HYPERLINK(""http://x"",""y"")",rest,,,,,"'+Ann, of ""red"" <ann@example.com>",`,
		`api0,Billing,rest,production,,test,,,`,
		`,/portal/center/default/apis/api0,red`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the table has no %s\n%s", want, page)
		}
	}
	var all []struct {
		Name         string
		Environments []string
		Custom       map[string]any `json:"customProperties"`
	}
	if err := json.Unmarshal([]byte(b.page("/portal/center/default/apis.json?q=billing&sort=title")), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "api0" || all[0].Environments[0] != "test" || all[0].Custom["team"] != "red" {
		t.Errorf("the list is %+v", all)
	}
	if got := b.page("/portal/center/default/apis.json?q=nothing"); got != "[\n]\n" {
		t.Errorf("of nothing: %q", got)
	}
	if w := b.get("/portal/center/default/apis.csv?sort=colour"); w.Code != http.StatusBadRequest {
		t.Errorf("a wrong order: %d", w.Code)
	}
}
