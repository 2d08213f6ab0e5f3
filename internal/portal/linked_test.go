package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// brings has a link state something of a thing.
func (d *desk) brings(link, path, external, states string) {
	d.Helper()
	doc, err := inventory.ParseDoc([]byte(states))
	if err != nil {
		d.Fatal(err)
	}
	var claim inventory.Claim
	err = d.store.Update(d.Context(), "test", func(tx inventory.Tx) (err error) {
		claim, err = tx.Begin(inventory.MustID(link))
		return err
	})
	if err == nil {
		err = d.store.Apply(d.Context(), claim, func(tx inventory.SourceTx) error {
			return tx.PutOrigin(inventory.MustID(path), inventory.Origin{External: external, States: doc, Mark: states, Read: time.Now()}, inventory.Doc{})
		})
	}
	if err != nil {
		d.Fatal(err)
	}
}

// What a source determines is shown with its name, locked in the form, and not
// taken from the form either.
func TestWhatASourceDetermines(t *testing.T) {
	d := newDesk(t)
	const api = workspace + "/apis/pets-1"
	d.link("retail")
	d.brings(workspace+"/links/retail", api, "apis/pets", `{"title":"Pets","kind":"rest","description":"Of the gateway"}`)
	b := d.signedIn(adminKey)
	const page = "/portal/center/default/apis/pets-1"
	b.reads(page, "Pets", "retail", "Not yet in step", "change it at the source")
	form := b.formAt(page + "/edit")
	b.reads(page+"/edit", "The source retail determines this")
	w := b.post(page+"/edit", plus(form, "title", "Mine", "kind", `"soap"`, "summary", "Sells pets"))
	if w.Code != http.StatusSeeOther || d.text(api, "/title") != `"Pets"` || d.text(api, "/summary") != `"Sells pets"` {
		t.Errorf("%d, title %s, summary %s", w.Code, d.text(api, "/title"), d.text(api, "/summary"))
	}
	b.reads(page+"/delete", "is kept in step with its source by the link &#34;retail&#34;")
	if w := b.post(page+"/delete", url.Values{}); w.Code != http.StatusConflict || d.text(api, "/title") != `"Pets"` {
		t.Errorf("to delete it: %d", w.Code)
	}
}

// Of an API that several sources brought, a person says which of them leads, and
// what is no part of it after all.
func TestSeveralSources(t *testing.T) {
	d := newDesk(t)
	const pets, stores = workspace + "/apis/pets-1", workspace + "/apis/pets-2"
	for i, name := range []string{"east", "west"} {
		d.put(workspace+"/links/"+name, `{"sourceType":"AzureApiManagement","source":"`+gateway+name+`"}`)
		api := []string{pets, stores}[i]
		d.brings(workspace+"/links/"+name, api, "apis/pets", `{"title":"Pets of `+name+`","kind":"rest"}`)
		d.brings(workspace+"/links/"+name, api+"/versions/one", "apis/pets", `{"title":"`+name+`"}`)
	}
	if _, err := d.people.Merge(auth.With(d.Context(), administrator), inventory.MustID(stores), inventory.MustID(pets)); err != nil {
		t.Fatal(err)
	}
	b := d.signedIn(adminKey)
	const page = "/portal/center/default/apis/pets-1"
	b.reads(page, "Pets of east", "One API, several sources", "Let west lead")
	if w := b.post(page+"/lead", url.Values{"link": {"west"}}); w.Code != http.StatusSeeOther || d.text(pets, "/title") != `"Pets of west"` {
		t.Errorf("lead: %d, title %s", w.Code, d.text(pets, "/title"))
	}
	if w := b.post(page+"/lead", url.Values{"link": {"none"}}); w.Code < 400 || w.Code >= 500 {
		t.Errorf("a link that is none: %d", w.Code)
	}
	reader := d.signedIn(d.key("reader", access.ReaderID))
	if body := reader.reads(page); strings.Contains(body, "Let east lead") || strings.Contains(body, "Take east out") {
		t.Error("a reader is offered what he may not")
	}
	for _, form := range []string{"/lead", "/unmerge"} {
		if w := reader.post(page+form, url.Values{"link": {"east"}}); w.Code != http.StatusForbidden {
			t.Errorf("%s by a reader: %d", form, w.Code)
		}
	}
	w := b.post(page+"/unmerge", url.Values{"link": {"east"}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("unmerge: %d %s", w.Code, w.Body)
	}
	b.reads(w.Header().Get("Location"), "Pets of east")
}
