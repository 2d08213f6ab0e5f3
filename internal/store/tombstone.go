package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"apicenter/internal/inventory"
)

// entomb keeps the people's layer of a record that a source brought, with what
// people made on it that no source states. leaving are all that go with it.
func (w *work) entomb(rec inventory.Record, leaving []inventory.Record, why inventory.Why, to string) error {
	if len(rec.Origins) == 0 {
		return nil // kept with the thing that it hung on
	}
	below := []inventory.Buried{}
	for _, other := range leaving {
		if len(other.Origins) == 0 && nearest(other.ID, leaving) == rec.ID {
			below = append(below, inventory.Buried{Path: other.Path, Own: other.Own})
		}
	}
	belowText, err := json.Marshal(below)
	if err != nil {
		return err
	}
	link, external := rec.Origins[0].Link, rec.Origins[0].External
	source, err := w.graveOf(link, rec.ID.Kind())
	if err != nil {
		return err
	}
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	own, seen := maps.Clone(rec.Own), rec.View()
	delete(own, inventory.FieldHandedOver) // whatever held it before, people deleted it
	delete(seen, inventory.FieldHandedOver)
	delete(seen, inventory.FieldGone)
	w.buried = new(true)
	_, err = w.exec(`
		insert into tombstone (service, source, kind, external, path, folded, own, seen, below, why, moved_to, at, link, approved_by)
		values ($1, $2, $3, $4, $5, $6, $7, $14, $8, $9, $10, $11, $12,
			coalesce((select actor from deletion where link = $13 and external = $4 and verdict = 'approved'), ''))`,
		link.Ancestor(inventory.KindService).String(), source, string(rec.ID.Kind()), external,
		rec.Path, rec.ID.String(), string(own.Encode()), string(belowText), string(why), to, micros(w.now), link.String(), key, string(seen.Encode()))
	return err
}

// nearest is the closest thing above id that a source states, among leaving.
func nearest(id inventory.ID, leaving []inventory.Record) inventory.ID {
	var closest inventory.ID
	for _, rec := range leaving { // parents first
		if len(rec.Origins) > 0 && rec.ID.Contains(id) {
			closest = rec.ID
		}
	}
	return closest
}

// anyBuried says whether there is any tombstone: in the first pass of a new
// inventory, which brings the most things, there is none to look for.
func (w *work) anyBuried() (bool, error) {
	if w.buried == nil {
		var exists bool
		if err := w.row([]any{&exists}, `select exists (select 1 from tombstone)`); err != nil {
			return false, err
		}
		w.buried = &exists
	}
	return *w.buried, nil
}

// remains are what a tombstone kept.
type remains struct {
	path  string
	own   inventory.Doc
	below []inventory.Buried
}

// exhume takes what was kept of a thing that comes again; nil when there is
// nothing. What was kept of a thing that had become one with another is given
// back too: it comes again because it is a thing of its own again.
func (w *work) exhume(id inventory.ID, external string) (*remains, error) {
	if some, err := w.anyBuried(); err != nil || !some {
		return nil, err
	}
	source, err := w.grave(id.Kind())
	if err != nil {
		return nil, err
	}
	var kept remains
	var own, below []byte
	err = w.row([]any{&kept.path, &own, &below}, `
		delete from tombstone where id = (
			select id from tombstone where service = $1 and source = $2 and kind = $3 and external = $4 order by id desc limit 1)
		returning path, own, below`,
		id.Ancestor(inventory.KindService).String(), source, string(id.Kind()), external)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if kept.own, err = inventory.DecodeDoc(own); err != nil {
		return nil, err
	}
	return &kept, json.Unmarshal(below, &kept.below)
}

// revive gives back what people had made below a thing that has come again. If
// it came under another name, what pointed into it follows.
func (w *work) revive(u *unit, kept remains) error {
	for _, b := range kept.below {
		path := u.record.Path + strings.TrimPrefix(b.Path, kept.path)
		id, err := inventory.ParseID(path)
		if err != nil {
			return err
		}
		child, err := w.create(id, path[strings.LastIndexByte(path, '/')+1:])
		if err != nil {
			return err
		}
		child.record.Own = b.Own
		if inside, ok := strings.CutPrefix(b.Own.Text(fieldDefinition), inventory.ShortID(kept.path)+"/"); ok {
			child.record.Own = b.Own.With(fieldDefinition, inventory.ShortID(u.record.Path)+"/"+inside)
		}
	}
	return nil
}

func (w *work) Former(kind inventory.Kind, external string) (string, error) {
	if some, err := w.anyBuried(); err != nil || !some {
		return "", err
	}
	source, err := w.grave(kind)
	if err != nil {
		return "", err
	}
	var path string
	err = w.row([]any{&path}, `
		select folded from tombstone where service = $1 and source = $2 and kind = $3 and external = $4 order by id desc limit 1`,
		w.claim.Link.Ancestor(inventory.KindService).String(), source, string(kind), external)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return path[strings.LastIndexByte(path, '/')+1:], err
}

// grave is where the claim's link finds tombstones of a kind.
func (w *work) grave(kind inventory.Kind) (string, error) {
	u, err := w.find(w.claim.Link)
	if err != nil {
		return "", err
	}
	if u == nil {
		return "", w.missing(w.claim.Link)
	}
	return grave(inventory.LinkOf(u.record.Own).Instance(), kind), nil
}

// graveOf is where tombstones of what a link brought are filed.
func (t *session) graveOf(link inventory.ID, kind inventory.Kind) (string, error) {
	instance, err := t.instanceOf(link)
	return grave(instance, kind), err
}

// grave is the instance under which tombstones are filed: links to all of one and
// to a workspace of it find each other's. But the environment is each link's own.
func grave(instance string, kind inventory.Kind) string {
	if kind == inventory.KindEnvironment {
		return instance
	}
	root, _, _ := strings.Cut(instance, "/workspaces/")
	return root
}
