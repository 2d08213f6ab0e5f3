package portal

import (
	"net/http"
	"strings"

	"apicenter/internal/feed"
)

// serviceCard is one API center to choose.
type serviceCard struct{ Name, Address, Group, Location string }

// services lists the API centers that the reader may see; of one, it goes there.
func (h *Handler) services(w http.ResponseWriter, r *request) error {
	all, err := h.catalog.AllServices(r.Context())
	if err != nil {
		return err
	}
	var cards []serviceCard
	for _, s := range all {
		if h.access.AuthorizeReading(r.Context(), readService, feed.ARMID(s.Path)) != nil {
			continue
		}
		parts := strings.Split(s.Path, "/")
		cards = append(cards, serviceCard{Name: s.Name(), Address: addressOf(s.Path), Group: parts[1], Location: docOf(s).Text("/location")})
	}
	if len(cards) == 1 {
		return redirect(w, r, cards[0].Address)
	}
	return h.show(w, r, view{template: "services", title: "API centers", data: cards})
}

func (h *Handler) home(w http.ResponseWriter, r *request) error {
	return h.show(w, r, view{template: "home", title: "Home", section: "Home"})
}
