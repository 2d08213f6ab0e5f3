package catalog

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// apiManagement is the type of source that Azure's article is about.
const apiManagement = "AzureApiManagement"

// sources are the kinds of sources that can be linked, and what the identity of
// one looks like there: fixed words as they are, names as "*".
var sources = map[string][]string{
	apiManagement: {
		"/subscriptions/*/resourceGroups/*/providers/Microsoft.ApiManagement/service/*",
		"/subscriptions/*/resourceGroups/*/providers/Microsoft.ApiManagement/service/*/workspaces/*",
	},
}

const identityShape = "/subscriptions/*/resourceGroups/*/providers/Microsoft.ManagedIdentity/userAssignedIdentities/*"

// FieldEnvironmentGiven keeps a link's target environment as the caller wrote
// it, where that is not the short form: templates compare what they sent.
const FieldEnvironmentGiven inventory.Field = "/targetEnvironmentIdGiven"

// putLink is Put for a link. A changed link is told to synchronise anew, and a
// pass that is under way with the old settings ends. With plan, a digest, the
// next pass does that plan or nothing. With environment, that is made as well.
func (c *Catalog) putLink(ctx context.Context, by string, id inventory.ID, path string, body inventory.Doc, m Match, plan string, environment inventory.Doc) (r inventory.Resource, created bool, err error) {
	refusal, err := c.preflight(ctx, id, path, body, m)
	if err != nil {
		return r, false, err
	}
	err = c.store.Update(ctx, by, func(tx inventory.Tx) error {
		rec, err := c.recordFor(tx, id, path, m)
		if err != nil {
			return err
		}
		created = rec == nil
		if rec == nil {
			rec = &inventory.Record{}
		}
		if environment != nil {
			if err := c.makeEnvironment(tx, id, path, environment); err != nil {
				return err
			}
		}
		own := known(inventory.KindLink, body)
		if err := c.prepareLink(tx, id, *rec, own, false); err != nil {
			return err
		}
		if r, err = tx.PutOwn(path, own, inventory.Condition{}); err != nil || r.Revision == rec.Revision && plan == "" {
			return err
		}
		if _, err = tx.Begin(id); err != nil {
			return err
		}
		was := inventory.StatusOf(r)
		s := agree(was, by, plan, *rec, r.Revision)
		if refusal != nil {
			s = stalled(s, refusal, c.store.Now())
		}
		if !inventory.LinkOf(own).ActivityLog {
			s.ActivityLog = nil
		}
		if refusal != nil || s.Agreed != was.Agreed || s.ActivityLog != was.ActivityLog {
			if err = tx.SetStatus(id, s); err != nil {
				return err
			}
		}
		r, err = tx.Get(id)
		return err
	})
	if err != nil {
		return r, false, err
	}
	return r, created, c.notify(ctx, id, "")
}

// MakeLink makes a link, and an environment of the same name that it deploys to,
// or neither. With plan, a digest, its first pass does that plan, or nothing.
// Errors are those of Put, of the environment too; Exists when either is there.
func (c *Catalog) MakeLink(ctx context.Context, path string, body, environment inventory.Doc, plan string) (inventory.Resource, error) {
	by, err := actor(ctx)
	if err != nil {
		return inventory.Resource{}, err
	}
	id, err := inventory.ParseID(path)
	if err != nil {
		return inventory.Resource{}, err
	}
	if plan != "" && !digest.MatchString(plan) {
		return inventory.Resource{}, badDigest()
	}
	body = body.With(inventory.FieldEnvironment, inventory.ShortID(targetOf(path)))
	r, _, err := c.putLink(ctx, by, id, path, body, Match{Absent: true}, plan, environment)
	return r, err
}

// targetOf is the path of the environment that is made with the link at path.
func targetOf(path string) string {
	at := strings.LastIndexByte(path, '/')
	above := strings.LastIndexByte(path[:at], '/')
	return path[:above] + "/" + inventory.KindEnvironment.Collection() + path[at:]
}

// makeEnvironment makes the environment of a new link. It is not there yet.
func (c *Catalog) makeEnvironment(tx inventory.Tx, link inventory.ID, path string, body inventory.Doc) error {
	path = targetOf(path)
	id := link.Parent().Child(inventory.KindEnvironment, link.Name())
	if _, err := c.recordFor(tx, id, path, Match{Absent: true}); err != nil {
		return err
	}
	own, _, err := c.layer(tx, id, nil, body)
	if err != nil {
		return err
	}
	_, err = tx.PutOwn(path, own, inventory.Condition{})
	return err
}

// prepareLink completes a link's settings and says whether they may be. With
// foreseen, the environment that is made with a new link need not be there yet.
func (c *Catalog) prepareLink(tx inventory.Reader, id inventory.ID, rec inventory.Record, own inventory.Doc, foreseen bool) error {
	if rec.Key != 0 && inventory.StatusOf(rec.Resource).State == inventory.Deleting {
		return deleting(rec.Name())
	}
	if err := sourceKnown(own); err != nil {
		return err
	}
	if err := c.rules(inventory.KindLink).check(rec.Own, own); err != nil {
		return err
	}
	if err := completeLink(tx, id, own, foreseen && rec.Key == 0); err != nil {
		return err
	}
	next, was := inventory.LinkOf(own), inventory.LinkOf(rec.Own)
	if rec.Key != 0 && (next.Instance() != was.Instance() || next.SourceType != was.SourceType) {
		return inventory.Errorf(inventory.Conflict, "properties.source",
			"link %q reads %s; what a link reads cannot change: delete the link and make another", rec.Name(), was.Source)
	}
	if err := sourceShape(next); err != nil {
		return err
	}
	return noOverlap(tx, id, next)
}

// sourceKnown says whether sources of the type can be read.
func sourceKnown(own inventory.Doc) error {
	if t := own.Text(inventory.FieldSourceType); t != "" && sources[t] == nil {
		return inventory.Errorf(inventory.Invalid, "properties.sourceType", "sources of type %q cannot be linked; %s can", t, apiManagement)
	}
	return nil
}

// completeLink fills in defaults, and brings values into the one form that the
// rest of the house knows.
func completeLink(tx inventory.Reader, id inventory.ID, own inventory.Doc, foreseen bool) error {
	switch policy := inventory.Import(strings.ToLower(own.Text(inventory.FieldImport))); policy {
	case "":
		own.Set(inventory.FieldImport, inventory.ImportOnDemand)
	case inventory.ImportNever, inventory.ImportOnDemand, inventory.ImportAlways:
		own.Set(inventory.FieldImport, policy)
	default:
		return inventory.Errorf(inventory.Invalid, "properties.importSpecification",
			"properties.importSpecification %q is not known; use %s, %s or %s", policy, inventory.ImportNever, inventory.ImportOnDemand, inventory.ImportAlways)
	}
	if err := completeScope(own); err != nil {
		return err
	}
	switch rule := inventory.OnVanish(strings.ToLower(own.Text(inventory.FieldOnVanish))); rule {
	case "", inventory.OnVanishDelete:
		delete(own, inventory.FieldOnVanish) // what a link does that says nothing
	case inventory.OnVanishKeep, inventory.OnVanishHold:
		own.Set(inventory.FieldOnVanish, rule)
	default:
		return inventory.Errorf(inventory.Invalid, "properties.onVanish",
			"properties.onVanish %q is not known; use %s, %s or %s", rule, inventory.OnVanishDelete, inventory.OnVanishKeep, inventory.OnVanishHold)
	}
	if !inventory.LinkOf(own).ActivityLog {
		delete(own, inventory.FieldActivityLog)
	}
	given := own.Text(inventory.FieldEnvironment)
	if given == "" {
		delete(own, inventory.FieldEnvironment)
		return nil
	}
	if foreseen {
		if short, err := foreseenEnvironment(tx, id, given); err != nil || short != "" {
			own.Set(inventory.FieldEnvironment, short)
			return err
		}
	}
	short, err := resolve(tx, id.Ancestor(inventory.KindService), inventory.KindEnvironment, "properties.targetEnvironmentId", given)
	if err != nil {
		return err
	}
	own.Set(inventory.FieldEnvironment, short)
	if given != short {
		own.Set(FieldEnvironmentGiven, given)
	}
	return nil
}

// foreseenEnvironment is the short form of the environment that will be made with
// a link, in the spelling that it will have; "" when given is another one, or there already.
func foreseenEnvironment(tx inventory.Reader, link inventory.ID, given string) (string, error) {
	target, ok := reference(link.Ancestor(inventory.KindService), given)
	if !ok || target != link.Parent().Child(inventory.KindEnvironment, link.Name()) {
		return "", nil
	}
	if _, err := tx.Get(target); inventory.CodeOf(err) != inventory.NotFound {
		return "", err
	}
	workspace, err := tx.Get(link.Parent())
	given = strings.TrimRight(given, "/")
	return inventory.ShortID(workspace.Path + "/" + inventory.KindEnvironment.Collection() + given[strings.LastIndexByte(given, '/'):]), err
}

// sourceShape says whether the link names a source that can be.
func sourceShape(l inventory.Link) error {
	shapes := sources[l.SourceType]
	if !slices.ContainsFunc(shapes, func(shape string) bool { return matches(shape, l.Source) }) {
		return inventory.Errorf(inventory.Invalid, "properties.source",
			"%q is not the resource id of an API Management instance or of a workspace in one; want %s", l.Source, shapes[0])
	}
	if l.Identity != "" && !isIdentity(l.Identity) {
		return inventory.Errorf(inventory.Invalid, "properties.identity",
			"%q is not the resource id of a user-assigned identity; want %s", l.Identity, identityShape)
	}
	return nil
}

// matches compares an id with a shape, without regard to case and to a slash at the end.
func matches(shape, id string) bool {
	want, got := strings.Split(shape, "/"), strings.Split(strings.TrimSuffix(id, "/"), "/")
	return slices.EqualFunc(want, got, func(w, g string) bool {
		return w == "*" && g != "" && !strings.ContainsAny(g, "?#%\\ \t\r\n") || strings.EqualFold(w, g)
	})
}

// noOverlap refuses a second link to the same things: one instance whole, or
// the same workspace of it, or a part of what is linked whole.
func noOverlap(tx inventory.Reader, id inventory.ID, l inventory.Link) error {
	others, err := linksOf(tx, id.Ancestor(inventory.KindService))
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.ID == id || other.SourceType != l.SourceType {
			continue
		}
		a, b := l.Instance()+"/", other.Instance()+"/"
		if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
			return inventory.Errorf(inventory.Conflict, "properties.source",
				"%s is linked already by %q, which reads %s; delete that link first", l.Source, other.Name(), other.Source)
		}
	}
	return nil
}

// linked is a link with its settings.
type linked struct {
	inventory.Resource
	inventory.Link
}

// linksOf gives all links of a service.
func linksOf(tx inventory.Reader, service inventory.ID) ([]linked, error) {
	workspaces, err := collect(tx.List(inventory.Query{Parent: service, Kind: inventory.KindWorkspace}))
	if err != nil {
		return nil, err
	}
	var out []linked
	for _, w := range workspaces {
		links, err := collect(tx.List(inventory.Query{Parent: w.ID, Kind: inventory.KindLink}))
		if err != nil {
			return nil, err
		}
		for _, r := range links {
			doc, err := inventory.ParseDoc(r.Doc)
			if err != nil {
				return nil, fmt.Errorf("settings of link %s: %w", r.Path, err)
			}
			out = append(out, linked{r, inventory.LinkOf(doc)})
		}
	}
	return out, nil
}

// collect reads a list to its end: a transaction does not take another query
// while it is under way.
func collect(list iter.Seq2[inventory.Resource, error]) ([]inventory.Resource, error) {
	var out []inventory.Resource
	for r, err := range list {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// HandOver has a link go as Delete does, and leaves what it brought as people's
// own entries. Conflict when the link is going already, and takes things along.
func (c *Catalog) HandOver(ctx context.Context, id inventory.ID, m Match) error {
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	return c.endLink(ctx, by, id, m, true)
}

// endLink has a link go. Doing it twice is no error.
func (c *Catalog) endLink(ctx context.Context, by string, id inventory.ID, m Match, handsOver bool) error {
	err := c.store.Update(ctx, by, func(tx inventory.Tx) error {
		r, err := present(tx, id, m)
		if err != nil {
			return err
		}
		s := inventory.StatusOf(r)
		if s.State == inventory.Deleting {
			if handsOver && !s.HandsOver {
				return inventory.Errorf(inventory.Conflict, "", "link %q is being deleted already, with what it brought; what is gone by now is not kept", r.Name())
			}
			return nil
		}
		s.HandsOver = handsOver
		s.State, s.Message, s.Stalled, s.ChangedAt = inventory.Deleting, "", false, c.store.Now()
		if err := tx.SetStatus(id, s); err != nil {
			return err
		}
		_, err = tx.Begin(id) // whoever reads for it stops
		return err
	})
	if err != nil {
		return err
	}
	return c.notify(ctx, id, "")
}

func (c *Catalog) notify(ctx context.Context, link inventory.ID, api string) error {
	if c.waker == nil {
		return nil
	}
	if err := c.waker.Notify(ctx, link, api); err != nil {
		return fmt.Errorf("notify link %s: %w", link, err)
	}
	return nil
}

func deleting(name string) error {
	return inventory.Errorf(inventory.Conflict, "", "link %q is being deleted; wait until it is gone", name)
}
