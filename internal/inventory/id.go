package inventory

import "strings"

// Kind says what a resource is.
type Kind string

// The kinds of resources.
const (
	KindService     Kind = "service"
	KindWorkspace   Kind = "workspace"
	KindAPI         Kind = "api"
	KindVersion     Kind = "version"
	KindDefinition  Kind = "definition"
	KindDeployment  Kind = "deployment"
	KindEnvironment Kind = "environment"
	KindLink        Kind = "link"
	KindSchema      Kind = "schema"   // of custom metadata
	KindAnalyzer    Kind = "analyzer" // a configuration of analysis, with its ruleset as document
	KindPortal      Kind = "portal"   // how the data plane of a service is open
	KindWebhook     Kind = "webhook"  // who is told of what changes
)

// place says below which kind a kind lives, and the name of its collection in a path.
type place struct {
	kind, parent Kind
	collection   string
}

var places = []place{
	{KindWorkspace, KindService, "workspaces"},
	{KindAPI, KindWorkspace, "apis"},
	{KindVersion, KindAPI, "versions"},
	{KindDefinition, KindVersion, "definitions"},
	{KindDeployment, KindAPI, "deployments"},
	{KindEnvironment, KindWorkspace, "environments"},
	{KindLink, KindWorkspace, "links"},
	{KindSchema, KindService, "metadataSchemas"},
	{KindAnalyzer, KindWorkspace, "analyzerConfigs"},
	{KindPortal, KindService, "portals"},
	{KindWebhook, KindService, "webhooks"},
}

// Collection is the path segment that holds things of kind k: "apis" for an API.
// A service has none: it stands at the root.
func (k Kind) Collection() string {
	for _, p := range places {
		if p.kind == k {
			return p.collection
		}
	}
	return ""
}

// Parent is the kind of thing that a k lives in, or "" for a service.
func (k Kind) Parent() Kind {
	for _, p := range places {
		if p.kind == k {
			return p.parent
		}
	}
	return ""
}

// ID names one resource, without regard to case:
// subscription/group/service[/workspaces/w[/apis/a[/versions/v[/definitions/d]]]].
// The case in which a resource was first named is its Path. The zero ID names nothing.
type ID struct{ folded string }

// ParseID reads a path as ID.String writes it. A path that names no kind of
// resource, or has an empty segment, is Invalid; so is one below a service with
// a "~" in its name: under such names the store keeps what is deleted.
func ParseID(path string) (ID, error) {
	rest := path
	for i := range 3 {
		segment, after, more := strings.Cut(rest, "/")
		if i == 2 && strings.IndexByte(segment, '~') >= 0 {
			return ID{}, Errorf(Invalid, "", "%q cannot be the name of a service", segment)
		}
		if segment == "" || !more && i < 2 || more && after == "" {
			return ID{}, Errorf(Invalid, "", "%q does not name a resource: want subscription/group/service[/collection/name…]", path)
		}
		rest = after
	}
	kind := KindService
	for rest != "" {
		collection, after, more := strings.Cut(rest, "/")
		if !more {
			return ID{}, Errorf(Invalid, "", "%q ends in a collection; a resource needs a name", path)
		}
		next := collected(kind, collection)
		if next == "" {
			return ID{}, Errorf(Invalid, "", "%q: a %s has no collection %q", path, kind, collection)
		}
		kind = next
		name, below, more := strings.Cut(after, "/")
		if name == "" || more && below == "" {
			return ID{}, Errorf(Invalid, "", "%q has an empty name in %q", path, collection)
		}
		rest = below
	}
	return ID{folded: strings.ToLower(path)}, nil
}

// collected is the kind of things in a collection of a parent, or "".
func collected(parent Kind, collection string) Kind {
	for _, p := range places {
		if p.parent == parent && strings.EqualFold(p.collection, collection) {
			return p.kind
		}
	}
	return ""
}

// MustID is ParseID for paths that the program itself made; it panics on a bad one.
func MustID(path string) ID {
	id, err := ParseID(path)
	if err != nil {
		panic(err)
	}
	return id
}

// String is the folded path.
func (id ID) String() string { return id.folded }

// IsZero says that the ID names nothing.
func (id ID) IsZero() bool { return id.folded == "" }

// Kind is the kind of thing that the ID names; "" for the zero ID.
func (id ID) Kind() Kind {
	if id.folded == "" {
		return ""
	}
	if strings.Count(id.folded, "/") == 2 {
		return KindService
	}
	last := strings.LastIndexByte(id.folded, '/')
	collection := id.folded[strings.LastIndexByte(id.folded[:last], '/')+1 : last]
	for _, p := range places {
		if strings.EqualFold(p.collection, collection) {
			return p.kind
		}
	}
	return ""
}

// Name is the last segment, folded.
func (id ID) Name() string { return id.folded[strings.LastIndexByte(id.folded, '/')+1:] }

// Parent names what the thing lives in; a service's parent is the zero ID.
func (id ID) Parent() ID {
	if strings.Count(id.folded, "/") <= 2 {
		return ID{}
	}
	rest := id.folded[:strings.LastIndexByte(id.folded, '/')]
	return ID{rest[:strings.LastIndexByte(rest, '/')]}
}

// Ancestor is the ID itself or the nearest thing above it of kind k; zero if there is none.
func (id ID) Ancestor(k Kind) ID {
	for ; !id.IsZero(); id = id.Parent() {
		if id.Kind() == k {
			return id
		}
	}
	return ID{}
}

// Child names a thing of kind k in id. It panics when a k does not live there,
// or when the name is empty or has a slash: names are checked at the doors.
func (id ID) Child(k Kind, name string) ID {
	if k.Parent() != id.Kind() || name == "" || strings.Contains(name, "/") {
		panic("inventory: no " + string(k) + " " + name + " below " + id.folded)
	}
	return ID{id.folded + "/" + strings.ToLower(k.Collection()+"/"+name)}
}

// Contains says that other is id or lies below it.
func (id ID) Contains(other ID) bool {
	return other == id || strings.HasPrefix(other.folded, id.folded+"/")
}

// ShortID is how one resource names another of the same service: the path from
// the workspace on, "/workspaces/default/environments/production".
func ShortID(path string) string {
	for range 3 {
		_, path, _ = strings.Cut(path, "/")
	}
	return "/" + path
}
