package store

import (
	"database/sql"
	"errors"
	"strings"

	"apicenter/internal/inventory"
)

// People's words on what is one: an API of a source, by its identity there, is
// in a group with others, or in none. They are kept apart from what is in the
// inventory, so that they hold when a link is made again.

func (w *work) rememberTogether(from inventory.Record, to inventory.ID) error {
	into, err := w.session.Record(to)
	if err != nil {
		return err
	}
	for _, rec := range []inventory.Record{from, into} {
		for _, o := range rec.Origins {
			if err := w.remember(o, into.ID.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) rememberAlone(rec inventory.Record, link inventory.ID) error {
	for _, o := range rec.Origins {
		if o.Link == link {
			return w.remember(o, "")
		}
	}
	return nil
}

func (w *work) remember(o inventory.Origin, group string) error {
	source, err := w.instanceOf(o.Link)
	if err != nil {
		return err
	}
	w.words = new(true)
	_, err = w.exec(`
		insert into together (service, source, external, api) values ($1, $2, $3, $4)
		on conflict (service, source, external) do update set api = excluded.api`,
		o.Link.Ancestor(inventory.KindService).String(), source, o.External, group)
	return err
}

// word is what people said of an API of an instance: the group that it is in, ""
// for none; said is false when they said nothing.
func (t *session) word(service inventory.ID, instance, external string) (group string, said bool, err error) {
	if t.words == nil {
		var some bool
		if err := t.row([]any{&some}, `select exists (select 1 from together)`); err != nil {
			return "", false, err
		}
		t.words = &some
	}
	if !*t.words {
		return "", false, nil
	}
	err = t.row([]any{&group}, `select api from together where service = $1 and source = $2 and external = $3`, service.String(), instance, external)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return group, err == nil, err
}

// instanceOf is what a link reads: words are filed under it.
func (t *session) instanceOf(link inventory.ID) (string, error) {
	rec, err := t.Record(link)
	return inventory.LinkOf(rec.Own).Instance(), err
}

func (t *session) Alike(link inventory.ID, instance, external, mergeKey string) ([]inventory.Alike, error) {
	group, said, err := t.word(link.Ancestor(inventory.KindService), instance, external)
	if err != nil || said && group == "" {
		return nil, err
	}
	others := link.Parent().String() + "/links/"
	beyond := link.Parent().String() + "/links0"
	const found = `select r.path, r.id, (select count(*) from origin s where s.resource = r.id) `
	const another = `
		where o.kind = 'api' and l.path > $1 and l.path < $2 and l.path <> $3
			and not exists (select 1 from origin mine join resource m on m.id = mine.link where mine.resource = o.resource and m.path = $3)`
	const oldest = ` group by r.id order by r.id`
	if said {
		return collect(t, query{
			text: found + `
				from together g join resource l on l.kind = 'link' and g.source = rtrim(lower(json_extract(l.own, '$."/source"')), '/')
					join origin o on o.link = l.id and o.external = g.external
					join resource r on r.id = o.resource` + another + ` and g.service = $4 and g.api = $5` + oldest,
			args: []any{others, beyond, link.String(), link.Ancestor(inventory.KindService).String(), group},
		}, scanAlike)
	}
	if mergeKey == "" {
		return nil, nil
	}
	return collect(t, query{
		text: found + `
			from origin o join resource r on r.id = o.resource join resource l on l.id = o.link` + another + `
				and o.merge_key = $4 and o.merge_key <> ''` + oldest,
		args: []any{others, beyond, link.String(), mergeKey},
	}, scanAlike)
}

func (w *work) Alike(link inventory.ID, instance, external, mergeKey string) ([]inventory.Alike, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.session.Alike(link, instance, external, mergeKey)
}

func scanAlike(rows *sql.Rows) (inventory.Alike, error) {
	var a inventory.Alike
	var path string
	var links int
	if err := rows.Scan(&path, &a.Key, &links); err != nil {
		return a, err
	}
	a.Shared = links > 1
	var err error
	a.ID, err = inventory.ParseID(path)
	return a, err
}

func (w *work) Reconsider(mergeKey string, except inventory.ID) error {
	return w.reconsider(mergeKey, except, w.link)
}

// reconsider clears the marks of all APIs of a merge key in a workspace, but for
// one and for those of a link, by its row.
func (w *work) reconsider(mergeKey string, except inventory.ID, but int64) error {
	if mergeKey == "" {
		return nil
	}
	_, err := w.exec(`
		update origin set mark = '' where kind = 'api' and merge_key = $1 and merge_key <> '' and link <> $5
			and resource <> coalesce((select id from resource where path = $2), 0)
			and link in (select id from resource where kind = 'link' and path > $3 and path < $4)`,
		mergeKey, except.String(), except.Parent().String()+"/links/", except.Parent().String()+"/links0", but)
	return err
}

// inheritTogether has people's words on what is one hold for an instance under
// another identity, and gives how many. What they said of that already stands.
func (w *work) inheritTogether(link inventory.ID, from, to, oldSpace, newSpace string) (int, error) {
	service := link.Ancestor(inventory.KindService).String()
	type word struct{ external, group string }
	words, err := collect(w.session, query{
		text: `select external, api from together where service = $1 and source = $2 order by external`,
		args: []any{service, from},
	}, func(rows *sql.Rows) (found word, err error) {
		return found, rows.Scan(&found.external, &found.group)
	})
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, word := range words {
		rest, ok := strings.CutPrefix(word.external, oldSpace)
		if !ok {
			continue // of another workspace of that instance
		}
		external := newSpace + rest
		result, err := w.exec(`
			insert into together (service, source, external, api) values ($1, $2, $3, $4) on conflict (service, source, external) do nothing`,
			service, to, external, word.group)
		if err != nil {
			return 0, err
		}
		if _, err := w.exec(`delete from together where service = $1 and source = $2 and external = $3`, service, from, word.external); err != nil {
			return 0, err
		}
		fresh, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		if fresh == 0 {
			continue
		}
		moved++
		if err := w.heed(link, to, external, word.group); err != nil {
			return 0, err
		}
	}
	return moved, nil
}

// heed has an API that is there already be one with those of its group, or alone.
// Passes that are under way know it by its old place, and end.
func (w *work) heed(link inventory.ID, instance, external, group string) error {
	of, err := w.Origin(link, inventory.KindAPI, external)
	if errors.Is(err, inventory.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rec, err := w.Record(of.ID)
	if err != nil {
		return err
	}
	if group == "" {
		if len(rec.Origins) == 1 {
			return nil
		}
		if err := w.supersede(rec); err != nil {
			return err
		}
		_, err := w.Part(rec.ID, link)
		return err
	}
	alike, err := w.Alike(link, instance, external, "")
	if err != nil || len(alike) == 0 {
		return err
	}
	other, err := w.Record(alike[0].ID)
	if err != nil {
		return err
	}
	if err := errors.Join(w.supersede(rec), w.supersede(other)); err != nil {
		return err
	}
	if other.Key < rec.Key {
		rec, other = other, rec
	}
	err = w.Join(other.ID, rec.ID)
	if errors.Is(err, inventory.Conflict) {
		err = nil // a rule has made it one with another API of that link
	}
	return err
}

// supersede ends the passes of the links that state something.
func (w *work) supersede(rec inventory.Record) error {
	for _, o := range rec.Origins {
		if _, err := w.Begin(o.Link); err != nil {
			return err
		}
	}
	return nil
}
