package managerapi

import (
	"errors"
	"strings"

	"apicenter/internal/arm"
)

// The providers that have words of their own here.
const (
	apiCenter     = "Microsoft.ApiCenter"
	authorization = "Microsoft.Authorization"
	resourceGraph = "Microsoft.ResourceGraph"
	resources     = "Microsoft.Resources"
)

// maxSegments bounds what one path may ask us to look at. A role assignment on
// a deployment, the longest that there is, has 18.
const maxSegments = 40

var errPath = errors.New("not a path of Azure Resource Manager")

// path is the path of a request, decoded and without empty segments. Fixed words
// are compared without case; names keep the case they came in.
//
//	/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiCenter/services/c/providers/Microsoft.Authorization/roleAssignments/a
//	└ scope ──────────────────────────────────────────────────────────────────┘└ provider
type path struct {
	segments []string
	// provider is the place of the last "providers" that names a provider; -1
	// when none does.
	provider int
}

// parsePath reads the escaped path of a request.
func parsePath(escaped string) (path, error) {
	p := path{segments: make([]string, 0, 16)}
	for word := range strings.SplitSeq(escaped, "/") {
		if word == "" {
			continue
		}
		name, ok := arm.Unescape(word)
		if !ok || len(p.segments) == maxSegments {
			return path{}, errPath
		}
		p.segments = append(p.segments, name)
	}
	p.provider = p.lastProvider()
	return p, nil
}

// lastProvider goes from pair to pair: a resource may be called "providers", and
// only where a type stands the word begins another provider.
func (p path) lastProvider() int {
	last, i := -1, 0
	if p.is(0, "subscriptions") {
		if i = 2; p.is(2, "resourceGroups") {
			i = 4
		}
	}
	if !p.is(i, "providers") {
		return last
	}
	for ; i+1 < len(p.segments); i += 2 {
		if p.is(i, "providers") {
			last = i
		}
	}
	return last
}

// is says that the segment at i is a fixed word.
func (p path) is(i int, word string) bool {
	return i < len(p.segments) && strings.EqualFold(p.segments[i], word)
}

// namespace is the provider that the path is about, "" for Resource Manager itself.
func (p path) namespace() string {
	if p.provider < 0 {
		return ""
	}
	return p.segments[p.provider+1]
}

// rest is what follows the provider's namespace, all of it when there is none.
func (p path) rest() []string {
	if p.provider < 0 {
		return p.segments
	}
	return p.segments[p.provider+2:]
}

// scope is what the provider's part of the path hangs on: "/" for the whole tenant.
func (p path) scope() path {
	if p.provider < 0 {
		return path{provider: -1}
	}
	s := path{segments: p.segments[:p.provider]}
	s.provider = s.lastProvider()
	return s
}

// String writes the path as Azure writes scopes: fixed words in its own case,
// names as they are.
func (p path) String() string {
	if len(p.segments) == 0 {
		return "/"
	}
	canonical := [...]string{"subscriptions", "resourceGroups", "providers"}
	var b strings.Builder
	for i, word := range p.segments {
		if i%2 == 0 {
			for _, c := range canonical {
				if strings.EqualFold(c, word) {
					word = c
				}
			}
		}
		b.WriteString("/" + word)
	}
	return b.String()
}

// owner says whose a scope is, when a role is assigned at it.
type owner int

const (
	foreign owner = iota // a resource of another provider, or none that we know
	shared               // the tenant, a subscription or a group: ours and the upstream's
	ours                 // a resource of API Center
)

func (p path) owner() owner {
	n := len(p.segments)
	if p.provider < 0 {
		if n == 0 || p.is(0, "subscriptions") && (n == 2 || n == 4 && p.is(2, "resourceGroups")) {
			return shared
		}
		return foreign
	}
	if strings.EqualFold(p.namespace(), apiCenter) && n > p.provider+2 && n%2 == 0 {
		return ours
	}
	return foreign
}
