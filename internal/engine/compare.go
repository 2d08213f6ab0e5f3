package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// PreviewChange is one API of the source that would change, with all below it,
// or the environment, whose External is empty.
type PreviewChange struct {
	Action     string        `json:"action"`
	External   string        `json:"external"`
	Title      string        `json:"title"`
	Resource   string        `json:"resource,omitempty"` // name in the inventory, if it has one
	Fields     []FieldChange `json:"fields,omitempty"`
	MoreFields int           `json:"moreFields,omitempty"` // besides, not listed
	Documents  []string      `json:"documents,omitempty"`  // would be fetched: of which APIs of the source
	Moves      []Moved       `json:"moves,omitempty"`      // versions that would come from other APIs
	Merges     []string      `json:"merges,omitempty"`     // APIs that would become one with it, by name
	Joins      string        `json:"joins,omitempty"`      // the API of another link that it would become one with, by name
	Drops      []Dropped     `json:"drops,omitempty"`      // what would no longer hang on it
	Why        string        `json:"why,omitempty"`
}

// FieldChange is a field that would be another.
type FieldChange struct {
	Kind     inventory.Kind  `json:"kind"`
	External string          `json:"external,omitempty"` // the API of the source that a part below the root is of
	Field    inventory.Field `json:"field"`
	Before   json.RawMessage `json:"before,omitempty"` // as readers see it; none: it is not there
	After    json.RawMessage `json:"after,omitempty"`  // as the source states it; none: it states nothing of it
}

// Moved is a version that would come to another API.
type Moved struct {
	External string `json:"external"`
	From     string `json:"from"` // name of the API that it is in
}

// Dropped is a part of an API that would go.
type Dropped struct {
	Kind     inventory.Kind `json:"kind"`
	External string         `json:"external"`
}

const (
	maxFields = 200 // of a change that are listed
	maxValue  = 1000
	headValue = 200 // bytes that are shown of a longer value
)

// comparison holds what the source states of one root against what is recorded,
// as writer would write it.
type comparison struct {
	*Pass
	task           *task
	change         PreviewChange
	touched        bool
	added, updated int // versions
}

// compare says whether anything differs.
func (c *comparison) compare() bool {
	t := c.task
	c.change.Title = t.Object.States.Text("/title")
	if t.Object.Kind == inventory.KindEnvironment {
		return c.compareEnvironment()
	}
	if t.Action == plan.Change {
		c.change.Resource = t.Recorded.ID.Name()
	}
	for _, a := range t.Adopt {
		c.change.Moves = append(c.change.Moves, Moved{External: a.External, From: a.Version.ID.Parent().Name()})
	}
	for _, other := range t.Absorb {
		c.change.Merges = append(c.change.Merges, other.Name())
	}
	for _, version := range t.Object.Children {
		c.version(version)
	}
	above := c.touched
	i := slices.IndexFunc(t.recorded, func(rec inventory.Record) bool { return rec.ID == t.Recorded.ID })
	c.fields(i, inventory.KindAPI, "", t.Object.States, func(inventory.Field) bool { return t.Object.Partial })
	if c.touched && !above && c.added+len(t.Adopt) == 0 {
		c.updated = 1
	}
	return c.touched || len(t.Adopt)+len(t.Absorb) > 0
}

func (c *comparison) compareEnvironment() bool {
	t, named := c.task, c.link.Environment
	i := slices.IndexFunc(t.recorded, func(rec inventory.Record) bool { return rec.ID == t.Recorded.ID })
	if i >= 0 {
		c.change.Resource = t.Recorded.ID.Name()
		if old := inventory.ShortID(t.recorded[i].Path); named != "" && !strings.EqualFold(old, named) {
			i, c.change.Why = -1, fmt.Sprintf("the link deploys to it, and no longer to %s", old)
		}
	}
	if named != "" {
		c.change.Resource = named[strings.LastIndexByte(named, '/')+1:]
	}
	c.fields(i, inventory.KindEnvironment, "", t.Object.States, never)
	return c.touched
}

func never(inventory.Field) bool { return false }

// version compares a version with what hangs on it, and counts what would come of it.
func (c *comparison) version(version source.Object) {
	known := c.where(inventory.KindVersion, version.External)
	above := c.touched
	c.touched = false
	c.fields(known, version.Kind, version.External, version.States, never)
	defined := slices.ContainsFunc(version.Children, func(o source.Object) bool { return o.Kind == inventory.KindDefinition })
	for _, o := range version.Children {
		i := c.where(o.Kind, o.External)
		switch o.Kind {
		case inventory.KindDefinition:
			c.fields(i, o.Kind, version.External, o.States, func(f inventory.Field) bool {
				return f == inventory.FieldDocument || f == "/specification" // of the last good document
			})
			if o.Document != nil && c.wanted(c.task, o) {
				c.touched = true
				c.change.Documents = append(c.change.Documents, o.External)
			}
		case inventory.KindDeployment:
			states := o.States
			if c.environment != "" {
				states = states.With("/environmentId", c.environment)
			}
			c.fields(i, o.Kind, version.External, states, func(f inventory.Field) bool {
				return f == "/environmentId" || f == "/definitionId" && defined // the writer finds them
			})
		}
	}
	c.drops(version)
	switch {
	case known < 0:
		c.added++
	case c.touched && !slices.ContainsFunc(c.task.Adopt, func(a plan.Adoption) bool { return a.External == version.External }):
		c.updated++
	}
	c.touched = c.touched || above
}

// where is the place of the record of a part is; -1 if there is none.
func (c *comparison) where(kind inventory.Kind, external string) int {
	return slices.IndexFunc(c.task.recorded, func(rec inventory.Record) bool {
		o, mine := c.mine(rec)
		return mine && rec.ID.Kind() == kind && o.External == external
	})
}

// fields compares what is stated of one thing with the i-th record. What keep
// names stays when it is stated no more.
func (c *comparison) fields(i int, kind inventory.Kind, external string, states inventory.Doc, keep func(inventory.Field) bool) {
	var had, seen inventory.Doc
	if i >= 0 {
		o, _ := c.mine(c.task.recorded[i])
		had, seen = o.States, c.task.recorded[i].View()
	} else {
		c.touched = true
	}
	fields := maps.Clone(states)
	if fields == nil {
		fields = inventory.Doc{}
	}
	for f, v := range had {
		if _, stated := states[f]; !stated && !keep(f) {
			fields[f] = v
		}
	}
	for f := range fields.All() {
		before, known := had[f]
		after, stated := states[f]
		if known && stated && inventory.SameJSON(before, after) {
			continue
		}
		c.touched = true
		if !known {
			before = seen[f]
		}
		if len(c.change.Fields) == maxFields {
			c.change.MoreFields++
			continue
		}
		c.change.Fields = append(c.change.Fields, FieldChange{
			Kind: kind, External: external, Field: f, Before: bounded(before), After: bounded(after),
		})
	}
}

// bounded is a value to be shown: of a long one the beginning, as text.
func bounded(v json.RawMessage) json.RawMessage {
	if len(v) <= maxValue {
		return v
	}
	head, err := json.Marshal(fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(string(v[:headValue]), ""), len(v)))
	if err != nil {
		panic(err) // a text can be written
	}
	return head
}

// drops finds what hung on a version and does not any more.
func (c *comparison) drops(version source.Object) {
	for _, kind := range []inventory.Kind{inventory.KindDefinition, inventory.KindDeployment} {
		has := slices.ContainsFunc(version.Children, func(o source.Object) bool { return o.Kind == kind })
		if !has && c.where(kind, version.External) >= 0 {
			c.touched = true
			c.change.Drops = append(c.change.Drops, Dropped{Kind: kind, External: version.External})
		}
	}
}

// name finds how readers know the API that a recorded thing belongs to.
func (c *comparison) name(ctx context.Context, id inventory.ID) error {
	return c.engine.store.View(ctx, func(r inventory.Reader) error {
		api, err := r.Get(id.Ancestor(inventory.KindAPI))
		if err != nil {
			return err
		}
		doc, err := inventory.ParseDoc(api.Doc)
		c.change.Resource, c.change.Title = api.Name(), doc.Text("/title")
		return err
	})
}
