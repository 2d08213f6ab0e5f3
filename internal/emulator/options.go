package emulator

import (
	"cmp"
	"net/http"
	"time"

	"apicenter/internal/emulator/fault"
)

// Options say what the emulated Azure holds and how it behaves. The zero value
// is the believable demo instance without any fault.
type Options struct {
	// Specs is a folder of definitions, each of which becomes an API.
	Specs string
	// APIs is a number of generated APIs, in place of or beside those of Specs.
	APIs int
	// Empty leaves the instance without APIs.
	Empty bool
	// Instances is how many there are; the first is the one that Target names.
	// Further ones are spread over the subscriptions and have a few APIs each.
	Instances int
	// Seed decides all that looks random.
	Seed uint64

	// Token is a bearer token that always passes, for its owner is the reader
	// and writer of everything.
	Token string
	// NoRole withholds the reader role from the managed identity.
	NoRole bool

	// PageSize is the length of a page when the client names none; 0 means 100.
	PageSize int
	// LinkLife is how long an export link works; 0 means five minutes.
	LinkLife time.Duration
	// Shape is the form of the answer to an export; empty means Both.
	Shape Shape
	// Async answers 202 to the deletion of an API from 2024-05-01 on.
	Async bool
	// Faults are those at the start; PUT /admin/faults changes them.
	Faults fault.Config
	// TouchParent lets an edit of an operation or schema move the ETag of its API.
	TouchParent bool
	// Webhooks carries events and handshakes; nil is a transport that connects to
	// nothing but loopback.
	Webhooks http.RoundTripper
}

func (o Options) complete() Options {
	o.Token = cmp.Or(o.Token, "azemu")
	o.PageSize = cmp.Or(o.PageSize, defaultTop)
	o.LinkLife = cmp.Or(o.LinkLife, 5*time.Minute)
	o.Shape = cmp.Or(o.Shape, Both)
	o.Instances = max(o.Instances, 1)
	return o
}

// The names of what is always there.
const (
	TenantID             = "6f0c4f6e-2f5b-4a8e-9d3c-7b1a52e8d401"
	ForeignTenantID      = "c2d9a7b4-51e3-4f0d-8a66-0e9f3b7c1d52"
	SubscriptionID       = "a1b6e0d2-93c4-4d7f-b058-6c2e41f97a10"
	SecondSubscriptionID = "b7f3c915-08ad-4e61-a2d4-95d0e86b3c21"
	// ForeignSubscriptionID belongs to another tenant.
	ForeignSubscriptionID = "d40e8a6f-7c25-4b19-93fe-1a57b2c60d32"
	// ResourceGroup is the group of every first instance of a subscription.
	ResourceGroup = "rg-apis"

	// OwnerID is the object id of the holder of Options.Token.
	OwnerID = "0d5b1c3e-6a47-4f92-8e10-b9c4d7a2f601"
	// ManagedID and ManagedClientID are of the center's managed identity.
	ManagedID       = "e38f72a9-1d64-4c0b-a5f7-20b6c9e14d02"
	ManagedClientID = "f91a04c7-5e28-4b3d-96d1-47a8e0c3b503"
	// UserAssignedIdentity is an identity that stands on its own and has no role,
	// UserAssignedID and UserAssignedClientID are its object and its application.
	UserAssignedIdentity = "/subscriptions/" + SubscriptionID + "/resourceGroups/" + ResourceGroup +
		"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/gateway-reader"
	UserAssignedID       = "5b0e97c1-3f4d-4a26-8c15-d2a7e64f9b06"
	UserAssignedClientID = "a47d12f8-60e9-4b7c-b3a8-1f5c9e20d707"
	// ClientID and ClientSecret sign in an application of the tenant.
	ClientID     = "1c7e5d90-b2a3-4f68-8d04-e6f91b3a7c04"
	ClientSecret = "emulator-secret"
	// ApplicationID is the object id of that application.
	ApplicationID = "28d6f1b3-c490-4e75-a1e2-5b0c97d8f605"
)

// Target is where a client finds the emulator's first instance.
type Target struct {
	TenantID       string `json:"tenantId"`
	SubscriptionID string `json:"subscriptionId"`
	InstanceID     string `json:"apimId"`
	Token          string `json:"token"`
}
