package dataapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// service is one whose data plane we are.
type service struct {
	id        inventory.ID
	hostname  string
	scope     string // Azure's path of it
	anonymous bool   // whoever it is may read
	lastAPI   int64  // the key of the last API that can be reached; 0: all can
	requests  *rate.Limiter
}

// directory knows the services, as long as nothing is written.
type directory struct {
	catalog *catalog.Catalog
	domain  string
	limits  Limits

	mu         sync.Mutex // guards what follows
	generation uint64
	services   []*service // the oldest first
}

// find gives the first service that is what the caller looks for, nil for none.
// Names are unique in a group of resources only: of several, the oldest is meant.
func (d *directory) find(ctx context.Context, is func(*service) bool) (*service, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if generation := d.catalog.Generation(); generation == 0 || generation != d.generation {
		services, err := d.read(ctx)
		if err != nil {
			return nil, err
		}
		d.generation, d.services = generation, services
	}
	for _, s := range d.services {
		if is(s) {
			return s, nil
		}
	}
	return nil, nil
}

// read makes the services anew. What they have left of their requests stays.
func (d *directory) read(ctx context.Context) ([]*service, error) {
	before := map[inventory.ID]*rate.Limiter{}
	for _, s := range d.services {
		before[s.id] = s.requests
	}
	open, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.catalog.List(ctx, inventory.Query{Kind: inventory.KindService, Limit: maxServices})
	if err != nil {
		return nil, fmt.Errorf("read the services: %w", err)
	}
	out := make([]*service, len(all.Items))
	for i, r := range all.Items {
		s := &service{id: r.ID, scope: scopeOf(r.Path), anonymous: open[r.ID], requests: before[r.ID]}
		if d.domain != "" {
			var properties struct{ Location string }
			if err := json.Unmarshal(r.Doc, &properties); err != nil {
				return nil, fmt.Errorf("read service %s: %w", r.Path, err)
			}
			s.hostname = reply.Hostname(r.Name(), "data", properties.Location, d.domain)
		}
		if s.requests == nil && d.limits.RequestsPerMinute > 0 {
			s.requests = rate.NewLimiter(rate.Limit(float64(d.limits.RequestsPerMinute)/60), d.limits.RequestsPerMinute)
		}
		if s.lastAPI, err = d.lastAPI(ctx, r.ID); err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// maxServices is more than an installation has; one beyond it has no data plane.
const maxServices = 10_000

// open are the services that let anybody read. The switch is on their portal.
func (d *directory) open(ctx context.Context) (map[inventory.ID]bool, error) {
	portals, err := d.catalog.List(ctx, inventory.Query{Kind: inventory.KindPortal, Limit: maxServices})
	if err != nil {
		return nil, fmt.Errorf("read the portals: %w", err)
	}
	out := map[inventory.ID]bool{}
	for _, r := range portals.Items {
		var properties struct {
			AllowAnonymousAccess bool `json:"allowAnonymousAccess"`
		}
		if err := json.Unmarshal(r.Doc, &properties); err != nil {
			return nil, fmt.Errorf("read portal %s: %w", r.Path, err)
		}
		if r.ID.Name() == "default" {
			out[r.ID.Parent()] = properties.AllowAnonymousAccess
		}
	}
	return out, nil
}

// lastAPI is the last API of a service, in order of creation, that its limit leaves.
func (d *directory) lastAPI(ctx context.Context, id inventory.ID) (int64, error) {
	if d.limits.APIs == 0 {
		return 0, nil
	}
	page, err := d.catalog.List(ctx, inventory.Query{Parent: id, Kind: inventory.KindAPI, Skip: d.limits.APIs - 1, Limit: 1})
	if err != nil || len(page.Items) == 0 {
		return 0, err
	}
	return page.Items[0].Key, nil
}

// scopeOf is Azure's path of a service.
func scopeOf(path string) string {
	parts := strings.Split(path, "/")
	return "/subscriptions/" + parts[0] + "/resourceGroups/" + parts[1] + "/providers/Microsoft.ApiCenter/services/" + parts[2]
}
