package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"apicenter/internal/inventory"
)

// resourceColumns are those that scanResource reads, in order.
const resourceColumns = `r.id, r.shown, r.doc, coalesce(r.document, ''), coalesce(l.status, '{}'), r.revision,
	r.revision + coalesce(l.changes, 0), r.linked, r.created, r.created_by, r.updated, r.updated_by`

// resources is where they come from: only a link has a row in link.
const resources = ` from resource r left join link l on l.resource = r.id `

func scanResource(scan func(...any) error, more ...any) (inventory.Resource, error) {
	var r inventory.Resource
	var doc, status string
	var created, updated int64
	dest := append([]any{
		&r.Key, &r.Path, &doc, &r.Document, &status, &r.Revision, &r.Version, &r.Linked,
		&created, &r.Created.By, &updated, &r.Updated.By,
	}, more...)
	if err := scan(dest...); err != nil {
		return r, err
	}
	r.Doc, r.Status = json.RawMessage(doc), json.RawMessage(status)
	r.Created.At, r.Updated.At = instant(created), instant(updated)
	id, err := inventory.ParseID(r.Path)
	r.ID = id
	return r, err
}

const getResource = `select ` + resourceColumns + resources + `where r.path = $1`

func (t *session) Get(id inventory.ID) (inventory.Resource, error) {
	stmt, err := t.prepared(getResource)
	if err != nil {
		return inventory.Resource{}, err
	}
	r, err := scanResource(stmt.QueryRowContext(t.ctx, id.String()).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, t.missing(id)
	}
	return r, err
}

// missing says that id is not there and, if it became one with another, where to look.
func (t *session) missing(id inventory.ID) error {
	var to string
	err := t.row([]any{&to}, `select moved_to from tombstone where folded = $1 order by id desc limit 1`, id.String())
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if to != "" {
		return inventory.Errorf(inventory.NotFound, "", "%s %q is now part of %q", id.Kind(), id.Name(), to)
	}
	return inventory.Errorf(inventory.NotFound, "", "%s %q was not found", id.Kind(), id.Name())
}

const (
	recordColumns = resourceColumns + `, r.own`
	getRecord     = `select ` + recordColumns + resources + `where r.path = $1`
	originsOf     = `
		select l.path, o.external, o.states, o.mark, o.read, o.document_mark, o.verified, o.problem, o.retry
		from origin o join resource l on l.id = o.link
		where o.resource = $1 order by o.position`
)

func (t *session) Record(id inventory.ID) (inventory.Record, error) {
	stmt, err := t.prepared(getRecord)
	if err != nil {
		return inventory.Record{}, err
	}
	rec, err := t.scanRecord(stmt.QueryRowContext(t.ctx, id.String()).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return rec, t.missing(id)
	}
	if err != nil || !rec.Linked {
		return rec, err
	}
	rec.Origins, err = t.origins(rec.Key)
	return rec, err
}

// scanRecord reads a record but for its origins.
func (t *session) scanRecord(scan func(...any) error) (inventory.Record, error) {
	var rec inventory.Record
	var own []byte
	var err error
	if rec.Resource, err = scanResource(scan, &own); err != nil {
		return rec, err
	}
	rec.Own, err = inventory.DecodeDoc(own)
	return rec, err
}

func (t *session) origins(resource int64) ([]inventory.Origin, error) {
	rows, err := t.rows(originsOf, resource)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []inventory.Origin
	for rows.Next() {
		var o inventory.Origin
		var link string
		var states []byte
		var read, verified, retry int64
		if err := rows.Scan(&link, &o.External, &states, &o.Mark, &read, &o.DocumentMark, &verified, &o.Problem, &retry); err != nil {
			return nil, err
		}
		if o.States, err = inventory.DecodeDoc(states); err != nil {
			return nil, err
		}
		o.Link = inventory.MustID(link)
		o.Read, o.Verified, o.Retry = instant(read), instant(verified), instant(retry)
		out = append(out, o)
	}
	return out, rows.Err()
}

func (t *session) List(q inventory.Query) iter.Seq2[inventory.Resource, error] {
	return func(yield func(inventory.Resource, error) bool) {
		text, args, constant, err := t.listQuery(q)
		if err != nil {
			yield(inventory.Resource{}, err)
			return
		}
		var rows *sql.Rows
		if constant {
			rows, err = t.rows(text, args...)
		} else {
			rows, err = t.tx.QueryContext(t.ctx, text, args...)
		}
		if err != nil {
			yield(inventory.Resource{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanResource(rows.Scan)
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(inventory.Resource{}, err)
		}
	}
}

func (t *session) Below(id inventory.ID) ([]inventory.Record, error) {
	// The slash is the character before '0': the range holds the paths below id and no others.
	rows, err := t.rows(`select `+recordColumns+resources+`where r.path = $1 or (r.path > $2 and r.path < $3) order by r.path`,
		id.String(), id.String()+"/", id.String()+"0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []inventory.Record
	for rows.Next() {
		rec, err := t.scanRecord(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Linked {
			if out[i].Origins, err = t.origins(out[i].Key); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

const entryColumns = `r.path, r.id, o.external, o.mark, o.document_mark, coalesce(o.document, ''), o.read, o.verified, o.problem, o.retry`

func scanEntry(rows *sql.Rows) (inventory.Entry, error) {
	var e inventory.Entry
	var path string
	var read, verified, retry int64
	if err := rows.Scan(&path, &e.Key, &e.External, &e.Mark, &e.DocumentMark, &e.Document, &read, &verified, &e.Problem, &retry); err != nil {
		return e, err
	}
	e.Read, e.Verified, e.Retry = instant(read), instant(verified), instant(retry)
	var err error
	e.ID, err = inventory.ParseID(path)
	return e, err
}

func (t *session) Origins(link inventory.ID, kinds ...inventory.Kind) iter.Seq2[inventory.Entry, error] {
	return func(yield func(inventory.Entry, error) bool) {
		for _, kind := range kinds {
			rows, err := t.rows(`
				select `+entryColumns+`
				from origin o join resource r on r.id = o.resource
				where o.link = (select id from resource where path = $1) and o.kind = $2`, link.String(), string(kind))
			if err != nil {
				yield(inventory.Entry{}, err)
				return
			}
			if !each(rows, scanEntry, yield) {
				return
			}
		}
	}
}

// each yields what scan makes of every row, and closes rows. It says whether to go on.
func each[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error), yield func(T, error) bool) bool {
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if !yield(v, err) || err != nil {
			return false
		}
	}
	if err := rows.Err(); err != nil {
		var none T
		yield(none, err)
		return false
	}
	return true
}

// collect gathers what scan makes of every row.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var out []T
	var failed error
	each(rows, scan, func(v T, err error) bool {
		if failed = err; err == nil {
			out = append(out, v)
		}
		return err == nil
	})
	return out, failed
}

func (t *session) Due(link inventory.ID, verifiedBefore, now time.Time, limit int) ([]inventory.Entry, error) {
	const where = ` from origin o join resource r on r.id = o.resource
		where o.link = (select id from resource where path = $1) and o.kind = 'definition'`
	rows, err := t.rows(`select `+entryColumns+where+` and o.retry > 0 and o.retry <= $2 order by o.retry limit $3`,
		link.String(), micros(now), limit)
	if err != nil {
		return nil, err
	}
	retries, err := collect(rows, scanEntry)
	if err != nil || verifiedBefore.IsZero() || len(retries) >= limit {
		return retries, err
	}
	rows, err = t.rows(`select `+entryColumns+where+` and o.verified > 0 and o.verified < $2 and o.retry = 0 order by o.verified limit $3`,
		link.String(), micros(verifiedBefore), limit-len(retries))
	if err != nil {
		return nil, err
	}
	audits, err := collect(rows, scanEntry)
	return slices.Concat(retries, audits), err
}

func (t *session) Events(after int64, limit int) iter.Seq2[inventory.Event, error] {
	return func(yield func(inventory.Event, error) bool) {
		rows, err := t.rows(`select sequence, at, actor, action, path, changes from event where sequence > $1 order by sequence limit $2`, after, limit)
		if err != nil {
			yield(inventory.Event{}, err)
			return
		}
		each(rows, func(rows *sql.Rows) (inventory.Event, error) {
			var e inventory.Event
			var at int64
			var changes []byte
			if err := rows.Scan(&e.Sequence, &at, &e.Actor, &e.Action, &e.Path, &changes); err != nil {
				return e, err
			}
			e.At = instant(at)
			return e, json.Unmarshal(changes, &e.Changes)
		}, yield)
	}
}

// linkKey is the row of a link.
func (t *session) linkKey(link inventory.ID) (int64, error) {
	var id int64
	err := t.row([]any{&id}, `select id from resource where path = $1 and kind = 'link'`, link.String())
	if errors.Is(err, sql.ErrNoRows) {
		return 0, t.missing(link)
	}
	return id, err
}

func (t *session) Released(link inventory.ID) ([]string, error) {
	var text string
	err := t.row([]any{&text}, `select released from link where resource = (select id from resource where path = $1)`, link.String())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("released deletions of %s: %w", link, err)
	}
	return out, nil
}
