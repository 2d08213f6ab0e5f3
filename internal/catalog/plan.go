package catalog

import (
	"context"

	"apicenter/internal/inventory"
)

// Plan shows what the next pass of a link would do, without doing it: of the
// link that is there or, with body, of the one that body would make of it.
// Errors besides those of Put: NotFound, Unavailable.
func (c *Catalog) Plan(ctx context.Context, id inventory.ID, body inventory.Doc) (any, error) {
	if _, err := actor(ctx); err != nil {
		return nil, err
	}
	var as *inventory.Link
	err := c.store.View(ctx, func(tx inventory.Reader) error {
		if body == nil {
			_, _, err := living(tx, id)
			return err
		}
		link, _, err := c.intended(tx, id, id.String(), body, Match{})
		as = &link
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.planner == nil {
		return nil, inventory.Errorf(inventory.Unavailable, "", "this server does not synchronise links")
	}
	return c.planner.Preview(ctx, id, as)
}
