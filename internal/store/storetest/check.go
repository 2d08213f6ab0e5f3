package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// Check fails the test for everything in a store's database that contradicts
// what the store promises.
func Check(t testing.TB, s *store.Store) {
	t.Helper()
	faults, err := Faults(context.WithoutCancel(t.Context()), s)
	if err != nil {
		t.Errorf("check the store: %v", err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

// Faults walks a store's whole database and lists what contradicts what the
// store promises. It reads below the port, where rows that nothing names show.
func Faults(ctx context.Context, s *store.Store) ([]string, error) {
	tx, err := s.Writer().BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	w := &walk{ctx: ctx, tx: tx, rows: map[int64]*row{}, paths: map[string]*row{}, newest: map[int64]*row{}}
	for _, step := range []func() error{w.integrity, w.load, w.origins, w.resources, w.search, w.events} {
		if err := step(); err != nil {
			return w.faults, err
		}
	}
	return w.faults, nil
}

// walk is one look at a database.
type walk struct {
	ctx    context.Context
	tx     *sql.Tx
	rows   map[int64]*row
	paths  map[string]*row
	newest map[int64]*row // of an API's row: its newest version
	faults []string
}

// row is a resource as stored.
type row struct {
	inventory.Record
	key, parent        int64
	folded, name, kind string
	document           sql.NullString
	linked             bool
}

func (w *walk) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// each calls f for each row of a query.
func (w *walk) each(text string, f func(scan func(...any) error) error) error {
	rows, err := w.tx.QueryContext(w.ctx, text)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return rows.Err()
}

// none notes a fault for each text that a query gives.
func (w *walk) none(what, text string) error {
	return w.each(text, func(scan func(...any) error) error {
		var found string
		err := scan(&found)
		w.fault("%s: %s", what, found)
		return err
	})
}

func (w *walk) integrity() error {
	return errors.Join(
		w.each(`pragma quick_check`, func(scan func(...any) error) error {
			var found string
			err := scan(&found)
			if found != "ok" {
				w.fault("database file: %s", found)
			}
			return err
		}),
		w.none("origin without its resource or link", `
			select o.resource || ' of ' || o.link from origin o
			where not exists (select 1 from resource r where r.id = o.resource)
				or not exists (select 1 from resource r where r.id = o.link and r.kind = 'link')`),
		w.none("origin of another kind than its resource", `select r.path from origin o join resource r on r.id = o.resource where r.kind <> o.kind`),
		w.none("origins that lead together", `select r.path from origin o join resource r on r.id = o.resource group by r.id, o.position having count(*) > 1`),
		w.none("row of a link that is not there", `
			select what || ' ' || link from (select 'link' as what, resource as link from link union all select 'hint', link from hint union all select 'run', link from run
				union all select 'deletion', link from deletion union all select 'log entry', link from log_entry)
			where not exists (select 1 from resource r where r.id = link and r.kind = 'link')`),
		w.none("document that is not stored", `
			select r.path from resource r where r.document is not null and not exists (select 1 from document d where d.digest = r.document)`),
	)
}

func (w *walk) load() error {
	return w.each(`select id, path, shown, name, kind, parent, doc, own, document, linked, revision from resource order by id`, func(scan func(...any) error) error {
		var r row
		var doc, own []byte
		err := scan(&r.key, &r.folded, &r.Path, &r.name, &r.kind, &r.parent, &doc, &own, &r.document, &r.linked, &r.Revision)
		if err != nil {
			return err
		}
		// What is deleted with its service must be as sound as all else: it may come back.
		for _, at := range []*string{&r.folded, &r.Path, &r.name} {
			*at = strings.Replace(*at, "~deleted", "", 1)
		}
		if r.ID, err = inventory.ParseID(r.Path); err != nil {
			return err
		}
		r.Doc = doc
		if r.Own, err = inventory.DecodeDoc(own); err != nil {
			return fmt.Errorf("%s: own layer: %w", r.Path, err)
		}
		w.rows[r.key], w.paths[r.folded] = &r, &r
		if r.kind == string(inventory.KindVersion) {
			w.newest[r.parent] = &r
		}
		return nil
	})
}

func (w *walk) origins() error {
	return w.each(`select resource, link, states, coalesce(document, ''), gone, gone_why from origin order by resource, position`, func(scan func(...any) error) error {
		var key, link, gone int64
		var states []byte
		var document string
		var o inventory.Origin
		if err := scan(&key, &link, &states, &document, &gone, &o.Gone.Why); err != nil {
			return err
		}
		r, l := w.rows[key], w.rows[link]
		if r == nil || l == nil {
			return nil // noted already
		}
		if o.Link = l.ID; gone != 0 {
			o.Gone.At = time.UnixMicro(gone).UTC()
		}
		var err error
		if o.States, err = inventory.DecodeDoc(states); err != nil {
			return fmt.Errorf("%s: states of %s: %w", r.Path, l.Path, err)
		}
		if got := o.States.Text(inventory.FieldDocument); got != document {
			w.fault("%s: states document %q, its row says %q", r.Path, got, document)
		}
		for _, f := range []inventory.Field{"/definitionId", "/environmentId"} {
			if short := o.States.Text(f); r.kind == string(inventory.KindDeployment) && short != "" {
				if at := strings.ToLower(r.ID.Ancestor(inventory.KindService).String() + short); w.paths[at] == nil {
					w.fault("%s: %s states %s %s, which is not there", r.Path, l.Path, f, short)
				}
			}
		}
		r.Origins = append(r.Origins, o)
		return nil
	})
}

func (w *walk) resources() error {
	for _, key := range slices.Sorted(maps.Keys(w.rows)) {
		r := w.rows[key]
		if r.folded != r.ID.String() || r.name != r.ID.Name() || r.kind != string(r.ID.Kind()) {
			w.fault("%s is stored as %s, name %s, kind %s", r.Path, r.folded, r.name, r.kind)
		}
		if above := r.ID.Parent(); above.IsZero() {
			if r.parent != 0 {
				w.fault("%s: a service with a parent", r.Path)
			}
		} else if p := w.rows[r.parent]; p == nil || p.ID != above || !strings.HasPrefix(r.Path, p.Path+"/") {
			w.fault("%s: its parent row is %+v", r.Path, p)
		}
		if r.linked != (len(r.Origins) > 0) {
			w.fault("%s: linked is %v with %d origins", r.Path, r.linked, len(r.Origins))
		}
		view := w.view(r)
		if want := view.JSON(r.ID.Kind()); string(want) != string(r.Doc) {
			w.fault("%s: readers see %s, the layers make %s", r.Path, r.Doc, want)
		}
		if want := view.Text(inventory.FieldDocument); want != r.document.String {
			w.fault("%s: its row names document %q, the layers %q", r.Path, r.document.String, want)
		}
	}
	return nil
}

// view is what readers are to see of r.
func (w *walk) view(r *row) inventory.Doc {
	view := r.View()
	if r.ID.Kind() == inventory.KindAPI {
		delete(view, inventory.FieldLifecycleStage)
		if v := w.newest[r.key]; v != nil {
			if stage, ok := v.View()[inventory.FieldLifecycleStage]; ok {
				view[inventory.FieldLifecycleStage] = stage
			}
		}
	}
	return view
}

// search finds each API and environment by all the words of its texts together.
func (w *walk) search() error {
	if err := w.none("search entry of nothing", `
		select id from search_docsize where id not in (select id from resource where kind in ('api', 'environment'))`); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(w.rows)) {
		r := w.rows[key]
		if k := r.ID.Kind(); k != inventory.KindAPI && k != inventory.KindEnvironment {
			continue
		}
		view := w.view(r)
		var terms strings.Builder
		for column, text := range map[string]string{
			"name": r.Name(), "title": view.Text("/title"), "summary": view.Text("/summary"), "description": view.Text("/description"),
		} {
			for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }) {
				if !strings.ContainsFunc(word, func(r rune) bool { return r > unicode.MaxASCII }) { // the engine has its own idea of other letters
					fmt.Fprintf(&terms, `%s:"%s" `, column, word)
				}
			}
		}
		if terms.Len() == 0 {
			continue
		}
		var found int
		if err := w.tx.QueryRowContext(w.ctx, `select count(*) from search where rowid = $1 and search match $2`, key, terms.String()).Scan(&found); err != nil {
			return err
		}
		if found != 1 {
			w.fault("%s: %d search entries have all its words", r.Path, found)
		}
	}
	return nil
}
