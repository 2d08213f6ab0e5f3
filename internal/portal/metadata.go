package portal

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/metadata"
)

// Actions on metadata schemas.
const (
	readSchemas  = "Microsoft.ApiCenter/services/metadataSchemas/read"
	writeSchema  = "Microsoft.ApiCenter/services/metadataSchemas/write"
	deleteSchema = "Microsoft.ApiCenter/services/metadataSchemas/delete"
)

// schemaKinds are the kinds of things that have metadata.
var schemaKinds = []inventory.Kind{inventory.KindAPI, inventory.KindEnvironment, inventory.KindDeployment}

// assignmentView is what a schema is to one kind.
type assignmentView struct {
	Kind, Title string // "api", "APIs"
	Assigned    bool
	Required    bool
	Deprecated  bool
}

// kindTitles are what people call several things of a kind.
var kindTitles = map[inventory.Kind]string{
	inventory.KindAPI: "APIs", inventory.KindEnvironment: "environments", inventory.KindDeployment: "deployments",
}

// metadataView is the list of schemas.
type metadataView struct {
	Items []schemaRow
	New   string // where one is made; empty: who asks may not
}

type schemaRow struct {
	Name, Title, Description, Type, Page string
	Assigned                             []assignmentView
}

func (h *Handler) metadata(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.service.ID, Kind: inventory.KindSchema, Limit: maxSchemas})
	if err != nil {
		return err
	}
	v := metadataView{}
	if r.may(writeSchema) {
		v.New = r.address(r.service.Path) + "/-/new-metadata"
	}
	for _, res := range page.Items {
		shown := schemaIn(res)
		v.Items = append(v.Items, schemaRow{
			Name: res.Name(), Title: shown.Title, Description: shown.Description, Type: draftOf(docOf(res).Text("/schema")).typeTitle(), Page: r.address(res.Path),
			Assigned: slices.DeleteFunc(assignmentsOf(docOf(res)), func(a assignmentView) bool { return !a.Assigned }),
		})
	}
	slices.SortStableFunc(v.Items, func(a, b schemaRow) int { return cmp.Compare(a.Title, b.Title) })
	return h.show(w, r, view{template: "metadata", title: "Metadata", section: "Metadata", data: v})
}

// assignmentsOf are what a schema is to each kind.
func assignmentsOf(d doc) []assignmentView {
	var all []struct {
		Entity               string
		Required, Deprecated bool
	}
	d.Read("/assignedTo", &all)
	out := make([]assignmentView, len(schemaKinds))
	for i, k := range schemaKinds {
		out[i] = assignmentView{Kind: string(k), Title: kindTitles[k]}
		for _, a := range all {
			if strings.EqualFold(a.Entity, string(k)) {
				out[i].Assigned, out[i].Required, out[i].Deprecated = true, a.Required, a.Deprecated
			}
		}
	}
	return out
}

// schemaForm is what people say of a schema.
type schemaForm struct {
	Action string
	New    bool
	Locked bool // who looks may not change it
	Name   textField
	Title  textField
	About  textField
	Types  []typeChoice
	Draft  draft
	Simple []typeChoice
	Assign []assignmentView
	Faults map[string]string
	Fault  string
	Delete string // where it is deleted; empty: who looks may not
	schemaPreview
}

// schemaPreview is what people will see of a schema.
type schemaPreview struct {
	Field input  // of the form of a thing
	JSON  string // the schema
	Wrong string // what is wrong with it
	Shown bool
}

// Rows are the members of an object, and room for more.
func (f schemaForm) Rows() []draftMember {
	rows := slices.Clone(f.Draft.Members)
	for range min(blankMembers, maxDraftMembers-len(rows)) {
		rows = append(rows, draftMember{Type: "text"})
	}
	return rows
}

// schemaFormOf makes the form that shows a draft.
func schemaFormOf(name string, d draft, assign []assignmentView, err error) schemaForm {
	f := schemaForm{
		Name: textField{
			Name: "name", Label: "Name", Value: name, Required: true, Mono: true, Hint: "That of the property: 3 to 90 letters, digits and hyphens. It stays as it is.",
		},
		Title:  textField{Name: "title", Label: "Title", Value: d.Title, Hint: "What people read beside the field."},
		About:  textField{Name: "description", Label: "Description", Value: d.Description, Lines: 2, Hint: "What belongs into it."},
		Types:  draftTypes,
		Simple: simpleTypes, Draft: d, Assign: assign, Faults: map[string]string{},
	}
	if e := errorOf(err); e != nil {
		switch at := strings.TrimPrefix(e.Target, "properties."); {
		case inventory.CodeOf(err) == inventory.Exists:
			f.Name.Fault = "There is metadata of this name already; choose another name."
		case at == "name":
			f.Name.Fault = e.Message
		case at == "":
			f.Fault = e.Message
		default:
			f.Faults[at] = e.Message
		}
	}
	f.schemaPreview = schemaPreviewOf(name, d)
	return f
}

// schemaPreviewOf shows the field that a schema will be in a form.
func schemaPreviewOf(name string, d draft) schemaPreview {
	text, err := d.text()
	if err != nil {
		return schemaPreview{Wrong: errorOf(err).Message}
	}
	p := schemaPreview{JSON: text}
	if _, err := metadata.Parse(text); err != nil {
		p.Wrong = "This is not a schema: " + err.Error()
		return p
	}
	v := schemaView{Name: cmp.Or(name, "preview"), Title: cmp.Or(d.Title, label(name), "Title")}
	if json.Unmarshal([]byte(text), &v.Schema) != nil {
		return p
	}
	p.Field, p.Shown = inputOf(v), true
	p.Field.fill(nil)
	return p
}

func (h *Handler) newSchema(w http.ResponseWriter, r *request) error {
	assign := assignmentsOf(doc{})
	assign[0].Assigned = true
	return h.showSchema(w, r, 0, schemaFormOf("", draft{Type: "text", Items: "text"}, assign, nil), true)
}

func (h *Handler) showSchema(w http.ResponseWriter, r *request, status int, f schemaForm, isNew bool) error {
	title := "New metadata"
	if f.New, f.Action = isNew, r.address(r.service.Path)+"/-/new-metadata"; !isNew {
		title, f.Action = cmp.Or(f.Draft.Title, f.Name.Value), r.address(r.service.Path)+"/-/metadata/"+f.Name.Value
		f.Locked = !r.may(writeSchema)
		if r.may(deleteSchema) {
			f.Delete = f.Action + "/delete"
		}
	}
	shown := view{template: "schema", title: title, section: "Metadata", status: status, data: f}
	if r.Header.Get("HX-Request") != "" {
		shown.part, shown.status = "preview", 0
	}
	return h.show(w, r, shown)
}

// assignmentsFrom reads what a form says of each kind.
func assignmentsFrom(r *request) []assignmentView {
	out := assignmentsOf(doc{})
	for i := range out {
		use := r.PostForm.Get("use-" + out[i].Kind)
		out[i].Assigned = use == "optional" || use == "required"
		out[i].Required = use == "required"
		out[i].Deprecated = r.PostForm.Get("deprecated-"+out[i].Kind) != ""
	}
	return out
}

// schemaBody is a schema as a body.
func schemaBody(d draft, assign []assignmentView) (inventory.Doc, error) {
	text, err := d.text()
	if err != nil {
		return nil, err
	}
	if _, err := metadata.Parse(text); err != nil {
		return nil, inventory.Errorf(inventory.Invalid, "properties.schema", "This is not a schema: %v", err)
	}
	type assignment struct {
		Entity     string `json:"entity"`
		Required   bool   `json:"required,omitempty"`
		Deprecated bool   `json:"deprecated,omitempty"`
	}
	to := []assignment{}
	for _, a := range assign {
		if a.Assigned {
			to = append(to, assignment{a.Kind, a.Required, a.Deprecated})
		}
	}
	body := inventory.Doc{}
	body.Set("/schema", text)
	body.Set("/assignedTo", to)
	return body, nil
}

// putSchema makes or changes a schema; a preview does neither.
func (h *Handler) putSchema(w http.ResponseWriter, r *request, name string, m catalog.Match) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	isNew := m.Absent
	if isNew {
		name = strings.TrimSpace(r.PostForm.Get("name"))
	}
	d, assign := draftFrom(r.PostForm), assignmentsFrom(r)
	if r.PostForm.Get("do") == "preview" || r.Header.Get("HX-Request") != "" {
		return h.showSchema(w, r, 0, schemaFormOf(name, d, assign, nil), isNew)
	}
	body, err := schemaBody(d, assign)
	if err == nil && name == "" {
		err = inventory.Errorf(inventory.Invalid, "name", "Give it a name.")
	}
	if err == nil {
		_, _, err = h.catalog.Put(r.Context(), r.service.Path+"/metadataSchemas/"+name, body, m)
	}
	if _, status, ok := mendable(err, nil); ok {
		return h.showSchema(w, r, status, schemaFormOf(name, d, assign, err), isNew)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/metadata")
}

func (h *Handler) makeSchema(w http.ResponseWriter, r *request) error {
	return h.putSchema(w, r, "", absent)
}

func (h *Handler) schema(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	d := docOf(res)
	return h.showSchema(w, r, 0, schemaFormOf(res.Name(), draftOf(d.Text("/schema")), assignmentsOf(d), nil), false)
}

func (h *Handler) changeSchema(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	return h.putSchema(w, r, res.Name(), present)
}

// schemaEnd is the page that asks whether to delete a schema.
type schemaEnd struct {
	Name, Title, Back, Action string
	Use                       []usedBy
	InTheWay                  bool // values of kinds that it is assigned to
}

// usedBy are the things of a kind that have a value.
type usedBy struct {
	Kind     string // "APIs"
	Count    string // "2 APIs"
	Assigned bool
	Things   []definitionRef // some of them
}

func (h *Handler) deleteSchemaPage(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	use, err := h.catalog.SchemaUse(r.Context(), r.id)
	if err != nil {
		return err
	}
	v := schemaEnd{Name: res.Name(), Title: schemaIn(res).Title, Back: r.address(res.Path), Action: r.address(res.Path) + "/delete"}
	for _, u := range use {
		shown := usedBy{Kind: kindTitles[u.Kind], Assigned: u.Assigned, Count: plural(u.Things, kindName(u.Kind), kindTitles[u.Kind])}
		if u.More {
			shown.Count += " and more"
		}
		for _, some := range u.Some {
			shown.Things = append(shown.Things, definitionRef{cmp.Or(docOf(some).Text("/title"), some.Name()), r.address(some.Path)})
		}
		v.Use, v.InTheWay = append(v.Use, shown), v.InTheWay || u.Assigned
	}
	return h.show(w, r, view{template: "schema-delete", title: "Delete " + v.Title, section: "Metadata", data: v})
}

func (h *Handler) deleteSchema(w http.ResponseWriter, r *request) error {
	if err := h.catalog.Delete(r.Context(), r.id, noMatch); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/metadata")
}
