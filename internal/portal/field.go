package portal

import (
	"net/http"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// textField is a field of a form that takes a line or a text.
type textField struct {
	Name, Label, Value string
	Type               string // of the input; empty: text
	Lines              int    // of a text; 0: it is a line
	Hint               string
	Fault              string
	Required           bool
	Mono               bool // it is for machines: nothing is spelled or completed
}

// Notes are the ids of what describes the field.
func (f textField) Notes() (ids string) {
	if f.Hint != "" {
		ids = f.Name + "-hint"
	}
	if f.Fault != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.Name + "-fault"
	}
	return ids
}

// choice is one of several values to choose.
type choice struct {
	Value, Title, Hint string
	Chosen             bool
}

// mendable is the error of a form that people can mend: the field that it is of
// and the status of the answer. false when it is another.
func mendable(err error, fields map[string]string) (fieldFault, int, bool) {
	switch inventory.CodeOf(err) {
	case inventory.Exists:
		return fieldFault{fields["name"], "There is one of this name already; choose another name."}, http.StatusConflict, true
	case inventory.Invalid, inventory.Conflict, inventory.NotFound, inventory.LimitReached, inventory.Changed:
		refusal := reply.Refusal(err)
		return fieldFault{fields[refusal.Target], refusal.Message}, refusal.Status, true
	default:
		return fieldFault{}, 0, false
	}
}
