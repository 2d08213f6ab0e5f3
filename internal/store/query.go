package store

import (
	"fmt"
	"strings"
	"unicode"

	"apicenter/internal/inventory"
)

// listQuery renders a query as SQL. constant says that the text is one of few,
// so that its prepared statement may be kept; a filter can have any shape.
func (t *session) listQuery(q inventory.Query) (text string, args []any, constant bool, err error) {
	var b strings.Builder
	bind := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	b.WriteString("select " + resourceColumns)
	if words := searchWords(q.Search); len(words) > 0 {
		b.WriteString(" from search join resource r on r.id = search.rowid left join link l on l.resource = r.id where " + t.store.dialect.match() + " " + bind(t.store.dialect.query(words)))
		if q.After > 0 {
			b.WriteString(" and search.rowid > " + bind(q.After))
		}
	} else if q.Search != "" {
		b.WriteString(resources + "where 1 = 0") // only punctuation: nothing has that as a word
	} else {
		b.WriteString(resources + "where r.id > " + bind(q.After))
	}
	if !q.Parent.IsZero() {
		b.WriteString(" and r.parent = (select id from resource where path = " + bind(q.Parent.String()) + ")")
	}
	b.WriteString(" and r.kind = " + bind(string(q.Kind)))
	if q.Filter != nil {
		condition, err := renderExpr(*q.Filter, bind, 0)
		if err != nil {
			return "", nil, false, err
		}
		b.WriteString(" and " + condition)
	}
	if len(searchWords(q.Search)) > 0 {
		b.WriteString(" order by search.rowid")
	} else {
		b.WriteString(" order by r.id")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = -1
	}
	b.WriteString(" limit " + bind(limit))
	if q.Skip > 0 {
		b.WriteString(" offset " + bind(q.Skip))
	}
	return b.String(), args, q.Filter == nil, nil
}

// maxDepth bounds how deep a filter may nest.
const maxDepth = 50

var comparisons = map[string]string{"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}

// renderExpr writes a filter as a condition. Values only ever go in as binds.
func renderExpr(e inventory.Expr, bind func(any) string, depth int) (string, error) {
	if depth > maxDepth {
		return "", inventory.Errorf(inventory.Invalid, "$filter", "the filter nests deeper than %d", maxDepth)
	}
	switch e.Op {
	case "and", "or":
		parts := make([]string, len(e.Args))
		for i, arg := range e.Args {
			var err error
			if parts[i], err = renderExpr(arg, bind, depth+1); err != nil {
				return "", err
			}
		}
		return "(" + strings.Join(parts, " "+e.Op+" ") + ")", nil
	case "not":
		inner, err := renderExpr(e.Args[0], bind, depth+1)
		return "not coalesce(" + inner + ", 0)", err
	}
	field, value := renderField(e.Field, bind), bind(strings.ToLower(e.Value))
	switch e.Op {
	case "ne":
		return "coalesce(" + field + ", '') <> " + value, nil
	case "contains":
		return "instr(" + field + ", " + value + ") > 0", nil
	case "startswith":
		return "substr(" + field + ", 1, length(" + value + ")) = " + value, nil
	case "endswith":
		return "substr(" + field + ", -length(" + value + ")) = " + value, nil
	}
	if op, ok := comparisons[e.Op]; ok {
		return field + " " + op + " " + value, nil
	}
	return "", inventory.Errorf(inventory.Invalid, "$filter", "unknown operator %q", e.Op)
}

// renderField is the text of a field, without case. A list or object compares by its JSON.
func renderField(f inventory.Field, bind func(any) string) string {
	if f == "/name" {
		return "r.name"
	}
	var path strings.Builder
	path.WriteString("$")
	for segment := range strings.SplitSeq(strings.TrimPrefix(string(f), "/"), "/") {
		path.WriteString(`."` + strings.ReplaceAll(segment, `"`, "") + `"`)
	}
	at := bind(path.String())
	return "lower(case json_type(r.doc, " + at + ") when 'true' then 'true' when 'false' then 'false' else cast(json_extract(r.doc, " + at + ") as text) end)"
}

// searchWords splits a search into words, as the index splits texts.
func searchWords(search string) []string {
	words := strings.FieldsFunc(strings.ToLower(search), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return words[:min(len(words), 16)]
}
