package feed

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// Letter is one change of one thing, as others hear of it: a CloudEvent.
type Letter struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"` // of one event, in order: its sequence number, and a count
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Sequence        string    `json:"sequence"`
	Actor           string    `json:"actor"`
	Data            data      `json:"data"`
}

// data is what a letter tells: the properties that Azure's events have, and
// what has changed. What is absent of the former the thing does not have.
type data struct {
	Title            json.RawMessage `json:"title,omitempty"`
	Description      json.RawMessage `json:"description,omitempty"`
	Summary          json.RawMessage `json:"summary,omitempty"`
	Kind             json.RawMessage `json:"kind,omitempty"`
	LifecycleStage   json.RawMessage `json:"lifecycleStage,omitempty"`
	Specification    json.RawMessage `json:"specification,omitempty"`
	CustomProperties json.RawMessage `json:"customProperties,omitempty"`
	Changes          []FieldChange   `json:"changes"`
	Why              inventory.Why   `json:"why,omitempty"`
	MovedFrom        string          `json:"movedFrom,omitempty"`
	// Compatibility is what a new document of a definition means for those who use the API.
	Compatibility *inventory.Compatibility `json:"compatibility,omitempty"`
}

// FieldChange is one property before and after.
type FieldChange = inventory.FieldChange

// prefix is that of all types.
const prefix = "Microsoft.ApiCenter."

// nouns and verbs make the types: the first are Azure's as far as it has one.
var (
	nouns = map[inventory.Kind]string{
		inventory.KindService:     "Service",
		inventory.KindWorkspace:   "Workspace",
		inventory.KindAPI:         "Api",
		inventory.KindVersion:     "ApiVersion",
		inventory.KindDefinition:  "ApiDefinition",
		inventory.KindDeployment:  "Deployment",
		inventory.KindEnvironment: "Environment",
		inventory.KindLink:        "ApiSource",
		inventory.KindSchema:      "MetadataSchema",
		inventory.KindAnalyzer:    "AnalyzerConfig",
		inventory.KindPortal:      "Portal",
		inventory.KindWebhook:     "Webhook",
	}
	verbs = map[inventory.Action]string{
		inventory.Created:     "Added",
		inventory.Updated:     "Updated",
		inventory.Deleted:     "Deleted",
		inventory.Moved:       "Moved",
		inventory.SoftDeleted: "SoftDeleted",
		inventory.Restored:    "Restored",
		inventory.Purged:      "Purged",
	}
)

// Types are all types of letters, in order.
func Types() []string {
	var out []string
	for kind, noun := range nouns {
		for action, verb := range verbs {
			whole := action == inventory.SoftDeleted || action == inventory.Restored || action == inventory.Purged
			moves := kind == inventory.KindAPI || kind == inventory.KindVersion || kind == inventory.KindDefinition || kind == inventory.KindDeployment
			if whole && kind != inventory.KindService || action == inventory.Moved && !moves {
				continue
			}
			out = append(out, prefix+noun+verb)
		}
	}
	slices.Sort(out)
	return out
}

// Letters are what an event tells, a letter for each thing that it changed. docs
// are the properties that things had after it, by path; what a deleted thing had
// is in the event. Nothing else goes into them.
func Letters(e inventory.Event, docs map[string][]byte) []Letter {
	out := make([]Letter, 0, len(e.Changes))
	for i, c := range e.Changes {
		path, from := c.Path, ""
		if c.Action == inventory.Moved {
			if e.Action != inventory.Moved && !strings.HasPrefix(c.To, e.Path+"/") {
				continue // the event of the API that it is in tells it
			}
			path, from = c.To, ARMID(c.Path)
		}
		id, err := inventory.ParseID(path)
		if err != nil {
			continue // who may do what is no part of the inventory
		}
		l := Letter{
			SpecVersion: "1.0", ID: fmt.Sprintf("%d-%d", e.Sequence, i), Source: ARMID(service(path)),
			Type: prefix + nouns[id.Kind()] + verbs[c.Action], Subject: ARMID(path), Time: e.At, DataContentType: "application/json",
			Sequence: strconv.FormatInt(e.Sequence, 10), Actor: e.Actor,
		}
		l.Data = told(id.Kind(), c, docs[path])
		l.Data.Changes, l.Data.Why, l.Data.MovedFrom, l.Data.Compatibility = Visible(c.Fields), c.Why, from, c.Compatibility
		out = append(out, l)
	}
	return out
}

// told are the properties that letters of a kind have.
func told(k inventory.Kind, c inventory.Change, doc []byte) (d data) {
	if c.Action == inventory.Deleted {
		was := inventory.Doc{}
		for _, f := range c.Fields {
			if f.Before != nil {
				was[f.Field] = f.Before
			}
		}
		doc = was.JSON(k)
	}
	if doc != nil {
		_ = json.Unmarshal(doc, &d) // our own writing; what has another form is left out
	}
	switch k {
	case inventory.KindAPI:
		d.Specification = nil
	case inventory.KindVersion:
		d = data{Title: d.Title, LifecycleStage: d.LifecycleStage}
	case inventory.KindDefinition:
		d = data{Title: d.Title, Description: d.Description, Specification: d.Specification}
	default:
		d = data{Title: d.Title, Description: d.Description, Kind: d.Kind, CustomProperties: d.CustomProperties}
	}
	return d
}

// Visible leaves out what readers do not see. There is always a list.
func Visible(fields []FieldChange) []FieldChange {
	out := make([]FieldChange, 0, len(fields))
	for _, f := range fields {
		if f.Field.Hidden() {
			continue
		}
		if f.Field == inventory.FieldAddress {
			f.Before, f.After = withoutQuery(f.Before), withoutQuery(f.After)
		}
		out = append(out, f)
	}
	return out
}

// withoutQuery is an address of a webhook, which everybody may read of who may
// read the service.
func withoutQuery(address json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(address, &text) != nil || text == "" {
		return address // there is none
	}
	return inventory.Doc{}.With(inventory.FieldAddress, inventory.WithoutQuery(text))[inventory.FieldAddress]
}

// service is the path of the service that a path is in.
func service(path string) string {
	first := strings.SplitN(path, "/", 4)
	return strings.Join(first[:min(3, len(first))], "/")
}

// ARMID is the resource id of a path of the inventory.
func ARMID(path string) string {
	segments := strings.Split(path, "/")
	if len(segments) < 3 {
		return path
	}
	id := "/subscriptions/" + segments[0] + "/resourceGroups/" + segments[1] + "/providers/" + strings.TrimSuffix(prefix, ".") + "/services/" + segments[2]
	for pair := range slices.Chunk(segments[3:], 2) {
		if pair[0] == inventory.KindLink.Collection() {
			pair[0] = "apiSources"
		}
		id += "/" + strings.Join(pair, "/")
	}
	return id
}

// ParseLetterID reads the id of a letter: its event, and which of its letters it is.
func ParseLetterID(id string) (sequence int64, count int, err error) {
	first, second, _ := strings.Cut(id, "-")
	sequence, err = strconv.ParseInt(first, 10, 64)
	if err == nil && second != "" {
		count, err = strconv.Atoi(second)
	}
	return sequence, count, err
}

// Rest leaves out the letters of the first event up to one that a reader has. It
// goes by their ids: what an event leaves untold is counted too.
func Rest(letters []Letter, sequence int64, count int) []Letter {
	for len(letters) > 0 {
		first, n, err := ParseLetterID(letters[0].ID)
		if err != nil || first != sequence || n > count {
			break
		}
		letters = letters[1:]
	}
	return letters
}
