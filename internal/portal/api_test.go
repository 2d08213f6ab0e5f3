package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

const ordersPage = "/portal/center/default/apis/orders"

// reads opens an address and wants a page that says all of some words.
func (b *browser) reads(path string, says ...string) string {
	b.Helper()
	w := b.get(path)
	if w.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	for _, word := range says {
		if !strings.Contains(w.Body.String(), word) {
			b.Errorf("%s does not say %q", path, word)
		}
	}
	return w.Body.String()
}

// define gives a definition a document.
func (d *desk) define(path, format, document string) {
	d.Helper()
	d.put(path, `{"title":"The definition"}`)
	err := d.people.ImportSpecification(auth.With(d.Context(), administrator), inventory.MustID(path), document, catalog.Specification{Name: format, Version: "3.0.0"})
	if err != nil {
		d.Fatal(err)
	}
}

const petsDocument = `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"servers":[{"url":"https://pets.example"}],
"paths":{"/pets/{id}":{"get":{"summary":"Reads a pet","tags":["pets"],"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
"responses":{"200":{"description":"The pet","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Pet"}}}}}}}},
"components":{"schemas":{"Pet":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"parent":{"$ref":"#/components/schemas/Pet"}}}}}}`

// shop is a desk with an API that has all its parts.
func shop(t *testing.T) *desk {
	d := newDesk(t)
	d.put(workspace+"/environments/prod", `{"title":"Production","kind":"production","server":{"type":"Azure API Management"}}`)
	d.put(service+"/metadataSchemas/team", `{"schema":"{\"type\":\"string\",\"title\":\"Owning team\"}","assignedTo":[{"entity":"api","required":false}]}`)
	d.put(workspace+"/apis/orders", `{"title":"Orders","kind":"rest","summary":"Buys things","description":"Of all shops",
		"contacts":[{"name":"Desk","email":"desk@shop.example"}],"license":{"name":"MIT","url":"https://mit.example"},
		"externalDocumentation":[{"title":"Handbook","url":"javascript:alert(1)"}],"customProperties":{"team":"checkout"}}`)
	d.put(workspace+"/apis/orders/versions/one", `{"title":"v1","lifecycleStage":"production"}`)
	d.define(workspace+"/apis/orders/versions/one/definitions/openapi", "openapi", petsDocument)
	d.put(workspace+"/apis/orders/deployments/east", `{"title":"East","environmentId":"/workspaces/default/environments/prod",
		"definitionId":"/workspaces/default/apis/orders/versions/one/definitions/openapi","server":{"runtimeUri":["https://orders.example/v1"]}}`)
	return d
}

func TestPagesOfAnAPI(t *testing.T) {
	b := shop(t).signedIn(adminKey)
	for _, tt := range []struct {
		path string
		says []string
	}{
		{"", []string{"Buys things", "Of all shops", "mailto:desk@shop.example", "MIT", "Owning team", "checkout", "ada", "https://orders.example/v1", "Production"}},
		{"/versions", []string{"v1", "The definition", "New version"}},
		{"/deployments", []string{"East", `data-copy="https://orders.example/v1"`, "/portal/center/default/environments/prod"}},
		{"/history", []string{"The API", "was added", "by ada", "Description", "Of all shops"}},
		{"/versions/one/definitions/openapi", []string{"Reads a pet", "/pets/{id}", "https://pets.example", "Pet"}},
		{"/versions/one/definitions/openapi?operation=GET+/pets/%7Bid%7D", []string{"Reads a pet", "required", "application/json"}},
		{"/versions/one/definitions/openapi?schema=Pet", []string{"name", "(itself)"}},
		{"/versions/one/definitions/openapi?q=nothing+like+it", []string{"No operation has these words"}},
		{"/versions/one/definitions/openapi/source", []string{"/pets/{id}", `id="L1"`}},
		{"/compare", []string{"Choose two definitions"}},
		{"/compare?from=one/openapi&to=one/openapi", []string{"The same document"}},
	} {
		b.reads(ordersPage+tt.path, tt.says...)
	}
	body := b.reads(ordersPage, `<p id="toast" class="toast" role="status"></p>`)
	if strings.Contains(body, "javascript:alert") {
		t.Error("an address of a source can run script")
	}
}

// The parts of a reference keep their ids, whatever is searched for: the contents
// lead to them, and what is open stays so.
func TestTheReferenceIsSearched(t *testing.T) {
	d := shop(t)
	d.define(workspace+"/apis/orders/versions/one/definitions/openapi", "openapi", `{"openapi":"3.0.1","info":{"title":"Shop","version":"1"},"paths":{
		"/carts":{"get":{"summary":"List carts","tags":["carts & more"],"responses":{}}},"/pets":{"get":{"summary":"List pets","tags":["pets"],"responses":{}}}}}`)
	b := d.signedIn(adminKey)
	const page = ordersPage + "/versions/one/definitions/openapi"
	const pets, operation = `g-70657473`, `<details class="operation" id="op-474554202f70657473"`
	b.reads(page, `href="#`+pets+`"`, `id="`+pets+`"`, operation, `<p class="muted" id="op-found" role="status"></p>`,
		`hx-trigger="input delay:150ms" hx-sync="this:replace" hx-swap="innerMorph"`, `<div class="inside" hx-morph-skip-children>`)
	body := b.reads(page+"?q=pets", `id="`+pets+`"`, operation, `role="status">1 operation of 2</p>`)
	if strings.Contains(body, "List carts") {
		t.Error("it shows what was not searched for")
	}
	if strings.Contains(body, `id="top-q" type="search" name="q" value="pets"`) {
		t.Error("what is searched for in a definition is searched for in the inventory")
	}
	b.reads(page+"?q=nothing+like+it", `role="status">0 operations of 2</p>`)
}

func TestWhatIsNotThereIsToldSo(t *testing.T) {
	b := shop(t).signedIn(adminKey)
	for path, status := range map[string]int{
		"/portal/center/default/apis/none":                                       http.StatusNotFound,
		"/portal/center/default/apis/none/history":                               http.StatusNotFound,
		ordersPage + "/versions/none/definitions/openapi":                        http.StatusNotFound,
		ordersPage + "/versions/one/definitions/openapi?operation=GET+/none":     http.StatusNotFound,
		ordersPage + "/versions/one/definitions/openapi?schema=None":             http.StatusNotFound,
		ordersPage + "/versions/none":                                            http.StatusNotFound,
		ordersPage + "/compare?from=one/openapi&to=none/openapi":                 http.StatusNotFound,
		ordersPage + "/compare?from=nonsense&to=one/openapi":                     http.StatusBadRequest,
		ordersPage + "/compare?from=one/openapi&to=one/openapi&toAt=yesterday":   http.StatusBadRequest,
		ordersPage + "/compare?from=one/openapi&to=../../x&fromAt=2020-01-01":    http.StatusBadRequest,
		ordersPage + "/versions/one/definitions/openapi?from=-7&tag=none&q=%00":  http.StatusOK,
		ordersPage + "/versions/one/definitions/openapi/source?line=99999999999": http.StatusOK,
		ordersPage + "/history?before=nonsense":                                  http.StatusOK,
	} {
		if w := b.get(path); w.Code != status {
			t.Errorf("%s: %d, want %d\n%s", path, w.Code, status, w.Body)
		}
	}
}

func TestAnAPIWithNextToNothing(t *testing.T) {
	d := newDesk(t)
	d.put(workspace+"/apis/orders/versions/one", `{"title":"v1","lifecycleStage":"design"}`)
	d.put(workspace+"/apis/orders/versions/one/definitions/openapi", `{"title":"Empty"}`)
	b := d.signedIn(adminKey)
	for _, path := range []string{"", "/versions", "/deployments", "/history", "/compare"} {
		b.reads(ordersPage + path)
	}
	b.reads(ordersPage+"/versions/one/definitions/openapi", "Nothing to read", "has no specification yet")
}

func TestDownload(t *testing.T) {
	w := shop(t).signedIn(adminKey).get(ordersPage + "/versions/one/definitions/openapi/document")
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Content-Disposition": `attachment; filename="orders-one.json"`, "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if w.Body.String() != petsDocument {
		t.Errorf("the document came as %q", w.Body)
	}
}

func TestReadersSeeWhatTheyMay(t *testing.T) {
	d := shop(t)
	reader := d.signedIn(d.key("reader", access.ReaderID))
	if body := reader.reads(ordersPage); strings.Contains(body, ordersPage+"/edit") || strings.Contains(body, ordersPage+"/delete") {
		t.Error("a reader is offered to edit")
	}
	reader.reads(ordersPage+"/versions/one/definitions/openapi", "that takes the role")
	if w := reader.get(ordersPage + "/versions/one/definitions/openapi/document"); w.Code != http.StatusForbidden {
		t.Errorf("a reader gets a document: %d", w.Code)
	}
	data := d.signedIn(d.key("data", access.DataReaderID))
	if body := data.reads(ordersPage); strings.Contains(body, "/history") || strings.Contains(body, "comes from") {
		t.Error("who reads the data plane is shown who did what")
	}
	data.reads(ordersPage+"/versions/one/definitions/openapi", "Reads a pet")
	if w := data.get(ordersPage + "/history"); w.Code != http.StatusForbidden {
		t.Errorf("who reads the data plane gets the history: %d", w.Code)
	}
}

// What comes from a source is text, whatever it looks like.
func TestHostileDocumentsAreText(t *testing.T) {
	d := shop(t)
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>`
	for format, document := range map[string]string{
		"openapi": `{"openapi":"3.1.0","info":{"title":"` + evil + `","description":"` + evil + `","license":{"name":"x","url":"javascript:alert(1)"}},
			"servers":[{"url":"javascript:alert(1)"}],"externalDocs":{"url":"javascript:alert(1)"},
			"paths":{"/` + evil + `":{"get":{"summary":"` + evil + `","tags":["` + evil + `"],"responses":{"` + evil + `":{"description":"` + evil + `"},"":{}}}}},
			"components":{"schemas":{"` + evil + `":{"type":"` + evil + `","enum":["` + evil + `"]}}}}`,
		"graphql": "type Query { a: String } # " + evil,
		"wsdl":    "<definitions name='x'>" + evil + "</definitions>",
		"other":   evil,
	} {
		path := workspace + "/apis/orders/versions/one/definitions/" + format
		d.define(path, format, document)
		b := d.signedIn(adminKey)
		for _, of := range []string{"", "/source", "?schema=" + "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E"} {
			w := b.get(ordersPage + "/versions/one/definitions/" + format + of)
			body := w.Body.String()
			if w.Code >= 500 || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") || strings.Contains(body, `href="javascript:`) {
				t.Errorf("%s%s: %d, or something of the document is markup:\n%s", format, of, w.Code, body)
			}
		}
	}
}
