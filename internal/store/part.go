package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

func (w *work) Part(id, link inventory.ID) (inventory.Resource, error) {
	rec, err := w.Record(id)
	if err != nil {
		return inventory.Resource{}, err
	}
	if !states(rec, link) {
		return inventory.Resource{}, inventory.Errorf(inventory.Invalid, "", "link %q brought nothing of %s %q", link.Name(), id.Kind(), rec.Name())
	}
	if len(rec.Origins) == 1 {
		return inventory.Resource{}, inventory.Errorf(inventory.Conflict, "", "%s %q is of link %q alone; there is nothing to take apart", id.Kind(), rec.Name(), link.Name())
	}
	if err := w.rememberAlone(rec, link); err != nil {
		return inventory.Resource{}, err
	}
	to, err := w.part(rec, link, id.Parent())
	if err != nil {
		return inventory.Resource{}, err
	}
	return w.Get(to)
}

// PartVersion takes what the claim's link states of a version out of it.
func (w *work) PartVersion(id, api inventory.ID) (inventory.ID, error) {
	rec, err := w.Record(id)
	if err != nil {
		return inventory.ID{}, err
	}
	to, err := w.part(rec, w.claim.Link, api)
	if err != nil {
		return inventory.ID{}, err
	}
	return to, w.flush()
}

// remnant is what a merge kept of a thing.
type remnant struct {
	row   int64
	key   int64 // that its own row had: so it comes back to its place in lists
	path  string
	own   inventory.Doc
	along []strayed
}

// fusedWith is what was kept of the thing of a link that became one with rec; nil
// when it was rec from the start.
func (w *work) fusedWith(rec inventory.Record, link inventory.ID) (*remnant, error) {
	source, err := w.graveOf(link, rec.ID.Kind())
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(rec.Origins, func(o inventory.Origin) bool { return o.Link == link })
	var kept remnant
	var own, along []byte
	err = w.row([]any{&kept.row, &kept.key, &kept.path, &own, &along}, `
		select id, key, path, own, strayed from tombstone
		where service = $1 and source = $2 and kind = $3 and external = $4 and why = 'merged' and moved_to = $5
		order by id desc limit 1`,
		rec.ID.Ancestor(inventory.KindService).String(), source, string(rec.ID.Kind()), rec.Origins[at].External, rec.Path)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if kept.own, err = inventory.DecodeDoc(own); err != nil {
		return nil, err
	}
	return &kept, json.Unmarshal(along, &kept.along)
}

// part makes what a link states of an API or a version a thing of its own in
// parent, with all that the link states below, and with what had come along.
// It is what it was before it became one with rec; without such a past it is
// named after rec and begins with the people's words of that.
func (w *work) part(rec inventory.Record, link, parent inventory.ID) (inventory.ID, error) {
	kept, err := w.fusedWith(rec, link)
	if err != nil {
		return inventory.ID{}, err
	}
	name, own := rec.ID.Name(), rec.Own
	if kept != nil {
		name, own = kept.path[strings.LastIndexByte(kept.path, '/')+1:], kept.own
		if _, err := w.exec(`delete from tombstone where id = $1`, kept.row); err != nil {
			return inventory.ID{}, err
		}
	} else {
		kept, own = &remnant{}, maps.Clone(own)
		delete(own, inventory.FieldHandedOver) // that is of what stays
	}
	to, err := w.free(parent, rec.ID.Kind(), name)
	if err != nil {
		return to, err
	}
	if err := w.letGoOf(rec.ID, link); err != nil {
		return to, err
	}
	if err := w.flush(); err != nil {
		return to, err
	}
	u, err := w.create(to, to.Name())
	if err != nil {
		return to, err
	}
	at := slices.IndexFunc(rec.Origins, func(o inventory.Origin) bool { return o.Link == link })
	if taken, err := w.keyTaken(kept.key); err != nil {
		return to, err
	} else if !taken {
		u.record.Key = kept.key
	}
	u.record.Own, u.record.Origins = own, []inventory.Origin{rec.Origins[at]}
	if rec.ID.Kind() == inventory.KindAPI && w.claim.Link.IsZero() {
		u.record.Origins[0].MergeKey = "" // a person's word stands against any rule
	}
	if err := w.state(u, link); err != nil {
		return to, err
	}
	if err := w.resettle(to); err != nil {
		return to, err
	}
	// What was kept of it before that is of what it is again.
	if err := w.follow(rec, u.record); err != nil {
		return to, err
	}
	return to, w.takeAlong(rec.ID, to, link, kept.along)
}

// follow has what is kept of the thing of a link that became one with another
// lead to where that is now.
func (w *work) follow(from, to inventory.Record) error {
	o := to.Origins[0]
	source, err := w.graveOf(o.Link, to.ID.Kind())
	if err != nil {
		return err
	}
	_, err = w.exec(`update tombstone set moved_to = $6
		where service = $1 and source = $2 and kind = $3 and external = $4 and why = 'merged' and moved_to = $5`,
		to.ID.Ancestor(inventory.KindService).String(), source, string(to.ID.Kind()), o.External, from.Path, to.Path)
	return err
}

// resettle stores a thing that has its old row again. A version may not be the
// newest of its API then, as others that are made are.
func (w *work) resettle(id inventory.ID) error {
	if err := w.flush(); err != nil || id.Kind() != inventory.KindVersion {
		return err
	}
	if api := w.units[id.Parent()]; api != nil {
		api.newest, api.fresh = nil, false
	}
	if err := w.restage(id); err != nil {
		return err
	}
	return w.flush()
}

// keyTaken says that there is a row of that number: of a thing of several links,
// the first that left has it.
func (w *work) keyTaken(key int64) (taken bool, err error) {
	err = w.row([]any{&taken}, `select exists (select 1 from resource where id = $1)`, key)
	return taken, err
}

// takeAlong moves what a link alone states directly in one thing, and what once
// came along with it, into another. Versions that others state too are parted.
func (w *work) takeAlong(from, to, link inventory.ID, along []strayed) error {
	if err := w.flush(); err != nil {
		return err
	}
	all, err := w.session.Below(from)
	if err != nil {
		return err
	}
	for _, rec := range all {
		if rec.ID.Parent() != from {
			continue
		}
		name := rec.ID.Name()
		was := slices.IndexFunc(along, func(s strayed) bool { return s.Key == rec.Key })
		if was >= 0 {
			name = along[was].Path[strings.LastIndexByte(along[was].Path, '/')+1:]
		}
		switch mine := states(rec, link); {
		case mine && len(rec.Origins) > 1 && was >= 0:
			if err := w.takeShared(rec, to, link, name); err != nil {
				return err
			}
		case mine && len(rec.Origins) > 1:
			if _, err := w.part(rec, link, to); err != nil {
				return err
			}
		case mine, was >= 0 && len(rec.Origins) == 0:
			at, err := w.free(to, rec.ID.Kind(), strings.ToLower(name))
			if err != nil {
				return err
			}
			if err := w.Move(rec.ID, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeShared takes a version that came along with a link's API into to; what
// others have joined with it since stays where it is, as versions of their own.
func (w *work) takeShared(rec inventory.Record, to, link inventory.ID, name string) error {
	others := slices.DeleteFunc(slices.Clone(rec.Origins), func(o inventory.Origin) bool { return o.Link == link })
	for _, o := range others {
		left, err := w.Record(rec.ID)
		if err != nil {
			return err
		}
		if _, err := w.part(left, o.Link, rec.ID.Parent()); err != nil {
			return err
		}
	}
	at, err := w.free(to, rec.ID.Kind(), strings.ToLower(name))
	if err != nil {
		return err
	}
	if err := w.Move(rec.ID, at); err != nil {
		return err
	}
	for _, o := range others {
		if _, err := w.align(rec.ID.Parent(), o.Link); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) Lead(id, link inventory.ID) error {
	all, err := w.Below(id)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return w.missing(id)
	}
	if !states(all[0], link) {
		return inventory.Errorf(inventory.Invalid, "", "link %q brought nothing of %s %q", link.Name(), id.Kind(), all[0].Name())
	}
	key, err := w.linkKey(link)
	if err != nil {
		return err
	}
	for _, rec := range all {
		if len(rec.Origins) < 2 || !states(rec, link) {
			continue
		}
		u, err := w.find(rec.ID)
		if err != nil {
			return err
		}
		slices.SortStableFunc(u.record.Origins, func(a, b inventory.Origin) int { return rank(b.Link == link) - rank(a.Link == link) })
		if _, err := w.exec(`
			update origin set position = (select min(position) - 1 from origin where resource = $1) where resource = $1 and link = $2`, rec.Key, key); err != nil {
			return err
		}
		if err := w.touch(u); err != nil {
			return err
		}
	}
	return w.flush()
}

func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}
