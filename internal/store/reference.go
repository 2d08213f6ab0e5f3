package store

import (
	"database/sql"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// fieldDefinition is where a deployment points to its definition, by short id.
// The definition may move: then what pointed to it follows. It may go: then what
// a person said stays as it was said, like any word of theirs, and is true again
// when the definition comes again, which it does under its former name.
const fieldDefinition inventory.Field = "/definitionId"

// referrers are the deployments that point to a definition.
func (w *work) referrers(definition inventory.ID) ([]inventory.ID, error) {
	all, err := collect(w.session, query{
		text: `select r.path from resource r where r.kind = 'deployment' and lower(json_extract(r.doc, '$.definitionId')) = $1 and ` + inSight,
		args: []any{inventory.ShortID(definition.String())},
	}, scanID)
	service := definition.Ancestor(inventory.KindService)
	return slices.DeleteFunc(all, func(at inventory.ID) bool { return !service.Contains(at) }), err
}

func scanID(rows *sql.Rows) (inventory.ID, error) {
	var path string
	if err := rows.Scan(&path); err != nil {
		return inventory.ID{}, err
	}
	return inventory.ParseID(path)
}

// repoint has a deployment that pointed to one definition point to another,
// whoever said it: what a link states of it, too, would else point nowhere
// until that link's own pass.
func (w *work) repoint(deployment inventory.ID, from, to string) error {
	u, err := w.find(deployment)
	if err != nil || u == nil {
		return err
	}
	if strings.EqualFold(u.record.Own.Text(fieldDefinition), from) {
		u.record.Own = u.record.Own.With(fieldDefinition, to)
	}
	for i, o := range u.record.Origins {
		if strings.EqualFold(o.States.Text(fieldDefinition), from) {
			u.record.Origins[i].States = o.States.With(fieldDefinition, to)
			if err := w.state(u, o.Link); err != nil {
				return err
			}
		}
	}
	return w.touch(u)
}
