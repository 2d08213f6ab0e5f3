package store

import (
	"context"
	"database/sql"

	"apicenter/internal/inventory"
)

const sessionColumns = `hash, principal, key, identity, created, expires`

func scanSession(rows *sql.Rows) (inventory.Session, error) {
	var s inventory.Session
	var created, expires int64
	var identity string
	err := rows.Scan(&s.Hash, &s.Principal, &s.Key, &identity, &created, &expires)
	s.Created, s.Expires = instant(created), instant(expires)
	if identity != "" {
		s.Identity = []byte(identity)
	}
	return s, err
}

// PutSession keeps a new session.
func (s *Store) PutSession(ctx context.Context, in inventory.Session) error {
	return s.transact(ctx, writing, func(t *session) error {
		if _, err := t.exec(`delete from portal_session where expires <= $1`, micros(t.now)); err != nil {
			return err
		}
		_, err := t.exec(`insert into portal_session (`+sessionColumns+`) values ($1, $2, $3, $4, $5, $6)`,
			string(in.Hash), in.Principal, string(in.Key), string(in.Identity), micros(t.now), micros(in.Expires))
		return err
	})
}

// Session gives the session of a hash.
func (s *Store) Session(ctx context.Context, hash inventory.Digest) (found inventory.Session, err error) {
	err = s.transact(ctx, reading, func(t *session) error {
		all, err := collect(t, query{
			text: `select ` + sessionColumns + ` from portal_session where hash = $1 and expires > $2`,
			args: []any{string(hash), micros(s.Now())},
		}, scanSession)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return inventory.Errorf(inventory.NotFound, "", "nobody is signed in here; sign in")
		}
		found = all[0]
		return nil
	})
	return found, err
}

// EndSession ends a session.
func (s *Store) EndSession(ctx context.Context, hash inventory.Digest) error {
	return s.transact(ctx, durable, func(t *session) error {
		_, err := t.exec(`delete from portal_session where hash = $1`, string(hash))
		return err
	})
}

// EndSessions ends all sessions of a principal.
func (s *Store) EndSessions(ctx context.Context, principal string) (ended int, err error) {
	err = s.transact(ctx, durable, func(t *session) error {
		gone, err := collect(t, query{text: `delete from portal_session where principal = $1 returning ` + sessionColumns, args: []any{principal}}, scanSession)
		ended = len(gone)
		return err
	})
	return ended, err
}

var _ inventory.Sessions = (*Store)(nil)
