package catalog

import (
	"context"
	"errors"
	"slices"

	"apicenter/internal/inventory"
)

// HeldDeletion is a deletion of a link that waits, and what would go.
type HeldDeletion struct {
	inventory.Deletion
	API     inventory.Resource // zero when there is none any more, like Version
	Version inventory.Resource
}

// Deletions gives the deletions of a link that wait: for a person's word, or for
// the pass that does as a person said. NotFound.
func (c *Catalog) Deletions(ctx context.Context, link inventory.ID) (out []HeldDeletion, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		if _, err := tx.Get(link); err != nil {
			return orNoParent(tx, link, err)
		}
		all, err := tx.Deletions(link)
		for _, d := range all {
			held := HeldDeletion{Deletion: d}
			of, err := tx.Origin(link, inventory.KindVersion, d.External)
			if err == nil {
				held.Version, err = tx.Get(of.ID)
			}
			if err == nil {
				held.API, err = tx.Get(of.ID.Ancestor(inventory.KindAPI))
			}
			if err != nil && !errors.Is(err, inventory.NotFound) {
				return err
			}
			out = append(out, held)
		}
		return err
	})
	return out, err
}

// Judge says whether deletions that a link holds back may happen: those named by
// external identity, or all that nobody has judged if externals is nil. What is
// rejected stays, marked as gone, until it is at the source again. Judge gives
// all that have the verdict by now. A verdict lasts until a pass has done as it
// says, or finds the thing at the source again.
func (c *Catalog) Judge(ctx context.Context, link inventory.ID, externals []string, verdict inventory.DeletionVerdict) (judged []string, err error) {
	return c.judge(ctx, link, verdict, externals, func(d inventory.Deletion) bool {
		return externals == nil && d.Verdict == inventory.Undecided || slices.Contains(externals, d.External)
	})
}

// JudgeWaiting is Judge for those among the named that nobody has judged. What is
// judged by now, or is not held back any more, is none of them.
func (c *Catalog) JudgeWaiting(ctx context.Context, link inventory.ID, among []string, verdict inventory.DeletionVerdict) error {
	_, err := c.judge(ctx, link, verdict, nil, func(d inventory.Deletion) bool {
		return d.Verdict == inventory.Undecided && slices.Contains(among, d.External)
	})
	return err
}

// judge gives a verdict on the deletions that are meant; each that is named must be held back.
func (c *Catalog) judge(ctx context.Context, link inventory.ID, verdict inventory.DeletionVerdict, named []string, meant func(inventory.Deletion) bool) (judged []string, err error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		judged = nil
		r, _, err := living(tx, link)
		if err != nil {
			return err
		}
		all, err := tx.Deletions(link)
		if err != nil {
			return err
		}
		for _, e := range named {
			if !slices.ContainsFunc(all, func(d inventory.Deletion) bool { return d.External == e }) {
				return inventory.Errorf(inventory.Invalid, "externals", "link %q holds no deletion of %q back", r.Name(), e)
			}
		}
		status := inventory.StatusOf(r)
		status.Held = nil
		for _, d := range all {
			if meant(d) && d.Verdict != verdict {
				d.Verdict, d.By, d.At = verdict, by, c.store.Now()
				if err := tx.PutDeletion(link, d); err != nil {
					return err
				}
			}
			switch d.Verdict {
			case verdict:
				judged = append(judged, d.External)
			case inventory.Undecided:
				status.Held = append(status.Held, d.External)
			}
		}
		return tx.SetStatus(link, status)
	})
	if err != nil {
		return nil, err
	}
	return judged, c.notify(ctx, link, "")
}
