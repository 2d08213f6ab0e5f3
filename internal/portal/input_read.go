package portal

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// read gives the value that a form has for the input, nil for none, and notes a
// fault in it. What nobody has touched in the form is as it was.
func (in *input) read(form url.Values) json.RawMessage {
	if in.was != nil && in.untouched(form) {
		return in.was
	}
	in.Raw = form.Has(in.Name + rawSuffix)
	in.Value = typedIn(form, in.Field())
	value := in.readTouched(form)
	if value == nil && in.Required && in.Fault == "" {
		in.Fault = in.Label + " is required."
	}
	return value
}

func (in *input) readTouched(form url.Values) (value json.RawMessage) {
	if in.Raw {
		return in.readJSON(in.Value)
	}
	switch in.Sort {
	case asSelect:
		if value = json.RawMessage(in.Value); in.Value == "" {
			value = nil
		} else if !json.Valid(value) {
			in.Fault, value = "Choose one of the list.", nil
		}
		in.choose(value)
		return value
	case asChoices:
		return in.readChoices(form[in.Name])
	case asObject:
		return readMembers(in.Members, form)
	case asRows:
		return in.readRows(form)
	case asFlag:
		if in.Value != "true" && in.was == nil {
			return nil
		}
		return json.RawMessage(strconv.FormatBool(in.Value == "true"))
	}
	return in.readText(in.Value)
}

// untouched says that a form has the input as it was shown. Browsers send
// nothing of what is not chosen; other fields that are missing were not shown.
func (in *input) untouched(form url.Values) bool {
	raw := form.Has(in.Name + rawSuffix)
	switch {
	case raw:
		return in.Raw && typedIn(form, in.Field()) == asTyped(in.Value)
	case in.Raw:
		return !in.isIn(form)
	}
	switch in.Sort {
	case asObject:
		return allUntouched(in.Members, form)
	case asRows:
		return !slices.ContainsFunc(in.Rows, func(row []input) bool { return !allUntouched(row, form) }) && !isIn(in.rowAt(len(in.Rows)), form)
	case asChoices:
		return slices.EqualFunc(form[in.Name], in.Chosen(), func(a, b string) bool { return asTyped(a) == asTyped(b) })
	case asFlag:
		return (form.Get(in.Name) == "true") == (in.Value == "true")
	case asSelect:
		return !form.Has(in.Name) || typedIn(form, in.Name) == asTyped(strings.Join(in.Chosen(), ""))
	}
	return !form.Has(in.Name) || typedIn(form, in.Name) == asTyped(in.Value)
}

func allUntouched(all []input, form url.Values) bool {
	return !slices.ContainsFunc(all, func(in input) bool { return !in.untouched(form) })
}

// isIn says that a form has a field of the input.
func (in *input) isIn(form url.Values) bool {
	return form.Has(in.Name) || form.Has(in.Name+rawSuffix) || isIn(in.Members, form) || in.row != nil && isIn(in.rowAt(0), form)
}

func isIn(all []input, form url.Values) bool {
	return slices.ContainsFunc(all, func(in input) bool { return in.isIn(form) })
}

// typedIn is what somebody has typed into a field.
func typedIn(form url.Values, name string) string { return asTyped(form.Get(name)) }

// asTyped is a text as fields give it back, whatever it was before: browsers and
// pages change the ends of lines, and nobody sees spaces around it.
func asTyped(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(text))
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
		return in.readJSON(text)
	case asInteger, asNumber:
		_, notWhole := strconv.ParseInt(text, 10, 64)
		if !json.Valid([]byte(text)) || in.Sort == asInteger && notWhole != nil || strings.ContainsAny(text, `"[{tfn`) {
			in.Fault = map[sort]string{asInteger: "Give a whole number, such as 42.", asNumber: "Give a number, such as 4.2."}[in.Sort]
			return nil
		}
		return json.RawMessage(text)
	case asDate:
		if !isDate(text) {
			in.Fault = "Give a date, such as 2026-01-31."
			return nil
		}
	}
	return encode(text)
}

func (in *input) readJSON(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		in.Fault = "This is not JSON. Texts stand in double quotes, lists in brackets, objects in braces."
		return nil
	}
	return b.Bytes()
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
	was, shown := itemsOf(in.was), len(in.Rows)
	var items []json.RawMessage
	in.Rows = nil
	for i := range maxRows {
		var item json.RawMessage
		if i < len(was) {
			item = was[i]
		}
		row := in.rowOf(i, item)
		if i >= shown && !isIn(row, form) {
			break
		}
		if item == nil || !allUntouched(row, form) {
			item = readMembers(row, form)
		}
		if item != nil {
			items = append(items, item)
		} else if blank(row) {
			excuse(row)
		}
		in.Rows = append(in.Rows, row)
	}
	if len(items) == 0 {
		return nil
	}
	return encode(items)
}

// readMembers gives an object of what members have; nil when there is nothing.
func readMembers(members []input, form url.Values) json.RawMessage {
	out := map[string]json.RawMessage{}
	for i := range members {
		if v := members[i].read(form); v != nil {
			out[last(members[i].Name)] = v
		}
	}
	if blank(members) {
		clearFaults(members)
		return nil
	}
	if len(out) == 0 {
		return nil
	}
	return encode(out)
}

// blank says that nothing is typed or chosen in inputs.
func blank(all []input) bool {
	return !slices.ContainsFunc(all, func(in input) bool {
		if in.Fault == "" && (in.Sort == asSelect || in.Sort == asChoices) {
			return len(in.Chosen()) > 0
		}
		return in.Value != "" && in.Value != "false"
	})
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
