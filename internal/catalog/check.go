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
// A source of another directory is Invalid. Any other refusal is given, nil for
// none: the link begins with it and waits, for a role say, and passes go on
// trying. What cannot be learnt in time stops nobody.
func (c *Catalog) preflight(ctx context.Context, id inventory.ID, path string, body inventory.Doc, m Match) (*inventory.Finding, error) {
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
	if rec != nil && inventory.LinkOf(rec.Own).Identity == link.Identity {
		return nil, nil // what it reads cannot change
	}
	waiting, stop := context.WithTimeout(ctx, preflightTimeout)
	defer stop()
	findings, _ := c.checker.Check(waiting, link)
	i := slices.IndexFunc(findings, func(f inventory.Finding) bool { return f.Outcome == inventory.Refused })
	if i < 0 {
		return nil, ctx.Err()
	}
	if f := findings[i]; f.Check == inventory.CheckDirectory {
		return nil, inventory.Errorf(inventory.Invalid, "properties.source", "%s", f.Message)
	}
	return &findings[i], nil
}

// stalled is the status of a link that a check has refused.
func stalled(s inventory.LinkStatus, f *inventory.Finding, now time.Time) inventory.LinkStatus {
	s.State, s.Message, s.Stalled = inventory.Failed, f.Remedy.Advice(f.Message), true
	s.ChangedAt, s.NextDue = now, time.Time{}
	return s
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
	err = c.prepareLink(tx, id, now, own, true)
	return inventory.LinkOf(own), rec, err
}
