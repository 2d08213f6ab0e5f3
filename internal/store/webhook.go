package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"apicenter/internal/inventory"
)

func (s *Store) Deliveries(ctx context.Context) (all []inventory.Delivery, err error) {
	err = s.transact(ctx, reading, func(t *session) (err error) {
		all, err = collect(t, query{text: `select ` + resourceColumns + `, w.secret, w.epoch, w.status
			from resource r join webhook w on w.resource = r.id where r.kind = 'webhook' and ` + inSight + ` order by r.id`},
			func(rows *sql.Rows) (d inventory.Delivery, err error) {
				var status []byte
				if d.Resource, err = scanInto(rows, &d.Secret, &d.Epoch, &status); err != nil {
					return d, err
				}
				return d, json.Unmarshal(status, &d.Status)
			})
		return err
	})
	return all, err
}

func (s *Store) SaveDelivery(ctx context.Context, d inventory.Delivery) error {
	status, err := json.Marshal(d.Status)
	if err != nil {
		return err
	}
	return s.transact(ctx, writing, func(t *session) error {
		n, err := t.count(`update webhook set status = $3 where resource = $1 and epoch = $2`, d.Key, d.Epoch, string(status))
		if err == nil && n == 0 {
			err = inventory.Errorf(inventory.Superseded, "", "webhook %q was steered by a person, or is gone", d.Name())
		}
		return err
	})
}

func (w *work) PutSecret(id inventory.ID, secret string) error {
	key, err := w.webhookKey(id)
	if err != nil {
		return err
	}
	kept, err := w.Kept()
	if err != nil {
		return err
	}
	status, err := json.Marshal(inventory.DeliveryStatus{State: inventory.Validating, Cursor: kept.Last})
	if err != nil {
		return err
	}
	w.told = true
	_, err = w.exec(`
		insert into webhook (resource, secret, status) values ($1, $2, $3)
		on conflict (resource) do update set secret = excluded.secret`, key, secret, string(status))
	return err
}

func (w *work) Rewind(id inventory.ID, after int64) error {
	key, err := w.webhookKey(id)
	if err != nil {
		return err
	}
	var text []byte
	err = w.row([]any{&text}, `select status from webhook where resource = $1`, key)
	if errors.Is(err, sql.ErrNoRows) {
		return inventory.Errorf(inventory.Conflict, "", "webhook %q has no secret yet, and delivers nothing without; make it one first", id.Name())
	}
	if err != nil {
		return err
	}
	var was inventory.DeliveryStatus
	if err := json.Unmarshal(text, &was); err != nil {
		return err
	}
	next, err := json.Marshal(inventory.DeliveryStatus{
		State: inventory.Delivering, Cursor: after, Agreed: was.Agreed, DeliveredAt: was.DeliveredAt,
	})
	if err != nil {
		return err
	}
	w.told = true
	_, err = w.exec(`update webhook set status = $2, epoch = epoch + 1 where resource = $1`, key, string(next))
	return err
}

// webhookKey is the row of a webhook.
func (w *work) webhookKey(id inventory.ID) (int64, error) {
	u, err := w.reach(id)
	if err != nil {
		return 0, err
	}
	return u.record.Key, nil
}

var _ inventory.Webhooks = (*Store)(nil)
