package store

import (
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

// listQuery renders a query as SQL.
func (t *session) listQuery(q inventory.Query) (list, error) {
	var l list
	words, match := searchWords(q.Search), t.store.dialect.allOf
	if q.AnyWord {
		words, match = withoutShort(words), t.store.dialect.anyOf
	}
	var err error
	if l.sort, err = t.sortKey(q, words); err != nil {
		return l, err
	}
	l.long = q.Filter != nil || l.sort != ""
	if err := t.which(&l, q, words, match); err != nil {
		return l, err
	}
	key, columns := l.key, resourceColumns
	if !q.At.IsZero() {
		columns = pastColumns
	}
	way, follows := "", " > "
	if q.Order.Descending {
		way, follows = " desc", " < "
	}
	order := key + way
	if l.sort != "" {
		order = l.sort + way + ", " + order
		columns += ", " + l.sort
	}
	if !q.After.IsZero() {
		after, err := l.after(q)
		if err != nil {
			return l, err
		}
		if l.sort != "" {
			key = "(" + l.sort + ", " + key + ")"
		}
		l.where(key + follows + after)
	}
	if q.Until != 0 {
		l.where("r.id <= " + l.bind(q.Until))
	}
	l.text = l.selecting(columns) + " order by " + order
	if q.Limit > 0 { // a number in the text, for the reason of literal
		l.text += " limit " + strconv.Itoa(q.Limit)
	} else if q.Skip > 0 {
		l.text += " limit -1"
	}
	if q.Skip > 0 {
		l.text += " offset " + l.bind(q.Skip)
	}
	return l, nil
}

// which says which things a query asks for, wherever its page begins.
func (t *session) which(l *list, q inventory.Query, words []string, match func([]string) string) error {
	l.key, l.from = "r.id", "resource r"
	few, err := t.shelved(l, q)
	if err != nil {
		return err
	}
	if !few {
		l.where("r.kind = " + literal(q.Kind))
	}
	switch {
	case !q.At.IsZero():
		if l.from, err = t.then(l, q); err != nil {
			return err
		}
	case q.Deep && l.sort == deepRank:
		d := t.store.dialect
		l.with = "with own as materialized (select rowid as id, " + d.rank() + " as weight from search where " + d.match() + " " + l.bind(d.allOf(words)) + ") "
		l.from += " left join own on own.id = r.id"
	case q.Deep:
	case len(words) > 0:
		l.key, l.from = "search.rowid", "search join resource r on r.id = search.rowid"
		l.where(t.store.dialect.match() + " " + l.bind(match(words)))
	case q.Search != "":
		l.where("1 = 0") // only punctuation: nothing has that as a word
	}
	if q.At.IsZero() && !q.Parent.IsZero() && !few {
		l.where(l.within(q.Parent, q.Kind))
	} else if q.At.IsZero() && !few {
		l.where(inSight)
	}
	if q.Filter == nil {
		return nil
	}
	f := filter{bind: l.bind, left: maxTerms}
	condition, err := f.render(*q.Filter)
	l.where(condition)
	return err
}

// shelved adds the condition that a query makes by what is on a shelf, if it
// makes one. few says that the database is to begin with those things: there are
// so few that this is sooner done than to go through the list in its order.
func (t *session) shelved(l *list, q inventory.Query) (few bool, err error) {
	if len(q.Choices) == 0 && !(q.Deep && q.Search != "") {
		return false, nil
	}
	s, of, err := t.only(q)
	if err != nil {
		return false, err
	}
	in := "r.id in (select value from json_each(" + l.bind(s.list(of)) + "))"
	if few = 8*of.count() < len(s.keys); !few {
		in = "+" + in
	}
	l.where(in)
	return few, nil
}

// list is the query of a list, and what it is ordered by besides creation: the
// last column then.
type list struct {
	query
	sort       string
	with       string // what goes before it
	key        string // the number of a thing
	from       string
	conditions []string
}

func (l *list) where(condition string) { l.conditions = append(l.conditions, condition) }

func (l *list) selecting(columns string) string {
	return l.with + "select " + columns + " from " + l.from + " where " + strings.Join(l.conditions, " and ")
}

func (l *list) bind(v any) string {
	l.args = append(l.args, v)
	return "$" + strconv.Itoa(len(l.args))
}

func (l *list) scan(rows *sql.Rows) (inventory.Resource, error) {
	if l.sort == "" {
		return scanResource(rows)
	}
	var sort string
	r, err := scanInto(rows, &sort)
	r.Sort = sort
	return r, err
}

// sortKey is what a list is ordered by besides creation, "" for nothing.
func (t *session) sortKey(q inventory.Query, words []string) (string, error) {
	switch q.Order.By {
	case inventory.ByCreation:
		return "", nil
	case inventory.ByName:
		return "r.name", nil
	case inventory.ByTitle:
		if !q.At.IsZero() {
			return sortTitle("r.doc"), nil
		}
		return "r.title", nil
	case inventory.ByUpdated:
		return "r.updated", nil
	case inventory.ByRank:
		if len(words) == 0 || slices.ContainsFunc(words, tooShortToRank) {
			return "", nil
		}
		if q.Deep {
			return deepRank, nil
		}
		return t.store.dialect.rank(), nil
	default:
		return "", inventory.Errorf(inventory.Invalid, "$orderby", "a list cannot be ordered by %q", q.Order.By)
	}
}

// deepRank is the rank of a deep search: what is only found by its definitions comes last.
const deepRank = "coalesce(own.weight, 0.0)"

// sortTitle is what a document is ordered by in a list that goes by titles.
func sortTitle(doc string) string {
	return "substr(coalesce(fold(" + doc + " -> '$.title'), ''), 1, 200)"
}

// tooShortToRank is true of a word that begins so many others that weighing
// them all takes a tenth of a second in a large inventory.
func tooShortToRank(word string) bool { return utf8.RuneCountInString(word) < 4 }

// withoutShort leaves out the short words, unless all are.
func withoutShort(words []string) []string {
	if long := slices.DeleteFunc(slices.Clone(words), tooShortToRank); len(long) > 0 {
		return long
	}
	return words
}

// within holds for what lives in a parent.
func (l *list) within(parent inventory.ID, k inventory.Kind) string {
	if parent.Kind() == k.Parent() {
		return "r.parent = (select id from resource where path = " + l.bind(parent.String()) + ")"
	}
	// The slash is the character before '0'. The plus keeps the index of paths
	// out of it: a page is found sooner in the order of the list.
	return "+r.path > " + l.bind(parent.String()+"/") + " and +r.path < " + l.bind(parent.String()+"0")
}

// then stands for what there was in the parent of a query as of its instant.
func (t *session) then(l *list, q inventory.Query) (string, error) {
	if q.Search != "" {
		return "", inventory.Errorf(inventory.Invalid, "$search", "what there was cannot be searched; use $filter, as contains(title, 'pet')")
	}
	if err := t.known(q.At); err != nil {
		return "", err
	}
	at, only := l.bind(micros(q.At)), "kind = "+literal(q.Kind)
	switch {
	case q.Parent.IsZero():
	case q.Parent.Kind() == q.Kind.Parent():
		parent, err := t.parentAt(q.Parent, q.At)
		if err != nil {
			return "", err
		}
		only = "parent = " + l.bind(parent) + " and " + only
	default:
		only += " and path > " + l.bind(q.Parent.String()+"/") + " and path < " + l.bind(q.Parent.String()+"0")
	}
	return asOf(at, only) + " r", nil
}

// after is a query's position as a value of SQL.
func (l *list) after(q inventory.Query) (string, error) {
	if l.sort == "" {
		return l.bind(q.After.Key), nil
	}
	var value any = q.After.Value
	var err error
	switch q.Order.By {
	case inventory.ByUpdated:
		value, err = strconv.ParseInt(q.After.Value, 10, 64)
	case inventory.ByRank:
		value, err = strconv.ParseFloat(q.After.Value, 64)
	}
	if err != nil {
		return "", inventory.Errorf(inventory.Invalid, "$skiptoken", "$skiptoken is of a list in another order; follow nextLink as it is")
	}
	return "(" + l.bind(value) + ", " + l.bind(q.After.Key) + ")", nil
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
	if e.Field == "/updated" {
		return f.updated(e)
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

// updated compares the last change.
func (f *filter) updated(e inventory.Expr) (string, error) {
	op, known := comparisons[e.Op]
	if e.Op == "ne" {
		op, known = "<>", true
	}
	instant, err := time.Parse(time.RFC3339, strings.ToUpper(e.Value))
	if !known || err != nil {
		return "", inventory.Errorf(inventory.Invalid, "$filter", "the last change can only be compared with an instant such as 2026-01-31T12:00:00Z")
	}
	return "r.updated " + op + " " + f.bind(micros(instant)), nil
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
	case at == "/environmentId":
		return "lower(json_extract(r.doc, '$.environmentId'))", nil // as its index has it
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
