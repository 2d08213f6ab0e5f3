package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// input is one field of a form that edits properties: how it is shown, and how
// its value is read. What it holds is JSON.
type input struct {
	Name     string // of the form's value; of members, with a dot
	Label    string
	Hint     string
	Sort     sort
	Required bool
	Options  []choice // their values are JSON
	Value    string   // as it is typed
	Members  []input  // of an object
	Rows     [][]input
	row      []input // what each row has
	Raw      bool    // it is shown as JSON: fields of its sort would lose some of the value
	was      json.RawMessage

	Locked *locked
	Fault  string
	Now    string // in a conflict: what somebody else has made of it
}

// sort says how an input is shown.
type sort string

// The sorts.
const (
	asText    sort = "text"
	asArea    sort = "area"
	asAddress sort = "url"
	asEmail   sort = "email"
	asDate    sort = "date"
	asInstant sort = "datetime"
	asNumber  sort = "number"
	asInteger sort = "integer"
	asFlag    sort = "flag"    // on or off
	asSelect  sort = "select"  // one of its options
	asChoices sort = "choices" // any of its options
	asLines   sort = "lines"   // a list of texts
	asObject  sort = "object"
	asRows    sort = "rows" // a list of objects
	asJSON    sort = "json"
)

// locked says why an input cannot be changed here.
type locked struct {
	Source string // that determines it
	Reason string
	Shown  []shown
}

// blankRows are offered for what is to be added.
const blankRows = 2

// fill has the input show a value; nil is none.
func (in *input) fill(value json.RawMessage) {
	value = bytes.TrimSpace(value)
	in.was, in.Raw, in.Rows = value, value != nil && !in.holds(value), nil
	if in.Raw {
		in.Value = typed(asJSON, value)
		return
	}
	in.Value = typed(in.Sort, value)
	switch in.Sort {
	case asSelect, asChoices:
		in.choose(value)
	case asObject:
		members := membersOf(value)
		for i := range in.Members {
			in.Members[i].fill(members[last(in.Members[i].Name)])
		}
	case asRows:
		items := append(itemsOf(value), make([]json.RawMessage, blankRows)...)
		for i, item := range items {
			row := in.rowOf(i, item)
			if item == nil {
				excuse(row)
			}
			in.Rows = append(in.Rows, row)
		}
	}
}

// holds says that fields of the input's sort can show a value, and give it back.
func (in *input) holds(value json.RawMessage) bool {
	switch in.Sort {
	case asSelect, asJSON:
		return true
	case asFlag:
		return string(value) == "true" || string(value) == "false"
	case asChoices:
		return value[0] == '['
	case asLines:
		var lines []*string
		return value[0] == '[' && json.Unmarshal(value, &lines) == nil && !slices.ContainsFunc(lines, func(line *string) bool {
			return line == nil || strings.TrimSpace(*line) == "" || strings.ContainsAny(*line, "\r\n")
		})
	case asObject:
		return value[0] == '{' && allDeclared(in.Members, value)
	case asRows:
		items := itemsOf(value)
		return value[0] == '[' && len(items)+blankRows <= maxRows && !slices.ContainsFunc(items, func(item json.RawMessage) bool {
			return len(membersOf(item)) == 0 || !allDeclared(in.row, item)
		})
	}
	return strings.ContainsRune(`"-0123456789`, rune(value[0]))
}

// membersOf are the members of an object; of another value there are none.
func membersOf(value json.RawMessage) (members map[string]json.RawMessage) {
	_ = json.Unmarshal(value, &members)
	return members
}

// itemsOf are the items of a list; of another value there are none.
func itemsOf(value json.RawMessage) (items []json.RawMessage) {
	_ = json.Unmarshal(value, &items)
	return items
}

// allDeclared says that each member of an object has an input.
func allDeclared(inputs []input, object json.RawMessage) bool {
	members := membersOf(object)
	for _, in := range inputs {
		delete(members, last(in.Name))
	}
	return len(members) == 0
}

// rowOf is a row that shows an item; nil is none.
func (in *input) rowOf(i int, item json.RawMessage) []input {
	row, members := in.rowAt(i), membersOf(item)
	for j := range row {
		row[j].fill(members[last(row[j].Name)])
	}
	return row
}

// rowAt is an empty row with names of its own.
func (in *input) rowAt(i int) []input {
	row := slices.Clone(in.row)
	for j := range row {
		row[j].Name = in.Name + "." + strconv.Itoa(i) + "." + last(row[j].Name)
	}
	return row
}

func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// typed is a value as it stands in a field.
func typed(s sort, value json.RawMessage) string {
	switch {
	case value == nil:
		return ""
	case s == asLines:
		var lines []string
		_ = json.Unmarshal(value, &lines)
		return strings.Join(lines, "\n")
	case s == asJSON:
		var b bytes.Buffer
		if json.Indent(&b, value, "", "  ") == nil {
			return b.String()
		}
		return string(value)
	case s == asFlag:
		return string(value)
	}
	return textOf(value)
}

// choose marks what is chosen. What is no option becomes one: it is there.
func (in *input) choose(value json.RawMessage) {
	in.Options = slices.Clone(in.Options)
	chosen := []json.RawMessage{value}
	if in.Sort == asChoices {
		chosen = itemsOf(value)
	}
	for i := range in.Options {
		in.Options[i].Chosen = false
	}
	for _, c := range chosen {
		if len(c) == 0 {
			continue
		}
		i := slices.IndexFunc(in.Options, func(o choice) bool { return o.Value == string(c) })
		if i < 0 {
			i = slices.IndexFunc(in.Options, func(o choice) bool { return strings.EqualFold(o.Value, string(c)) })
		}
		if i < 0 {
			i = len(in.Options)
			in.Options = append(in.Options, choice{Value: string(c), Title: label(textOf(c))})
		}
		in.Options[i].Chosen = true
	}
}

// Chosen are the values that are chosen.
func (in input) Chosen() (values []string) {
	for _, o := range in.Options {
		if o.Chosen {
			values = append(values, o.Value)
		}
	}
	return values
}

// Shown is the sort of field that shows the input: that of its sort, where it
// shows all of the value.
func (in input) Shown() sort {
	s := in.Sort
	switch {
	case in.Raw:
		return asJSON
	case s == asDate && in.Value != "" && !isDate(in.Value):
		s = asText
	}
	switch s {
	case asText, asAddress, asEmail, asInstant, asNumber, asInteger:
		if strings.ContainsAny(strings.TrimSpace(in.Value), "\r\n") {
			return asArea
		}
	}
	return s
}

// isDate says that a field for dates takes a text.
func isDate(text string) bool {
	d, err := time.Parse(time.DateOnly, text)
	return err == nil && d.Year() > 0
}

// rawSuffix is on the names of inputs that are shown as JSON, for whoever reads the form.
const rawSuffix = ":json"

// Field is the name of the input in the form.
func (in input) Field() string {
	if in.Raw {
		return in.Name + rawSuffix
	}
	return in.Name
}

// faulty says that something in the input is wrong.
func (in *input) faulty() bool {
	return in.Fault != "" || slices.ContainsFunc(in.Members, func(m input) bool { return m.faulty() }) ||
		slices.ContainsFunc(in.Rows, func(row []input) bool { return slices.ContainsFunc(row, func(m input) bool { return m.faulty() }) })
}

// ID is what the labels of the input refer to.
func (in input) ID() string {
	var b strings.Builder
	for _, r := range in.Name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "_%x", r)
		}
	}
	return b.String()
}

// encode is JSON of what always has one.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
