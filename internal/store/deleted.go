package store

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// A deleted service is renamed, with all below it, to a name that no ID can
// have. So all look-ups by its own name find nothing, nothing of it is lost, and
// giving it back is the same rename the other way. What goes by rows, as layers
// and origins do, does not notice; what looks at rows of any parent asks for
// those in sight.
const (
	deletedMark = "~deleted"
	inSight     = `instr(r.path, '~') = 0`
)

// inTree is the condition that a row is $1 or below it; the binds are those of tree.
const inTree = `(path = $1 or (path > $2 and path < $3))`

func tree(path string) []any { return []any{path, path + "/", path + "0"} }

func (w *work) SoftDelete(id inventory.ID, purge time.Time) error {
	u, err := w.reach(id)
	if err != nil {
		return err
	}
	if id.Kind() != inventory.KindService {
		return inventory.Errorf(inventory.Invalid, "", "%s %q is no service; only services can be restored", id.Kind(), id.Name())
	}
	// Who reads for a link at this moment must not write when the service is back.
	if _, err := w.exec(`
		update link set epoch = epoch + 1
		where resource in (select id from resource where kind = 'link' and `+inTree+`)`, tree(id.String())...); err != nil {
		return err
	}
	path := u.record.Path
	if _, err := w.exec(strings.ReplaceAll(bygone, "$1", "$4")+inTree, append(tree(id.String()), micros(w.now))...); err != nil {
		return err
	}
	if err := w.shift(id.String(), id.String()+deletedMark, path, path+deletedMark); err != nil {
		return err
	}
	w.changes.note(path, id, inventory.SoftDeleted)
	_, err = w.exec(`insert into deleted_service (resource, at, actor, purge) values ($1, $2, $3, $4)`,
		u.record.Key, micros(w.now), w.by, micros(purge))
	return err
}

// shift renames a service and all below it.
func (w *work) shift(from, to, shownFrom, shownTo string) error {
	args := append(tree(from), to, len(from)+1, shownTo, len(shownFrom)+1, micros(w.now)) // names of services and above are ASCII
	if _, err := w.exec(`update resource set path = $4 || substr(path, $5), shown = $6 || substr(shown, $7), since = $8 where `+inTree, args...); err != nil {
		return err
	}
	_, err := w.exec(`update resource set name = $2 where path = $1`, to, to[strings.LastIndexByte(to, '/')+1:])
	clear(w.units)
	return err
}

func (w *work) Restore(id inventory.ID) (inventory.Resource, error) {
	key, path, err := w.deleted(id)
	if err != nil {
		return inventory.Resource{}, err
	}
	if err := w.shift(id.String()+deletedMark, id.String(), path+deletedMark, path); err != nil {
		return inventory.Resource{}, err
	}
	w.changes.note(path, id, inventory.Restored)
	if _, err := w.exec(`delete from deleted_service where resource = $1`, key); err != nil {
		return inventory.Resource{}, err
	}
	return w.session.Get(id)
}

func (w *work) Purge(id inventory.ID) error {
	_, path, err := w.deleted(id)
	if err != nil {
		return err
	}
	all := tree(id.String() + deletedMark)
	found, err := collect(w.session, query{text: `select id from resource where kind in ('api', 'environment') and ` + inTree, args: all}, scanRow)
	if err != nil {
		return err
	}
	for _, key := range found {
		w.entries = append(w.entries, searchEntry{key: key, replace: true})
	}
	w.changes.note(path, id, inventory.Purged)
	if _, err := w.exec(`delete from resource where `+inTree, all...); err != nil {
		return err
	}
	if _, err := w.exec(`delete from past where `+inTree, tree(id.String())...); err != nil {
		return err
	}
	for _, text := range []string{`delete from tombstone where service = $1`, `delete from together where service = $1`} {
		if _, err := w.exec(text, id.String()); err != nil {
			return err
		}
	}
	return w.disown(w.by, id)
}

func scanRow(rows *sql.Rows) (key int64, err error) { return key, rows.Scan(&key) }

// deleted gives the row of a deleted service, and the path that it is to have again.
func (w *work) deleted(id inventory.ID) (key int64, path string, err error) {
	if err := w.flush(); err != nil {
		return 0, "", err
	}
	err = w.row([]any{&key, &path}, `
		select r.id, r.shown from deleted_service d join resource r on r.id = d.resource where r.path = $1`, id.String()+deletedMark)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", inventory.Errorf(inventory.NotFound, "", "there is no deleted service %q", id.Name())
	}
	return key, strings.TrimSuffix(path, deletedMark), err
}

func (t *session) DeletedServices() ([]inventory.DeletedService, error) {
	return collect(t, query{text: `
		select r.id, r.shown, r.doc, r.revision, r.created, r.created_by, r.updated, r.updated_by, d.at, d.actor, d.purge
		from deleted_service d join resource r on r.id = d.resource order by r.id`}, func(rows *sql.Rows) (inventory.DeletedService, error) {
		var s inventory.DeletedService
		var created, updated, at, purge int64
		err := rows.Scan(&s.Key, &s.Path, (*[]byte)(&s.Doc), &s.Revision, &created, &s.Created.By, &updated, &s.Updated.By, &at, &s.Deleted.By, &purge)
		if err != nil {
			return s, err
		}
		s.Created.At, s.Updated.At, s.Deleted.At, s.Purge = instant(created), instant(updated), instant(at), instant(purge)
		s.Version, s.Path = s.Revision, strings.TrimSuffix(s.Path, deletedMark)
		s.ID, err = inventory.ParseID(s.Path)
		return s, err
	})
}
