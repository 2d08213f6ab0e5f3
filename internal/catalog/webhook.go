package catalog

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"apicenter/internal/inventory"
)

// SecretPrefix is how secrets of webhooks begin, after the Standard Webhooks.
const SecretPrefix = "whsec_"

// addressChecker is a Downloader that says beforehand which addresses it never asks.
type addressChecker interface {
	CheckAddress(address string) error
}

// checkWebhook says whether a webhook may go where it is to.
func (c *Catalog) checkWebhook(present, next inventory.Doc) error {
	w := inventory.WebhookOf(next)
	if w.Handshake != inventory.HandshakeCloudEvents && w.Handshake != inventory.HandshakeEventGrid {
		return inventory.Errorf(inventory.Invalid, "properties.handshake", "properties.handshake %q is neither %s nor %s",
			w.Handshake, inventory.HandshakeCloudEvents, inventory.HandshakeEventGrid)
	}
	if w.Address == inventory.WebhookOf(present).Address {
		return nil
	}
	check, ok := c.downloader.(addressChecker)
	if !ok {
		return inventory.Errorf(inventory.Unavailable, "", "this server calls no addresses that people give")
	}
	if err := check.CheckAddress(w.Address); err != nil {
		return inventory.Errorf(inventory.Invalid, "properties.address", "properties.address: %v", err)
	}
	return nil
}

// NewSecret makes the secret with which a webhook's deliveries are signed, in
// place of the one that it had, and tells it this once. NotFound.
func (c *Catalog) NewSecret(ctx context.Context, webhook inventory.ID) (string, error) {
	by, err := actor(ctx)
	if err != nil {
		return "", err
	}
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	secret := SecretPrefix + base64.StdEncoding.EncodeToString(b[:])
	return secret, c.store.Update(ctx, by, func(tx inventory.Tx) error {
		if _, err := tx.Get(webhook); err != nil {
			return orNoParent(tx, webhook, err)
		}
		return tx.PutSecret(webhook, secret)
	})
}

// Replay has a webhook deliver again what comes after an event; also when it has
// stopped. NotFound; Forgotten when there is no such event, or no more; Conflict when
// it has no secret.
func (c *Catalog) Replay(ctx context.Context, webhook inventory.ID, after int64) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		if _, err := tx.Get(webhook); err != nil {
			return orNoParent(tx, webhook, err)
		}
		kept, err := inventory.KeptOf(tx, webhook)
		if err != nil {
			return err
		}
		if err := kept.Holds(after); err != nil {
			return err
		}
		return tx.Rewind(webhook, after)
	})
}
