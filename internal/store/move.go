package store

import (
	"errors"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// movable are the kinds that Move takes: nothing but deployments points to them
// or into them.
var movable = []inventory.Kind{inventory.KindAPI, inventory.KindVersion, inventory.KindDefinition, inventory.KindDeployment}

func (w *work) Move(id, to inventory.ID) error {
	if !slices.Contains(movable, id.Kind()) || to.Kind() != id.Kind() {
		return inventory.Errorf(inventory.Invalid, "", "%s %q cannot move to %s", id.Kind(), id.Name(), to)
	}
	if err := w.flush(); err != nil {
		return err
	}
	all, err := w.session.Below(id)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return w.missing(id)
	}
	parent, err := w.session.Get(to.Parent())
	if errors.Is(err, inventory.NotFound) {
		return inventory.Errorf(inventory.NoParent, "", "%s %q cannot move: %v", id.Kind(), id.Name(), err)
	}
	if err != nil {
		return err
	}
	if taken, err := w.lookup(to); err != nil {
		return err
	} else if taken != nil {
		return inventory.Errorf(inventory.Exists, "", "%s %q exists already", to.Kind(), to.Name())
	}
	from, target := all[0].Path, parent.Path+"/"+to.Kind().Collection()+"/"+to.Name()
	arrows, err := w.arrows(all)
	if err != nil {
		return err
	}
	for _, rec := range all {
		shown := target + strings.TrimPrefix(rec.Path, from)
		if err := w.rename(rec, shown, id.Kind() == inventory.KindAPI); err != nil {
			return err
		}
	}
	if _, err := w.exec(`update resource set parent = $2 where id = $1`, all[0].Key, parent.Key); err != nil {
		return err
	}
	clear(w.units) // what was read before has other names
	for _, a := range arrows {
		at := inventory.MustID(moved(a.deployment.String(), id.String(), to.String()))
		if err := w.repoint(at, inventory.ShortID(a.definition), inventory.ShortID(moved(a.definition, from, target))); err != nil {
			return err
		}
	}
	if id.Kind() != inventory.KindVersion {
		return nil
	}
	return errors.Join(w.restage(id), w.restage(to))
}

// rename gives a row another place, alone or with the API that it is or is in.
func (w *work) rename(rec inventory.Record, shown string, withAPI bool) error {
	id, err := inventory.ParseID(shown)
	if err != nil {
		return err
	}
	if some, err := w.anyBuried(); err != nil {
		return err
	} else if some {
		if _, err := w.exec(`update tombstone set moved_to = $2 where moved_to = $1 and moved_to <> ''`, rec.Path, shown); err != nil {
			return err
		}
	}
	if err := w.keep(rec.Key); err != nil {
		return err
	}
	if _, err := w.exec(`update resource set path = $2, shown = $3, name = $4, since = $5 where id = $1`,
		rec.Key, id.String(), shown, id.Name(), micros(w.now)); err != nil {
		return err
	}
	if !withAPI {
		w.changes.moved(rec, id, shown)
	} else if !w.changes.carried(rec, id, shown) {
		delete(w.raised, rec.Key) // so it is in the events
	}
	if rec.Path = shown; indexed(id.Kind()) {
		w.entries = append(w.entries, searchEntry{key: rec.Key, replace: true, texts: new(textsOf(rec, rec.View()))})
	}
	return nil
}

// arrow is a deployment that points to a definition, by its shown path.
type arrow struct {
	deployment inventory.ID
	definition string
}

// arrows are those that point to one of the records.
func (w *work) arrows(records []inventory.Record) ([]arrow, error) {
	var out []arrow
	for _, rec := range records {
		if rec.ID.Kind() != inventory.KindDefinition {
			continue
		}
		all, err := w.referrers(rec.ID)
		if err != nil {
			return nil, err
		}
		for _, deployment := range all {
			out = append(out, arrow{deployment: deployment, definition: rec.Path})
		}
	}
	return out, nil
}

// moved is where a path is after from has become to.
func moved(path, from, to string) string {
	if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '/') {
		return to + rest
	}
	return path
}
