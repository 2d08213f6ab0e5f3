package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
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
	in.Value = typed(in.Sort, value)
	switch in.Sort {
	case asSelect, asChoices:
		in.choose(value)
	case asObject:
		var members map[string]json.RawMessage
		_ = json.Unmarshal(value, &members) // of another form: shown as empty
		for i := range in.Members {
			in.Members[i].fill(members[last(in.Members[i].Name)])
		}
	case asRows:
		var items []map[string]json.RawMessage
		_ = json.Unmarshal(value, &items)
		for range blankRows {
			items = append(items, nil)
		}
		in.Rows = nil
		for i, item := range items {
			in.Rows = append(in.Rows, in.rowAt(i))
			for j := range in.Rows[i] {
				in.Rows[i][j].fill(item[last(in.Rows[i][j].Name)])
			}
			if item == nil {
				excuse(in.Rows[i])
			}
		}
	}
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
		chosen = nil
		_ = json.Unmarshal(value, &chosen) // of another form: nothing is chosen
	}
	for i := range in.Options {
		in.Options[i].Chosen = false
	}
	for _, c := range chosen {
		if len(c) == 0 {
			continue
		}
		i := slices.IndexFunc(in.Options, func(o choice) bool { return strings.EqualFold(o.Value, string(c)) })
		if i < 0 {
			i = len(in.Options)
			in.Options = append(in.Options, choice{Value: string(c), Title: label(textOf(c))})
		}
		in.Options[i].Chosen = true
	}
}

// read gives the value that a form has for the input, nil for none, and notes a
// fault in it.
func (in *input) read(form url.Values) json.RawMessage {
	text := strings.TrimSpace(strings.ReplaceAll(form.Get(in.Name), "\r\n", "\n"))
	in.Value = text
	var value json.RawMessage
	switch in.Sort {
	case asSelect:
		if text != "" && !json.Valid([]byte(text)) {
			in.Fault = "Choose one of the list."
		} else if text != "" {
			value = json.RawMessage(text)
		}
		in.choose(value)
	case asChoices:
		value = in.readChoices(form[in.Name])
	case asObject:
		value = readMembers(in.Members, form)
	case asRows:
		value = in.readRows(form)
	case asFlag:
		value = json.RawMessage(strconv.FormatBool(text == "true"))
		in.Value = string(value)
	default:
		value = in.readText(text)
	}
	if value == nil && in.Required && in.Fault == "" {
		in.Fault = in.Label + " is required."
	}
	return value
}

func (in *input) readText(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	switch in.Sort {
	case asLines:
		var lines []string
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		return encode(lines)
	case asJSON:
		if !json.Valid([]byte(text)) {
			in.Fault = "This is not JSON. Texts stand in double quotes, lists in brackets, objects in braces."
			return nil
		}
		var b bytes.Buffer
		_ = json.Compact(&b, []byte(text)) // it is valid
		return b.Bytes()
	case asInteger, asNumber:
		_, notWhole := strconv.ParseInt(text, 10, 64)
		if !json.Valid([]byte(text)) || in.Sort == asInteger && notWhole != nil || strings.ContainsAny(text, `"[{tfn`) {
			in.Fault = map[sort]string{asInteger: "Give a whole number, such as 42.", asNumber: "Give a number, such as 4.2."}[in.Sort]
			return nil
		}
		return json.RawMessage(text)
	case asDate:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			in.Fault = "Give a date, such as 2026-01-31."
			return nil
		}
	}
	return encode(text)
}

func (in *input) readChoices(values []string) json.RawMessage {
	var all []json.RawMessage
	for _, v := range values {
		if !json.Valid([]byte(v)) {
			in.Fault = "Choose from the list."
			return nil
		}
		all = append(all, json.RawMessage(v))
	}
	value := encode(all)
	in.choose(value)
	if len(all) == 0 {
		return nil
	}
	return value
}

// maxRows bounds how many rows are read.
const maxRows = 200

func (in *input) readRows(form url.Values) json.RawMessage {
	var items []json.RawMessage
	in.Rows = nil
	for i := range maxRows {
		row := in.rowAt(i)
		if !slices.ContainsFunc(row, func(c input) bool { return form.Has(c.Name) }) {
			break
		}
		if item := readMembers(row, form); item != nil {
			items = append(items, item)
		} else {
			excuse(row)
		}
		in.Rows = append(in.Rows, row)
	}
	if len(items) == 0 {
		return nil
	}
	return encode(items)
}

func clearFaults(all []input) {
	for i := range all {
		all[i].Fault = ""
	}
}

// excuse is for a row in which nothing is typed: nothing is wrong with it, and nothing has to be in it.
func excuse(row []input) {
	clearFaults(row)
	for i := range row {
		row[i].Required = false
	}
}

// readMembers gives an object of what members have; nil when they have nothing.
func readMembers(members []input, form url.Values) json.RawMessage {
	out := map[string]json.RawMessage{}
	for i := range members {
		if v := members[i].read(form); v != nil && !(members[i].Sort == asFlag && string(v) == "false" && !members[i].Required) {
			out[last(members[i].Name)] = v
		}
	}
	if len(out) == 0 {
		clearFaults(members)
		return nil
	}
	return encode(out)
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
