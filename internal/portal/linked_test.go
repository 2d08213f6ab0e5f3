package portal_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

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
