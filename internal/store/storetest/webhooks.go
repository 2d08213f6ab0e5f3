package storetest

import (
	"strings"
	"testing"

	"apicenter/internal/inventory"
)

// webhooks are the promises of how far deliveries are.
var webhooks = []promise{
	{"a webhook delivers with its first secret, from then on", testSecret},
	{"how far a webhook is is kept unless a person steered it", testSaveDelivery},
	{"a webhook goes with its service, and comes back with it", testHiddenWebhook},
}

const webhookPath = service + "/webhooks/hook"

// deliveries are all that there are.
func (b *bench) deliveries() []inventory.Delivery {
	b.Helper()
	all, err := b.Deliveries(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// secret makes a webhook with a secret.
func (b *bench) secret(text string) inventory.Delivery {
	b.Helper()
	b.own(webhookPath, `{"address":"https://hooks.example/x"}`)
	b.update(func(tx inventory.Tx) error { return tx.PutSecret(id(webhookPath), text) })
	return b.deliveries()[0]
}

func testSecret(t *testing.T, b *bench) {
	b.own(webhookPath, `{"address":"https://hooks.example/x"}`)
	if all := b.deliveries(); len(all) != 0 {
		t.Errorf("without a secret: %+v", all)
	}
	b.refused("rewind without a secret", b.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Rewind(id(webhookPath), 1) }), inventory.Conflict)
	b.refused("a secret of nothing", b.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.PutSecret(id(webhookPath+"2"), "s") }), inventory.NotFound)
	last := b.last()
	d := b.secret("one")
	if d.Secret != "one" || d.Status.Cursor != last || d.Status.State != inventory.Validating || d.ID != id(webhookPath) {
		t.Errorf("%+v, after event %d", d, last)
	}
	d.Status.Cursor, d.Status.State = last+1, inventory.Delivering
	if err := b.SaveDelivery(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if d := b.secret("two"); d.Secret != "two" || d.Status.Cursor != last+1 {
		t.Errorf("with another secret: %+v", d)
	}
	b.same("events", b.since(last), []string(nil))
}

func testSaveDelivery(t *testing.T, b *bench) {
	d := b.secret("s")
	d.Status.Cursor, d.Status.Taken, d.Status.Agreed, d.Status.Message = 3, "4-1", "yes", "why"
	if err := b.SaveDelivery(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	b.same("kept", b.deliveries()[0].Status, d.Status)
	if got, want := string(b.get(webhookPath).Status), `"cursor":"3"`; !strings.Contains(got, want) {
		t.Errorf("readers see %s, want %s in it", got, want)
	}
	b.update(func(tx inventory.Tx) error { return tx.Rewind(id(webhookPath), 1) })
	b.same("rewound", b.deliveries()[0].Status, inventory.DeliveryStatus{State: inventory.Delivering, Cursor: 1, Agreed: "yes"})
	b.refused("the word of who did not know", b.SaveDelivery(t.Context(), d), inventory.Superseded)
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(webhookPath), inventory.Condition{}) })
	b.refused("of what is gone", b.SaveDelivery(t.Context(), d), inventory.Superseded)
}

func testHiddenWebhook(t *testing.T, b *bench) {
	b.secret("s")
	b.update(func(tx inventory.Tx) error { return tx.SoftDelete(id(service), noon) })
	if all := b.deliveries(); len(all) != 0 {
		t.Errorf("of a deleted service: %+v", all)
	}
	b.update(func(tx inventory.Tx) error {
		_, err := tx.Restore(id(service))
		return err
	})
	if all := b.deliveries(); len(all) != 1 || all[0].Secret != "s" {
		t.Errorf("of a restored one: %+v", all)
	}
}
