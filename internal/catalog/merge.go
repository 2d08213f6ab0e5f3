package catalog

import (
	"context"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// checkMergeRule says whether a workspace's rule is one.
func checkMergeRule(own inventory.Doc) error {
	switch rule := inventory.MergeRuleOf(own); rule {
	case inventory.MergeNone, inventory.MergeTitle, inventory.MergePath, inventory.MergeName:
		return nil
	default:
		if name, ok := strings.CutPrefix(string(rule), "/customProperties/"); ok && name != "" {
			return nil
		}
		return inventory.Errorf(inventory.Invalid, "properties.mergeRule",
			"properties.mergeRule %q is not known; use none, title, path, name, or the field that is equal in what is one API, such as /customProperties/apiId", rule)
	}
}

// Sibling is the thing of the kind and workspace of id that text names: by its
// name, or by an id as references have it. at is where the text stood.
func Sibling(id inventory.ID, at, text string) (inventory.ID, error) {
	other, ok := reference(id.Ancestor(inventory.KindService), text)
	if !strings.Contains(text, "/") {
		var err error
		other, err = inventory.ParseID(id.Parent().String() + "/" + id.Kind().Collection() + "/" + text)
		ok = err == nil
	}
	if !ok || other.Kind() != id.Kind() || other.Parent() != id.Parent() {
		return other, inventory.Errorf(inventory.Invalid, at, "%s %q does not name a %s of this workspace; give its name or its resource id", at, text, id.Kind())
	}
	return other, nil
}

// Merge makes an API one with another of its workspace, which goes on with all
// that both had, and gives that. NotFound, Invalid; Conflict when a link brought
// both, or none brought one of them.
func (c *Catalog) Merge(ctx context.Context, api, into inventory.ID) (r inventory.Resource, err error) {
	err = c.regroup(ctx, api, func(tx inventory.Tx) error {
		if err := tx.Join(api, into); err != nil {
			return err
		}
		r, err = tx.Get(into)
		return err
	})
	return r, err
}

// Unmerge takes what a link brought out of an API again, and gives the API that
// it is from here on. NotFound, Invalid; Conflict when nothing else is in it.
func (c *Catalog) Unmerge(ctx context.Context, api inventory.ID, link string) (r inventory.Resource, err error) {
	err = c.regroup(ctx, api, func(tx inventory.Tx) error {
		from, err := linkOf(api, link)
		if err != nil {
			return err
		}
		r, err = tx.Part(api, from)
		return err
	})
	return r, err
}

// Lead has what a link states of an API go before what others state. NotFound, Invalid.
func (c *Catalog) Lead(ctx context.Context, api inventory.ID, link string) (r inventory.Resource, err error) {
	err = c.regroup(ctx, api, func(tx inventory.Tx) error {
		first, err := linkOf(api, link)
		if err != nil {
			return err
		}
		if err := tx.Lead(api, first); err != nil {
			return err
		}
		r, err = tx.Get(api)
		return err
	})
	return r, err
}

// linkOf is a link of an API's workspace, by its name or id.
func linkOf(api inventory.ID, link string) (inventory.ID, error) {
	if strings.TrimSpace(link) == "" {
		return inventory.ID{}, inventory.Errorf(inventory.Invalid, "link", "link is required; give the name of the API source")
	}
	if i := strings.LastIndexByte(link, '/'); i >= 0 {
		link = link[i+1:]
	}
	id, err := inventory.ParseID(api.Parent().String() + "/links/" + link)
	if err != nil {
		return id, inventory.Errorf(inventory.Invalid, "link", "%q is not the name of a link", link)
	}
	return id, nil
}

// regroup changes which links' things an API is. Passes of those links that are
// under way know the API by its old places, and end.
func (c *Catalog) regroup(ctx context.Context, api inventory.ID, f func(inventory.Tx) error) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		rec, err := tx.Record(api)
		if err != nil {
			return orNoParent(tx, api, err)
		}
		for _, o := range rec.Origins {
			if _, err := tx.Begin(o.Link); err != nil {
				return err
			}
		}
		return f(tx)
	})
}

// APISource is a link that brought an API.
type APISource struct {
	Link     string // its name
	External string // the source's identity of the API
	Read     time.Time
}

// Sources are the links that an API came by, the one that leads first. NotFound.
func (c *Catalog) Sources(ctx context.Context, api inventory.ID) (out []APISource, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		rec, err := tx.Record(api)
		if err != nil {
			return orNoParent(tx, api, err)
		}
		for _, o := range rec.Origins {
			out = append(out, APISource{Link: shownName(tx, o.Link), External: o.External, Read: o.Read})
		}
		return nil
	})
	return out, err
}
