package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// Actions of the settings.
const (
	readWorkspaces = "Microsoft.ApiCenter/services/workspaces/read"
	writeWorkspace = "Microsoft.ApiCenter/services/workspaces/write"
	writePortal    = "Microsoft.ApiCenter/services/portals/write"
)

// settingsView is the page of what a service is, and how it behaves.
type settingsView struct {
	Address    string
	Name, ID   string
	Location   string
	Plan       string
	Created    inventory.Stamp
	Tags       textField
	MayTag     bool
	Workspaces []workspaceForm
	MaySpace   bool
	Open       bool
	MayOpen    bool
	Limits     []limitLine
	Version    string
	Removed    string // where removed things are; empty: who looks may not see them
	MayDelete  bool
	DeleteName textField
}

// limitLine is one limit in force.
type limitLine struct{ What, Most string }

// workspaceForm is what people say of a workspace.
type workspaceForm struct {
	Name  string
	Title textField
	About textField
	Rules []choice
	Field textField // the custom property that is compared
	Fault string
}

// mergeRules are the rules by which APIs of several links are one, and what they do.
var mergeRules = []choice{
	{Value: string(inventory.MergeNone), Title: "Never", Hint: "Each link's APIs are entries of their own. People can make two one by hand."},
	{Value: string(inventory.MergeTitle), Title: "The same title", Hint: "“Orders” of the test gateway and “orders” of the production gateway are one API. Case and spaces do not count."},
	{Value: string(inventory.MergePath), Title: "The same path", Hint: "What gateways serve at the same path, without the host and the version, is one API."},
	{Value: string(inventory.MergeName), Title: "The same name at the source", Hint: "What the sources call the same in their addresses is one API."},
	{Value: ownRule, Title: "The same value of your own", Hint: "What has the same value in a property of your metadata is one API."},
}

const (
	ownRule      = "own" // a custom property
	customFields = "/customProperties/"
)

func (h *Handler) settings(w http.ResponseWriter, r *request) error {
	return h.showSettings(w, r, 0, func(*settingsView) {})
}

// showSettings shows the settings as they are, but for what amend puts into them.
func (h *Handler) showSettings(w http.ResponseWriter, r *request, status int, amend func(*settingsView)) error {
	d := docOf(r.service)
	v := settingsView{
		Address: r.address(r.service.Path) + "/-/settings", Name: r.service.Name(), ID: feed.ARMID(r.service.Path), Location: d.Text("/location"), Plan: planOf(d),
		Created: r.service.Created, Version: h.release, Limits: limitLines(h.catalog.Limits()),
		Tags:       textField{Name: "tags", Label: "Tags", Value: tagLines(d), Lines: 3, Mono: true, Hint: "One a line, like cost-center=4711; 50 at most."},
		DeleteName: textField{Name: "name", Label: "Type the name of the API center", Mono: true, Required: true},
		MayTag:     r.may(writeService), MaySpace: r.may(writeWorkspace), MayDelete: r.may(deleteService), MayOpen: r.may(writePortal),
	}
	if r.may(readTombstones) {
		v.Removed = r.address(r.service.Path) + "/-/tombstones"
	}
	var err error
	if v.Open, err = h.catalog.OpenToAll(r.Context(), r.service.ID); err != nil {
		return err
	}
	spaces, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.service.ID, Kind: inventory.KindWorkspace, Limit: maxWorkspaces})
	if err != nil {
		return err
	}
	for _, s := range spaces.Items {
		d := docOf(s)
		v.Workspaces = append(v.Workspaces, workspaceFormOf(s.Name(), d.Text("/title"), d.Text("/description"), inventory.MergeRuleOf(d.Doc), fieldFault{}))
	}
	amend(&v)
	return h.show(w, r, view{template: "settings", title: "Settings", section: "Settings", status: status, data: v})
}

// maxWorkspaces is how many workspaces a page shows.
const maxWorkspaces = 100

func workspaceFormOf(name, title, about string, rule inventory.MergeRule, fault fieldFault) workspaceForm {
	f := workspaceForm{
		Name:  name,
		Title: textField{Name: "title-" + name, Label: "Title", Value: title, Required: true},
		About: textField{Name: "description-" + name, Label: "Description", Value: about, Lines: 2},
		Field: textField{Name: "property-" + name, Label: "That property", Mono: true, Hint: "The name of the metadata, such as apiId."},
		Rules: slices.Clone(mergeRules),
	}
	chosen := string(rule)
	if own, ok := strings.CutPrefix(chosen, customFields); ok {
		chosen, f.Field.Value = ownRule, own
	}
	for i := range f.Rules {
		f.Rules[i].Chosen = f.Rules[i].Value == chosen
	}
	for field, into := range map[string]*textField{"title": &f.Title, "description": &f.About, "mergeRule": &f.Field} {
		if field == fault.Field {
			into.Fault, fault.Message = fault.Message, ""
		}
	}
	f.Fault = fault.Message
	return f
}

// planOf is the plan of a service.
func planOf(d doc) string {
	var sku struct{ Name string }
	d.Read("/sku", &sku)
	return sku.Name
}

// limitLines are the limits in words; of what is not limited there is none.
func limitLines(l catalog.Limits) []limitLine {
	var out []limitLine
	for _, line := range []struct {
		what string
		most int
	}{
		{"Workspaces", l.Workspaces},
		{"APIs of a workspace", l.APIs},
		{"Versions of an API", l.Versions},
		{"Definitions of a version", l.Definitions},
		{"Deployments of an API", l.Deployments},
		{"Environments of a workspace", l.Environments},
		{"Links of a workspace", l.Links},
		{"APIs that a link brings", l.LinkedAPIs},
		{"Metadata of a kind of thing", l.Metadata},
		{"Members of an object in metadata", l.Members},
		{"Requests a minute to the data plane", l.DataRequests},
		{"APIs on the data plane", l.DataAPIs},
	} {
		if line.most > 0 {
			out = append(out, limitLine{line.what, strconv.Itoa(line.most)})
		}
	}
	return out
}

// tagLines are the tags of a service as people type them.
func tagLines(d doc) string {
	var tags map[string]string
	d.Read("/tags", &tags)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&b, "%s=%s\n", name, tags[name])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (h *Handler) setTags(w http.ResponseWriter, r *request) error {
	typed := strings.ReplaceAll(r.PostFormValue("tags"), "\r\n", "\n")
	tags := map[string]string{}
	var err error
	for line := range strings.Lines(typed) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		switch name = strings.TrimSpace(name); {
		case name == "" && !ok:
			continue
		case name == "":
			err = inventory.Errorf(inventory.Invalid, "tags", "%q has no name.", strings.TrimSpace(line))
		case tags[name] != "":
			err = inventory.Errorf(inventory.Invalid, "tags", "%q is there twice.", name)
		}
		tags[name] = strings.TrimSpace(value)
	}
	var body bytes.Buffer
	if err == nil {
		if err := json.NewEncoder(&body).Encode(tags); err != nil {
			return err
		}
		_, err = h.catalog.Amend(r.Context(), r.service.ID, bytes.TrimSpace(body.Bytes()), nil, noMatch)
	}
	if fault, status, ok := mendable(err, nil); ok {
		return h.showSettings(w, r, status, func(v *settingsView) { v.Tags.Value, v.Tags.Fault = typed, fault.Message })
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/settings")
}

// setWorkspace changes the title, the description and the merge rule of a workspace.
func (h *Handler) setWorkspace(w http.ResponseWriter, r *request) error {
	space, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	name := space.Name()
	title, about := strings.TrimSpace(r.PostFormValue("title-"+name)), strings.TrimSpace(r.PostFormValue("description-"+name))
	rule := inventory.MergeRule(r.PostFormValue("rule"))
	if rule == ownRule {
		rule = inventory.MergeRule(customFields + strings.TrimSpace(r.PostFormValue("property-"+name)))
	}
	body := inventory.Doc{}
	body.Set("/title", title)
	if about != "" {
		body.Set("/description", about)
	}
	body.Set(inventory.FieldMergeRule, string(rule))
	_, _, err = h.catalog.Put(r.Context(), space.Path, body, present)
	if fault, status, ok := mendable(err, map[string]string{"properties.title": "title", "properties.description": "description", "properties.mergeRule": "mergeRule"}); ok {
		return h.showSettings(w, r, status, func(v *settingsView) {
			for i := range v.Workspaces {
				if v.Workspaces[i].Name == name {
					v.Workspaces[i] = workspaceFormOf(name, title, about, rule, fault)
				}
			}
		})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/settings")
}

// setOpen lets everybody read, or ends that.
func (h *Handler) setOpen(w http.ResponseWriter, r *request) error {
	open := r.PostFormValue("open")
	if open != "yes" && open != "no" {
		return inventory.Errorf(inventory.Invalid, "open", "say whether everybody may read: yes or no")
	}
	if err := h.catalog.SetOpenToAll(r.Context(), r.service, open == "yes"); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/settings")
}

// endService deletes a service, when its name was typed.
func (h *Handler) endService(w http.ResponseWriter, r *request) error {
	if typed := strings.TrimSpace(r.PostFormValue("name")); typed != r.service.Name() {
		return h.showSettings(w, r, http.StatusBadRequest, func(v *settingsView) {
			v.DeleteName.Value, v.DeleteName.Fault = typed, "This is not the name of the API center."
		})
	}
	if err := h.catalog.Delete(r.Context(), r.service.ID, noMatch); err != nil {
		return err
	}
	return redirect(w, r, Root+"?all=yes")
}
