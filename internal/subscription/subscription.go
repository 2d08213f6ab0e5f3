// Package subscription is an event subscription of Event Grid, by which an
// instance tells a link of changes, as Azure Resource Manager takes it and as the
// command line of Azure does.
package subscription

import (
	"fmt"
	"net/url"
	"strings"
)

// Version is that of the API of event subscriptions.
const Version = "2022-06-15"

// The forms in which events can be sent.
const (
	EventGridSchema  = "EventGridSchema"
	CloudEventSchema = "CloudEventSchemaV1_0"
)

// Role is what a sender of events needs on its link.
const Role = "API Center Event Sender"

// HookPath is where a center takes events.
const HookPath = "/hooks/events"

// UnknownKey stands for a key that is not made yet.
const UnknownKey = "<key>"

// Subscription is what it takes to be told of events.
type Subscription struct {
	Instance string // resource id of the instance that tells
	Name     string
	Endpoint string // at which Event Grid reaches the center
	Schema   string // EventGridSchema or CloudEventSchema
	Types    []string
}

// NameFor is the usual name of the subscription of a link.
func NameFor(link string) string { return "apicenter-" + link }

// InstanceOf is the instance of what a link reads: workspaces send no events of their own.
func InstanceOf(source string) string {
	parts := strings.Split(strings.TrimRight(source, "/"), "/")
	return strings.Join(parts[:min(len(parts), 9)], "/")
}

// Path is its resource id.
func (s Subscription) Path() string {
	return s.Instance + "/providers/Microsoft.EventGrid/eventSubscriptions/" + url.PathEscape(s.Name)
}

// KeyName is the name of the keys that were made for it.
func (s Subscription) KeyName() string { return "events " + s.Name }

// Body makes it, by a PUT at its path, with the key that the sender shows.
func (s Subscription) Body(key string) map[string]any {
	type object = map[string]any
	return object{"properties": object{
		"destination": object{"endpointType": "WebHook", "properties": object{
			"endpointUrl": s.Endpoint,
			"deliveryAttributeMappings": []object{{
				"name": "Authorization", "type": "Static", "properties": object{"value": "Bearer " + key, "isSecret": true},
			}},
		}},
		"filter":              object{"includedEventTypes": s.Types},
		"eventDeliverySchema": s.Schema,
	}}
}

// Command makes it with az.
func (s Subscription) Command(key string) string {
	return fmt.Sprintf("az eventgrid event-subscription create --name %s --source-resource-id %q --endpoint %q --event-delivery-schema %s"+
		" --included-event-types %s --delivery-attribute-mapping Authorization static %q true",
		s.Name, s.Instance, s.Endpoint, strings.ToLower(s.Schema), strings.Join(s.Types, " "), "Bearer "+key)
}

// Proven says of a provisioning state whether Event Grid has proven that the
// endpoint wants its events. An error says that it gave up.
func Proven(state string) (bool, error) {
	switch state {
	case "Succeeded", "":
		return true, nil
	case "Creating", "Updating":
		return false, nil
	default:
		return false, fmt.Errorf("its state is %s", state)
	}
}

// Needs is what to look at when it cannot be made.
func (s Subscription) Needs() string {
	return "the center must be reachable for Event Grid at " + s.Endpoint + " with a certificate that the public trusts, and you need " +
		"Microsoft.EventGrid/eventSubscriptions/write on the instance"
}
