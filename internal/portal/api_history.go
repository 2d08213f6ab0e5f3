package portal

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// historyView is the tab of what happened.
type historyView struct {
	apiHead
	Events []eventView
	Next   string // address of older events; empty: there are none
}

// eventView is one event in words.
type eventView struct {
	Sequence int64
	At       time.Time
	By       string
	Run      int64
	Breaking bool
	Changes  []changeView
}

// changeView is what an event did to one thing.
type changeView struct {
	What    string // "Version v1"
	Did     string // "was added"
	Tone    string // a class of the style sheet
	Fields  []fieldChange
	More    int // fields that are left out
	Verdict inventory.Verdict
	Note    string
	Reasons []inventory.Reason
	Compare string // address of the comparison
}

// fieldChange is one value before and after, as text.
type fieldChange struct{ Title, Before, After string }

// Bounds of the timeline.
const (
	historyPage = 40
	maxFields   = 12
	maxChanges  = 30
	maxReasons  = 8
	maxValue    = 300 // characters of a value
)

func (h *Handler) history(w http.ResponseWriter, r *request) error {
	p, err := h.partsOf(r, "History")
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // anything else is the newest
	events, err := h.catalog.History(r.Context(), r.id, before, historyPage+1)
	if err != nil {
		return err
	}
	v := historyView{apiHead: p.head}
	if len(events) > historyPage {
		events = events[:historyPage]
		v.Next = p.head.Address + "/history?before=" + strconv.FormatInt(events[historyPage-1].Sequence, 10)
	}
	schemas, err := h.schemasFor(r, inventory.KindAPI)
	if err != nil {
		return err
	}
	for _, e := range events {
		if shown := eventOf(e, p.head.Address, schemas); len(shown.Changes) > 0 {
			v.Events = append(v.Events, shown)
		}
	}
	return h.show(w, r, view{template: "history", title: p.head.Title + ": history", section: "APIs", data: v})
}

// eventOf tells an event of an API, whose page is at an address, in words.
func eventOf(e inventory.Event, api string, schemas []schemaView) eventView {
	v := eventView{Sequence: e.Sequence, At: e.At, By: whoActed(e.Actor), Run: e.Run}
	for _, c := range e.Changes {
		if len(v.Changes) == maxChanges {
			v.Changes = append(v.Changes, changeView{Did: plural(len(e.Changes)-maxChanges, "more change", "more changes")})
			break
		}
		shown, ok := changeOf(c, e, api, schemas)
		if !ok {
			continue
		}
		v.Breaking = v.Breaking || shown.Verdict == inventory.Breaking
		v.Changes = append(v.Changes, shown)
	}
	return v
}

// whoActed is the name of who acted; of a link, its own.
func whoActed(actor string) string {
	return strings.TrimPrefix(actor, "link/")
}

// did are the words for what happened to a thing.
var did = map[inventory.Action]string{
	inventory.Created: "was added", inventory.Updated: "changed", inventory.Deleted: "was removed", inventory.Moved: "moved",
	inventory.DeletionHeld: "is gone at its source: its removal waits for approval", inventory.DeletionApproved: "may be removed",
	inventory.DeletionRejected: "is kept, though its source has it no more",
}

// reasons are why a thing was removed.
var reasons = map[inventory.Why]string{
	inventory.Vanished: "it is gone at its source", inventory.Unlinked: "its link was deleted",
	inventory.Left: "it is not in the scope of the link any more", inventory.Merged: "it became one with another entry",
}

func changeOf(c inventory.Change, e inventory.Event, api string, schemas []schemaView) (changeView, bool) {
	v := changeView{What: nameOfThing(c.Path), Did: cmp.Or(did[c.Action], string(c.Action)), Tone: tone(string(c.Action))}
	if why := reasons[c.Why]; why != "" {
		v.Did += ": " + why
	}
	if c.To != "" {
		v.Did = "is now " + nameOfThing(c.To)
	}
	document := false
	if c.Action == inventory.Updated {
		for _, f := range c.Fields {
			if f.Field == inventory.FieldDocument {
				document = true
				continue
			}
			if f.Field.Hidden() {
				continue
			}
			if len(v.Fields) == maxFields {
				v.More++
				continue
			}
			v.Fields = append(v.Fields, fieldChange{titleOfField(f.Field, schemas), briefly(f.Before), briefly(f.After)})
		}
		if len(v.Fields) == 0 && !document {
			return v, false // only what the house notes for itself
		}
	}
	if document {
		v.Did = "has a new document"
		v.Compare = comparison(api, c.Path, e.At)
	}
	if k := c.Compatibility; k != nil {
		v.Verdict, v.Note = k.Verdict, k.Message
		v.Reasons = k.Reasons[:min(len(k.Reasons), maxReasons)]
	}
	return v, true
}

// nameOfThing names a thing by its path: "Version v1", "Definition openapi of v1".
func nameOfThing(path string) string {
	id, err := inventory.ParseID(path)
	if err != nil {
		return lastOf(path)
	}
	name := lastOf(path)
	switch id.Kind() {
	case inventory.KindAPI:
		return "The API"
	case inventory.KindDefinition:
		parts := strings.Split(path, "/")
		return "Definition " + name + " of " + parts[len(parts)-3]
	default:
		return label(string(id.Kind())) + " " + name
	}
}

// comparison is the address where a definition is compared with what it was
// before an instant.
func comparison(api, path string, at time.Time) string {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return ""
	}
	key := parts[len(parts)-3] + "/" + parts[len(parts)-1]
	return api + "/compare?" + url.Values{
		"from": {key}, "fromAt": {at.Add(-time.Microsecond).UTC().Format(time.RFC3339Nano)},
		"to": {key}, "toAt": {at.UTC().Format(time.RFC3339Nano)},
	}.Encode()
}

// briefly is a value as text that is not too long.
func briefly(raw json.RawMessage) string {
	text := []rune(textOf(raw))
	if len(text) > maxValue {
		return string(text[:maxValue]) + "…"
	}
	return string(text)
}
