package portal

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// readActivity is what it takes to see what happened in a service.
const readActivity = "Microsoft.ApiCenter/services/history/read"

// activityView is the page of what happened.
type activityView struct {
	Here         string
	Actor, Text  string
	Kinds        []choice
	Actions      []choice
	Breaking     bool
	Since, Until momentField
	Filtered     bool
	Events       []eventView
	Next         string    // address of older events; empty: there are none
	Looked       time.Time // how far back was looked, when that is not all
	Kept         time.Time // what happened before is not known any more
	Then         thenForm
	Removed      string // where removed things are; empty: who asks may not see them
}

// activityPage is how many events a page has.
const activityPage = 40

// eventFilter says which events a reader wants to see.
type eventFilter struct {
	actor, text  string // in small letters
	kind         inventory.Kind
	action       inventory.Action
	breaking     bool
	since, until time.Time
	before       int64
}

// filteredKinds and filteredActions are what can be chosen.
var (
	filteredKinds = []inventory.Kind{
		inventory.KindAPI, inventory.KindVersion, inventory.KindDefinition, inventory.KindDeployment, inventory.KindEnvironment, inventory.KindLink,
		inventory.KindSchema, inventory.KindWorkspace, inventory.KindAnalyzer, inventory.KindWebhook, inventory.KindPortal, inventory.KindService,
	}
	filteredActions = []choice{
		{Value: string(inventory.Created), Title: "Added"},
		{Value: string(inventory.Updated), Title: "Changed"},
		{Value: string(inventory.Deleted), Title: "Deleted"},
		{Value: string(inventory.Moved), Title: "Moved"},
		{Value: string(inventory.DeletionHeld), Title: "Deletion waits"},
		{Value: string(inventory.DeletionApproved), Title: "Deletion approved"},
		{Value: string(inventory.DeletionRejected), Title: "Deletion rejected"},
	}
)

// filterOf reads a filter. Fields with a time that is none are in faults.
func filterOf(v url.Values) (f eventFilter, faults map[string]string) {
	faults = map[string]string{}
	f = eventFilter{
		actor: strings.ToLower(strings.TrimSpace(v.Get("actor"))), text: strings.ToLower(strings.TrimSpace(v.Get("text"))),
		kind: inventory.Kind(v.Get("kind")), action: inventory.Action(v.Get("action")), breaking: v.Get("breaking") != "",
	}
	f.before, _ = strconv.ParseInt(v.Get("before"), 10, 64) // anything else is the newest
	for name, at := range map[string]*time.Time{"since": &f.since, "until": &f.until} {
		var err error
		if *at, err = momentOf(v.Get(name)); err != nil {
			faults[name] = errorOf(err).Message
		}
	}
	return f, faults
}

// keep narrows an event to the changes that are wanted.
func (f eventFilter) keep(e inventory.Event) (inventory.Event, bool) {
	if !strings.Contains(strings.ToLower(whoActed(e.Actor)), f.actor) {
		return e, false
	}
	e.Changes = slices.DeleteFunc(slices.Clone(e.Changes), func(c inventory.Change) bool { return !f.wants(c) })
	return e, len(e.Changes) > 0
}

func (f eventFilter) wants(c inventory.Change) bool {
	fields := feed.Visible(c.Fields)
	switch {
	case c.Action == inventory.Updated && len(fields) == 0:
		return false // the house notes something for itself
	case f.action != "" && c.Action != f.action,
		f.breaking && (c.Compatibility == nil || c.Compatibility.Verdict != inventory.Breaking):
		return false
	}
	if f.kind != "" {
		if id, err := inventory.ParseID(c.Path); err != nil || id.Kind() != f.kind {
			return false
		}
	}
	return f.text == "" || strings.Contains(strings.ToLower(c.Path), f.text) || slices.ContainsFunc(fields, func(v inventory.FieldChange) bool {
		return bytes.Contains(bytes.ToLower(v.Before), []byte(f.text)) || bytes.Contains(bytes.ToLower(v.After), []byte(f.text))
	})
}

func (h *Handler) activity(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	f, faults := filterOf(q)
	v := activityView{
		Here: r.address(r.service.Path) + "/-/activity", Actor: q.Get("actor"), Text: q.Get("text"), Breaking: f.breaking,
		Since:    momentField{Name: "since", Label: "Since", Text: q.Get("since"), At: f.since, Fault: faults["since"]},
		Until:    momentField{Name: "until", Label: "Until", Text: q.Get("until"), At: f.until, Fault: faults["until"]},
		Filtered: f != eventFilter{before: f.before},
		Actions:  slices.Clone(filteredActions), Then: thenFormOf(r, r.address(r.workspace.String())),
	}
	for i := range v.Actions {
		v.Actions[i].Chosen = v.Actions[i].Value == string(f.action)
	}
	for _, k := range filteredKinds {
		v.Kinds = append(v.Kinds, choice{Value: string(k), Title: label(kindName(k)), Chosen: k == f.kind})
	}
	shown := view{template: "activity", title: "Activity", section: "Activity"}
	if len(faults) > 0 {
		shown.status = http.StatusBadRequest
	} else if err := h.tellActivity(r, f, &v); err != nil {
		return err
	}
	if r.may(readTombstones) {
		v.Removed = r.address(r.service.Path) + "/-/tombstones"
	}
	if r.Header.Get("HX-Request") != "" {
		shown.part = "events"
	}
	shown.data = v
	return h.show(w, r, shown)
}

// tellActivity reads the events that a filter lets through.
func (h *Handler) tellActivity(r *request, f eventFilter, v *activityView) error {
	kept, err := h.catalog.Kept(r.Context(), r.service.ID)
	if err != nil {
		return err
	}
	v.Kept = kept.Since
	page, err := h.catalog.Activity(r.Context(), r.service.ID, catalog.ActivityQuery{
		Since: f.since, Until: f.until, Before: f.before, Limit: activityPage, Keep: f.keep,
	})
	if err != nil {
		return err
	}
	schemas, err := h.schemasOf(r)
	if err != nil {
		return err
	}
	things := map[string]thing{}
	for _, e := range page.Events {
		shown := eventOf(r, e, r.address(e.Path), schemas)
		of, ok := things[e.Path]
		if !ok {
			if of, err = h.thingOf(r, e); err != nil {
				return err
			}
			things[e.Path] = of
		}
		shown.Title, shown.Address = of.title, of.address
		v.Events = append(v.Events, shown)
	}
	v.Looked = page.Looked
	if page.Next > 0 {
		q := r.URL.Query()
		q.Set("before", strconv.FormatInt(page.Next, 10))
		v.Next = v.Here + "?" + q.Encode()
	}
	return nil
}

// thing is what an event tells of.
type thing struct {
	title   string
	address string // empty: it is gone
}

// thingOf is what an event tells of, as people call it today or, if it is gone, as
// they did.
func (h *Handler) thingOf(r *request, e inventory.Event) (thing, error) {
	id, err := inventory.ParseID(e.Path)
	if err != nil {
		return thing{title: e.Path}, nil //nolint:nilerr // it is shown as it is
	}
	res, err := h.catalog.Get(r.Context(), id)
	switch code := inventory.CodeOf(err); {
	case err == nil:
		return thing{cmp.Or(docOf(res).Text("/title"), res.Name()), r.address(res.Path)}, nil
	case code != inventory.NotFound && code != inventory.NoParent:
		return thing{}, err
	}
	gone := thing{title: lastOf(e.Path)}
	for _, c := range e.Changes {
		for _, f := range c.Fields {
			if c.Path == e.Path && c.Action == inventory.Deleted && f.Field == "/title" {
				gone.title = textOf(f.Before)
			}
		}
	}
	return gone, nil
}
