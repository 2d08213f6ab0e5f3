// Package filter reads the small part of OData that API Management takes in
// $filter: comparisons and text functions on fields, joined by and, or, not.
package filter

import (
	"fmt"
	"strings"
	"unicode"
)

// Filter says whether a row is wanted. The row is a function from a field to
// its text. A nil Filter wants every row.
type Filter func(field func(string) string) bool

// Match applies the filter.
func (f Filter) Match(field func(string) string) bool { return f == nil || f(field) }

// Parse reads a filter. Fields may have the prefix "properties/", as the Azure
// CLI sends it; "name" and "properties/name" are the same.
func Parse(s string) (Filter, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	p := parser{tokens: split(s)}
	f := p.or()
	if p.err == nil && len(p.tokens) > 0 {
		p.fail("unexpected '%s'", p.tokens[0].text)
	}
	if p.err != nil {
		return nil, p.err
	}
	return f, nil
}

type token struct {
	text   string
	quoted bool
}

// split cuts a filter into words, quoted texts and punctuation. A quote inside
// of a text is doubled.
func split(s string) []token {
	var out []token
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case unicode.IsSpace(rune(c)):
			i++
		case c == '(' || c == ')' || c == ',':
			out = append(out, token{text: s[i : i+1]})
			i++
		case c == '\'':
			var b strings.Builder
			for i++; i < len(s); i++ {
				if s[i] == '\'' {
					if i+1 >= len(s) || s[i+1] != '\'' {
						break
					}
					i++
				}
				b.WriteByte(s[i])
			}
			out = append(out, token{b.String(), true})
			i++
		default:
			end := i
			for end < len(s) && !strings.ContainsRune(" \t\n(),'", rune(s[end])) {
				end++
			}
			out = append(out, token{text: s[i:end]})
			i = end
		}
	}
	return out
}

type parser struct {
	tokens []token
	err    error
}

func (p *parser) fail(format string, args ...any) Filter {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	return nil
}

func (p *parser) next() token {
	if len(p.tokens) == 0 {
		p.fail("the filter ends too early")
		return token{}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) accept(word string) bool {
	if len(p.tokens) > 0 && !p.tokens[0].quoted && strings.EqualFold(p.tokens[0].text, word) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *parser) expect(word string) {
	if !p.accept(word) {
		p.fail("'%s' is missing", word)
	}
}

func (p *parser) or() Filter {
	left := p.and()
	for p.accept("or") {
		a, b := left, p.and()
		left = func(row func(string) string) bool { return a(row) || b(row) }
	}
	return left
}

func (p *parser) and() Filter {
	left := p.term()
	for p.accept("and") {
		a, b := left, p.term()
		left = func(row func(string) string) bool { return a(row) && b(row) }
	}
	return left
}

func (p *parser) term() Filter {
	if p.accept("not") {
		f := p.term()
		return func(row func(string) string) bool { return !f(row) }
	}
	if p.accept("(") {
		f := p.or()
		p.expect(")")
		return f
	}
	t := p.next()
	if test := function(t.text); test != nil && p.accept("(") {
		return p.call(t.text, test)
	}
	return p.comparison(t)
}

// call reads the arguments of a text function. substringof has them the other
// way round: first the part, then the field.
func (p *parser) call(name string, test func(s, part string) bool) Filter {
	a := p.next()
	p.expect(",")
	b := p.next()
	p.expect(")")
	if strings.EqualFold(name, "substringof") {
		a, b = b, a
	}
	f := p.field(a)
	want := strings.ToLower(b.text)
	return p.isTrue(name, func(row func(string) string) bool { return test(strings.ToLower(row(f)), want) })
}

// isTrue lets "contains(name,'x') eq true" pass, which old clients send.
func (p *parser) isTrue(name string, f Filter) Filter {
	if !p.accept("eq") {
		return f
	}
	if !p.accept("true") {
		return p.fail("%s may only be compared with true", name)
	}
	return f
}

func function(name string) func(s, part string) bool {
	switch strings.ToLower(name) {
	case "substringof", "contains":
		return strings.Contains
	case "startswith":
		return strings.HasPrefix
	case "endswith":
		return strings.HasSuffix
	default:
		return nil
	}
}

func (p *parser) comparison(t token) Filter {
	f := p.field(t)
	op := strings.ToLower(p.next().text)
	want := strings.ToLower(p.next().text)
	test := comparison(op)
	if test == nil {
		return p.fail("'%s' is no operator", op)
	}
	return func(row func(string) string) bool { return test(strings.Compare(strings.ToLower(row(f)), want)) }
}

func comparison(op string) func(int) bool {
	switch op {
	case "eq":
		return func(c int) bool { return c == 0 }
	case "ne":
		return func(c int) bool { return c != 0 }
	case "gt":
		return func(c int) bool { return c > 0 }
	case "ge":
		return func(c int) bool { return c >= 0 }
	case "lt":
		return func(c int) bool { return c < 0 }
	case "le":
		return func(c int) bool { return c <= 0 }
	default:
		return nil
	}
}

func (p *parser) field(t token) string {
	if t.quoted || t.text == "" {
		p.fail("'%s' is no field", t.text)
	}
	return strings.TrimPrefix(strings.ToLower(t.text), "properties/")
}
