package client

import (
	"context"
	"net/http"
	"net/url"
)

// The api-versions that the typed methods use.
const (
	stable  = "2024-03-01"
	preview = "2024-06-01-preview" // the one that knows links
)

// ref is one resource by its path. A step down asks the center for nothing.
type ref struct {
	c    *Client
	path string
}

// ID is the path of the resource, which is its ARM id.
func (r ref) ID() string { return r.path }

func (r ref) child(segment, name string) ref {
	return ref{r.c, r.path + "/" + segment + "/" + url.PathEscape(name)}
}

// post has the center do something with the resource, and reads what came of it
// into answer.
func (r ref) post(ctx context.Context, action string, body, answer any) error {
	return r.c.run(ctx, Request{Method: http.MethodPost, Path: r.path + "/" + action, APIVersion: preview, Body: body}, answer)
}

func collection[P any](r ref, segment, version string) Collection[P] {
	return Collection[P]{r.c, r.path + "/" + segment, version}
}

// Services are those of a resource group.
func (c *Client) Services(subscription, group string) Collection[Service] {
	return Collection[Service]{c, "/subscriptions/" + url.PathEscape(subscription) + "/resourceGroups/" +
		url.PathEscape(group) + "/providers/Microsoft.ApiCenter/services", stable}
}

// Service is the service of that name.
func (c *Client) Service(subscription, group, name string) ServiceRef {
	return ServiceRef{ref{c, c.Services(subscription, group).ID(name)}}
}

// ServiceRef names a service.
type ServiceRef struct{ ref }

// Workspaces are those of the service; every service has the one named default.
func (s ServiceRef) Workspaces() Collection[Workspace] {
	return collection[Workspace](s.ref, "workspaces", stable)
}

// MetadataSchemas describe the custom properties.
func (s ServiceRef) MetadataSchemas() Collection[MetadataSchema] {
	return collection[MetadataSchema](s.ref, "metadataSchemas", stable)
}

// Workspace is the workspace of that name.
func (s ServiceRef) Workspace(name string) WorkspaceRef {
	return WorkspaceRef{s.child("workspaces", name)}
}

// WorkspaceRef names a workspace.
type WorkspaceRef struct{ ref }

// APIs are the APIs of the workspace.
func (w WorkspaceRef) APIs() Collection[API] { return collection[API](w.ref, "apis", stable) }

// Environments are what its APIs are deployed to.
func (w WorkspaceRef) Environments() Collection[Environment] {
	return collection[Environment](w.ref, "environments", stable)
}

// APISources are its links.
func (w WorkspaceRef) APISources() Collection[APISource] {
	return collection[APISource](w.ref, "apiSources", preview)
}

// API is the API of that name.
func (w WorkspaceRef) API(name string) APIRef { return APIRef{w.child("apis", name)} }

// APISource is the link of that name.
func (w WorkspaceRef) APISource(name string) APISourceRef {
	return APISourceRef{w.child("apiSources", name)}
}

// APIRef names an API.
type APIRef struct{ ref }

// APIByID is the API with that ARM id.
func (c *Client) APIByID(id string) APIRef { return APIRef{ref{c, id}} }

// Versions are those of the API.
func (a APIRef) Versions() Collection[Version] {
	return collection[Version](a.ref, "versions", stable)
}

// Deployments are where the API runs.
func (a APIRef) Deployments() Collection[Deployment] {
	return collection[Deployment](a.ref, "deployments", stable)
}

// Version is the version of that name.
func (a APIRef) Version(name string) VersionRef { return VersionRef{a.child("versions", name)} }

// VersionRef names a version of an API.
type VersionRef struct{ ref }

// Definitions are those of the version.
func (v VersionRef) Definitions() Collection[Definition] {
	return collection[Definition](v.ref, "definitions", stable)
}

// Definition is the definition of that name.
func (v VersionRef) Definition(name string) DefinitionRef {
	return DefinitionRef{v.child("definitions", name)}
}

// DefinitionRef names a definition.
type DefinitionRef struct{ ref }

// DefinitionByID is the definition with that ARM id.
func (c *Client) DefinitionByID(id string) DefinitionRef { return DefinitionRef{ref{c, id}} }

// APISourceRef names a link.
type APISourceRef struct{ ref }
