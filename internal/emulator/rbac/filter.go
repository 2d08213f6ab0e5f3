package rbac

import (
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/emulator/wire"
)

// filter is a parsed $filter: lower-case names with the values that they must have. Functions keep their
// parentheses in the name.
type filter map[string]string

// accepts tells whether a value passes the condition on it, if there is one.
func (f filter) accepts(name, value string) bool {
	want, asked := f[name]
	return !asked || strings.EqualFold(want, value)
}

// parseFilter reads the $filter of a list: conditions "name eq 'value'", "name()" and "name('value')", joined
// with "and". A condition that is not known is refused: to overlook it would give away more than was asked for.
func parseFilter(r *http.Request, known ...string) (filter, *wire.Error) {
	text := r.URL.Query().Get("$filter")
	f := make(filter)
	for rest := strings.TrimSpace(text); rest != ""; {
		name, value, after, ok := condition(rest)
		if next, more := cutFold(after, "and "); more {
			after = next
		} else if after != "" {
			ok = false
		}
		if !ok || !slices.Contains(known, name) {
			return nil, wire.Errorf(http.StatusBadRequest, "InvalidFilterInQueryString", "The filter '%s' is not supported.", text)
		}
		f[name], rest = value, after
	}
	return f, nil
}

// condition takes the first condition off a filter.
func condition(s string) (name, value, rest string, ok bool) {
	end := strings.IndexAny(s, "( ")
	if end < 0 {
		return "", "", "", false
	}
	name = strings.ToLower(s[:end])
	if rest, ok = strings.CutPrefix(s[end:], "()"); ok {
		return name + "()", "", strings.TrimSpace(rest), true
	}
	rest, call := strings.CutPrefix(s[end:], "(")
	if call {
		name += "()"
	} else if rest, ok = cutFold(strings.TrimSpace(rest), "eq "); !ok {
		return "", "", "", false
	}
	value, rest, ok = quoted(strings.TrimSpace(rest))
	if ok && call {
		rest, ok = strings.CutPrefix(rest, ")")
	}
	return name, value, strings.TrimSpace(rest), ok
}

// quoted takes a string in quotes off s. A quote in it is doubled.
func quoted(s string) (value, rest string, ok bool) {
	rest, ok = strings.CutPrefix(s, "'")
	for ok {
		var part string
		if part, rest, ok = strings.Cut(rest, "'"); !ok {
			break
		}
		value += part
		if !strings.HasPrefix(rest, "'") {
			return value, rest, true
		}
		value, rest = value+"'", rest[1:]
	}
	return "", "", false
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
