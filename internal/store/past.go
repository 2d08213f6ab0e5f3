package store

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// What readers saw is kept row by row, in past, when a row changes or goes: what
// there was at an instant is found as what there is, however much has happened
// since.

// bygone keeps what readers saw of a row until this transaction. What a
// transaction makes and changes again, nobody saw.
const bygone = `insert into past (key, path, shown, name, kind, parent, doc, document, revision, created, created_by, updated, updated_by, since, until)
	select id, path, shown, name, kind, parent, doc, document, revision, created, created_by, updated, updated_by, since, $1
	from resource where since < $1 and `

// keep keeps what readers saw of one row.
func (w *work) keep(key int64) error {
	_, err := w.exec(bygone+`id = $2`, micros(w.now), key)
	return err
}

// pastColumns are those that scanResource reads, of what there was.
const pastColumns = `r.id, r.shown, r.doc, r.document, r.revision, null, null, 0, r.created, r.created_by, r.updated, r.updated_by`

// asOf stands for the table resource as it was at an instant, which is bound as
// at. only is a condition on both of its parts, which thus have an index each.
func asOf(at, only string) string {
	const columns = `path, shown, name, kind, parent, doc, document, revision, created, created_by, updated, updated_by`
	return `(select id, ` + columns + ` from resource where since <= ` + at + ` and instr(path, '~') = 0 and ` + only +
		` union all select key, ` + columns + ` from past where since <= ` + at + ` and until > ` + at + ` and ` + only + `)`
}

func (t *session) GetAt(id inventory.ID, at time.Time) (inventory.Resource, error) {
	if err := t.known(at); err != nil {
		return inventory.Resource{}, err
	}
	found, err := collect(t, query{
		text: `select ` + pastColumns + ` from ` + asOf("$2", "path = $1") + ` r`, args: []any{id.String(), micros(at)},
	}, scanResource)
	if err == nil && len(found) == 0 {
		err = inventory.Errorf(inventory.NotFound, "", "there was no %s %q at %s", id.Kind(), id.Name(), at.UTC().Format(time.RFC3339Nano))
	}
	if err != nil {
		return inventory.Resource{}, err
	}
	return found[0], nil
}

// known says that what there was at an instant can be told.
func (t *session) known(at time.Time) error {
	kept, err := t.Kept()
	switch {
	case err != nil:
		return err
	case at.Before(kept.Since):
		return inventory.Errorf(inventory.Forgotten, "at", "what there was before %s is not kept; ask for a later instant",
			kept.Since.Format(time.RFC3339))
	case at.After(t.now):
		return inventory.Errorf(inventory.Invalid, "at", "%s is yet to come; ask for an instant that has passed", at.UTC().Format(time.RFC3339))
	}
	return nil
}

func (t *session) Kept() (inventory.Kept, error) {
	var k inventory.Kept
	var since int64
	err := t.row([]any{&since, &k.After, &k.Last}, `
		select at, sequence, coalesce((select max(sequence) from event), sequence) from forgotten`)
	k.Since = instant(since)
	return k, err
}

// EventAt looks from the newest on: those who ask for an instant ask for a late one.
func (t *session) EventAt(at time.Time) (sequence int64, err error) {
	err = t.row([]any{&sequence}, `
		select coalesce((select sequence from event where at <= $1 order by sequence desc limit 1), 0)`, micros(at))
	return sequence, err
}

func (t *session) EventsIn(in inventory.ID, after int64, limit int) iter.Seq2[inventory.Event, error] {
	return func(yield func(inventory.Event, error) bool) {
		each(t, query{
			text: eventColumns + ` where sequence > $4 and ` + inFolded + ` order by sequence limit $5`,
			args: append(tree(in.String()), after, limit), long: true,
		}, scanEvent, yield)
	}
}

const (
	eventColumns = `select sequence, at, actor, run, action, path, changes from event`
	// inFolded is inTree for events. The plus has the rows found in their order:
	// those who follow what happens ask for the newest.
	inFolded = `(+folded = $1 or (+folded > $2 and +folded < $3))`
)

func (t *session) History(of inventory.ID, before int64, limit int) ([]inventory.Event, error) {
	if before <= 0 {
		before = int64(1)<<62 - 1
	}
	if k := of.Kind(); k == inventory.KindService || k == inventory.KindWorkspace {
		return collect(t, query{
			text: eventColumns + ` where sequence < $4 and ` + inFolded + ` order by sequence desc limit $5`,
			args: append(tree(of.String()), before, limit), long: true,
		}, scanEvent)
	}
	if api := of.Ancestor(inventory.KindAPI); api.IsZero() {
		return collect(t, query{
			text: eventColumns + ` where folded = $1 and sequence < $2 order by sequence desc limit $3`,
			args: []any{of.String(), before, limit},
		}, scanEvent)
	}
	return t.trail(of, before, limit)
}

// trail is the history of an API or of something below one, back through its moves.
func (t *session) trail(of inventory.ID, before int64, limit int) ([]inventory.Event, error) {
	var out []inventory.Event
	var failed error
	var left string // the move by which it came, which the place that it left tells of too
	for top := int64(1)<<62 - 1; top > 0; {
		root, from := of.Ancestor(inventory.KindAPI).String(), top
		top = 0
		each(t, query{
			text: eventColumns + ` where (folded = $1 or moved = $1) and sequence < $2 order by sequence desc`, args: []any{root, from}, long: true,
		}, scanEvent, func(e inventory.Event, err error) bool {
			if failed = err; err != nil {
				return false
			}
			changes, was := e.Follow(of)
			if len(changes) == 1 && changes[0].Action == inventory.Moved && changes[0].To == left {
				return true
			}
			if e.Changes = changes; len(changes) > 0 && e.Sequence < before {
				out = append(out, e)
			}
			if was != of {
				for _, c := range changes {
					if c.Action == inventory.Moved && strings.EqualFold(c.To, of.String()) {
						left = c.To
					}
				}
				of, top = was, e.Sequence
			}
			return len(out) < limit && top == 0
		})
		if failed != nil || len(out) >= limit {
			break
		}
	}
	return out, failed
}

// Fold forgets what happened before an instant: events, and what readers saw
// until then. It takes a little at a time, so that writers need not wait.
func (s *Store) Fold(ctx context.Context, before time.Time) (int64, error) {
	const few = 500
	var forgotten int64
	for {
		var n int64
		err := s.transact(ctx, writing, func(t *session) (err error) {
			n, err = t.fold(micros(before), few)
			return err
		})
		forgotten += n
		if err != nil || n == 0 {
			return forgotten, err
		}
	}
}

func (t *session) fold(before int64, limit int) (int64, error) {
	var last int64
	err := t.row([]any{&last}, `
		select coalesce(max(sequence), 0) from (
			select sequence from event where sequence < coalesce((select min(sequence) from event where at >= $1), 9223372036854775807)
			order by sequence limit $2)`, before, limit)
	if err != nil {
		return 0, err
	}
	events, err := t.count(`delete from event where sequence <= $1`, last)
	if err != nil {
		return 0, err
	}
	rows, err := t.count(`delete from past where id in (select id from past where until < $1 limit $2)`, before, limit)
	if err != nil || events+rows == 0 {
		return 0, err
	}
	_, err = t.exec(`update forgotten set at = max(at, $1), sequence = max(sequence, $2)`, before, last)
	return events + rows, err
}

// count runs a statement and says how many rows it changed.
func (t *session) count(text string, args ...any) (int64, error) {
	result, err := t.exec(text, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// parentAt is the row of a parent as of an instant; 0 when it was not there.
func (t *session) parentAt(id inventory.ID, at time.Time) (int64, error) {
	r, err := t.GetAt(id, at)
	if errors.Is(err, inventory.NotFound) {
		return 0, nil
	}
	return r.Key, err
}
