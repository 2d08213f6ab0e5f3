package portal

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// eventView is one event in words.
type eventView struct {
	Sequence int64
	At       time.Time
	By       string
	Run      int64
	Then     string // address of what there was after it; empty: nothing that has a past
	Title    string // of what it tells of; empty on pages of that alone
	Address  string // of that; empty: it is gone
	Breaking bool
	Changes  []changeView
	Rest     []changeView // those behind a fold
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

// Bounds of an event as pages show it.
const (
	maxFields   = 12
	maxChanges  = 30
	openChanges = 3 // that are shown at once
	maxReasons  = 8
	maxValue    = 300 // characters of a value
)

// eventOf tells an event in words. of is the page of the thing that it tells of.
func eventOf(r *request, e inventory.Event, of string, schemas []schemaView) eventView {
	v := eventView{Sequence: e.Sequence, At: e.At, By: whoActed(e.Actor), Run: e.Run}
	if id, err := inventory.ParseID(e.Path); err == nil && id.Kind() == inventory.KindAPI && e.Action != inventory.Deleted && e.Action != inventory.Moved {
		v.Then = asThen(of, e.At)
	}
	compare := ""
	if r.mayReadIn(r.id, exportDocument) {
		compare = of + "/compare"
	}
	for _, c := range e.Changes {
		if len(v.Changes) == maxChanges {
			v.Changes = append(v.Changes, changeView{Did: plural(len(e.Changes)-maxChanges, "more change", "more changes")})
			break
		}
		shown, ok := changeOf(c, e, compare, schemas)
		if !ok {
			continue
		}
		v.Breaking = v.Breaking || shown.Verdict == inventory.Breaking
		v.Changes = append(v.Changes, shown)
	}
	if len(v.Changes) > openChanges+1 {
		v.Changes, v.Rest = v.Changes[:openChanges], v.Changes[openChanges:]
	}
	return v
}

// whoActed is the name of who acted; of a link, its own.
func whoActed(actor string) string {
	return strings.TrimPrefix(actor, "link/")
}

// did are the words for what happened to a thing.
var did = map[inventory.Action]string{
	inventory.Created: "was added", inventory.Updated: "changed", inventory.Deleted: "was deleted", inventory.Moved: "moved",
	inventory.DeletionHeld: "is gone at its source: its deletion waits for approval", inventory.DeletionApproved: "may be deleted",
	inventory.DeletionRejected: "is kept, though its source has it no more",
	inventory.SoftDeleted:      "was deleted, and can be restored for 30 days", inventory.Restored: "was restored", inventory.Purged: "is gone for good",
}

// reasons are why a thing was deleted.
var reasons = map[inventory.Why]string{
	inventory.Vanished: "it is gone at its source", inventory.Unlinked: "its link was deleted",
	inventory.Left: "it is not in the scope of the link any more", inventory.Merged: "it became one with another entry",
}

func changeOf(c inventory.Change, e inventory.Event, compare string, schemas []schemaView) (changeView, bool) {
	v := changeView{What: nameOfThing(c.Path), Did: cmp.Or(did[c.Action], string(c.Action)), Tone: tone(string(c.Action))}
	if why := reasons[c.Why]; why != "" {
		v.Did += ": " + why
	}
	if c.To != "" {
		v.Did = "is now " + nameOfThing(c.To)
	}
	document := false
	if c.Action == inventory.Updated {
		for _, f := range feed.Visible(c.Fields) {
			if f.Field == inventory.FieldDocument {
				document = true
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
		v.Compare = comparison(compare, c.Path, e.At)
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
	case inventory.KindAPI, inventory.KindService:
		return "The " + kindName(id.Kind())
	case inventory.KindDefinition:
		parts := strings.Split(path, "/")
		return "Definition " + name + " of " + parts[len(parts)-3]
	default:
		return label(kindName(id.Kind())) + " " + name
	}
}

// kindName is what people call a kind.
func kindName(k inventory.Kind) string {
	switch k {
	case inventory.KindAPI:
		return "API"
	case inventory.KindService:
		return "API center"
	case inventory.KindSchema:
		return "metadata"
	case inventory.KindAnalyzer:
		return "analysis"
	case inventory.KindPortal:
		return "access for everybody"
	default:
		return string(k)
	}
}

// comparison is the address where a definition is compared with what it was
// before an instant, on the page that compares; empty: there is none for the reader.
func comparison(page, path string, at time.Time) string {
	parts := strings.Split(path, "/")
	if page == "" || len(parts) < 3 {
		return ""
	}
	key := parts[len(parts)-3] + "/" + parts[len(parts)-1]
	return page + "?" + url.Values{
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
