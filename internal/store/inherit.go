package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

func (t *session) Tombstones(service inventory.ID, before int64, limit int) ([]inventory.Tombstone, error) {
	return collect(t, query{text: tombstones + ` and ($2 = 0 or id < $2) order by id desc limit $3`, args: []any{service.String(), before, limit}}, scanTombstone)
}

func (t *session) Entombed(workspace inventory.ID, name string) (inventory.Tombstone, error) {
	apis := workspace.String() + "/apis/"
	name = strings.ToLower(name)
	found, err := collect(t, query{
		text: tombstones + ` and folded >= $2 and folded < $3
			and (kind = 'api' and folded = $4 or kind in ('api', 'version') and substr('/' || external, -length($5)) = $5)
			order by id desc limit 1`,
		args: []any{workspace.Ancestor(inventory.KindService).String(), apis, strings.TrimSuffix(apis, "/") + "0", apis + name, "/" + name}, long: true,
	}, scanTombstone)
	if err == nil && len(found) == 0 {
		err = inventory.Errorf(inventory.NotFound, "", "nothing is kept of an API %q", name)
	}
	if err != nil {
		return inventory.Tombstone{}, err
	}
	return found[0], nil
}

const tombstones = `
	select id, source, kind, external, path, own, seen, below, why, at, moved_to, link, approved_by from tombstone where service = $1`

func scanTombstone(rows *sql.Rows) (inventory.Tombstone, error) {
	var t inventory.Tombstone
	var at int64
	var own, seen, below []byte
	err := rows.Scan(&t.ID, &t.Source, &t.Kind, &t.External, &t.Path, &own, &seen, &below, &t.Why, &at, &t.MovedTo, &t.Link, &t.ApprovedBy)
	if err != nil {
		return t, err
	}
	t.At = instant(at)
	if t.Own, err = inventory.DecodeDoc(own); err != nil {
		return t, err
	}
	if len(seen) > 0 {
		if t.Seen, err = inventory.DecodeDoc(seen); err != nil {
			return t, err
		}
	}
	return t, json.Unmarshal(below, &t.Below)
}

// Forget deletes tombstones from before an instant. What became one with a thing
// that is there is remembered as long as that is.
func (s *Store) Forget(ctx context.Context, before time.Time) (int64, error) {
	var swept int64
	err := s.transact(ctx, writing, func(t *session) error {
		result, err := t.exec(`
			delete from tombstone where at < $1
				and (moved_to = '' or not exists (select 1 from resource r where r.path = lower(tombstone.moved_to)))`, micros(before))
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	return swept, err
}

func (w *work) Inherit(link inventory.ID, from string) (sum inventory.Inheritance, err error) {
	to, err := w.instanceOf(link)
	if err != nil {
		return sum, err
	}
	oldRoot, oldSpace, _ := strings.Cut(from, "/workspaces/")
	newRoot, newSpace, _ := strings.Cut(to, "/workspaces/")
	old, fresh := inSpace(oldSpace), inSpace(newSpace)
	all, err := collect(w.session, query{
		text: tombstones + ` and source = case kind when 'environment' then $2 else $3 end order by id`,
		args: []any{link.Ancestor(inventory.KindService).String(), from, oldRoot},
	}, scanTombstone)
	if err != nil {
		return sum, err
	}
	filed := all[:0]
	for _, kept := range all {
		source := newRoot
		if kept.Kind == inventory.KindEnvironment {
			source = to
		} else if rest, ok := strings.CutPrefix(kept.External, old); ok {
			kept.External = fresh + rest
		} else {
			continue // of another workspace of that instance
		}
		if _, err := w.exec(`update tombstone set source = $2, external = $3 where id = $1`, kept.ID, source, kept.External); err != nil {
			return sum, err
		}
		w.buried = new(true)
		filed = append(filed, kept)
	}
	sum.Filed = len(filed)
	// What is one comes first: words go to the entry that a thing is in for good.
	if sum.Words, err = w.inheritTogether(link, from, to, old, fresh); err != nil {
		return sum, err
	}
	for _, kept := range filed {
		returned, whole, err := w.giveBack(link, kept)
		if err != nil {
			return sum, err
		}
		if returned {
			sum.Returned++
		}
		if returned && !whole {
			sum.Left++
		}
	}
	return sum, w.flush()
}

// inSpace is how identities at an instance begin that are of a workspace of it.
func inSpace(workspace string) string {
	if workspace == "" {
		return ""
	}
	return "workspaces/" + workspace + "/"
}

// giveBack gives a thing that is there what a tombstone kept of it, as far as
// people have not said otherwise since. What was never changed since it came says
// nothing but what its source suggested.
func (w *work) giveBack(link inventory.ID, kept inventory.Tombstone) (returned, whole bool, err error) {
	of, err := w.Origin(link, kept.Kind, kept.External)
	if errors.Is(err, inventory.NotFound) || kept.MovedTo != "" {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	u, err := w.find(of.ID)
	if err != nil {
		return false, false, err
	}
	own, rest := maps.Clone(u.record.Own), inventory.Doc{}
	for f, v := range kept.Own {
		if have, ok := own[f]; ok && u.record.Revision > 1 && !inventory.SameJSON(have, v) {
			rest[f] = v
		} else {
			own[f] = v
		}
	}
	u.record.Own = own
	if err := w.touch(u); err != nil {
		return false, false, err
	}
	taken := []inventory.Buried{}
	for _, b := range kept.Below {
		free, err := w.vacant(u.record.Path + strings.TrimPrefix(b.Path, kept.Path))
		if err != nil {
			return false, false, err
		}
		if !free {
			taken = append(taken, b)
		} else if err := w.revive(u, remains{path: kept.Path, below: []inventory.Buried{b}}); err != nil {
			return false, false, err
		}
	}
	if len(rest)+len(taken) == 0 {
		_, err = w.exec(`delete from tombstone where id = $1`, kept.ID)
		return true, true, err
	}
	text, err := json.Marshal(taken)
	if err != nil {
		return false, false, err
	}
	_, err = w.exec(`update tombstone set own = $2, below = $3 where id = $1`, kept.ID, string(rest.Encode()), string(text))
	return true, false, err
}

// vacant says that something can be made at a path: nothing is there, and what it
// would be in is.
func (w *work) vacant(path string) (bool, error) {
	id, err := inventory.ParseID(path)
	if err != nil {
		return false, err
	}
	there, err := w.find(id)
	if err != nil || there != nil {
		return false, err
	}
	above, err := w.find(id.Parent())
	return above != nil, err
}
