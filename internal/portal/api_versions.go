package portal

import (
	"net/http"
	"net/url"

	"apicenter/internal/inventory"
)

// versionView is a version with its definitions.
type versionView struct {
	Name, Address, Title, Stage string
	Created                     inventory.Stamp
	Gone                        bool
	Linked                      bool
	Definitions                 []definitionLine
	Edit, Delete, Add           string // addresses; empty where the reader may not
}

// definitionLine is a definition in a list.
type definitionLine struct {
	Name, Address, Title, Description string
	Format, FormatVersion             string
	HasDocument                       bool
	Fetched                           bool // its document comes when somebody asks for it
	Linked                            bool
	Updated                           inventory.Stamp
	Download, Compare                 string // addresses; empty where there is nothing, or the reader may not
}

// versionsView is the tab of versions and definitions.
type versionsView struct {
	apiHead
	Versions    []versionView
	Add         string           // address of the form; empty where the reader may not
	Compare     string           // address of the comparison
	Comparables []comparableLine // what can be compared, and the reader may read
}

// comparableLine is one definition of an API to be compared.
type comparableLine struct{ Key, Title string }

func (h *Handler) versions(w http.ResponseWriter, r *request) error {
	p, err := h.partsOf(r, "Versions & definitions")
	if err != nil {
		return err
	}
	v := versionsView{apiHead: p.head, Compare: p.head.Address + "/compare"}
	if r.may(writeVersion) {
		v.Add = p.head.Address + "/-/new-version"
	}
	if v.Versions, err = h.versionViews(r, p); err != nil {
		return err
	}
	for _, version := range v.Versions {
		for _, d := range version.Definitions {
			if p.exports && (d.HasDocument || d.Fetched) {
				v.Comparables = append(v.Comparables, comparableLine{version.Name + "/" + d.Name, version.Title + " · " + d.Title})
			}
		}
	}
	return h.show(w, r, view{template: "versions", title: p.head.Title + ": versions", section: "APIs", data: v})
}

// version shows a version where it stands among the others.
func (h *Handler) version(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Get(r.Context(), r.id); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.id.Parent().String())+"/versions#v-"+url.PathEscape(r.id.Name()))
}

func (h *Handler) versionViews(r *request, p apiParts) ([]versionView, error) {
	var all []versionView
	for _, version := range p.versions {
		d := docOf(version)
		v := versionView{
			Name: version.Name(), Address: r.address(version.Path), Title: d.Text("/title"), Stage: d.Text(inventory.FieldLifecycleStage),
			Created: version.Created, Gone: len(d.Doc[inventory.FieldGone]) > 0, Linked: version.Linked,
		}
		if r.may(writeVersion) {
			v.Edit = v.Address + "/edit"
		}
		if r.may(deleteVersion) {
			v.Delete = v.Address + "/delete"
		}
		if r.may(writeDefinition) && r.may(importDocument) {
			v.Add = v.Address + "/-/new-definition"
		}
		page, err := h.catalog.List(r.Context(), inventory.Query{Parent: version.ID, Kind: inventory.KindDefinition, Limit: maxBelow, At: r.at})
		if err != nil {
			return nil, err
		}
		for _, definition := range page.Items {
			line := lineOf(r, definition)
			if p.exports && line.HasDocument {
				line.Download = r.same(line.Address + "/document")
			}
			v.Definitions = append(v.Definitions, line)
		}
		all = append(all, v)
	}
	return all, nil
}

func lineOf(r *request, definition inventory.Resource) definitionLine {
	d := docOf(definition)
	var format struct{ Name, Version string }
	d.Read("/specification", &format)
	return definitionLine{
		Name: definition.Name(), Address: r.address(definition.Path), Title: d.Text("/title"), Description: d.Text("/description"),
		Format: format.Name, FormatVersion: format.Version, HasDocument: definition.Document != "",
		Fetched: definition.Document == "" && definition.Linked, Linked: definition.Linked, Updated: definition.Updated,
	}
}
