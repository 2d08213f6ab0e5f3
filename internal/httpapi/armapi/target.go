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
}

// nameOf is Azure's naming of a kind.
func nameOf(k inventory.Kind) naming {
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

// shape says what a path is to its kind.
type shape int

const (
	one    shape = iota + 1 // a resource
	list                    // all of a kind in a resource, or in a subscription or group
	action                  // something to do with a resource
)

// target is what a request is about.
type target struct {
	shape  shape
	kind   inventory.Kind
	path   string       // the inventory's path of the resource, or of what is listed in, as the caller spells it
	id     inventory.ID // of path; zero for a list of services
	action string
	scope  arm.Path // of a list of services: its subscription and group
}

// locate finds what a path is about; false when it is none of ours.
func locate(p arm.Path) (target, bool) {
	if p.Subscription == "" || !strings.EqualFold(p.Namespace, namespace) {
		return target{}, false
	}
	if len(p.Segments) == 0 {
		t := target{shape: list, kind: inventory.KindService, scope: p}
		return t, strings.EqualFold(p.Tail, names[0].collection)
	}
	if p.Group == "" {
		return target{}, false
	}
	var b strings.Builder
	b.WriteString(p.Subscription + "/" + p.Group)
	var kind inventory.Kind
	for i, s := range p.Segments {
		next, ok := childNamed(kind, s.Type)
		if !ok || strings.ContainsRune(s.Name, '/') {
			return target{}, false
		}
		if kind = next; i > 0 {
			b.WriteByte('/')
			b.WriteString(kind.Collection())
		}
		b.WriteByte('/')
		b.WriteString(s.Name)
	}
	t := target{shape: one, kind: kind, path: b.String()}
	var err error
	if t.id, err = inventory.ParseID(t.path); err != nil {
		return target{}, false
	}
	if p.Tail == "" {
		return t, true
	}
	if child, ok := childNamed(kind, p.Tail); ok {
		t.shape, t.kind = list, child
		return t, true
	}
	t.shape, t.action = action, strings.ToLower(p.Tail)
	return t, true
}
