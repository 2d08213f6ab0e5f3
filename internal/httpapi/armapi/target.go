package armapi

import (
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

// namespace is the provider that this surface is.
const namespace = "Microsoft.ApiCenter"

// naming maps a kind of the inventory to Azure's words for it.
type naming struct {
	kind       inventory.Kind
	collection string // in paths
	typ        string // in bodies
}

const workspaceType = namespace + "/services/workspaces"

// names is the one table between the inventory's nouns and Azure's.
var names = []naming{
	{inventory.KindService, "services", namespace + "/services"},
	{kindDeleted, "deletedServices", namespace + "/deletedServices"},
	{inventory.KindWorkspace, "workspaces", workspaceType},
	{inventory.KindAPI, "apis", workspaceType + "/apis"},
	{inventory.KindVersion, "versions", workspaceType + "/apis/versions"},
	{inventory.KindDefinition, "definitions", workspaceType + "/apis/versions/definitions"},
	{inventory.KindDeployment, "deployments", workspaceType + "/apis/deployments"},
	{inventory.KindEnvironment, "environments", workspaceType + "/environments"},
	{inventory.KindLink, "apiSources", workspaceType + "/apiSources"},
	{inventory.KindSchema, "metadataSchemas", namespace + "/services/metadataSchemas"},
	{inventory.KindAnalyzer, "analyzerConfigs", workspaceType + "/analyzerConfigs"},
	{inventory.KindPortal, "portals", namespace + "/services/portals"},
	{inventory.KindWebhook, "webhooks", namespace + "/services/webhooks"},
}

// These are no kinds of the inventory: the provider itself, and a service that
// can be restored, whose path is that which it had.
const (
	kindProvider inventory.Kind = "provider"
	kindDeleted  inventory.Kind = "deletedService"
)

// operationResults is the collection of what became of long operations.
const operationResults = "operationResults"

// nameOf is Azure's naming of a kind.
func nameOf(k inventory.Kind) naming {
	if k == kindProvider {
		return naming{kind: k, typ: namespace}
	}
	for _, n := range names {
		if n.kind == k {
			return n
		}
	}
	panic("armapi: kind " + string(k) + " has no name in Azure's words")
}

// childNamed finds the kind that lives in parent under a collection's name.
func childNamed(parent inventory.Kind, collection string) (inventory.Kind, bool) {
	for _, n := range names {
		if n.kind.Parent() == parent && strings.EqualFold(n.collection, collection) {
			return n.kind, true
		}
	}
	return "", false
}

// target is what a request is about.
type target struct {
	place
	path  string       // the inventory's path of the resource, or of what is listed in, as the caller spells it
	id    inventory.ID // of path; zero for what is in no service
	name  string       // of a result
	scope string       // Azure's path of what a right to it is asked on
	in    arm.Path     // of a list of services, deleted or not: its subscription and group
}

// locate finds what a path is about; false when it is none of ours.
func locate(p arm.Path) (target, bool) {
	if !strings.EqualFold(p.Namespace, namespace) {
		return target{}, false
	}
	if p.Subscription == "" {
		t := target{place: place{action, kindProvider, strings.ToLower(p.Tail)}, scope: "/providers/" + namespace}
		return t, len(p.Segments) == 0
	}
	if len(p.Segments) == 0 {
		kind, ok := childNamed("", p.Tail)
		return target{place: place{shape: list, kind: kind}, in: p, scope: scopeOf(p)}, ok
	}
	if p.Group == "" {
		return target{}, false
	}
	t, ok := resource(p)
	if !ok || p.Tail == "" {
		return t, ok
	}
	if t.shape != one {
		return target{}, false
	}
	if child, ok := childNamed(t.kind, p.Tail); ok {
		t.shape, t.kind = list, child
		return t, true
	}
	t.shape, t.word = action, strings.ToLower(p.Tail)
	return t, true
}

// resource finds what the segments of a path name.
func resource(p arm.Path) (target, bool) {
	t := target{place: place{shape: one}}
	segments := p.Segments
	if last := segments[len(segments)-1]; strings.EqualFold(last.Type, operationResults) {
		t.shape, t.name, segments = result, last.Name, segments[:len(segments)-1]
	}
	var b strings.Builder
	b.WriteString(p.Subscription + "/" + p.Group)
	for i, s := range segments {
		next, ok := childNamed(t.kind, s.Type)
		if !ok {
			return target{}, false
		}
		if t.kind = next; i > 0 {
			b.WriteByte('/')
			b.WriteString(t.kind.Collection())
		}
		b.WriteByte('/')
		b.WriteString(s.Name)
	}
	t.path = b.String()
	var err error
	if t.id, err = inventory.ParseID(t.path); err != nil {
		return target{}, false
	}
	t.scope = string(appendID(nil, t.path))
	if t.kind == kindDeleted {
		t.scope = string(appendDeletedID(nil, t.path))
	}
	return t, true
}

// scopeOf is the subscription, or the group in it, of a path.
func scopeOf(p arm.Path) string {
	if p.Group == "" {
		return "/subscriptions/" + p.Subscription
	}
	return "/subscriptions/" + p.Subscription + "/resourceGroups/" + p.Group
}
