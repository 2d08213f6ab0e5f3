package storetest

import (
	"encoding/json"
	"fmt"
	"strings"

	"apicenter/internal/inventory"
)

// replay is the inventory as its events tell it: which things there are, and at
// which revision. Only things whose creation is told are in it.
type replay struct {
	revisions map[string]int64
	last      int64
}

// events plays all events from the beginning and compares what comes out.
func (w *walk) events() error {
	p := replay{revisions: map[string]int64{}}
	var told, forgotten int64
	if err := w.each(`select sequence from forgotten`, func(scan func(...any) error) error { return scan(&forgotten) }); err != nil {
		return err
	}
	if err := w.each(`select sequence, path, action, changes from event order by sequence`, func(scan func(...any) error) error {
		var e inventory.Event
		var changes []byte
		if err := scan(&e.Sequence, &e.Path, &e.Action, &changes); err != nil {
			return err
		}
		if err := json.Unmarshal(changes, &e.Changes); err != nil {
			return fmt.Errorf("event %d: %w", e.Sequence, err)
		}
		if told++; p.last != 0 && e.Sequence != p.last+1 {
			w.fault("event %d comes after %d", e.Sequence, p.last)
		}
		p.play(e, w.fault)
		return nil
	}); err != nil {
		return err
	}
	for path, revision := range p.revisions {
		if r := w.paths[path]; r == nil {
			w.fault("%s: the events say that it is there, at revision %d", path, revision)
		} else if r.Revision != revision {
			w.fault("%s: the events lead to revision %d, its row has %d", path, revision, r.Revision)
		}
	}
	for path := range w.paths {
		if _, ok := p.revisions[path]; !ok && told > 0 && forgotten == 0 {
			w.fault("%s: no event says that it is there", path)
		}
	}
	return nil
}

func (p *replay) play(e inventory.Event, fault func(string, ...any)) {
	p.last = e.Sequence
	if len(e.Changes) == 0 {
		fault("event %d tells of no change", e.Sequence)
	}
	for _, c := range e.Changes {
		if strings.HasPrefix(c.Path, "/") { // of who may do what, not of a resource
			continue
		}
		at := fold(c.Path)
		_, there := p.revisions[at]
		switch c.Action {
		case inventory.Created:
			if there {
				fault("event %d: %s was created twice", e.Sequence, c.Path)
			}
			p.revisions[at] = 1
		case inventory.Updated:
			if there {
				p.revisions[at]++
			}
		case inventory.Deleted:
			if !there {
				fault("event %d: %s was deleted and was not there", e.Sequence, c.Path)
			}
			delete(p.revisions, at)
		case inventory.Moved:
			if there { // it is told to both sides
				p.revisions[fold(c.To)] = p.revisions[at]
				delete(p.revisions, at)
			}
		case inventory.SoftDeleted, inventory.Restored, inventory.DeletionHeld, inventory.DeletionApproved, inventory.DeletionRejected:
			if !there {
				fault("event %d: %s is %s and was not there", e.Sequence, c.Path, c.Action)
			}
		case inventory.Purged:
			for path := range p.revisions {
				if id(c.Path).Contains(id(path)) {
					delete(p.revisions, path)
				}
			}
		default:
			fault("event %d: unknown action %q", e.Sequence, c.Action)
		}
	}
}

func fold(path string) string { return inventory.MustID(path).String() }
