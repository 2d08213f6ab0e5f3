package portal_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

var hiddenInput = regexp.MustCompile(`<input type="hidden" name="(tag|was)" value="([^"]*)">`)

// formAt opens a form and gives what it sends of itself.
func (b *browser) formAt(path string) url.Values {
	b.Helper()
	form := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(b.reads(path), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// plus is a form with more in it: names and values in turn.
func plus(form url.Values, more ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i < len(more); i += 2 {
		out.Set(more[i], more[i+1])
	}
	return out
}

// orders are what the form of the API has, as it stands.
var orders = url.Values{
	"title": {"Orders"}, "kind": {`"rest"`}, "summary": {"Buys things"}, "description": {"Of all shops"},
	"contacts.0.name": {"Desk"}, "contacts.0.email": {"desk@shop.example"}, "license.name": {"MIT"}, "license.url": {"https://mit.example"},
	"externalDocumentation.0.title": {"Handbook"}, "externalDocumentation.0.url": {"javascript:alert(1)"}, "customProperties/team": {"checkout"},
}

func (d *desk) text(path string, f inventory.Field) string {
	d.Helper()
	r, err := d.people.Get(d.Context(), inventory.MustID(path))
	if err != nil {
		d.Fatal(err)
	}
	doc, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		d.Fatal(err)
	}
	return string(doc[f])
}

func TestEditAnAPI(t *testing.T) {
	d := shop(t)
	b := d.signedIn(adminKey)
	const api = workspace + "/apis/orders"
	form := b.formAt(ordersPage + "/edit")
	before, err := d.people.Get(t.Context(), inventory.MustID(api))
	if err != nil {
		t.Fatal(err)
	}
	if w := b.post(ordersPage+"/edit", plus(form, pairs(orders)...)); w.Code != http.StatusSeeOther {
		t.Fatalf("save it as it is: %d %s", w.Code, w.Body)
	}
	if after, _ := d.people.Get(t.Context(), inventory.MustID(api)); after.Revision != before.Revision {
		t.Error("to save what was not changed changes it")
	}
	edited := plus(plus(form, pairs(orders)...), "summary", "Sells things", "license.name", "", "license.url", "", "contacts.1.name", "Night desk", "customProperties/team", "sales")
	if w := b.post(ordersPage+"/edit", edited); w.Code != http.StatusSeeOther {
		t.Fatalf("save: %d %s", w.Code, w.Body)
	}
	for field, want := range map[inventory.Field]string{
		"/summary": `"Sells things"`, "/license": "", "/customProperties/team": `"sales"`, "/title": `"Orders"`,
		"/contacts": `[{"name":"Desk","email":"desk@shop.example"},{"name":"Night desk"}]`,
	} {
		if got := d.text(api, field); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
}

// What the form of a thing cannot say is not taken away by who changes something else.
func TestEditKeepsWhatNoFormSays(t *testing.T) {
	d := shop(t)
	const api, owner = workspace + "/apis/orders", `{"name":"Desk ","pager":"x"}`
	d.put(service+"/metadataSchemas/owner", `{"schema":"{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}","assignedTo":[{"entity":"api","required":false}]}`)
	d.put(api, `{"title":"Orders","kind":"rest","description":" Of all\r\nshops\n","customProperties":{"owner":`+owner+`}}`)
	b := d.signedIn(adminKey)
	form := plus(b.formAt(ordersPage+"/edit"), "title", "Orders", "kind", `"rest"`, "summary", "Sells", "description", "Of all\r\nshops\r\n", "customProperties/owner:json", "{\r\n  \"name\": \"Desk \",\r\n  \"pager\": \"x\"\r\n}")
	if w := b.post(ordersPage+"/edit", form); w.Code != http.StatusSeeOther {
		t.Fatalf("save: %d %s", w.Code, w.Body)
	}
	for field, want := range map[inventory.Field]string{"/summary": `"Sells"`, "/description": `" Of all\r\nshops\n"`, "/customProperties/owner": owner} {
		if got := d.text(api, field); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
}

func pairs(form url.Values) (all []string) {
	for name, values := range form {
		all = append(all, name, values[0])
	}
	return all
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	b := shop(t).signedIn(adminKey)
	b.put(service+"/metadataSchemas/cost", `{"schema":"{\"type\":\"number\",\"maximum\":5}","assignedTo":[{"entity":"api","required":false}]}`)
	form := plus(b.formAt(ordersPage+"/edit"), pairs(orders)...)
	for _, tt := range []struct{ name, value, says string }{
		{"title", " ", "Title is required"},
		{"kind", "nonsense", "Choose one of the list"},
		{"license.identifier", "MIT", "exclude each other"},
		{"customProperties/cost", "much", "Give a number"},
		{"customProperties/cost", "9", "does not fit"},
		{"externalDocumentation.0.url", "", "Address is required"},
		{"title", strings.Repeat("x", 400), "at most"},
	} {
		w := b.post(ordersPage+"/edit", plus(form, tt.name, tt.value))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s=%.20q: %d, want 400 and %q", tt.name, tt.value, w.Code, tt.says)
		}
		if !strings.Contains(w.Body.String(), "Buys things") {
			t.Errorf("%s=%.20q: what was typed is lost", tt.name, tt.value)
		}
	}
	for name, value := range map[string]string{"tag": "x", "was": "[]"} {
		if w := b.post(ordersPage+"/edit", plus(form, name, value)); w.Code != http.StatusBadRequest {
			t.Errorf("%s=%s: %d", name, value, w.Code)
		}
	}
}

// What two people change at once is put to the second one, and only that.
func TestConflictsAreShown(t *testing.T) {
	d := shop(t)
	b := d.signedIn(adminKey)
	const api = workspace + "/apis/orders"
	form := plus(b.formAt(ordersPage+"/edit"), pairs(orders)...)
	if w := b.post(ordersPage+"/edit", plus(form, "description", "Of one shop")); w.Code != http.StatusSeeOther {
		t.Fatalf("first: %d %s", w.Code, w.Body)
	}
	if w := b.post(ordersPage+"/edit", plus(form, "summary", "Sells things")); w.Code != http.StatusSeeOther {
		t.Fatalf("something else: %d %s", w.Code, w.Body)
	}
	if d.text(api, "/description") != `"Of one shop"` || d.text(api, "/summary") != `"Sells things"` {
		t.Error("one of two changes is lost")
	}
	w := b.post(ordersPage+"/edit", plus(form, "summary", "Rents things"))
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Sells things") || !strings.Contains(w.Body.String(), "Rents things") {
		t.Fatalf("the same: %d %s", w.Code, w.Body)
	}
	again := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(w.Body.String(), -1) {
		again.Set(m[1], html.UnescapeString(m[2]))
	}
	again = plus(plus(again, pairs(orders)...), "summary", "Rents things", "description", "Of one shop")
	if w := b.post(ordersPage+"/edit", plus(again, "theirs:summary", "yes")); w.Code != http.StatusSeeOther || d.text(api, "/summary") != `"Sells things"` {
		t.Errorf("theirs: %d, summary is %s", w.Code, d.text(api, "/summary"))
	}
	if w := b.post(ordersPage+"/edit", again); w.Code != http.StatusSeeOther || d.text(api, "/summary") != `"Rents things"` {
		t.Errorf("mine: %d, summary is %s", w.Code, d.text(api, "/summary"))
	}
}

func TestMakeAndDeleteThings(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	make := func(path string, form url.Values, at string) {
		t.Helper()
		b.reads(path)
		if w := b.post(path, form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != at {
			t.Fatalf("%s: %d, to %q, want %q\n%s", path, w.Code, w.Header().Get("Location"), at, w.Body)
		}
	}
	const ws, api = "/portal/center/default", "/portal/center/default/apis/pets-shops"
	make(ws+"/-/new-environment", url.Values{"title": {"Test"}, "kind": {`"testing"`}, "server/managementPortalUri": {"https://x.example\n"}}, ws+"/environments/test")
	make(ws+"/-/new-api", url.Values{"title": {"Pets & Shops"}, "kind": {`"rest"`}}, api)
	make(ws+"/-/new-api", url.Values{"title": {"Pets & Shops"}, "kind": {`"rest"`}}, api+"-2")
	make(api+"/-/new-version", url.Values{"title": {"v1"}, "lifecycleStage": {`"design"`}}, api+"/versions/version-v1")
	make(api+"/versions/version-v1/-/new-definition", url.Values{"title": {"OpenAPI"}, "name": {"open-api"}, "document": {petsDocument}}, api+"/versions/version-v1/definitions/open-api")
	make(api+"/-/new-deployment", url.Values{"title": {"Here"}, "environmentId": {`"/workspaces/default/environments/test"`}, "server/runtimeUri": {"https://a.example\r\nhttps://b.example"}}, api+"/deployments/here")
	b.reads(api+"/versions/version-v1/definitions/open-api", "Reads a pet")
	b.reads(ws+"/environments/test", "Pets &amp; Shops", "https://a.example", "https://b.example", "https://x.example")
	b.reads(ws+"/environments", "Test")
	if w := b.post(ws+"/-/new-api", url.Values{"title": {"x"}, "kind": {`"rest"`}, "name": {"pets-shops"}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "is there already") {
		t.Errorf("a name that is taken: %d", w.Code)
	}
	if w := b.post(ws+"/-/new-api", url.Values{"title": {"x"}, "kind": {`"rest"`}, "name": {"a/b"}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "letters, digits and hyphens") {
		t.Errorf("a name that is none: %d", w.Code)
	}
	b.reads(api+"/delete", "1 version", "1 definition", "1 deployment")
	if w := b.post(api+"/delete", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("delete: %d %s", w.Code, w.Body)
	}
	if w := b.get(api); w.Code != http.StatusNotFound {
		t.Errorf("what was deleted is there: %d", w.Code)
	}
}

func TestDocumentsAreGiven(t *testing.T) {
	d := shop(t)
	b := d.signedIn(adminKey)
	const at = ordersPage + "/versions/one/definitions/openapi/-/document"
	for _, tt := range []struct {
		form url.Values
		says string
	}{
		{url.Values{}, "Give a document"},
		{url.Values{"document": {"x"}, "link": {"https://x.example"}}, "not both"},
		{url.Values{"link": {"https://x.example"}}, "which format"},
		{url.Values{"link": {"nonsense"}, "format": {"openapi"}}, "whole address"},
		{url.Values{"document": {"neither fish nor flesh"}}, "The format is not known"},
		{url.Values{"link": {"https://x.example"}, "format": {"openapi"}}, "ask again"},
	} {
		if w := b.post(at, tt.form); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%v: %d, want 400 and %q\n%s", tt.form, w.Code, tt.says, w.Body)
		}
	}
	if w := b.uploads(at, "schema.graphql", "type Query {\n  pet: String\n}\n", "format", ""); w.Code != http.StatusSeeOther {
		t.Fatalf("a file: %d %s", w.Code, w.Body)
	}
	b.reads(ordersPage+"/versions/one/definitions/openapi", "GraphQL", "Queries")
}

// uploads sends a form with a file: fields before it, then more behind it.
func (b *browser) uploads(path, name, content string, fields ...string) *httptest.ResponseRecorder {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	must(m.WriteField("title", "Big"))
	file, err := m.CreateFormFile("file", name)
	must(err)
	_, err = file.Write([]byte(content))
	must(err)
	for i := 0; i < len(fields); i += 2 {
		must(m.WriteField(fields[i], fields[i+1]))
	}
	must(m.Close())
	return b.send(httptest.NewRequest(http.MethodPost, path, &body), "Content-Type", m.FormDataContentType())
}

// A document that is too long is told so where it was given, and what else was typed is kept.
func TestDocumentsThatAreTooLong(t *testing.T) {
	b := shop(t).signedIn(adminKey)
	const version, says = ordersPage + "/versions/one", "larger than 4 MB; put it where"
	long := strings.Repeat("x", 9<<20)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a file":        b.uploads(version+"/-/new-definition", "big.json", long, "name", "big-one", "format", "graphql"),
		"a text":        b.uploads(version+"/-/new-definition", "", "", "name", "big-one", "document", long, "format", "graphql"),
		"a longer text": b.uploads(version+"/-/new-definition", "", "", "name", "big-one", "document", long[:4<<20+1], "format", "graphql"),
	} {
		b.says(name, w.Code, w.Body.String(), http.StatusBadRequest, []string{says, `value="Big"`, `value="big-one"`, `value="graphql" selected`})
	}
	w := b.uploads(version+"/definitions/openapi/-/document", "big.json", long)
	b.says("another document", w.Code, w.Body.String(), http.StatusBadRequest, []string{says, "4 MB at most"})
	b.reads(version+"/definitions/openapi", "Reads a pet")
	if w := b.post(ordersPage+"/edit", url.Values{"title": {long}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "cannot be read") {
		t.Errorf("a form without a file that is too long: %d %.300s", w.Code, w.Body)
	}
	if w := b.post("/portal/center/default/-/new-api", url.Values{"title": {long}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "cannot be read") {
		t.Errorf("a new API that is too long: %d %.300s", w.Code, w.Body)
	}
	if w := b.uploads(version+"/-/new-definition", "most.txt", long[:4<<20], "name", "most", "format", "other"); w.Code != http.StatusSeeOther {
		t.Errorf("a document of 4 MB: %d %.300s", w.Code, w.Body)
	}
}

func TestOnlyWhoMayEdits(t *testing.T) {
	d := shop(t)
	reader := d.signedIn(d.key("reader", access.ReaderID))
	const ws, version = "/portal/center/default", ordersPage + "/versions/one"
	for _, path := range []string{
		ws + "/-/new-api", ws + "/-/new-environment", ordersPage + "/-/new-version", ordersPage + "/-/new-deployment", version + "/-/new-definition",
		ordersPage + "/edit", ordersPage + "/delete", version + "/edit", version + "/delete", version + "/definitions/openapi/edit",
		version + "/definitions/openapi/delete", version + "/definitions/openapi/-/document", ordersPage + "/deployments/east/edit",
		ordersPage + "/deployments/east/delete", ws + "/environments/prod/edit", ws + "/environments/prod/delete",
	} {
		if w := reader.get(path); w.Code != http.StatusForbidden {
			t.Errorf("GET %s by a reader: %d", path, w.Code)
		}
		if w := reader.post(path, url.Values{"title": {"x"}}); w.Code != http.StatusForbidden {
			t.Errorf("POST %s by a reader: %d", path, w.Code)
		}
	}
	for _, path := range []string{ordersPage, ordersPage + "/versions", ordersPage + "/deployments", ws + "/environments", ws + "/environments/prod"} {
		if body := reader.reads(path); strings.Contains(body, "/edit") || strings.Contains(body, "/delete") || strings.Contains(body, "/-/new-") {
			t.Errorf("%s offers a reader what he may not do", path)
		}
	}
	if w := d.signedIn(adminKey).post(ordersPage+"/delete", nil, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", w.Code)
	}
}
