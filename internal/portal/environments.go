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
	Add   string    // address of the form; empty where the reader may not
	Then  *thenForm // of a list as it was
}

// Actions on environments.
const (
	writeEnvironment   = "Microsoft.ApiCenter/services/workspaces/environments/write"
	deleteEnvironment  = "Microsoft.ApiCenter/services/workspaces/environments/delete"
	explainEnvironment = "Microsoft.ApiCenter/services/workspaces/environments/explain/read"
)

func (h *Handler) environments(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{
		Parent: r.workspace, Kind: inventory.KindEnvironment, Order: inventory.Order{By: inventory.ByTitle}, Limit: maxOffered, At: r.at,
	})
	list := workspaceAddress(r) + "/environments"
	if err != nil {
		return h.noPast(w, r, "Environments", list, err)
	}
	var v environmentsView
	for _, e := range page.Items {
		ref := refTo(r, e)
		ref.Address = r.same(ref.Address)
		v.Items = append(v.Items, environmentRow{ref, docOf(e).Text("/description"), e.Linked})
	}
	switch {
	case !r.at.IsZero():
		v.Then = new(thenFormOf(r, list))
	case r.may(writeEnvironment):
		v.Add = workspaceAddress(r) + "/-/new-environment"
	}
	return h.show(w, r, view{template: "environments", title: "Environments", section: "Environments", data: v})
}

// refTo names an environment.
func refTo(r *request, e inventory.Resource) environmentRef {
	d := docOf(e)
	return environmentRef{cmp.Or(d.Text("/title"), e.Name()), d.Text("/kind"), d.Text("/server/type"), r.address(e.Path)}
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
	Edit, Delete string    // addresses; empty where the reader may not
	Then         *thenForm // of an environment as it was
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
	list := workspaceAddress(r) + "/environments"
	e, err := h.get(r, r.id)
	if err != nil {
		return h.noPast(w, r, "Environments", list, err)
	}
	d := docOf(e)
	v := environmentView{
		environmentRef: refTo(r, e), Description: d.Text("/description"), Instructions: d.Text("/onboarding/instructions"),
		List: r.same(list),
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
	if !r.at.IsZero() {
		v.Then = new(thenFormOf(r, list))
	}
	if r.at.IsZero() && r.may(writeEnvironment) {
		v.Edit = v.Address + "/edit"
	}
	if r.at.IsZero() && r.may(deleteEnvironment) {
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
		Filter: &inventory.Expr{Op: "eq", Field: "/environmentId", Value: environment}, At: r.at,
	})
	if err != nil {
		return nil, false, err
	}
	apis := map[inventory.ID]row{}
	for _, found := range page.Items {
		id := found.ID.Ancestor(inventory.KindAPI)
		if _, ok := apis[id]; !ok {
			api, err := h.get(r, id)
			if inventory.CodeOf(err) == inventory.NotFound {
				continue // it went this moment
			}
			if err != nil {
				return nil, false, err
			}
			of := rowOf(r, api)
			of.Address = r.same(of.Address)
			apis[id] = of
		}
		d := docOf(found)
		all = append(all, runningView{apis[id], cmp.Or(d.Text("/title"), found.Name()), d.Text("/state"), d.texts("/server/runtimeUri")})
	}
	return all, !page.Next.IsZero(), nil
}
