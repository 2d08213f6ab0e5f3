package store

import (
	"encoding/json"

	"apicenter/internal/inventory"
)

// journal gathers what a transaction did and writes it as events: one for each
// API with all below it, one for any other resource.
type journal struct {
	events []*inventory.Event
	roots  map[inventory.ID]*inventory.Event
}

func (j *journal) created(path string, id inventory.ID) {
	j.note(id, path, inventory.Change{Path: path, Action: inventory.Created})
}

func (j *journal) updated(path string, id inventory.ID, fields []inventory.FieldChange) {
	j.note(id, path, inventory.Change{Path: path, Action: inventory.Updated, Fields: fields})
}

func (j *journal) removed(path string, id inventory.ID, why inventory.Why) {
	j.note(id, path, inventory.Change{Path: path, Action: inventory.Deleted, Why: why})
}

func (j *journal) moved(path string, id inventory.ID, to string) {
	j.note(id, path, inventory.Change{Path: path, Action: inventory.Moved, To: to})
}

func (j *journal) note(id inventory.ID, path string, c inventory.Change) {
	root := id
	if api := id.Ancestor(inventory.KindAPI); !api.IsZero() {
		root = api
	}
	e, ok := j.roots[root]
	if !ok {
		if j.roots == nil {
			j.roots = map[inventory.ID]*inventory.Event{}
		}
		e = &inventory.Event{Action: inventory.Updated, Path: shownAbove(path, id, root)}
		j.roots[root] = e
		j.events = append(j.events, e)
	}
	if id == root && (e.Action != inventory.Created || c.Action == inventory.Deleted) {
		e.Action = c.Action
	}
	e.Changes = append(e.Changes, c)
}

// shownAbove cuts the shown path of id down to that of root, which is id or above it.
func shownAbove(path string, id, root inventory.ID) string {
	return path[:len(path)-(len(id.String())-len(root.String()))]
}

func (j *journal) write(w *work) error {
	for _, e := range j.events {
		changes, err := json.Marshal(e.Changes)
		if err != nil {
			return err
		}
		if _, err := w.exec(`insert into event (at, actor, action, path, changes) values ($1, $2, $3, $4, $5)`,
			micros(w.now), w.by, string(e.Action), e.Path, string(changes)); err != nil {
			return err
		}
	}
	return nil
}
