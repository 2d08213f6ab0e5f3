package portal

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// asOf stands above every page that shows what there was.
type asOf struct {
	At      time.Time
	Present string // address of the same page as it is
}

// Full is the moment for people; script writes it in their own zone.
func (a asOf) Full() string { return a.At.UTC().Format("2 January 2006, 15:04 UTC") }

// Exact is the moment for machines.
func (a asOf) Exact() string { return a.At.UTC().Format(time.RFC3339) }

// thenForm asks for a moment, to see the inventory as of then.
type thenForm struct {
	Action string // address of a list
	At     momentField
}

func thenFormOf(r *request, list string) thenForm {
	return thenForm{list, momentField{Name: "at", Label: "Moment", Text: r.URL.Query().Get("at"), At: r.at}}
}

// asThen is an address as of a moment.
func asThen(address string, at time.Time) string {
	return address + "?" + url.Values{"at": {at.UTC().Format(time.RFC3339Nano)}}.Encode()
}

// same is an address as of the moment that the page shows.
func (r *request) same(address string) string {
	if r.at.IsZero() {
		return address
	}
	return asThen(address, r.at)
}

// get is a thing as the page shows it: as it is, or as it was.
func (h *Handler) get(r *request, id inventory.ID) (inventory.Resource, error) {
	if r.at.IsZero() {
		return h.catalog.Get(r.Context(), id)
	}
	return h.catalog.GetAt(r.Context(), id, r.at)
}

// noPastView says that there is nothing to show of a moment.
type noPastView struct {
	Message, Present string
	Then             thenForm
}

// noPast says, where a page of what was cannot be shown, why that is so.
func (h *Handler) noPast(w http.ResponseWriter, r *request, section, list string, err error) error {
	e := errorOf(err)
	status := map[inventory.Code]int{inventory.Forgotten: http.StatusGone, inventory.Invalid: http.StatusBadRequest, inventory.NotFound: http.StatusNotFound}[inventory.CodeOf(err)]
	if r.at.IsZero() || e == nil || status == 0 {
		return err
	}
	v := noPastView{Message: said(e.Message), Present: r.URL.Path, Then: thenFormOf(r, list)}
	r.at = time.Time{} // the page shows nothing of then
	return h.show(w, r, view{template: "no-past", title: "Nothing to see of then", section: section, status: status, data: v})
}

// inventoryThenView is the list of APIs as it was.
type inventoryThenView struct {
	Items []row
	Next  string // address of the next page; empty on the last
	Then  thenForm
}

// inventoryThen lists the APIs as they were. What was cannot be searched.
func (h *Handler) inventoryThen(w http.ResponseWriter, r *request) error {
	after, err := inventory.ParsePosition(r.FormValue("after"))
	if err != nil && r.FormValue("after") != "" {
		return err
	}
	page, err := h.catalog.List(r.Context(), inventory.Query{
		Parent: r.id, Kind: inventory.KindAPI, Order: inventory.Order{By: inventory.ByTitle}, After: after, Limit: pageSize, At: r.at,
	})
	if err != nil {
		return h.noPast(w, r, "APIs", r.address(r.workspace.String()), err)
	}
	v := inventoryThenView{Then: thenFormOf(r, r.address(r.workspace.String()))}
	for _, api := range page.Items {
		d := docOf(api)
		v.Items = append(v.Items, row{
			Address: asThen(r.address(api.Path), r.at), Title: titleOr(d, api), Summary: summarized(d),
			Kind: d.Text("/kind"), Stage: d.Text(inventory.FieldLifecycleStage), Updated: api.Updated.At,
		})
	}
	if !page.Next.IsZero() {
		v.Next = asThen(r.address(r.workspace.String()), r.at) + "&" + url.Values{"after": {page.Next.String()}}.Encode()
	}
	return h.show(w, r, view{template: "inventory-then", title: "APIs", section: "APIs", data: v})
}

// apiThenView is an API as it was, with all that was in it.
type apiThenView struct {
	Back                                     string // address of the list as of then
	Title, Kind, Stage, Summary, Description string
	Facts, Custom                            []fact
	Versions                                 []versionView
	Deployments                              []deploymentView
	Then                                     thenForm
}

func (h *Handler) apiThen(w http.ResponseWriter, r *request) error {
	p, err := h.readParts(r)
	if err != nil {
		return h.noPast(w, r, "APIs", r.address(r.workspace.String()), err)
	}
	schemas, err := h.schemasFor(r, inventory.KindAPI)
	if err != nil {
		return err
	}
	v := apiThenView{
		Back: asThen(r.address(r.workspace.String()), r.at), Then: thenFormOf(r, r.address(r.workspace.String())),
		Title: titleOr(p.doc, p.resource), Kind: p.doc.Text("/kind"), Stage: p.doc.Text(inventory.FieldLifecycleStage),
		Summary: p.doc.Text("/summary"), Description: p.doc.Text("/description"),
	}
	_, v.Facts, v.Custom = factsOf(p.doc, nil, schemas)
	if v.Versions, err = h.versionViews(r, p); err != nil {
		return err
	}
	if v.Deployments, err = h.deploymentViews(r, p); err != nil {
		return err
	}
	documents := map[string]string{} // by address of the definition
	for i, version := range v.Versions {
		for j, d := range version.Definitions {
			documents[d.Address] = d.Download
			if key := version.Name + "/" + d.Name; d.Download != "" {
				v.Versions[i].Definitions[j].Compare = r.address(p.resource.Path) + "/compare?" + url.Values{"from": {key}, "fromAt": {r.at.UTC().Format(time.RFC3339Nano)}, "to": {key}}.Encode()
			}
		}
	}
	for _, d := range v.Deployments {
		if d.Definition != nil { // its page shows what there is
			d.Definition.Address = documents[d.Definition.Address]
		}
	}
	return h.show(w, r, view{template: "api-then", title: v.Title, section: "APIs", data: v})
}

// pastOf reads as of which moment a page is asked for; zero: of now.
func pastOf(p page, r *http.Request) (time.Time, error) {
	if !p.past {
		return time.Time{}, nil
	}
	return momentOf(strings.TrimSpace(r.URL.Query().Get("at")))
}
