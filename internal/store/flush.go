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
	return w.changes.write(w)
}

// flush writes the rows that the transaction has changed so far, parents before
// children. A version may have its API looked at once more, for the stage that
// the API takes from it.
func (w *work) flush() error {
	for again := true; again; {
		again = false
		for _, u := range w.order {
			if !u.stale {
				continue
			}
			again, u.stale = true, false
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
	if err != nil {
		return nil, err
	}
	if delete(view, inventory.FieldLifecycleStage); stage != nil {
		view[inventory.FieldLifecycleStage] = stage
	}
	return view, nil
}

func (w *work) newestStage(api *unit) (json.RawMessage, error) {
	for _, v := range slices.Backward(w.order) { // a version that is not written yet is newer than any that is
		if v.key == 0 && v.record.ID.Kind() == inventory.KindVersion && v.record.ID.Parent() == api.record.ID {
			return v.record.View()[inventory.FieldLifecycleStage], nil
		}
	}
	if api.key == 0 {
		return nil, nil
	}
	var path string
	err := w.row([]any{&path}, `select path from resource where parent = $1 and kind = 'version' order by id desc limit 1`, api.key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	version, err := w.find(inventory.MustID(path))
	if err != nil {
		return nil, err
	}
	return version.record.View()[inventory.FieldLifecycleStage], nil
}

// restage has the API of a version written again, since its stage may follow the version's.
func (w *work) restage(id inventory.ID) error {
	if id.Kind() != inventory.KindVersion {
		return nil
	}
	api, err := w.find(id.Parent())
	if err == nil && api != nil {
		api.stale = true
	}
	return err
}

// write stores one unit and notes what changed for readers.
func (w *work) write(u *unit) error {
	rec := &u.record
	view, err := w.view(u)
	if err != nil {
		return err
	}
	rec.Linked = len(rec.Origins) > 0
	if u.key == 0 {
		rec.Doc, rec.Document, rec.Revision, rec.Version = view.JSON(rec.ID.Kind()), inventory.Digest(view.Text(inventory.FieldDocument)), 1, 1
		if err := w.insert(u); err != nil {
			return err
		}
		w.changes.created(rec.Path, rec.ID)
	} else if err := w.update(u, view); err != nil {
		return err
	}
	if err := w.writeOrigin(u); err != nil {
		return err
	}
	u.seen = view
	saved := *rec
	u.before = &saved
	return nil
}

func (w *work) insert(u *unit) error {
	rec := &u.record
	var parent int64
	if id := rec.ID.Parent(); !id.IsZero() {
		p, err := w.find(id)
		if err != nil {
			return err
		}
		parent = p.key
	}
	err := w.row([]any{&u.key}, `
		insert into resource (path, shown, name, kind, parent, doc, own, document, linked, revision, created, created_by, updated, updated_by)
		values ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), $9, 1, $10, $11, $10, $11) returning id`,
		rec.ID.String(), rec.Path, rec.ID.Name(), string(rec.ID.Kind()), parent, string(rec.Doc), string(rec.Own.Encode()),
		string(rec.Document), rec.Linked, micros(rec.Created.At), rec.Created.By)
	if err != nil {
		return err
	}
	rec.Key = u.key
	if indexed(rec.ID.Kind()) {
		if err := w.store.dialect.index(w.ctx, w.session, u.key, textsOf(*rec, rec.View())); err != nil {
			return err
		}
	}
	return w.restage(rec.ID)
}

func (w *work) update(u *unit, view inventory.Doc) error {
	rec := &u.record
	fields := changedFields(u.seen, view)
	if len(fields) == 0 && rec.Linked == u.before.Linked && rec.Own.Equal(u.before.Own) {
		return nil // only what an origin remembers has moved
	}
	if len(fields) > 0 {
		rec.Doc, rec.Document = view.JSON(rec.ID.Kind()), inventory.Digest(view.Text(inventory.FieldDocument))
		rec.Revision++
		rec.Version++
		rec.Updated = inventory.Stamp{At: w.now, By: w.by}
		w.changes.updated(rec.Path, rec.ID, fields)
		if view.Text(inventory.FieldLifecycleStage) != u.seen.Text(inventory.FieldLifecycleStage) {
			if err := w.restage(rec.ID); err != nil {
				return err
			}
		}
	}
	if _, err := w.exec(`
		update resource set doc = $2, own = $3, document = nullif($4, ''), linked = $5, revision = $6, updated = $7, updated_by = $8 where id = $1`,
		u.key, string(rec.Doc), string(rec.Own.Encode()), string(rec.Document), rec.Linked, rec.Revision,
		micros(rec.Updated.At), rec.Updated.By); err != nil {
		return err
	}
	if !indexed(rec.ID.Kind()) || textsOf(*rec, view) == textsOf(*u.before, u.seen) {
		return nil
	}
	if err := w.store.dialect.unindex(w.ctx, w.session, u.key); err != nil {
		return err
	}
	return w.store.dialect.index(w.ctx, w.session, u.key, textsOf(*rec, view))
}

// changedFields compares what readers saw with what they see.
func changedFields(before, after inventory.Doc) []inventory.FieldChange {
	var out []inventory.FieldChange
	for _, f := range before.Changed(after) {
		out = append(out, inventory.FieldChange{Field: f, Before: before[f], After: after[f]})
	}
	return out
}

// writeOrigin stores what the claim's link states of a unit.
func (w *work) writeOrigin(u *unit) error {
	if !u.stated {
		return nil
	}
	u.stated = false
	at := slices.IndexFunc(u.record.Origins, func(o inventory.Origin) bool { return o.Link == w.claim.Link })
	if at < 0 {
		_, err := w.exec(`delete from origin where resource = $1 and link = $2`, u.key, w.link)
		return err
	}
	o := u.record.Origins[at]
	_, err := w.exec(`
		insert into origin (resource, link, kind, external, mark, document_mark, document, read, verified, problem, retry, position, states)
		values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9, $10, $11, $12, $13)
		on conflict (resource, link) do update set external = excluded.external, mark = excluded.mark,
			document_mark = excluded.document_mark, document = excluded.document, read = excluded.read,
			verified = excluded.verified, problem = excluded.problem, retry = excluded.retry, states = excluded.states`,
		u.key, w.link, string(u.record.ID.Kind()), o.External, o.Mark, o.DocumentMark, o.States.Text(inventory.FieldDocument),
		micros(o.Read), micros(o.Verified), o.Problem, micros(o.Retry), at, string(o.States.Encode()))
	return err
}

// searchable are the texts by which a resource is found.
type searchable struct{ name, title, summary, description string }

func indexed(k inventory.Kind) bool { return k == inventory.KindAPI || k == inventory.KindEnvironment }

func textsOf(r inventory.Record, view inventory.Doc) searchable {
	return searchable{name: r.Name(), title: view.Text("/title"), summary: view.Text("/summary"), description: view.Text("/description")}
}
