package engine

import (
	"encoding/json"
	"errors"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// write puts a root and all below it.
func (im *importing) write(tx inventory.Tx, o source.Object, documents map[string]inventory.Doc) error {
	if err := im.unlinked(tx, o); err != nil {
		return err
	}
	environment, err := im.environment(tx)
	if err != nil {
		return err
	}
	var earlier []inventory.Record
	for _, hash := range hashes(o) {
		for _, id := range im.before[hash] {
			rec, err := tx.Record(id)
			if errors.Is(err, inventory.NotFound) {
				continue // deleted since
			}
			if err != nil {
				return err
			}
			earlier = append(earlier, rec)
		}
	}
	api, err := im.put(tx, im.path, o, earlier)
	if err != nil {
		return err
	}
	if earlier, err = tx.Below(api.ID); err != nil {
		return err
	}
	for _, version := range o.Children {
		v, err := im.put(tx, api.Path, version, earlier)
		if err != nil {
			return err
		}
		definition := ""
		for _, d := range version.Children {
			switch d.Kind {
			case inventory.KindDefinition:
				d.States = merged(d.States, documents[d.External])
				put, err := im.put(tx, v.Path, d, earlier)
				if err != nil {
					return err
				}
				definition = inventory.ShortID(put.Path)
			case inventory.KindDeployment:
				d.Name = environment.Name()
				d.States = merged(d.States, nil).With("/environmentId", inventory.ShortID(environment.Path))
				if definition != "" {
					d.States.Set("/definitionId", definition)
				}
				if _, err := im.put(tx, api.Path, d, earlier); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// unlinked refuses an API that a link to the same place keeps in step.
func (im *importing) unlinked(tx inventory.Reader, o source.Object) error {
	var links []inventory.Resource
	for link, err := range tx.List(inventory.Query{Kind: inventory.KindLink}) {
		if err != nil {
			return err
		}
		if im.workspace.Parent().Contains(link.ID) {
			links = append(links, link)
		}
	}
	for _, link := range links {
		doc, err := inventory.ParseDoc(link.Doc)
		if err != nil {
			return err
		}
		if l := inventory.LinkOf(doc); l.SourceType != im.from.SourceType || !overlap(l.Instance(), im.from.Instance()) {
			continue
		}
		for _, version := range o.Children {
			switch _, err := tx.Origin(link.ID, inventory.KindVersion, version.External); {
			case err == nil:
				return inventory.Errorf(inventory.Conflict, "", "the link %q keeps it in step already; it was left alone", link.Name())
			case !errors.Is(err, inventory.NotFound):
				return err
			}
		}
	}
	return nil
}

// overlap says that one place at a source is the other, or in it.
func overlap(a, b string) bool {
	return strings.HasPrefix(a+"/", b+"/") || strings.HasPrefix(b+"/", a+"/")
}

// environment is the one that the import names, else one of the import's own.
func (im *importing) environment(tx inventory.Tx) (inventory.Resource, error) {
	if im.from.Environment != "" {
		return im.named(tx)
	}
	return im.put(tx, im.path, im.place, nil)
}

// named is the environment that the import names. NotFound.
func (im *importing) named(r inventory.Reader) (inventory.Resource, error) {
	id, err := inventory.ParseID(strings.TrimSuffix(im.path, inventory.ShortID(im.path)) + im.from.Environment)
	if err != nil {
		return inventory.Resource{}, err
	}
	return r.Get(id)
}

// provenance is where an import took a thing from, kept at inventory.FieldImported.
type provenance struct {
	Source   string `json:"source"`
	External string `json:"external"`
}

// put sets what the source states of a thing below parent, which it makes if no
// earlier import has. Where the thing may be is among earlier, or under one of its names.
func (im *importing) put(tx inventory.Tx, parent string, o source.Object, earlier []inventory.Record) (inventory.Resource, error) {
	at, own, err := im.find(tx, parent, o, earlier)
	if err != nil {
		return inventory.Resource{}, err
	}
	if own == nil {
		own = merged(o.Seeds, o.Offers).With(inventory.FieldImported, provenance{im.from.Instance(), o.External})
	}
	return tx.PutOwn(at, merged(own, o.States), inventory.Condition{})
}

// find gives where a thing is and what people have of it, or where a new one can be.
func (im *importing) find(tx inventory.Reader, parent string, o source.Object, earlier []inventory.Record) (string, inventory.Doc, error) {
	above, err := inventory.ParseID(parent)
	if err != nil {
		return "", nil, err
	}
	for _, rec := range earlier {
		if rec.ID.Kind() == o.Kind && rec.ID.Parent() == above && im.made(rec, o) {
			return rec.Path, rec.Own, nil
		}
	}
	for name := range names(o) {
		rec, err := tx.Record(above.Child(o.Kind, name))
		switch {
		case errors.Is(err, inventory.NotFound):
			return parent + "/" + o.Kind.Collection() + "/" + name, nil, nil
		case err != nil:
			return "", nil, err
		case im.made(rec, o):
			return rec.Path, rec.Own, nil
		}
	}
	panic("engine: names never end")
}

// made says that an import of the same place made a record of the same thing.
func (im *importing) made(rec inventory.Record, o source.Object) bool {
	var p provenance
	raw, ok := rec.Own[inventory.FieldImported]
	return ok && json.Unmarshal(raw, &p) == nil && p.External == o.External && overlap(p.Source, im.from.Instance())
}

// merged is own with what a source states; what it states to be empty is left out.
func merged(own, states inventory.Doc) inventory.Doc {
	out := make(inventory.Doc, len(own)+len(states)+1)
	for _, doc := range []inventory.Doc{own, states} {
		for f, v := range doc {
			if out[f] = v; string(v) == "null" {
				delete(out, f)
			}
		}
	}
	return out
}
