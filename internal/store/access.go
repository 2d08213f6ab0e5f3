package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"apicenter/internal/inventory"
)

const assignmentColumns = `name, scope, role, principal, principal_type, description, created, created_by, updated, updated_by`

func scanAssignment(rows *sql.Rows) (inventory.Assignment, error) {
	var a inventory.Assignment
	var created, updated int64
	err := rows.Scan(&a.Name, &a.Scope, &a.Role, &a.Principal, &a.PrincipalType, &a.Description, &created, &a.Created.By, &updated, &a.Updated.By)
	a.Created.At, a.Updated.At = instant(created), instant(updated)
	return a, err
}

// Assignments gives all assignments.
func (s *Store) Assignments(ctx context.Context) (all []inventory.Assignment, err error) {
	err = s.transact(ctx, reading, func(t *session) (err error) {
		all, err = collect(t, query{text: `select ` + assignmentColumns + ` from assignment order by id`}, scanAssignment)
		return err
	})
	return all, err
}

// PutAssignment keeps an assignment.
func (s *Store) PutAssignment(ctx context.Context, by string, a inventory.Assignment) (stored inventory.Assignment, created bool, err error) {
	err = s.transact(ctx, durable, func(t *session) error {
		alike, err := collect(t, query{
			text: `select ` + assignmentColumns + ` from assignment where name = $1 or principal = $2 and role = $3 and scope = $4`,
			args: []any{a.Name, a.Principal, a.Role, a.Scope},
		}, scanAssignment)
		if err != nil {
			return err
		}
		stamp := inventory.Stamp{At: t.now, By: by}
		a.Created, a.Updated = stamp, stamp
		if len(alike) == 0 {
			stored, created = a, true
			return t.assign(a)
		}
		stored, err = reassigned(alike, a)
		if err != nil || stored == alike[0] {
			return err
		}
		return t.reassign(alike[0], stored)
	})
	return stored, created, err
}

// reassigned is what an assignment becomes, by those that have its name or say the same.
func reassigned(alike []inventory.Assignment, a inventory.Assignment) (inventory.Assignment, error) {
	for _, other := range alike {
		switch same := other.Principal == a.Principal && other.Role == a.Role && other.Scope == a.Scope; {
		case same && other.Name != a.Name:
			return other, inventory.Errorf(inventory.Conflict, "", "the role assignment already exists, under the name %s", other.Name)
		case !same:
			return other, inventory.Errorf(inventory.Invalid, "properties", "the role assignment %s gives another role, or to another principal, or on another scope, "+
				"and none of these can be changed; delete it, or use a new name", a.Name)
		}
	}
	stored := alike[0]
	if stored.PrincipalType != a.PrincipalType || stored.Description != a.Description {
		stored.PrincipalType, stored.Description, stored.Updated = a.PrincipalType, a.Description, a.Updated
	}
	return stored, nil
}

func (t *session) assign(a inventory.Assignment) error {
	if _, err := t.exec(`insert into assignment (`+assignmentColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.Name, a.Scope, a.Role, a.Principal, a.PrincipalType, a.Description,
		micros(a.Created.At), a.Created.By, micros(a.Updated.At), a.Updated.By); err != nil {
		return err
	}
	return t.tell(a.Created.By, inventory.Change{Path: assignmentPath(a.Name), Action: inventory.Created})
}

func (t *session) reassign(before, after inventory.Assignment) error {
	if _, err := t.exec(`update assignment set principal_type = $2, description = $3, updated = $4, updated_by = $5 where name = $1`,
		after.Name, after.PrincipalType, after.Description, micros(after.Updated.At), after.Updated.By); err != nil {
		return err
	}
	change := inventory.Change{Path: assignmentPath(after.Name), Action: inventory.Updated}
	was, is := assignmentDoc(before), assignmentDoc(after)
	for _, f := range was.Changed(is) {
		change.Fields = append(change.Fields, inventory.FieldChange{Field: f, Before: was[f], After: is[f]})
	}
	return t.tell(after.Updated.By, change)
}

// DeleteAssignment deletes an assignment.
func (s *Store) DeleteAssignment(ctx context.Context, by, name string) error {
	return s.transact(ctx, durable, func(t *session) error {
		n, err := t.unassign(by, `name = $1`, name)
		if err == nil && n == 0 {
			err = inventory.Errorf(inventory.NotFound, "", "there is no role assignment %s", name)
		}
		return err
	})
}

// unassign deletes the assignments that meet a condition, and says how many.
func (t *session) unassign(by, condition string, args ...any) (int, error) {
	gone, err := collect(t, query{text: `delete from assignment where ` + condition + ` returning ` + assignmentColumns, args: args}, scanAssignment)
	if err != nil {
		return 0, err
	}
	for _, a := range gone {
		if err := t.tell(by, deleted(assignmentPath(a.Name), assignmentDoc(a))); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}

func assignmentPath(name string) string { return "/access/roleAssignments/" + name }

// assignmentDoc is an assignment as events tell of it.
func assignmentDoc(a inventory.Assignment) inventory.Doc {
	return texts("/scope", a.Scope, "/role", a.Role, "/principal", a.Principal, "/principalType", a.PrincipalType, "/description", a.Description)
}

const keyColumns = `id, name, prefix, hash, role, scope, created, created_by, expires`

func scanKey(rows *sql.Rows) (inventory.Key, error) {
	var k inventory.Key
	var created, expires int64
	err := rows.Scan(&k.ID, &k.Name, &k.Prefix, &k.Hash, &k.Role, &k.Scope, &created, &k.Created.By, &expires)
	k.Created.At, k.Expires = instant(created), instant(expires)
	return k, err
}

// Keys gives all API keys.
func (s *Store) Keys(ctx context.Context) (all []inventory.Key, err error) {
	err = s.transact(ctx, reading, func(t *session) (err error) {
		all, err = collect(t, query{text: `select ` + keyColumns + ` from credential order by sequence`}, scanKey)
		return err
	})
	return all, err
}

// PutKey keeps a new key.
func (s *Store) PutKey(ctx context.Context, by string, k inventory.Key) (inventory.Key, error) {
	err := s.transact(ctx, durable, func(t *session) error {
		k.Created, k.Expires = inventory.Stamp{At: t.now, By: by}, instant(micros(k.Expires))
		if _, err := t.exec(`insert into credential (`+keyColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			k.ID, k.Name, k.Prefix, string(k.Hash), k.Role, k.Scope, micros(k.Created.At), by, micros(k.Expires)); err != nil {
			return err
		}
		return t.tell(by, inventory.Change{Path: keyPath(k.ID), Action: inventory.Created})
	})
	return k, err
}

// DeleteKey deletes a key.
func (s *Store) DeleteKey(ctx context.Context, by, id string) error {
	return s.transact(ctx, durable, func(t *session) error {
		n, err := t.revoke(by, `id = $1`, id)
		if err == nil && n == 0 {
			err = inventory.Errorf(inventory.NotFound, "", "there is no key %s", id)
		}
		return err
	})
}

// revoke deletes the keys that meet a condition, and says how many.
func (t *session) revoke(by, condition string, args ...any) (int, error) {
	gone, err := collect(t, query{text: `delete from credential where ` + condition + ` returning ` + keyColumns, args: args}, scanKey)
	if err != nil {
		return 0, err
	}
	for _, k := range gone {
		if err := t.tell(by, deleted(keyPath(k.ID), texts("/name", k.Name, "/prefix", k.Prefix, "/scope", k.Scope, "/role", k.Role))); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}

// disown ends all rights on a service that is purged: another of its name must
// not come with them.
func (t *session) disown(by string, service inventory.ID) error {
	const onTree = `(scope = $1 or (scope > $2 and scope < $3))`
	for _, scope := range inventory.Scopes(service) {
		if _, err := t.unassign(by, onTree, tree(scope)...); err != nil {
			return err
		}
		if _, err := t.revoke(by, onTree, tree(scope)...); err != nil {
			return err
		}
	}
	return nil
}

func keyPath(id string) string { return "/access/keys/" + id }

// deleted tells that something went, and what there was.
func deleted(path string, was inventory.Doc) inventory.Change {
	change := inventory.Change{Path: path, Action: inventory.Deleted}
	for f, v := range was.All() {
		change.Fields = append(change.Fields, inventory.FieldChange{Field: f, Before: v})
	}
	return change
}

// texts makes a doc of fields and their texts, in pairs.
func texts(pairs ...string) inventory.Doc {
	d := inventory.Doc{}
	for pair := range slices.Chunk(pairs, 2) {
		d.Set(inventory.Field(pair[0]), pair[1])
	}
	return d
}

// tell writes the event of one change that is not of a resource.
func (t *session) tell(by string, c inventory.Change) error {
	changes, err := json.Marshal([]inventory.Change{c})
	if err != nil {
		return err
	}
	return t.event(by, 0, c.Action, c.Path, "", changes)
}

var _ inventory.Access = (*Store)(nil)
