package portal

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// reviewView is what a new link would be, and what it needs.
type reviewView struct {
	linkForm
	Back     string // to the form
	Again    string // this page
	PlanAt   string // where the plan is
	Make     string // where the form is sent
	Source   string
	Findings []findingView
	Refused  bool              // it cannot be read at present
	Off      bool              // the identity of the center is switched off
	Switch   string            // where it is switched on; empty: who looks may not
	Role     *inventory.Remedy // that is missing
	Give     string            // where the role is given by who looks; empty: it is not his to give
	Fields   []field
	planView
}

// field is one value that a form carries on.
type field struct{ Name, Value string }

// planView is what would come in.
type planView struct {
	Shown bool
	Fault string
	Plan  preview
	Count []count
	New   []previewChange
	More  int // changes that are not listed
}

// preview is a plan, as catalog gives it.
type preview struct {
	Digest   string          `json:"digest"`
	Observed int             `json:"observed"`
	Adds     int             `json:"adds"`
	Updates  int             `json:"updates"`
	Moves    int             `json:"moves"`
	Merges   int             `json:"merges"`
	Joins    int             `json:"joins"`
	Deletes  int             `json:"deletes"`
	Leaves   int             `json:"leaves"`
	Kept     int             `json:"kept"`
	Held     int             `json:"held"`
	Limited  int             `json:"limited"`
	Requests int64           `json:"requests"`
	Expected int64           `json:"expectedSeconds"`
	Changes  []previewChange `json:"changes"`
	Omitted  int             `json:"omitted"`
}

// previewChange is one change of a plan.
type previewChange struct {
	Action    string   `json:"action"`
	External  string   `json:"external"`
	Title     string   `json:"title"`
	Resource  string   `json:"resource"`
	Documents []string `json:"documents"`
	Joins     string   `json:"joins"`
	Why       string   `json:"why"`
	Fields    []struct {
		Kind   string  `json:"kind"`
		Field  string  `json:"field"`
		Before anyText `json:"before"`
		After  anyText `json:"after"`
	} `json:"fields"`
	Moves []struct {
		External string `json:"external"`
		From     string `json:"from"`
	} `json:"moves"`
	Merges []string `json:"merges"`
}

// anyText is a value of a plan as people read it: a text without its quotes, all else as it is.
type anyText string

// UnmarshalJSON takes any value.
func (t *anyText) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		text = string(b)
	}
	*t = anyText(text)
	return nil
}

// listed is how many changes of a plan a page lists.
const listed = 200

// reviewLink checks what a new link needs, and asks for its plan.
func (h *Handler) reviewLink(w http.ResponseWriter, r *request) error {
	f := formOf(r.URL.Query())
	body, err := h.settingsOfNew(r, &f)
	if wrong := faultsOf(err); wrong != nil {
		return h.showNewLink(w, r, f, wrong)
	}
	if err != nil {
		return err
	}
	findings, err := h.catalog.Check(r.Context(), linkID(r, f.Name), body)
	if wrong := faultsOf(err); wrong != nil {
		return h.showNewLink(w, r, f, wrong)
	}
	if err != nil {
		return err
	}
	v := reviewOf(r, f)
	v.Findings = findingsOf(findings)
	for _, found := range findings {
		v.Refused = v.Refused || found.Outcome == inventory.Refused
	}
	v.Role = missingRole(findings)
	v.Off = f.Identity == "" && !identityOf(r.service).system()
	if v.Off && h.access.Allowed(r.Context(), writeService, feed.ARMID(r.service.Path)) {
		v.Switch = r.address(r.service.Path) + "/-/identities/system"
	}
	if v.Role != nil && v.Role.PrincipalID != "" {
		if p, err := h.person(r); err == nil && p.mayAssign(v.Role.Scope) {
			v.Give = v.Make + "/role"
		}
	}
	if r.FormValue("plan") != "" {
		v.planView = h.planOf(r, f.Name, body)
	}
	return h.show(w, r, view{template: "link-review", title: "New link: check and plan", section: "Links", data: v})
}

func reviewOf(r *request, f linkForm) reviewView {
	base, query := workspaceAddress(r)+"/new-link", f.values()
	v := reviewView{linkForm: f, Back: base + "?" + query.Encode(), Again: base + "/review?" + query.Encode(), Make: base, Source: sourceName(f.source())}
	v.PlanAt = base + "/plan?" + query.Encode()
	v.Fields = fieldsOfForm(query)
	return v
}

// fieldsOfForm are the values of a form, in order.
func fieldsOfForm(form url.Values) (all []field) {
	for _, name := range slices.Sorted(maps.Keys(form)) {
		all = append(all, field{name, form.Get(name)})
	}
	return all
}

// settingsOfNew is the body of a new link, if its name and its environment can be.
func (h *Handler) settingsOfNew(r *request, f *linkForm) (inventory.Doc, error) {
	f.Name = cmp.Or(f.Name, f.SuggestedName)
	if f.source() == "" {
		return nil, inventory.Errorf(inventory.Invalid, "properties.source", "choose an instance, or give the resource id of one")
	}
	id, err := inventory.ParseID(linkPath(r, f.Name))
	if err != nil || id.Kind() != inventory.KindLink {
		return nil, inventory.Errorf(inventory.Invalid, "name", "the identifier has 3 to 90 letters, digits and hyphens")
	}
	if _, err := h.catalog.Get(r.Context(), id); err == nil {
		return nil, inventory.Errorf(inventory.Conflict, "name", "there is a link %q already; choose another identifier", f.Name)
	}
	if f.Environment == "" {
		if _, err := h.catalog.Get(r.Context(), r.workspace.Child(inventory.KindEnvironment, f.Name)); err == nil {
			return nil, inventory.Errorf(inventory.Conflict, "name", "there is an environment %q already; choose it below, or another identifier", f.Name)
		}
	}
	return f.settings(r.workspace.Name())
}

// planNewLink is the plan of a new link, for script that has shown the check.
func (h *Handler) planNewLink(w http.ResponseWriter, r *request) error {
	f := formOf(r.URL.Query())
	body, err := h.settingsOfNew(r, &f)
	if err != nil {
		return err
	}
	v := reviewOf(r, f)
	v.planView = h.planOf(r, f.Name, body)
	return h.show(w, r, view{template: "link-review", part: "plan", title: "Plan", section: "Links", data: v})
}

// planOf asks for a plan. That there is none is told, and no error of the page.
func (h *Handler) planOf(r *request, name string, body inventory.Doc) planView {
	v := planView{Shown: true}
	plan, err := h.catalog.Plan(r.Context(), linkID(r, name), body)
	if err == nil {
		v.Plan, err = previewOf(plan)
	}
	if err != nil {
		v.Fault = h.told(r, err)
		return v
	}
	p := v.Plan
	for _, n := range []count{
		{p.Adds, noun(p.Adds, "comes in", "come in"), "good"},
		{p.Updates, noun(p.Updates, "changes", "change"), "info"},
		{p.Moves, noun(p.Moves, "moves", "move"), "info"},
		{p.Merges, noun(p.Merges, "becomes one with another", "become one with others"), "info"},
		{p.Joins, noun(p.Joins, "joins an API of another link", "join APIs of other links"), "info"},
		{p.Deletes, noun(p.Deletes, "goes", "go"), "bad"},
		{p.Leaves, noun(p.Leaves, "leaves the scope", "leave the scope"), "warn"},
		{p.Kept, noun(p.Kept, "is kept though gone at the source", "are kept though gone at the source"), "plain"},
		{p.Held, noun(p.Held, "waits for approval", "wait for approval"), "warn"},
		{p.Limited, noun(p.Limited, "stays out: a limit", "stay out: a limit"), "warn"},
	} {
		if n.N > 0 {
			v.Count = append(v.Count, n)
		}
	}
	for _, c := range p.Changes {
		if c.External == "" {
			continue // the environment
		}
		if len(v.New) == listed {
			v.More++
			continue
		}
		v.New = append(v.New, c)
	}
	v.More += p.Omitted
	return v
}

// makeLink makes the link: with the plan that was shown, or without one.
func (h *Handler) makeLink(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	f := formOf(r.PostForm)
	body, err := h.settingsOfNew(r, &f)
	if err == nil {
		err = h.make(r, f, body, r.PostForm.Get("digest"))
	}
	if wrong := faultsOf(err); wrong != nil {
		return h.showNewLink(w, r, f, wrong)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(linkPath(r, f.Name)))
}

func (h *Handler) make(r *request, f linkForm, body inventory.Doc, digest string) (err error) {
	if environment := f.environment(); environment != nil {
		if err := h.access.Authorize(r.Context(), environments+"/write", scopeOf(r)); err != nil {
			return err
		}
		_, err = h.catalog.MakeLink(r.Context(), linkPath(r, f.Name), body, environment, digest)
		return err
	}
	if digest != "" {
		_, err = h.catalog.Apply(r.Context(), linkPath(r, f.Name), digest, body, absent)
		return err
	}
	_, _, err = h.catalog.Put(r.Context(), linkPath(r, f.Name), body, absent)
	return err
}
