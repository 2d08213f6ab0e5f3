package diff

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// Bounds of a layout.
const (
	deepestIndent = 40
	mostLaidOut   = 32 << 20 // bytes
)

// Layout is a document as lines that can be compared: JSON in one layout, with
// its members in their order; anything else as it is. So is JSON that would
// become too large.
func Layout(document []byte) string {
	if text := bytes.TrimSpace(document); len(text) > 0 && (text[0] == '{' || text[0] == '[') && json.Valid(text) {
		if out, ok := laidOut(text); ok {
			return out
		}
	}
	return lineEnds.ReplaceAllString(string(document), "\n")
}

// lineEnds are those of other systems, also where somebody has converted them twice.
var lineEnds = regexp.MustCompile(`\r+\n`)

// laidOut lays out valid JSON; false when that becomes too large.
func laidOut(text []byte) (string, bool) {
	var out strings.Builder
	depth := 0
	line := func() {
		out.WriteByte('\n')
		for range min(depth, deepestIndent) {
			out.WriteString("  ")
		}
	}
	quoted, empty := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if quoted {
			out.WriteByte(c)
			if c == '\\' {
				i++
				out.WriteByte(text[i])
			}
			quoted = c != '"'
			continue
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '}', ']':
			if depth--; !empty {
				line()
			}
		default:
			if empty {
				line()
			}
		}
		empty = false
		switch c {
		case '{', '[':
			depth++
			empty = true
			out.WriteByte(c)
		case ',':
			out.WriteByte(c)
			line()
		case ':':
			out.WriteString(": ")
		default:
			quoted = c == '"'
			out.WriteByte(c)
		}
		if out.Len() > mostLaidOut {
			return "", false
		}
	}
	return out.String(), true
}
