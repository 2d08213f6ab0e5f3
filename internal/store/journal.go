package store

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// journal gathers what a transaction did and writes it as events: one for each
// API with all below it, one for any other resource.
type journal struct {
	events []*entry
	roots  map[inventory.ID]*entry
}

// entry is an event in the making.
type entry struct {
	path    string
	moved   string // of a move of its own resource: where it went
	changes []inventory.Change
}

func (j *journal) created(path string, id inventory.ID) {
	e := j.entry(id, path)
	e.changes = append(e.changes, inventory.Change{Path: path, Action: inventory.Created})
}

// updated notes fields that changed. Of what the transaction made or changed
// before, readers see one step only.
func (j *journal) updated(path string, id inventory.ID, fields []inventory.FieldChange) {
	e := j.entry(id, path)
	switch last := e.last(path); {
	case last >= 0 && e.changes[last].Action == inventory.Created:
	case last >= 0 && e.changes[last].Action == inventory.Updated:
		e.changes[last].Fields = joined(e.changes[last].Fields, fields) // none are left if it was taken back; the revision has risen
	default:
		e.changes = append(e.changes, inventory.Change{Path: path, Action: inventory.Updated, Fields: fields})
	}
}

// compared notes what a change of a definition's document means.
func (j *journal) compared(path string, id inventory.ID, c inventory.Compatibility) {
	e := j.entry(id, path)
	if last := e.last(path); last >= 0 && e.changes[last].Action == inventory.Updated {
		e.changes[last].Compatibility = &c
	}
}

// removed notes that a resource went, with what readers saw of it. What nobody
// ever saw did not go.
func (j *journal) removed(rec inventory.Record, view inventory.Doc, why inventory.Why) {
	e := j.entry(rec.ID, rec.Path)
	change := inventory.Change{Path: rec.Path, Action: inventory.Deleted, Why: why}
	for f, v := range view.All() {
		change.Fields = append(change.Fields, inventory.FieldChange{Field: f, Before: v})
	}
	if last := e.last(rec.Path); last >= 0 {
		switch e.changes[last].Action {
		case inventory.Created:
			e.changes = slices.Delete(e.changes, last, last+1)
			return
		case inventory.Updated:
			change.Fields = joined(e.changes[last].Fields, change.Fields)
			e.changes = slices.Delete(e.changes, last, last+1)
		}
	}
	e.changes = append(e.changes, change)
}

// moved notes that a resource left for another place: where it was, and, if it
// left its API for another, where it is. Of two events the reader may meet either
// first. So in one transaction a resource moves once, and whatever else changed of
// it is told where it is, after the move. What nobody ever saw where it was is made
// where it is.
func (j *journal) moved(rec inventory.Record, to inventory.ID, shown string) {
	rest := j.entry(rec.ID, rec.Path).take(rec.Path)
	if len(rest) > 0 && rest[0].Action == inventory.Created {
		j.created(shown, to)
		return
	}
	move := j.unmoved(rec)
	if move.To = shown; move.Path != shown {
		e := j.entry(inventory.MustID(move.Path), move.Path)
		e.changes = append(e.changes, move)
		if there := j.entry(to, shown); there != e {
			there.changes = append(there.changes, move)
		}
	}
	e := j.entry(to, shown)
	for _, c := range rest {
		c.Path = shown
		e.changes = append(e.changes, c)
	}
}

// unmoved takes back the move that brought a resource to where it is, if one did
// in this transaction, and gives a move from where it was before.
func (j *journal) unmoved(rec inventory.Record) inventory.Change {
	arrived := func(c inventory.Change) bool { return c.Action == inventory.Moved && c.To == rec.Path }
	here := j.entry(rec.ID, rec.Path)
	at := slices.IndexFunc(here.changes, arrived)
	if at < 0 {
		return inventory.Change{Path: rec.Path, Action: inventory.Moved}
	}
	move := here.changes[at]
	here.changes = slices.Delete(here.changes, at, at+1)
	if there := j.entry(inventory.MustID(move.Path), move.Path); there != here {
		there.changes = slices.DeleteFunc(there.changes, arrived)
	}
	return move
}

// carried notes that a resource moved with the API that it is or is in: that is
// told where it was, and what comes after it is a step of its own. It says
// whether nobody ever saw it there.
func (j *journal) carried(rec inventory.Record, to inventory.ID, shown string) (unseen bool) {
	e := j.entry(rec.ID, rec.Path)
	if last := e.last(rec.Path); last >= 0 && e.changes[last].Action == inventory.Created {
		e.changes = slices.Delete(e.changes, last, last+1)
		j.created(shown, to)
		return true
	}
	e.changes = append(e.changes, inventory.Change{Path: rec.Path, Action: inventory.Moved, To: shown})
	if rec.ID.Kind() == inventory.KindAPI {
		e.moved = to.String()
	}
	return false
}

// note tells of something that changes no property: of a service with all below
// it, or of a deletion.
func (j *journal) note(path string, id inventory.ID, a inventory.Action) {
	e := j.entry(id, path)
	e.changes = append(e.changes, inventory.Change{Path: path, Action: a})
}

// tells says that something happened to what had an ID.
func (j *journal) tells(id inventory.ID) bool {
	e := j.roots[id.Ancestor(inventory.KindAPI)]
	return e != nil && slices.ContainsFunc(e.changes, func(c inventory.Change) bool { return strings.EqualFold(c.Path, id.String()) })
}

// entry is the event that tells of id.
func (j *journal) entry(id inventory.ID, path string) *entry {
	root := told(id)
	e, ok := j.roots[root]
	if !ok {
		if j.roots == nil {
			j.roots = map[inventory.ID]*entry{}
		}
		e = &entry{path: firstSegments(path, strings.Count(root.String(), "/")+1)}
		j.roots[root] = e
		j.events = append(j.events, e)
	}
	return e
}

// firstSegments cuts a path to its first n segments.
func firstSegments(path string, n int) string {
	for i := range len(path) {
		if path[i] == '/' {
			if n--; n == 0 {
				return path[:i]
			}
		}
	}
	return path
}

// take takes out that a resource was made or changed.
func (e *entry) take(path string) (taken []inventory.Change) {
	e.changes = slices.DeleteFunc(e.changes, func(c inventory.Change) bool {
		mine := c.Path == path && (c.Action == inventory.Created || c.Action == inventory.Updated)
		if mine {
			taken = append(taken, c)
		}
		return mine
	})
	return taken
}

// last is the index of the newest change of path, or -1.
func (e *entry) last(path string) int {
	for i, c := range slices.Backward(e.changes) {
		if c.Path == path {
			return i
		}
	}
	return -1
}

// joined is what two steps, one after the other, changed together.
func joined(first, second []inventory.FieldChange) []inventory.FieldChange {
	steps := map[inventory.Field]inventory.FieldChange{}
	for _, c := range first {
		steps[c.Field] = c
	}
	for _, c := range second {
		if before, ok := steps[c.Field]; ok {
			c.Before = before.Before
		}
		steps[c.Field] = c
	}
	out := make([]inventory.FieldChange, 0, len(steps))
	for _, c := range steps {
		if c.Before == nil && c.After == nil || c.Before != nil && c.After != nil && inventory.SameJSON(c.Before, c.After) {
			continue
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b inventory.FieldChange) int { return cmp.Compare(a.Field, b.Field) })
	return out
}

// action is what happened to the event's own resource; Updated when only
// something below it changed.
func (e *entry) action() inventory.Action {
	if last := e.last(e.path); last >= 0 {
		return e.changes[last].Action
	}
	return inventory.Updated
}

func (j *journal) write(w *work) error {
	for _, e := range j.events {
		if len(e.changes) == 0 {
			continue
		}
		changes, err := json.Marshal(e.changes)
		if err != nil {
			return err
		}
		if err := w.event(w.by, w.claim.Run, e.action(), e.path, e.moved, changes); err != nil {
			return err
		}
	}
	return nil
}

// event writes an event. moved is where its resource went, if it did.
func (t *session) event(by string, run int64, action inventory.Action, path, moved string, changes []byte) error {
	t.told = true
	_, err := t.exec(`insert into event (at, actor, run, action, path, folded, moved, changes) values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8)`,
		micros(t.now), by, run, string(action), path, strings.ToLower(path), moved, string(changes))
	return err
}
