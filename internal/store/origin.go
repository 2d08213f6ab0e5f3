package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"apicenter/internal/inventory"
)

func (w *work) PutOrigin(id inventory.ID, o inventory.Origin, seeds inventory.Doc) error {
	o.Link = w.claim.Link
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		own, err := w.exhume(id, o.External)
		if err != nil {
			return err
		}
		if u, err = w.create(id, id.Name()); err != nil {
			return err
		}
		if u.record.Own = own; own == nil {
			u.record.Own = seeds
		}
		if u.record.Own == nil {
			u.record.Own = inventory.Doc{}
		}
	}
	at := slices.IndexFunc(u.record.Origins, func(have inventory.Origin) bool { return have.Link == o.Link })
	if at < 0 {
		u.record.Origins = append(u.record.Origins, o)
	} else {
		have := u.record.Origins[at]
		if o.Read.Before(have.Read) || same(have, o) {
			return nil
		}
		u.record.Origins[at] = o
	}
	u.stale, u.stated = true, true
	return nil
}

// same says that writing b over a would change nothing but the time of reading.
func same(a, b inventory.Origin) bool {
	return a.External == b.External && a.Mark == b.Mark && a.DocumentMark == b.DocumentMark && a.Problem == b.Problem &&
		a.Retry.Equal(b.Retry) && a.Verified.Equal(b.Verified) && a.States.Equal(b.States)
}

func (w *work) DropOrigin(id inventory.ID, why inventory.Why) error {
	return w.drop(id, why, "")
}

func (w *work) Merge(id, to inventory.ID) error {
	if err := w.flush(); err != nil {
		return err
	}
	target, err := w.session.Get(to)
	if err != nil {
		return err
	}
	return w.drop(id, inventory.Merged, target.Path)
}

// drop ends the link's word on id and all below it, leaves first, and removes what nobody else states.
func (w *work) drop(id inventory.ID, why inventory.Why, to string) error {
	if err := w.flush(); err != nil {
		return err
	}
	all, err := w.session.Below(id)
	if err != nil || len(all) == 0 {
		return err
	}
	kept := map[inventory.ID]bool{} // still stated by another source, or lying above such a thing
	var mine []inventory.Record     // what only this link states, and people's things below it
	for _, rec := range slices.Backward(all) {
		others := slices.ContainsFunc(rec.Origins, func(o inventory.Origin) bool { return o.Link != w.claim.Link })
		if others || kept[rec.ID] {
			kept[rec.ID.Parent()] = true
			if err := w.letGo(rec); err != nil {
				return err
			}
			continue
		}
		mine = append(mine, rec)
	}
	if len(mine) == 0 || len(all[0].Origins) == 0 && !kept[id] {
		return nil // a person's own thing, which no source ever stated
	}
	for _, rec := range mine {
		if err := w.entomb(rec, all, why, to); err != nil {
			return err
		}
		if err := w.remove(rec, why); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) LetGo(id inventory.ID) error {
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		return w.missing(id)
	}
	for _, o := range u.record.Origins {
		if o.Link == w.claim.Link {
			u.record.Own = inventory.Overlay(u.record.Own, []inventory.Origin{o})
		}
	}
	return w.letGo(u.record)
}

// letGo takes the link's origin from a resource that stays.
func (w *work) letGo(rec inventory.Record) error {
	u, err := w.find(rec.ID)
	if err != nil || u == nil {
		return err
	}
	u.record.Origins = slices.DeleteFunc(u.record.Origins, func(o inventory.Origin) bool { return o.Link == w.claim.Link })
	u.stale, u.stated = true, true
	return nil
}

// remove deletes the row of a resource, with its origins and search entry.
func (w *work) remove(rec inventory.Record, why inventory.Why) error {
	if indexed(rec.ID.Kind()) {
		if err := w.store.dialect.unindex(w.ctx, w.session, rec.Key); err != nil {
			return err
		}
	}
	if _, err := w.exec(`delete from resource where id = $1`, rec.Key); err != nil {
		return err
	}
	if u, ok := w.units[rec.ID]; ok {
		delete(w.units, rec.ID)
		w.order = slices.DeleteFunc(w.order, func(have *unit) bool { return have == u })
	}
	w.changes.removed(rec.Path, rec.ID, why)
	return w.restage(rec.ID)
}

// buried is a thing that people made below something that a source brought.
type buried struct {
	Path string        `json:"path"`
	Own  inventory.Doc `json:"own"`
}

// entomb keeps the people's layer of a record that a source brought, with what
// people made directly on it that no source states.
func (w *work) entomb(rec inventory.Record, all []inventory.Record, why inventory.Why, to string) error {
	if len(rec.Origins) == 0 {
		return nil // kept with the thing that it hung on
	}
	below := []buried{}
	for _, other := range all {
		if len(other.Origins) == 0 && nearest(other.ID, all) == rec.ID {
			below = append(below, buried{Path: other.Path, Own: other.Own})
		}
	}
	belowText, err := json.Marshal(below)
	if err != nil {
		return err
	}
	source, err := w.instance()
	if err != nil {
		return err
	}
	w.buried = new(true)
	_, err = w.exec(`
		insert into tombstone (service, source, kind, external, path, folded, own, below, why, moved_to, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (service, source, kind, external) do update set path = excluded.path, folded = excluded.folded,
			own = excluded.own, below = excluded.below, why = excluded.why, moved_to = excluded.moved_to, at = excluded.at`,
		w.claim.Link.Ancestor(inventory.KindService).String(), source, string(rec.ID.Kind()), rec.Origins[0].External,
		rec.Path, rec.ID.String(), string(rec.Own.Encode()), string(belowText), string(why), to, micros(w.now))
	return err
}

// nearest is the closest thing above id that a source states, among all.
func nearest(id inventory.ID, all []inventory.Record) inventory.ID {
	for up := id.Parent(); !up.IsZero(); up = up.Parent() {
		if slices.ContainsFunc(all, func(r inventory.Record) bool { return r.ID == up && len(r.Origins) > 0 }) {
			return up
		}
	}
	return inventory.ID{}
}

// exhume gives back the people's layer of a thing that comes again, and forgets
// its tombstone; nil when there is none. What a merge entombed stays, to be un-merged.
func (w *work) exhume(id inventory.ID, external string) (inventory.Doc, error) {
	if w.buried == nil {
		var exists bool
		if err := w.row([]any{&exists}, `select exists (select 1 from tombstone)`); err != nil {
			return nil, err
		}
		w.buried = &exists
	}
	if !*w.buried {
		return nil, nil
	}
	source, err := w.instance()
	if err != nil {
		return nil, err
	}
	var own []byte
	err = w.row([]any{&own}, `
		delete from tombstone where service = $1 and source = $2 and kind = $3 and external = $4 and moved_to = '' returning own`,
		id.Ancestor(inventory.KindService).String(), source, string(id.Kind()), external)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return inventory.DecodeDoc(own)
}

func (w *work) Former(kind inventory.Kind, external string) (string, error) {
	source, err := w.instance()
	if err != nil {
		return "", err
	}
	var path string
	err = w.row([]any{&path}, `select folded from tombstone where service = $1 and source = $2 and kind = $3 and external = $4 and moved_to = ''`,
		w.claim.Link.Ancestor(inventory.KindService).String(), source, string(kind), external)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return path[lastSlash(path)+1:], err
}

// instance is what the claim's link reads: tombstones are filed under it.
func (w *work) instance() (string, error) {
	u, err := w.find(w.claim.Link)
	if err != nil {
		return "", err
	}
	if u == nil {
		return "", w.missing(w.claim.Link)
	}
	return inventory.LinkOf(u.record.Own).Instance(), nil
}

func (w *work) Remove() error {
	if err := w.flush(); err != nil {
		return err
	}
	rec, err := w.session.Record(w.claim.Link)
	if err != nil {
		return err
	}
	return w.remove(rec, inventory.Unlinked)
}

func (w *work) Delete(id inventory.ID, c inventory.Condition) error {
	if err := w.flush(); err != nil {
		return err
	}
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		return w.missing(id)
	}
	if err := check(u, id, c); err != nil {
		return err
	}
	all, err := w.session.Below(id)
	if err != nil {
		return err
	}
	for _, rec := range slices.Backward(all) {
		if err := w.remove(rec, ""); err != nil {
			return err
		}
	}
	return nil
}
