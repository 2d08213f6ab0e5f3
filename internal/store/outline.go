package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode"

	"apicenter/internal/inventory"
)

func (s *Store) Unread(ctx context.Context, limit int) (found []inventory.Digest, err error) {
	err = s.transact(ctx, reading, func(t *session) error {
		found, err = collect(t, query{
			text: `
				select distinct document from resource r
				where kind = 'definition' and document is not null
					and not exists (select 1 from outline o where o.document = r.document) limit $1`,
			args: []any{limit}, long: true,
		}, scanOne[inventory.Digest])
		return err
	})
	return found, err
}

func scanOne[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

func (s *Store) PutOutlines(ctx context.Context, all []inventory.Outline) error {
	return s.transact(ctx, writing, func(t *session) error {
		for _, o := range all {
			if _, err := t.exec(`
				insert into outline (document, lines) select digest, $2 from document where digest = $1 on conflict do nothing`,
				string(o.Document), joinLines(o.Lines)); err != nil {
				return err
			}
		}
		return nil
	})
}

func joinLines(lines []inventory.OutlineLine) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Name)
		b.WriteByte('\t')
		b.WriteString(l.More)
		b.WriteByte('\n')
	}
	return b.String()
}

func splitLines(text string) []inventory.OutlineLine {
	var out []inventory.OutlineLine
	for line := range strings.Lines(text) {
		name, more, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		out = append(out, inventory.OutlineLine{Name: name, More: more})
	}
	return out
}

// staleAPIs are those of definitions whose document, or whose API, is another than
// their words are of; and those that had a definition which is gone. A document
// that nobody has read yet has nothing to say.
const staleAPIs = `
	select v.parent from resource d join resource v on v.id = d.parent left join outlined o on o.definition = d.id
	where d.kind = 'definition' and (o.document is not d.document or o.api is not v.parent)
		and (d.document is null and o.document is not null or exists (select 1 from outline l where l.document = d.document))
	union
	select o.api from outlined o where not exists (select 1 from resource d where d.id = o.definition)`

func (s *Store) Stale(ctx context.Context) (found []int64, err error) {
	err = s.transact(ctx, reading, func(t *session) error {
		found, err = collect(t, query{text: staleAPIs, long: true}, scanOne[int64])
		return err
	})
	return found, err
}

func (s *Store) Refresh(ctx context.Context, apis []int64) error {
	return s.transact(ctx, writing, func(t *session) error {
		for _, api := range apis {
			if err := t.outline(api); err != nil {
				return err
			}
		}
		return nil
	})
}

// below is a definition with its outline.
type below struct {
	definition      int64
	document, lines string
}

// outline writes the words that an API is found by. The joins cross, for SQLite,
// which knows no figures of the tables, to begin with the one API.
func (t *session) outline(api int64) error {
	all, err := collect(t, query{
		text: `
			select d.id, d.document, o.lines from resource v cross join resource d on d.parent = v.id and d.kind = 'definition' cross join outline o on o.document = d.document
			where v.parent = $1 and v.kind = 'version'`,
		args: []any{api},
	}, func(rows *sql.Rows) (b below, err error) {
		err = rows.Scan(&b.definition, &b.document, &b.lines)
		return b, err
	})
	if err != nil {
		return err
	}
	if err := t.forgetOutline(api); err != nil {
		return err
	}
	words := map[string]bool{}
	for _, b := range all {
		// A definition that came from another API leaves words there.
		var from int64
		err := t.row([]any{&from}, `select api from outlined where definition = $1`, b.definition)
		if err == nil {
			err = t.forgetOutline(from)
		} else if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(`insert into outlined (definition, api, document) values ($1, $2, $3)`, b.definition, api, b.document); err != nil {
			return err
		}
		addWords(words, b.lines)
	}
	if len(words) == 0 {
		return nil
	}
	var text strings.Builder
	for w := range words {
		text.WriteString(w)
		text.WriteByte(' ')
	}
	return t.store.dialect.indexOutline(t, api, text.String())
}

// forgetOutline ends what an API is found by; what remains below it is stale then.
func (t *session) forgetOutline(api int64) error {
	if err := t.store.dialect.unindexOutline(t, api); err != nil {
		return err
	}
	_, err := t.exec(`delete from outlined where api = $1`, api)
	return err
}

// addWords adds the words of a text, and those that are joined in one, as in "getOrderByID".
func addWords(words map[string]bool, text string) {
	for _, word := range strings.FieldsFunc(text, notInWord) {
		words[strings.ToLower(word)] = true
		begin := 0
		all := []rune(word)
		for i := 1; i < len(all); i++ {
			if unicode.IsUpper(all[i]) && (!unicode.IsUpper(all[i-1]) || i+1 < len(all) && unicode.IsLower(all[i+1])) {
				words[strings.ToLower(string(all[begin:i]))] = true
				begin = i
			}
		}
		if begin > 0 {
			words[strings.ToLower(string(all[begin:]))] = true
		}
	}
}

func notInWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

func (t *session) Outlined(apis []int64) ([]inventory.Outlined, error) {
	return collect(t, query{
		text: `
			select v.parent, d.shown, o.lines from json_each($1) k cross join resource v on v.parent = k.value and v.kind = 'version'
				cross join resource d on d.parent = v.id and d.kind = 'definition' cross join outline o on o.document = d.document
			order by v.id desc, d.id`,
		args: []any{listKeys(apis)}, long: true,
	}, func(rows *sql.Rows) (o inventory.Outlined, err error) {
		var lines string
		err = rows.Scan(&o.API, &o.Definition, &lines)
		o.Lines = splitLines(lines)
		return o, err
	})
}

var _ inventory.Outlines = (*Store)(nil)
