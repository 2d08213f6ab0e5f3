package store

import (
	"strings"

	"apicenter/internal/inventory"
)

// Move renames the rows of a subtree. What points to a definition in it are
// deployments of the API that it leaves or joins, by short id: in their own
// layer, in what sources state and in what readers see.
func (w *work) Move(id, to inventory.ID) error {
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
	if err != nil {
		return inventory.Errorf(inventory.NoParent, "", "cannot move %s: %v", id, err)
	}
	if taken, err := w.session.Below(to); err != nil || len(taken) > 0 {
		if err != nil {
			return err
		}
		return inventory.Errorf(inventory.Exists, "", "%s %q exists already", to.Kind(), to.Name())
	}
	from := all[0].Path
	target := parent.Path + "/" + to.Kind().Collection() + "/" + to.Name()
	for _, rec := range all {
		shown := target + strings.TrimPrefix(rec.Path, from)
		moved := inventory.MustID(shown)
		if _, err := w.exec(`update resource set path = $2, shown = $3, name = $4 where id = $1`, rec.Key, moved.String(), shown, moved.Name()); err != nil {
			return err
		}
		w.changes.moved(rec.Path, rec.ID, shown)
	}
	if _, err := w.exec(`update resource set parent = $2 where id = $1`, all[0].Key, parent.Key); err != nil {
		return err
	}
	for _, api := range []inventory.ID{id.Ancestor(inventory.KindAPI), to.Ancestor(inventory.KindAPI)} {
		if err := w.redirect(api, inventory.ShortID(from)+"/", inventory.ShortID(target)+"/"); err != nil {
			return err
		}
	}
	clear(w.units) // what was read before has other names
	w.order = nil
	if err := w.restage(id); err != nil {
		return err
	}
	return w.restage(to)
}

// redirect rewrites the references of an API's deployments. The texts are JSON;
// a short id needs no escaping in it, and ends in a slash here, so that no
// longer name is hit.
func (w *work) redirect(api inventory.ID, from, to string) error {
	const deployments = `(select id from resource where kind = 'deployment' and parent = (select id from resource where path = $1))`
	if _, err := w.exec(`
		update origin set states = replace(states, $2, $3) where resource in `+deployments+` and states like '%' || $2 || '%'`,
		api.String(), from, to); err != nil {
		return err
	}
	_, err := w.exec(`
		update resource set doc = replace(doc, $2, $3), own = replace(own, $2, $3), revision = revision + 1,
			updated = $4, updated_by = $5
		where id in `+deployments+` and doc like '%' || $2 || '%'`, api.String(), from, to, micros(w.now), w.by)
	return err
}
