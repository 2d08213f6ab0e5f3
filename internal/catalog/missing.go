package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// Seeker looks for an API at the source of a link.
type Seeker interface {
	// Seek gives the APIs with an external identity, which may be empty, or else
	// those with that name, title or path: some of them, if they are many. It writes nothing.
	Seek(ctx context.Context, link inventory.Link, external, name string) ([]inventory.Sighting, error)
}

// Limits of a search for what is missing.
const (
	seekTimeout  = 20 * time.Second // for one source
	seekAll      = time.Minute      // for all
	seekLinks    = 20               // sources asked at most
	seekName     = 512              // length of a name
	foundAtMost  = 20
	departedPast = 1000 // departures looked at, the newest first
	runsPast     = 20   // runs of a link looked at
)

// ExplainMissing says why an API is not in a workspace, by its name, title,
// path, or id at the source: it looks in the inventory, in what has left it, and
// at the sources of the workspace's links, or of the one named. What readable
// refuses is not told of. Invalid; NotFound, also of a link.
func (c *Catalog) ExplainMissing(ctx context.Context, workspace inventory.ID, name, link string, readable func(inventory.Resource) bool) (inventory.Missing, error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > seekName {
		return inventory.Missing{}, inventory.Errorf(inventory.Invalid, "name", "name the API that is missing, by its name, title, path or id at the source, in at most %d bytes", seekName)
	}
	s := search{catalog: c, workspace: workspace, readable: readable, out: inventory.Missing{Name: name, Found: []string{}, Links: []inventory.MissingLink{}}}
	if err := c.store.View(ctx, func(tx inventory.Reader) error { return s.recall(tx, link) }); err != nil {
		return inventory.Missing{}, err
	}
	if len(s.sought) > 0 && c.seeker == nil {
		return inventory.Missing{}, inventory.Errorf(inventory.Unavailable, "", "this server does not synchronise links")
	}
	within, stop := context.WithTimeout(ctx, seekAll)
	defer stop()
	for i := range s.sought {
		if err := s.look(within, &s.sought[i]); err != nil {
			return inventory.Missing{}, err
		}
		if ctx.Err() != nil {
			return inventory.Missing{}, ctx.Err()
		}
	}
	s.conclude()
	return s.out, nil
}

// search is one search for what is missing.
type search struct {
	catalog   *Catalog
	workspace inventory.ID
	readable  func(inventory.Resource) bool
	out       inventory.Missing
	elsewhere []string
	merged    string // what a look-up says of something that became part of another
	sought    []sought
	more      int // links that are not asked
}

// sought is a link whose source is to be asked, with what its records say.
type sought struct {
	resource inventory.Resource
	link     inventory.Link
	status   inventory.LinkStatus
	external string
	runs     []inventory.Run
}

// recall gathers what the inventory knows.
func (s *search) recall(tx inventory.Reader, link string) error {
	if _, err := tx.Get(s.workspace); err != nil {
		return orNoParent(tx, s.workspace, err)
	}
	if err := s.find(tx); err != nil {
		return err
	}
	if err := s.depart(tx); err != nil {
		return err
	}
	for r, err := range tx.List(inventory.Query{Parent: s.workspace, Kind: inventory.KindLink}) {
		if err != nil {
			return err
		}
		if link != "" && !strings.EqualFold(r.Name(), link) {
			continue
		}
		if len(s.sought) == seekLinks {
			s.more++
			continue
		}
		if err := s.prepare(tx, r); err != nil {
			return err
		}
	}
	if link != "" && len(s.sought) == 0 {
		return inventory.Errorf(inventory.NotFound, "link", "link %q was not found", link)
	}
	return nil
}

// find looks for APIs of that name or title, here and elsewhere.
func (s *search) find(tx inventory.Reader) error {
	named := &inventory.Expr{Op: "or", Args: []inventory.Expr{
		{Op: "eq", Field: "/name", Value: s.out.Name}, {Op: "eq", Field: "/title", Value: s.out.Name},
	}}
	for r, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, Filter: named, Limit: 10 * foundAtMost}) {
		if err != nil {
			return err
		}
		switch {
		case s.workspace.Contains(r.ID):
			if len(s.out.Found) < foundAtMost {
				s.out.Found = append(s.out.Found, r.Path)
			}
		case len(s.elsewhere) < foundAtMost && s.readable(r):
			s.elsewhere = append(s.elsewhere, r.Path)
		}
	}
	return nil
}

// depart looks for the newest deletion of an API of that name or title, and for
// what became part of another.
func (s *search) depart(tx inventory.Reader) error {
	for e, err := range tx.Departures(s.workspace, departedPast) {
		if err != nil {
			return err
		}
		i := slices.IndexFunc(e.Changes, func(c inventory.Change) bool {
			return c.Path == e.Path && c.Action == inventory.Deleted && s.means(c)
		})
		if i < 0 {
			continue
		}
		s.out.Left = &inventory.Departure{Path: e.Path, At: e.At, By: e.Actor, Run: e.Run, Why: e.Changes[i].Why}
		if e.Changes[i].Why == inventory.Merged {
			if id, err := inventory.ParseID(e.Path); err == nil {
				if _, err := tx.Get(id); inventory.CodeOf(err) == inventory.NotFound {
					s.merged = err.Error()
				}
			}
		}
		return nil
	}
	return nil
}

// means says that a deletion is of what is sought: by its name in the
// inventory, which for a thing of a source begins with its name there, or by its title.
func (s *search) means(c inventory.Change) bool {
	name, sought := strings.ToLower(c.Path[strings.LastIndexByte(c.Path, '/')+1:]), strings.ToLower(s.out.Name)
	if name == sought || strings.HasPrefix(name, sought+"-") {
		return true
	}
	for _, f := range c.Fields {
		if f.Field == "/title" && strings.EqualFold(inventory.Doc{f.Field: f.Before}.Text(f.Field), s.out.Name) {
			return true
		}
	}
	return false
}

func (s *search) prepare(tx inventory.Reader, r inventory.Resource) error {
	doc, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		return err
	}
	l := sought{resource: r, link: inventory.LinkOf(doc), status: inventory.StatusOf(r)}
	if l.external, err = externalOf(tx, r, l.link, s.out.Name); inventory.CodeOf(err) == inventory.Invalid {
		l.external, err = "", nil // a title, or a path: it can only be found in the listing
	}
	if err != nil {
		return err
	}
	l.runs, err = tx.Runs(r.ID, runsPast)
	s.sought = append(s.sought, l)
	return err
}

// look asks the source of a link, and says what that means.
func (s *search) look(ctx context.Context, l *sought) error {
	out := inventory.MissingLink{Link: l.resource.Path, Synced: l.status.SyncedAt}
	waiting, stop := context.WithTimeout(ctx, seekTimeout)
	defer stop()
	var err error
	out.Seen, err = s.catalog.seeker.Seek(waiting, l.link, l.external, s.out.Name)
	if waiting.Err() != nil {
		err = errors.New("it did not answer in time")
	}
	if len(out.Seen) == 0 {
		out.Verdict, out.Message = inventory.Nowhere, "its source has no such API"
		if err != nil {
			out.Verdict, out.Message = inventory.Unreachable, "its source cannot be asked: "+err.Error()
		}
		s.out.Links = append(s.out.Links, out)
		return nil
	}
	err = s.catalog.store.View(context.WithoutCancel(ctx), func(tx inventory.Reader) error {
		for _, seen := range out.Seen {
			e, err := tx.Origin(l.resource.ID, inventory.KindVersion, seen.External)
			if inventory.CodeOf(err) == inventory.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			api, err := tx.Get(e.ID.Ancestor(inventory.KindAPI))
			if err != nil {
				return err
			}
			out.Verdict, out.Message = inventory.Present, "its source has it, and it is in the inventory as "+inventory.ShortID(api.Path)
			if !slices.Contains(s.out.Found, api.Path) {
				s.out.Found = append(s.out.Found, api.Path)
			}
			return nil
		}
		return nil
	})
	if out.Verdict == "" {
		out.Verdict, out.Message = l.outstanding(out.Seen[0])
	}
	s.out.Links = append(s.out.Links, out)
	return err
}

// outstanding says why a link has not brought what its source has.
func (l *sought) outstanding(seen inventory.Sighting) (inventory.Absence, string) {
	name, external := l.resource.Name(), seen.External
	if seen.Outside != "" {
		return inventory.OutOfScope, fmt.Sprintf("its source has it as %s, but %s; change what it covers: apicenter integration update -i %s", external, seen.Outside, name)
	}
	for _, r := range l.runs {
		if i := slices.IndexFunc(r.Errors, func(e inventory.RunError) bool { return e.External == external }); i >= 0 {
			return inventory.Withheld, fmt.Sprintf("its source has it as %s, and run %d could not bring it: %s", external, r.ID, r.Errors[i].Message)
		}
	}
	now := fmt.Sprintf("synchronise now: apicenter integration sync -i %s", name)
	switch s := l.status; {
	case s.State == inventory.Deleting:
		return inventory.Withheld, fmt.Sprintf("its source has it as %s, but the link %s is being deleted", external, name)
	case s.State == inventory.Failed:
		return inventory.Withheld, fmt.Sprintf("its source has it as %s, but the link fails: %s", external, s.Message)
	case s.Limited:
		return inventory.Full, fmt.Sprintf("its source has it as %s, but %s", external, cmp.Or(s.Message, "a limit keeps new APIs out"))
	case s.SyncedAt.IsZero():
		return inventory.Pending, fmt.Sprintf("its source has it as %s, and the first synchronisation has not ended; wait for it: apicenter integration runs -i %s", external, name)
	default:
		return inventory.Pending, fmt.Sprintf("its source has it as %s, and the next synchronisation, due %s, brings it; or %s --api %s", external, s.NextDue.Format(time.RFC3339), now, external)
	}
}

// ranks are the verdicts, the one that explains the most first.
var ranks = []inventory.Absence{
	inventory.Present, inventory.Withheld, inventory.Full, inventory.OutOfScope, inventory.Pending, inventory.Elsewhere, inventory.MergedAway,
	inventory.Removed, inventory.Unreachable, inventory.Nowhere, inventory.NoLinks,
}

// conclude makes one verdict of all.
func (s *search) conclude() {
	found := map[inventory.Absence]string{inventory.NoLinks: "nothing brings it: the workspace has no link; link its gateway, or register it: apicenter api register"}
	if len(s.sought) > 0 {
		delete(found, inventory.NoLinks)
	}
	if left := s.out.Left; left != nil {
		at := left.At.Format(time.RFC3339)
		found[inventory.Removed] = removed(*left, at)
		if s.merged != "" {
			found[inventory.MergedAway] = fmt.Sprintf("%s since %s", s.merged, at)
		}
	}
	if len(s.elsewhere) > 0 {
		found[inventory.Elsewhere] = "it is not in this workspace, but " + inventory.ShortID(s.elsewhere[0]) + " of the service " + serviceOf(s.elsewhere[0]) + " has that name"
	}
	for _, l := range slices.Backward(s.out.Links) {
		found[l.Verdict] = "link " + l.Link[strings.LastIndexByte(l.Link, '/')+1:] + ": " + l.Message
	}
	if _, all := found[inventory.Nowhere]; all {
		found[inventory.Nowhere] = "no source of a link has an API with that name, title or path; create it there, or link the gateway that has it"
		if s.more > 0 {
			delete(found, inventory.Nowhere)
			found[inventory.Unreachable] = fmt.Sprintf("the sources that were asked do not have it, and %d more links were not asked; name one with -i", s.more)
		}
	}
	if len(s.out.Found) > 0 {
		found[inventory.Present] = "it is here: " + inventory.ShortID(s.out.Found[0])
	} else {
		s.out.Found = append(s.out.Found, s.elsewhere...)
	}
	for _, v := range ranks {
		if message, ok := found[v]; ok {
			s.out.Verdict, s.out.Message = v, message
			return
		}
	}
	panic("catalog: a search without a verdict")
}

// removed says how something left, and how it comes back.
func removed(left inventory.Departure, at string) string {
	path := inventory.ShortID(left.Path)
	switch left.Why {
	case inventory.Vanished:
		return fmt.Sprintf("%s was removed at %s by %s (run %d), since its source had it no longer; what people had said of it comes back when it does", path, at, left.By, left.Run)
	case inventory.Unlinked:
		return fmt.Sprintf("%s was removed at %s with its link; link the source again", path, at)
	case inventory.Left:
		return fmt.Sprintf("%s was removed at %s by %s (run %d): it left what the link takes from the source", path, at, left.By, left.Run)
	case inventory.Merged:
		return fmt.Sprintf("%s became part of another API at %s", path, at)
	default:
		return fmt.Sprintf("%s was deleted at %s by %s; create it anew: apicenter api create", path, at, left.By)
	}
}

// serviceOf is the name of the service that a path is in.
func serviceOf(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return parts[2]
}
