package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// apiShapes are how an API of an instance is written, or all of them ("*").
var apiShapes = []string{
	"/subscriptions/*/resourceGroups/*/providers/Microsoft.ApiManagement/service/*/apis/*",
	"/subscriptions/*/resourceGroups/*/providers/Microsoft.ApiManagement/service/*/workspaces/*/apis/*",
}

// batch is what is imported from one instance: some APIs, by their ids, or all if apis is nil.
type batch struct {
	from inventory.Link
	apis []string
}

// ImportAPIs copies APIs of API Management, named by their ids there, ".../apis/*"
// for all of an instance, into the default workspace of a service, once. It is a
// long operation of the service. NotFound, Invalid, Unavailable.
func (c *Catalog) ImportAPIs(ctx context.Context, service inventory.ID, ids []string) (inventory.Operation, error) {
	batches, err := batchesOf(ids)
	if err != nil {
		return inventory.Operation{}, err
	}
	return c.importOnce(ctx, service, service.Child(inventory.KindWorkspace, defaultWorkspace), "importFromApim", batches)
}

// batchesOf sorts APIs by their instances, in the order in which they are named.
func batchesOf(ids []string) ([]batch, error) {
	if len(ids) == 0 {
		return nil, inventory.Errorf(inventory.Invalid, "sourceResourceIds", "sourceResourceIds is required; name APIs like %s", apiShapes[0])
	}
	var out []batch
	for _, id := range ids {
		if !slices.ContainsFunc(apiShapes, func(shape string) bool { return matches(shape, id) }) {
			return nil, inventory.Errorf(inventory.Invalid, "sourceResourceIds", "%q is not the id of an API in API Management; want %s", id, apiShapes[0])
		}
		id = strings.TrimSuffix(id, "/")
		name := id[strings.LastIndexByte(id, '/')+1:]
		from := inventory.Link{SourceType: apiManagement, Source: id[:len(id)-len("/apis/"+name)], Import: inventory.ImportAlways}
		at := slices.IndexFunc(out, func(b batch) bool { return b.from.Instance() == from.Instance() })
		if at < 0 {
			at = len(out)
			out = append(out, batch{from: from, apis: []string{}})
		}
		if name == "*" {
			out[at].apis = nil
		} else if out[at].apis != nil {
			out[at].apis = append(out[at].apis, id)
		}
	}
	return out, nil
}

// ImportSource copies all APIs of a source into a workspace, once: body is what
// a link to it would be. It is a long operation of the workspace. NotFound,
// Invalid, Unavailable.
func (c *Catalog) ImportSource(ctx context.Context, workspace inventory.ID, body inventory.Doc) (inventory.Operation, error) {
	own := known(inventory.KindLink, body)
	err := c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(workspace); err != nil {
			return orNoParent(tx, workspace, err)
		}
		if err := sourceKnown(own); err != nil {
			return err
		}
		if err := c.rules(inventory.KindLink).check(nil, own); err != nil {
			return err
		}
		if err := completeLink(tx, workspace, own, false); err != nil {
			return err
		}
		return sourceShape(inventory.LinkOf(own))
	})
	if err != nil {
		return inventory.Operation{}, err
	}
	return c.importOnce(ctx, workspace, workspace, "importApiSource", []batch{{from: inventory.LinkOf(own)}})
}

func (c *Catalog) importOnce(ctx context.Context, on, workspace inventory.ID, action string, batches []batch) (inventory.Operation, error) {
	by, err := actor(ctx)
	if err != nil {
		return inventory.Operation{}, err
	}
	if c.importer == nil {
		return inventory.Operation{}, inventory.Errorf(inventory.Unavailable, "", "this server does not import from API Management")
	}
	if _, err := c.Get(ctx, workspace); err != nil {
		return inventory.Operation{}, err
	}
	o, _, err := c.begin(ctx, on, action, func(ctx context.Context) error {
		var failed error // the first that did; what can be imported is
		for _, b := range batches {
			_, err := c.importer.Import(ctx, by, workspace, b.from, b.apis)
			failed = cmp.Or(failed, err)
		}
		return failed
	})
	return o, err
}
