package store

import (
	"slices"

	"apicenter/internal/inventory"
)

func (w *work) PutOrigin(id inventory.ID, o inventory.Origin, seeds inventory.Doc) error {
	o.Link, o.Run = w.claim.Link, w.claim.Run
	if o.MergeKey != "" {
		instance, err := w.instanceOf(o.Link)
		if err != nil {
			return err
		}
		group, said, err := w.word(o.Link.Ancestor(inventory.KindService), instance, o.External)
		if err != nil {
			return err
		}
		if said && group == "" {
			o.MergeKey = "" // a person said that it is to stay alone
		}
	}
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		if u, err = w.bring(id, o.External, seeds); err != nil {
			return err
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
		if o.External == have.External && o.States.Equal(have.States) {
			o.Run = have.Run
		}
		u.record.Origins[at] = o
	}
	return w.state(u, o.Link)
}

// bring makes a unit for a new thing of the source: with the people's layer and
// the things that a tombstone kept of it, else with the seeds.
func (w *work) bring(id inventory.ID, external string, seeds inventory.Doc) (*unit, error) {
	kept, err := w.exhume(id, external)
	if err != nil {
		return nil, err
	}
	u, err := w.create(id, id.Name())
	if err != nil {
		return nil, err
	}
	if kept == nil {
		if seeds != nil {
			u.record.Own = seeds
		}
		return u, nil
	}
	u.record.Own = kept.own
	return u, w.revive(u, *kept)
}

// same says that writing b over a would change nothing but the time of reading.
func same(a, b inventory.Origin) bool {
	return a.External == b.External && a.Mark == b.Mark && a.MergeKey == b.MergeKey && a.DocumentMark == b.DocumentMark && a.Problem == b.Problem &&
		a.Retry.Equal(b.Retry) && a.Verified.Equal(b.Verified) && a.States.Equal(b.States) && a.Gone.At.Equal(b.Gone.At)
}

// state has what a link states of a unit written at the next flush.
func (w *work) state(u *unit, link inventory.ID) error {
	if !slices.Contains(u.stated, link) {
		u.stated = append(u.stated, link)
	}
	return w.touch(u)
}

func (w *work) Compared(id inventory.ID, c inventory.Compatibility) error {
	u, err := w.reach(id)
	if err != nil {
		return err
	}
	w.changes.compared(u.record.Path, id, c)
	return nil
}

func (w *work) DropOrigin(id inventory.ID, why inventory.Why) error {
	return w.drop(id, why, "")
}

func (w *work) Merge(id, to inventory.ID) error {
	target, err := w.Get(to)
	if err != nil {
		return err
	}
	return w.drop(id, inventory.Merged, target.Path)
}

// drop ends the link's word on id and all below it, and removes what nobody else
// states, with what people made below that.
func (w *work) drop(id inventory.ID, why inventory.Why, to string) error {
	if err := w.flush(); err != nil {
		return err
	}
	all, err := w.session.Below(id)
	if err != nil {
		return err
	}
	leaving := inventory.Leaving(all, w.claim.Link)
	goes := map[inventory.ID]bool{}
	for _, rec := range leaving {
		goes[rec.ID] = true
	}
	for _, rec := range all {
		if !goes[rec.ID] && rec.Of(w.claim.Link) {
			if err := w.letGo(rec.ID); err != nil {
				return err
			}
		}
	}
	for _, rec := range leaving {
		if err := w.entomb(rec, leaving, why, to); err != nil {
			return err
		}
	}
	return w.remove(leaving, why)
}

// letGo takes the origin of the claim's link from a resource that stays. Another
// API of the link may become one with it from here on.
func (w *work) letGo(id inventory.ID) error {
	u, err := w.find(id)
	if err != nil || u == nil {
		return err
	}
	for _, o := range u.record.Origins {
		if err := w.reconsider(o.MergeKey, id, 0); err != nil {
			return err
		}
	}
	return w.letGoOf(id, w.claim.Link)
}

func (w *work) letGoOf(id, link inventory.ID) error {
	u, err := w.find(id)
	if err != nil || u == nil {
		return err
	}
	u.record.Origins = slices.DeleteFunc(u.record.Origins, func(o inventory.Origin) bool { return o.Link == link })
	return w.state(u, link)
}

func (w *work) LetGo(id inventory.ID) error {
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		return w.missing(id)
	}
	at := slices.IndexFunc(u.record.Origins, func(o inventory.Origin) bool { return o.Link == w.claim.Link })
	if at < 0 {
		return nil
	}
	o := u.record.Origins[at]
	o.Gone = inventory.Gone{}
	u.record.Own = inventory.Overlay(u.record.Own, []inventory.Origin{o})
	if len(u.record.Origins) > 1 {
		u.record.Own.Set(inventory.FieldHandedOver, true)
	}
	return w.letGo(id)
}

func (w *work) MarkGone(id inventory.ID, gone inventory.Gone) error {
	u, err := w.find(id)
	if err != nil {
		return err
	}
	if u == nil {
		return w.missing(id)
	}
	for i, o := range u.record.Origins {
		if o.Link == w.claim.Link && o.Gone.At.IsZero() && !gone.At.Before(o.Read) {
			o.Gone, o.Mark, o.Read = gone, "", gone.At
			u.record.Origins[i] = o
		}
	}
	return w.state(u, w.claim.Link)
}

func (w *work) Remove() error {
	if err := w.flush(); err != nil {
		return err
	}
	rec, err := w.session.Record(w.claim.Link)
	if err != nil {
		return err
	}
	if err := w.separable(rec, rec.ID); err != nil {
		return err
	}
	return w.remove([]inventory.Record{rec}, inventory.Unlinked)
}
