package odata

import (
	"fmt"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// Bounds of one filter; the database's own bounds lie beyond them.
const (
	maxLength      = 8 << 10
	maxDepth       = 24
	maxComparisons = 200
)

// Error says what is wrong with a filter, and where.
type Error struct {
	At      int // offset in bytes
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.At+1, e.Message) }

// Parse reads a filter. rename gives the field of a property that has another
// name in the inventory; it may be nil. The error is an *Error.
func Parse(filter string, rename map[string]inventory.Field) (*inventory.Expr, error) {
	if len(filter) > maxLength {
		return nil, &Error{maxLength, fmt.Sprintf("a filter has at most %d characters", maxLength)}
	}
	p := parser{text: filter, rename: rename}
	p.advance()
	e, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != end {
		return nil, p.fault("expected 'and', 'or' or the end, found %s", p.token)
	}
	return &e, nil
}

// parser goes down the grammar, one method a rule:
//
//	or      = and {"or" and}
//	and     = not {"and" not}
//	not     = ["not"] primary
//	primary = "(" or ")" | function [("eq" | "ne") boolean] | path operator value
//	        | path "in" "(" value {"," value} ")" | path "/any(" word ":" or ")"
type parser struct {
	text    string
	pos     int
	token   token
	rename  map[string]inventory.Field
	element string // inside any(): the word that stands for an element
	count   int
}

func (p *parser) or(depth int) (inventory.Expr, error)  { return p.chain("or", depth, p.and) }
func (p *parser) and(depth int) (inventory.Expr, error) { return p.chain("and", depth, p.not) }

func (p *parser) chain(op string, depth int, next func(int) (inventory.Expr, error)) (inventory.Expr, error) {
	first, err := next(depth)
	if err != nil || !p.word(op) {
		return first, err
	}
	args := []inventory.Expr{first}
	for p.word(op) {
		p.advance()
		e, err := next(depth)
		if err != nil {
			return e, err
		}
		args = append(args, e)
	}
	return inventory.Expr{Op: op, Args: args}, nil
}

func (p *parser) not(depth int) (inventory.Expr, error) {
	if depth > maxDepth {
		return inventory.Expr{}, p.fault("the filter nests deeper than %d", maxDepth)
	}
	if !p.word("not") {
		return p.primary(depth)
	}
	p.advance()
	e, err := p.not(depth + 1)
	return negate(e), err
}

func negate(e inventory.Expr) inventory.Expr {
	return inventory.Expr{Op: "not", Args: []inventory.Expr{e}}
}

var (
	functions = []string{"contains", "startswith", "endswith"}
	operators = []string{"eq", "ne", "gt", "ge", "lt", "le"}
)

func (p *parser) primary(depth int) (inventory.Expr, error) {
	if p.token.kind == open {
		p.advance()
		e, err := p.or(depth + 1)
		if err != nil {
			return e, err
		}
		return e, p.expect(closing, ")")
	}
	if p.token.kind != word {
		return inventory.Expr{}, p.fault("expected a property, found %s", p.token)
	}
	if p.count++; p.count > maxComparisons {
		return inventory.Expr{}, p.fault("a filter has at most %d comparisons", maxComparisons)
	}
	if name := strings.ToLower(p.token.text); slices.Contains(functions, name) && p.peek() == '(' {
		return p.call(name)
	}
	path, isAny := p.path()
	if isAny {
		return p.any(path, depth)
	}
	field, err := p.field(path)
	if err != nil {
		return inventory.Expr{}, err
	}
	return p.comparison(field)
}

func (p *parser) comparison(field inventory.Field) (inventory.Expr, error) {
	op := strings.ToLower(p.token.text)
	if p.token.kind == word && op == "in" {
		return p.in(field)
	}
	if p.token.kind != word || !slices.Contains(operators, op) {
		return inventory.Expr{}, p.fault("expected one of %s or in, found %s", strings.Join(operators, ", "), p.token)
	}
	p.advance()
	v, null, err := p.value()
	if err != nil {
		return inventory.Expr{}, err
	}
	if !null {
		return inventory.Expr{Op: op, Field: field, Value: v}, nil
	}
	switch op {
	case "eq":
		return inventory.Expr{Op: "null", Field: field}, nil
	case "ne":
		return negate(inventory.Expr{Op: "null", Field: field}), nil
	}
	return inventory.Expr{}, p.fault("null can only be compared with eq or ne")
}

// in is a chain of eq.
func (p *parser) in(field inventory.Field) (inventory.Expr, error) {
	p.advance()
	if err := p.expect(open, "("); err != nil {
		return inventory.Expr{}, err
	}
	out := inventory.Expr{Op: "or"}
	for {
		if p.count++; p.count > maxComparisons {
			return inventory.Expr{}, p.fault("a filter has at most %d comparisons", maxComparisons)
		}
		v, null, err := p.value()
		if err != nil {
			return inventory.Expr{}, err
		}
		if null {
			return inventory.Expr{}, p.fault("null cannot stand in a list")
		}
		out.Args = append(out.Args, inventory.Expr{Op: "eq", Field: field, Value: v})
		if p.token.kind != comma {
			return out, p.expect(closing, ")")
		}
		p.advance()
	}
}

// call is contains(path, 'text') and its like, perhaps compared with true or false.
func (p *parser) call(name string) (inventory.Expr, error) {
	p.advance() // the name
	p.advance() // (
	if p.token.kind != word {
		return inventory.Expr{}, p.fault("expected a property, found %s", p.token)
	}
	path, isAny := p.path()
	if isAny {
		return inventory.Expr{}, p.fault("any cannot stand inside %s", name)
	}
	field, err := p.field(path)
	if err != nil {
		return inventory.Expr{}, err
	}
	if err := p.expect(comma, ","); err != nil {
		return inventory.Expr{}, err
	}
	v, null, err := p.value()
	if err != nil {
		return inventory.Expr{}, err
	}
	if null {
		return inventory.Expr{}, p.fault("%s needs a text", name)
	}
	e := inventory.Expr{Op: name, Field: field, Value: v}
	if err := p.expect(closing, ")"); err != nil {
		return e, err
	}
	return p.truth(e)
}

// truth reads what some clients write after a condition: eq true, ne false.
func (p *parser) truth(e inventory.Expr) (inventory.Expr, error) {
	is := p.word("eq")
	if !is && !p.word("ne") {
		return e, nil
	}
	p.advance()
	switch {
	case p.word("true"):
	case p.word("false"):
		is = !is
	default:
		return e, p.fault("expected true or false, found %s", p.token)
	}
	p.advance()
	if is {
		return e, nil
	}
	return negate(e), nil
}

// any is path/any(t: condition on t): it holds when it holds for an element of
// the list. In the result, a condition on the element has no Field.
func (p *parser) any(path string, depth int) (inventory.Expr, error) {
	if p.element != "" {
		return inventory.Expr{}, p.fault("any cannot stand inside any")
	}
	field, err := p.field(path)
	if err != nil {
		return inventory.Expr{}, err
	}
	if err := p.expect(open, "("); err != nil {
		return inventory.Expr{}, err
	}
	if p.token.kind != word {
		return inventory.Expr{}, p.fault("expected a name for the element, found %s", p.token)
	}
	p.element = p.token.text
	p.advance()
	if err := p.expect(colon, ":"); err != nil {
		return inventory.Expr{}, err
	}
	inner, err := p.or(depth + 1)
	if err != nil {
		return inner, err
	}
	p.element = ""
	return inventory.Expr{Op: "any", Field: field, Args: []inventory.Expr{inner}}, p.expect(closing, ")")
}

// path takes a property's path, and says whether it ended in /any.
func (p *parser) path() (path string, isAny bool) {
	path = p.token.text
	if base, ok := strings.CutSuffix(path, "/any"); ok && p.peek() == '(' {
		path, isAny = base, true
	}
	p.advance()
	return path, isAny
}

// field is the inventory's name of a path: bare, or below properties.
func (p *parser) field(path string) (inventory.Field, error) {
	if p.element != "" {
		if path != p.element {
			return "", p.fault("inside any, only the element %q can be compared", p.element)
		}
		return "", nil
	}
	path = strings.TrimPrefix(path, "properties/")
	if f, ok := p.rename[path]; ok {
		return f, nil
	}
	segments := strings.Split(path, "/")
	if len(segments) > 2 || slices.Contains(segments, "") {
		return "", p.fault("%q is not a property: want name or name/member", path)
	}
	return inventory.Field("/" + strings.ReplaceAll(path, "~", "~0")), nil
}

// value takes a value, by its text.
func (p *parser) value() (text string, null bool, err error) {
	t := p.token
	switch {
	case t.kind == quoted:
	case t.kind == word && (strings.EqualFold(t.text, "true") || strings.EqualFold(t.text, "false") || isNumber(t.text)):
	case t.kind == word && strings.EqualFold(t.text, "null"):
		null = true
	default:
		return "", false, p.fault("expected a value, found %s; texts stand in single quotes", t)
	}
	p.advance()
	return t.text, null, nil
}

// isNumber is true of numbers and of dates, which begin alike.
func isNumber(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

func (p *parser) word(text string) bool {
	return p.token.kind == word && strings.EqualFold(p.token.text, text)
}

func (p *parser) expect(k kind, what string) error {
	if p.token.kind != k {
		return p.fault("expected %q, found %s", what, p.token)
	}
	p.advance()
	return nil
}

func (p *parser) fault(format string, args ...any) error {
	return &Error{p.token.at, fmt.Sprintf(format, args...)}
}
