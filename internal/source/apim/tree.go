package apim

import (
	"cmp"
	"slices"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// form is what becomes of an API of a certain type.
type form struct {
	kind       string // what readers see
	definition string // name of the definition; "" when the type has none
	title      string // of the definition
	schema     string // content type of the schema that is the document; "" when it is exported
	raw        bool   // the kind tells less than the type, so the type is kept beside it
}

// formOf knows the types. A type that we do not know is shown as REST, so that
// nothing is dropped, and has no definition, since nobody knows how to export it.
func formOf(apiType string) form {
	switch strings.ToLower(apiType) {
	case "", "http":
		return form{kind: "rest", definition: "openapi", title: "OpenAPI"}
	case "soap":
		return form{kind: "soap", definition: "wsdl", title: "WSDL"}
	case "graphql":
		return form{kind: "graphql", definition: "graphql", title: "GraphQL", schema: "application/vnd.ms-azure-apim.graphql.schema"}
	case "grpc":
		return form{kind: "grpc", definition: "grpc", title: "gRPC", schema: "text/protobuf"}
	case "odata":
		return form{kind: "rest", definition: "odata", title: "OData", schema: "application/vnd.ms-azure-apim.odata.schema", raw: true}
	case "websocket":
		return form{kind: "websocket"}
	case "mcp":
		return form{kind: "mcp"}
	case "a2a":
		return form{kind: "a2a"}
	default:
		return form{kind: "rest", raw: true}
	}
}

// gateways are the hosts that serve APIs.
type gateways struct {
	own        []string            // of the instance
	workspaces map[string][]string // by folded name; the others are served by the instance
	open       bool                // the instance's gateway is on
}

func (g gateways) of(s space) (hosts []string, open bool) {
	if hosts := g.workspaces[strings.ToLower(s.workspace)]; len(hosts) > 0 {
		return hosts, true
	}
	return g.own, g.open
}

// environment is the instance, or the workspace, as a place where APIs run.
func (c *connector) environment(f *facts) source.Object {
	o := source.Object{Kind: inventory.KindEnvironment, Name: c.place.name(), States: inventory.Doc{}, Seeds: inventory.Doc{}, Read: f.asked}
	o.States.Set("/server/type", "Azure API Management")
	o.Seeds.Set("/title", c.place.name())
	o.Seeds.Set("/kind", "production")
	if portal := c.portal(); portal != "" {
		o.Seeds.Set("/server/managementPortalUri", []string{portal})
	}
	if f.DeveloperPortalURL != "" {
		o.Seeds.Set("/onboarding/developerPortalUri", []string{f.DeveloperPortalURL})
	}
	return o
}

// portal is the instance's page in the Azure portal of its cloud, or "" where we know of none.
func (c *connector) portal() string {
	portal := map[string]string{
		"management.azure.com":         "https://portal.azure.com",
		"management.usgovcloudapi.net": "https://portal.azure.us",
		"management.chinacloudapi.cn":  "https://portal.azure.cn",
	}[strings.ToLower(hostOf(c.Endpoint))]
	if portal == "" {
		return ""
	}
	return portal + "/#resource" + c.place.path
}

// single is an API in no version set: a root with one version.
func (c *connector) single(r *row, g gateways) source.Object {
	o := root(r.identity(), r.Properties.DisplayName)
	state(o.States, r.description())
	kindOf(&o, o.States, r)
	o.Children = []source.Object{c.version(r, g)}
	o.Read = r.asked
	return o
}

func root(external, title string) source.Object {
	o := source.Object{Kind: inventory.KindAPI, External: external, Name: title, States: inventory.Doc{}}
	o.States.Set("/title", title)
	return o
}

// state puts the description: what the source leaves empty is stated as empty.
func state(in inventory.Doc, description string) {
	if description == "" {
		in.Set("/description", nil)
		return
	}
	in.Set("/description", description)
}

// kindOf puts the kind into one of the docs of a root, and beside it the type
// that the kind does not tell: people may keep it or not.
func kindOf(o *source.Object, in inventory.Doc, r *row) {
	f := formOf(r.Properties.Type)
	in.Set("/kind", f.kind)
	if f.raw {
		if o.Seeds == nil {
			o.Seeds = inventory.Doc{}
		}
		o.Seeds.Set("/customProperties/apimType", r.Properties.Type)
	}
}

// version is one API with what hangs on it.
func (c *connector) version(r *row, g gateways) source.Object {
	external := r.identity()
	name, title := r.Properties.APIVersion, r.Properties.APIVersion
	if name == "" {
		name, title = "original", "Original"
	}
	v := source.Object{
		Kind: inventory.KindVersion, External: external, Name: name,
		States: make(inventory.Doc, 1), Seeds: make(inventory.Doc, 1), Children: make([]source.Object, 0, 2),
	}
	v.States.Set("/title", title)
	v.Seeds.Set("/lifecycleStage", c.stage)
	if f := formOf(r.Properties.Type); c.imports && f.definition != "" {
		v.Children = append(v.Children, c.definition(r, f, external))
	}
	v.Children = append(v.Children, c.deployment(r, g, external))
	return v
}

// definition is the definition of an API. While an import goes on it has no
// document to fetch, which leaves the recorded one as it is.
func (c *connector) definition(r *row, f form, external string) source.Object {
	d := source.Object{Kind: inventory.KindDefinition, External: external, Name: f.definition, States: make(inventory.Doc, 1)}
	d.States.Set("/title", f.title)
	if !r.pending() {
		d.Document = c.document(r, f)
	}
	return d
}

// deployment is where the gateway serves the API. Its state begins with what the
// source says and is the people's from then on.
func (c *connector) deployment(r *row, g gateways, external string) source.Object {
	hosts, open := g.of(r.space)
	d := source.Object{
		Kind: inventory.KindDeployment, External: external,
		States: make(inventory.Doc, 1), Seeds: make(inventory.Doc, 2),
	}
	d.States.Set("/server/runtimeUri", addresses(&r.Properties, formOf(r.Properties.Type).kind, hosts))
	d.Seeds.Set("/title", c.place.name())
	d.Seeds.Set("/state", map[bool]string{true: "active", false: "inactive"}[open && r.online()])
	if s := r.Properties.APIVersionSet; s != nil && r.Properties.APIVersion != "" {
		switch {
		case strings.EqualFold(s.VersioningScheme, "Query") && s.VersionQueryName != "":
			d.Seeds.Set("/customProperties/versionQueryName", s.VersionQueryName)
			d.Seeds.Set("/customProperties/version", r.Properties.APIVersion)
		case strings.EqualFold(s.VersioningScheme, "Header") && s.VersionHeaderName != "":
			d.Seeds.Set("/customProperties/versionHeaderName", s.VersionHeaderName)
			d.Seeds.Set("/customProperties/version", r.Properties.APIVersion)
		}
	}
	return d
}

// group is a version set with the members seen so far.
type group struct {
	external string
	set      *set
	id       string
	members  []*row
}

// root is the API that a complete group makes. Its kind, and its description
// where the set has none, are those of the newest member.
func (c *connector) root(gr *group, g gateways) source.Object {
	sortMembers(gr.members)
	newest := gr.members[len(gr.members)-1]
	o := root(gr.external, gr.title())
	state(o.States, cmp.Or(gr.set.Description, newest.description()))
	kindOf(&o, o.States, newest)
	for _, r := range gr.members {
		r.Properties.APIVersionSet = gr.set // the same for all, whatever the page of each said
		o.Children = append(o.Children, c.version(r, g))
		if o.Read.IsZero() || r.asked.Before(o.Read) {
			o.Read = r.asked
		}
	}
	return o
}

// partial is the API of a group of which only one member was looked at. What
// the others decide is offered for a first sight.
func (c *connector) partial(gr *group, g gateways) source.Object {
	r := gr.members[0]
	r.Properties.APIVersionSet = gr.set
	o := root(gr.external, gr.title())
	o.Partial, o.Read, o.Offers = true, r.asked, inventory.Doc{}
	if gr.set.Description != "" {
		state(o.States, gr.set.Description)
	} else {
		state(o.Offers, r.description())
	}
	kindOf(&o, o.Offers, r)
	o.Children = []source.Object{c.version(r, g)}
	return o
}

func (gr *group) title() string { return cmp.Or(gr.set.Name, gr.id) }

// sortMembers puts the members of a set in the order of their versions, oldest
// first; what has no version was there before the set.
func sortMembers(members []*row) {
	slices.SortFunc(members, func(a, b *row) int {
		return cmp.Or(
			compareVersions(a.Properties.APIVersion, b.Properties.APIVersion),
			cmp.Compare(a.identity(), b.identity()))
	})
}

// compareVersions compares texts so that v10 comes after v9 and 2025-01 after 2024-12.
func compareVersions(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	for a != "" && b != "" {
		x, y := chunk(a), chunk(b)
		a, b = a[len(x):], b[len(y):]
		if isDigit(x[0]) && isDigit(y[0]) {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := cmp.Compare(len(x), len(y)); c != 0 {
				return c
			}
		}
		if c := cmp.Compare(x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// chunk is the run of digits, or of anything else, that text begins with.
func chunk(text string) string {
	i := 1
	for i < len(text) && isDigit(text[i]) == isDigit(text[0]) {
		i++
	}
	return text[:i]
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
