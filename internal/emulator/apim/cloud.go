package apim

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// Cloud holds everything. Use New to make one.
type Cloud struct {
	mu            sync.RWMutex // guards all below, and all that hangs on it
	Tenants       []Tenant
	Subscriptions Table[*Subscription]
	Services      Table[*Service] // names of instances are unique in the world
	Gateways      Table[*Gateway] // of workspaces; keyed by id
	writes        uint64
	rules         Rules
	events        []Event
}

// Rules are the points on which nothing is known of the real product, or on
// which its versions differ. The zero value is the quiet answer to each.
type Rules struct {
	// TouchParent makes an edit of an operation or a schema move the ETag of its API.
	TouchParent bool
	// Late says for how long readers do not see a write; nil means not at all.
	Late func() time.Duration
	// Notify receives what a write did, in order, after the write. It must not block.
	Notify func(Event)
}

// Event is something that Event Grid would tell.
type Event struct {
	Type    string // without "Microsoft.ApiManagement."
	Service *Service
	Path    string // below the instance: "/apis/echo;Rev=1"
}

// Tenant is a directory.
type Tenant struct {
	ID, Name string
}

// Subscription belongs to one tenant.
type Subscription struct {
	ID, Name, Tenant string
	Groups           Table[*Group]
}

// Group is a resource group.
type Group struct {
	Name, Location string
	Subscription   *Subscription
}

// Path is the group's resource id.
func (g *Group) Path() string {
	return "/subscriptions/" + g.Subscription.ID + "/resourceGroups/" + g.Name
}

// New makes an empty cloud.
func New(rules Rules) *Cloud { return &Cloud{rules: rules} }

// View runs f while nothing changes. f must not change anything.
func (c *Cloud) View(f func() error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return f()
}

// Update runs f alone, then tells what happened.
func (c *Cloud) Update(f func() error) error {
	c.mu.Lock()
	err := f()
	events := c.events
	c.events = nil
	c.mu.Unlock()
	if c.rules.Notify != nil {
		for _, e := range events {
			c.rules.Notify(e)
		}
	}
	return err
}

// AddSubscription adds a subscription, and its tenant if that is new.
func (c *Cloud) AddSubscription(id, name, tenant string) *Subscription {
	known := false
	for _, t := range c.Tenants {
		known = known || strings.EqualFold(t.ID, tenant)
	}
	if !known {
		c.Tenants = append(c.Tenants, Tenant{ID: tenant, Name: "Tenant " + tenant[:min(8, len(tenant))]})
	}
	s := &Subscription{ID: id, Name: name, Tenant: tenant}
	c.Subscriptions.Put(id, s)
	return s
}

// AddGroup finds a resource group of the subscription, or adds it.
func (s *Subscription) AddGroup(name, location string) *Group {
	if g := s.Groups.Get(name); g != nil {
		return g
	}
	g := &Group{Name: name, Location: location, Subscription: s}
	s.Groups.Put(name, g)
	return g
}

// stamp is the mark of one write: a new ETag and the time.
func (c *Cloud) stamp() (etag string, at time.Time) {
	c.writes++
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], c.writes)
	return `"` + base64.StdEncoding.EncodeToString(b[:]) + `"`, time.Now().UTC()
}

func (c *Cloud) tell(kind string, s *Service, path string) {
	c.events = append(c.events, Event{Type: kind, Service: s, Path: path})
}
