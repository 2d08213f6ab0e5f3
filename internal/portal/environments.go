package portal

import (
	"cmp"
	"net/http"

	"apicenter/internal/inventory"
)

// environmentRow is an environment in the list.
type environmentRow struct {
	environmentRef
	Description string
	Linked      bool
}

// environmentsView is the list of environments.
type environmentsView struct {
	Items []environmentRow
	Add   string // address of the form; empty where the reader may not
}

// Actions on environments.
const (
	writeEnvironment   = "Microsoft.ApiCenter/services/workspaces/environments/write"
	deleteEnvironment  = "Microsoft.ApiCenter/services/workspaces/environments/delete"
	explainEnvironment = "Microsoft.ApiCenter/services/workspaces/environments/explain/read"
)

func (h *Handler) environments(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{
		Parent: r.workspace, Kind: inventory.KindEnvironment, Order: inventory.Order{By: inventory.ByTitle}, Limit: maxOffered,
	})
	if err != nil {
		return err
	}
	var v environmentsView
	for _, e := range page.Items {
		v.Items = append(v.Items, environmentRow{refTo(e), docOf(e).Text("/description"), e.Linked})
	}
	if r.may(writeEnvironment) {
		v.Add = workspaceAddress(r) + "/-/new-environment"
	}
	return h.show(w, r, view{template: "environments", title: "Environments", section: "Environments", data: v})
}

// refTo names an environment.
func refTo(e inventory.Resource) environmentRef {
	d := docOf(e)
	return environmentRef{cmp.Or(d.Text("/title"), e.Name()), d.Text("/kind"), d.Text("/server/type"), addressOf(e.Path)}
}

// environmentView is one environment.
type environmentView struct {
	environmentRef
	Description  string
	Instructions string
	Facts        []fact
	Custom       []fact
	Deployments  []runningView
	More         bool // there are more deployments than are shown
	List         string
	Edit, Delete string // addresses; empty where the reader may not
}

// runningView is a deployment from the side of its environment.
type runningView struct {
	API   row
	Title string
	State string
	URLs  []string
}

// maxRunning is how many deployments of an environment are shown.
const maxRunning = 100

func (h *Handler) environment(w http.ResponseWriter, r *request) error {
	e, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	d := docOf(e)
	v := environmentView{
		environmentRef: refTo(e), Description: d.Text("/description"), Instructions: d.Text("/onboarding/instructions"),
		List: workspaceAddress(r) + "/environments",
	}
	schemas, err := h.schemasFor(r, inventory.KindEnvironment)
	if err != nil {
		return err
	}
	origins, err := h.originsOf(r, e.ID, explainEnvironment)
	if err != nil {
		return err
	}
	_, v.Facts, v.Custom = factsOf(d, origins, schemas)
	for _, f := range []inventory.Field{"/server/type", "/server/managementPortalUri", "/onboarding/developerPortalUri"} {
		if raw, ok := d.Doc[f]; ok {
			v.Facts = append(v.Facts, fact{f, titleOfField(f, nil), plain(valuesOf(raw)), origins[f]})
		}
	}
	if v.Deployments, v.More, err = h.runningIn(r, inventory.ShortID(e.Path)); err != nil {
		return err
	}
	if r.may(writeEnvironment) {
		v.Edit = v.Address + "/edit"
	}
	if r.may(deleteEnvironment) {
		v.Delete = v.Address + "/delete"
	}
	return h.show(w, r, view{template: "environment", title: v.Title, section: "Environments", data: v})
}

// plain are values of a list that are addresses, and no words.
func plain(all []shown) []shown {
	for i, s := range all {
		all[i] = wordOrLink(s.Text)
	}
	return all
}

// runningIn are the deployments of an environment, by their APIs.
func (h *Handler) runningIn(r *request, environment string) (all []runningView, more bool, err error) {
	page, err := h.catalog.List(r.Context(), inventory.Query{
		Parent: r.workspace, Kind: inventory.KindDeployment, Limit: maxRunning,
		Filter: &inventory.Expr{Op: "eq", Field: "/environmentId", Value: environment},
	})
	if err != nil {
		return nil, false, err
	}
	apis := map[inventory.ID]row{}
	for _, found := range page.Items {
		id := found.ID.Ancestor(inventory.KindAPI)
		if _, ok := apis[id]; !ok {
			api, err := h.catalog.Get(r.Context(), id)
			if inventory.CodeOf(err) == inventory.NotFound {
				continue // it went this moment
			}
			if err != nil {
				return nil, false, err
			}
			apis[id] = rowOf(api)
		}
		d := docOf(found)
		all = append(all, runningView{apis[id], cmp.Or(d.Text("/title"), found.Name()), d.Text("/state"), d.texts("/server/runtimeUri")})
	}
	return all, !page.Next.IsZero(), nil
}
