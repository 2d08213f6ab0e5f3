package store

import (
	"strconv"
	"strings"
	"unicode"

	"apicenter/internal/inventory"
)

// listQuery renders a query as SQL.
func (t *session) listQuery(q inventory.Query) (query, error) {
	var b strings.Builder
	list := query{long: q.Filter != nil}
	bind := func(v any) string {
		list.args = append(list.args, v)
		return "$" + strconv.Itoa(len(list.args))
	}
	words := searchWords(q.Search)
	order := "r.id"
	b.WriteString("select " + resourceColumns)
	switch {
	case len(words) > 0:
		order = "search.rowid"
		b.WriteString(" from search join resource r on r.id = search.rowid where " +
			t.store.dialect.match() + " " + bind(t.store.dialect.query(words)))
		if q.After > 0 {
			b.WriteString(" and search.rowid > " + bind(q.After))
		}
	case q.Search != "":
		b.WriteString(" from resource r where 1 = 0") // only punctuation: nothing has that as a word
	default:
		b.WriteString(" from resource r where r.id > " + bind(q.After))
	}
	if !q.Parent.IsZero() {
		b.WriteString(" and r.parent = (select id from resource where path = " + bind(q.Parent.String()) + ")")
	} else {
		b.WriteString(" and " + inSight)
	}
	b.WriteString(" and r.kind = " + literal(q.Kind))
	if q.Filter != nil {
		f := filter{bind: bind, left: maxTerms}
		condition, err := f.render(*q.Filter)
		if err != nil {
			return list, err
		}
		b.WriteString(" and " + condition)
	}
	b.WriteString(" order by " + order)
	if q.Limit > 0 { // a number in the text, for the reason of literal
		b.WriteString(" limit " + strconv.Itoa(q.Limit))
	} else if q.Skip > 0 {
		b.WriteString(" limit -1")
	}
	if q.Skip > 0 {
		b.WriteString(" offset " + bind(q.Skip))
	}
	list.text = b.String()
	return list, nil
}

// literal is a kind as SQL text. It is no bind, since whether the index of one
// kind serves depends on it: SQLite would plan the statement anew at each run.
func literal(k inventory.Kind) string {
	return "'" + strings.ReplaceAll(string(k), "'", "''") + "'"
}

// maxTerms bounds a filter: the engine refuses expressions that nest too deep,
// and takes "a and b and c" for one that nests.
const maxTerms = 200

var comparisons = map[string]string{"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}

// filter renders an expression as a condition. Values only ever go in as binds.
type filter struct {
	bind func(any) string
	left int // terms that there is room for
	// element says that a condition is on the element of a list.
	element bool
}

func (f *filter) render(e inventory.Expr) (string, error) {
	if f.left--; f.left < 0 {
		return "", inventory.Errorf(inventory.Invalid, "$filter", "the filter has more than %d terms", maxTerms)
	}
	switch e.Op {
	case "and", "or", "not":
		return f.combine(e)
	case "any":
		return f.any(e)
	}
	field, err := f.field(e.Field)
	if err != nil {
		return "", err
	}
	if e.Op == "null" {
		return field + " is null", nil
	}
	value := f.bind(strings.ToLower(e.Value))
	switch e.Op {
	case "ne":
		return "coalesce(" + field + ", '') <> " + value, nil
	case "contains":
		return "instr(" + field + ", " + value + ") > 0", nil
	case "startswith":
		return "substr(" + field + ", 1, length(" + value + ")) = " + value, nil
	case "endswith":
		return "length(" + field + ") >= length(" + value + ") and substr(" + field + ", length(" + field + ") - length(" + value + ") + 1) = " + value, nil
	}
	if op, ok := comparisons[e.Op]; ok {
		return field + " " + op + " " + value, nil
	}
	return "", inventory.Errorf(inventory.Invalid, "$filter", "unknown operator %q", e.Op)
}

func (f *filter) combine(e inventory.Expr) (string, error) {
	if len(e.Args) == 0 || e.Op == "not" && len(e.Args) > 1 {
		return "", inventory.Errorf(inventory.Invalid, "$filter", "%q has %d operands", e.Op, len(e.Args))
	}
	parts := make([]string, len(e.Args))
	for i, arg := range e.Args {
		var err error
		if parts[i], err = f.render(arg); err != nil {
			return "", err
		}
	}
	if e.Op == "not" {
		return "not coalesce(" + parts[0] + ", 0)", nil // of what is absent, nothing is true
	}
	return "(" + strings.Join(parts, " "+e.Op+" ") + ")", nil
}

// any holds when its condition holds for an element of a list; a field that is
// no list counts as a list of itself.
func (f *filter) any(e inventory.Expr) (string, error) {
	if f.element || len(e.Args) != 1 {
		return "", inventory.Errorf(inventory.Invalid, "$filter", "any takes one condition, and none with any in it")
	}
	path, err := f.path(e.Field)
	if err != nil {
		return "", err
	}
	f.element = true
	condition, err := f.render(e.Args[0])
	f.element = false
	return "exists (select 1 from json_each(r.doc, " + path + ") element where " + condition + ")", err
}

// field is the text of a field, without case. A list or object compares by its
// JSON. No field at all is the element that any looks at.
func (f *filter) field(at inventory.Field) (string, error) {
	switch {
	case at == "/name":
		return "r.name", nil
	case at == "" && f.element:
		return "fold(json_quote(element.value))", nil
	}
	path, err := f.path(at)
	return "fold(r.doc -> " + path + ")", err
}

// path binds where a field is in the document.
func (f *filter) path(at inventory.Field) (string, error) {
	if at == "" {
		return "", inventory.Errorf(inventory.Invalid, "$filter", "a condition names no property")
	}
	var path strings.Builder
	path.WriteString("$")
	for segment := range strings.SplitSeq(strings.TrimPrefix(string(at), "/"), "/") {
		if strings.ContainsAny(segment, `"\\`) {
			return "", inventory.Errorf(inventory.Invalid, "$filter", "%q cannot be filtered by", at)
		}
		path.WriteString(`."` + strings.ReplaceAll(strings.ReplaceAll(segment, "~1", "/"), "~0", "~") + `"`)
	}
	return f.bind(path.String()), nil
}

// searchWords splits a search into words, as the index splits texts.
func searchWords(search string) []string {
	words := strings.FieldsFunc(strings.ToLower(search), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return words[:min(len(words), 16)]
}
