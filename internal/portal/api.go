package portal

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"apicenter/internal/inventory"
)

// apiHead stands above all tabs of an API.
type apiHead struct {
	Address, Title, Kind, Stage, Name string
	Sources                           []sourceLine
	Gone                              *inventory.Gone // no source has it any more
	Edit, Delete                      string          // addresses; empty where the reader may not
	Tabs                              []tab
}

// tab is a page beside others.
type tab struct {
	Title, Address string
	Count          int // -1: it has none
	Current        bool
}

// sourceLine says how fresh what a link brings is.
type sourceLine struct {
	Name, Address string // of the link; no address where the reader may not see it
	APIs          string // address of all that it brought
	Leads         bool   // of several, what it states goes before
	Proven        time.Time
	Late          bool
	Reason        string
	State         inventory.State
}

// Actions on APIs and on what is below them.
const (
	writeAPI         = "Microsoft.ApiCenter/services/workspaces/apis/write"
	deleteAPI        = "Microsoft.ApiCenter/services/workspaces/apis/delete"
	leadAPI          = "Microsoft.ApiCenter/services/workspaces/apis/lead/action"
	unmergeAPI       = "Microsoft.ApiCenter/services/workspaces/apis/unmerge/action"
	explainAPI       = "Microsoft.ApiCenter/services/workspaces/apis/explain/read"
	historyOfAPI     = "Microsoft.ApiCenter/services/workspaces/apis/history/read"
	readVersions     = "Microsoft.ApiCenter/services/workspaces/apis/versions/read"
	writeVersion     = "Microsoft.ApiCenter/services/workspaces/apis/versions/write"
	deleteVersion    = "Microsoft.ApiCenter/services/workspaces/apis/versions/delete"
	readDefinitions  = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/read"
	writeDefinition  = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/write"
	deleteDefinition = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/delete"
	importDocument   = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/importSpecification/action"
	exportDocument   = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/exportSpecification/action"
	readDeployments  = "Microsoft.ApiCenter/services/workspaces/apis/deployments/read"
	writeDeployment  = "Microsoft.ApiCenter/services/workspaces/apis/deployments/write"
	deleteDeployment = "Microsoft.ApiCenter/services/workspaces/apis/deployments/delete"
	readEnvironments = "Microsoft.ApiCenter/services/workspaces/environments/read"
)

// maxBelow is how many versions, or deployments, of one API are shown.
const maxBelow = 200

// apiParts are an API and what is in it.
type apiParts struct {
	resource    inventory.Resource
	doc         doc
	versions    []inventory.Resource // the newest first
	deployments []inventory.Resource
	exports     bool // who asks may read its documents
	head        apiHead
}

// partsOf reads an API and what is in it, with what stands above all tabs. current names the tab.
func (h *Handler) partsOf(r *request, current string) (apiParts, error) {
	p, err := h.readParts(r)
	if err != nil {
		return p, err
	}
	p.head, err = h.headOf(r, p, current)
	return p, err
}

// readParts reads an API and what is in it, as it is or as it was.
func (h *Handler) readParts(r *request) (apiParts, error) {
	api, err := h.get(r, r.id.Ancestor(inventory.KindAPI))
	if err != nil {
		return apiParts{}, err
	}
	p := apiParts{resource: api, doc: docOf(api)}
	if p.exports, err = h.reads(r, exportDocument); err != nil {
		return p, err
	}
	for _, below := range []struct {
		kind inventory.Kind
		into *[]inventory.Resource
	}{{inventory.KindVersion, &p.versions}, {inventory.KindDeployment, &p.deployments}} {
		page, err := h.catalog.List(r.Context(), inventory.Query{Parent: api.ID, Kind: below.kind, Limit: maxBelow, At: r.at})
		if err != nil {
			return p, err
		}
		*below.into = page.Items
	}
	slices.Reverse(p.versions)
	return p, nil
}

func (h *Handler) headOf(r *request, p apiParts, current string) (apiHead, error) {
	at := r.address(p.resource.Path)
	head := apiHead{
		Address: at, Title: p.doc.Text("/title"), Kind: p.doc.Text("/kind"), Stage: p.doc.Text(inventory.FieldLifecycleStage), Name: p.resource.Name(),
		Tabs: []tab{
			{"Overview", at, -1, false},
			{"Versions & definitions", at + "/versions", len(p.versions), false},
			{"Deployments", at + "/deployments", len(p.deployments), false},
		},
	}
	if r.may(historyOfAPI) {
		head.Tabs = append(head.Tabs, tab{"History", at + "/history", -1, false})
	}
	for i := range head.Tabs {
		head.Tabs[i].Current = head.Tabs[i].Title == current
	}
	if r.may(writeAPI) {
		head.Edit = at + "/edit"
	}
	if r.may(deleteAPI) {
		head.Delete = at + "/delete"
	}
	if gone := (inventory.Gone{}); p.doc.Read(inventory.FieldGone, &gone) {
		head.Gone = &gone
	}
	var err error
	head.Sources, err = h.sourcesOf(r, p.resource)
	return head, err
}

// sourcesOf are the links that an API came by, and how fresh they are.
func (h *Handler) sourcesOf(r *request, api inventory.Resource) ([]sourceLine, error) {
	if !api.Linked {
		return nil, nil
	}
	all, err := h.catalog.Sources(r.Context(), api.ID)
	if err != nil {
		return nil, err
	}
	var lines []sourceLine
	for i, s := range all {
		line := sourceLine{Name: s.Link, Leads: i == 0 && len(all) > 1, APIs: r.address(r.workspace.String()) + "?" + url.Values{"source": {s.Link}}.Encode()}
		link, err := h.catalog.Get(r.Context(), api.ID.Parent().Child(inventory.KindLink, s.Link))
		if err != nil {
			return nil, err
		}
		fresh, err := h.catalog.Freshness(link)
		if err != nil {
			return nil, err
		}
		status := inventory.StatusOf(link)
		line.Proven, line.State, line.Late, line.Reason = status.ProvenAt, status.State, fresh.Late, fresh.Reason
		if r.may(readLinks) {
			line.Address = r.address(link.Path)
		} else {
			line.Reason = "" // it may tell of what only those who link should know
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// overviewView is the first tab of an API.
type overviewView struct {
	apiHead
	Summary, Description string
	Texts                []fact // where title, summary and description come from
	Facts                []fact
	Custom               []fact
	Versions             []versionView // the newest
	MoreVersions         int
	Deployments          []deploymentView
	MoreDeployments      int
	Related              []relatedView
	Merged               []sourceLine // of an API that several links brought
	Lead, Part           string       // addresses of the forms; empty where the reader may not
}

// shownFirst is how many versions and deployments the overview shows.
const shownFirst = 3

func (h *Handler) api(w http.ResponseWriter, r *request) error {
	if !r.at.IsZero() {
		return h.apiThen(w, r)
	}
	p, err := h.partsOf(r, "Overview")
	if err != nil {
		return err
	}
	v := overviewView{apiHead: p.head, Summary: p.doc.Text("/summary"), Description: p.doc.Text("/description")}
	if len(p.head.Sources) > 1 {
		v.Merged = p.head.Sources
		if r.may(leadAPI) {
			v.Lead = p.head.Address + "/lead"
		}
		if r.may(unmergeAPI) {
			v.Part = p.head.Address + "/unmerge"
		}
	}
	origins, err := h.originsOf(r, p.resource.ID, explainAPI)
	if err != nil {
		return err
	}
	schemas, err := h.schemasFor(r, inventory.KindAPI)
	if err != nil {
		return err
	}
	v.Texts, v.Facts, v.Custom = factsOf(p.doc, origins, schemas)
	first := p
	first.versions, v.MoreVersions = firstOf(p.versions)
	first.deployments, v.MoreDeployments = firstOf(p.deployments)
	if v.Versions, err = h.versionViews(r, first); err != nil {
		return err
	}
	if v.Deployments, err = h.deploymentViews(r, first); err != nil {
		return err
	}
	for i := range v.Deployments { // they are edited on their own tab
		v.Deployments[i].Edit, v.Deployments[i].Delete = "", ""
	}
	if v.Related, err = h.related(r, p); err != nil {
		return err
	}
	return h.show(w, r, view{template: "api", title: p.head.Title, section: "APIs", data: v})
}

// lead has what one source states of an API go before what the others do.
func (h *Handler) lead(w http.ResponseWriter, r *request) error {
	api, err := h.catalog.Lead(r.Context(), r.id, r.PostFormValue("link"))
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(api.Path))
}

// unmerge makes what one source brought an API of its own again.
func (h *Handler) unmerge(w http.ResponseWriter, r *request) error {
	api, err := h.catalog.Unmerge(r.Context(), r.id, r.PostFormValue("link"))
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(api.Path))
}

func firstOf(all []inventory.Resource) (first []inventory.Resource, more int) {
	n := min(len(all), shownFirst)
	return all[:n], len(all) - n
}

// relatedView are other APIs that have something in common with one.
type relatedView struct {
	Title   string // of what they have in common
	Address string // of all of them
	APIs    []row
}

// maxRelated is how many entries that have one thing in common are shown.
const maxRelated = 6

// related finds other APIs in the environments of an API.
func (h *Handler) related(r *request, p apiParts) ([]relatedView, error) {
	var all []relatedView
	seen := map[string]bool{}
	for _, d := range p.deployments {
		ref := docOf(d).Text("/environmentId")
		if ref == "" || seen[ref] || len(all) == 3 {
			continue
		}
		seen[ref] = true
		env, ok := h.environmentOf(r, ref)
		if !ok {
			continue
		}
		apis, err := h.apisIn(r, ref, p.resource.ID)
		if err != nil {
			return nil, err
		}
		if len(apis) > 0 {
			all = append(all, relatedView{Title: env.Title, Address: env.Address, APIs: apis})
		}
	}
	return all, nil
}

// apisIn are some APIs with a deployment in an environment, but for one.
func (h *Handler) apisIn(r *request, environment string, not inventory.ID) ([]row, error) {
	page, err := h.catalog.List(r.Context(), inventory.Query{
		Parent: r.workspace, Kind: inventory.KindDeployment, Limit: 4 * maxRelated,
		Filter: &inventory.Expr{Op: "eq", Field: "/environmentId", Value: environment},
	})
	if err != nil {
		return nil, err
	}
	var rows []row
	seen := map[inventory.ID]bool{not: true}
	for _, d := range page.Items {
		id := d.ID.Ancestor(inventory.KindAPI)
		if seen[id] || len(rows) == maxRelated {
			continue
		}
		seen[id] = true
		api, err := h.catalog.Get(r.Context(), id)
		if inventory.CodeOf(err) == inventory.NotFound {
			continue // it went this moment
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, rowOf(r, api))
	}
	return rows, nil
}

func rowOf(r *request, api inventory.Resource) row {
	d := docOf(api)
	return row{
		Address: r.address(api.Path), Title: d.Text("/title"), Summary: d.Text("/summary"),
		Kind: d.Text("/kind"), Stage: d.Text(inventory.FieldLifecycleStage), Updated: api.Updated.At,
	}
}
