package inventory

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// Webhook is the typed view of a webhook's properties: who is told of what
// changes in its service.
type Webhook struct {
	Address   string   // https://host/path
	Types     []string // of the events that it wants; none: all
	Prefix    string   // how their subjects begin, without regard to case; "": in any way
	Handshake string   // how its receiver says that it wants to be told
}

// The ways in which a receiver agrees: that of CloudEvents, and Event Grid's.
const (
	HandshakeCloudEvents = "cloudEvents"
	HandshakeEventGrid   = "eventGrid"
)

// The fields of a webhook.
const (
	FieldAddress   Field = "/address"
	FieldTypes     Field = "/eventTypes"
	FieldPrefix    Field = "/subjectPrefix"
	FieldHandshake Field = "/handshake"
)

// WebhookOf reads what readers see of a webhook.
func WebhookOf(doc Doc) Webhook {
	w := Webhook{Address: doc.Text(FieldAddress), Prefix: doc.Text(FieldPrefix), Handshake: doc.Text(FieldHandshake)}
	_ = json.Unmarshal(doc[FieldTypes], &w.Types) // a list of texts, or none
	if w.Handshake == "" {
		w.Handshake = HandshakeCloudEvents
	}
	return w
}

// WithoutQuery is an address as those may see it who may not change it: its query
// may hold a secret.
func WithoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	return address
}

// DeliveryState says how the deliveries of a webhook go.
type DeliveryState string

// The states. Only a person gets a stopped one going again.
const (
	Validating DeliveryState = "validating" // its receiver has not agreed yet
	Delivering DeliveryState = "delivering"
	Retrying   DeliveryState = "retrying"
	Stopped    DeliveryState = "stopped"
)

// DeliveryStatus is how far the deliveries of a webhook are; it is kept as the
// webhook's Status.
type DeliveryStatus struct {
	State       DeliveryState `json:"state"`
	Message     string        `json:"message,omitempty"` // why not, when it does not deliver
	Cursor      int64         `json:"cursor,string"`     // the last event that was delivered, or was not wanted
	Taken       string        `json:"taken,omitempty"`   // the last letter of the event behind the cursor that was taken, by id
	Agreed      string        `json:"agreed,omitempty"`  // the address, and how, that the receiver agreed to
	Attempts    int           `json:"attempts,omitempty"`
	FailedSince time.Time     `json:"failedSince,omitzero"`
	NextAttempt time.Time     `json:"nextAttempt,omitzero"`
	DeliveredAt time.Time     `json:"deliveredAt,omitzero"`
	Revision    int64         `json:"revision"` // of the webhook that this is of
}

// Delivery is a webhook with what it takes to deliver.
type Delivery struct {
	Resource
	Secret string // what its deliveries are signed with; never to be shown
	Epoch  int64  // rises when a person steers it
	Status DeliveryStatus
}

// Webhooks keeps how far deliveries are. All methods may be called from many goroutines.
type Webhooks interface {
	// Deliveries gives the webhooks that have a secret, in order of creation.
	Deliveries(ctx context.Context) ([]Delivery, error)
	// SaveDelivery keeps the status of a webhook. Superseded when a person has
	// steered it since, or it is gone. It makes no event.
	SaveDelivery(ctx context.Context, d Delivery) error
}
