package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// severalView is a form that edits several APIs.
type severalView struct {
	Address  string // with the query of the list
	Back     string // to the list as it was narrowed
	Count    int
	Names    []string // of the APIs
	Sample   []string // titles of the first of them
	Inputs   []severalInput
	Fault    string
	Preview  *severalPreview // what it would make of them; nil: the form
	Carried  []carried       // what the form says, on its way through the preview
	Tags     []string        // the APIs with the states that the preview is of
	Done     bool            // it is done: Preview is what was made of them
	LeftOver string          // why the rest was not even tried
}

// severalInput is an input that counts only when it is ticked.
type severalInput struct {
	input
	Ticked bool
}

// Input is it without the box, for the template that all forms share.
func (s severalInput) Input() input { return s.input }

// carried is one value of a form.
type carried struct{ Name, Value string }

// severalPreview is what becomes of several APIs.
type severalPreview struct {
	Changed, Same, Refused int
	Rows                   []severalRow // those that are refused, then those that change
	More                   int          // that are not shown
}

type severalRow struct {
	Title, Address string
	Changes        []fieldChange
	Refused        string
}

const (
	// maxSeveral is how many APIs are edited at once, and maxSeveralRows how many of
	// them are shown.
	maxSeveral, maxSeveralRows = 1000, 200
	maxSample                  = 5
)

// editSeveral shows the form for the APIs that were picked, or for all of a query.
func (h *Handler) editSeveral(w http.ResponseWriter, r *request) error {
	names := r.URL.Query()["api"]
	if r.URL.Query().Get("all") != "" {
		var err error
		if names, err = h.allOf(r); err != nil {
			return err
		}
	}
	v, err := h.severalForm(r, names)
	if err != nil {
		return err
	}
	return h.showSeveral(w, r, v, 0)
}

// allOf gives the names of all APIs of a query.
func (h *Handler) allOf(r *request) ([]string, error) {
	b, err := browseOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	b.after = inventory.Position{}
	shelf, err := h.catalog.Browse(r.Context(), b.query(r.id, maxSeveral))
	if err != nil {
		return nil, err
	}
	if shelf.Total > maxSeveral {
		return nil, inventory.Errorf(inventory.Invalid, "", "these are %d APIs; at most %d are edited at once: narrow the list first", shelf.Total, maxSeveral)
	}
	var names []string
	for _, api := range shelf.Items {
		names = append(names, api.Name())
	}
	return names, nil
}

// severalForm makes the empty form.
func (h *Handler) severalForm(r *request, names []string) (severalView, error) {
	list := r.address(r.workspace.String())
	v := severalView{Address: list + "/-/edit", Back: list, Count: len(names), Names: names}
	if r.URL.RawQuery != "" {
		v.Address += "?" + r.URL.RawQuery
	}
	if b, err := browseOf(r.URL.Query()); err == nil {
		v.Back = b.at(list, nil)
	}
	switch {
	case len(names) == 0:
		return v, inventory.Errorf(inventory.Invalid, "", "no API is chosen: tick some in the list first")
	case len(names) > maxSeveral:
		return v, inventory.Errorf(inventory.Invalid, "", "at most %d APIs are edited at once", maxSeveral)
	}
	for _, name := range names[:min(len(names), maxSample)] {
		title := name
		if id, err := apiIn(r.workspace, name); err == nil {
			if api, err := h.catalog.Get(r.Context(), id); err == nil {
				title = titleOr(docOf(api), api)
			}
		}
		v.Sample = append(v.Sample, title)
	}
	inputs, err := h.inputsOf(r, inventory.KindAPI)
	if err != nil {
		return v, err
	}
	if r.may(writeVersion) {
		for _, in := range copies(editable[inventory.KindVersion]) {
			if in.Name == "lifecycleStage" {
				in.Required = false // unticked, it is not asked for
				in.Hint = "Of the newest version of each."
				v.Inputs = append(v.Inputs, severalInput{input: in})
			}
		}
	}
	for _, in := range inputs {
		if in.Name == "contacts" || strings.HasPrefix(in.Name, "customProperties/") {
			in.fill(nil)
			v.Inputs = append(v.Inputs, severalInput{input: in})
		}
	}
	return v, nil
}

// apiIn is the API of a name.
func apiIn(workspace inventory.ID, name string) (inventory.ID, error) {
	id, err := inventory.ParseID(workspace.String() + "/apis/" + name)
	if err == nil && id.Kind() != inventory.KindAPI {
		err = inventory.Errorf(inventory.Invalid, "api", "%q is the name of no API", name)
	}
	return id, err
}

// ticked begins the names of the boxes that say which inputs count.
const ticked = "set:"

// wholeOf are in a preview all APIs of its form, those that would not change with them.
const wholeOf = "of"

// changeSeveral shows what a form would make of the APIs or, from there, does it.
func (h *Handler) changeSeveral(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return inventory.Errorf(inventory.Invalid, "", "the form cannot be read: %v", err)
	}
	apis, names, err := taggedOf(r)
	if err != nil {
		return err
	}
	again := r.PostFormValue("step") == "change"
	if again {
		names = r.PostForm[wholeOf]
	}
	v, err := h.severalForm(r, names)
	if err != nil {
		return err
	}
	set := v.read(r.PostForm)
	if again {
		return h.showSeveral(w, r, v, 0)
	}
	if v.Fault != "" || slices.ContainsFunc(v.Inputs, func(in severalInput) bool { return in.faulty() }) {
		return h.showSeveral(w, r, v, http.StatusBadRequest)
	}
	if set[inventory.FieldLifecycleStage] != nil && !r.may(writeVersion) {
		return inventory.Errorf(inventory.Denied, "", "you may not change the lifecycle stage of versions")
	}
	schemas, err := h.schemasFor(r, inventory.KindAPI)
	if err != nil {
		return err
	}
	if r.PostFormValue("step") == "apply" {
		done, err := h.catalog.Alter(r.Context(), apis, set)
		if err != nil && len(done) == 0 {
			return err
		}
		if v.Done = true; err != nil {
			v.LeftOver = err.Error()
		}
		v.Preview = previewSeveral(r, done, schemas)
		return h.showSeveral(w, r, v, 0)
	}
	all, err := h.catalog.PreviewAlter(r.Context(), apis, set)
	if err != nil {
		return err
	}
	v.Preview = previewSeveral(r, all, schemas)
	for _, a := range all {
		if a.Refused == nil && len(a.Changes) > 0 {
			tag := catalog.TagOf(a.API)
			v.Tags = append(v.Tags, a.API.Name()+" "+strconv.FormatInt(tag.Key, 10)+"."+strconv.FormatInt(tag.Revision, 10))
		}
	}
	for name, values := range r.PostForm {
		if name == "api" || name == "step" || name == wholeOf {
			continue
		}
		for _, value := range values {
			v.Carried = append(v.Carried, carried{name, value})
		}
	}
	return h.showSeveral(w, r, v, 0)
}

// taggedOf are the APIs of a form, each by its name and, from a preview, its state.
func taggedOf(r *request) (apis []catalog.Tagged, names []string, err error) {
	for _, value := range r.PostForm["api"] {
		name, tag, tagged := strings.Cut(value, " ")
		id, err := apiIn(r.workspace, name)
		if err != nil {
			return nil, nil, err
		}
		api := catalog.Tagged{API: id}
		if tagged {
			match, err := matchOf(tag)
			if err != nil {
				return nil, nil, err
			}
			api.Tag = match.Tags[0]
		}
		apis, names = append(apis, api), append(names, name)
	}
	return apis, names, nil
}

// read gives the values of the inputs that are ticked: null where they are empty.
func (v *severalView) read(form url.Values) inventory.Doc {
	set := inventory.Doc{}
	for i := range v.Inputs {
		in := &v.Inputs[i]
		value := in.input.read(form)
		if in.Ticked = form.Get(ticked+in.Name) != ""; !in.Ticked {
			in.Fault = ""
			clearFaults(in.Members)
			for _, row := range in.Rows {
				clearFaults(row)
			}
			continue
		}
		if value == nil {
			value = json.RawMessage("null")
		}
		set[fieldNamed(in.Name)] = value
	}
	if len(set) == 0 {
		v.Fault = "Tick what is to be changed."
	}
	return set
}

func previewSeveral(r *request, all []catalog.Altered, schemas []schemaView) *severalPreview {
	p := &severalPreview{}
	var refused, changed []severalRow
	for _, a := range all {
		row := severalRow{Title: a.ID.Name()}
		if a.API.Path != "" {
			row.Title, row.Address = titleOr(docOf(a.API), a.API), r.address(a.API.Path)
		}
		switch {
		case a.Refused != nil:
			p.Refused++
			row.Refused = said(a.Refused.Error())
			refused = append(refused, row)
		case len(a.Changes) == 0:
			p.Same++
		default:
			p.Changed++
			for _, c := range a.Changes {
				row.Changes = append(row.Changes, fieldChange{titleOfField(c.Field, schemas), briefly(c.Before), briefly(c.After)})
			}
			changed = append(changed, row)
		}
	}
	p.Rows = slices.Concat(refused, changed)
	if p.More = max(0, len(p.Rows)-maxSeveralRows); p.More > 0 {
		p.Rows = p.Rows[:maxSeveralRows]
	}
	return p
}

func (h *Handler) showSeveral(w http.ResponseWriter, r *request, v severalView, status int) error {
	return h.show(w, r, view{template: "several", title: "Edit " + plural(v.Count, "API", "APIs"), section: "APIs", status: status, data: v})
}
