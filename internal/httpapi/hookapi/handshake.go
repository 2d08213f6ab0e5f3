package hookapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// validates says that a request asks whether Event Grid may send events here. It
// comes without the headers that events are to have.
func validates(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Aeg-Event-Type"), "SubscriptionValidation")
}

// validate agrees to events of an instance that is linked, by giving back the
// code that came with the question. The address that also comes with it is never
// asked for: anybody could have put it there. Agreeing opens nothing, since
// events need a token.
func (h *Handler) validate(w http.ResponseWriter, r *http.Request, events []event) error {
	var question struct {
		ValidationCode string `json:"validationCode"`
	}
	if len(events) != 1 || json.Unmarshal(events[0].Data, &question) != nil || question.ValidationCode == "" {
		return inventory.Errorf(inventory.Invalid, "", "a subscription is validated by one event with data.validationCode")
	}
	links, err := h.links(r.Context())
	if err != nil {
		return h.failed(r, err, "answer a handshake", "the handshake cannot be answered at present")
	}
	nobody := anonymous(r.Context())
	if !slices.ContainsFunc(links, func(l link) bool {
		return l.reads(events[0].instance()) && (nobody || h.o.Access.Allowed(r.Context(), Action, l.scope))
	}) {
		return inventory.Errorf(inventory.NotFound, "topic", "no link that you may notify reads this instance; link it, then subscribe to its events")
	}
	return reply.Value(w, http.StatusOK, map[string]string{"validationResponse": question.ValidationCode})
}

// allow is the handshake of CloudEvents: a sender asks whether it may send here.
// It may try: what it sends needs a token. The address that it may have given to
// be called at later is not called.
func allow(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Allow", "POST, OPTIONS")
	if origin := r.Header.Get("WebHook-Request-Origin"); origin != "" && len(origin) <= maxOrigin {
		h.Set("WebHook-Allowed-Origin", origin)
		h.Set("WebHook-Allowed-Rate", "*")
	}
	w.WriteHeader(http.StatusOK)
}

// maxOrigin is longer than any name of a host.
const maxOrigin = 255
