package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"apicenter/internal/inventory"
)

// The agenda is what is to be done for links: when, which hints are unread, and
// what was done.

func (t *session) Waiting(now time.Time) ([]inventory.ID, error) {
	return collect(t, query{text: `
		select r.path from resource r left join link l on l.resource = r.id
		where r.kind = 'link' and ` + inSight + ` and (json_extract(l.status, '$.state') = 'deleting' or json_extract(l.status, '$.paused') is null
			and (coalesce(l.due, 0) <= $1 or exists (select 1 from hint h where h.link = r.id and h.due <= $1)))
		order by coalesce(l.due, 0)`, args: []any{micros(now)}}, func(rows *sql.Rows) (inventory.ID, error) {
		var path string
		if err := rows.Scan(&path); err != nil {
			return inventory.ID{}, err
		}
		return inventory.ParseID(path)
	})
}

func (t *session) Tally(link inventory.ID) (inventory.Tally, error) {
	var a inventory.Tally
	var verified int64
	err := t.row([]any{&a.Versions, &a.Kept, &a.Definitions, &a.Missing, &a.Problems, &verified}, `
		with l as (select id from resource where path = $1)
		select
			(select count(*) from origin where link = (select id from l) and kind = 'version' and gone = 0),
			(select count(*) from origin where link = (select id from l) and kind = 'version' and gone > 0),
			(select count(*) from origin where link = (select id from l) and kind = 'definition' and gone = 0),
			(select count(*) from origin where link = (select id from l) and kind = 'definition' and gone = 0 and verified = 0),
			(select count(*) from origin where link = (select id from l) and kind = 'definition' and gone = 0 and problem <> ''),
			(select coalesce(min(verified), 0) from origin where link = (select id from l) and kind = 'definition' and gone = 0 and verified > 0)`, link.String())
	a.Verified = instant(verified)
	return a, err
}

func (t *session) Hints(link inventory.ID, now time.Time) ([]inventory.Hint, error) {
	return collect(t, query{
		text: `
			select sequence, api, "trigger", at, due from hint
			where link = (select id from resource where path = $1) and due <= $2 order by sequence`,
		args: []any{link.String(), micros(now)},
	}, func(rows *sql.Rows) (inventory.Hint, error) {
		h := inventory.Hint{Link: link}
		var at, due int64
		err := rows.Scan(&h.Sequence, &h.API, &h.Trigger, &at, &due)
		h.At, h.Due = instant(at), instant(due)
		return h, err
	})
}

func (w *work) PutHint(h inventory.Hint) error {
	key, err := w.linkKey(h.Link)
	if err != nil {
		return err
	}
	if _, err := w.exec(`delete from hint where link = $1 and api = $2 and due = $3 and "trigger" = $4`,
		key, h.API, micros(h.Due), h.Trigger); err != nil {
		return err
	}
	if _, err = w.exec(`insert into hint (link, api, due, "trigger", at) values ($1, $2, $3, $4, $5)`,
		key, h.API, micros(h.Due), h.Trigger, micros(w.now)); err != nil || h.Trigger != "event" || !h.Due.IsZero() {
		return err
	}
	_, err = w.exec(`insert into link (resource, heard) values ($1, $2) on conflict (resource) do update set heard = $2`, key, micros(w.now))
	return err
}

func (t *session) Heard(link inventory.ID) (time.Time, error) {
	var heard int64
	err := t.row([]any{&heard}, `
		select coalesce((select heard from link where resource = (select id from resource where path = $1)), 0)`, link.String())
	return instant(heard), err
}

func (w *work) TakeHints(sequences []int64) error {
	for _, n := range sequences {
		if _, err := w.exec(`delete from hint where link = $1 and sequence = $2`, w.link, n); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) Follow(link inventory.ID, entries []inventory.LogEntry, before time.Time) ([]inventory.LogEntry, error) {
	key, err := w.linkKey(link)
	if err != nil {
		return nil, err
	}
	var fresh []inventory.LogEntry
	for _, e := range entries {
		result, err := w.exec(`insert into log_entry (link, entry, at) values ($1, $2, $3) on conflict (link, entry) do nothing`, key, e.ID, micros(e.At))
		if err != nil {
			return nil, err
		}
		if n, err := result.RowsAffected(); err != nil {
			return nil, err
		} else if n > 0 {
			fresh = append(fresh, e)
		}
	}
	_, err = w.exec(`delete from log_entry where link = $1 and at < $2`, key, micros(before))
	return fresh, err
}

func (w *work) SetDue(link inventory.ID, due time.Time) error {
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	_, err = w.exec(`insert into link (resource, due) values ($1, $2) on conflict (resource) do update set due = $2`, key, micros(due))
	return err
}

// runsOf reads the runs of a link, whose path is $1.
const runsOf = `
	select id, scope, "trigger", phase, started, ended, outcome, message, counts, requests, errors, breaks
	from run where link = (select id from resource where path = $1)`

func (t *session) Runs(link inventory.ID, limit int) ([]inventory.Run, error) {
	return t.runs(link, query{text: runsOf + ` order by id desc limit $2`, args: []any{link.String(), limit}})
}

func (t *session) OpenRuns(link inventory.ID) ([]inventory.Run, error) {
	return t.runs(link, query{text: runsOf + ` and ended = 0 order by id desc`, args: []any{link.String()}})
}

func (t *session) runs(link inventory.ID, q query) ([]inventory.Run, error) {
	return collect(t, q, func(rows *sql.Rows) (inventory.Run, error) {
		r := inventory.Run{Link: link}
		var started, ended int64
		var counts, problems, breaks []byte
		if err := rows.Scan(&r.ID, &r.Scope, &r.Trigger, &r.Phase, &started, &ended, &r.Outcome, &r.Message, &counts, &r.Requests, &problems, &breaks); err != nil {
			return r, err
		}
		r.Started, r.Ended = instant(started), instant(ended)
		return r, errors.Join(json.Unmarshal(counts, &r.Counts), json.Unmarshal(problems, &r.Errors), json.Unmarshal(breaks, &r.Breaks))
	})
}

// keptRuns is how many finished runs of a link are kept.
const keptRuns = 200

func (w *work) PutRun(r inventory.Run) (int64, error) {
	key, err := w.linkKey(r.Link)
	if err != nil {
		return 0, err
	}
	counts, err := json.Marshal(r.Counts)
	if err != nil {
		return 0, err
	}
	if r.Errors == nil {
		r.Errors = []inventory.RunError{}
	}
	problems, err := json.Marshal(r.Errors)
	if err != nil {
		return 0, err
	}
	if r.Breaks == nil {
		r.Breaks = []inventory.RunBreak{}
	}
	breaks, err := json.Marshal(r.Breaks)
	if err != nil {
		return 0, err
	}
	if r.ID != 0 {
		result, err := w.exec(`
			update run set phase = $2, ended = $3, outcome = $4, message = $5, counts = $6, requests = $7, errors = $8, breaks = $10
			where id = $1 and link = $9`,
			r.ID, string(r.Phase), micros(r.Ended), r.Outcome, r.Message, string(counts), r.Requests, string(problems), key, string(breaks))
		if err != nil {
			return 0, err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return 0, cmp.Or(err, error(inventory.Errorf(inventory.NotFound, "", "run %d of %s is not kept any more", r.ID, r.Link)))
		}
		return r.ID, nil
	}
	if r.ID, err = w.insertRow(`
		insert into run (link, scope, "trigger", phase, started, ended, outcome, message, counts, requests, errors, breaks)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		key, r.Scope, r.Trigger, string(r.Phase), micros(r.Started), micros(r.Ended), r.Outcome, r.Message, string(counts), r.Requests, string(problems), string(breaks)); err != nil {
		return 0, err
	}
	_, err = w.exec(`delete from run where link = $1 and id <= (select id from run where link = $1 order by id desc limit 1 offset $2)`, key, keptRuns)
	return r.ID, err
}
