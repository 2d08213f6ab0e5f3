package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"apicenter/internal/inventory"
)

// finish writes what is left, and then the events that tell of the whole transaction.
func (w *work) finish() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.changes.write(w); err != nil {
		return err
	}
	return w.index()
}

// index writes the search entries that have changed. They come last: SQLite's
// index goes to disk before each other kind of write that follows it.
func (w *work) index() error {
	for _, e := range w.entries {
		if e.replace {
			if err := w.store.dialect.unindex(w.session, e.key); err != nil {
				return err
			}
		}
		if e.texts != nil {
			if err := w.store.dialect.index(w.session, e.key, *e.texts); err != nil {
				return err
			}
		}
	}
	w.entries = w.entries[:0]
	return nil
}

// flush writes the rows that the transaction has changed so far, parents before children.
func (w *work) flush() error {
	for len(w.pending) > 0 {
		all := w.pending
		w.pending = nil // writing one may have another written again
		for _, u := range all {
			u.stale = false
			if err := w.write(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// view is what readers see of a unit. The lifecycle stage of an API is that of its newest version.
func (w *work) view(u *unit) (inventory.Doc, error) {
	view := u.record.View()
	if u.record.ID.Kind() != inventory.KindAPI {
		return view, nil
	}
	stage, err := w.newestStage(u)
	setOrDelete(view, inventory.FieldLifecycleStage, stage)
	return view, err
}

func setOrDelete(d inventory.Doc, f inventory.Field, v json.RawMessage) {
	if d[f] = v; v == nil {
		delete(d, f)
	}
}

func (w *work) newestStage(api *unit) (json.RawMessage, error) {
	version := api.newest
	if version == nil {
		if api.fresh {
			return nil, nil
		}
		var path string
		err := w.row([]any{&path}, `select path from resource where parent = $1 and kind = 'version' order by id desc limit 1`, api.stored.key)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if version, err = w.find(inventory.MustID(path)); err != nil {
			return nil, err
		}
	}
	return version.record.View()[inventory.FieldLifecycleStage], nil
}

// write stores one unit and notes what changed for readers.
func (w *work) write(u *unit) error {
	view, err := w.view(u)
	if err != nil {
		return err
	}
	rec := &u.record
	rec.Linked = len(rec.Origins) > 0
	if u.stored.key == 0 {
		err = w.insert(u, view)
	} else {
		err = w.update(u, view)
	}
	if err != nil {
		return err
	}
	for _, link := range u.stated {
		if err := w.writeOrigin(u, link); err != nil {
			return err
		}
	}
	u.stated = u.stated[:0]
	u.stored = stored{key: rec.Key, view: view, own: rec.Own, linked: rec.Linked}
	return nil
}

func (w *work) insert(u *unit, view inventory.Doc) error {
	rec := &u.record
	var parent int64
	if above := rec.ID.Parent(); !above.IsZero() {
		parent = w.units[above].stored.key // create found it
	}
	rec.Doc, rec.Document, rec.Revision, rec.Version = view.JSON(rec.ID.Kind()), inventory.Digest(view.Text(inventory.FieldDocument)), 1, 1
	var err error
	if rec.Key, err = w.insertRow(`
		insert into resource (id, path, shown, name, kind, parent, doc, own, document, linked, revision, created, created_by, updated, updated_by, since, title)
		values (nullif($12, 0), $1, $2, $3, $4, $5, $6, $7, nullif($8, ''), $9, 1, $10, $11, $10, $11, $10, `+sortTitle("$6")+`)`,
		rec.ID.String(), rec.Path, rec.ID.Name(), string(rec.ID.Kind()), parent, string(rec.Doc), string(rec.Own.Encode()),
		string(rec.Document), rec.Linked, micros(rec.Created.At), rec.Created.By, rec.Key); err != nil {
		return err
	}
	w.raised[rec.Key] = true
	w.changes.created(rec.Path, rec.ID)
	if indexed(rec.ID.Kind()) {
		w.entries = append(w.entries, searchEntry{key: rec.Key, texts: new(textsOf(*rec, view))})
	}
	return nil
}

func (w *work) update(u *unit, view inventory.Doc) error {
	rec := &u.record
	var fields []inventory.FieldChange
	for _, f := range u.stored.view.Changed(view) {
		fields = append(fields, inventory.FieldChange{Field: f, Before: u.stored.view[f], After: view[f]})
	}
	if len(fields) == 0 && rec.Linked == u.stored.linked && rec.Own.Equal(u.stored.own) {
		return nil // only what an origin remembers has moved
	}
	var since any // as it was
	if len(fields) > 0 {
		if err := w.keep(rec.Key); err != nil {
			return err
		}
		since = micros(w.now)
		rec.Doc, rec.Document = view.JSON(rec.ID.Kind()), inventory.Digest(view.Text(inventory.FieldDocument))
		if !w.raised[rec.Key] {
			w.raised[rec.Key] = true
			rec.Revision++
			rec.Version++
		}
		rec.Updated = inventory.Stamp{At: w.now, By: w.by}
		w.changes.updated(rec.Path, rec.ID, fields)
	}
	if _, err := w.exec(`
		update resource set doc = $2, own = $3, document = nullif($4, ''), linked = $5, revision = $6, updated = $7, updated_by = $8,
			since = coalesce($9, since), title = `+sortTitle("$2")+`
		where id = $1`,
		rec.Key, string(rec.Doc), string(rec.Own.Encode()), string(rec.Document), rec.Linked, rec.Revision,
		micros(rec.Updated.At), rec.Updated.By, since); err != nil {
		return err
	}
	if texts := textsOf(*rec, view); indexed(rec.ID.Kind()) && texts != textsOf(*rec, u.stored.view) {
		w.entries = append(w.entries, searchEntry{key: rec.Key, replace: true, texts: &texts})
	}
	return nil
}

// writeOrigin stores what a link states of a unit, or that it states nothing any more.
func (w *work) writeOrigin(u *unit, link inventory.ID) error {
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(u.record.Origins, func(o inventory.Origin) bool { return o.Link == link })
	if at < 0 {
		_, err := w.exec(`delete from origin where resource = $1 and link = $2`, u.record.Key, key)
		return err
	}
	o := u.record.Origins[at]
	text := addOrigin
	if u.stored.key == 0 {
		text = firstOrigin
	}
	_, err = w.exec(text,
		u.record.Key, key, string(u.record.ID.Kind()), o.External, o.Mark, o.DocumentMark, o.States.Text(inventory.FieldDocument),
		micros(o.Read), micros(o.Verified), o.Problem, micros(o.Retry), string(o.States.Encode()), o.Run, o.MergeKey, micros(o.Gone.At), string(o.Gone.Why))
	return err
}

// A new resource has no origin yet, so its first needs no look at the others.
const (
	firstOrigin = `insert into origin (resource, link, kind, external, mark, document_mark, document, read, verified, problem, retry, position, states, run, merge_key, gone, gone_why)
		values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9, $10, $11, 1, $12, $13, $14, $15, $16)`
	addOrigin = `
		insert into origin (resource, link, kind, external, mark, document_mark, document, read, verified, problem, retry, position, states, run, merge_key, gone, gone_why)
		values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9, $10, $11,
			(select coalesce(max(position), 0) + 1 from origin where resource = $1), $12, $13, $14, $15, $16)
		on conflict (resource, link) do update set external = excluded.external, mark = excluded.mark,
			document_mark = excluded.document_mark, document = excluded.document, read = excluded.read,
			verified = excluded.verified, problem = excluded.problem, retry = excluded.retry, states = excluded.states, run = excluded.run,
			merge_key = excluded.merge_key, gone = excluded.gone, gone_why = excluded.gone_why`
)

// searchEntry is a change of the search index.
type searchEntry struct {
	key     int64
	replace bool        // there is one already
	texts   *searchable // nil: there is to be none
}

// searchable are the texts by which a resource is found.
type searchable struct{ name, title, summary, description string }

func indexed(k inventory.Kind) bool { return k == inventory.KindAPI || k == inventory.KindEnvironment }

func textsOf(r inventory.Record, view inventory.Doc) searchable {
	return searchable{name: r.Name(), title: view.Text("/title"), summary: view.Text("/summary"), description: view.Text("/description")}
}
