package store

import (
	"errors"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

func (w *work) RestoreTombstone(service inventory.ID, number int64) (r inventory.Restoration, err error) {
	kept, err := w.tombstone(service, number)
	if err != nil {
		return r, err
	}
	link, of, err := w.statedAs(service, kept)
	if err != nil {
		return r, err
	}
	if kept.MovedTo != "" {
		alone, err := w.aloneIn(of, kept)
		if err != nil {
			return r, err
		}
		if !alone {
			return r, inventory.Errorf(inventory.Conflict, "",
				"%s %q became one with %s, and what it was is kept until it is taken out of that", kept.Kind, base(kept.Path), kept.MovedTo)
		}
		kept.MovedTo = "" // what others brought is gone from it
	}
	if !of.IsZero() {
		_, whole, err := w.giveBack(link, kept)
		if err != nil {
			return r, err
		}
		r.Left = !whole
		r.Resource, err = w.Get(of)
		return r, err
	}
	all, err := w.buriedWith(service, kept)
	if err != nil {
		return r, err
	}
	for _, t := range all {
		if err := w.rebuild(t); err != nil {
			return r, err
		}
		r.Things += 1 + len(t.Below)
	}
	r.Resource, err = w.Get(inventory.MustID(kept.Path))
	return r, err
}

func (w *work) ForgetTombstone(service inventory.ID, number int64) (int, error) {
	kept, err := w.tombstone(service, number)
	if err != nil {
		return 0, err
	}
	all, err := w.buriedWith(service, kept)
	if err != nil {
		return 0, err
	}
	for _, t := range all {
		if _, err := w.exec(`delete from tombstone where id = $1`, t.ID); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// aloneIn says that a thing is what another became one with, and is of that
// other's link alone by now.
func (w *work) aloneIn(of inventory.ID, kept inventory.Tombstone) (bool, error) {
	if of.IsZero() || !strings.EqualFold(of.String(), kept.MovedTo) {
		return false, nil
	}
	rec, err := w.Record(of)
	return len(rec.Origins) == 1, err
}

// tombstone gives one of a service. NotFound.
func (t *session) tombstone(service inventory.ID, number int64) (inventory.Tombstone, error) {
	all, err := collect(t, query{text: tombstones + ` and id = $2`, args: []any{service.String(), number}}, scanTombstone)
	if err == nil && len(all) == 0 {
		return inventory.Tombstone{}, inventory.Errorf(inventory.NotFound, "", "there is no tombstone %d", number)
	}
	if err != nil {
		return inventory.Tombstone{}, err
	}
	return all[0], nil
}

// statedAs is what a link has again of which a tombstone is kept, and that link;
// zero when there is no such thing.
func (w *work) statedAs(service inventory.ID, kept inventory.Tombstone) (link, of inventory.ID, err error) {
	var links []inventory.ID
	for r, err := range w.List(inventory.Query{Parent: service, Kind: inventory.KindLink}) {
		if err != nil {
			return link, of, err
		}
		links = append(links, r.ID)
	}
	for _, link := range links {
		source, err := w.graveOf(link, kept.Kind)
		if err != nil {
			return link, of, err
		}
		if source != kept.Source {
			continue
		}
		e, err := w.Origin(link, kept.Kind, kept.External)
		if !errors.Is(err, inventory.NotFound) {
			return link, e.ID, err
		}
	}
	return inventory.ID{}, inventory.ID{}, nil
}

// buriedWith are a tombstone and those of what went with it, of what it was in
// before what was in it: things below it, and the deployments of a version.
func (t *session) buriedWith(service inventory.ID, kept inventory.Tombstone) ([]inventory.Tombstone, error) {
	at, err := inventory.ParseID(kept.Path)
	if err != nil {
		return nil, err
	}
	deployments := ""
	if kept.Kind == inventory.KindVersion {
		deployments = at.Parent().String() + "/deployments/"
	}
	all, err := collect(t, query{
		text: tombstones + ` and source = $2 and at = $3 and moved_to = '' and (id = $4 or folded > $5 and folded < $6
			or $7 <> '' and external = $8 and substr(folded, 1, length($7)) = $7)`,
		args: []any{service.String(), kept.Source, micros(kept.At), kept.ID, at.String() + "/", at.String() + "0", deployments, kept.External},
	}, scanTombstone)
	slices.SortFunc(all, func(a, b inventory.Tombstone) int {
		return strings.Compare(strings.ToLower(a.Path), strings.ToLower(b.Path))
	})
	return all, err
}

// rebuild makes a thing again that a source took away, as people's own and as
// readers saw it, with what people had made below it.
func (w *work) rebuild(t inventory.Tombstone) error {
	id, err := inventory.ParseID(t.Path)
	if err != nil {
		return err
	}
	if t.Seen == nil {
		return inventory.Errorf(inventory.Conflict, "",
			"of %s %q the words of people alone are kept; they come back with it when its source has it again", t.Kind, base(t.Path))
	}
	if taken, err := w.find(id); err != nil {
		return err
	} else if taken != nil {
		return inventory.Errorf(inventory.Conflict, "", "there is a %s %q; delete it first, if the other is to come back", t.Kind, base(t.Path))
	}
	u, err := w.create(id, base(t.Path))
	if errors.Is(err, inventory.NoParent) {
		return inventory.Errorf(inventory.Conflict, "", "%s %q was in %s %q, which is not there; restore that first", t.Kind, base(t.Path), id.Parent().Kind(), id.Parent().Name())
	}
	if err != nil {
		return err
	}
	u.record.Own = t.Seen
	if err := w.revive(u, remains{path: t.Path, below: t.Below}); err != nil {
		return err
	}
	_, err = w.exec(`delete from tombstone where id = $1`, t.ID)
	return err
}

// base is the last segment of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
