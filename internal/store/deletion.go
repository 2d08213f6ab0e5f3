package store

import (
	"database/sql"
	"errors"
	"time"

	"apicenter/internal/inventory"
)

func (t *session) Deletions(link inventory.ID) ([]inventory.Deletion, error) {
	return collect(t, query{text: `
		select external, why, since, verdict, actor, decided
		from deletion where link = (select id from resource where path = $1) order by external`, args: []any{link.String()}}, scanDeletion)
}

func scanDeletion(rows *sql.Rows) (inventory.Deletion, error) {
	var d inventory.Deletion
	var since, decided int64
	err := rows.Scan(&d.External, &d.Why, &since, &d.Verdict, &d.By, &decided)
	d.Since, d.At = instant(since), instant(decided)
	return d, err
}

func (t *session) Dropped(link inventory.ID, since time.Time) (n int, err error) {
	err = t.row([]any{&n}, `
		select count(*) from tombstone
		where link = $1 and at > $2 and kind = 'version' and why in ('vanished', 'left') and approved_by = ''`, link.String(), micros(since))
	return n, err
}

func (w *work) PutDeletion(link inventory.ID, d inventory.Deletion) error {
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	var before inventory.DeletionVerdict
	err = w.row([]any{&before}, `select verdict from deletion where link = $1 and external = $2`, key, d.External)
	known := !errors.Is(err, sql.ErrNoRows)
	if err != nil && known {
		return err
	}
	if _, err := w.exec(`
		insert into deletion (link, external, why, since, verdict, actor, decided) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (link, external) do update set why = $3, since = $4, verdict = $5, actor = $6, decided = $7`,
		key, d.External, d.Why, micros(d.Since), string(d.Verdict), d.By, micros(d.At)); err != nil {
		return err
	}
	if known && before == d.Verdict {
		return nil
	}
	return w.tellDeletion(link, d)
}

// tellDeletion notes for the events what is said of a deletion.
func (w *work) tellDeletion(link inventory.ID, d inventory.Deletion) error {
	of, err := w.Origin(link, inventory.KindVersion, d.External)
	if errors.Is(err, inventory.NotFound) {
		return nil // it is decided beforehand
	}
	if err != nil {
		return err
	}
	version, err := w.find(of.ID)
	if err != nil {
		return err
	}
	told := map[inventory.DeletionVerdict]inventory.Action{
		inventory.Undecided: inventory.DeletionHeld, inventory.Approved: inventory.DeletionApproved, inventory.Rejected: inventory.DeletionRejected,
	}
	w.changes.note(version.record.Path, of.ID, told[d.Verdict])
	return nil
}

func (w *work) EndDeletion(link inventory.ID, external string) error {
	_, err := w.exec(`delete from deletion where link = (select id from resource where path = $1) and external = $2`, link.String(), external)
	return err
}
