package dataapi_test

import (
	"encoding/json"
	"testing"

	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/inventory"
)

// What its source has no more says so to those who browse, as on the control plane.
func TestWhatIsGoneSaysSo(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	const link = space + "/links/gateway"
	paths := []string{"/apis/gone", "/apis/gone/versions/v1", "/apis/gone/versions/v1/definitions/openapi", "/apis/gone/deployments/gateway"}
	var claim inventory.Claim
	if err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) (err error) {
		if _, err := tx.PutOwn(link, inventory.Doc{}, inventory.Condition{}); err != nil {
			return err
		}
		claim, err = tx.Begin(inventory.MustID(link))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	at := d.store.Now()
	for _, path := range paths {
		id := inventory.MustID(space + path)
		if err := d.store.Apply(t.Context(), claim, func(tx inventory.SourceTx) error {
			states := inventory.Doc{}
			states.Set("/title", "Gone")
			if err := tx.PutOrigin(id, inventory.Origin{External: "apis/gone", States: states, Read: at}, nil); err != nil {
				return err
			}
			return tx.MarkGone(id, inventory.Gone{At: at, Why: inventory.Vanished})
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range paths {
		var shown struct {
			Gone inventory.Gone `json:"gone"`
		}
		if err := json.Unmarshal(d.must("GET", "/workspaces/default"+path, "", 200).Body.Bytes(), &shown); err != nil || shown.Gone.Why != inventory.Vanished || !shown.Gone.At.Equal(at) {
			t.Errorf("%s says %+v, %v", path, shown, err)
		}
	}
}
