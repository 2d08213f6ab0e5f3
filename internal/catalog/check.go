package catalog

import (
	"context"
	"slices"
	"time"

	"apicenter/internal/inventory"
)

// Checker tries whether a source can be read for a link.
type Checker interface {
	// Check reads a little of the source, and writes nothing. It gives what it
	// found also when the context ends.
	Check(ctx context.Context, link inventory.Link) ([]inventory.Finding, error)
}

const (
	preflightTimeout = 5 * time.Second // while somebody waits for a link to be made
	checkTimeout     = 30 * time.Second
)

// Check tries what a link needs: the one that is there or, with body, the one
// that body would make of it. Errors besides those of Put: NotFound, Unavailable.
func (c *Catalog) Check(ctx context.Context, id inventory.ID, body inventory.Doc) ([]inventory.Finding, error) {
	if _, err := actor(ctx); err != nil {
		return nil, err
	}
	if c.checker == nil {
		return nil, inventory.Errorf(inventory.Unavailable, "", "this server does not synchronise links")
	}
	var link inventory.Link
	err := c.store.View(ctx, func(tx inventory.Reader) (err error) {
		if body == nil {
			_, link, err = living(tx, id)
			return err
		}
		link, _, err = c.intended(tx, id, id.String(), body, Match{})
		return err
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	findings, err := c.checker.Check(ctx, link)
	if err != nil && len(findings) == 0 {
		return nil, inventory.Errorf(inventory.Unavailable, "", "the check came to no end: %v; try again", err)
	}
	return findings, nil
}

// preflight tries a link that is about to be made, or to read as somebody else.
// A source of another directory is Invalid. Any other refusal is the status that
// the link begins with: it waits, for a role say, and passes go on trying. What
// cannot be learnt in time stops nobody.
func (c *Catalog) preflight(ctx context.Context, id inventory.ID, path string, body inventory.Doc, m Match) (*inventory.LinkStatus, error) {
	if c.checker == nil {
		return nil, nil
	}
	var link inventory.Link
	var rec *inventory.Record
	err := c.store.View(ctx, func(tx inventory.Reader) (err error) {
		link, rec, err = c.intended(tx, id, path, body, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	status := inventory.LinkStatus{}
	if rec != nil {
		if inventory.LinkOf(rec.Own).Identity == link.Identity {
			return nil, nil // what it reads cannot change
		}
		status = inventory.StatusOf(rec.Resource)
	}
	waiting, stop := context.WithTimeout(ctx, preflightTimeout)
	defer stop()
	findings, _ := c.checker.Check(waiting, link)
	i := slices.IndexFunc(findings, func(f inventory.Finding) bool { return f.Outcome == inventory.Refused })
	if i < 0 {
		return nil, ctx.Err()
	}
	f := findings[i]
	if f.Check == inventory.CheckDirectory {
		return nil, inventory.Errorf(inventory.Invalid, "properties.source", "%s", f.Message)
	}
	status.State, status.Message, status.Stalled = inventory.Failed, f.Remedy.Advice(f.Message), true
	status.ChangedAt, status.NextDue = time.Now().UTC().Truncate(time.Microsecond), time.Time{}
	return &status, nil
}

// intended is the link that body would make, with its record if it is there, or why it may not be.
func (c *Catalog) intended(tx inventory.Reader, id inventory.ID, path string, body inventory.Doc, m Match) (inventory.Link, *inventory.Record, error) {
	rec, err := c.recordFor(tx, id, path, m)
	if err != nil {
		return inventory.Link{}, nil, err
	}
	now := inventory.Record{}
	if rec != nil {
		now = *rec
	}
	own := known(inventory.KindLink, body)
	err = c.prepareLink(tx, id, now, own)
	return inventory.LinkOf(own), rec, err
}
