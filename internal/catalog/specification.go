package catalog

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// fetchTimeout is how long somebody who exports a document waits for its source.
const fetchTimeout = time.Minute

// maxInline bounds a document that comes inside a request.
const maxInline = 4 << 20

// Specification says what a document is: its format, such as openapi, and that format's version.
type Specification struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ImportSpecification gives a definition a document. Owned when a linked source
// determines the definition's document.
func (c *Catalog) ImportSpecification(ctx context.Context, id inventory.ID, document string, s Specification) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	s.Name = strings.ToLower(strings.TrimSpace(s.Name)) // clients compare it in lower case
	if s.Name == "" {
		return inventory.Errorf(inventory.Invalid, "specification.name", "specification.name is required; say what the document is, such as openapi")
	}
	if document == "" {
		return inventory.Errorf(inventory.Invalid, "value", "value is required; give the document itself")
	}
	if len(document) > maxInline {
		return inventory.Errorf(inventory.Invalid, "value", "value has %d bytes; at most %d are allowed inline", len(document), maxInline)
	}
	if _, err := c.Get(ctx, id); err != nil {
		return err
	}
	digest, _, err := c.store.PutDocument(ctx, strings.NewReader(document))
	if err != nil {
		return err
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		rec, err := tx.Record(id)
		if err != nil {
			return orNoParent(tx, id, err)
		}
		own := maps.Clone(rec.Own)
		own.Set(inventory.FieldDocument, digest)
		own.Set(fieldSpecification, s)
		for _, f := range []inventory.Field{inventory.FieldDocument, fieldSpecification} {
			if o, stated := rec.Stated(f); stated && !inventory.SameJSON(rec.View()[f], own[f]) {
				return inventory.Errorf(inventory.Owned, "value",
					"the specification of definition %q is determined by its source through the link %q; change it there",
					rec.Name(), shownName(tx, o.Link))
			}
		}
		_, err = tx.PutOwn(rec.Path, own, inventory.Condition{})
		return err
	})
}

// ExportSpecification gives the document of a definition. A link that imports
// on demand fetches it now. NotFound when there is none to be had.
func (c *Catalog) ExportSpecification(ctx context.Context, id inventory.ID) (inventory.Digest, error) {
	r, err := c.Get(ctx, id)
	if err != nil {
		return "", err
	}
	if r.Document != "" {
		return r.Document, nil
	}
	if r.Linked && c.fetcher != nil {
		if err := c.fetch(ctx, id); err != nil {
			return "", err
		}
		if r, err = c.Get(ctx, id); err != nil {
			return "", err
		}
	}
	if r.Document == "" {
		return "", inventory.Errorf(inventory.NotFound, "", "definition %q has no specification yet; import one first", r.Name())
	}
	return r.Document, nil
}

func (c *Catalog) fetch(ctx context.Context, id inventory.ID) error {
	ctx, stop := context.WithTimeoutCause(ctx, fetchTimeout, fmt.Errorf("no answer within %s", fetchTimeout))
	defer stop()
	return c.fetcher.Fetch(ctx, id)
}
