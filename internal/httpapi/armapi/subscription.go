package armapi

import (
	"net/http"

	"apicenter/internal/inventory"
)

// subscription is one on the wire.
type subscription struct {
	ID             string `json:"id"`
	SubscriptionID string `json:"subscriptionId"`
	DisplayName    string `json:"displayName"`
	State          string `json:"state"`
}

// subscriptions lists those that have a service here that the caller may read:
// clients that are told no service begin with it. Its api-versions are those of another provider, so any will do.
func (h *Handler) subscriptions(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return notAllowed(w, r, []string{http.MethodGet, http.MethodHead})
	}
	ids, err := h.catalog.Subscriptions(r.Context(), h.readable(&request{Request: r, target: target{place: place{kind: inventory.KindService}}}))
	if err != nil {
		return err
	}
	out := make([]subscription, len(ids))
	for i, id := range ids {
		out[i] = subscription{ID: "/subscriptions/" + id, SubscriptionID: id, DisplayName: id, State: "Enabled"}
	}
	return answer(w, http.StatusOK, struct {
		Value []subscription `json:"value"`
	}{out})
}
