package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/metadata"
)

// assignable are the kinds whose custom properties schemas speak of. On the wire
// they are called as here.
var assignable = []inventory.Kind{inventory.KindAPI, inventory.KindEnvironment, inventory.KindDeployment}

// assignment says that a schema is for things of a kind.
type assignment struct {
	Entity   string `json:"entity"`
	Required bool   `json:"required"`
}

// schema is a metadata schema: what a custom property of its name may be.
type schema struct {
	name       string
	Schema     string       `json:"schema"`
	AssignedTo []assignment `json:"assignedTo"`
}

func schemaOf(r inventory.Resource) (schema, error) {
	s := schema{name: r.Name()}
	if err := json.Unmarshal(r.Doc, &s); err != nil {
		return s, fmt.Errorf("properties of %s: %w", r.Path, err)
	}
	return s, nil
}

// assigned gives the assignment to a kind.
func (s schema) assigned(k inventory.Kind) (assignment, bool) {
	at := slices.IndexFunc(s.AssignedTo, func(a assignment) bool { return strings.EqualFold(a.Entity, string(k)) })
	if at < 0 {
		return assignment{}, false
	}
	return s.AssignedTo[at], true
}

// field is the custom property that the schema is of.
func (s schema) field() inventory.Field { return customPrefix + inventory.Field(s.name) }

const customPrefix inventory.Field = "/customProperties/"

// schemasFor gives the schemas of a service that are assigned to a kind.
func schemasFor(tx inventory.Reader, service inventory.ID, k inventory.Kind) ([]schema, error) {
	var out []schema
	for r, err := range tx.List(inventory.Query{Parent: service, Kind: inventory.KindSchema}) {
		if err != nil {
			return nil, err
		}
		s, err := schemaOf(r)
		if err != nil {
			return nil, err
		}
		if _, ok := s.assigned(k); ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// checkCustom holds the custom properties of a thing against the schemas that
// are assigned to its kind. Values that repeat the present ones pass, whatever
// has become of the schema since. Where no schema is assigned, anything goes;
// where some are, only they can be given: so says the exported schema, too.
func checkCustom(tx inventory.Reader, id inventory.ID, present, next inventory.Doc) error {
	kind := id.Kind()
	if !slices.Contains(assignable, kind) {
		return nil
	}
	schemas, err := schemasFor(tx, id.Ancestor(inventory.KindService), kind)
	if err != nil || len(schemas) == 0 {
		return err
	}
	for f, value := range next.All() {
		name, custom := strings.CutPrefix(string(f), string(customPrefix))
		if was, ok := present[f]; !custom || ok && inventory.SameJSON(was, value) {
			continue
		}
		at := slices.IndexFunc(schemas, func(s schema) bool { return s.field() == f })
		if at < 0 {
			return inventory.Errorf(inventory.Invalid, target(kind, "customProperties/"+name),
				"no metadata schema %q is assigned to kind %s; assign one, or use those that are: %s", name, kind, names(schemas))
		}
		if err := schemas[at].check(kind, value); err != nil {
			return err
		}
	}
	for _, s := range schemas {
		a, _ := s.assigned(kind)
		if _, ok := next[s.field()]; a.Required && !ok {
			return missing(kind, target(kind, "customProperties/"+s.name))
		}
	}
	return nil
}

func names(schemas []schema) string {
	out := make([]string, len(schemas))
	for i, s := range schemas {
		out[i] = s.name
	}
	return strings.Join(out, ", ")
}

// check holds a value against the schema.
func (s schema) check(k inventory.Kind, value json.RawMessage) error {
	parsed, err := metadata.Parse(s.Schema)
	if err != nil {
		return fmt.Errorf("metadata schema %s: %w", s.name, err)
	}
	if err := parsed.Check(value); err != nil {
		at := target(k, "customProperties/"+s.name)
		return inventory.Errorf(inventory.Invalid, at, "%s does not fit the metadata schema %q: %v", at, s.name, err)
	}
	return nil
}

// checkSchema says whether a schema may become what own says. rec is the present one.
func (c *Catalog) checkSchema(tx inventory.Reader, id inventory.ID, rec inventory.Record, own inventory.Doc) error {
	next, err := schemaOf(inventory.Resource{Path: id.String(), Doc: own.JSON(id.Kind())})
	if err != nil {
		return err
	}
	for i, a := range next.AssignedTo {
		if slices.ContainsFunc(next.AssignedTo[:i], func(b assignment) bool { return strings.EqualFold(a.Entity, b.Entity) }) {
			return inventory.Errorf(inventory.Invalid, "properties.assignedTo", "properties.assignedTo names %s twice", a.Entity)
		}
	}
	if err := c.limits.metadata(tx, id, next); err != nil {
		return err
	}
	text := rec.Own.Text("/schema")
	if rec.Key != 0 && next.Schema == text {
		return nil
	}
	parsed, err := metadata.Parse(next.Schema)
	if err != nil {
		return inventory.Errorf(inventory.Invalid, "properties.schema", "properties.schema is not a schema: %v", err)
	}
	if most := c.limits.Members; most > 0 && parsed.Members() > most {
		return inventory.Errorf(inventory.LimitReached, "properties.schema", "the schema has %d properties; at most %d are allowed", parsed.Members(), most)
	}
	if rec.Key == 0 {
		return nil
	}
	was, err := metadata.Parse(text)
	if err != nil || was.Type() == parsed.Type() {
		return err
	}
	return unset(tx, rec.Resource, fmt.Sprintf("its type cannot change from %q to %q", was.Type(), parsed.Type()))
}

// Use is what has a value for a metadata schema, of one kind.
type Use struct {
	Kind     inventory.Kind
	Assigned bool // the schema is for things of this kind: it cannot go while they have values
	Things   int  // how many have one
	More     bool // and more of them, which were not counted
	Some     []inventory.Resource
}

// How many things are counted, and named.
const (
	countedUse = 1000
	namedUse   = 5
)

// SchemaUse tells where values for a metadata schema are, of each kind that has any. NotFound.
func (c *Catalog) SchemaUse(ctx context.Context, id inventory.ID) (all []Use, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		r, err := tx.Get(id)
		if err != nil {
			return orNoParent(tx, id, err)
		}
		s, err := schemaOf(r)
		if err != nil {
			return err
		}
		all = nil
		for _, kind := range assignable {
			use := Use{Kind: kind}
			_, use.Assigned = s.assigned(kind)
			for thing, err := range tx.List(s.valued(id.Parent(), kind, countedUse+1)) {
				if err != nil {
					return err
				}
				if use.Things == countedUse {
					use.More = true
					break
				}
				if use.Things++; len(use.Some) < namedUse {
					use.Some = append(use.Some, thing)
				}
			}
			if use.Things > 0 {
				all = append(all, use)
			}
		}
		return nil
	})
	return all, err
}

// valued finds things of a kind that have a value for the schema.
func (s schema) valued(service inventory.ID, kind inventory.Kind, limit int) inventory.Query {
	return inventory.Query{Parent: service, Kind: kind, Limit: limit, Filter: &inventory.Expr{
		Op: "not", Args: []inventory.Expr{{Op: "null", Field: s.field()}},
	}}
}

// unset says whether nothing has a value for a schema where it is assigned. That
// which cannot be done otherwise is for the error.
func unset(tx inventory.Reader, r inventory.Resource, cannot string) error {
	s, err := schemaOf(r)
	if err != nil {
		return err
	}
	service := r.ID.Ancestor(inventory.KindService)
	for _, kind := range assignable {
		if _, ok := s.assigned(kind); !ok {
			continue
		}
		for user, err := range tx.List(s.valued(service, kind, 1)) {
			if err != nil {
				return err
			}
			return inventory.Errorf(inventory.Conflict, "properties.schema",
				"metadata schema %q is set on %s %q, so %s; take the assignment to kind %s away first", r.Name(), kind, user.Name(), cannot, kind)
		}
	}
	return nil
}
