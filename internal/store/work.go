package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// work is one writing transaction as a unit of work: writers change records in
// memory, and flush writes each record and its search entry once, however often
// it was touched. Readers' queries flush first.
type work struct {
	*session
	by      string
	claim   inventory.Claim
	link    int64 // row of the claim's link
	units   map[inventory.ID]*unit
	pending []*unit        // what flush has to write, parents before children
	changes journal        // what the events will tell
	raised  map[int64]bool // rows whose revision is this transaction\'s: it rises once
	entries []searchEntry  // what is to change in the search index
	buried  *bool          // whether there is any tombstone at all; nil: not asked yet
}

// unit is one resource that a transaction touches.
type unit struct {
	record inventory.Record
	stored stored
	stated []inventory.ID // links whose word on it is to be stored
	newest *unit          // of an API: its newest version, when this transaction made it
	stale  bool           // it is pending
	fresh  bool           // made in this transaction: what is below it is a unit too, or is not there
}

// stored is what a unit's row holds; zero when it has none.
type stored struct {
	key    int64
	view   inventory.Doc // what readers see
	own    inventory.Doc
	linked bool
}

func newWork(t *session, by string) *work {
	return &work{session: t, by: by, units: map[inventory.ID]*unit{}, raised: map[int64]bool{}}
}

// resume binds the transaction to a claim, if it still holds.
func (w *work) resume(c inventory.Claim) error {
	var epoch int64
	var shown string
	err := w.row([]any{&w.link, &epoch, &shown}, `
		select r.id, coalesce(l.epoch, 0), r.shown from resource r left join link l on l.resource = r.id where r.path = $1`, c.Link.String())
	if errors.Is(err, sql.ErrNoRows) || err == nil && epochOf(w.link, epoch) != c.Epoch {
		return inventory.Errorf(inventory.Superseded, "", "another worker or a person took over %s", c.Link)
	}
	w.claim, w.by = c, "link/"+shown[strings.LastIndexByte(shown, '/')+1:]
	return err
}

// linkKey is the row of a link; that of the claim is known.
func (w *work) linkKey(link inventory.ID) (int64, error) {
	if w.link != 0 && link == w.claim.Link {
		return w.link, nil
	}
	return w.session.linkKey(link)
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

func (w *work) List(q inventory.Query) iter.Seq2[inventory.Resource, error] {
	return flushed(w, func(yield func(inventory.Resource, error) bool) {
		if q.Search != "" {
			if err := w.index(); err != nil {
				yield(inventory.Resource{}, err)
				return
			}
		}
		w.session.List(q)(yield)
	})
}

func (w *work) Facets(q inventory.Query, fields ...inventory.Field) (inventory.Facets, error) {
	if err := w.flush(); err != nil {
		return inventory.Facets{}, err
	}
	if err := w.index(); err != nil {
		return inventory.Facets{}, err
	}
	return w.session.Facets(q, fields...)
}

func (w *work) Whereabouts(workspace inventory.ID, keys []int64) (map[int64]inventory.Whereabouts, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.session.Whereabouts(workspace, keys)
}

func (w *work) Outlined(apis []int64) ([]inventory.Outlined, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.session.Outlined(apis)
}

func (w *work) Origins(link inventory.ID, kinds ...inventory.Kind) iter.Seq2[inventory.Entry, error] {
	return flushed(w, w.session.Origins(link, kinds...))
}

func (w *work) Origin(link inventory.ID, kind inventory.Kind, external string) (inventory.Entry, error) {
	if err := w.flush(); err != nil {
		return inventory.Entry{}, err
	}
	return w.session.Origin(link, kind, external)
}

// flushed is a list that is flushed before it begins.
func flushed[T any](w *work, list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := w.flush(); err != nil {
			var none T
			yield(none, err)
			return
		}
		list(yield)
	}
}

// find gives the unit of id; nil when there is no such resource.
func (w *work) find(id inventory.ID) (*unit, error) {
	if u, ok := w.units[id]; ok {
		return u, nil
	}
	if above, ok := w.units[id.Parent()]; ok && above.fresh {
		return nil, nil
	}
	rec, err := w.lookup(id)
	if err != nil || rec == nil {
		return nil, err
	}
	view, err := seen(*rec)
	if err != nil {
		return nil, err
	}
	u := &unit{record: *rec, stored: stored{key: rec.Key, view: view, own: rec.Own, linked: rec.Linked}}
	w.units[id] = u
	return u, nil
}

// seen is what readers see of a stored record: its layers, and an API's derived stage.
func seen(rec inventory.Record) (inventory.Doc, error) {
	view := rec.View()
	if rec.ID.Kind() != inventory.KindAPI {
		return view, nil
	}
	doc, err := inventory.ParseDoc(rec.Doc)
	setOrDelete(view, inventory.FieldLifecycleStage, doc[inventory.FieldLifecycleStage])
	return view, err
}

// create makes a unit for a new resource of that name.
func (w *work) create(id inventory.ID, name string) (*unit, error) {
	var above *unit
	shown := name
	if parent := id.Parent(); !parent.IsZero() {
		var err error
		if above, err = w.find(parent); err != nil {
			return nil, err
		}
		if above == nil {
			return nil, inventory.Errorf(inventory.NoParent, "", "%s %q does not exist; create it before the %s %q", parent.Kind(), parent.Name(), id.Kind(), name)
		}
		shown = above.record.Path + "/" + id.Kind().Collection() + "/" + name
	}
	stamp := inventory.Stamp{At: w.now, By: w.by}
	u := &unit{fresh: true}
	u.record.Resource = inventory.Resource{ID: id, Path: shown, Status: json.RawMessage("{}"), Created: stamp, Updated: stamp}
	u.record.Own = inventory.Doc{}
	w.units[id] = u
	if id.Kind() == inventory.KindVersion {
		above.newest = u
	}
	return u, w.touch(u)
}

// touch has a unit written at the next flush. The API of a version goes with
// it, since its stage may be the version's.
func (w *work) touch(u *unit) error {
	if !u.stale {
		u.stale = true
		w.pending = append(w.pending, u)
	}
	if u.record.ID.Kind() != inventory.KindVersion {
		return nil
	}
	return w.restage(u.record.ID)
}

// restage has the API of a version written at the next flush.
func (w *work) restage(version inventory.ID) error {
	api, err := w.find(version.Parent())
	if err != nil || api == nil {
		return err
	}
	return w.touch(api)
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
			name = path[strings.LastIndexByte(path, '/')+1:]
		}
		u, err = w.create(id, name)
	} else {
		err = w.touch(u)
	}
	if err != nil {
		return inventory.Resource{}, err
	}
	if u.record.Own = maps.Clone(own); own == nil {
		u.record.Own = inventory.Doc{}
	}
	err = w.flush()
	return u.record.Resource, err
}

func (w *work) Take(id inventory.ID, fields ...inventory.Field) error {
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		return w.missing(id)
	}
	u.record.Origins = u.record.Taken(fields...)
	for _, o := range u.record.Origins {
		if err := w.state(u, o.Link); err != nil {
			return err
		}
	}
	return nil
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

// reach gives the unit of id, with all that came before stored. NotFound.
func (w *work) reach(id inventory.ID) (*unit, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	u, err := w.find(id)
	if err == nil && u == nil {
		err = w.missing(id)
	}
	return u, err
}

func (w *work) Delete(id inventory.ID, c inventory.Condition) error {
	u, err := w.reach(id)
	if err != nil {
		return err
	}
	if err := check(u, id, c); err != nil {
		return err
	}
	all, err := w.session.Below(id)
	if err != nil {
		return err
	}
	for _, rec := range all {
		if err := w.separable(rec, id); err != nil {
			return err
		}
	}
	if all, err = w.withDeployments(all); err != nil {
		return err
	}
	for _, rec := range all {
		if gone(rec) { // it may come again
			if err := w.entomb(rec, all, rec.Origins[0].Gone.Why, ""); err != nil {
				return err
			}
		}
	}
	return w.remove(all, "")
}

// gone says that a source brought rec, and that no source has it any more: so
// people may delete it.
func gone(rec inventory.Record) bool {
	there := func(o inventory.Origin) bool { return o.Gone.At.IsZero() }
	return len(rec.Origins) > 0 && !slices.ContainsFunc(rec.Origins, there)
}

// withDeployments adds to records, the first of which people delete with all
// below it, what goes with it if it is a version that is gone at its source: it
// is deployed no more.
func (w *work) withDeployments(all []inventory.Record) ([]inventory.Record, error) {
	version := all[0]
	if version.ID.Kind() != inventory.KindVersion || !gone(version) {
		return all, nil
	}
	beside, err := w.session.Below(version.ID.Parent())
	if err != nil {
		return nil, err
	}
	for _, rec := range beside {
		if rec.ID.Kind() == inventory.KindDeployment && gone(rec) && rec.Origins[0].External == version.Origins[0].External {
			all = append(all, rec)
		}
	}
	return all, nil
}

// separable says that rec can go with root without tearing a link from what it
// states: people's words would be lost with things that the next pass brings
// anew, or things would be left that no pass will ever look at.
func (w *work) separable(rec inventory.Record, root inventory.ID) error {
	for _, o := range rec.Origins {
		if !gone(rec) && !root.Contains(o.Link) {
			return inventory.Errorf(inventory.Conflict, "", "%s %q is kept in step with its source by the link %q; delete it at the source, or delete the link",
				rec.ID.Kind(), rec.Name(), o.Link.Name())
		}
	}
	if rec.ID.Kind() != inventory.KindLink {
		return nil
	}
	var path string
	err := w.row([]any{&path}, `
		select r.path from origin o join resource r on r.id = o.resource
		where o.link = $1 and not (r.path > $2 and r.path < $3) limit 1`, rec.Key, root.String()+"/", root.String()+"0")
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return inventory.Errorf(inventory.Conflict, "", "link %q still keeps %s in step; take what it brought out first", rec.Name(), path)
}

// remove deletes records, given parents first, with their origins and search entries.
func (w *work) remove(records []inventory.Record, why inventory.Why) error {
	for _, rec := range slices.Backward(records) {
		if indexed(rec.ID.Kind()) {
			w.entries = append(w.entries, searchEntry{key: rec.Key, replace: true})
		}
		if err := w.keep(rec.Key); err != nil {
			return err
		}
		if _, err := w.exec(`delete from resource where id = $1`, rec.Key); err != nil {
			return err
		}
		delete(w.units, rec.ID)
		w.pending = slices.DeleteFunc(w.pending, func(u *unit) bool { return u.record.ID == rec.ID })
		view, err := seen(rec)
		if err != nil {
			return err
		}
		w.changes.removed(rec, view, why)
		if rec.ID.Kind() == inventory.KindVersion {
			if api := w.units[rec.ID.Parent()]; api != nil {
				api.newest, api.fresh = nil, false
			}
			if err := w.restage(rec.ID); err != nil {
				return err
			}
		}
	}
	return nil
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
	delete(w.units, link)
	return err
}

func (w *work) Begin(link inventory.ID) (inventory.Claim, error) {
	key, err := w.linkKey(link)
	if err != nil {
		return inventory.Claim{}, err
	}
	c := inventory.Claim{Link: link}
	err = w.row([]any{&c.Epoch}, `
		insert into link (resource, epoch) values ($1, 1)
		on conflict (resource) do update set epoch = link.epoch + 1 returning epoch`, key)
	c.Epoch = epochOf(key, c.Epoch)
	return c, err
}

// epochOf has the epochs of a link follow those of all older ones: a claim of a
// link that is gone is none of the next that has its name.
func epochOf(key, epoch int64) int64 { return key<<32 | epoch }

var (
	_ inventory.Tx       = (*work)(nil)
	_ inventory.SourceTx = (*work)(nil)
)
