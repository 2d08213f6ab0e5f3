package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jmespath/go-jmespath"
	"github.com/spf13/cobra"
)

// query is a JMESPath expression that selects what is printed of a result.
type query struct {
	text  string
	path  *jmespath.JMESPath
	place map[string]int // of the keys that the expression gives, in its order
}

// keyed matches a key in front of its value, in an expression that makes objects.
var keyed = regexp.MustCompile(`[{,]\s*("(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*)\s*:`)

func newQuery(text string, path *jmespath.JMESPath) *query {
	q := &query{text, path, map[string]int{}}
	for i, m := range keyed.FindAllStringSubmatch(text, -1) {
		key := m[1]
		if plain, err := strconv.Unquote(key); err == nil {
			key = plain
		}
		if _, again := q.place[key]; !again {
			q.place[key] = i
		}
	}
	return q
}

// parseQuery reads an expression; an empty one is no query.
func parseQuery(cmd *cobra.Command, text string) (*query, error) {
	if text == "" {
		return nil, nil
	}
	path, err := guarded(func() (*jmespath.JMESPath, error) { return jmespath.Compile(text) })
	if err == nil {
		return newQuery(text, path), nil
	}
	syntax, ok := errors.AsType[jmespath.SyntaxError](err)
	if !ok {
		return nil, usage(cmd, "--query: %v", err)
	}
	at := min(max(syntax.Offset, 0), len(text))
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	wrong := usage(cmd, "--query cannot be read: %s, at character %d", strings.TrimPrefix(syntax.Error(), "SyntaxError: "),
		utf8.RuneCountInString(text[:at])+1)
	if at < len(text) {
		wrong.message += ": " + text[:at] + "▸" + text[at:]
	} else {
		wrong.message += ", its end: " + text
	}
	return nil, wrong
}

// apply is what the expression selects of v, in the plain types of Go.
func (q *query) apply(v any) (any, error) {
	found, err := guarded(func() (any, error) { return q.path.Search(convert(v, reckoned)) })
	if err != nil {
		return nil, &failure{
			exit: exitUsage, message: fmt.Sprintf("--query %q does not fit the result: %v", q.text, err),
			hint: "look at the result with -o json and without --query",
		}
	}
	return found, nil
}

// guarded turns a panic of the library into an error: it does so for some
// expressions that make no sense, such as a call of what is no function.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the expression makes no sense")
		}
	}()
	return f()
}

// reckoned is n as a query can compare it, unless it would not be the same.
func reckoned(n json.Number) any {
	f, err := n.Float64()
	if err != nil || strconv.FormatFloat(f, 'f', -1, 64) != n.String() {
		return n
	}
	return f
}

// order puts keys as the expression names them, and others by the alphabet: the
// library that evaluates it forgets the order.
func (q *query) order(m map[string]any) []string {
	place := func(key string) int {
		if i, ok := q.place[key]; ok {
			return i
		}
		return len(q.place)
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
}

// table prints a result as az does: a row for each object, with the keys of
// those of its values that are neither lists nor objects as headings.
func (q *query) table(w io.Writer, v any) error {
	var head []string
	var rows []map[string]any
	for _, it := range list(v) {
		row := map[string]any{}
		var keys []string
		switch it := it.(type) {
		case map[string]any:
			for _, k := range q.order(it) {
				if k != "id" && k != "type" && k != "etag" && !composed(it[k]) {
					keys = append(keys, title(k))
					row[title(k)] = it[k]
				}
			}
		case []any:
			for i, cell := range it {
				keys = append(keys, fmt.Sprintf("Column%d", i+1))
				row[keys[i]] = cell
			}
		default:
			keys, row = []string{"Result"}, map[string]any{"Result": it}
		}
		for _, k := range keys {
			if !slices.Contains(head, k) {
				head = append(head, k)
			}
		}
		rows = append(rows, row)
	}
	if len(head) == 0 {
		return nil
	}
	cells := make([][]string, 0, len(rows))
	for _, row := range rows {
		line := make([]string, 0, len(head))
		for _, k := range head {
			line = append(line, scalar(row[k], ""))
		}
		cells = append(cells, line)
	}
	return writeTable(w, head, cells)
}

// tsv prints a result as az does: a line for each item, with a cell for each
// value; of a list its length, of an object nothing.
func (q *query) tsv(v any) []byte {
	var b bytes.Buffer
	for _, it := range list(v) {
		var cells []string
		switch it := it.(type) {
		case map[string]any:
			for _, k := range q.order(it) {
				cells = append(cells, cell(it[k]))
			}
		case []any:
			for _, v := range it {
				cells = append(cells, cell(v))
			}
		case bool:
			cells = []string{strconv.FormatBool(it)}
		default:
			cells = []string{cell(it)}
		}
		fmt.Fprintln(&b, strings.Join(cells, "\t"))
	}
	return b.Bytes()
}

// list is v, or the list that has only v.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

func composed(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func cell(v any) string {
	switch v := v.(type) {
	case []any:
		return strconv.Itoa(len(v))
	case map[string]any:
		return ""
	}
	return clean(scalar(v, "None"))
}

// scalar is v as az writes it.
func scalar(v any, none string) string {
	switch v := v.(type) {
	case nil:
		return none
	case bool:
		return title(strconv.FormatBool(v))
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return text(v)
}

// title is s with its first letter in upper case.
func title(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// everything is the query that selects all of a result.
func everything() *query { return newQuery("@", jmespath.MustCompile("@")) }
