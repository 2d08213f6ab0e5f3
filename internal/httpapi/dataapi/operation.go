package dataapi

import (
	"net/http"
	"strings"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Operation is one thing that the data plane can be asked to do.
type Operation struct {
	Method string
	Path   string // with names in braces, below the address of a service
	Action string // the data action that the caller needs, on what the path names
}

// Operations lists all of them, in the order of Azure's documentation. Whoever
// may GET may HEAD.
func Operations() []Operation {
	out := make([]Operation, len(operations))
	for i, o := range operations {
		out[i] = o.Operation
	}
	return out
}

type operation struct {
	Operation
	do func(*Handler, http.ResponseWriter, *request) error
}

// The data actions.
const (
	readSchema       = "Microsoft.ApiCenter/services/metadataSchemas/read"
	readEnvironment  = "Microsoft.ApiCenter/services/workspaces/environments/read"
	readAPI          = "Microsoft.ApiCenter/services/workspaces/apis/read"
	readDeployment   = "Microsoft.ApiCenter/services/workspaces/apis/deployments/read"
	readVersion      = "Microsoft.ApiCenter/services/workspaces/apis/versions/read"
	readRequirement  = "Microsoft.ApiCenter/services/workspaces/apis/versions/securityRequirements/read"
	readDefinition   = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/read"
	exportDefinition = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/exportSpecification/action"
)

// Paths of the operations.
const (
	workspacePath  = "/workspaces/{workspace}"
	apiPath        = workspacePath + "/apis/{api}"
	versionPath    = apiPath + "/versions/{version}"
	definitionPath = versionPath + "/definitions/{definition}"
)

// operations is the one table of what can be asked.
var operations = []operation{
	{Operation{http.MethodGet, "/apis", readAPI}, kept(list(inventory.KindAPI))},
	{Operation{http.MethodGet, "/environments", readEnvironment}, kept(list(inventory.KindEnvironment))},
	{Operation{http.MethodGet, workspacePath + "/apis", readAPI}, kept(list(inventory.KindAPI))},
	{Operation{http.MethodGet, apiPath, readAPI}, kept((*Handler).one)},
	{Operation{http.MethodGet, apiPath + "/versions", readVersion}, kept(list(inventory.KindVersion))},
	{Operation{http.MethodGet, versionPath, readVersion}, kept((*Handler).one)},
	{Operation{http.MethodGet, versionPath + "/definitions", readDefinition}, kept(list(inventory.KindDefinition))},
	{Operation{http.MethodGet, definitionPath, readDefinition}, kept((*Handler).one)},
	{Operation{http.MethodPost, definitionPath + ":exportSpecification", exportDefinition}, (*Handler).export},
	{Operation{http.MethodGet, definitionPath + "/operations/{operation}", readDefinition}, (*Handler).exported},
	{Operation{http.MethodGet, apiPath + "/deployments", readDeployment}, kept(list(inventory.KindDeployment))},
	{Operation{http.MethodGet, apiPath + "/deployments/{deployment}", readDeployment}, kept((*Handler).one)},
	{Operation{http.MethodGet, workspacePath + "/environments", readEnvironment}, kept(list(inventory.KindEnvironment))},
	{Operation{http.MethodGet, workspacePath + "/environments/{environment}", readEnvironment}, kept((*Handler).one)},
	{Operation{http.MethodPost, workspacePath + ":search", readAPI}, (*Handler).search},
	{Operation{http.MethodGet, versionPath + "/securityRequirements", readRequirement}, (*Handler).securityRequirements},
	{Operation{http.MethodGet, "/metadataSchemas", readSchema}, kept((*Handler).schemas)},
	{Operation{http.MethodGet, workspacePath + "/metadataSchemas", readSchema}, kept((*Handler).schemas)},
}

// kept answers from memory what was answered before and is still so. Whether the
// caller may have it has been asked already.
func kept(do func(*Handler, http.ResponseWriter, *request) error) func(*Handler, http.ResponseWriter, *request) error {
	return func(h *Handler, w http.ResponseWriter, r *request) error {
		key, plain := reply.Key(r.Request)
		if !plain {
			return do(h, w, r)
		}
		if a, ok := h.kept.Find(key, r.generation); ok {
			a.Write(w)
			return nil
		}
		return h.kept.Record(w, key, r.generation, reply.Answer{}, func(w http.ResponseWriter) error { return do(h, w, r) })
	}
}

// route is an operation's path, ready to be compared.
type route struct {
	operation
	segments []string // fixed words, and "" for a name
	verb     string   // what stands behind a colon at the end
	depth    int      // how many segments name the thing that the operation is about
}

func routes() []route {
	out := make([]route, len(operations))
	for i, o := range operations {
		path, verb, _ := strings.Cut(o.Path, ":")
		r := route{operation: o, verb: verb, segments: strings.Split(path[1:], "/")}
		r.depth = depth(r.segments)
		for j, s := range r.segments {
			if s[0] == '{' {
				r.segments[j] = ""
			}
		}
		out[i] = r
	}
	return out
}

// depth is how many of the segments are the path of a resource in a service.
func depth(segments []string) int {
	n := len(segments) &^ 1
	for ; n > 0; n -= 2 {
		if _, err := inventory.ParseID("subscription/group/service/" + strings.Join(segments[:n], "/")); err == nil {
			break
		}
	}
	return n
}

// matches says that a path is the route's. Fixed words compare without case.
func (r *route) matches(at address) bool {
	if len(at.segments) != len(r.segments) || !strings.EqualFold(at.verb, r.verb) {
		return false
	}
	for i, word := range r.segments {
		if word != "" && !strings.EqualFold(word, at.segments[i]) {
			return false
		}
	}
	return true
}

// find gives the operation of an address and a method. Without one it gives the
// methods that are known there; none: there is nothing.
func find(routes []route, method string, at address) (*route, []string) {
	var allowed []string
	for i := range routes {
		r := &routes[i]
		if !r.matches(at) {
			continue
		}
		if r.Method == method || r.Method == http.MethodGet && method == http.MethodHead {
			return r, nil
		}
		if allowed = append(allowed, r.Method); r.Method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	return nil, allowed
}
