package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/subscription"
)

// eventsView is how the source of a link tells of changes at once.
type eventsView struct {
	Heard     time.Time // an event last came; zero: none did
	Address   string    // that takes events
	Subscribe string    // where who looks subscribes with a right of his own; empty: he is not known in Azure, or may make no key
	Create    string    // the command that subscribes with one's own right
	Key       string    // the command that makes a key for the sender
	Azure     string    // the command that subscribes with the key
}

func (h *Handler) eventsOf(r *request, link inventory.Resource, source string) (v eventsView, err error) {
	if h.sources == nil {
		return v, nil
	}
	sub := h.subscriptionOf(r, link, source)
	v = eventsView{
		Address: sub.Endpoint,
		Create:  "apicenter integration events -i " + link.Name() + " --create",
		Key:     "apicenter integration events -i " + link.Name() + " --new-key",
		Azure:   sub.Command(subscription.UnknownKey),
	}
	if r.may(writeLinks) && h.access.Allowed(r.Context(), writeRoles, linkScope(link)) && h.known(r) {
		v.Subscribe = linkAddress(r) + "/events"
	}
	v.Heard, err = h.catalog.Heard(r.Context(), link.ID)
	return v, err
}

func (h *Handler) subscriptionOf(r *request, link inventory.Resource, source string) subscription.Subscription {
	return subscription.Subscription{
		Instance: subscription.InstanceOf(source), Name: subscription.NameFor(link.Name()), Schema: subscription.EventGridSchema,
		Endpoint: reply.Base(h.publicURL, r.Request) + subscription.HookPath, Types: h.sources.Events(),
	}
}

// linkScope is where a key of a link's own is for.
func linkScope(link inventory.Resource) string { return strings.ToLower(feed.ARMID(link.Path)) }

// subscribe has the instance tell the link of changes, by the right of who asks
// there, with a key that is made for it and can do nothing else. What an earlier
// subscription of that name had for a key ends once this one works.
func (h *Handler) subscribe(w http.ResponseWriter, r *request) error {
	link, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	if h.sources == nil {
		return inventory.Errorf(inventory.Unavailable, "", "this server takes no events")
	}
	if err := h.access.Authorize(r.Context(), writeRoles, linkScope(link)); err != nil {
		return err
	}
	p, err := h.person(r)
	if err != nil {
		return err
	}
	sub := h.subscriptionOf(r, link, inventory.LinkOf(docOf(link).Doc).Source)
	key, token, err := h.keyRing.Make(r.Context(), r.who.Name, inventory.Key{Name: sub.KeyName(), Role: access.EventSenderID, Scope: linkScope(link)})
	if err != nil {
		return err
	}
	lasting := context.WithoutCancel(r.Context()) // keys end as they should though who asks leaves
	proven, err := p.subscribe(sub, token)
	switch refused := errorOf(err); {
	case refused != nil && refused.Code == inventory.Unavailable:
		return inventory.Errorf(inventory.Unavailable, "", "it is not known whether the instance tells this link of changes: %s. It may have taken the subscription, so its new key and the old one stay good; "+
			"subscribe again in a minute: that ends what is left over", strings.TrimSuffix(err.Error(), "."))
	case err != nil:
		code := inventory.Unavailable
		if refused != nil {
			code = refused.Code
		}
		return errors.Join(inventory.Errorf(code, "", "the instance does not tell this link of changes: %s; %s", strings.TrimSuffix(err.Error(), "."), sub.Needs()), h.keyRing.Revoke(lasting, r.who.Name, key.ID))
	case !proven:
		return redirect(w, r, linkAddress(r)) // it may be yet: both keys stay good
	}
	for _, old := range h.keyRing.All() {
		if old.Name == key.Name && old.Scope == key.Scope && old.ID != key.ID {
			if err := h.keyRing.Revoke(lasting, r.who.Name, old.ID); err != nil && inventory.CodeOf(err) != inventory.NotFound {
				return err
			}
		}
	}
	return redirect(w, r, linkAddress(r))
}

// provenWithin is how long somebody waits for Event Grid to prove the address.
const provenWithin = 15 * time.Second

// subscribe makes an event subscription, and says whether Event Grid has proven
// that its address wants events. An error says that there is none that shows the
// key, and one that is Unavailable that there may be: who asks may leave, and Azure
// may not answer, while it takes it all the same.
func (p person) subscribe(sub subscription.Subscription, key string) (proven bool, err error) {
	p.ctx = context.WithoutCancel(p.ctx)
	var made struct {
		Properties struct {
			ProvisioningState string `json:"provisioningState"`
		} `json:"properties"`
	}
	version := url.Values{"api-version": {subscription.Version}}
	if err := p.call(http.MethodPut, sub.Path(), version, sub.Body(key), &made); err != nil {
		return false, err
	}
	var enough context.CancelFunc
	p.ctx, enough = context.WithTimeout(p.ctx, provenWithin)
	defer enough()
	for {
		if proven, err := subscription.Proven(made.Properties.ProvisioningState); proven || err != nil {
			return proven, err
		}
		select {
		case <-p.ctx.Done():
			return false, nil
		case <-time.After(time.Second):
		}
		_ = p.call(http.MethodGet, sub.Path(), version, nil, &made) // what fails says nothing of the subscription
	}
}
