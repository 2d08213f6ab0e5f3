package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

const removedPage = "/portal/center/-/tombstones"

// bury has a source bring an API, and things in it, and take them away again.
func (d *desk) bury(name string, in ...string) {
	d.Helper()
	const link = workspace + "/links/retail"
	d.put(workspace+"/environments/retail", `{"title":"Retail","kind":"production"}`)
	d.put(link, `{"sourceType":"AzureApiManagement","source":"`+gateway+`","targetEnvironmentId":"/workspaces/default/environments/retail"}`)
	path := workspace + "/apis/" + name
	states, err := inventory.ParseDoc([]byte(`{"title":"Pets <b>","kind":"rest"}`))
	if err != nil {
		d.Fatal(err)
	}
	asSource := func(f func(inventory.SourceTx) error) {
		d.Helper()
		var c inventory.Claim
		err := d.store.Update(d.Context(), "test", func(tx inventory.Tx) (err error) {
			c, err = tx.Begin(inventory.MustID(link))
			return err
		})
		if err == nil {
			err = d.store.Apply(d.Context(), c, f)
		}
		if err != nil {
			d.Fatal(err)
		}
	}
	asSource(func(tx inventory.SourceTx) error {
		for _, below := range append([]string{""}, in...) {
			o := inventory.Origin{External: "apis/" + name + below, States: states, Read: time.Now()}
			if err := tx.PutOrigin(inventory.MustID(path+below), o, nil); err != nil {
				return err
			}
		}
		return nil
	})
	d.put(path, `{"title":"Pets <b>","kind":"rest","summary":"ours"}`)
	asSource(func(tx inventory.SourceTx) error { return tx.DropOrigin(inventory.MustID(path), inventory.Vanished) })
}

func TestRemovedThingsAreRestoredAndForgotten(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn(adminKey)
	if page := b.get(removedPage).Body.String(); !strings.Contains(page, "Nothing was removed") {
		t.Error("the empty page does not say so")
	}
	d.bury("pets")
	page := b.get(removedPage).Body.String()
	for _, want := range []string{"Pets &lt;b&gt;", "gone at its source", "by the link retail", "Summary</td>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(page)[1]
	w := b.post(removedPage+"/restore", url.Values{"id": {id}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("restore: %d %s", w.Code, w.Body)
	}
	if page := b.get(w.Header().Get("Location")).Body.String(); !strings.Contains(page, "is back, as an entry of your own") || !strings.Contains(page, `href="/portal/center/default/apis/pets"`) {
		t.Errorf("the page does not say what was done\n%s", page)
	}
	if r, err := d.people.Get(t.Context(), inventory.MustID(workspace+"/apis/pets")); err != nil || r.Linked || !strings.Contains(string(r.Doc), "ours") {
		t.Errorf("restored %s, %v", r.Doc, err)
	}
	if w := b.post(removedPage+"/restore", url.Values{"id": {id}}); w.Code != http.StatusNotFound {
		t.Errorf("again: %d", w.Code)
	}
	d.bury("cats")
	id = regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(b.get(removedPage).Body.String())[1]
	if w := b.post(removedPage+"/forget", url.Values{"id": {id}}); w.Code != http.StatusSeeOther || !strings.Contains(b.get(w.Header().Get("Location")).Body.String(), "Forgotten for good: 1 thing") {
		t.Errorf("forget: %d", w.Code)
	}
	for _, id := range []string{"", "x", "0", "-1"} {
		if w := b.post(removedPage+"/forget", url.Values{"id": {id}}); w.Code != http.StatusBadRequest {
			t.Errorf("forget %q: %d", id, w.Code)
		}
	}
}

// What went with an API is told with it, and comes back with it.
func TestRemovedThingsAreToldTogether(t *testing.T) {
	d := newDesk(t)
	d.bury("pets", "/versions/v1", "/versions/v1/definitions/openapi")
	b := d.signedIn(adminKey)
	page := b.shows(removedPage, http.StatusOK, "with 2 things in it")
	ids := regexp.MustCompile(`name="id" value="(\d+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) != 2 { // to restore, and to forget
		t.Fatalf("%d things are told of, want one", len(ids)/2)
	}
	w := b.post(removedPage+"/restore", url.Values{"id": {ids[0][1]}})
	b.shows(w.Header().Get("Location"), http.StatusOK, "with 2 things that went with it", "Nothing was removed")
}

func TestReadersBringNothingBack(t *testing.T) {
	d := newDesk(t)
	d.bury("pets")
	reader := d.signedIn(d.key("reader", access.ReaderID))
	if w := reader.get(removedPage); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `name="id"`) {
		t.Errorf("the page for a reader: %d", w.Code)
	}
	for _, path := range []string{"/restore", "/forget"} {
		if w := reader.post(removedPage+path, url.Values{"id": {"1"}}); w.Code != http.StatusForbidden {
			t.Errorf("a reader posts to %s: %d", path, w.Code)
		}
	}
}
