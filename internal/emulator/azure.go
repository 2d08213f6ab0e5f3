package emulator

import (
	"net/http"
	"strings"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/wire"
)

// This file answers for the parts of Resource Manager that stand around an
// instance: directories, subscriptions, resource groups, providers.

// listTenants shows the caller's own directory.
func listTenants(c *call) (reply, error) {
	var mine []apim.Tenant
	for _, t := range c.server.Cloud.Tenants {
		if strings.EqualFold(t.ID, c.principal.TenantID) {
			mine = append(mine, t)
		}
	}
	return list(mine, func(t apim.Tenant) any {
		return map[string]any{"id": "/tenants/" + t.ID, "tenantId": t.ID, "displayName": t.Name, "tenantCategory": "Home"}
	}), nil
}

func subscriptionRow(s *apim.Subscription) any {
	return map[string]any{
		"id": "/subscriptions/" + s.ID, "subscriptionId": s.ID, "tenantId": s.Tenant, "displayName": s.Name,
		"state": "Enabled", "authorizationSource": "RoleBased",
		"subscriptionPolicies": map[string]string{"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
	}
}

// listSubscriptions shows the subscriptions of the caller's directory.
func listSubscriptions(c *call) (reply, error) {
	var mine []*apim.Subscription
	for _, s := range c.server.Cloud.Subscriptions.All() {
		if strings.EqualFold(s.Tenant, c.principal.TenantID) {
			mine = append(mine, s)
		}
	}
	return list(mine, subscriptionRow), nil
}

func getSubscription(c *call) (reply, error) {
	s, err := c.subscription()
	if err != nil {
		return reply{}, err
	}
	return found("", subscriptionRow(s)), nil
}

func groupRow(g *apim.Group) any {
	return map[string]any{
		"id": g.Path(), "name": g.Name, "type": "Microsoft.Resources/resourceGroups", "location": g.Location,
		"properties": map[string]string{"provisioningState": "Succeeded"},
	}
}

func listGroups(c *call) (reply, error) {
	s, err := c.subscription()
	if err != nil {
		return reply{}, err
	}
	return list(s.Groups.All(), groupRow), nil
}

func getGroup(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return reply{}, err
	}
	return found("", groupRow(g)), nil
}

// headGroup answers as Resource Manager does: 204 for yes.
func headGroup(c *call) (reply, error) {
	_, err := c.group()
	return reply{status: http.StatusNoContent}, err
}

func putGroup(c *call) (reply, error) {
	s, err := c.subscription()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Location string `json:"location"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	known := s.Groups.Get(c.arg("group")) != nil
	g := s.AddGroup(c.arg("group"), in.Location)
	return written(!known, "", apim.Marshal(groupRow(g))), nil
}

// apiVersions are those that the provider lists, the newest stable one first,
// for that is what az takes.
var apiVersions = [...]string{
	"2024-05-01", "2022-08-01", "2021-08-01", "2020-12-01", "2019-12-01",
	"2025-09-01-preview", "2025-03-01-preview", "2024-10-01-preview", "2024-06-01-preview",
}

func getProvider(c *call) (reply, error) {
	if _, err := c.subscription(); err != nil {
		return reply{}, err
	}
	type resourceType struct {
		ResourceType string   `json:"resourceType"`
		Locations    []string `json:"locations"`
		APIVersions  []string `json:"apiVersions"`
	}
	var types []resourceType
	for _, t := range []string{"service", "service/apis", "service/workspaces", "gateways", "gateways/configConnections", "checkNameAvailability"} {
		types = append(types, resourceType{t, []string{"West Europe", "North Europe"}, apiVersions[:]})
	}
	return found("", map[string]any{
		"id": "/subscriptions/" + c.arg("subscription") + "/providers/Microsoft.ApiManagement", "namespace": "Microsoft.ApiManagement",
		"registrationState": "Registered", "registrationPolicy": "RegistrationRequired", "resourceTypes": types,
	}), nil
}

// listResources knows the two filters that az sends.
func listResources(c *call) (reply, error) {
	s, err := c.subscription()
	if err != nil {
		return reply{}, err
	}
	win, err := c.window()
	if err != nil {
		return reply{}, err
	}
	type row struct {
		ID       string    `json:"id"`
		Name     string    `json:"name"`
		Type     string    `json:"type"`
		Location string    `json:"location"`
		SKU      *apim.SKU `json:"sku,omitempty"`
		group    string
	}
	all := []row{}
	for _, svc := range c.server.Cloud.Services.All() {
		if svc.Group.Subscription == s {
			all = append(all, row{svc.ID(), svc.Name, apim.ServiceKind, svc.Contract.Location, &svc.Contract.SKU, svc.Group.Name})
		}
	}
	for _, g := range c.server.Cloud.Gateways.All() {
		if g.Group.Subscription == s {
			all = append(all, row{g.ID(), g.Name, apim.GatewayKind, g.Location, &g.SKU, g.Group.Name})
		}
	}
	kept := []row{}
	for _, r := range all {
		match := win.filter.Match(func(name string) string {
			return map[string]string{"resourcetype": r.Type, "resourcegroup": r.group, "name": r.Name, "location": r.Location}[name]
		})
		if match && c.may(r.Type+"/read", r.ID) {
			kept = append(kept, r)
		}
	}
	return found("", map[string]any{"value": kept}), nil
}

// metadataEndpoints lets a client find all of Azure's addresses from this one.
func (s *Server) metadataEndpoints(w http.ResponseWriter, r *http.Request) {
	base := baseURL(r)
	cloud := map[string]any{
		"name":           "AzureEmulator",
		"portal":         base,
		"graph":          base + "/",
		"graphAudience":  base + "/",
		"authentication": map[string]any{"loginEndpoint": base, "audiences": []string{"https://management.core.windows.net/", "https://management.azure.com/"}, "tenant": "common", "identityProvider": "AAD"},
		"media":          base, "batch": base, "gallery": base, "vmImageAliasDoc": base,
		"activeDirectoryDataLake": base, "sqlManagement": base, "microsoftGraphResourceId": base + "/",
		"resourceManager": base + "/",
		"suffixes":        map[string]string{"storage": "core.windows.net", "keyVaultDns": "vault.azure.net", "sqlServerHostname": "database.windows.net"},
	}
	if r.URL.Query().Get("api-version") < "2019" {
		wire.JSON(w, http.StatusOK, cloud)
		return
	}
	wire.JSON(w, http.StatusOK, []any{cloud})
}
