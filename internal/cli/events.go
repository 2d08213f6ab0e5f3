package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/internal/subscription"
)

// subscribedWithin is how long Event Grid may take to prove the endpoint.
const subscribedWithin = 2 * time.Minute

// eventTypes are those that a link looks into.
var eventTypes = []string{
	"Microsoft.ApiManagement.APICreated", "Microsoft.ApiManagement.APIUpdated", "Microsoft.ApiManagement.APIDeleted",
	"Microsoft.ApiManagement.APIReleaseCreated", "Microsoft.ApiManagement.APIReleaseUpdated", "Microsoft.ApiManagement.APIReleaseDeleted",
	"Microsoft.ApiManagement.GatewayAPIAdded", "Microsoft.ApiManagement.GatewayAPIRemoved",
	"Microsoft.ApiManagement.GatewayHostnameConfigurationCreated", "Microsoft.ApiManagement.GatewayHostnameConfigurationUpdated",
	"Microsoft.ApiManagement.GatewayHostnameConfigurationDeleted",
}

// eventing is the flags of `integration events`.
type eventing struct {
	name             names
	endpoint, called string
	schema           string
	key, create      bool
}

func eventsCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "events", Short: "Say how Event Grid tells a link of changes at once, or have it do so",
		Long: `Say how Event Grid tells a link of changes at once, or have it do so.

What is printed is the address that takes events, the role that their sender
needs, and the az command that subscribes to them. The key in it is a
placeholder; --new-key makes one that can do nothing but notify this link.

--create subscribes with such a key, by your own right to do so at the
instance: the center passes the request on with your token. Doing it again
renews the key.`,
		Example: `  apicenter integration events -i prod-gateway
  apicenter integration events -i prod-gateway --create`,
	}
	var e eventing
	e.name = linkKind().flags(cmd, c, 1)
	f := cmd.Flags()
	f.StringVar(&e.endpoint, "endpoint", "", "`address` at which Event Grid reaches the center (default the one of --center, with "+subscription.HookPath+")")
	f.StringVar(&e.called, "subscription-name", "", "name of the event subscription (default \"apicenter-\" and the name of the link)")
	f.StringVar(&e.schema, "event-delivery-schema", subscription.EventGridSchema, subscription.EventGridSchema+" or "+subscription.CloudEventSchema)
	f.BoolVar(&e.key, "new-key", false, "make a key for the sender and print it, this once")
	f.BoolVar(&e.create, "create", false, "subscribe, with a key that is made for it")
	cmd.MarkFlagsMutuallyExclusive("new-key", "create")
	complete(cmd, "event-delivery-schema", words(subscription.EventGridSchema, subscription.CloudEventSchema))
	return leaf(cmd, func(cmd *cobra.Command) error { return e.run(cmd, c) })
}

// subscribing is the subscription of a link.
type subscribing struct {
	subscription.Subscription
	link string // resource id
}

func (e *eventing) run(cmd *cobra.Command, c *connection) error {
	ctx := cmd.Context()
	if e.schema != subscription.EventGridSchema && e.schema != subscription.CloudEventSchema {
		return usage(cmd, "--event-delivery-schema %q is neither %s nor %s", e.schema, subscription.EventGridSchema, subscription.CloudEventSchema)
	}
	s, err := c.open(ctx, cmd)
	if err != nil {
		return err
	}
	link, err := s.get(ctx, s.path([]step{linkStep()}, e.name), preview)
	if err != nil {
		return err
	}
	sub := subscribing{link: link.text("id"), Subscription: subscription.Subscription{
		Instance: subscription.InstanceOf(link.text("properties.azureApiManagementSource.resourceId")),
		Name:     cmp.Or(e.called, subscription.NameFor(link.text("name"))),
		Endpoint: cmp.Or(e.endpoint, strings.TrimSuffix(s.Address().String(), "/")+subscription.HookPath),
		Schema:   e.schema, Types: eventTypes,
	}}
	if e.create {
		return s.subscribe(ctx, sub)
	}
	key := subscription.UnknownKey
	if e.key {
		made, err := s.senderKey(ctx, sub)
		if err != nil {
			return err
		}
		key = made.text("token")
	}
	return s.print.events(sub, key)
}

// events prints how to subscribe.
func (p printer) events(sub subscribing, key string) error {
	if p.whole() {
		return p.document(object{
			"endpoint": sub.Endpoint, "role": subscription.Role, "scope": sub.link, "sourceResourceId": sub.Instance,
			"includedEventTypes": eventTypes, "command": sub.Command(key),
		})
	}
	_, err := fmt.Fprintf(p.out, "Address  %s\nRole     %s\nScope    %s\n\n%s\n", sub.Endpoint, subscription.Role, clean(sub.link), clean(sub.Command(key)))
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// senderKey makes a key that can notify the link and nothing else.
func (s *session) senderKey(ctx context.Context, sub subscribing) (object, error) {
	return s.post(ctx, call{path: "/keys", body: object{"name": sub.KeyName(), "role": subscription.Role, "scope": sub.link}})
}

// subscribe makes the event subscription, with a key of its own. Keys that an
// earlier one had end once this one works.
func (s *session) subscribe(ctx context.Context, sub subscribing) error {
	key, err := s.senderKey(ctx, sub)
	if err != nil {
		return err
	}
	o, refused, err := s.putSubscription(ctx, sub, key.text("token"))
	switch {
	case refused:
		return errors.Join(notSubscribed(sub, err), s.revoke(ctx, key.text("id")))
	case err != nil:
		return &failure{
			exit: ExitCode(err), cause: err, message: fmt.Sprintf("it is not known whether the link is told of events: %v", err),
			hint: "Azure may have taken the subscription, so its new key and the old one stay good; do it again: that ends what is left over",
		}
	}
	old, err := s.some(ctx, "/keys", "", nil, 0)
	if err != nil {
		return err
	}
	for _, k := range old {
		if k.text("name") == sub.KeyName() && strings.EqualFold(k.text("scope"), sub.link) && k.text("id") != key.text("id") {
			if err := s.revoke(ctx, k.text("id")); err != nil {
				return err
			}
		}
	}
	// What Event Grid answers may have the key in it.
	return s.print.row(object{
		"id": o.text("id"), "name": sub.Name, "provisioningState": o.text("properties.provisioningState"),
		"endpoint": sub.Endpoint, "keyId": key.text("id"), "keyExpiresAt": key.text("expiresAt"),
	}, []column{
		{"NAME", "name", nil},
		{"STATE", "provisioningState", nil},
		{"KEY EXPIRES", "keyExpiresAt", due("keyExpiresAt")},
	})
}

func (s *session) revoke(ctx context.Context, key string) error {
	_, err := s.do(ctx, call{method: http.MethodDelete, path: "/keys/" + url.PathEscape(key)})
	return err
}

// putSubscription makes an event subscription and waits until its webhook is
// proven. Refused says that there is none that shows the key; any other error
// leaves that open.
func (s *session) putSubscription(ctx context.Context, sub subscribing, key string) (o object, refused bool, err error) {
	path := sub.Path()
	a, err := s.do(ctx, call{method: http.MethodPut, version: subscription.Version, path: path, patient: subscribedWithin, body: object(sub.Body(key))})
	if err != nil {
		answered, ok := errors.AsType[*apiError](err)
		return nil, ok && answered.Status < 500 && answered.Status != http.StatusRequestTimeout, err
	}
	if o, err = a.object(); err != nil {
		return nil, false, err
	}
	err = s.until(ctx, subscribedWithin, "look at it in the portal of Azure", func(ctx context.Context) (bool, error) {
		proven, err := subscription.Proven(o.text("properties.provisioningState"))
		if err != nil {
			refused = true
			return false, failed("", "%v", err)
		}
		if !proven {
			o, err = s.get(ctx, path, subscription.Version)
		}
		return proven, err
	})
	return o, refused, err
}

func notSubscribed(sub subscribing, err error) error {
	return &failure{
		exit: ExitCode(err), cause: err, message: fmt.Sprintf("the link is not told of events: %v", err),
		hint: sub.Needs() + "; `apicenter integration events` prints how to do it with az",
	}
}
