package emulator

import (
	"cmp"
	"fmt"
	"strings"

	"apicenter/internal/emulator/apim"
)

// child locates a table below a revision. Its edits move the definition.
func child[P any](kind string, table func(*apim.Revision) *apim.Table[*apim.Entity[P]], check func(*P) error) func(*call) (parent[P], error) {
	return func(c *call) (parent[P], error) {
		r, err := c.revision()
		if err != nil {
			return parent[P]{}, err
		}
		t := table(r)
		return parent[P]{
			id: r.ID() + "/" + kind, kind: r.API.Space.Kind() + "/apis/" + kind, table: t,
			put: func(name string, p P) (*apim.Entity[P], bool, error) {
				if err := check(&p); err != nil {
					return nil, false, err
				}
				e, created := apim.Set(c.server.Cloud, t, name, p)
				return e, created, nil
			},
			after: func() { r.API.Space.Touch(r) },
		}, nil
	}
}

// part locates a table of an instance or workspace.
func part[P any](kind string, table func(*apim.Space) *apim.Table[*apim.Entity[P]]) func(*call) (parent[P], error) {
	return func(c *call) (parent[P], error) {
		s, err := c.space()
		if err != nil {
			return parent[P]{}, err
		}
		return parent[P]{id: s.ID() + "/" + kind, kind: s.Kind() + "/" + kind, table: table(s)}, nil
	}
}

func checkOperation(op *apim.Operation) error { return op.Check() }

func checkSchema(s *apim.Schema) error {
	if s.ContentType == "" {
		return apim.Invalid("contentType is required.")
	}
	s.ProvisioningState = "Succeeded"
	return nil
}

func checkTool(t *apim.ToolContract) error {
	t.DisplayName = cmp.Or(t.DisplayName, t.OperationID)
	return nil
}

func locateReleases(c *call) (parent[apim.Release], error) {
	r, err := c.revision()
	if err != nil {
		return parent[apim.Release]{}, err
	}
	space, api := r.API.Space, r.API
	return parent[apim.Release]{
		id: fmt.Sprintf("%s/apis/%s/releases", space.ID(), api.Name), kind: space.Kind() + "/apis/releases", table: &api.Releases,
		put: func(name string, rel apim.Release) (*apim.Entity[apim.Release], bool, error) {
			return space.PutRelease(api, name, rel)
		},
		remove: func(name string) error {
			space.DeleteRelease(api, name)
			return nil
		},
	}, nil
}

func locateSets(c *call) (parent[apim.VersionSet], error) {
	s, err := c.space()
	if err != nil {
		return parent[apim.VersionSet]{}, err
	}
	return parent[apim.VersionSet]{
		id: s.ID() + "/apiVersionSets", kind: s.Kind() + "/apiVersionSets", table: &s.VersionSets,
		put: s.PutVersionSet, remove: s.DeleteVersionSet,
	}, nil
}

func locateAPITags(c *call) (parent[apim.Tag], error) {
	r, err := c.revision()
	if err != nil {
		return parent[apim.Tag]{}, err
	}
	s, api := r.API.Space, r.API
	return parent[apim.Tag]{
		id: s.ID() + "/tags", kind: s.Kind() + "/tags", table: &api.Tags,
		put: func(name string, _ apim.Tag) (*apim.Entity[apim.Tag], bool, error) {
			tag := s.Tags.Get(name)
			if tag == nil {
				return nil, false, apim.NotFound("Tag")
			}
			e, created := apim.Set(c.server.Cloud, &api.Tags, tag.Name, tag.Properties)
			return e, created, nil
		},
	}, nil
}

func locateLinks(c *call) (parent[apim.APILink], error) {
	s, err := c.space()
	if err != nil {
		return parent[apim.APILink]{}, err
	}
	product := s.Products.Get(c.arg("product"))
	if product == nil {
		return parent[apim.APILink]{}, apim.NotFound("Product")
	}
	return parent[apim.APILink]{
		id: s.ID() + "/products/" + product.Name + "/apiLinks", kind: s.Kind() + "/products/apiLinks",
		table: s.Links(product.Name),
		put: func(name string, l apim.APILink) (*apim.Entity[apim.APILink], bool, error) {
			r := s.Find(l.APIID[strings.LastIndexByte(l.APIID, '/')+1:])
			if r == nil {
				return nil, false, apim.NotFound("API")
			}
			e, created := s.Link(product.Name, name, r.ID())
			return e, created, nil
		},
	}, nil
}

// listProductAPIs are the APIs of a product, as rows of APIs.
func listProductAPIs(c *call) (reply, error) {
	p, err := locateLinks(c)
	if err != nil {
		return reply{}, err
	}
	s, err := c.space()
	if err != nil {
		return reply{}, err
	}
	var all []*apim.Revision
	for _, l := range p.table.All() {
		if r := s.Find(l.Properties.APIID[strings.LastIndexByte(l.Properties.APIID, '/')+1:]); r != nil {
			all = append(all, r)
		}
	}
	form := c.form()
	return rows(c, all, apiField, func(r *apim.Revision) []byte { return r.JSON(form) })
}

func locateSelfHosted(c *call) (parent[apim.SelfHostedGateway], error) {
	svc, err := c.service()
	if err != nil {
		return parent[apim.SelfHostedGateway]{}, err
	}
	return parent[apim.SelfHostedGateway]{
		id: svc.ID() + "/gateways", kind: apim.ServiceKind + "/gateways", table: &svc.SelfHosted,
	}, nil
}
