package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/retail"
)

// loadRetail fills an instance with the believable demo.
func (s *Server) loadRetail(g *apim.Group) (*apim.Service, error) {
	in := retail.Instance()
	s.story = retail.Changes()
	var hosts []apim.Hostname
	for i, h := range in.CustomHosts {
		hosts = append(hosts, apim.Hostname{Type: "Proxy", HostName: h, DefaultSSLBinding: i == 0, CertificateSource: "KeyVault"})
	}
	svc, _, err := s.Cloud.PutService(g, in.Name, apim.ServiceContract{
		Location:   in.Location,
		SKU:        apim.SKU{Name: "Premium", Capacity: 1},
		Properties: apim.ServiceProperties{PublisherName: in.PublisherName, PublisherEmail: in.PublisherEmail, Hostnames: hosts},
	})
	if err != nil {
		return nil, err
	}
	for _, p := range in.Products {
		apim.Set(s.Cloud, &svc.Products, p.Name, apim.Product{
			DisplayName: p.DisplayName, Description: &p.Description, State: "published",
			SubscriptionRequired: new(true), ApprovalRequired: &p.ApprovalRequired,
		})
	}
	for _, t := range in.Tags {
		apim.Set(s.Cloud, &svc.Tags, t, apim.Tag{DisplayName: t})
	}
	if err := s.addRetail(&svc.Space, in.VersionSets, in.APIs); err != nil {
		return nil, err
	}
	for _, w := range in.Workspaces {
		ws, _, err := svc.PutWorkspace(w.Name, apim.WorkspaceContract{DisplayName: w.DisplayName, Description: &w.Description})
		if err != nil {
			return nil, err
		}
		gw, _ := s.Cloud.PutGateway(g, "gw-"+w.Name, in.Location, apim.SKU{Name: "WorkspaceGatewayPremium", Capacity: 1})
		s.Cloud.Connect(gw, w.Name, ws.ID())
		if err := s.addRetail(&ws.Space, w.VersionSets, w.APIs); err != nil {
			return nil, err
		}
	}
	return svc, nil
}

func (s *Server) addRetail(space *apim.Space, sets []retail.VersionSet, apis []retail.API) error {
	for _, v := range sets {
		_, _, err := space.PutVersionSet(v.Name, apim.VersionSet{
			DisplayName: v.DisplayName, Description: &v.Description, VersioningScheme: v.Scheme,
			VersionQueryName: optional(v.QueryName), VersionHeaderName: optional(v.HeaderName),
		})
		if err != nil {
			return fmt.Errorf("version set %s: %w", v.Name, err)
		}
	}
	for _, a := range apis {
		if err := s.addRetailAPI(space, a); err != nil {
			return fmt.Errorf("api %s: %w", a.Name, err)
		}
	}
	return nil
}

// addRetailAPI adds an API the way its people would have: revision by revision,
// then the releases, the last of which makes one current.
func (s *Server) addRetailAPI(space *apim.Space, a retail.API) error {
	revisions := append(slices.Clone(a.Revisions), retail.Revision{
		Number: a.Revision, Description: a.RevisionDescription, Online: true, Document: a.Document,
	})
	slices.SortFunc(revisions, func(x, y retail.Revision) int { return cmp.Compare(x.Number, y.Number) })
	for i, r := range revisions {
		name := a.Name
		if i > 0 {
			name = fmt.Sprintf("%s;rev=%d", a.Name, r.Number)
		}
		ch, err := retailChange(a, r)
		if err != nil {
			return err
		}
		if _, _, err := space.PutAPI(name, ch); err != nil {
			return err
		}
	}
	api := space.APIs.Get(a.Name)
	for i, rel := range a.Releases {
		_, _, err := space.PutRelease(api, fmt.Sprintf("release-%d", i+1), apim.Release{
			APIID: fmt.Sprintf("/apis/%s;rev=%d", a.Name, rel.Revision), Notes: &rel.Notes,
		})
		if err != nil {
			return err
		}
	}
	if api.Current.Number != a.Revision {
		return fmt.Errorf("revision %d is current after all releases, not %d", api.Current.Number, a.Revision)
	}
	for _, t := range a.Tags {
		apim.Set(s.Cloud, &api.Tags, t, apim.Tag{DisplayName: t})
	}
	for _, p := range a.Products {
		space.Link(p, a.Name, api.Current.ID())
	}
	if a.MCP != nil {
		for _, t := range a.MCP.Tools {
			apim.Set(s.Cloud, api.Current.Tools(), t.Name, apim.ToolContract{
				DisplayName: t.Name, Description: optional(t.Description), OperationID: toolOperation(t),
			})
		}
	}
	return nil
}

func toolOperation(t retail.Tool) string { return "/apis/" + t.API + "/operations/" + t.Operation }

// retailChange is what somebody would PUT to get that revision of the API.
func retailChange(a retail.API, r retail.Revision) (apim.Change, error) {
	ch := apim.Change{Properties: apim.Properties{
		DisplayName:            a.DisplayName,
		Description:            optional(a.Description),
		Path:                   a.Path,
		Type:                   a.Type,
		Protocols:              a.Protocols,
		ServiceURL:             optional(a.ServiceURL),
		SubscriptionRequired:   &a.SubscriptionRequired,
		APIVersion:             a.Version,
		APIVersionSetID:        a.VersionSet,
		APIRevision:            fmt.Sprint(r.Number),
		APIRevisionDescription: r.Description,
		IsOnline:               &r.Online,
		Agents:                 agents(a),
	}}
	doc := r.Document
	if doc == nil {
		doc = a.Document
	}
	if doc == nil {
		return ch, nil
	}
	ch.Format, ch.SoapAPIType = importName(a.Format), a.Type
	return ch, ch.Read(doc)
}

// importName is the format of an import for a document of the demo.
func importName(format string) string {
	switch format {
	case retail.FormatProto:
		return "grpc"
	case retail.FormatEDMX:
		return "odata"
	default:
		return format
	}
}

func agents(a retail.API) apim.Agents {
	var out apim.Agents
	if m := a.MCP; m != nil {
		type tool struct {
			Name        string `json:"name"`
			OperationID string `json:"operationId"`
		}
		var tools []tool
		for _, t := range m.Tools {
			tools = append(tools, tool{t.Name, toolOperation(t)})
		}
		out.MCPTools = apim.Marshal(tools)
		out.MCPProperties = apim.Marshal(map[string]any{
			"transportType": m.Transport,
			"endpoints":     map[string]any{"message": map[string]string{"uriTemplate": m.Endpoint}},
		})
	}
	if g := a.Agent; g != nil {
		out.IsAgent = new(true)
		out.Agent = apim.Marshal(map[string]string{"id": g.ID, "name": g.Name, "providerName": g.ProviderName})
		out.A2AProperties = apim.Marshal(map[string]string{"agentCardPath": g.CardPath, "agentCardBackendUrl": strings.TrimSuffix(g.BackendURL, "/") + g.CardPath})
		out.JSONRPCProperties = apim.Marshal(map[string]string{"path": "/", "backendUrl": g.BackendURL})
	}
	return out
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
