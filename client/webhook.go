package client

import (
	"context"
	"strconv"
	"time"
)

// Webhook is the properties of a webhook: who is told of what changes.
type Webhook struct {
	Address       string    `json:"address"`                 // https://host/path; its query is shown to who may write it
	EventTypes    []string  `json:"eventTypes,omitempty"`    // none: all
	SubjectPrefix string    `json:"subjectPrefix,omitempty"` // how ids of resources begin that it is told of
	Handshake     string    `json:"handshake,omitempty"`     // cloudEvents or eventGrid
	Delivery      *Delivery `json:"delivery,omitempty"`      // read only
}

// Delivery is how deliveries to a webhook go.
type Delivery struct {
	State       string    `json:"state"` // validating, delivering, retrying or stopped
	Message     string    `json:"message,omitempty"`
	Cursor      string    `json:"cursor"` // behind the last event that was delivered, or not wanted
	Attempts    int       `json:"attempts,omitempty"`
	FailedSince time.Time `json:"failedSince,omitzero"`
	NextAttempt time.Time `json:"nextAttempt,omitzero"`
	DeliveredAt time.Time `json:"deliveredAt,omitzero"`
}

// Webhooks are those of the service.
func (s ServiceRef) Webhooks() Collection[Webhook] {
	return collection[Webhook](s.ref, "webhooks", preview)
}

// Webhook is the webhook of that name.
func (s ServiceRef) Webhook(name string) WebhookRef { return WebhookRef{s.child("webhooks", name)} }

// WebhookRef names a webhook.
type WebhookRef struct{ ref }

// NewSecret makes the secret that deliveries are signed with, and gives it, this once.
func (w WebhookRef) NewSecret(ctx context.Context) (secret string, err error) {
	var answer struct {
		Secret string `json:"secret"`
	}
	err = w.post(ctx, "newSecret", struct{}{}, &answer)
	return answer.Secret, err
}

// Replay has the webhook deliver again what comes after an event, by its sequence.
func (w WebhookRef) Replay(ctx context.Context, after int64) (r Resource[Webhook], err error) {
	return r, w.post(ctx, "replay", struct {
		After string `json:"after"`
	}{strconv.FormatInt(after, 10)}, &r)
}
