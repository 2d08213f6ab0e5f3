package portal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// schemaView is a metadata schema as forms and pages need it.
type schemaView struct {
	Name, Title, Description string
	Required                 bool
	Schema                   any // the JSON Schema, decoded
}

// maxSchemas is how many schemas of a service are looked at.
const maxSchemas = 1000

// schemasFor gives the schemas that are assigned to a kind, by title.
func (h *Handler) schemasFor(r *request, k inventory.Kind) ([]schemaView, error) {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.service.ID, Kind: inventory.KindSchema, Limit: maxSchemas})
	if err != nil {
		return nil, err
	}
	var all []schemaView
	for _, s := range page.Items {
		if v, ok := schemaFor(s, k); ok {
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b schemaView) int { return cmp.Compare(a.Title, b.Title) })
	return all, nil
}

// schemasOf gives the schemas of all kinds, by title.
func (h *Handler) schemasOf(r *request) (all []schemaView, err error) {
	for _, k := range []inventory.Kind{inventory.KindAPI, inventory.KindEnvironment, inventory.KindDeployment} {
		of, err := h.schemasFor(r, k)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// schemaFor reads a schema, if it is assigned to a kind.
func schemaFor(s inventory.Resource, k inventory.Kind) (schemaView, bool) {
	d := docOf(s)
	var assigned []struct {
		Entity   string
		Required bool
	}
	d.Read("/assignedTo", &assigned)
	i := slices.IndexFunc(assigned, func(a struct {
		Entity   string
		Required bool
	},
	) bool {
		return strings.EqualFold(a.Entity, string(k))
	})
	if i < 0 {
		return schemaView{}, false
	}
	v := schemaIn(s)
	v.Required = assigned[i].Required
	return v, true
}

// schemaIn reads a schema as it is to all kinds.
func schemaIn(s inventory.Resource) schemaView {
	v := schemaView{Name: s.Name()}
	_ = json.Unmarshal([]byte(docOf(s).Text("/schema")), &v.Schema) // the catalog took it as JSON
	root, _ := v.Schema.(map[string]any)
	title, _ := root["title"].(string)
	v.Description, _ = root["description"].(string)
	v.Title = cmp.Or(title, label(v.Name))
	return v
}
