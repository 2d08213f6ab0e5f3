package catalog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

// fetchTimeout is how long somebody who exports a document waits for its source.
const fetchTimeout = time.Minute

// Bounds of a document.
const (
	MaxInline        = 4 << 20  // bytes inside a request
	maxLinked        = 50 << 20 // bytes at an address
	downloadTimeout  = 5 * time.Minute
	maxSpecification = 100 // characters of a format's name and of its version
)

// Specification says what a document is: its format, such as openapi, and that format's version.
type Specification struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ImportSpecification gives a definition a document. Invalid; NotFound; Owned
// when a linked source determines the definition's document.
func (c *Catalog) ImportSpecification(ctx context.Context, id inventory.ID, document string, s Specification) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	if s, err = s.checked(); err != nil {
		return err
	}
	if document == "" {
		return inventory.Errorf(inventory.Invalid, "value", "value is required; give the document itself")
	}
	if len(document) > MaxInline {
		return inventory.Errorf(inventory.Invalid, "value", "value has %d bytes; at most %d are allowed inline, and more by link", len(document), MaxInline)
	}
	if _, err := c.Get(ctx, id); err != nil {
		return err
	}
	return c.attach(ctx, by, id, strings.NewReader(document), &s)
}

// ImportSpecificationFrom is ImportSpecification of what is at an address. It
// waits a little: an operation that has ended by then has done so well, or its
// failure is the error. One that goes on is to be asked for later.
func (c *Catalog) ImportSpecificationFrom(ctx context.Context, id inventory.ID, address string, s Specification) (inventory.Operation, error) {
	by, err := actor(ctx)
	if err != nil {
		return inventory.Operation{}, err
	}
	if s, err = s.checked(); err != nil {
		return inventory.Operation{}, err
	}
	if address == "" {
		return inventory.Operation{}, inventory.Errorf(inventory.Invalid, "value", "value is required; give the address of the document")
	}
	if c.downloader == nil {
		return inventory.Operation{}, errNoDownloads
	}
	if _, err := c.Get(ctx, id); err != nil {
		return inventory.Operation{}, err
	}
	o, done, err := c.begin(ctx, id, "importSpecification", func(ctx context.Context) error {
		document, err := c.download(ctx, address, maxLinked)
		if err != nil {
			return err
		}
		if len(document) == 0 {
			return inventory.Errorf(inventory.Invalid, "value", "there is nothing at the address")
		}
		return c.attach(ctx, by, id, bytes.NewReader(document), &s)
	})
	if err != nil {
		return o, err
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
		return o, nil
	case <-ctx.Done():
		return o, ctx.Err()
	}
	if o, err = c.Operation(ctx, id, o.Name); err != nil || o.Failure == nil {
		return o, err
	}
	return o, o.Failure
}

var errNoDownloads = inventory.Errorf(inventory.Unavailable, "", "this server does not fetch documents by their address; send the document inline")

// download gets what is at an address that a person gave. That it cannot be had
// is for him to mend.
func (c *Catalog) download(ctx context.Context, address string, limit int64) ([]byte, error) {
	if c.downloader == nil {
		return nil, errNoDownloads
	}
	ctx, stop := context.WithTimeout(ctx, downloadTimeout)
	defer stop()
	document, err := c.downloader.Download(ctx, address, limit)
	if err != nil && inventory.CodeOf(err) == "" {
		err = inventory.Errorf(inventory.Invalid, "value", "the document cannot be fetched: %v", err)
	}
	return document, err
}

// checked is the specification as it is stored. Its version may be left out:
// registrations of MCP servers have none.
func (s Specification) checked() (Specification, error) {
	s.Name = strings.ToLower(strings.TrimSpace(s.Name)) // clients compare it in lower case
	if s.Name == "" {
		return s, inventory.Errorf(inventory.Invalid, "specification.name", "specification.name is required; say what the document is, such as openapi")
	}
	for _, text := range []string{s.Name, s.Version} {
		if utf8.RuneCountInString(text) > maxSpecification {
			return s, inventory.Errorf(inventory.Invalid, "specification", "specification has a text of more than %d characters", maxSpecification)
		}
	}
	return s, nil
}

// attach makes a document a definition's, with what it is, or an analyzer's. Of a
// definition it is compared with the last one.
func (c *Catalog) attach(ctx context.Context, by string, id inventory.ID, document io.Reader, s *Specification) error {
	digest, _, err := c.store.PutDocument(ctx, document)
	if err != nil {
		return err
	}
	last, err := c.Get(ctx, id)
	if err != nil {
		return err
	}
	var compared *inventory.Compatibility
	if id.Kind() == inventory.KindDefinition && last.Document != "" && last.Document != digest {
		if compared, err = inventory.CompareDocuments(ctx, c.store, c.compare, last.Document, digest); err != nil {
			return err
		}
	}
	return c.store.Update(ctx, by, func(tx inventory.Tx) error {
		rec, err := tx.Record(id)
		if err != nil {
			return orNoParent(tx, id, err)
		}
		own := rec.Own.With(inventory.FieldDocument, digest)
		if s != nil {
			own.Set(fieldSpecification, s)
		}
		for _, f := range []inventory.Field{inventory.FieldDocument, fieldSpecification} {
			if o, determined := rec.Determined(f); determined && !inventory.SameJSON(rec.View()[f], own[f]) {
				return inventory.Errorf(inventory.Owned, "value",
					"the specification of definition %q is determined by its source through the link %q; change it there",
					rec.Name(), shownName(tx, o.Link))
			}
		}
		if err := tx.Take(id, inventory.FieldDocument, fieldSpecification); err != nil {
			return err
		}
		if _, err = tx.PutOwn(rec.Path, own, inventory.Condition{}); err != nil || compared == nil {
			return err
		}
		if rec.Document != last.Document {
			return tx.Compared(id, inventory.Compatibility{Verdict: inventory.Unjudged, Message: "not compared: the last document was replaced at the same time"})
		}
		return tx.Compared(id, *compared)
	})
}

// ExportSpecification gives the document of a definition, or the one that it had
// at an instant, if that is not zero. A link that imports on demand fetches it
// now. NotFound when there is none to be had; of the past also Forgotten and Invalid.
func (c *Catalog) ExportSpecification(ctx context.Context, id inventory.ID, at time.Time) (inventory.Digest, error) {
	if !at.IsZero() {
		r, err := c.GetAt(ctx, id, at)
		if err == nil && r.Document == "" {
			err = inventory.Errorf(inventory.NotFound, "", "definition %q had no specification at %s; its history says when it got one", r.Name(), at.UTC().Format(time.RFC3339))
		}
		return r.Document, err
	}
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
