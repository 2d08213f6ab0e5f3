package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"apicenter/internal/inventory"
)

// deploymentView is where an API runs.
type deploymentView struct {
	Name, Title, Description string
	State                    string
	Default                  bool
	URLs                     []string
	Environment              *environmentRef
	Definition               *definitionRef
	Custom                   []fact
	Linked, Gone             bool
	Edit, Delete             string // addresses; empty where the reader may not
}

// environmentRef names an environment.
type environmentRef struct{ Title, Kind, Server, Address string }

// definitionRef names a definition; it may have no address.
type definitionRef struct{ Title, Address string }

// deploymentsView is the tab of deployments.
type deploymentsView struct {
	apiHead
	Deployments []deploymentView
	Add         string // address of the form; empty where the reader may not
}

func (h *Handler) deployments(w http.ResponseWriter, r *request) error {
	p, err := h.partsOf(r, "Deployments")
	if err != nil {
		return err
	}
	v := deploymentsView{apiHead: p.head}
	if r.may(writeDeployment) {
		v.Add = p.head.Address + "/-/new-deployment"
	}
	if v.Deployments, err = h.deploymentViews(r, p); err != nil {
		return err
	}
	return h.show(w, r, view{template: "deployments", title: p.head.Title + ": deployments", section: "APIs", data: v})
}

// deployment shows a deployment where it stands among the others.
func (h *Handler) deployment(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Get(r.Context(), r.id); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.id.Parent().String())+"/deployments#d-"+url.PathEscape(r.id.Name()))
}

func (h *Handler) deploymentViews(r *request, p apiParts) ([]deploymentView, error) {
	if len(p.deployments) == 0 {
		return nil, nil
	}
	schemas, err := h.schemasFor(r, inventory.KindDeployment)
	if err != nil {
		return nil, err
	}
	environments := map[string]*environmentRef{}
	var all []deploymentView
	for _, deployment := range p.deployments {
		d := docOf(deployment)
		v := deploymentView{
			Name: deployment.Name(), Title: cmp.Or(d.Text("/title"), deployment.Name()), Description: d.Text("/description"),
			State: d.Text("/state"), Default: d.allows("/isDefault"), URLs: d.texts("/server/runtimeUri"),
			Linked: deployment.Linked, Gone: len(d.Doc[inventory.FieldGone]) > 0,
		}
		if ref := d.Text("/environmentId"); ref != "" {
			if _, ok := environments[ref]; !ok {
				environments[ref] = nil
				if e, found := h.environmentOf(r, ref); found {
					environments[ref] = &e
				}
			}
			v.Environment = environments[ref]
		}
		v.Definition = h.definitionOf(r, d.Text("/definitionId"))
		_, _, v.Custom = factsOf(d, nil, schemas)
		if r.may(writeDeployment) {
			v.Edit = r.address(deployment.Path) + "/edit"
		}
		if r.may(deleteDeployment) {
			v.Delete = r.address(deployment.Path) + "/delete"
		}
		all = append(all, v)
	}
	return all, nil
}

// referred gives what a reference of this service names, if it is there.
func (h *Handler) referred(r *request, ref string) (inventory.Resource, bool) {
	if ref == "" {
		return inventory.Resource{}, false
	}
	id, err := inventory.ParseID(r.service.ID.String() + "/" + strings.Trim(ref, "/"))
	if err != nil {
		return inventory.Resource{}, false
	}
	found, err := h.get(r, id)
	return found, err == nil
}

func (h *Handler) environmentOf(r *request, ref string) (environmentRef, bool) {
	e, ok := h.referred(r, ref)
	if !ok || e.ID.Kind() != inventory.KindEnvironment {
		return environmentRef{}, false
	}
	found := refTo(r, e)
	found.Address = r.same(found.Address)
	return found, true
}

func (h *Handler) definitionOf(r *request, ref string) *definitionRef {
	found, ok := h.referred(r, ref)
	if !ok || found.ID.Kind() != inventory.KindDefinition {
		return nil
	}
	title := cmp.Or(docOf(found).Text("/title"), found.Name())
	return &definitionRef{found.ID.Parent().Name() + " · " + title, r.address(found.Path)}
}
