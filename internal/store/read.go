package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"apicenter/internal/inventory"
)

// resourceColumns are those that scanResource reads, in order. Only a link has
// a row in link, and only for a link it is looked up; webhooks likewise.
const resourceColumns = `r.id, r.shown, r.doc, r.document, r.revision,
	case r.kind when 'link' then (select l.status from link l where l.resource = r.id)
		when 'webhook' then (select w.status from webhook w where w.resource = r.id) end,
	case r.kind when 'link' then (select l.changes from link l where l.resource = r.id) end,
	r.linked, r.created, r.created_by, r.updated, r.updated_by`

func scanResource(rows *sql.Rows) (inventory.Resource, error) { return scanInto(rows) }

// scanInto reads a resource and, behind it, more columns.
func scanInto(rows *sql.Rows, more ...any) (inventory.Resource, error) {
	var r inventory.Resource
	var document sql.NullString
	var changes sql.NullInt64
	var created, updated int64
	dest := [16]any{
		&r.Key, &r.Path, (*[]byte)(&r.Doc), &document, &r.Revision, (*[]byte)(&r.Status), &changes, &r.Linked,
		&created, &r.Created.By, &updated, &r.Updated.By,
	}
	const own = 12 // columns of a resource itself
	if err := rows.Scan(dest[:own+copy(dest[own:], more)]...); err != nil {
		return r, err
	}
	if r.Status == nil {
		r.Status = json.RawMessage("{}")
	}
	r.Document, r.Version = inventory.Digest(document.String), r.Revision+changes.Int64
	r.Created.At, r.Updated.At = instant(created), instant(updated)
	var err error
	r.ID, err = inventory.ParseID(r.Path)
	return r, err
}

const getResource = `select ` + resourceColumns + ` from resource r where r.path = $1`

func (t *session) Get(id inventory.ID) (inventory.Resource, error) {
	var r inventory.Resource
	found := false
	var failed error
	each(t, query{text: getResource, args: []any{id.String()}}, scanResource, func(have inventory.Resource, err error) bool {
		r, found, failed = have, err == nil, err
		return true
	})
	if failed == nil && !found {
		failed = t.missing(id)
	}
	return r, failed
}

// missing says that id is not there and, if it became one with another, where to look.
func (t *session) missing(id inventory.ID) error {
	var to string
	err := t.row([]any{&to}, `select moved_to from tombstone where folded = $1 order by at desc, id desc limit 1`, id.String())
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
	getRecord     = `select ` + recordColumns + ` from resource r where r.path = $1`
	originColumns = `o.resource, l.path, o.external, o.states, o.mark, o.read, o.document_mark, o.verified, o.problem, o.retry, o.run, o.merge_key, o.gone, o.gone_why`
	originsOf     = `select ` + originColumns + ` from origin o join resource l on l.id = o.link where o.resource = $1 order by o.position`
	originsBelow  = `
		select ` + originColumns + `
		from resource r join origin o on o.resource = r.id join resource l on l.id = o.link
		where r.path = $1 or (r.path > $2 and r.path < $3) order by r.path, o.position`
)

func (t *session) Record(id inventory.ID) (inventory.Record, error) {
	rec, err := t.lookup(id)
	if err != nil || rec == nil {
		return inventory.Record{}, cmp.Or(err, t.missing(id))
	}
	return *rec, nil
}

// lookup is Record; nil when there is no such resource.
func (t *session) lookup(id inventory.ID) (*inventory.Record, error) {
	found, err := collect(t, query{text: getRecord, args: []any{id.String()}}, scanRecord)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if found[0].Linked {
		err = t.fillOrigins(found, query{text: originsOf, args: []any{found[0].Key}})
	}
	return &found[0], err
}

// scanRecord reads a record but for its origins.
func scanRecord(rows *sql.Rows) (inventory.Record, error) {
	var rec inventory.Record
	var own []byte
	var err error
	if rec.Resource, err = scanInto(rows, &own); err != nil {
		return rec, err
	}
	rec.Own, err = inventory.DecodeDoc(own)
	return rec, err
}

// fillOrigins gives records the origins that a query finds in the order of the records.
func (t *session) fillOrigins(records []inventory.Record, q query) error {
	origins, err := collect(t, q, scanOrigin)
	for i := range records {
		rec := &records[i]
		for len(origins) > 0 && origins[0].resource == rec.Key {
			rec.Origins = append(rec.Origins, origins[0].Origin)
			origins = origins[1:]
		}
	}
	return err
}

// originOf is an origin with the row that it is of.
type originOf struct {
	inventory.Origin
	resource int64
}

func scanOrigin(rows *sql.Rows) (originOf, error) {
	var o originOf
	var link string
	var states []byte
	var read, verified, retry, gone int64
	err := rows.Scan(&o.resource, &link, &o.External, &states, &o.Mark, &read, &o.DocumentMark, &verified, &o.Problem, &retry, &o.Run, &o.MergeKey, &gone, &o.Gone.Why)
	if err != nil {
		return o, err
	}
	o.Read, o.Verified, o.Retry, o.Gone.At = instant(read), instant(verified), instant(retry), instant(gone)
	if o.Link, err = inventory.ParseID(link); err != nil {
		return o, err
	}
	o.States, err = inventory.DecodeDoc(states)
	return o, err
}

func (t *session) List(q inventory.Query) iter.Seq2[inventory.Resource, error] {
	return func(yield func(inventory.Resource, error) bool) {
		list, err := t.listQuery(q)
		if err != nil {
			yield(inventory.Resource{}, err)
			return
		}
		each(t, list.query, list.scan, yield)
	}
}

func (t *session) Below(id inventory.ID) ([]inventory.Record, error) {
	// The slash is the character before '0': the range holds the paths below id and no others.
	within := []any{id.String(), id.String() + "/", id.String() + "0"}
	all, err := collect(t, query{
		text: `select ` + recordColumns + ` from resource r where r.path = $1 or (r.path > $2 and r.path < $3) order by r.path`,
		args: within,
	}, scanRecord)
	if err != nil {
		return nil, err
	}
	return all, t.fillOrigins(all, query{text: originsBelow, args: within})
}

const entryColumns = `r.path, r.id, o.external, o.mark, o.document_mark, coalesce(o.document, ''), o.read, o.verified, o.problem, o.retry, o.gone, o.gone_why`

func scanEntry(rows *sql.Rows) (inventory.Entry, error) {
	var e inventory.Entry
	var path string
	var read, verified, retry, gone int64
	if err := rows.Scan(&path, &e.Key, &e.External, &e.Mark, &e.DocumentMark, &e.Document, &read, &verified, &e.Problem, &retry, &gone, &e.Gone.Why); err != nil {
		return e, err
	}
	e.Read, e.Verified, e.Retry, e.Gone.At = instant(read), instant(verified), instant(retry), instant(gone)
	var err error
	e.ID, err = inventory.ParseID(path)
	return e, err
}

func (t *session) Origins(link inventory.ID, kinds ...inventory.Kind) iter.Seq2[inventory.Entry, error] {
	return func(yield func(inventory.Entry, error) bool) {
		for _, kind := range kinds {
			if !each(t, query{
				text: `select ` + entryColumns + `
					from origin o join resource r on r.id = o.resource
					where o.link = (select id from resource where path = $1) and o.kind = ` + literal(kind),
				args: []any{link.String()},
			}, scanEntry, yield) {
				return
			}
		}
	}
}

func (t *session) Origin(link inventory.ID, kind inventory.Kind, external string) (inventory.Entry, error) {
	found, err := collect(t, query{
		text: `select ` + entryColumns + `
			from origin o join resource r on r.id = o.resource
			where o.link = (select id from resource where path = $1) and o.kind = ` + literal(kind) + ` and o.external = $2`,
		args: []any{link.String(), external},
	}, scanEntry)
	if err != nil {
		return inventory.Entry{}, err
	}
	if len(found) == 0 {
		return inventory.Entry{}, inventory.Errorf(inventory.NotFound, "", "link %q states no %s %q", link.Name(), kind, external)
	}
	return found[0], nil
}

func (t *session) Due(link inventory.ID, verifiedBefore, now time.Time, limit int) ([]inventory.Entry, error) {
	const where = `select ` + entryColumns + ` from origin o join resource r on r.id = o.resource
		where o.link = (select id from resource where path = $1) and o.kind = 'definition' and o.gone = 0`
	retries, err := collect(t, query{
		text: where + ` and o.retry > 0 and o.retry <= $2 order by o.retry limit $3`,
		args: []any{link.String(), micros(now), limit},
	}, scanEntry)
	if err != nil || verifiedBefore.IsZero() || len(retries) >= limit {
		return retries, err
	}
	audits, err := collect(t, query{
		text: where + ` and o.verified > 0 and o.verified < $2 and o.retry = 0 order by o.verified limit $3`,
		args: []any{link.String(), micros(verifiedBefore), limit - len(retries)},
	}, scanEntry)
	return slices.Concat(retries, audits), err
}

func (t *session) Events(after int64, limit int) iter.Seq2[inventory.Event, error] {
	return func(yield func(inventory.Event, error) bool) {
		each(t, query{
			text: eventColumns + ` where sequence > $1 order by sequence limit $2`,
			args: []any{after, limit},
		}, scanEvent, yield)
	}
}

func (t *session) Past(path string, before int64, limit int) iter.Seq2[inventory.Event, error] {
	return func(yield func(inventory.Event, error) bool) {
		id, err := inventory.ParseID(path)
		if err != nil {
			yield(inventory.Event{}, err)
			return
		}
		if before == 0 {
			before = math.MaxInt64
		}
		each(t, query{
			text: eventColumns + ` where folded = $1 and sequence < $2 order by sequence desc limit $3`,
			args: []any{told(id).String(), before, limit},
		}, scanEvent, yield)
	}
}

func (t *session) Edited(link inventory.ID) ([]inventory.ID, error) {
	return collect(t, query{
		text: `
			select r.path from resource l join origin o on o.link = l.id join resource r on r.id = o.resource
			where l.path = $1 and o.kind in ('api', 'environment')
				and exists (select 1 from event e where e.folded = r.path and e.actor not like 'link/%')
			order by r.path`,
		args: []any{link.String()}, long: true,
	}, func(rows *sql.Rows) (inventory.ID, error) {
		var path string
		if err := rows.Scan(&path); err != nil {
			return inventory.ID{}, err
		}
		return inventory.ParseID(path)
	})
}

func (t *session) Departures(workspace inventory.ID, limit int) iter.Seq2[inventory.Event, error] {
	return func(yield func(inventory.Event, error) bool) {
		each(t, query{
			text: eventColumns + `
				where action = 'deleted' and +folded > $1 and +folded < $2 order by sequence desc limit $3`,
			args: []any{workspace.String() + "/apis/", workspace.String() + "/apis0", limit}, long: true,
		}, scanEvent, yield)
	}
}

// told is the resource whose events tell of id: the API that it is below of, else itself.
func told(id inventory.ID) inventory.ID {
	if api := id.Ancestor(inventory.KindAPI); !api.IsZero() {
		return api
	}
	return id
}

func scanEvent(rows *sql.Rows) (inventory.Event, error) {
	var e inventory.Event
	var at int64
	var changes []byte
	if err := rows.Scan(&e.Sequence, &at, &e.Actor, &e.Run, &e.Action, &e.Path, &changes); err != nil {
		return e, err
	}
	e.At = instant(at)
	return e, json.Unmarshal(changes, &e.Changes)
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
