package store

import (
	"encoding/json"
	"fmt"
	"slices"

	"apicenter/internal/inventory"
)

// strayed is a thing that went along when what it was below became one with
// another: by its row, which no move changes, and by the path that it had.
type strayed struct {
	Key  int64  `json:"key"`
	Path string `json:"path"`
}

func (w *work) Join(id, to inventory.ID) error {
	from, err := w.ofOthers(id, to)
	if err != nil {
		return err
	}
	all, err := w.session.Below(id)
	if err != nil {
		return err
	}
	fused, err := w.fuseVersions(all, to)
	if err != nil {
		return err
	}
	if all, err = w.session.Below(id); err != nil {
		return err
	}
	along, err := w.moveInto(all, to)
	if err != nil {
		return err
	}
	along = append(fused, along...)
	if w.claim.Link.IsZero() {
		if err := w.rememberTogether(from, to); err != nil {
			return err
		}
	}
	if err := w.fuse(id, to, along); err != nil {
		return err
	}
	for _, o := range from.Origins {
		if _, err := w.align(to, o.Link); err != nil {
			return err
		}
	}
	return w.flush()
}

// ofOthers gives the API that is to become one with another, if that may be.
func (w *work) ofOthers(id, to inventory.ID) (inventory.Record, error) {
	from, err := w.Record(id)
	if err != nil {
		return from, err
	}
	into, err := w.Record(to)
	if err != nil {
		return from, err
	}
	if id == to || id.Kind() != inventory.KindAPI || to.Kind() != inventory.KindAPI || id.Parent() != to.Parent() {
		return from, inventory.Errorf(inventory.Invalid, "", "%s cannot become one with %s: that takes two APIs of one workspace", id, to)
	}
	for _, rec := range []inventory.Record{from, into} {
		if len(rec.Origins) == 0 {
			return from, inventory.Errorf(inventory.Conflict, "", "no link brought API %q, and only what links brought can become one", rec.Name())
		}
	}
	for _, o := range from.Origins {
		if !w.claim.Link.IsZero() && o.Link != w.claim.Link {
			return from, inventory.Errorf(inventory.Conflict, "", "API %q is not only of link %q", from.Name(), w.claim.Link.Name())
		}
		if states(into, o.Link) {
			return from, inventory.Errorf(inventory.Conflict, "", "link %q brought both %q and %q; APIs of one link stay apart", o.Link.Name(), from.Name(), into.Name())
		}
	}
	return from, nil
}

func states(rec inventory.Record, link inventory.ID) bool {
	return slices.ContainsFunc(rec.Origins, func(o inventory.Origin) bool { return o.Link == link })
}

// fuseVersions has each version that a link brought, of the API that the records
// begin with, be one with the version of another API that has its title, and gives those.
func (w *work) fuseVersions(all []inventory.Record, to inventory.ID) ([]strayed, error) {
	fused := []strayed{}
	for _, v := range all {
		if v.ID.Kind() != inventory.KindVersion || len(v.Origins) == 0 {
			continue
		}
		if err := w.flush(); err != nil {
			return nil, err
		}
		into, err := w.session.Below(to)
		if err != nil {
			return nil, err
		}
		other, ok := twin(into, v, inventory.Fold(v.Origins[0].States.Text("/title")))
		if !ok {
			continue
		}
		along, err := w.moveInto(within(all, v.ID), other)
		if err != nil {
			return nil, err
		}
		if err := w.fuse(v.ID, other, along); err != nil {
			return nil, err
		}
		fused = append(fused, strayed{Key: v.Key, Path: v.Path})
	}
	return fused, nil
}

// twin is the oldest version among records that other links than v's call by a title.
func twin(all []inventory.Record, v inventory.Record, title string) (inventory.ID, bool) {
	var oldest inventory.Record
	for _, other := range all {
		if other.ID.Kind() == inventory.KindVersion && other.ID != v.ID && apart(other, v) && titled(other, title) && (oldest.Key == 0 || other.Key < oldest.Key) {
			oldest = other
		}
	}
	return oldest.ID, oldest.Key != 0
}

// moveInto moves what is directly in the first of the records to another place
// of its kind, and gives what moved.
func (w *work) moveInto(all []inventory.Record, to inventory.ID) ([]strayed, error) {
	along := []strayed{}
	for _, rec := range all[1:] {
		if rec.ID.Parent() != all[0].ID {
			continue
		}
		at, err := w.free(to, rec.ID.Kind(), rec.ID.Name())
		if err != nil {
			return nil, err
		}
		if err := w.Move(rec.ID, at); err != nil {
			return nil, err
		}
		along = append(along, strayed{Key: rec.Key, Path: rec.Path})
	}
	return along, nil
}

// longest is the most characters that a name has.
const longest = 90

// free is a name in parent that nothing has: the one wanted, or with a number.
// What this transaction moved or removed has its name to the end: events are
// followed by names, from transaction to transaction.
func (w *work) free(parent inventory.ID, kind inventory.Kind, name string) (inventory.ID, error) {
	for n := 1; ; n++ {
		numbered := name
		if n > 1 {
			suffix := fmt.Sprintf("-%d", n)
			numbered = name[:min(len(name), longest-len(suffix))] + suffix
		}
		id := parent.Child(kind, numbered)
		taken, err := w.find(id)
		if err != nil || taken == nil && !w.changes.tells(id) {
			return id, err
		}
	}
}

// fuse ends a thing that nothing is left in: what its sources state of it, they
// state of another from here on, and the people's layer of it is entombed.
func (w *work) fuse(id, to inventory.ID, along []strayed) error {
	if err := w.flush(); err != nil {
		return err
	}
	from, err := w.session.Record(id)
	if err != nil {
		return err
	}
	target, err := w.session.Record(to)
	if err != nil {
		return err
	}
	if err := w.entombAll(from, target, along); err != nil {
		return err
	}
	if _, err := w.exec(`update tombstone set moved_to = $2 where moved_to = $1 and moved_to <> ''`, from.Path, target.Path); err != nil {
		return err
	}
	if err := w.remove([]inventory.Record{from}, inventory.Merged); err != nil {
		return err
	}
	u, err := w.find(to)
	if err != nil {
		return err
	}
	for _, o := range from.Origins {
		u.record.Origins = append(u.record.Origins, o)
		if err := w.state(u, o.Link); err != nil {
			return err
		}
	}
	return nil
}

// entombAll keeps, for the sources of a thing that became one with another, what
// it was. A source whose thing became one with it earlier has that from before; if
// all have, whoever it was at first is gone from it, and the first keeps it, too.
func (w *work) entombAll(from, target inventory.Record, along []strayed) error {
	kept := false
	for _, o := range from.Origins {
		came, err := w.fusedWith(from, o.Link)
		if err != nil {
			return err
		}
		if came == nil {
			kept = true
			err = w.entombFused(from, target, o, along)
		}
		if err != nil {
			return err
		}
	}
	if kept {
		return nil
	}
	return w.entombFused(from, target, from.Origins[0], along)
}

// entombFused keeps, for one of its sources, what a thing was that became one with another.
func (w *work) entombFused(from, target inventory.Record, o inventory.Origin, along []strayed) error {
	text, err := json.Marshal(along)
	if err != nil {
		return err
	}
	source, err := w.graveOf(o.Link, from.ID.Kind())
	if err != nil {
		return err
	}
	w.buried = new(true)
	_, err = w.exec(`
		insert into tombstone (service, source, kind, external, path, folded, own, strayed, why, moved_to, at, key)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 'merged', $9, $10, $11)`,
		from.ID.Ancestor(inventory.KindService).String(), source, string(from.ID.Kind()), o.External,
		from.Path, from.ID.String(), string(from.Own.Encode()), string(text), target.Path, micros(w.now), from.Key)
	return err
}

func (w *work) Align(api inventory.ID) (bool, error) {
	changed, err := w.align(api, w.claim.Link)
	if err != nil {
		return false, err
	}
	return changed, w.flush()
}

// align has each version of a link in an API be one with the version of other
// links that has its title, and no other.
func (w *work) align(api, link inventory.ID) (changed bool, err error) {
	for {
		step, err := w.alignOne(api, link)
		if !step || err != nil {
			return changed, err
		}
		changed = true
	}
}

// alignOne joins or parts one version, if one is not as it is to be.
func (w *work) alignOne(api, link inventory.ID) (bool, error) {
	if err := w.flush(); err != nil {
		return false, err
	}
	all, err := w.session.Below(api)
	if err != nil {
		return false, err
	}
	versions := slices.DeleteFunc(slices.Clone(all), func(rec inventory.Record) bool { return rec.ID.Kind() != inventory.KindVersion })
	for _, v := range versions {
		if !states(v, link) {
			continue
		}
		title := titleOf(v, link)
		if len(v.Origins) > 1 && !slices.ContainsFunc(v.Origins, func(o inventory.Origin) bool {
			return o.Link != link && inventory.Fold(o.States.Text("/title")) == title
		}) {
			_, err := w.part(v, link, api)
			return true, err
		}
		if !w.claim.Link.IsZero() && len(v.Origins) > 1 {
			continue // it is not this link's alone to move
		}
		if other, ok := twin(versions, v, title); ok {
			along, err := w.moveInto(within(all, v.ID), other)
			if err != nil {
				return false, err
			}
			return true, w.fuse(v.ID, other, along)
		}
	}
	return false, nil
}

// titleOf is the title that a link states, as titles compare.
func titleOf(rec inventory.Record, link inventory.ID) string {
	for _, o := range rec.Origins {
		if o.Link == link {
			return inventory.Fold(o.States.Text("/title"))
		}
	}
	return ""
}

// titled says that some link states a title.
func titled(rec inventory.Record, title string) bool {
	return slices.ContainsFunc(rec.Origins, func(o inventory.Origin) bool { return inventory.Fold(o.States.Text("/title")) == title })
}

// apart says that no link states something of both.
func apart(a, b inventory.Record) bool {
	return !slices.ContainsFunc(a.Origins, func(o inventory.Origin) bool { return states(b, o.Link) })
}

// within are the records of id and below it.
func within(all []inventory.Record, id inventory.ID) []inventory.Record {
	var out []inventory.Record
	for _, rec := range all {
		if id.Contains(rec.ID) {
			out = append(out, rec)
		}
	}
	return out
}
