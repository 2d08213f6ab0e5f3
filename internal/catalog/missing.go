package catalog

import (
	"context"
	"errors"
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
	here      []inventory.ID // of those found, the ones of the workspace
	approved  string         // who let what is entombed go
	merged    string         // what a look-up says of something that became part of another
	sought    []sought
	more      int // links that are not asked
}

// sought is a link whose source is to be asked, with what its records say.
type sought struct {
	resource inventory.Resource
	link     inventory.Link
	status   inventory.LinkStatus
	external string
	recorded *inventory.Entry    // what the link states of it
	api      string              // path of its API
	held     *inventory.Deletion // its removal that waits
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
	if err := s.entombed(tx); err != nil {
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
				s.out.Found, s.here = append(s.out.Found, r.Path), append(s.here, r.ID)
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
	kept, err := inventory.KeptOf(tx, s.workspace)
	if err != nil {
		return err
	}
	for e, err := range tx.Departures(s.workspace, departedPast) {
		if err != nil || e.Sequence <= kept.After {
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

// entombed looks for what is kept of what left.
func (s *search) entombed(tx inventory.Reader) error {
	name := lastOf(s.out.Name)
	if s.out.Left != nil {
		name = lastOf(s.out.Left.Path)
	}
	t, err := tx.Entombed(s.workspace, name)
	if errors.Is(err, inventory.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.out.Left == nil { // the events of then are forgotten
		id, err := inventory.ParseID(t.Path)
		if err != nil {
			return err
		}
		link, err := inventory.ParseID(t.Link)
		if err != nil {
			return err
		}
		s.out.Left = &inventory.Departure{Path: id.Ancestor(inventory.KindAPI).String(), At: t.At, By: "link/" + link.Name(), Why: t.Why}
	}
	s.approved, s.out.Left.Tombstone = t.ApprovedBy, t.ID
	if s.catalog.tombstones > 0 {
		s.out.Left.Until = t.At.Add(s.catalog.tombstones)
	}
	return nil
}

// means says that a deletion is of what is sought: by its name in the
// inventory, which for a thing of a source begins with its name there, or by its title.
func (s *search) means(c inventory.Change) bool {
	name, sought := strings.ToLower(lastOf(c.Path)), strings.ToLower(lastOf(s.out.Name))
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
	if err := l.recall(tx, s.here); err != nil {
		return err
	}
	l.runs, err = tx.Runs(r.ID, runsPast)
	s.sought = append(s.sought, l)
	return err
}

// recall finds what the link states of what is sought: by its identity at the
// source, or of the APIs that were found.
func (l *sought) recall(tx inventory.Reader, here []inventory.ID) error {
	externals := []string{l.external}
	for _, api := range here {
		below, err := tx.Below(api)
		if err != nil {
			return err
		}
		for _, rec := range below {
			for _, o := range rec.Origins {
				if o.Link == l.resource.ID && rec.ID.Kind() == inventory.KindVersion {
					externals = append(externals, o.External)
				}
			}
		}
	}
	held, err := tx.Deletions(l.resource.ID)
	if err != nil {
		return err
	}
	for _, external := range externals {
		e, err := tx.Origin(l.resource.ID, inventory.KindVersion, external)
		if errors.Is(err, inventory.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		i := slices.IndexFunc(held, func(d inventory.Deletion) bool { return d.External == external })
		if i < 0 && l.recorded != nil {
			continue
		}
		api, err := tx.Get(e.ID.Ancestor(inventory.KindAPI))
		if err != nil {
			return err
		}
		if l.recorded, l.api = &e, api.Path; i >= 0 {
			l.held = &held[i]
			break
		}
	}
	return nil
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
		if l.recorded != nil {
			out.Verdict, out.Message = l.remains(err == nil)
			s.has(l.api)
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
			s.has(api.Path)
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

// has notes an API of the workspace that is what was meant.
func (s *search) has(path string) {
	if !slices.Contains(s.out.Found, path) {
		s.out.Found = append(s.out.Found, path)
	}
}
