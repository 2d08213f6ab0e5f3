package catalog

import (
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// Limits bound what people may add. The zero value of each is no limit, and of
// Texts the lengths that sources keep to.
type Limits struct {
	Workspaces   int  // of a service
	APIs         int  // of a workspace
	Versions     int  // of an API
	Definitions  int  // of a version
	Deployments  int  // of an API
	Environments int  // of a workspace
	Links        int  // of a workspace
	LinkedAPIs   int  // that one link may bring; the engine keeps to it
	Metadata     int  // schemas that are assigned to one kind
	Members      int  // properties of a schema of type object
	DataRequests int  // a minute to the data plane of a service, which keeps to it
	DataAPIs     int  // that the data plane of a service shows; it keeps to it
	Texts        bool // the lengths that Azure publishes
}

// Limits are those in force.
func (c *Catalog) Limits() Limits { return c.limits }

// maxWebhooks is how many a service may have: each is delivered to by itself.
const maxWebhooks = 20

// presets are the limits of Azure's plans.
var presets = map[string]Limits{
	"none": {},
	"free": {
		Workspaces: 1, APIs: 200, Versions: 5, Definitions: 5, Deployments: 10, Environments: 20,
		Links: 1, LinkedAPIs: 200, Metadata: 10, Members: 10, DataRequests: 3000, DataAPIs: 5, Texts: true,
	},
	"standard": {
		Workspaces: 1, APIs: 10_000, Versions: 100, Definitions: 5, Deployments: 10, Environments: 20,
		Links: 3, LinkedAPIs: 2_000, Metadata: 20, Members: 10, DataRequests: 6000, DataAPIs: 10_000, Texts: true,
	},
}

// Preset gives the limits of a plan: none, free or standard. Invalid.
func Preset(name string) (Limits, error) {
	l, ok := presets[name]
	if !ok {
		return l, inventory.Errorf(inventory.Invalid, "limits", "there are no limits %q; use none, free or standard", name)
	}
	return l, nil
}

// of is how many things of a kind may be in one parent; 0: any number.
func (l Limits) of(k inventory.Kind) int {
	return map[inventory.Kind]int{
		inventory.KindWorkspace: l.Workspaces, inventory.KindAPI: l.APIs, inventory.KindVersion: l.Versions,
		inventory.KindDefinition: l.Definitions, inventory.KindDeployment: l.Deployments,
		inventory.KindEnvironment: l.Environments, inventory.KindLink: l.Links,
		inventory.KindWebhook: maxWebhooks,
	}[k]
}

// room says whether one more thing may be made.
func (l Limits) room(tx inventory.Reader, id inventory.ID) error {
	return l.beyond(tx, id, l.of(id.Kind())-1)
}

// within says whether a thing that was made is not one too many.
func (l Limits) within(tx inventory.Reader, id inventory.ID) error {
	return l.beyond(tx, id, l.of(id.Kind()))
}

// beyond says whether there are no more than n things of a kind in one parent.
func (l Limits) beyond(tx inventory.Reader, id inventory.ID, n int) error {
	most := l.of(id.Kind())
	if most == 0 {
		return nil
	}
	for _, err := range tx.List(inventory.Query{Parent: id.Parent(), Kind: id.Kind(), Skip: n, Limit: 1}) {
		if err != nil {
			return err
		}
		return inventory.Errorf(inventory.LimitReached, "", "%s %q has %d things of kind %s, and no more are allowed; delete one first, or raise the limit",
			id.Parent().Kind(), id.Parent().Name(), most, id.Kind())
	}
	return nil
}

// metadata says whether a schema may be assigned to as many kinds as it wants.
func (l Limits) metadata(tx inventory.Reader, id inventory.ID, next schema) error {
	if l.Metadata == 0 {
		return nil
	}
	for _, kind := range assignable {
		if _, ok := next.assigned(kind); !ok {
			continue
		}
		others, err := schemasFor(tx, id.Parent(), kind)
		if err != nil {
			return err
		}
		others = slices.DeleteFunc(others, func(s schema) bool { return strings.EqualFold(s.name, id.Name()) })
		if len(others) >= l.Metadata {
			return inventory.Errorf(inventory.LimitReached, "properties.assignedTo",
				"%d metadata schemas are assigned to kind %s, and no more are allowed; take one away first, or raise the limit", len(others), kind)
		}
	}
	return nil
}
