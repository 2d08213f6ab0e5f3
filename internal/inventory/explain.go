package inventory

import (
	"encoding/json"
	"time"
)

// Layer says where a value comes from.
type Layer string

// The layers, the one that wins first.
const (
	LayerSource  Layer = "source"  // what a linked source states
	LayerPeople  Layer = "people"  // what people set
	LayerDerived Layer = "derived" // of something else in the inventory
	LayerDefault Layer = "default" // of nobody: readers always find it
)

// Explanation says where each field of a resource comes from.
type Explanation struct {
	Resource Resource
	Fields   []FieldOrigin // in order
}

// FieldOrigin says why a field is as readers see it.
type FieldOrigin struct {
	Field    Field           `json:"field"`
	Value    json.RawMessage `json:"value"` // null: readers see none
	Layer    Layer           `json:"layer"`
	Source   *Statement      `json:"source,omitempty"` // that states it
	From     string          `json:"from,omitempty"`   // of a derived one: the resource that it is of
	Since    *Setting        `json:"since,omitempty"`  // when it came to be so, as far as events are kept
	Hidden   []Beneath       `json:"hidden,omitempty"` // values that lie below, the nearest first
	Editable bool            `json:"editable"`         // here
	Advice   string          `json:"advice,omitempty"` // how to change it, where it is not
}

// Statement is a source's word.
type Statement struct {
	Link     string    `json:"link"`     // path of the link
	External string    `json:"external"` // identity of the thing at the source
	ID       string    `json:"id"`       // its full id there
	Read     time.Time `json:"readAt"`   // when it was last changed or marked by a reading
	Run      int64     `json:"run,omitempty"`
}

// Setting is when a field came to be as it is, and by whom.
type Setting struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Run   int64     `json:"run,omitempty"` // of a link
	Event int64     `json:"event"`
}

// Beneath is a value that a higher layer hides.
type Beneath struct {
	Value json.RawMessage `json:"value"`
	Layer Layer           `json:"layer"`
	Link  string          `json:"link,omitempty"`
}
