package portal

import (
	"time"

	"apicenter/internal/inventory"
)

// momentField is a field for a date and a time. Without script it speaks UTC,
// with script the zone of the reader.
type momentField struct {
	Name, Label string
	Text        string // as it was given
	At          time.Time
	Fault       string
}

// Value is what the field shows without script.
func (f momentField) Value() string {
	if f.At.IsZero() {
		return f.Text
	}
	return f.At.UTC().Format(momentForm)
}

// Exact is what script shows in the zone of the reader.
func (f momentField) Exact() string {
	if f.At.IsZero() {
		return ""
	}
	return f.At.UTC().Format(time.RFC3339)
}

// momentForm is how a browser writes a date and a time.
const momentForm = "2006-01-02T15:04"

// momentOf reads a moment as people, browsers and addresses write it; the zero
// time when there is none. Invalid.
func momentOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, momentForm, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(form, text); err == nil && at.Year() > 0 {
			return at, nil
		}
	}
	return time.Time{}, inventory.Errorf(inventory.Invalid, "at", "%.40q is no date and time; write it like 2026-03-03T10:00", text)
}
