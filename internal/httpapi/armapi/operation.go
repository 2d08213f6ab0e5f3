package armapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// Authorizer says who may do what. The error of somebody who may not is an
// inventory.Error with the code Denied, which names the action and the scope.
type Authorizer interface {
	// Authorize asks for an action of the control plane on a scope, which is a
	// resource path of Azure in any case. It is asked on every request.
	Authorize(ctx context.Context, action, scope string) error
}

// Operation is one thing that can be done on this surface.
type Operation struct {
	Method string // HEAD is wherever GET is
	Path   string // with {names} in braces
	Action string // what the caller must be allowed to do
	Data   bool   // an action of the data plane; nothing on this surface is one
}

// Operations lists all that can be done here. There is no route besides.
func Operations() []Operation {
	var out []Operation
	for _, o := range operations() {
		if o.filtered {
			out = append(out, Operation{Method: o.method, Path: "/subscriptions/{subscription}/providers/" + namespace + "/" + nameOf(o.kind).collection, Action: o.action()})
		}
		out = append(out, Operation{Method: o.method, Path: o.template(), Action: o.action()})
	}
	return out
}

// shape says what a path is to its kind.
type shape int

const (
	one    shape = iota + 1 // a resource
	list                    // all of a kind in a resource, or in a subscription or group
	action                  // something to do with a resource, or to see of it
	result                  // what became of a long operation on a resource
)

// place is a form of path: all paths of one form take the same methods.
type place struct {
	shape shape
	kind  inventory.Kind
	word  string // the last one of an action
}

type verb func(*Handler, http.ResponseWriter, *request) error

// operation is a method at a place.
type operation struct {
	place
	method string
	do     verb
	// filtered: what the caller may not read is left out, so that he need not be
	// allowed to read all.
	filtered bool
	// as is the word of the action that this one takes the right to: what it tells, that tells too.
	as string
}

// operations is the one table of what can be done, in the order in which it is documented.
func operations() []operation {
	out := []operation{
		{place: place{action, kindProvider, "operations"}, method: http.MethodGet, do: (*Handler).operations},
	}
	for _, n := range names {
		k, v := n.kind, verbsOf(n.kind)
		for _, o := range []operation{
			{place: place{shape: list, kind: k}, method: http.MethodGet, do: v.list, filtered: k.Parent() == ""},
			{place: place{shape: one, kind: k}, method: http.MethodGet, do: v.get},
			{place: place{shape: one, kind: k}, method: http.MethodPut, do: v.put},
			{place: place{shape: one, kind: k}, method: http.MethodDelete, do: v.del},
			{place: place{action, k, "history"}, method: http.MethodGet, do: v.history},
		} {
			if o.do != nil {
				out = append(out, o)
			}
		}
		for _, o := range special {
			if o.kind == k {
				out = append(out, o)
			}
		}
	}
	return out
}

// verbs are what can be done with the resources of a kind.
type verbs struct{ list, get, put, del, history verb }

func verbsOf(k inventory.Kind) verbs {
	switch k {
	case inventory.KindService:
		return verbs{(*Handler).services, (*Handler).get, (*Handler).putService, (*Handler).delete, (*Handler).history}
	case kindDeleted:
		return verbs{list: (*Handler).deletedServices, get: (*Handler).deletedService, del: (*Handler).purge}
	case inventory.KindLink:
		return verbs{(*Handler).list, (*Handler).get, (*Handler).put, (*Handler).deleteLink, (*Handler).history}
	default:
		return verbs{(*Handler).list, (*Handler).get, (*Handler).put, (*Handler).delete, (*Handler).history}
	}
}

// special are the operations that only one kind has.
var special = []operation{
	{place: place{one, inventory.KindService, ""}, method: http.MethodPatch, do: (*Handler).patchService},
	{place: place{action, inventory.KindService, "exportMetadataSchema"}, method: http.MethodPost, do: (*Handler).exportMetadataSchema},
	{place: place{action, inventory.KindService, "importFromApim"}, method: http.MethodPost, do: (*Handler).importFromAPIM},
	{place: place{action, inventory.KindService, "tombstones"}, method: http.MethodGet, do: (*Handler).tombstones},
	{place: place{action, inventory.KindService, "restoreTombstone"}, method: http.MethodPost, do: (*Handler).restoreTombstone},
	{place: place{action, inventory.KindService, "forgetTombstone"}, method: http.MethodPost, do: (*Handler).forgetTombstone},
	{place: place{action, inventory.KindService, "events"}, method: http.MethodGet, do: (*Handler).events},
	{place: place{result, inventory.KindService, ""}, method: http.MethodGet, do: (*Handler).result},
	{place: place{action, inventory.KindWorkspace, "importApiSource"}, method: http.MethodPost, do: (*Handler).importAPISource},
	{place: place{result, inventory.KindWorkspace, ""}, method: http.MethodGet, do: (*Handler).result},
	{place: place{action, inventory.KindWorkspace, "authConfigs"}, method: http.MethodGet, do: (*Handler).none},
	{place: place{action, inventory.KindAPI, "merge"}, method: http.MethodPost, do: (*Handler).merge},
	{place: place{action, inventory.KindAPI, "unmerge"}, method: http.MethodPost, do: (*Handler).unmerge},
	{place: place{action, inventory.KindAPI, "lead"}, method: http.MethodPost, do: (*Handler).lead},
	{place: place{action, inventory.KindAPI, "sources"}, method: http.MethodGet, do: (*Handler).sources},
	{place: place{action, inventory.KindWorkspace, "explainMissing"}, method: http.MethodPost, do: (*Handler).explainMissing},
	{place: place{action, inventory.KindVersion, "securityRequirements"}, method: http.MethodGet, do: (*Handler).none},
	{place: place{action, inventory.KindDefinition, "importSpecification"}, method: http.MethodPost, do: (*Handler).importSpecification},
	{place: place{action, inventory.KindDefinition, "exportSpecification"}, method: http.MethodPost, do: (*Handler).exportSpecification},
	{place: place{action, inventory.KindDefinition, "diff"}, method: http.MethodPost, do: (*Handler).diff, as: "exportSpecification"},
	{place: place{action, inventory.KindAPI, "explain"}, method: http.MethodGet, do: (*Handler).explain},
	{place: place{action, inventory.KindVersion, "explain"}, method: http.MethodGet, do: (*Handler).explain},
	{place: place{action, inventory.KindDefinition, "explain"}, method: http.MethodGet, do: (*Handler).explain},
	{place: place{action, inventory.KindDeployment, "explain"}, method: http.MethodGet, do: (*Handler).explain},
	{place: place{action, inventory.KindEnvironment, "explain"}, method: http.MethodGet, do: (*Handler).explain},
	{place: place{result, inventory.KindDefinition, ""}, method: http.MethodGet, do: (*Handler).result},
	{place: place{action, inventory.KindAnalyzer, "importRuleset"}, method: http.MethodPost, do: (*Handler).importRuleset},
	{place: place{action, inventory.KindAnalyzer, "exportRuleset"}, method: http.MethodPost, do: (*Handler).exportRuleset},
	{place: place{result, inventory.KindAnalyzer, ""}, method: http.MethodGet, do: (*Handler).result},
	{place: place{action, inventory.KindLink, "sync"}, method: http.MethodPost, do: (*Handler).sync},
	{place: place{action, inventory.KindLink, "runs"}, method: http.MethodGet, do: (*Handler).runs},
	{place: place{action, inventory.KindLink, "plan"}, method: http.MethodPost, do: (*Handler).plan},
	{place: place{action, inventory.KindLink, "apply"}, method: http.MethodPost, do: (*Handler).apply},
	{place: place{action, inventory.KindLink, "inherit"}, method: http.MethodPost, do: (*Handler).inherit},
	{place: place{action, inventory.KindLink, "previewDelete"}, method: http.MethodGet, do: (*Handler).previewDelete},
	{place: place{action, inventory.KindLink, "deletions"}, method: http.MethodGet, do: (*Handler).deletions},
	{place: place{action, inventory.KindLink, "approve"}, method: http.MethodPost, do: (*Handler).approve},
	{place: place{action, inventory.KindLink, "reject"}, method: http.MethodPost, do: (*Handler).reject},
	{place: place{action, inventory.KindLink, "pause"}, method: http.MethodPost, do: (*Handler).pause},
	{place: place{action, inventory.KindLink, "resume"}, method: http.MethodPost, do: (*Handler).resume},
	{place: place{action, inventory.KindLink, "check"}, method: http.MethodPost, do: (*Handler).check},
	{place: place{action, inventory.KindLink, "diagnose"}, method: http.MethodPost, do: (*Handler).diagnose},
	{place: place{action, inventory.KindWebhook, "newSecret"}, method: http.MethodPost, do: (*Handler).newSecret},
	{place: place{action, inventory.KindWebhook, "replay"}, method: http.MethodPost, do: (*Handler).replay},
}

// action is Azure's name of what the operation does. Who reads or lists things
// needs the same: a list is read at what it is in.
func (o operation) action() string {
	typ := nameOf(o.kind).typ
	if o.shape == result {
		typ += "/" + operationResults
	}
	if o.shape == action {
		typ += "/" + cmp.Or(o.as, o.word)
	}
	switch o.method {
	case http.MethodGet:
		return typ + "/read"
	case http.MethodDelete:
		return typ + "/delete"
	case http.MethodPost:
		return typ + "/action"
	default:
		return typ + "/write"
	}
}

// template is the path with names in braces.
func (o operation) template() string {
	switch o.shape {
	case list:
		return templateOf(o.kind.Parent()) + "/" + nameOf(o.kind).collection
	case action:
		return templateOf(o.kind) + "/" + o.word
	case result:
		return templateOf(o.kind) + "/" + operationResults + "/{operation}"
	default:
		return templateOf(o.kind)
	}
}

// templateOf is the path of a resource with names in braces.
func templateOf(k inventory.Kind) string {
	switch k {
	case kindProvider:
		return "/providers/" + namespace
	case "":
		return "/subscriptions/{subscription}/resourceGroups/{group}/providers/" + namespace
	default:
		return templateOf(k.Parent()) + "/" + nameOf(k).collection + "/{" + string(k) + "}"
	}
}

// methods are the operations at one place.
type methods struct {
	all   []*allowed
	names []string // as an Allow header has them
}

// allowed is an operation with the name of its action.
type allowed struct {
	operation
	needs string
}

// routes indexes the operations by place, words in lower case.
func routes() map[place]*methods {
	out := map[place]*methods{}
	for _, o := range operations() {
		at := o.place
		at.word = strings.ToLower(at.word)
		m := out[at]
		if m == nil {
			m = &methods{}
			out[at] = m
		}
		m.all = append(m.all, &allowed{operation: o, needs: o.action()})
		if m.names = append(m.names, o.method); o.method == http.MethodGet {
			m.names = append(m.names, http.MethodHead)
		}
	}
	return out
}

// of is the operation of a method, nil if there is none. The server drops the
// body of a HEAD.
func (m *methods) of(method string) *allowed {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if at := slices.IndexFunc(m.all, func(o *allowed) bool { return o.method == method }); at >= 0 {
		return m.all[at]
	}
	return nil
}
