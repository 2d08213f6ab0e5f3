package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// Explain says where each field of a resource comes from, or that one field:
// its layer, the source that states it, since when and by whom, what it hides,
// and whether a person may change it here. NotFound; Invalid for a field that it has not.
func (c *Catalog) Explain(ctx context.Context, id inventory.ID, field inventory.Field) (e inventory.Explanation, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		rec, err := tx.Record(id)
		if err != nil {
			return orNoParent(tx, id, err)
		}
		e = inventory.Explanation{Resource: rec.Resource}
		x := explainer{tx: tx, rec: rec, view: rec.View(), links: map[inventory.ID]inventory.Resource{}}
		fields, err := x.fields()
		if err != nil {
			return err
		}
		if field != "" {
			if !slices.Contains(fields, field) {
				return inventory.Errorf(inventory.Invalid, "field", "%s %q has no field %s; it has %s", id.Kind(), rec.Name(), field, listed(fields))
			}
			fields = []inventory.Field{field}
		}
		settings, err := x.settings(fields)
		if err != nil {
			return err
		}
		for _, f := range fields {
			o, err := x.explain(f)
			if err != nil {
				return err
			}
			if s, ok := settings[f]; ok {
				o.Since = &s
			}
			e.Fields = append(e.Fields, o)
		}
		return nil
	})
	return e, err
}

func listed(fields []inventory.Field) string {
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = string(f)
	}
	return strings.Join(words, ", ")
}

// explainer explains one resource.
type explainer struct {
	tx    inventory.Reader
	rec   inventory.Record
	view  inventory.Doc // that the layers make
	seen  inventory.Doc // that readers see
	links map[inventory.ID]inventory.Resource
}

// fields are those that readers see or that a layer has a word on, in order.
func (x *explainer) fields() (_ []inventory.Field, err error) {
	if x.seen, err = inventory.ParseDoc(x.rec.Doc); err != nil {
		return nil, err
	}
	if d := x.rec.Document; d != "" {
		x.seen.Set(inventory.FieldDocument, string(d))
	}
	all := maps.Clone(x.seen)
	maps.Copy(all, x.rec.Own)
	for _, o := range x.rec.Origins {
		maps.Copy(all, o.States)
	}
	maps.DeleteFunc(all, func(f inventory.Field, _ json.RawMessage) bool { return f.Hidden() })
	return slices.Sorted(maps.Keys(all)), nil
}

func (x *explainer) explain(f inventory.Field) (inventory.FieldOrigin, error) {
	out := inventory.FieldOrigin{Field: f, Value: x.seen[f], Editable: true}
	if out.Value == nil {
		out.Value = json.RawMessage("null")
	}
	if x.rec.ID.Kind() == inventory.KindAPI && f == inventory.FieldLifecycleStage {
		return x.derived(out)
	}
	if f == inventory.FieldGone {
		out.Layer, out.Editable = inventory.LayerDerived, false
		out.Advice = "its source has it no more: it goes when that has it again, or when you delete the " + string(x.rec.ID.Kind())
		return out, nil
	}
	own, set := x.rec.Own[f]
	if set {
		out.Layer, out.Hidden = inventory.LayerPeople, []inventory.Beneath{{Value: own, Layer: inventory.LayerPeople}}
	}
	leads := -1
	for i, o := range slices.Backward(x.rec.Origins) {
		v, stated := o.States[f]
		if !stated {
			continue
		}
		link, err := x.link(o.Link)
		if err != nil {
			return out, err
		}
		leads = i
		out.Hidden = append([]inventory.Beneath{{Value: v, Layer: inventory.LayerSource, Link: link.Path}}, out.Hidden...)
	}
	if leads >= 0 {
		o := x.rec.Origins[leads]
		full, err := x.identity(o)
		if err != nil {
			return out, err
		}
		out.Layer = inventory.LayerSource
		out.Source = &inventory.Statement{Link: x.links[o.Link].Path, External: o.External, ID: full, Read: o.Read, Run: o.Run}
	}
	if o, determined := x.rec.Determined(f); determined {
		full, err := x.identity(o)
		if err != nil {
			return out, err
		}
		out.Editable = false
		out.Advice = "change it at the source: " + full + "; or delete the link " + x.links[o.Link].Name()
	}
	if out.Layer == "" {
		out.Layer = inventory.LayerDefault
		return out, nil
	}
	out.Hidden = out.Hidden[1:] // what wins is no longer below anything
	return out, nil
}

// derived explains the lifecycle stage of an API: that of its newest version.
func (x *explainer) derived(out inventory.FieldOrigin) (inventory.FieldOrigin, error) {
	out.Layer, out.Editable = inventory.LayerDerived, false
	for v, err := range x.tx.List(inventory.Query{Parent: x.rec.ID, Kind: inventory.KindVersion}) {
		if err != nil {
			return out, err
		}
		out.From = v.Path
	}
	out.Advice = "it is that of the newest version: create one"
	if out.From != "" {
		out.Advice = "it is that of the newest version: change it there, " + inventory.ShortID(out.From)
	}
	return out, nil
}

func (x *explainer) link(id inventory.ID) (inventory.Resource, error) {
	if r, ok := x.links[id]; ok {
		return r, nil
	}
	r, err := x.tx.Get(id)
	x.links[id] = r
	return r, err
}

// identity is the full id of a thing at its source. What a link of a single
// workspace states is identified from the instance on.
func (x *explainer) identity(o inventory.Origin) (string, error) {
	doc, err := inventory.ParseDoc(x.links[o.Link].Doc)
	source := strings.TrimSuffix(inventory.LinkOf(doc).Source, "/")
	if err != nil || o.External == "" {
		return source, err
	}
	if at := strings.Index(strings.ToLower(source), "/workspaces/"); at >= 0 {
		source = source[:at]
	}
	return source + "/" + o.External, nil
}

// pastEvents is how many events of a resource are looked at, the newest first.
const pastEvents = 1000

// settings finds when each field came to be as it is: the newest event that
// changed it, else the one that made the resource. It follows the resource back
// through moves.
func (x *explainer) settings(fields []inventory.Field) (map[inventory.Field]inventory.Setting, error) {
	out := make(map[inventory.Field]inventory.Setting, len(fields))
	path, before, left := x.rec.Path, int64(0), pastEvents
	for path != "" && left > 0 && len(out) < len(fields) {
		came := "" // from where it was moved
		for e, err := range x.tx.Past(path, before, left) {
			if err != nil {
				return nil, err
			}
			left--
			before = e.Sequence
			made := false
			for _, c := range slices.Backward(e.Changes) {
				switch s := (inventory.Setting{At: e.At, By: e.Actor, Run: e.Run, Event: e.Sequence}); {
				case c.Action == inventory.Moved && c.To == path:
					came = c.Path
				case c.Path != path:
				case c.Action == inventory.Updated:
					for _, changed := range c.Fields {
						put(out, changed.Field, s)
					}
				case c.Action == inventory.Created:
					for _, f := range fields {
						put(out, f, s)
					}
					made = true
				}
			}
			if made {
				return out, nil
			}
			if came != "" {
				break
			}
		}
		path = came
	}
	return out, nil
}

// put sets what is not set.
func put(m map[inventory.Field]inventory.Setting, f inventory.Field, s inventory.Setting) {
	if _, ok := m[f]; !ok {
		m[f] = s
	}
}
