package store

import (
	"database/sql"
	"encoding/json"
	"time"

	"apicenter/internal/inventory"
)

// failure is an operation's error as it is stored.
type failure struct {
	Code    inventory.Code `json:"code"`
	Target  string         `json:"target,omitempty"`
	Message string         `json:"message"`
}

func encodeFailure(e *inventory.Error) (sql.NullString, error) {
	if e == nil {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(failure{e.Code, e.Target, e.Message})
	return sql.NullString{String: string(text), Valid: true}, err
}

func (w *work) PutOperation(o inventory.Operation) error {
	why, err := encodeFailure(o.Failure)
	if err != nil {
		return err
	}
	_, err = w.exec(`
		insert into operation (name, target, action, actor, status, started, ended, failure) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (name) do update set status = excluded.status, ended = excluded.ended, failure = excluded.failure`,
		o.Name, o.On.String(), o.Action, o.By, string(o.Status), micros(o.Started), micros(o.Ended), why)
	return err
}

func (w *work) ForgetOperations(before time.Time) error {
	_, err := w.exec(`delete from operation where ended > 0 and ended < $1`, micros(before))
	return err
}

func (w *work) AbandonOperations(reason *inventory.Error) error {
	why, err := encodeFailure(reason)
	if err != nil {
		return err
	}
	_, err = w.exec(`update operation set status = $1, ended = $2, failure = $3 where ended = 0`, string(inventory.Broken), micros(w.now), why)
	return err
}

func (t *session) Operation(name string) (inventory.Operation, error) {
	found, err := collect(t, query{
		text: `select target, action, actor, status, started, ended, failure from operation where name = $1`, args: []any{name},
	}, func(rows *sql.Rows) (inventory.Operation, error) {
		o := inventory.Operation{Name: name}
		var target string
		var started, ended int64
		var why sql.NullString
		if err := rows.Scan(&target, &o.Action, &o.By, &o.Status, &started, &ended, &why); err != nil {
			return o, err
		}
		o.Started, o.Ended = instant(started), instant(ended)
		var err error
		if o.On, err = inventory.ParseID(target); err != nil || !why.Valid {
			return o, err
		}
		var f failure
		err = json.Unmarshal([]byte(why.String), &f)
		o.Failure = &inventory.Error{Code: f.Code, Target: f.Target, Message: f.Message}
		return o, err
	})
	if err == nil && len(found) == 0 {
		err = inventory.Errorf(inventory.NotFound, "", "there is no operation %q; what became of one is kept for an hour", name)
	}
	if err != nil {
		return inventory.Operation{}, err
	}
	return found[0], nil
}
