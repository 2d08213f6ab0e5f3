package armapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"strconv"
	"testing"

	"apicenter/internal/inventory"
)

// object is an answer as JSON.
func object(t testing.TB, w *httptest.ResponseRecorder) (body map[string]any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestATombstoneIsRestoredAndForgotten(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	const path = "S/G/Center/workspaces/default/apis/petstore"
	bury := func() (id string) {
		d.brings(path, "groups/pets", `{"title":"Pets","kind":"rest"}`)
		d.brings(path+"/versions/v1", "apis/pets", `{"title":"v1"}`)
		d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest","summary":"ours"}}`, 200)
		d.asSource(func(tx inventory.SourceTx) error { return tx.DropOrigin(inventory.MustID(path), inventory.Vanished) })
		for _, v := range object(t, d.must("GET", center+"/tombstones", "", 200))["value"].([]any) {
			if kept := v.(map[string]any); kept["kind"] == "api" {
				if kept["title"] != "Pets" {
					t.Errorf("the tombstone: %v", kept)
				}
				id = strconv.FormatFloat(kept["id"].(float64), 'f', 0, 64)
			}
		}
		return id
	}
	id := bury()
	d.fails("GET", api, "", 404, "ResourceNotFound", "petstore")
	if got := object(t, d.must("POST", center+"/restoreTombstone", `{"id":`+id+`}`, 200)); got["restored"] != 2.0 || got["left"] != false {
		t.Errorf("restored: %v", got)
	}
	if p := properties(t, d.must("GET", api, "", 200)); p["title"] != "Pets" || p["summary"] != "ours" {
		t.Errorf("it reads %v", p)
	}
	d.must("PUT", api, `{"properties":{"title":"Cats","kind":"rest"}}`, 200)
	d.must("DELETE", api, "", 200)
	id = bury()
	if got := object(t, d.must("POST", center+"/forgetTombstone", `{"id":`+id+`}`, 200)); got["forgotten"] != 2.0 {
		t.Errorf("forgotten: %v", got)
	}
	d.fails("POST", center+"/restoreTombstone", `{"id":`+id+`}`, 404, "ResourceNotFound", "tombstone "+id)
}
