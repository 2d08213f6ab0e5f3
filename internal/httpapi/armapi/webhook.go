package armapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"apicenter/internal/arm"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// webhookDoc reads a webhook's properties.
func webhookDoc(properties []byte) (inventory.Doc, error) {
	doc, err := inventory.ParseDoc(properties)
	if err != nil {
		return nil, err
	}
	for _, name := range inventory.WebhookOf(doc).Types {
		if !slices.Contains(feed.Types(), name) {
			e := arm.Errorf(http.StatusBadRequest, "ValidationError", "there is no event type %q; the types are %v", name, feed.Types())
			e.Target = "properties.eventTypes"
			return nil, e
		}
	}
	return doc, nil
}

// appendWebhook writes a webhook, with how its deliveries go unless it is one of
// the past. Its address has its query, which may hold a secret, for who may write it.
func (h *Handler) appendWebhook(buf []byte, r inventory.Resource, req *request) ([]byte, error) {
	doc := r.Doc
	if h.access.Authorize(req.Context(), nameOf(inventory.KindWebhook).typ+"/write", idOf(r.Path)) != nil {
		fields, err := inventory.ParseDoc(doc)
		if err != nil {
			return buf, err
		}
		doc = fields.With(inventory.FieldAddress, inventory.WithoutQuery(fields.Text(inventory.FieldAddress))).JSON(inventory.KindWebhook)
	}
	if !req.at.IsZero() {
		return append(append(buf, `"properties":`...), doc...), nil
	}
	s := inventory.DeliveryStatus{State: inventory.Validating, Message: "it has no secret yet; make one"}
	if string(r.Status) != "{}" {
		s = inventory.DeliveryStatus{}
		if err := json.Unmarshal(r.Status, &s); err != nil {
			return buf, err
		}
	}
	status, err := json.Marshal(delivery{DeliveryStatus: s})
	if err != nil {
		return buf, err
	}
	buf = append(append(buf, `"properties":`...), doc[:len(doc)-1]...)
	return append(append(append(buf, `,"delivery":`...), status...), '}'), nil
}

// delivery is how deliveries go, on the wire: less what only the server needs.
type delivery struct {
	inventory.DeliveryStatus
	Agreed   bool `json:"agreed,omitempty"`
	Revision bool `json:"revision,omitempty"`
}

// newSecret makes the secret of a webhook, and tells it this once.
func (h *Handler) newSecret(w http.ResponseWriter, r *request) error {
	secret, err := h.catalog.NewSecret(r.Context(), r.id)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return reply.Value(w, http.StatusOK, struct {
		Secret string `json:"secret"`
	}{secret})
}

// replay has a webhook deliver again what comes after a cursor.
func (h *Handler) replay(w http.ResponseWriter, r *request) error {
	var body struct {
		After *string `json:"after"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.After == nil {
		return badParam("after", "after is missing; give the cursor after which to deliver again")
	}
	after, err := strconv.ParseInt(*body.After, 10, 64)
	if err != nil || after < 0 {
		return badParam("after", "after %q is not the number of an event", *body.After)
	}
	if err := h.catalog.Replay(r.Context(), r.id, after); err != nil {
		return err
	}
	return h.get(w, r)
}
