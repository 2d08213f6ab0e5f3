package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// handler answers one call. It runs under the lock of the cloud: shared for GET
// and HEAD, alone for the rest.
type handler func(*call) (reply, error)

// route is one line of the table of routes.
type route struct {
	class  string // how the statistics count it
	action string // what a principal must be allowed, without the verb
	handle map[string]handler
	// open lets the whole directory read it.
	open bool
	// before runs ahead of the lock, for work that takes long.
	before func(*call) error
}

// router finds routes by path. Unlike http.ServeMux it folds case and takes
// doubled slashes for one, as ARM does.
type router struct {
	literals map[string]*router
	param    *router
	name     string // of the parameter that leads here
	route    *route
}

type arg struct{ name, value string }

// add adds a route; the pattern has literals and {parameters}.
func (n *router) add(class, pattern string, handle map[string]handler) *route {
	for _, s := range segments(pattern) {
		if name, ok := strings.CutPrefix(s, "{"); ok {
			if n.param == nil {
				n.param = &router{name: strings.TrimSuffix(name, "}")}
			}
			n = n.param
			continue
		}
		key := strings.ToLower(s)
		if n.literals == nil {
			n.literals = map[string]*router{}
		}
		if n.literals[key] == nil {
			n.literals[key] = &router{}
		}
		n = n.literals[key]
	}
	if get := handle[http.MethodGet]; get != nil && handle[http.MethodHead] == nil {
		handle[http.MethodHead] = get
	}
	n.route = &route{class: class, action: action(pattern), open: class == "azure", handle: handle}
	return n.route
}

// find is the route of a path with the values of its parameters, or nil.
func (n *router) find(path []string) (*route, []arg) {
	args := make([]arg, 0, 8)
	for _, s := range path {
		if next := n.literals[strings.ToLower(s)]; next != nil {
			n = next
			continue
		}
		if n.param == nil {
			return nil, nil
		}
		n = n.param
		args = append(args, arg{n.name, s})
	}
	return n.route, args
}

// action is the permission for a pattern: the provider and its types. What has
// no provider is a matter of Microsoft.Resources.
func action(pattern string) string {
	parts := segments(pattern)
	i := slices.Index(parts, "providers")
	types := []string{"Microsoft.Resources"}
	if i >= 0 && i+1 < len(parts) && !strings.HasPrefix(parts[i+1], "{") {
		types, parts = []string{parts[i+1]}, parts[i+2:]
	}
	for _, p := range parts {
		if !strings.HasPrefix(p, "{") {
			types = append(types, p)
		}
	}
	return strings.Join(types, "/")
}

// segments are the decoded parts of a path. Names may hold an escaped ";".
func segments(path string) []string {
	parts := make([]string, 0, 16)
	for s := range strings.SplitSeq(path, "/") {
		if s == "" {
			continue
		}
		if strings.Contains(s, "%") {
			if plain, err := url.PathUnescape(s); err == nil {
				s = plain
			}
		}
		parts = append(parts, s)
	}
	return parts
}
