package managerapi

import (
	"net/http"
	"slices"
	"strings"
)

// route is one operation.
type route struct {
	method string
	// pattern is the path as a template. {scope} in front stands for any resource.
	pattern string
	action  string // what the caller must be allowed to do at the scope
	// anyone who is signed in may ask: the answer leaves out what the caller may
	// not read, or is no secret.
	anyone bool
	do     func(*Handler, http.ResponseWriter, *request) error
	// elsewhere says that what is asked about is not ours; then the upstream
	// answers, and decides who may. Nil: it is ours.
	elsewhere func(*Handler, *request) (bool, error)

	words []string // of pattern
}

// Templates that several routes begin with.
const (
	subscriptionPath = "/subscriptions/{subscription}"
	groupPath        = subscriptionPath + "/resourceGroups/{group}"
	providersPath    = subscriptionPath + "/providers"
	rolePath         = "{scope}/providers/" + authorization
)

// Actions that are asked for in more than one place.
const (
	readSubscription = resources + "/subscriptions/read"
	readGroup        = resources + "/subscriptions/resourceGroups/read"
	writeGroup       = resources + "/subscriptions/resourceGroups/write"
	readProvider     = resources + "/subscriptions/providers/read"
	readService      = apiCenter + "/services/read"
	readRole         = authorization + "/roleDefinitions/read"
	readAssignment   = authorization + "/roleAssignments/read"
)

// routes is the table of all that is answered here.
func routes() []route {
	all := []route{
		{method: "GET", pattern: "/subscriptions", action: readSubscription, anyone: true, do: (*Handler).subscriptions},
		{method: "GET", pattern: subscriptionPath, action: readSubscription, do: (*Handler).subscription, elsewhere: foreignSubscription},
		{method: "GET", pattern: subscriptionPath + "/locations", action: resources + "/subscriptions/locations/read", do: (*Handler).locations, elsewhere: foreignSubscription},
		{method: "GET", pattern: "/tenants", action: resources + "/tenants/read", anyone: true, do: (*Handler).tenants},

		{method: "GET", pattern: subscriptionPath + "/resourceGroups", action: readGroup, anyone: true, do: (*Handler).groups, elsewhere: foreignSubscription},
		{method: "GET", pattern: groupPath, action: readGroup, do: (*Handler).group, elsewhere: foreignGroup},
		{method: "HEAD", pattern: groupPath, action: readGroup, do: (*Handler).hasGroup, elsewhere: foreignGroup},
		{method: "PUT", pattern: groupPath, action: writeGroup, do: (*Handler).putGroup, elsewhere: foreignSubscription},
		{method: "PATCH", pattern: groupPath, action: writeGroup, do: (*Handler).patchGroup, elsewhere: foreignGroup},
		{method: "DELETE", pattern: groupPath, action: resources + "/subscriptions/resourceGroups/delete", do: (*Handler).deleteGroup, elsewhere: foreignGroup},

		{method: "GET", pattern: subscriptionPath + "/resources", action: readService, anyone: true, do: (*Handler).resources, elsewhere: foreignSubscription},
		{method: "GET", pattern: groupPath + "/resources", action: readService, anyone: true, do: (*Handler).resources, elsewhere: foreignGroup},
		{method: "GET", pattern: subscriptionPath + "/tagNames", action: readService, anyone: true, do: (*Handler).tagNames, elsewhere: foreignSubscription},

		{method: "GET", pattern: "/providers", action: resources + "/providers/read", anyone: true, do: (*Handler).providers},
		{method: "GET", pattern: "/providers/{namespace}", action: resources + "/providers/read", anyone: true, do: (*Handler).getProvider, elsewhere: foreignProvider},
		{method: "GET", pattern: providersPath, action: readProvider, anyone: true, do: (*Handler).providers, elsewhere: foreignSubscription},
		{method: "GET", pattern: providersPath + "/{namespace}", action: readProvider, do: (*Handler).getProvider, elsewhere: foreignProvider},
		{method: "POST", pattern: providersPath + "/{namespace}/register", action: apiCenter + "/register/action", do: (*Handler).getProvider, elsewhere: foreignProvider},
		{method: "POST", pattern: providersPath + "/{namespace}/unregister", action: apiCenter + "/unregister/action", do: (*Handler).getProvider, elsewhere: foreignProvider},

		{method: "GET", pattern: rolePath + "/roleDefinitions", action: readRole, do: (*Handler).listRoles, elsewhere: undisclosed},
		{method: "GET", pattern: rolePath + "/roleDefinitions/{name}", action: readRole, do: (*Handler).getRole, elsewhere: foreignRole},
		{method: "GET", pattern: rolePath + "/roleAssignments", action: readAssignment, do: (*Handler).listAssignments, elsewhere: undisclosed},
		{method: "GET", pattern: rolePath + "/roleAssignments/{name}", action: readAssignment, do: (*Handler).getAssignment, elsewhere: foreignAssignment},
		{method: "PUT", pattern: rolePath + "/roleAssignments/{name}", action: authorization + "/roleAssignments/write", do: (*Handler).putAssignment, elsewhere: foreignGrant},
		{method: "DELETE", pattern: rolePath + "/roleAssignments/{name}", action: authorization + "/roleAssignments/delete", do: (*Handler).deleteAssignment, elsewhere: foreignAssignment},
		{method: "GET", pattern: rolePath + "/permissions", action: authorization + "/permissions/read", anyone: true, do: (*Handler).permissions, elsewhere: undisclosed},

		{method: "POST", pattern: "/providers/" + resourceGraph + "/resources", action: readService, anyone: true, do: (*Handler).graph},
	}
	for i := range all {
		all[i].words = strings.Split(strings.TrimPrefix(all[i].pattern, "/"), "/")
	}
	return all
}

// Operation is what one route is, for whoever wants to walk them all.
type Operation struct {
	Method string
	Path   string // a template: {subscription}, {group}, {namespace}, {name}; {scope} in front is any resource
	Action string // what the caller must be allowed to do at the scope of the path
	// Anyone who is signed in may ask: the answer leaves out what the caller may
	// not read by Action, or is no secret.
	Anyone bool
}

// Operations lists all that is answered here, in the order of the documentation.
func Operations() []Operation {
	var out []Operation
	all := routes()
	for _, r := range all {
		out = append(out, Operation{r.method, r.pattern, r.action, r.anyone})
		ownHead := slices.ContainsFunc(all, func(o route) bool { return o.method == http.MethodHead && o.pattern == r.pattern })
		if r.method == http.MethodGet && !ownHead {
			out = append(out, Operation{http.MethodHead, r.pattern, r.action, r.anyone})
		}
	}
	return out
}

// find gives the route of a request, or the methods that are possible instead.
func (h *Handler) find(method string, p path) (found *route, allowed []string) {
	for i := range h.routes {
		r := &h.routes[i]
		if !r.matches(p) {
			continue
		}
		if r.method == method || r.method == http.MethodGet && method == http.MethodHead && found == nil {
			found = r // a HEAD of its own comes later and wins
		}
		allowed = append(allowed, r.method)
		if r.method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	return found, slices.Compact(allowed)
}

func (r *route) matches(p path) bool {
	words, segments := r.words, p.segments
	if words[0] == "{scope}" {
		if p.provider < 0 {
			return false
		}
		words, segments = words[1:], segments[p.provider:]
	}
	if len(words) != len(segments) {
		return false
	}
	for i, word := range words {
		if word[0] != '{' && !strings.EqualFold(word, segments[i]) {
			return false
		}
	}
	return true
}

// args names the segments that the template leaves open.
func (r *route) args(p path) map[string]string {
	words, segments := r.words, p.segments
	if words[0] == "{scope}" {
		words, segments = words[1:], segments[p.provider:]
	}
	args := map[string]string{}
	for i, word := range words {
		if word[0] == '{' {
			args[word[1:len(word)-1]] = segments[i]
		}
	}
	return args
}

// scope is where the caller must be allowed to do the action.
func (r *route) scope(req *request) string {
	switch {
	case r.words[0] == "{scope}":
		return req.path.scope().String()
	case strings.HasPrefix(r.pattern, groupPath):
		return groupScope(req.args["subscription"], req.args["group"])
	case strings.HasPrefix(r.pattern, subscriptionPath):
		return req.subscription()
	default:
		return "/"
	}
}
