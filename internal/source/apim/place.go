package apim

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"

	"apicenter/internal/azure"
)

// The types of resource that a link may name.
const (
	serviceType   = "Microsoft.ApiManagement/service"
	workspaceType = serviceType + "/workspaces"
)

// place is what a link reads: an instance, or one workspace of it.
type place struct {
	subscription string
	service      string // name of the instance
	id           string // of the instance
	path         string // its id, escaped
	workspace    string // empty: all of the instance
}

// parsePlace reads the resource id of an instance or of a workspace.
func parsePlace(id string) (place, error) {
	bad := fmt.Errorf("%q is not the resource id of an API Management instance or workspace: want "+
		"/subscriptions/…/resourceGroups/…/providers/Microsoft.ApiManagement/service/…", id)
	r, err := arm.ParseResourceID(strings.TrimSuffix(id, "/"))
	if err != nil {
		return place{}, bad
	}
	var p place
	if strings.EqualFold(r.ResourceType.String(), workspaceType) {
		p.workspace, r = r.Name, r.Parent
	}
	if !strings.EqualFold(r.ResourceType.String(), serviceType) || r.SubscriptionID == "" || r.ResourceGroupName == "" {
		return place{}, bad
	}
	p.subscription, p.service = r.SubscriptionID, r.Name
	p.id = "/subscriptions/" + r.SubscriptionID + "/resourceGroups/" + r.ResourceGroupName +
		"/providers/Microsoft.ApiManagement/service/" + r.Name
	p.path = "/subscriptions/" + url.PathEscape(r.SubscriptionID) + "/resourceGroups/" + url.PathEscape(r.ResourceGroupName) +
		"/providers/Microsoft.ApiManagement/service/" + url.PathEscape(r.Name)
	return p, nil
}

// gateways are all workspace gateways of the subscription.
func (p place) gateways() string {
	return "/subscriptions/" + url.PathEscape(p.subscription) + "/providers/Microsoft.ApiManagement/gateways"
}

// name is what people know the place by.
func (p place) name() string {
	if p.workspace != "" {
		return p.service + "-" + p.workspace
	}
	return p.service
}

// covers says that a link to this place covers the APIs of a workspace, or with "" those in none.
func (p place) covers(workspace string) bool {
	return p.workspace == "" || strings.EqualFold(p.workspace, workspace)
}

// space is a collection of APIs: that of the instance itself, or of one workspace.
type space struct {
	place     place
	workspace string
}

func (s space) path() string {
	if s.workspace == "" {
		return s.place.path
	}
	return s.place.path + "/workspaces/" + url.PathEscape(s.workspace)
}

func (s space) apis() string           { return s.path() + "/apis" }
func (s space) api(name string) string { return s.apis() + "/" + url.PathEscape(name) }
func (s space) sets() string           { return s.path() + "/apiVersionSets" }
func (s space) set(name string) string { return s.sets() + "/" + url.PathEscape(name) }

// The collections whose members have an identity.
const (
	apiCollection = "apis"
	setCollection = "apiversionsets"
)

// identity is the identity of a thing in the space: "apis/petstore",
// "workspaces/sales/apis/orders". It is the same whether the link covers the
// instance or only the workspace.
func (s space) identity(collection, name string) string {
	id := collection + "/" + fold(name)
	if s.workspace != "" {
		id = "workspaces/" + fold(s.workspace) + "/" + id
	}
	return id
}

// thing is an identity taken apart.
type thing struct {
	space      space
	collection string
	name       string
}

// parse reads an identity, or the resource id of an API of the instance; ok is
// false for what is none.
func (p place) parse(external string) (t thing, ok bool) {
	if full := strings.ToLower(strings.TrimRight(external, "/")); strings.HasPrefix(full, "/subscriptions/") {
		if external, ok = strings.CutPrefix(full, strings.ToLower(p.id)+"/"); !ok {
			return thing{}, false
		}
		external = base(external)
	}
	parts := strings.Split(external, "/")
	t.space.place = p
	if len(parts) == 4 && parts[0] == "workspaces" && isName(parts[1]) {
		t.space.workspace, parts = parts[1], parts[2:]
	}
	if len(parts) != 2 || !isName(parts[1]) || parts[0] != apiCollection && parts[0] != setCollection {
		return thing{}, false
	}
	t.collection, t.name = parts[0], parts[1]
	return t, true
}

// isName says that a text can be a name in a path: it stays where it is put.
func isName(s string) bool { return s != "" && s != "." && s != ".." }

func (t thing) path() string {
	if t.collection == setCollection {
		return t.space.set(t.name)
	}
	return t.space.api(t.name)
}

// fold is a name as identities have it: Azure compares names without case, and
// spells the revision behind a name in two ways.
func fold(name string) string { return strings.ToLower(base(name)) }

// base is a name without its revision: "echo" of "echo;rev=2".
func base(name string) string {
	if i := strings.LastIndexByte(name, ';'); i >= 0 && len(name) > i+5 && strings.EqualFold(name[i:i+5], ";rev=") {
		return name[:i]
	}
	return name
}

// lastSegment is the name at the end of a resource id, whether it is a full one or a short one.
func lastSegment(id string) string {
	id = strings.TrimRight(id, "/")
	return id[strings.LastIndexByte(id, '/')+1:]
}

// isLocal says that an endpoint is on this very machine.
func isLocal(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && azure.IsLoopback(u.Hostname())
}
