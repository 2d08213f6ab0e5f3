package client_test

import (
	"errors"
	"testing"
	"time"

	"apicenter/client"
	"apicenter/internal/inventory"
)

const linked = "S/G/main/workspaces/default/links/gateway"

// asSource writes as the source of the link, which it makes if need be.
func (c *center) asSource(t *testing.T, f func(inventory.SourceTx) error) {
	t.Helper()
	ctx := t.Context()
	var claim inventory.Claim
	if err := c.store.Update(ctx, "test", func(tx inventory.Tx) (err error) {
		own := inventory.Doc{}
		own.Set(inventory.FieldSourceType, "AzureApiManagement")
		own.Set(inventory.FieldSource, "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw")
		if _, err := tx.PutOwn(linked, own, inventory.Condition{}); err != nil {
			return err
		}
		claim, err = tx.Begin(inventory.MustID(linked))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.store.Apply(ctx, claim, f); err != nil {
		t.Fatal(err)
	}
}

// brings has the source of the link state an API with a version.
func (c *center) brings(t *testing.T, name string) {
	t.Helper()
	c.asSource(t, func(tx inventory.SourceTx) error {
		api := inventory.MustID("S/G/main/workspaces/default/apis/" + name)
		states := inventory.Doc{}
		states.Set("/title", name)
		states.Set("/kind", "rest")
		o := inventory.Origin{External: "apis/" + name, States: states, Read: time.Now()}
		return errors.Join(tx.PutOrigin(api, o, nil), tx.PutOrigin(api.Child(inventory.KindVersion, "v1"), o, nil))
	})
}

func (c *center) service() client.ServiceRef { return c.Service("S", "G", "main") }

func TestADeletionIsForeseen(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	c.brings(t, "pets")
	c.brings(t, "orders")
	put(t, c.workspace().APIs(), "pets", client.API{Title: "pets", Kind: "rest", Summary: "ours"})
	u, err := c.workspace().APISource("gateway").PreviewDelete(ctx)
	want := client.Amount{APIs: 2, Versions: 2}
	if err != nil || u.Goes != want || u.Keeps != want || u.Edited != 1 || len(u.Entries) != 2 || !u.Entries[0].Goes || !u.Entries[0].Edited || u.Entries[1].Title != "orders" {
		t.Errorf("foreseen: %+v, %v", u, err)
	}
	if err := c.workspace().APISource("gateway").Delete(ctx); err != nil {
		t.Error(err)
	}
}

func TestTombstonesAreRestoredAndForgotten(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	bury := func() (newest client.Tombstone) {
		c.brings(t, "pets")
		c.asSource(t, func(tx inventory.SourceTx) error {
			return tx.DropOrigin(inventory.MustID("S/G/main/workspaces/default/apis/pets"), inventory.Vanished)
		})
		n := 0
		for kept, err := range c.service().Tombstones(ctx, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; kept.Kind == "api" {
				newest = kept
			}
		}
		if n != 2 || newest.Title != "pets" || newest.External != "apis/pets" || newest.Link != "gateway" {
			t.Errorf("%d are kept, of the API: %+v", n, newest)
		}
		return newest
	}
	kept := bury()
	if same, err := c.service().Tombstone(ctx, kept.ID); err != nil || same.ID != kept.ID || same.ResourceID != kept.ResourceID {
		t.Errorf("by id: %+v, %v", same, err)
	}
	if r, err := c.service().RestoreTombstone(ctx, kept.ID); err != nil || r.Restored != 2 || r.ResourceID != c.workspace().APIs().ID("pets") {
		t.Errorf("restored: %+v, %v", r, err)
	}
	_, err := c.service().Tombstone(ctx, kept.ID)
	if refusal, ok := errors.AsType[*client.Error](err); !ok || refusal.Status != 404 {
		t.Errorf("what was restored is kept: %v", err)
	}
	if err := c.workspace().APIs().Delete(ctx, "pets"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.service().ForgetTombstone(ctx, bury().ID); err != nil || n != 2 {
		t.Errorf("forgot %d, %v", n, err)
	}
}
