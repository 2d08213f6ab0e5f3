package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// maxNesting is how deep a shorthand may nest; the center takes no more either.
const maxNesting = 64

// parseJSON reads text as one JSON value, numbers as they are written.
func parseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the value")
	}
	return v, nil
}

// parseShorthand reads az's way to write JSON on a command line:
//
//	{name:pets,tags:[a,b],note:'it'/s, so'}
//
// A word ends at a comma or a bracket, a name at a colon. In quotes, '/ is a
// quote. A word is a text; with literals, what JSON takes for a number, true,
// false or null is that.
func parseShorthand(text string, literals bool) (any, error) {
	p := &shorthand{rest: text, literals: literals}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.rest != "" {
		return nil, fmt.Errorf("%q follows the value", shorten(p.rest, 20))
	}
	return v, nil
}

type shorthand struct {
	rest     string
	literals bool
}

func (p *shorthand) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take removes c from the front, if it is there.
func (p *shorthand) take(c string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, c)
	p.rest = rest
	return ok
}

func (p *shorthand) value(depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it nests deeper than %d", maxNesting)
	}
	switch {
	case p.take("{"):
		return p.object(depth)
	case p.take("["):
		return p.list(depth)
	}
	word, quoted, err := p.word(",]}")
	if err != nil {
		return nil, err
	}
	if word == "null" && !quoted {
		return nil, nil
	}
	if p.literals && !quoted {
		return literal(word), nil
	}
	return word, nil
}

func (p *shorthand) object(depth int) (any, error) {
	o := map[string]any{}
	if p.take("}") {
		return o, nil
	}
	for {
		name, _, err := p.word(":,]}")
		if err != nil {
			return nil, err
		}
		if name == "" || !p.take(":") {
			return nil, fmt.Errorf("a name and a colon are missing before %q", shorten(p.rest, 20))
		}
		if o[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		if p.take("}") {
			return o, nil
		}
		if !p.take(",") {
			return nil, fmt.Errorf("a comma or } is missing before %q", shorten(p.rest, 20))
		}
	}
}

func (p *shorthand) list(depth int) (any, error) {
	l := []any{}
	if p.take("]") {
		return l, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		if p.take("]") {
			return l, nil
		}
		if !p.take(",") {
			return nil, fmt.Errorf("a comma or ] is missing before %q", shorten(p.rest, 20))
		}
	}
}

// word reads up to one of the given characters, or what is in quotes.
func (p *shorthand) word(until string) (word string, quoted bool, err error) {
	p.skip()
	switch {
	case strings.HasPrefix(p.rest, "'"):
		word, err = p.quoted()
		return word, true, err
	case strings.HasPrefix(p.rest, `"`):
		d := json.NewDecoder(strings.NewReader(p.rest))
		if err := d.Decode(&word); err != nil {
			return "", true, fmt.Errorf("the quotes of %q are not closed", shorten(p.rest, 20))
		}
		p.rest = p.rest[d.InputOffset():]
		return word, true, nil
	}
	end := strings.IndexAny(p.rest, until)
	if end < 0 {
		end = len(p.rest)
	}
	word, p.rest = strings.TrimSpace(p.rest[:end]), p.rest[end:]
	return word, false, nil
}

func (p *shorthand) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		if p.rest[i] != '\'' {
			b.WriteByte(p.rest[i])
			continue
		}
		if strings.HasPrefix(p.rest[i:], "'/") {
			b.WriteByte('\'')
			i++
			continue
		}
		p.rest = p.rest[i+1:]
		return b.String(), nil
	}
	return "", fmt.Errorf("the quotes of %q are not closed", shorten(p.rest, 20))
}

// literal is the number, truth value or null that JSON reads in word, else word.
func literal(word string) any {
	if v, err := parseJSON(word); err == nil {
		return v
	}
	return word
}

// looksNested says that text is meant as an object or a list.
func looksNested(text string) bool {
	head := bytes.TrimSpace([]byte(text[:min(len(text), 64)]))
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// parseValue reads JSON, else shorthand where the text looks like it, else a word.
func parseValue(text string, literals bool) (any, error) {
	if looksNested(text) {
		if v, err := parseJSON(text); err == nil {
			return v, nil
		}
		return parseShorthand(text, literals)
	}
	if literals {
		return literal(text), nil
	}
	if text == "null" {
		return nil, nil
	}
	return text, nil
}
