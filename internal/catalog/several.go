package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"apicenter/internal/inventory"
)

// Tagged names an API as somebody has seen it.
type Tagged struct {
	API inventory.ID
	Tag Tag // zero: as it is
}

// Altered is what becomes of one of several APIs.
type Altered struct {
	API     inventory.Resource // zero when it is not there
	ID      inventory.ID
	Changes []inventory.FieldChange
	Refused error // why nothing changes; its code says what sort of reason it is
}

// alteredAtOnce is how many APIs are changed in one transaction: others write between.
const alteredAtOnce = 100

// PreviewAlter says what Alter would make of each of several APIs. It writes nothing.
func (c *Catalog) PreviewAlter(ctx context.Context, apis []Tagged, set inventory.Doc) (all []Altered, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		for _, api := range apis {
			a, err := c.alteration(tx, api, set)
			if err != nil {
				return err
			}
			all = append(all, a.Altered)
		}
		return nil
	})
	return all, err
}

// Alter gives people's fields of several APIs values, or takes them away where the
// value is null. The lifecycle stage becomes that of an API's newest version. One
// that is not as it was tagged, or that a rule forbids, is refused and changes in
// nothing; the others change all the same. After an error, what is told was done.
func (c *Catalog) Alter(ctx context.Context, apis []Tagged, set inventory.Doc) (done []Altered, err error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(apis, alteredAtOnce) {
		var now []Altered
		if err := c.store.Update(ctx, by, func(tx inventory.Tx) error {
			now = nil
			for _, api := range some {
				a, err := c.alteration(tx, api, set)
				if err != nil {
					return err
				}
				if err := a.put(tx); err != nil {
					return err
				}
				now = append(now, a.Altered)
			}
			return nil
		}); err != nil {
			return done, err
		}
		done = append(done, now...)
	}
	return done, nil
}

// alteration is what is to be written of one API.
type alteration struct {
	Altered
	layers []newLayer
}

// newLayer is the people's layer that a thing gets.
type newLayer struct {
	path  string
	id    inventory.ID
	own   inventory.Doc
	taken []inventory.Field
}

func (a alteration) put(tx inventory.Tx) error {
	for _, l := range a.layers {
		if len(l.taken) > 0 {
			if err := tx.Take(l.id, l.taken...); err != nil {
				return err
			}
		}
		if _, err := tx.PutOwn(l.path, l.own, inventory.Condition{}); err != nil {
			return err
		}
	}
	return nil
}

// alteration works out what a set of values means for one API.
func (c *Catalog) alteration(tx inventory.Reader, api Tagged, set inventory.Doc) (alteration, error) {
	a := alteration{Altered: Altered{ID: api.API}}
	err := c.alter(tx, api, set, &a)
	if _, ours := errors.AsType[*inventory.Error](err); ours {
		a.Changes, a.layers, a.Refused = nil, nil, err
		return a, nil
	}
	return a, err
}

func (c *Catalog) alter(tx inventory.Reader, api Tagged, set inventory.Doc, a *alteration) error {
	rec, err := tx.Record(api.API)
	if err != nil {
		return err
	}
	a.API = rec.Resource
	if api.Tag != (Tag{}) {
		if err := (Match{Tags: []Tag{api.Tag}}).holds(api.API, &rec.Resource); err != nil {
			return err
		}
	}
	own, stage := inventory.Doc{}, inventory.Doc{}
	for f, v := range set {
		if f == inventory.FieldLifecycleStage {
			stage[f] = v
		} else {
			own[f] = v
		}
	}
	if err := c.alterOne(tx, rec, own, a); err != nil || len(stage) == 0 {
		return err
	}
	for version, err := range tx.List(inventory.Query{Parent: api.API, Kind: inventory.KindVersion, Order: inventory.Order{Descending: true}, Limit: 1}) {
		if err != nil {
			return err
		}
		if rec, err = tx.Record(version.ID); err != nil {
			return err
		}
		return c.alterOne(tx, rec, stage, a)
	}
	return inventory.Errorf(inventory.Conflict, "properties.lifecycleStage",
		"api %q has no version, and its lifecycle stage is that of its newest version; make a version first", rec.Name())
}

// alterOne adds what is to be written of one thing.
func (c *Catalog) alterOne(tx inventory.Reader, rec inventory.Record, set inventory.Doc, a *alteration) error {
	body, changes := rec.View(), []inventory.FieldChange(nil)
	for f, v := range set.All() {
		before, had := body[f]
		if string(v) == "null" {
			if !had {
				continue
			}
			delete(body, f)
			changes = append(changes, inventory.FieldChange{Field: f, Before: before, After: orNull(nil)})
			continue
		}
		if had && inventory.SameJSON(before, v) {
			continue
		}
		body[f] = v
		changes = append(changes, inventory.FieldChange{Field: f, Before: orNull(before), After: v})
	}
	if len(changes) == 0 {
		return nil
	}
	own, taken, err := c.layer(tx, rec.ID, &rec, body)
	if err != nil {
		return err
	}
	a.Changes = append(a.Changes, changes...)
	a.layers = append(a.layers, newLayer{path: rec.Path, id: rec.ID, own: own, taken: taken})
	return nil
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}
