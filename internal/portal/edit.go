package portal

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// editView is a form that edits a thing, or makes one.
type editView struct {
	Title    string
	Crumbs   []crumb
	Address  string // that the form is sent to
	Back     string
	Submit   string
	Fault    string // that is of no one input
	Conflict bool   // somebody else has changed what is edited
	New      bool
	Name     string // of a new thing, as it is typed
	Named    string // what is wrong with the name
	Inputs   []input
	Custom   []input // of the schemas
	Document *documentInput
	Tag      string // state that the form was made of
	Was      string // the properties then
}

// crumb is a place above a page.
type crumb struct{ Title, Address string }

// editing are the rows of all forms that make, edit and delete things.
func editing() []page {
	const workspace = Root + "/{service}/{workspace}"
	const api, version = workspace + "/apis/{api}", workspace + "/apis/{api}/versions/{version}"
	var all []page
	for _, k := range []struct {
		kind          inventory.Kind
		in            string // where new ones are made
		write, delete string // actions
	}{
		{inventory.KindAPI, workspace, writeAPI, deleteAPI},
		{inventory.KindVersion, api, writeVersion, deleteVersion},
		{inventory.KindDefinition, version, writeDefinition, deleteDefinition},
		{inventory.KindDeployment, api, writeDeployment, deleteDeployment},
		{inventory.KindEnvironment, workspace, writeEnvironment, deleteEnvironment},
	} {
		at := k.in + "/" + k.kind.Collection() + "/{" + string(k.kind) + "}"
		show, take := creating(k.kind)
		all = append(all,
			page{pattern: "GET " + k.in + "/-/new-" + string(k.kind), action: k.write, do: show},
			page{pattern: "POST " + k.in + "/-/new-" + string(k.kind), action: k.write, file: k.kind == inventory.KindDefinition, do: take},
			page{pattern: "GET " + at + "/edit", action: k.write, do: (*Handler).edit},
			page{pattern: "POST " + at + "/edit", action: k.write, do: (*Handler).save},
			page{pattern: "GET " + at + "/delete", action: k.delete, do: (*Handler).removePage},
			page{pattern: "POST " + at + "/delete", action: k.delete, do: (*Handler).remove},
		)
	}
	return all
}

// form is a form with what it is about.
type form struct {
	kind    inventory.Kind
	inputs  []input
	present inventory.Resource // zero: it is to be made
}

// edit shows the form of a thing.
func (h *Handler) edit(w http.ResponseWriter, r *request) error {
	f, err := h.formFor(r)
	if err != nil {
		return err
	}
	present := docOf(f.present)
	for i := range f.inputs {
		f.inputs[i].fill(present.Doc[fieldNamed(f.inputs[i].Name)])
	}
	return h.showForm(w, r, f, editView{})
}

// formFor makes the empty form of what the page is about.
func (h *Handler) formFor(r *request) (form, error) {
	f := form{kind: r.id.Kind()}
	var err error
	if f.present, err = h.catalog.Get(r.Context(), r.id); err != nil {
		return f, err
	}
	if f.inputs, err = h.inputsOf(r, f.kind); err != nil {
		return f, err
	}
	return f, h.lock(r, f)
}

// lock locks what a source determines.
func (h *Handler) lock(r *request, f form) error {
	if !f.present.Linked {
		return nil
	}
	e, err := h.catalog.Explain(r.Context(), f.present.ID, "")
	if err != nil {
		return err
	}
	for _, field := range e.Fields {
		for i := range f.inputs {
			if field.Editable || field.Source == nil || fieldNamed(f.inputs[i].Name) != field.Field {
				continue
			}
			name := lastOf(field.Source.Link)
			values := valuesOf(field.Value)
			if f.inputs[i].Sort == asSelect && len(values) == 1 {
				values[0].Text, values[0].Badge = label(values[0].Text), true
			}
			f.inputs[i].Locked = &locked{Source: name, Reason: "The source " + name + " determines this. Change it there, and it changes here.", Shown: values}
		}
	}
	return nil
}

// fieldNamed is the property that an input edits.
func fieldNamed(name string) inventory.Field { return inventory.Field("/" + name) }

// save takes a form in: what was changed in it, and nothing else.
func (h *Handler) save(w http.ResponseWriter, r *request) error {
	f, err := h.formFor(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return inventory.Errorf(inventory.Invalid, "", "the form cannot be read: %v", err)
	}
	was, err := inventory.ParseDoc([]byte(cmp.Or(r.PostFormValue("was"), "{}")))
	if err != nil {
		return err
	}
	changed, wrong := f.changes(r, was)
	if wrong {
		return h.showForm(w, r, f, editView{Tag: r.PostFormValue("tag"), Was: r.PostFormValue("was")})
	}
	match, err := matchOf(r.PostFormValue("tag"))
	if err != nil {
		return err
	}
	for range 3 {
		body := docOf(f.present).Doc
		for field, value := range changed {
			if value == nil {
				delete(body, field)
			} else {
				body[field] = value
			}
		}
		_, _, err = h.catalog.Put(r.Context(), f.present.Path, body, match)
		if inventory.CodeOf(err) != inventory.Changed {
			break
		}
		if f.present, err = h.catalog.Get(r.Context(), r.id); err != nil {
			return err
		}
		if f.disputes(changed, was) {
			return h.showForm(w, r, f, editView{Conflict: true})
		}
		// What somebody else has changed is none of what is changed here.
		match = catalog.Match{Tags: []catalog.Tag{catalog.TagOf(f.present)}}
	}
	if v, ok := f.blame(err); ok {
		v.Tag, v.Was = r.PostFormValue("tag"), r.PostFormValue("was")
		return h.showForm(w, r, f, v)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(f.present.Path))
}

// changes are the values of a form that differ from what it was made of; nil: it
// is removed.
func (f form) changes(r *request, was inventory.Doc) (changed map[inventory.Field]json.RawMessage, wrong bool) {
	changed = map[inventory.Field]json.RawMessage{}
	for i := range f.inputs {
		in := &f.inputs[i]
		if in.Locked != nil {
			continue
		}
		field := fieldNamed(in.Name)
		in.fill(was[field])
		value := in.read(r.PostForm)
		wrong = wrong || in.faulty()
		if r.PostFormValue("theirs:"+in.Name) != "" || same(was[field], value) {
			continue
		}
		changed[field] = value
	}
	return changed, wrong
}

// disputes notes in the inputs what somebody else has changed meanwhile of what
// is changed here, and says whether there is any.
func (f form) disputes(changed map[inventory.Field]json.RawMessage, was inventory.Doc) bool {
	present := docOf(f.present)
	any := false
	for i := range f.inputs {
		field := fieldNamed(f.inputs[i].Name)
		mine, mineChanged := changed[field]
		theirs := present.Doc[field]
		switch {
		case !mineChanged:
			f.inputs[i].fill(theirs)
		case same(theirs, was[field]), same(theirs, mine):
		default:
			any = true
			f.inputs[i].Now = "nothing"
			if theirs != nil {
				f.inputs[i].Now = textOf(theirs)
			}
		}
	}
	return any
}

func same(a, b json.RawMessage) bool {
	return len(a) == 0 && len(b) == 0 || len(a) > 0 && len(b) > 0 && inventory.SameJSON(a, b)
}

// blame finds the input that an error is about; false when it is no fault of who
// filled the form in.
func (f form) blame(err error) (v editView, ok bool) {
	refused := errorOf(err)
	if refused == nil {
		return v, false
	}
	switch refused.Code {
	case inventory.Invalid, inventory.Owned, inventory.LimitReached, inventory.Exists, inventory.Conflict:
	default:
		return v, false
	}
	at := strings.ReplaceAll(strings.TrimPrefix(refused.Target, "properties."), ".", "/")
	for i := range f.inputs {
		name := f.inputs[i].Name
		if at != "" && (at == name || strings.HasPrefix(at, name+"/") || strings.HasPrefix(at, name+"[")) {
			f.inputs[i].Fault = said(refused.Message)
			return v, true
		}
	}
	if refused.Target == "name" {
		v.Named = said(refused.Message)
		return v, true
	}
	v.Fault = said(refused.Message)
	return v, true
}

// showForm shows a form with what is wrong with it.
func (h *Handler) showForm(w http.ResponseWriter, r *request, f form, v editView) error {
	for _, in := range f.inputs {
		if strings.HasPrefix(in.Name, "customProperties/") {
			v.Custom = append(v.Custom, in)
		} else {
			v.Inputs = append(v.Inputs, in)
		}
	}
	if f.present.Path != "" {
		title := cmp.Or(docOf(f.present).Text("/title"), f.present.Name())
		v.Title, v.Submit = "Edit "+title, "Save"
		v.Address, v.Back = r.address(f.present.Path)+"/edit", r.address(f.present.Path)
		v.Crumbs = h.crumbsTo(r, f.present.ID)
		if v.Tag == "" {
			tag := catalog.TagOf(f.present)
			v.Tag = strconv.FormatInt(tag.Key, 10) + "." + strconv.FormatInt(tag.Revision, 10)
			v.Was = string(f.present.Doc)
		}
	}
	shown := view{template: "edit", title: v.Title, section: sectionOf(f.kind), data: v}
	switch {
	case v.Conflict:
		shown.status = http.StatusConflict
	case v.Fault != "" || v.Named != "" || f.faulty() || v.Document != nil && v.Document.Fault != "":
		shown.status = http.StatusBadRequest
	}
	return h.show(w, r, shown)
}

func (f form) faulty() bool {
	for _, in := range f.inputs {
		if in.faulty() {
			return true
		}
	}
	return false
}

// sectionOf is the part of the menu that a kind is in.
func sectionOf(k inventory.Kind) string {
	if k == inventory.KindEnvironment {
		return "Environments"
	}
	return "APIs"
}

// crumbsTo are the places above the form of a thing, and the thing.
func (h *Handler) crumbsTo(r *request, id inventory.ID) (all []crumb) {
	for ; id.Kind() != inventory.KindWorkspace && !id.IsZero(); id = id.Parent() {
		title := id.Name()
		if found, err := h.catalog.Get(r.Context(), id); err == nil {
			title = cmp.Or(docOf(found).Text("/title"), found.Name())
		}
		all = append([]crumb{{title, r.address(id.String())}}, all...)
	}
	return all
}

// matchOf is the state that a form was made of.
func matchOf(tag string) (catalog.Match, error) {
	key, revision, ok := strings.Cut(tag, ".")
	k, wrongKey := strconv.ParseInt(key, 10, 64)
	v, wrongRevision := strconv.ParseInt(revision, 10, 64)
	if !ok || wrongKey != nil || wrongRevision != nil {
		return catalog.Match{}, inventory.Errorf(inventory.Invalid, "tag", "the form does not say what it was made of; open it again")
	}
	return catalog.Match{Tags: []catalog.Tag{{Key: k, Revision: v}}}, nil
}
