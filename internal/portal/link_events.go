package portal

import (
	"fmt"
	"strings"
	"time"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// eventsView is how the source of a link tells of changes at once.
type eventsView struct {
	Heard   time.Time // an event last came; zero: none did
	Address string    // that takes events
	Create  string    // the command that subscribes with one's own right
	Key     string    // the command that makes a key for the sender
	Azure   string    // the command that subscribes with the key
}

// takesEvents is the path at which events come in.
const takesEvents = "/hooks/events"

func (h *Handler) eventsOf(r *request, link inventory.Resource, source string) (v eventsView, err error) {
	if h.sources == nil {
		return v, nil
	}
	name := link.Name()
	v = eventsView{
		Address: reply.Base(h.publicURL, r.Request) + takesEvents,
		Create:  "apicenter integration events -i " + name + " --create",
		Key:     "apicenter integration events -i " + name + " --new-key",
	}
	v.Azure = fmt.Sprintf("az eventgrid event-subscription create --name apicenter-%s --source-resource-id %s --endpoint %s --event-delivery-schema eventgridschema"+
		" --included-event-types %s --delivery-attribute-mapping Authorization static \"Bearer <key>\" true",
		name, instanceOf(source), v.Address, strings.Join(h.sources.Events(), " "))
	v.Heard, err = h.catalog.Heard(r.Context(), link.ID)
	return v, err
}
