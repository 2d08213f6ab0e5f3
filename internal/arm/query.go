package arm

import (
	"net/url"
	"strings"
)

// Param finds a parameter in a raw query. Azure compares parameter names
// without case, and clients send the $ of the OData ones plain or encoded. It
// does not build a map of all: it is asked on every request. A value that
// cannot be decoded is given as it came.
func Param(rawQuery, name string) (string, bool) {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		key, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(decode(key), name) {
			return decode(value), true
		}
	}
	return "", false
}

// WithParam sets a parameter in a raw query and drops others, all else as it came.
func WithParam(rawQuery, name, value string, drop ...string) string {
	var kept []string
next:
	for pair := range strings.SplitSeq(rawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		key = decode(key)
		if key == "" || strings.EqualFold(key, name) {
			continue
		}
		for _, d := range drop {
			if strings.EqualFold(key, d) {
				continue next
			}
		}
		kept = append(kept, pair)
	}
	return strings.Join(append(kept, name+"="+url.QueryEscape(value)), "&")
}

func decode(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}
