package emulator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/document"
	"apicenter/internal/emulator/rbac"
	"apicenter/internal/emulator/specs"
)

// load fills the cloud: the directories and subscriptions that are always
// there, and the instances that the options ask for.
func (s *Server) load() error {
	return s.Cloud.Update(func() error {
		subs := []*apim.Subscription{
			s.Cloud.AddSubscription(SubscriptionID, "Production", TenantID),
			s.Cloud.AddSubscription(SecondSubscriptionID, "Development", TenantID),
			s.Cloud.AddSubscription(ForeignSubscriptionID, "Partner", ForeignTenantID),
		}
		var groups []*apim.Group
		for _, sub := range subs {
			groups = append(groups, sub.AddGroup(ResourceGroup, "westeurope"))
		}
		first, err := s.loadFirst(groups[0])
		if err != nil {
			return err
		}
		s.target = Target{TenantID: TenantID, SubscriptionID: SubscriptionID, InstanceID: first.ID(), Token: s.opts.Token}
		for i := 1; i < s.opts.Instances; i++ {
			g := groups[i%len(groups)]
			svc, err := s.addService(g, fmt.Sprintf("%s-%d", first.Name, i+1))
			if err != nil {
				return err
			}
			if s.opts.Empty {
				continue
			}
			if err := addSynthetic(&svc.Space, furtherAPIs, s.opts.Seed+uint64(i)); err != nil {
				return err
			}
		}
		return s.grant(subs[:2])
	})
}

// grant gives the owner and the application all of their directory, and the
// managed identity the reader role on its instances.
func (s *Server) grant(subs []*apim.Subscription) error {
	assign := func(principal, role, scope string) error {
		_, err := s.roles.Assign(rbac.Assignment{PrincipalID: principal, RoleID: role, Scope: scope})
		return err
	}
	var errs []error
	for _, sub := range subs {
		errs = append(errs, assign(OwnerID, "Owner", "/subscriptions/"+sub.ID), assign(ApplicationID, "Owner", "/subscriptions/"+sub.ID))
	}
	if !s.opts.NoRole {
		for _, svc := range s.Cloud.Services.All() {
			errs = append(errs, assign(ManagedID, "API Management Service Reader Role", svc.ID()))
		}
	}
	return errors.Join(errs...)
}

// furtherAPIs is how many APIs the instances after the first have.
const furtherAPIs = 5

func (s *Server) loadFirst(g *apim.Group) (*apim.Service, error) {
	if s.opts.Specs == "" && s.opts.APIs == 0 && !s.opts.Empty {
		return s.loadRetail(g)
	}
	svc, err := s.addService(g, "apim-emulator")
	if err != nil {
		return nil, err
	}
	if s.opts.Specs != "" {
		if err := addFolder(&svc.Space, s.opts.Specs); err != nil {
			return nil, err
		}
	}
	return svc, addSynthetic(&svc.Space, s.opts.APIs, s.opts.Seed)
}

func (s *Server) addService(g *apim.Group, name string) (*apim.Service, error) {
	svc, _, err := s.Cloud.PutService(g, name, apim.ServiceContract{
		Location: "West Europe",
		SKU:      apim.SKU{Name: "Premium", Capacity: 1},
		Properties: apim.ServiceProperties{
			PublisherName: "Emulator", PublisherEmail: "apis@emulator.example",
		},
	})
	return svc, err
}

// addFolder makes an API of each definition in a folder, with version sets
// where names say so.
func addFolder(space *apim.Space, dir string) error {
	files, err := specs.Scan(context.Background(), dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		ch := apim.Change{
			Properties: apim.Properties{DisplayName: f.Title, Path: f.Route, Type: typeOfFile(f.Format)},
			Document:   apim.File(f.Format, f.Path),
		}
		if f.Description != "" {
			ch.Description = &f.Description
		}
		if f.Family != "" {
			ch.APIVersion = f.Version
			if ch.APIVersionSetID, err = family(space, f); err != nil {
				return err
			}
		}
		if _, _, err := space.PutAPI(f.Name, ch); err != nil {
			return fmt.Errorf("load %s: %w", f.Path, err)
		}
	}
	return nil
}

// family is the version set of a file; the first member makes it.
func family(space *apim.Space, f specs.File) (string, error) {
	if space.VersionSets.Get(f.Family) == nil {
		if _, _, err := space.PutVersionSet(f.Family, apim.VersionSet{DisplayName: f.Title, VersioningScheme: "Segment"}); err != nil {
			return "", err
		}
	}
	return space.SetID(f.Family), nil
}

func typeOfFile(f document.Format) string {
	switch f {
	case document.WSDL:
		return "soap"
	case document.GraphQL:
		return "graphql"
	case document.Proto:
		return "grpc"
	case document.OData:
		return "odata"
	default:
		return "http"
	}
}

// addSynthetic makes n small APIs, always the same for a seed. One in eight has
// a second version.
func addSynthetic(space *apim.Space, n int, seed uint64) error {
	for i := range n {
		noun := nouns[(i+int(seed%uint64(len(nouns))))%len(nouns)]
		area := areas[(i/len(nouns))%len(areas)]
		name := fmt.Sprintf("%s-%s-%05d", area, noun, i)
		title := fmt.Sprintf("%s %s %05d", upper(area), upper(noun), i)
		ch := apim.Change{
			Properties: apim.Properties{
				DisplayName: title, Path: fmt.Sprintf("%s/%s/%d", area, noun, i),
				Description: new("Everything about " + noun + " in " + area + "."),
				ServiceURL:  new("https://" + noun + "." + area + ".internal.example/api"),
			},
			Document: apim.Generated(document.OpenAPIJSON, func() []byte { return synthetic(title, noun, seed, i) }),
		}
		if i%8 < 2 && n-i > 1 {
			set := fmt.Sprintf("%s-%05d", area, i/8)
			if space.VersionSets.Get(set) == nil {
				if _, _, err := space.PutVersionSet(set, apim.VersionSet{DisplayName: title, VersioningScheme: "Segment"}); err != nil {
					return err
				}
			}
			ch.APIVersionSetID, ch.APIVersion = space.SetID(set), fmt.Sprintf("v%d", i%8+1)
		}
		if _, _, err := space.PutAPI(name, ch); err != nil {
			return err
		}
	}
	return nil
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

var (
	areas = [...]string{"sales", "logistics", "finance", "people", "stores", "support", "factory", "marketing"}
	nouns = [...]string{
		"orders", "customers", "prices", "stock", "invoices", "shipments", "returns", "payments", "contracts",
		"products", "suppliers", "shifts", "tickets", "coupons", "reports", "devices", "routes", "budgets",
	}
)

// synthetic is the definition of the i-th API: a collection and its items.
func synthetic(title, noun string, seed uint64, i int) []byte {
	type object = map[string]any
	ok := object{"200": object{"description": "Done", "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Item"}}}}}
	id := []object{{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}}
	return apim.Marshal(object{
		"openapi": "3.0.1",
		"info":    object{"title": title, "version": fmt.Sprintf("1.%d.%d", seed%10, i%100)},
		"servers": []object{{"url": "https://api.emulator.example/" + noun}},
		"paths": object{
			"/" + noun: object{
				"get":  object{"operationId": "list-" + noun, "summary": "List " + noun, "responses": ok},
				"post": object{"operationId": "create-" + noun, "summary": "Create one of the " + noun, "responses": ok},
			},
			"/" + noun + "/{id}": object{
				"get": object{"operationId": "get-" + noun, "summary": "Read one of the " + noun, "parameters": id, "responses": ok},
			},
		},
		"components": object{"schemas": object{"Item": object{"type": "object", "properties": object{"id": object{"type": "string"}, "name": object{"type": "string"}}}}},
	})
}
