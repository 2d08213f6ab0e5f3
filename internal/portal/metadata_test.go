package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

const (
	metadataPage = "/portal/center/-/metadata"
	newMetadata  = "/portal/center/-/new-metadata"
)

var aSchema = url.Values{
	"name": {"tier"}, "title": {"Tier <b>"}, "type": {"choice"}, "options": {"gold | at once\r\nsilver"}, "use-api": {"optional"}, "use-environment": {"required"}, "deprecated-environment": {"yes"},
}

func TestMetadataIsMadeChangedAndDeleted(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	b.shows(metadataPage, http.StatusOK, "No metadata of your own yet", newMetadata)
	b.shows(newMetadata, http.StatusOK, "What people will see", `value="text" checked`)
	if w := b.post(newMetadata, aSchema); w.Code != http.StatusSeeOther {
		t.Fatalf("make: %d %s", w.Code, w.Body)
	}
	res, err := d.people.Get(t.Context(), inventory.MustID(service+"/metadataSchemas/tier"))
	if err != nil || !strings.Contains(string(res.Doc), `"entity":"environment","required":true,"deprecated":true`) {
		t.Errorf("made %s, %v", res.Doc, err)
	}
	b.shows(metadataPage, http.StatusOK, "Tier &lt;b&gt;", "Choice", "environments, required, deprecated", ">APIs<")
	b.shows(metadataPage+"/tier", http.StatusOK, "gold | at once\nsilver", `value="choice" checked`, `<option value="required" selected>`, `name="customProperties/tier"`)
	if w := b.post(metadataPage+"/tier", with(aSchema, "options", "gold\nsilver\nbronze")); w.Code != http.StatusSeeOther {
		t.Fatalf("change: %d %s", w.Code, w.Body)
	}
	b.shows(metadataPage+"/tier/delete", http.StatusOK, "Nothing has a value", "Delete it")

	d.put(workspace+"/apis/orders", `{"title":"Orders","kind":"rest","customProperties":{"tier":"gold"}}`)
	page := b.shows(metadataPage+"/tier/delete", http.StatusOK, "<dt>1 API</dt>", `href="/portal/center/default/apis/orders"`, "cannot be deleted while values are in use")
	if strings.Contains(page, "Delete it") {
		t.Error("it offers what would be refused")
	}
	if w := b.post(metadataPage+"/tier/delete", nil); w.Code != http.StatusConflict {
		t.Errorf("delete what is in use: %d", w.Code)
	}
	w := b.post(metadataPage+"/tier", with(aSchema, "type", "number"))
	b.says("another type", w.Code, w.Body.String(), http.StatusConflict, []string{"its type cannot change", `value="number" checked`})
	if w := b.post(metadataPage+"/tier", with(aSchema, "use-api", "")); w.Code != http.StatusSeeOther {
		t.Fatalf("take away: %d %s", w.Code, w.Body)
	}
	b.shows(metadataPage+"/tier/delete", http.StatusOK, "left alone", "Delete it")
	if w := b.post(metadataPage+"/tier/delete", nil); w.Code != http.StatusSeeOther || b.get(metadataPage+"/tier").Code != http.StatusNotFound {
		t.Errorf("delete: %d", w.Code)
	}
}

func TestMetadataIsPreviewed(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	for _, tt := range []struct {
		form url.Values
		says []string
	}{
		{aSchema, []string{"Tier &lt;b&gt;", "<select", ">gold: at once</option>"}},
		{with(aSchema, "type", "choices"), []string{`type="checkbox" name="customProperties/tier"`}},
		{with(aSchema, "type", "date"), []string{`type="date"`}},
		{with(aSchema, "options", ""), []string{"Give the values to choose from"}},
		{with(with(aSchema, "type", "text"), "pattern", "("), []string{"This is not a schema", "&#34;pattern&#34;"}},
		{with(with(aSchema, "type", "json"), "schema", "{"), []string{"This is not a schema"}},
		{with(with(aSchema, "type", "json"), "schema", `{"type":"object","properties":{"a":{"type":"boolean"}}}`), []string{"<legend", ">Yes</option>"}},
		{with(with(with(aSchema, "type", "object"), "member0", "mail"), "memberType0", "email"), []string{"Mail", "email"}},
	} {
		w := b.post(newMetadata, tt.form, "HX-Request", "true")
		body := b.says(tt.form.Encode(), w.Code, w.Body.String(), http.StatusOK, tt.says)
		if strings.Contains(body, "<html") {
			t.Error("the preview for script is a whole page")
		}
		w = b.post(newMetadata, with(tt.form, "do", "preview"))
		b.says("without script", w.Code, w.Body.String(), http.StatusOK, append(tt.says, "<html"))
	}
	if _, err := d.people.Get(t.Context(), inventory.MustID(service+"/metadataSchemas/tier")); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("a preview has made it: %v", err)
	}
}

func TestFormsOfMetadataSayWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	b.post(newMetadata, with(aSchema, "name", "there"))
	for _, tt := range []struct {
		form   url.Values
		status int
		says   string
	}{
		{with(aSchema, "name", ""), 400, "Give it a name"},
		{with(aSchema, "name", "a/b"), 400, "a/b"},
		{with(aSchema, "name", "x"), 400, "3 to 90"},
		{with(aSchema, "name", "there"), 409, "of this name already"},
		{with(aSchema, "type", "poem"), 400, "Choose a type"},
		{with(aSchema, "options", "a\na"), 400, "there twice"},
		{with(with(aSchema, "type", "json"), "schema", `{"$ref":"https://example.com/x"}`), 400, "only refer to itself"},
		{with(with(aSchema, "type", "json"), "schema", ``), 400, "not a schema"},
		{with(with(aSchema, "type", "number"), "minimum", "NaN"), 400, "is no number"},
	} {
		w := b.post(newMetadata, tt.form)
		b.says(tt.form.Encode(), w.Code, w.Body.String(), tt.status, []string{tt.says, `value="` + tt.form.Get("name") + `"`})
	}
	if w := b.post(metadataPage+"/none", aSchema); w.Code != http.StatusNotFound {
		t.Errorf("a schema that is not there: %d", w.Code)
	}
}

func TestReadersChangeNoMetadata(t *testing.T) {
	d := newDesk(t)
	d.signedIn(adminKey).post(newMetadata, aSchema)
	reader := d.signedIn(d.key("reader", access.ReaderID))
	for _, path := range []string{metadataPage, metadataPage + "/tier"} {
		if body := reader.shows(path, http.StatusOK, "Tier"); strings.Contains(body, `class="primary`) || strings.Contains(body, "danger") || strings.Contains(body, newMetadata) {
			t.Errorf("%s offers a reader what he may not do", path)
		}
	}
	for _, path := range []string{newMetadata, metadataPage + "/tier", metadataPage + "/tier/delete"} {
		if w := reader.post(path, aSchema); w.Code != http.StatusForbidden {
			t.Errorf("a reader posts to %s: %d", path, w.Code)
		}
	}
}
