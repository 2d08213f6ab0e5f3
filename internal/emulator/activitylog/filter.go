package activitylog

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// filter is a parsed $filter. Azure takes a time range, whose beginning is
// required, with at most one other condition, and nothing else.
type filter struct {
	from, to time.Time // to may be zero
	name     string    // of the other condition, in lower case; "" if there is none
	value    string
}

var condition = regexp.MustCompile(`(?i)^\s*(\w+)\s+(ge|le|eq)\s+'((?:[^']|'')*)'\s*(?:and\s+|$)`)

// subjects say what an entry has for each name that may be compared.
var subjects = map[string]func(entry) string{
	"resourcegroupname": func(e entry) string { return e.Group },
	"resourceprovider":  func(e entry) string { return e.ProviderName.Value },
	"resourceuri":       func(e entry) string { return e.ResourceID },
	"correlationid":     func(e entry) string { return e.CorrelationID },
}

func parseFilter(text string, now time.Time) (f filter, _ *wire.Error) {
	refused := wire.Errorf(http.StatusBadRequest, "BadRequest", "The $filter '%s' is not supported.", text)
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := condition.FindStringSubmatch(rest)
		if m == nil {
			return f, refused
		}
		rest = rest[len(m[0]):]
		name, op, value := strings.ToLower(m[1]), strings.ToLower(m[2]), strings.ReplaceAll(m[3], "''", "'")
		if name == "eventtimestamp" {
			at, err := time.Parse(time.RFC3339Nano, value)
			switch {
			case err == nil && op == "ge" && f.from.IsZero():
				f.from = at
			case err == nil && op == "le" && f.to.IsZero():
				f.to = at
			default:
				return f, refused
			}
			continue
		}
		if subjects[name] == nil || op != "eq" || f.name != "" {
			return f, refused
		}
		f.name, f.value = name, value
	}
	switch {
	case f.from.IsZero():
		return f, wire.Errorf(http.StatusBadRequest, "BadRequest", "The $filter must say since when, as eventTimestamp ge '2014-07-16T04:36:37Z'.")
	case f.from.Before(now.Add(-retention)):
		return f, wire.Errorf(http.StatusBadRequest, "BadRequest", "The start time cannot be more than 90 days in the past.")
	}
	return f, nil
}

func (f filter) accepts(e entry) bool {
	return !e.Happened.Before(f.from) && (f.to.IsZero() || !e.Happened.After(f.to)) &&
		(f.name == "" || strings.EqualFold(subjects[f.name](e), f.value))
}
