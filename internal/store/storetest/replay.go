package storetest

import (
	"encoding/json"
	"fmt"
	"strings"

	"apicenter/internal/inventory"
)

// replay is the inventory as its events tell it. Only things whose creation is
// told are in it.
type replay struct {
	things map[string]*thing
	last   int64
}

// thing is what the events say of a resource: its revision, and the fields that
// were told of. A creation tells of none.
type thing struct {
	revision int64
	fields   inventory.Doc
}

// events plays all events from the beginning and compares what comes out.
func (w *walk) events() error {
	p := replay{things: map[string]*thing{}}
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
	for path, t := range p.things {
		r := w.paths[path]
		if r == nil {
			w.fault("%s: the events say that it is there, at revision %d", path, t.revision)
			continue
		}
		if r.Revision != t.revision {
			w.fault("%s: the events lead to revision %d, its row has %d", path, t.revision, r.Revision)
		}
		view := w.view(r)
		for f, v := range t.fields.All() {
			if !same(view[f], v) {
				w.fault("%s: the events lead to %s %s, its row has %s", path, f, v, view[f])
			}
		}
	}
	for path := range w.paths {
		if p.things[path] == nil && told > 0 && forgotten == 0 {
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
		t := p.things[at]
		switch c.Action {
		case inventory.Created:
			if t != nil {
				fault("event %d: %s was created twice", e.Sequence, c.Path)
			}
			p.things[at] = &thing{revision: 1, fields: inventory.Doc{}}
		case inventory.Updated:
			if t != nil {
				t.update(e, c, fault)
			}
		case inventory.Deleted:
			if t == nil {
				fault("event %d: %s was deleted and was not there", e.Sequence, c.Path)
				continue
			}
			t.update(e, c, fault)
			for f, v := range t.fields.All() {
				if !same(v, nil) {
					fault("event %d: %s was deleted, and nothing says that its %s %s went", e.Sequence, c.Path, f, v)
				}
			}
			delete(p.things, at)
		case inventory.Moved:
			if t != nil { // it is told to both sides
				p.things[fold(c.To)] = t
				delete(p.things, at)
			}
		case inventory.SoftDeleted, inventory.Restored, inventory.DeletionHeld, inventory.DeletionApproved, inventory.DeletionRejected:
			if t == nil {
				fault("event %d: %s is %s and was not there", e.Sequence, c.Path, c.Action)
			}
		case inventory.Purged:
			for path := range p.things {
				if id(c.Path).Contains(id(path)) {
					delete(p.things, path)
				}
			}
		default:
			fault("event %d: unknown action %q", e.Sequence, c.Action)
		}
	}
}

// update takes over what an event says of a thing, which must begin at what the
// events before said.
func (t *thing) update(e inventory.Event, c inventory.Change, fault func(string, ...any)) {
	t.revision++
	for _, f := range c.Fields {
		if before, told := t.fields[f.Field]; told && !same(before, f.Before) {
			fault("event %d: %s of %s was %s, and is said to have been %s", e.Sequence, f.Field, c.Path, before, f.Before)
		}
		if same(f.Before, f.After) {
			fault("event %d: %s of %s is said to have changed from %s to %s", e.Sequence, f.Field, c.Path, f.Before, f.After)
		}
		t.fields[f.Field] = f.After
	}
}

// same says that two values are, nothing and null alike.
func same(a, b json.RawMessage) bool {
	null := func(v json.RawMessage) bool { return len(v) == 0 || string(v) == "null" }
	return null(a) && null(b) || string(a) == string(b)
}

func fold(path string) string { return inventory.MustID(path).String() }
