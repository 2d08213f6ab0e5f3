package catalog

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// The workspace that every service has from its first day on.
const (
	defaultWorkspace      = "default"
	defaultWorkspaceTitle = "Default workspace"
)

// defaultAnalyzer is the type of analysis that there is.
const defaultAnalyzer = "spectral"

// kept are the fields of a people's layer that a Put does not remove.
var kept = map[inventory.Kind][]inventory.Field{
	inventory.KindWorkspace:   {inventory.FieldMergeRule}, // clients of Azure do not know it, and send the rest
	inventory.KindAPI:         {inventory.FieldImported, inventory.FieldHandedOver},
	inventory.KindVersion:     {inventory.FieldImported, inventory.FieldHandedOver},
	inventory.KindDefinition:  {inventory.FieldDocument, fieldSpecification, inventory.FieldImported, inventory.FieldHandedOver},
	inventory.KindDeployment:  {inventory.FieldImported, inventory.FieldHandedOver},
	inventory.KindEnvironment: {inventory.FieldImported, inventory.FieldHandedOver},
	inventory.KindAnalyzer:    {inventory.FieldDocument},
}

// fieldSpecification says what a definition's document is: set by an import, never by a Put.
const fieldSpecification inventory.Field = "/specification"

// Put creates the thing at path, in the case that it is to be shown in, or
// replaces what people say of it: what body leaves out is removed. created says
// which of the two it was. What people do not set is ignored.
//
// For a thing that a linked source brought, body may repeat or leave out what
// the source determines; a change of it is Owned, unless no source has the thing any more. Errors besides: Invalid,
// NoParent, Exists and Changed (m does not hold), Conflict, Denied.
func (c *Catalog) Put(ctx context.Context, path string, body inventory.Doc, m Match) (r inventory.Resource, created bool, err error) {
	id, err := inventory.ParseID(path)
	if err != nil {
		return r, false, err
	}
	by, err := actor(ctx)
	if err != nil {
		return r, false, err
	}
	if id.Kind() == inventory.KindLink {
		return c.putLink(ctx, by, id, path, body, m, "", nil)
	}
	if id.Kind() == inventory.KindService {
		if body, err = c.identify(ctx, id, body); err != nil {
			return r, false, err
		}
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		rec, err := c.recordFor(tx, id, path, m)
		if err != nil {
			return err
		}
		created = rec == nil
		own, taken, err := c.layer(tx, id, rec, completed(path, id.Kind(), body))
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			if err := tx.Take(id, taken...); err != nil {
				return err
			}
		}
		if r, err = tx.PutOwn(path, own, inventory.Condition{}); err != nil || !created || id.Kind() != inventory.KindService {
			return err
		}
		workspace := inventory.Doc{}
		workspace.Set("/title", defaultWorkspaceTitle)
		_, err = tx.PutOwn(r.Path+"/workspaces/"+defaultWorkspace, workspace, inventory.Condition{})
		return err
	})
	return r, created, err
}

// recordFor gives the record to be replaced, or nil when path is to be created
// and may be. It holds the match against it.
func (c *Catalog) recordFor(tx inventory.Reader, id inventory.ID, path string, m Match) (*inventory.Record, error) {
	rec, err := tx.Record(id)
	if inventory.CodeOf(err) == inventory.NotFound {
		if err := m.holds(id, nil); err != nil {
			return nil, err
		}
		if err := orNoParent(tx, id, err); inventory.CodeOf(err) == inventory.NoParent {
			return nil, err
		}
		if id.Kind() == inventory.KindService {
			if err := free(tx, id); err != nil {
				return nil, err
			}
		}
		if err := checkName(id, path); err != nil {
			return nil, err
		}
		return nil, c.limits.room(tx, id)
	}
	if err != nil {
		return nil, err
	}
	return &rec, m.holds(id, &rec.Resource)
}

// layer makes the people's layer that body asks for, or says why it may not be.
// rec is nil for a new thing. taken are fields that sources only stated last, and
// that are people's from here on.
func (c *Catalog) layer(tx inventory.Reader, id inventory.ID, rec *inventory.Record, body inventory.Doc) (own inventory.Doc, taken []inventory.Field, err error) {
	if rec == nil {
		rec = &inventory.Record{}
	}
	kind, present := id.Kind(), rec.View()
	body = known(kind, body)
	if kind == inventory.KindDeployment {
		if err := resolveReferences(tx, id, present, body); err != nil {
			return nil, nil, err
		}
	}
	own = make(inventory.Doc, len(body))
	for f, v := range body.All() {
		if _, stated := rec.Stated(f); !stated {
			own[f] = v
			continue
		}
		if was, ok := present[f]; ok && inventory.SameJSON(was, v) {
			continue
		}
		if o, determined := rec.Determined(f); determined {
			return nil, nil, owned(tx, *rec, f, o.Link)
		}
		own[f] = v
		taken = append(taken, f)
	}
	for f, v := range rec.Own { // what people once said stays below what a source says
		if _, stated := rec.Stated(f); stated && !slices.Contains(taken, f) {
			own[f] = v
		}
	}
	for _, f := range kept[kind] {
		if v, ok := rec.Own[f]; ok && own[f] == nil {
			own[f] = v
		}
	}
	if kind == inventory.KindWorkspace {
		if err := checkMergeRule(own); err != nil {
			return nil, nil, err
		}
	}
	if kind == inventory.KindService {
		completeService(own)
	}
	next := inventory.Overlay(own, rec.Taken(taken...))
	if err := c.rules(kind).check(present, next); err != nil {
		return nil, nil, err
	}
	if kind == inventory.KindSchema {
		return own, nil, c.checkSchema(tx, id, *rec, own)
	}
	if kind == inventory.KindWebhook {
		if err := c.checkWebhook(present, next); err != nil {
			return nil, nil, err
		}
	}
	return own, taken, checkCustom(tx, id, present, next)
}

func (c *Catalog) rules(k inventory.Kind) rules { return rules{kind: k, azure: c.limits.Texts} }

// owned says that f is the link's to set.
func owned(tx inventory.Reader, rec inventory.Record, f inventory.Field, link inventory.ID) error {
	at := target(rec.ID.Kind(), string(f[1:]))
	return inventory.Errorf(inventory.Owned, at,
		"%s of %s %q is determined by its source through the link %q; change it there, or send it as it is, or leave it out",
		at, rec.ID.Kind(), rec.Name(), shownName(tx, link))
}

// shownName is the name of a thing in the case that it was made in.
func shownName(tx inventory.Reader, id inventory.ID) string {
	if r, err := tx.Get(id); err == nil {
		return r.Name()
	}
	return id.Name()
}

// completed adds what a caller may leave out of a body.
func completed(path string, k inventory.Kind, body inventory.Doc) inventory.Doc {
	if k != inventory.KindAnalyzer {
		return body
	}
	for f, value := range map[inventory.Field]string{"/title": path[strings.LastIndexByte(path, '/')+1:], "/analyzerType": defaultAnalyzer} {
		if _, ok := body[f]; !ok {
			body = body.With(f, value)
		}
	}
	return body
}

// completeService adds what every service has.
func completeService(own inventory.Doc) {
	if _, ok := own["/sku"]; !ok {
		own["/sku"] = json.RawMessage(`{"name":"Standard"}`)
	}
}

// references are the fields that name another thing of the same service.
var references = []struct {
	field inventory.Field
	kind  inventory.Kind
}{
	{"/environmentId", inventory.KindEnvironment},
	{"/definitionId", inventory.KindDefinition},
}

// resolveReferences writes references in their short form. One that is new must
// name something that is there.
func resolveReferences(tx inventory.Reader, id inventory.ID, present, body inventory.Doc) error {
	for _, ref := range references {
		raw, ok := body[ref.field]
		if !ok {
			continue
		}
		if was, ok := present[ref.field]; ok && inventory.SameJSON(was, raw) {
			continue
		}
		short, err := resolve(tx, id.Ancestor(inventory.KindService), ref.kind, target(id.Kind(), string(ref.field[1:])), body.Text(ref.field))
		if err != nil {
			return err
		}
		body.Set(ref.field, short)
	}
	return nil
}

// resolve finds what text names, and gives its short form in its own spelling.
func resolve(tx inventory.Reader, service inventory.ID, kind inventory.Kind, at, text string) (string, error) {
	id, ok := reference(service, text)
	if !ok || id.Kind() != kind {
		return "", inventory.Errorf(inventory.Invalid, at,
			"%s %q does not name a %s of this service; give its short id, like %s, or its resource id", at, text, kind, examples[kind])
	}
	r, err := tx.Get(id)
	if inventory.CodeOf(err) == inventory.NotFound {
		return "", inventory.Errorf(inventory.Invalid, at, "%s: there is no %s %q; create it first", at, kind, text)
	}
	return inventory.ShortID(r.Path), err
}

var examples = map[inventory.Kind]string{
	inventory.KindEnvironment: "/workspaces/default/environments/production",
	inventory.KindDefinition:  "/workspaces/default/apis/orders/versions/v1/definitions/openapi",
}
