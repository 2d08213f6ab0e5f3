package apim

import (
	"fmt"
	"strings"
	"time"
)

// Workspace is a part of an instance with APIs of its own.
type Workspace struct {
	Space
	Name     string
	ETag     string
	Contract WorkspaceContract
}

// PutWorkspace creates or replaces a workspace.
func (s *Service) PutWorkspace(name string, contract WorkspaceContract) (w *Workspace, created bool, err error) {
	if contract.DisplayName == "" {
		return nil, false, Invalid("displayName is required.")
	}
	etag, _ := s.cloud.stamp()
	w = s.Workspaces.Get(name)
	if created = w == nil; created {
		w = &Workspace{Name: name}
		w.Space = Space{cloud: s.cloud, service: s, id: s.id + "/workspaces/" + name, kind: ServiceKind + "/workspaces"}
		s.Workspaces.Put(name, w)
	}
	w.ETag, w.Contract = etag, contract
	return w, created, nil
}

// Gateway is a workspace gateway. It belongs to a resource group, not to an
// instance; connections say which workspaces it serves.
type Gateway struct {
	Name        string
	Group       *Group
	Location    string
	ETag        string
	Created     time.Time
	SKU         SKU
	Connections Table[*Entity[Connection]]
}

// Connection lets a gateway serve a workspace.
type Connection struct {
	ProvisioningState string   `json:"provisioningState"`
	SourceID          string   `json:"sourceId"`
	DefaultHostname   string   `json:"defaultHostname,omitempty"`
	Hostnames         []string `json:"hostnames,omitempty"`
}

// GatewayKind is the resource type of a workspace gateway.
const GatewayKind = "Microsoft.ApiManagement/gateways"

// PutGateway creates or replaces a workspace gateway.
func (c *Cloud) PutGateway(g *Group, name, location string, sku SKU) (gw *Gateway, created bool) {
	etag, at := c.stamp()
	id := g.Path() + "/providers/" + GatewayKind + "/" + name
	gw = c.Gateways.Get(id)
	if created = gw == nil; created {
		gw = &Gateway{Name: name, Group: g, Created: at}
		c.Gateways.Put(id, gw)
	}
	gw.Location, gw.ETag, gw.SKU = location, etag, sku
	return gw, created
}

// ID is the resource id of the gateway.
func (g *Gateway) ID() string { return g.Group.Path() + "/providers/" + GatewayKind + "/" + g.Name }

// Connect lets the gateway serve the workspace of that resource id.
func (c *Cloud) Connect(g *Gateway, name, source string) (e *Entity[Connection], created bool) {
	return Set(c, &g.Connections, name, Connection{ProvisioningState: "Succeeded", SourceID: source, DefaultHostname: g.Hostname()})
}

// Hostname is the gateway's own name: <name>-<hash>.gateway.<region>.azure-api.net.
func (g *Gateway) Hostname() string {
	region := strings.ToLower(strings.ReplaceAll(g.Location, " ", ""))
	return fmt.Sprintf("%s-%s.gateway.%s.azure-api.net", strings.ToLower(g.Name), short(g.ID()), region)
}

// gatewayOf finds the gateway that serves a workspace, or nil.
func (c *Cloud) gatewayOf(s *Space) *Gateway {
	for _, g := range c.Gateways.All() {
		for _, e := range g.Connections.All() {
			if strings.EqualFold(e.Properties.SourceID, s.id) {
				return g
			}
		}
	}
	return nil
}
