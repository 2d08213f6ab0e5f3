package emulator

import (
	"net/http"

	"apicenter/internal/emulator/apim"
)

// registerRoutes is the table of all that ARM answers, in the order of the
// contract.
func (s *Server) registerRoutes() {
	const (
		sub      = "/subscriptions/{subscription}"
		group    = sub + "/resourceGroups/{group}"
		provider = "/providers/Microsoft.ApiManagement"
		service  = group + provider + "/service/{service}"
		gateway  = group + provider + "/gateways/{gateway}"
	)
	get := func(class, pattern string, h handler) {
		s.routes.add(class, pattern, map[string]handler{http.MethodGet: h})
	}

	get("azure", "/tenants", listTenants)
	get("azure", "/subscriptions", listSubscriptions)
	get("azure", sub, getSubscription)
	get("azure", sub+"/resources", listResources)
	get("azure", sub+"/resourceGroups", listGroups)
	s.routes.add("azure", group, map[string]handler{
		http.MethodGet: getGroup, http.MethodHead: headGroup, http.MethodPut: putGroup,
	})
	get("azure", sub+provider, getProvider)
	s.routes.add("azure", sub+provider+"/register", map[string]handler{http.MethodPost: getProvider})
	s.routes.add("azure", sub+provider+"/checkNameAvailability", map[string]handler{http.MethodPost: checkName})
	get("azure", sub+provider+"/locations/{location}/operationStatuses/{operation}", operationStatus)
	get("azure", sub+provider+"/locations/{location}/operationResults/{operation}", operationResult)

	// The lists of instances and gateways leave out what the caller may not read.
	get("azure", sub+provider+"/service", listServices)
	get("azure", group+provider+"/service", listServices)
	s.routes.add("service", service, map[string]handler{
		http.MethodGet: getService, http.MethodPut: putService, http.MethodPatch: patchService, http.MethodDelete: deleteService,
	})
	collection[apim.SelfHostedGateway]{"Gateway", "gateway", locateSelfHosted}.register(s, service+"/gateways")
	get("list", service+"/workspaces", listWorkspaces)
	s.routes.add("get", service+"/workspaces/{workspace}", map[string]handler{
		http.MethodGet: getWorkspace, http.MethodPut: putWorkspace, http.MethodPatch: putWorkspace, http.MethodDelete: deleteWorkspace,
	})
	s.registerSpace(service)
	s.registerSpace(service + "/workspaces/{workspace}")

	get("azure", sub+provider+"/gateways", listGateways)
	get("azure", group+provider+"/gateways", listGateways)
	s.routes.add("get", gateway, map[string]handler{
		http.MethodGet: getGateway, http.MethodPut: putGateway, http.MethodDelete: deleteGateway,
	})
	collection[apim.Connection]{"Connection", "connection", locateConnections}.register(s, gateway+"/configConnections")
}

// registerSpace adds what an instance and a workspace have alike.
func (s *Server) registerSpace(space string) {
	const one = "/apis/{api}"
	get := func(pattern string, h handler) {
		s.routes.add("list", space+pattern, map[string]handler{http.MethodGet: h})
	}

	get("/apis", listAPIs)
	get("/apisByTags", listByTags)
	s.routes.add("get", space+one, map[string]handler{
		http.MethodGet: getAPI, http.MethodPut: putAPI, http.MethodPatch: patchAPI, http.MethodDelete: deleteAPI,
	}).before = prepareAPI
	get(one+"/revisions", listRevisions)
	collection[apim.Release]{"Release", "release", locateReleases}.register(s, space+one+"/releases")
	collection[apim.Operation]{
		"Operation", "operation",
		child("operations", (*apim.Revision).Operations, checkOperation),
	}.register(s, space+one+"/operations")
	collection[apim.Schema]{
		"Schema", "schema",
		child("schemas", (*apim.Revision).Schemas, checkSchema),
	}.register(s, space+one+"/schemas")
	collection[apim.ToolContract]{
		"Tool", "tool",
		child("tools", (*apim.Revision).Tools, checkTool),
	}.register(s, space+one+"/tools")
	collection[apim.Tag]{"Tag", "tag", locateAPITags}.register(s, space+one+"/tags")

	collection[apim.VersionSet]{"API version set", "set", locateSets}.register(s, space+"/apiVersionSets")
	collection[apim.Product]{"Product", "product", part("products",
		func(s *apim.Space) *apim.Table[*apim.Entity[apim.Product]] { return &s.Products })}.register(s, space+"/products")
	collection[apim.APILink]{"API link", "link", locateLinks}.register(s, space+"/products/{product}/apiLinks")
	get("/products/{product}/apis", listProductAPIs)
	collection[apim.Tag]{"Tag", "tag", part("tags",
		func(s *apim.Space) *apim.Table[*apim.Entity[apim.Tag]] { return &s.Tags })}.register(s, space+"/tags")
}
