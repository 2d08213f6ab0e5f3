package catalog

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// maxLocation bounds the name of a location, in bytes.
const maxLocation = 512

// AllServices lists the services of all subscriptions, in order of creation.
func (c *Catalog) AllServices(ctx context.Context) (services []inventory.Resource, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		services, err = allServices(tx)
		return err
	})
	return services, err
}

func allServices(tx inventory.Reader) ([]inventory.Resource, error) {
	var out []inventory.Resource
	for r, err := range tx.List(inventory.Query{Kind: inventory.KindService}) {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Groups lists the resource groups of a subscription, or of all of them if it is
// empty: first those that have a service, in order of their first one, then
// those that were only made. A group that nobody made has the location of its
// first service.
func (c *Catalog) Groups(ctx context.Context, subscription string) (groups []inventory.Group, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		groups, err = groupsOf(tx, subscription)
		return err
	})
	return groups, err
}

func groupsOf(tx inventory.Reader, subscription string) ([]inventory.Group, error) {
	services, err := allServices(tx)
	if err != nil {
		return nil, err
	}
	var out []inventory.Group
	place := map[string]int{} // in out, by folded name
	for _, r := range services {
		g, err := groupAround(r)
		if err != nil {
			return nil, err
		}
		_, known := place[foldedGroup(g.Subscription, g.Name)]
		if !known && (subscription == "" || strings.EqualFold(g.Subscription, subscription)) {
			place[foldedGroup(g.Subscription, g.Name)] = len(out)
			out = append(out, g)
		}
	}
	made, err := tx.Groups(subscription)
	for _, g := range made {
		if i, known := place[foldedGroup(g.Subscription, g.Name)]; known {
			out[i] = g
		} else {
			out = append(out, g)
		}
	}
	return out, err
}

// foldedGroup names a group without regard to case.
func foldedGroup(subscription, name string) string { return strings.ToLower(subscription + "/" + name) }

// groupAround is the group that is there because a service is in it.
func groupAround(service inventory.Resource) (inventory.Group, error) {
	doc, err := inventory.ParseDoc(service.Doc)
	if err != nil {
		return inventory.Group{}, err
	}
	segments := strings.SplitN(service.Path, "/", 3)
	return inventory.Group{
		Subscription: segments[0], Name: segments[1], Location: doc.Text("/location"), Tags: map[string]string{},
		Created: service.Created, Updated: service.Created,
	}, nil
}

// Group gives one resource group. NotFound.
func (c *Catalog) Group(ctx context.Context, subscription, name string) (g inventory.Group, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		g, err = groupOf(tx, subscription, name)
		return err
	})
	return g, err
}

func groupOf(tx inventory.Reader, subscription, name string) (inventory.Group, error) {
	groups, err := groupsOf(tx, subscription)
	if err != nil {
		return inventory.Group{}, err
	}
	i := slices.IndexFunc(groups, func(g inventory.Group) bool {
		return strings.EqualFold(g.Subscription, subscription) && strings.EqualFold(g.Name, name)
	})
	if i < 0 {
		return inventory.Group{}, inventory.Errorf(inventory.NotFound, "", "resource group %q was not found", name)
	}
	return groups[i], nil
}

// PutGroup makes a resource group, or sets the tags of one, and gives it as it
// is then. Invalid; Conflict when it would move to another location.
func (c *Catalog) PutGroup(ctx context.Context, g inventory.Group) (out inventory.Group, created bool, err error) {
	by, err := actor(ctx)
	if err != nil {
		return out, false, err
	}
	if err := checkGroup(g); err != nil {
		return out, false, err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		have, err := groupOf(tx, g.Subscription, g.Name)
		switch created = inventory.CodeOf(err) == inventory.NotFound; {
		case created:
		case err != nil:
			return err
		case have.Location != "" && region(have.Location) != region(g.Location):
			return inventory.Errorf(inventory.Conflict, "location",
				"resource group %q is in the location %q, and a group cannot move; send that location", have.Name, have.Location)
		default:
			g.Subscription, g.Name, g.Location = have.Subscription, have.Name, have.Location
		}
		if _, err = tx.PutGroup(g); err != nil {
			return err
		}
		out, err = groupOf(tx, g.Subscription, g.Name)
		return err
	})
	return out, created, err
}

func checkGroup(g inventory.Group) error {
	if err := checkPlace(g.Subscription, g.Name); err != nil {
		return err
	}
	if strings.TrimSpace(g.Location) == "" {
		return inventory.Errorf(inventory.Invalid, "location", "a resource group needs a location, such as \"local\"")
	}
	if len(g.Location) > maxLocation {
		return inventory.Errorf(inventory.Invalid, "location", "a location has at most %d characters", maxLocation)
	}
	return checkTags("tags", g.Tags)
}

// region is a location without what Azure does not look at: "West Europe" is "westeurope".
func region(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

// DeleteGroup deletes a resource group and the services in it, which can be
// restored for a while. NotFound.
func (c *Catalog) DeleteGroup(ctx context.Context, subscription, name string) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		if _, err := groupOf(tx, subscription, name); err != nil {
			return err
		}
		services, err := allServices(tx)
		if err != nil {
			return err
		}
		for _, r := range services {
			if !within(r.Path, subscription, name) {
				continue
			}
			if err := tx.SoftDelete(r.ID, time.Now().Add(inventory.Retention)); err != nil {
				return err
			}
		}
		// A group that nobody made went with its last service.
		if err := tx.DeleteGroup(subscription, name); !errors.Is(err, inventory.NotFound) {
			return err
		}
		return nil
	})
}
