package portal_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/outline"
)

const apisPage = "/portal/center/default/apis"

// stocked is a desk with a few APIs that differ.
func stocked(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.put(service+"/metadataSchemas/team", `{"schema":"{\"type\":\"string\",\"enum\":[\"red\",\"blue\"]}","assignedTo":[{"entity":"api"}]}`)
	d.put(workspace+"/environments/test", `{"title":"Test","kind":"testing"}`)
	for i, text := range []string{
		`{"title":"Billing","kind":"rest","customProperties":{"team":"red"}}`,
		`{"title":"Old billing","kind":"soap","customProperties":{"team":"blue"}}`,
		`{"title":"Chat <b>","kind":"graphql","summary":"Talk & listen"}`,
	} {
		path := fmt.Sprintf("%s/apis/api%d", workspace, i)
		d.put(path, text)
		if i == 0 {
			d.put(path+"/versions/one", `{"title":"v1","lifecycleStage":"production"}`)
			d.put(path+"/deployments/dep", `{"title":"D","environmentId":"/workspaces/default/environments/test"}`)
		}
	}
	return d
}

// titles are those of the APIs on a page, in order.
func titles(page string) (all []string) {
	for _, m := range regexp.MustCompile(`(?:<th scope="row">|<h2>)(?:<input[^>]*>)?<a [^>]*>([^<]*)</a>`).FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return all
}

// page gives a page that is there.
func (b *browser) page(path string, headers ...string) string {
	b.Helper()
	w := b.get(path, headers...)
	if w.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func TestInventoryIsNarrowed(t *testing.T) {
	b := stocked(t).signedIn(adminKey)
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", []string{"Billing", "Chat &lt;b&gt;", "Old billing", "Orders"}},
		{"?sort=-title", []string{"Orders", "Old billing", "Chat &lt;b&gt;", "Billing"}},
		{"?sort=new", []string{"Chat &lt;b&gt;", "Old billing", "Billing", "Orders"}},
		{"?q=bill", []string{"Billing", "Old billing"}},
		{"?q=bill&sort=title", []string{"Billing", "Old billing"}},
		{"?kind=rest", []string{"Billing", "Orders"}},
		{"?kind=REST&kind=soap", []string{"Billing", "Old billing", "Orders"}},
		{"?kind=rest&stage=production", []string{"Billing"}},
		{"?stage=", []string{"Chat &lt;b&gt;", "Old billing", "Orders"}},
		{"?environment=test", []string{"Billing"}},
		{"?source=", []string{"Billing", "Chat &lt;b&gt;", "Old billing", "Orders"}},
		{"?custom.team=red&custom.team=blue", []string{"Billing", "Old billing"}},
		{"?custom.unheard=x", nil},
		{"?kind=rest&view=cards", []string{"Billing", "Orders"}},
		{"?q=nothing", nil},
	} {
		if got := titles(b.page(apisPage + tt.query)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.query, got, tt.want)
		}
	}
}

func TestInventorySaysWhatThereIsToChoose(t *testing.T) {
	b := stocked(t).signedIn(adminKey)
	page := b.page(apisPage + "?kind=rest")
	for _, want := range []string{
		`role="status">2 APIs<`,
		`name="kind" value="rest" checked><label for="f-kind-72657374">REST</label><span class="count">2</span>`,
		`name="kind" value="soap"><label for="f-kind-736f6170">SOAP</label><span class="count">1</span>`,
		`name="stage" value=""><label for="f-stage-">No stage</label><span class="count">1</span>`,
		`name="custom.team" value="red"><label for="f-custom.team-726564">red</label>`,
		`href="/portal/center/default/apis" title="Take this away"><span class="hidden">Without </span>Kind: REST`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s\n%s", want, page)
		}
	}
	// What is chosen can be taken back, also when nothing has it.
	if page := b.page(apisPage + "?environment=gone"); !strings.Contains(page, `value="gone" checked`) {
		t.Error("a choice that nothing fits cannot be taken back")
	}
}

func TestInventoryGoesByPages(t *testing.T) {
	d := newDesk(t)
	for i := range 60 {
		d.put(fmt.Sprintf("%s/apis/api%d", workspace, i), fmt.Sprintf(`{"title":"N%02d","kind":"rest"}`, i))
	}
	b := d.signedIn(adminKey)
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`)
	for _, query := range []string{"?kind=rest", "?kind=rest&sort=-title", "?kind=rest&q=n"} {
		seen, address := map[string]bool{}, apisPage+query
		for range 3 {
			page := b.page(address)
			for _, title := range titles(page) {
				seen[title] = true
			}
			m := next.FindStringSubmatch(page)
			if m == nil {
				break
			}
			address = strings.ReplaceAll(m[1], "&amp;", "&")
		}
		if want := map[bool]int{true: 60, false: 61}[strings.Contains(query, "q=")]; len(seen) != want {
			t.Errorf("%s: %d APIs on its pages, want %d", query, len(seen), want)
		}
	}
}

func TestInventoryForScriptIsAPart(t *testing.T) {
	b := stocked(t).signedIn(adminKey)
	w := b.get(apisPage+"?q=bill&sort=&kind=rest", "HX-Request", "true")
	if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, "<html") || !slices.Equal(titles(body), []string{"Billing"}) {
		t.Errorf("%d %s", w.Code, body)
	}
	if got := w.Header().Get("HX-Replace-Url"); got != apisPage+"?kind=rest&q=bill" {
		t.Errorf("the address becomes %s", got)
	}
}

// A tick is no search: it must not bring the first page in place of the one that is read.
func TestTicksDoNotSearch(t *testing.T) {
	page := stocked(t).signedIn(adminKey).page(apisPage)
	if !strings.Contains(page, `hx-trigger="input delay:100ms target:':not([name=api])'"`) {
		t.Error("a tick asks for the list anew")
	}
}

func TestInventoryRefusesNonsense(t *testing.T) {
	b := stocked(t).signedIn(adminKey)
	b.page(apisPage + "?q=" + strings.Repeat("%C3%BC", 200)) // characters, not bytes
	for _, query := range []string{"?sort=colour", "?after=%20", "?after=zz&sort=updated", "?q=" + strings.Repeat("a", 201)} {
		if w := b.get(apisPage + query); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

func TestEmptyInventoryOffersALink(t *testing.T) {
	d := newDesk(t)
	d.put(service+"/workspaces/empty", `{"title":"Empty"}`)
	const offer = `href="/portal/center/empty/new-link"`
	if page := d.signedIn(adminKey).page("/portal/center/empty/apis"); !strings.Contains(page, offer) {
		t.Error("nothing says how to begin")
	}
	if page := d.signedIn(d.key("reader", access.ReaderID)).page("/portal/center/empty/apis"); strings.Contains(page, offer) {
		t.Error("a reader is offered what he may not do")
	}
}

func TestSearchSaysWhereItFound(t *testing.T) {
	d := stocked(t)
	d.put(workspace+"/apis/api0/versions/one/definitions/openapi", `{"title":"OpenAPI"}`)
	if err := d.people.ImportSpecification(auth.With(t.Context(), administrator), inventory.MustID(workspace+"/apis/api0/versions/one/definitions/openapi"),
		`{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{"/invoices/{id}":{"get":{"operationId":"getInvoice"}}}}`,
		catalog.Specification{Name: "openapi", Version: "3.0.0"}); err != nil {
		t.Fatal(err)
	}
	r := outline.New(d.store, slog.New(slog.DiscardHandler))
	for more := true; more; {
		var err error
		if more, err = r.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b := d.signedIn(adminKey)
	const where = `<code>GET /invoices/{id}</code> in version v1`
	for query, want := range map[string]bool{"?q=invoice": true, "?q=get+inv&view=cards": true, "?q=billing+getinvoice": true, "?q=bill": false} {
		page := b.page(apisPage + query)
		if strings.Contains(page, where) != want || !slices.Contains(titles(page), "Billing") {
			t.Errorf("%s: says where: %v; finds %q", query, !want, titles(page))
		}
	}
}
