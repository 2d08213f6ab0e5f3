// Package listing shows a document as text: its lines by number, the words in
// them told apart, and an outline of what it defines. It knows the languages that
// definitions of APIs are written in, and takes any other text as it is.
//
// Documents come from anywhere: every answer takes time that grows with the
// document alone, and is of bounded size.
package listing

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Language is what a document is written in.
type Language string

// The languages.
const (
	JSON     Language = "JSON"
	YAML     Language = "YAML"
	XML      Language = "XML"
	GraphQL  Language = "GraphQL"
	Protobuf Language = "Protocol Buffers"
	Plain    Language = "text"
)

// Text is a document to be shown.
type Text struct {
	Language Language
	Indented bool // its lines are not those of the document, which has them too long to read
	Lines    int
	format   string
	data     []byte
	starts   []int // of lines, in data
}

// Line is one line.
type Line struct {
	Number int
	Tokens []Token
	More   int // bytes that are left out at its end
}

// Token is a word of a line. Class is empty for one that is nothing special.
type Token struct{ Class, Text string }

// Bounds of what is shown.
const (
	maxLine   = 2000 // bytes of a line
	maxIndent = 16 << 20
)

// New reads a document of a format of the inventory: openapi, wsdl, graphql. What
// the format does not tell of the language, the first bytes do.
func New(format string, data []byte) *Text {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	t := &Text{format: strings.ToLower(format), data: data, Language: LanguageOf(format, data)}
	if t.Language == JSON && len(data) < maxIndent && longLines(data) {
		var b bytes.Buffer
		if json.Indent(&b, data, "", "  ") == nil {
			t.data, t.Indented = b.Bytes(), true
		}
	}
	t.starts = append(t.starts, 0)
	for i, c := range t.data {
		if c == '\n' && i+1 < len(t.data) {
			t.starts = append(t.starts, i+1)
		}
	}
	if len(t.data) == 0 {
		t.starts = nil
	}
	t.Lines = len(t.starts)
	return t
}

// Whole is all of the text, as its lines show it.
func (t *Text) Whole() []byte { return t.data }

// longLines says that a document has next to no lines.
func longLines(data []byte) bool { return len(data)/(bytes.Count(data, []byte{'\n'})+1) > 400 }

// LanguageOf is what a document of a format is written in.
func LanguageOf(format string, data []byte) Language {
	format = strings.ToLower(format)
	head := bytes.TrimSpace(data[:min(len(data), 4096)])
	switch {
	case format == "graphql":
		return GraphQL
	case format == "grpc", format == "protobuf", format == "proto", bytes.HasPrefix(head, []byte("syntax ")), bytes.HasPrefix(head, []byte("syntax=")):
		return Protobuf
	case bytes.HasPrefix(head, []byte("<")):
		return XML
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		return JSON
	case format == "openapi", format == "asyncapi", format == "swagger", bytes.HasPrefix(head, []byte("---")), firstIsMember(head):
		return YAML
	default:
		return Plain
	}
}

// firstIsMember says that a text begins as a mapping of YAML does.
func firstIsMember(head []byte) bool {
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		return ok && len(name) < 40 && !bytes.ContainsAny(name, " {}()<>")
	}
	return false
}

// Between gives at most count lines, from a number on; the first is 1.
func (t *Text) Between(from, count int) []Line {
	from = max(from, 1)
	end := min(from+count-1, t.Lines)
	var lines []Line
	l := lexers[t.Language]
	state := ""
	for n := from; n <= end; n++ {
		raw := t.line(n)
		line := Line{Number: n}
		if len(raw) > maxLine {
			line.More = len(raw) - maxLine
			raw = raw[:maxLine]
		}
		text := raw
		if !utf8.ValidString(text) {
			text = strings.ToValidUTF8(text, "\ufffd")
		}
		line.Tokens, state = l.tokens(text, state)
		lines = append(lines, line)
	}
	return lines
}

// line is the text of a line, without its end.
func (t *Text) line(n int) string {
	end := len(t.data)
	if n < t.Lines {
		end = t.starts[n]
	}
	return strings.TrimRight(string(t.data[t.starts[n-1]:end]), "\r\n")
}
