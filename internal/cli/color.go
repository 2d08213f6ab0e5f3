package cli

import "regexp"

// The colours of a terminal.
const (
	blue   = "\x1b[34m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// painted matches what has a colour of its own in a line of JSON or YAML: a
// key, and then what is behind it, as far as that is no opening bracket.
var painted = regexp.MustCompile(`(?m)^([ ]*(?:- )*)("(?:[^"\\]|\\.)*"|[^\s":{\[-][^\n":]*)(:)([ ]|$)|("(?:[^"\\]|\\.)*")|\b(true|false|null|-?[0-9][0-9.eE+-]*)(,?)$`)

// paint adds colours to indented JSON or YAML.
func paint(text []byte) []byte {
	return painted.ReplaceAllFunc(text, func(match []byte) []byte {
		part := painted.FindSubmatch(match)
		switch {
		case len(part[2]) > 0:
			return []byte(string(part[1]) + blue + string(part[2]) + plain + string(part[3]) + string(part[4]))
		case len(part[5]) > 0:
			return []byte(green + string(part[5]) + plain)
		default:
			return []byte(yellow + string(part[6]) + plain + string(part[7]))
		}
	})
}
