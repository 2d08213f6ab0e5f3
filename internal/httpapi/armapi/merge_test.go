package armapi_test

import (
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// bringsBy has a link state an API.
func (d *desk) bringsBy(link, api, title string) {
	d.Helper()
	var c inventory.Claim
	if err := d.store.Update(d.Context(), "test", func(tx inventory.Tx) (err error) {
		c, err = tx.Begin(inventory.MustID(link))
		return err
	}); err != nil {
		d.Fatal(err)
	}
	if err := d.store.Apply(d.Context(), c, func(tx inventory.SourceTx) error {
		states := inventory.Doc{}
		states.Set("/title", title)
		return tx.PutOrigin(inventory.MustID(api), inventory.Origin{External: "apis/orders", States: states, Read: time.Now()}, nil)
	}); err != nil {
		d.Fatal(err)
	}
}

func TestMergeUnmergeAndLead(t *testing.T) {
	d := newDesk(t)
	d.must("PUT", center, `{"location":"x"}`, 201)
	d.must("PUT", link, linkBody, 201)
	other := strings.Replace(linkBody, "/service/", "/service/other-", 1)
	second := strings.TrimSuffix(link, "/gateway") + "/second"
	d.must("PUT", second, other, 201)
	apis := strings.TrimSuffix(linkID, "/links/gateway") + "/apis/"
	d.bringsBy(linkID, apis+"one", "One")
	d.bringsBy(strings.TrimSuffix(linkID, "gateway")+"second", apis+"two", "Two")
	one, two := space+"/apis/one", space+"/apis/two"

	if got := d.must("POST", two+"/merge", `{"into":"one"}`, 200).Body.String(); !strings.Contains(got, `"title":"One"`) || !strings.Contains(got, "/apis/one") {
		t.Errorf("merged: %s", got)
	}
	d.fails("GET", two, "", 404, "ResourceNotFound", "one")
	if got := d.must("GET", one+"/sources", "", 200).Body.String(); strings.Index(got, `"gateway"`) > strings.Index(got, `"second"`) || !strings.Contains(got, `"externalId":"apis/orders","leads":true`) {
		t.Errorf("sources: %s", got)
	}
	d.fails("PUT", one, `{"properties":{"title":"Mine","kind":"rest"}}`, 409, "PropertyManagedBySource", "gateway")
	if got := d.must("POST", one+"/lead", `{"link":"second"}`, 200).Body.String(); !strings.Contains(got, `"title":"Two"`) {
		t.Errorf("led by the second: %s", got)
	}
	d.fails("PUT", one, `{"properties":{"title":"Mine","kind":"rest"}}`, 409, "PropertyManagedBySource", "second")
	if got := d.must("POST", one+"/unmerge", `{"link":"second"}`, 200).Body.String(); !strings.Contains(got, "/apis/two") {
		t.Errorf("apart again: %s", got)
	}
	d.must("POST", two+"/merge", `{"from":"`+one+`"}`, 200)
	d.fails("GET", one, "", 404, "ResourceNotFound", "two")

	for _, tt := range []struct{ path, body, code, says string }{
		{two + "/merge", `{}`, "InvalidRequestContent", "into"},
		{two + "/merge", `{"into":"a","from":"b"}`, "InvalidRequestContent", "into"},
		{two + "/merge", `{"into":"/workspaces/default/environments/x"}`, "ValidationError", "into"},
		{two + "/merge", `{"into":5}`, "InvalidRequestContent", "JSON"},
		{two + "/unmerge", `{}`, "ValidationError", "link is required"},
		{two + "/unmerge", `{"link":"../x y"}`, "ValidationError", "x y"},
		{two + "/lead", `{"link":"third"}`, "ValidationError", "third"},
	} {
		d.fails("POST", tt.path, tt.body, 400, tt.code, tt.says)
	}
}
