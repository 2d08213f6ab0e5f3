package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"apicenter/internal/inventory"
)

func (t *session) Groups(subscription string) ([]inventory.Group, error) {
	const all = `select subscription, name, location, tags, created, created_by, updated, updated_by from resource_group`
	q := query{text: all + ` order by id`}
	if subscription != "" { // the slash is the character before '0', as in Below
		folded := strings.ToLower(subscription)
		q = query{text: all + ` where folded > $1 and folded < $2 order by id`, args: []any{folded + "/", folded + "0"}}
	}
	return collect(t, q, scanGroup)
}

func scanGroup(rows *sql.Rows) (inventory.Group, error) {
	var g inventory.Group
	var tags []byte
	var created, updated int64
	if err := rows.Scan(&g.Subscription, &g.Name, &g.Location, &tags, &created, &g.Created.By, &updated, &g.Updated.By); err != nil {
		return g, err
	}
	g.Created.At, g.Updated.At = instant(created), instant(updated)
	if err := json.Unmarshal(tags, &g.Tags); err != nil {
		return g, fmt.Errorf("tags of the resource group %s: %w", g.Name, err)
	}
	return g, nil
}

// foldedGroup names a group without regard to case.
func foldedGroup(subscription, name string) string {
	return strings.ToLower(subscription + "/" + name)
}

func (w *work) PutGroup(g inventory.Group) (created bool, err error) {
	if g.Tags == nil {
		g.Tags = map[string]string{}
	}
	tags, err := json.Marshal(g.Tags)
	if err != nil {
		return false, err
	}
	// A row that is already there keeps the instant at which it was made.
	var made, updated int64
	err = w.row([]any{&made, &updated}, `
		insert into resource_group (folded, subscription, name, location, tags, created, created_by, updated, updated_by)
		values ($1, $2, $3, $4, $5, $6, $7, $6, $7)
		on conflict (folded) do update set location = $4, tags = $5, updated = max($6, created + 1), updated_by = $7
		returning created, updated`,
		foldedGroup(g.Subscription, g.Name), g.Subscription, g.Name, g.Location, string(tags), micros(w.now), w.by)
	return made == updated, err
}

func (w *work) DeleteGroup(subscription, name string) error {
	result, err := w.exec(`delete from resource_group where folded = $1`, foldedGroup(subscription, name))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return inventory.Errorf(inventory.NotFound, "", "resource group %q was not found", name)
}
