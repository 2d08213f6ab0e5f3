package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/wire"
)

type serviceRow struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	ETag string `json:"etag"`
	apim.ServiceContract
	SystemData systemData `json:"systemData"`
}

type systemData struct {
	CreatedAt time.Time `json:"createdAt"`
}

func rowOf(s *apim.Service) any {
	return serviceRow{s.ID(), s.Name, apim.ServiceKind, strings.Trim(s.ETag, `"`), s.Contract, systemData{s.Created}}
}

func listServices(c *call) (reply, error) {
	sub, err := c.subscription()
	if err != nil {
		return reply{}, err
	}
	var group *apim.Group
	if c.arg("group") != "" {
		if group, err = c.group(); err != nil {
			return reply{}, err
		}
	}
	var all []*apim.Service
	for _, s := range c.server.Cloud.Services.All() {
		if s.Group.Subscription == sub && (group == nil || s.Group == group) && c.may(apim.ServiceKind+"/read", s.ID()) {
			all = append(all, s)
		}
	}
	return list(all, rowOf), nil
}

func getService(c *call) (reply, error) {
	s, err := c.service()
	if err != nil {
		return reply{}, err
	}
	return found("", rowOf(s)), nil
}

func putService(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return reply{}, err
	}
	var in apim.ServiceContract
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Properties.PublisherEmail == "" || in.Properties.PublisherName == "" {
		return reply{}, apim.Invalid("publisherEmail and publisherName are required.")
	}
	s, created, err := c.server.Cloud.PutService(g, c.arg("service"), in)
	if err != nil {
		return reply{}, err
	}
	return written(created, "", apim.Marshal(rowOf(s))), nil
}

func patchService(c *call) (reply, error) {
	s, err := c.service()
	if err != nil {
		return reply{}, err
	}
	merged, err := apim.Merge(s.Contract, json.RawMessage(c.body))
	if err != nil {
		return reply{}, apim.Invalid("%v", err)
	}
	if _, _, err := c.server.Cloud.PutService(s.Group, s.Name, merged); err != nil {
		return reply{}, err
	}
	return found("", rowOf(s)), nil
}

func deleteService(c *call) (reply, error) {
	s, err := c.service()
	if err != nil {
		return reply{status: http.StatusNoContent}, nil
	}
	c.server.Cloud.DeleteService(s.Name)
	return found("", rowOf(s)), nil
}

func checkName(c *call) (reply, error) {
	var in struct {
		Name string `json:"name"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	type answer struct {
		Available bool   `json:"nameAvailable"`
		Message   string `json:"message"`
		Reason    string `json:"reason"`
	}
	switch {
	case c.server.Cloud.Services.Get(in.Name) != nil:
		return found("", answer{false, in.Name + " is already in use. Please select a different name.", "AlreadyExists"}), nil
	case in.Name == "" || len(in.Name) > 50:
		return found("", answer{false, "The name must have 1 to 50 characters.", "Invalid"}), nil
	default:
		return found("", answer{true, "", "Valid"}), nil
	}
}

func workspaceRow(w *apim.Workspace) []byte {
	return apim.Marshal(struct {
		ID         string                 `json:"id"`
		Type       string                 `json:"type"`
		Name       string                 `json:"name"`
		Properties apim.WorkspaceContract `json:"properties"`
	}{w.ID(), w.Kind(), w.Name, w.Contract})
}

func listWorkspaces(c *call) (reply, error) {
	s, err := c.service()
	if err != nil {
		return reply{}, err
	}
	field := func(w *apim.Workspace) func(string) string {
		return func(name string) string {
			return map[string]string{"name": w.Name, "displayname": w.Contract.DisplayName}[name]
		}
	}
	return rows(c, s.Workspaces.All(), field, workspaceRow)
}

func (c *call) workspace() (*apim.Service, *apim.Workspace, error) {
	s, err := c.service()
	if err != nil {
		return nil, nil, err
	}
	return s, s.Workspaces.Get(c.arg("workspace")), nil
}

func getWorkspace(c *call) (reply, error) {
	_, w, err := c.workspace()
	if err != nil {
		return reply{}, err
	}
	if w == nil {
		return reply{}, apim.NotFound("Workspace")
	}
	return reply{etag: w.ETag, body: workspaceRow(w)}, nil
}

// putWorkspace serves PUT and PATCH, which differ in where they start.
func putWorkspace(c *call) (reply, error) {
	s, old, err := c.workspace()
	if err != nil {
		return reply{}, err
	}
	var from apim.WorkspaceContract
	if old != nil {
		if err := c.precondition(old.ETag); err != nil {
			return reply{}, err
		}
		if c.Method == http.MethodPatch {
			from = old.Contract
		}
	} else if c.Method == http.MethodPatch {
		return reply{}, apim.NotFound("Workspace")
	}
	raw, err := c.properties()
	if err != nil {
		return reply{}, err
	}
	contract, err := apim.Merge(from, raw)
	if err != nil {
		return reply{}, apim.Invalid("%v", err)
	}
	w, created, err := s.PutWorkspace(c.arg("workspace"), contract)
	if err != nil {
		return reply{}, err
	}
	return written(created, w.ETag, workspaceRow(w)), nil
}

func deleteWorkspace(c *call) (reply, error) {
	s, w, err := c.workspace()
	if err != nil {
		return reply{}, err
	}
	if w == nil {
		return reply{status: http.StatusNoContent}, nil
	}
	if err := c.precondition(w.ETag); err != nil {
		return reply{}, err
	}
	s.Workspaces.Delete(w.Name)
	return reply{}, nil
}

func gatewayRow(g *apim.Gateway) any {
	return map[string]any{
		"id": g.ID(), "name": g.Name, "type": apim.GatewayKind, "location": g.Location, "sku": g.SKU, "etag": strings.Trim(g.ETag, `"`),
		"properties": map[string]any{
			"provisioningState": "Succeeded", "targetProvisioningState": "", "createdAtUtc": g.Created,
			"frontend": map[string]string{"defaultHostname": g.Hostname()}, "virtualNetworkType": "None",
			"configurationApi": map[string]string{"hostname": "configuration." + g.Hostname()},
		},
	}
}

func listGateways(c *call) (reply, error) {
	sub, err := c.subscription()
	if err != nil {
		return reply{}, err
	}
	var all []*apim.Gateway
	for _, g := range c.server.Cloud.Gateways.All() {
		here := c.arg("group") == "" || strings.EqualFold(g.Group.Name, c.arg("group"))
		if g.Group.Subscription == sub && here && c.may(apim.GatewayKind+"/read", g.ID()) {
			all = append(all, g)
		}
	}
	return list(all, gatewayRow), nil
}

func getGateway(c *call) (reply, error) {
	g, err := c.gateway()
	if err != nil {
		return reply{}, err
	}
	return found("", gatewayRow(g)), nil
}

func putGateway(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Location string   `json:"location"`
		SKU      apim.SKU `json:"sku"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	gw, created := c.server.Cloud.PutGateway(g, c.arg("gateway"), in.Location, in.SKU)
	return written(created, "", apim.Marshal(gatewayRow(gw))), nil
}

func deleteGateway(c *call) (reply, error) {
	if g, err := c.gateway(); err == nil {
		c.server.Cloud.Gateways.Delete(g.ID())
	}
	return reply{status: http.StatusNoContent}, nil
}

func locateConnections(c *call) (parent[apim.Connection], error) {
	g, err := c.gateway()
	if err != nil {
		return parent[apim.Connection]{}, err
	}
	return parent[apim.Connection]{
		id: g.ID() + "/configConnections", kind: apim.GatewayKind + "/configConnections", table: &g.Connections,
		put: func(name string, in apim.Connection) (*apim.Entity[apim.Connection], bool, error) {
			if in.SourceID == "" {
				return nil, false, apim.Invalid("sourceId is required.")
			}
			e, created := c.server.Cloud.Connect(g, name, wire.Scope(in.SourceID))
			return e, created, nil
		},
	}, nil
}
