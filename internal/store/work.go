package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"apicenter/internal/inventory"
)

// work is one writing transaction as a unit of work: writers change records in
// memory, and flush writes each record, its search entry and the events once,
// however often it was touched. Readers' queries flush first.
type work struct {
	*session
	by      string
	claim   inventory.Claim
	link    int64 // row of the claim's link
	units   map[inventory.ID]*unit
	order   []*unit // parents before children
	changes journal // what the events will tell
	buried  *bool   // whether there is any tombstone at all; nil: not asked yet
}

// unit is one resource that a transaction touches.
type unit struct {
	before *inventory.Record // as stored; nil: it is new
	seen   inventory.Doc     // what readers see of before
	record inventory.Record
	key    int64 // its row; 0: it is new
	stale  bool  // the view may differ from what is stored
	stated bool  // what the claim's link states of it has changed
}

func newWork(t *session, by string) *work {
	return &work{session: t, by: by, units: map[inventory.ID]*unit{}}
}

// resume binds the transaction to a claim, if it still holds.
func (w *work) resume(c inventory.Claim) error {
	var epoch int64
	var shown string
	err := w.row([]any{&w.link, &epoch, &shown}, `
		select r.id, coalesce(l.epoch, 0), r.shown from resource r left join link l on l.resource = r.id where r.path = $1`, c.Link.String())
	if errors.Is(err, sql.ErrNoRows) || err == nil && epoch != c.Epoch {
		return inventory.Errorf(inventory.Superseded, "", "another worker or a person took over %s", c.Link)
	}
	w.claim, w.by = c, "link/"+shown[lastSlash(shown)+1:]
	return err
}

func (w *work) Get(id inventory.ID) (inventory.Resource, error) {
	if err := w.flush(); err != nil {
		return inventory.Resource{}, err
	}
	return w.session.Get(id)
}

func (w *work) Record(id inventory.ID) (inventory.Record, error) {
	if err := w.flush(); err != nil {
		return inventory.Record{}, err
	}
	return w.session.Record(id)
}

func (w *work) Below(id inventory.ID) ([]inventory.Record, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.session.Below(id)
}

// find gives the unit of id; nil when there is no such resource.
func (w *work) find(id inventory.ID) (*unit, error) {
	if u, ok := w.units[id]; ok {
		return u, nil
	}
	rec, err := w.session.Record(id)
	if errors.Is(err, inventory.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u := &unit{before: &rec, record: rec, key: rec.Key, seen: rec.View()}
	u.record.Origins = slices.Clone(rec.Origins)
	if id.Kind() == inventory.KindAPI {
		stored, err := inventory.ParseDoc(rec.Doc)
		if err != nil {
			return nil, err
		}
		if stage, ok := stored[inventory.FieldLifecycleStage]; ok {
			u.seen[inventory.FieldLifecycleStage] = stage
		} else {
			delete(u.seen, inventory.FieldLifecycleStage)
		}
	}
	w.units[id] = u
	w.order = append(w.order, u)
	return u, nil
}

// create adds a unit for a new resource named by the last segment of path.
func (w *work) create(id inventory.ID, name string) (*unit, error) {
	shown := name
	if parent := id.Parent(); !parent.IsZero() {
		p, err := w.find(parent)
		if err != nil {
			return nil, err
		}
		if p == nil {
			return nil, inventory.Errorf(inventory.NoParent, "", "%s %q does not exist; create it before the %s %q", parent.Kind(), parent.Name(), id.Kind(), name)
		}
		shown = p.record.Path + "/" + id.Kind().Collection() + "/" + name
	}
	stamp := inventory.Stamp{At: w.now, By: w.by}
	u := &unit{stale: true}
	u.record.Resource = inventory.Resource{
		ID: id, Path: shown, Status: json.RawMessage("{}"), Created: stamp, Updated: stamp,
	}
	u.record.Own = inventory.Doc{}
	w.units[id] = u
	w.order = append(w.order, u)
	return u, nil
}

func (w *work) PutOwn(path string, own inventory.Doc, c inventory.Condition) (inventory.Resource, error) {
	id, err := inventory.ParseID(path)
	if err != nil {
		return inventory.Resource{}, err
	}
	u, err := w.find(id)
	if err != nil {
		return inventory.Resource{}, err
	}
	if err := check(u, id, c); err != nil {
		return inventory.Resource{}, err
	}
	if u == nil {
		name := path
		if id.Kind() != inventory.KindService {
			name = path[lastSlash(path)+1:]
		}
		if u, err = w.create(id, name); err != nil {
			return inventory.Resource{}, err
		}
	}
	u.record.Own, u.stale = own, true
	if err := w.flush(); err != nil {
		return inventory.Resource{}, err
	}
	return w.session.Get(id)
}

// check holds a condition against the present state; u is nil when there is nothing.
func check(u *unit, id inventory.ID, c inventory.Condition) error {
	switch {
	case u == nil && (c.Present || c.Revision != 0):
		return inventory.Errorf(inventory.Changed, "", "%s %q does not exist (any more)", id.Kind(), id.Name())
	case u == nil:
		return nil
	case c.Absent:
		return inventory.Errorf(inventory.Exists, "", "%s %q exists already", id.Kind(), id.Name())
	case c.Revision != 0 && c.Revision != tag(u.record.Resource):
		return inventory.Errorf(inventory.Changed, "", "%s %q was changed by somebody else in the meantime; read it again and repeat the change", id.Kind(), id.Name())
	}
	return nil
}

// tag is the number behind the ETag: of a link it covers the status.
func tag(r inventory.Resource) int64 {
	if r.ID.Kind() == inventory.KindLink {
		return r.Version
	}
	return r.Revision
}

func (w *work) SetStatus(link inventory.ID, status any) error {
	text, err := json.Marshal(status)
	if err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	_, err = w.exec(`
		insert into link (resource, status, changes) values ($1, $2, 1)
		on conflict (resource) do update set status = $2, changes = link.changes + 1 where link.status <> $2`, key, string(text))
	if u := w.units[link]; u != nil {
		delete(w.units, link)
		w.order = slices.DeleteFunc(w.order, func(have *unit) bool { return have == u })
	}
	return err
}

func (w *work) Begin(link inventory.ID) (inventory.Claim, error) {
	if err := w.flush(); err != nil {
		return inventory.Claim{}, err
	}
	key, err := w.linkKey(link)
	if err != nil {
		return inventory.Claim{}, err
	}
	c := inventory.Claim{Link: link}
	err = w.row([]any{&c.Epoch}, `
		insert into link (resource, epoch) values ($1, 1)
		on conflict (resource) do update set epoch = link.epoch + 1 returning epoch`, key)
	return c, err
}

func (w *work) Release(link inventory.ID, externals []string) error {
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	if externals == nil {
		externals = []string{}
	}
	text, err := json.Marshal(externals)
	if err != nil {
		return err
	}
	_, err = w.exec(`insert into link (resource, released) values ($1, $2) on conflict (resource) do update set released = $2`, key, string(text))
	return err
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}

var (
	_ inventory.Tx       = (*work)(nil)
	_ inventory.SourceTx = (*work)(nil)
)
