package odata

import (
	"fmt"
	"strings"
)

type kind int

const (
	end kind = iota + 1
	word
	quoted
	open
	closing
	comma
	colon
	unclosed // a text without its second quote
)

// token is one piece of a filter; of a quoted one, text is what the quotes hold.
type token struct {
	kind kind
	text string
	at   int
}

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case unclosed:
		return "a text without a closing quote"
	default:
		return fmt.Sprintf("%q", t.text)
	}
}

var marks = map[byte]kind{'(': open, ')': closing, ',': comma, ':': colon}

// advance reads the next token.
func (p *parser) advance() {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
	p.token = token{kind: end, at: p.pos}
	if p.pos == len(p.text) {
		return
	}
	c := p.text[p.pos]
	if k, ok := marks[c]; ok {
		p.token.kind, p.token.text = k, string(c)
		p.pos++
		return
	}
	if c == '\'' {
		p.quoted()
		return
	}
	start := p.pos
	for p.pos < len(p.text) && !isSpace(p.text[p.pos]) && !p.breaks() {
		p.pos++
	}
	p.token.kind, p.token.text = word, p.text[start:p.pos]
}

// breaks says that the byte at pos ends a word. A colon does not when a time of
// day goes on after it: 2024-01-01T00:00:00Z.
func (p *parser) breaks() bool {
	switch c := p.text[p.pos]; c {
	case '(', ')', ',', '\'':
		return true
	case ':':
		return p.pos == 0 || p.pos+1 == len(p.text) || !isDigit(p.text[p.pos-1]) || !isDigit(p.text[p.pos+1])
	default:
		return false
	}
}

// quoted reads a text. The standard doubles a quote inside it, the portal
// writes it as it is; so a single quote ends the text only where a filter can
// go on after it.
func (p *parser) quoted() {
	var b strings.Builder
	for i := p.pos + 1; i < len(p.text); i++ {
		if p.text[i] != '\'' {
			b.WriteByte(p.text[i])
			continue
		}
		if goesOn(p.text[i+1:]) {
			p.token.kind, p.token.text = quoted, b.String()
			p.pos = i + 1
			return
		}
		b.WriteByte('\'')
		if p.text[i+1] == '\'' {
			i++
		}
	}
	p.token.kind = unclosed
	p.pos = len(p.text)
}

// goesOn says that rest can follow a text: brackets that close, and then a
// comma, another condition, a comparison of what the brackets hold, or nothing.
func goesOn(rest string) bool {
	rest = strings.TrimLeft(rest, ") \t\n\r")
	if rest == "" || rest[0] == ',' {
		return true
	}
	for _, word := range []string{"and", "or", "eq", "ne"} {
		n := len(word)
		if len(rest) >= n && strings.EqualFold(rest[:n], word) && (len(rest) == n || isSpace(rest[n]) || rest[n] == '(') {
			return true
		}
	}
	return false
}

// peek is the next byte that is no space, or 0 at the end.
func (p *parser) peek() byte {
	for i := p.pos; i < len(p.text); i++ {
		if !isSpace(p.text[i]) {
			return p.text[i]
		}
	}
	return 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
