package emulator

import (
	"net/http"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/wire"
)

// The finders turn the names in a path into parts of the model, with the error
// that Azure has for each one that is missing.

func (c *call) subscription() (*apim.Subscription, error) {
	return c.server.subscription(c.arg("subscription"))
}

func (s *Server) subscription(id string) (*apim.Subscription, error) {
	if sub := s.Cloud.Subscriptions.Get(id); sub != nil {
		return sub, nil
	}
	return nil, wire.Errorf(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
}

func (c *call) group() (*apim.Group, error) {
	s, err := c.subscription()
	if err != nil {
		return nil, err
	}
	if g := s.Groups.Get(c.arg("group")); g != nil {
		return g, nil
	}
	return nil, wire.Errorf(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", c.arg("group"))
}

func (c *call) service() (*apim.Service, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	if svc := c.server.Cloud.Services.Get(c.arg("service")); svc != nil && svc.Group == g {
		return svc, nil
	}
	return nil, wire.Errorf(http.StatusNotFound, "ResourceNotFound",
		"The Resource 'Microsoft.ApiManagement/service/%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
		c.arg("service"), c.arg("group"))
}

// space is the instance, or the workspace if the path names one.
func (c *call) space() (*apim.Space, error) {
	svc, err := c.service()
	if err != nil {
		return nil, err
	}
	name := c.arg("workspace")
	if name == "" {
		return &svc.Space, nil
	}
	if w := svc.Workspaces.Get(name); w != nil {
		return &w.Space, nil
	}
	return nil, apim.NotFound("Workspace")
}

func (c *call) revision() (*apim.Revision, error) {
	s, err := c.space()
	if err != nil {
		return nil, err
	}
	if r := s.Find(c.arg("api")); r != nil {
		return r, nil
	}
	return nil, apim.NotFound("API")
}

func (c *call) gateway() (*apim.Gateway, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	id := g.Path() + "/providers/" + apim.GatewayKind + "/" + c.arg("gateway")
	if gw := c.server.Cloud.Gateways.Get(id); gw != nil {
		return gw, nil
	}
	return nil, wire.Errorf(http.StatusNotFound, "ResourceNotFound",
		"The Resource 'Microsoft.ApiManagement/gateways/%s' under resource group '%s' was not found.",
		c.arg("gateway"), c.arg("group"))
}
