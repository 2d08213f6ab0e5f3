package arm

import (
	"fmt"
	"net/url"
	"strings"
)

// Path is the path of a resource, of a collection or of an action below
// Azure's resource manager. Fixed words are compared without case; names keep
// the case they came in.
//
//	/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiCenter/services/c/workspaces/w/apis
//	               └ Subscription     └ Group   └ Namespace         └ Segments ───────────┘ └ Tail
type Path struct {
	Subscription string // empty: a path of the whole tenant
	Group        string // empty: a path of the whole subscription
	Namespace    string // the provider: "Microsoft.ApiCenter"
	Segments     []Segment
	Tail         string // an odd last segment: a collection, or an action on what is before it
}

// Segment is one step of a path: the collection and the name in it.
type Segment struct{ Type, Name string }

// maxSegments bounds what one path may ask us to look at; the deepest resource has five.
const maxSegments = 12

// ParsePath reads the escaped path of a request, or a resource ID. It is
// tolerant where Azure is: doubled and trailing slashes are skipped, fixed words
// may be in any case, names may be percent-encoded.
func ParsePath(escaped string) (Path, error) {
	var p Path
	s := splitter{rest: escaped}
	word, ok := s.next()
	if ok && strings.EqualFold(word, "subscriptions") {
		if p.Subscription, ok = s.name(); !ok {
			return Path{}, s.fault(escaped, "no subscription")
		}
		word, ok = s.next()
		if ok && strings.EqualFold(word, "resourceGroups") {
			if p.Group, ok = s.name(); !ok {
				return Path{}, s.fault(escaped, "no resource group")
			}
			word, ok = s.next()
		}
	}
	if !ok || !strings.EqualFold(word, "providers") {
		return Path{}, s.fault(escaped, "no providers segment")
	}
	if p.Namespace, ok = s.name(); !ok {
		return Path{}, s.fault(escaped, "no provider namespace")
	}
	for {
		kind, ok := s.name()
		if !ok {
			break
		}
		name, ok := s.name()
		if !ok {
			p.Tail = kind
			break
		}
		if len(p.Segments) == maxSegments {
			return Path{}, fmt.Errorf("path is nested more than %d deep", maxSegments)
		}
		if p.Segments == nil {
			p.Segments = make([]Segment, 0, 5)
		}
		p.Segments = append(p.Segments, Segment{kind, name})
	}
	if s.bad != "" {
		return Path{}, s.fault(escaped, "")
	}
	return p, nil
}

// String writes the path in Azure's canonical form.
func (p Path) String() string {
	var b strings.Builder
	if p.Subscription != "" {
		b.WriteString("/subscriptions/" + url.PathEscape(p.Subscription))
	}
	if p.Group != "" {
		b.WriteString("/resourceGroups/" + url.PathEscape(p.Group))
	}
	b.WriteString("/providers/" + url.PathEscape(p.Namespace))
	for _, s := range p.Segments {
		b.WriteString("/" + url.PathEscape(s.Type) + "/" + url.PathEscape(s.Name))
	}
	if p.Tail != "" {
		b.WriteString("/" + url.PathEscape(p.Tail))
	}
	return b.String()
}

// Is says that the path names a resource of this provider and these types:
// Is("Microsoft.ApiManagement", "service").
func (p Path) Is(namespace string, types ...string) bool {
	if p.Group == "" || p.Tail != "" || len(types) != len(p.Segments) || !strings.EqualFold(p.Namespace, namespace) {
		return false
	}
	for i, t := range types {
		if !strings.EqualFold(t, p.Segments[i].Type) {
			return false
		}
	}
	return true
}

// Owns says that a request path is the resource manager's to answer. It is
// asked before any router that would redirect a doubled slash.
func Owns(path string) bool {
	path = strings.TrimLeft(path, "/")
	word, _, _ := strings.Cut(path, "/")
	return strings.EqualFold(word, "subscriptions") || strings.EqualFold(word, "providers") || strings.EqualFold(word, "tenants")
}

// splitter yields the segments of an escaped path, without the empty ones.
type splitter struct {
	rest string
	bad  string // the first segment that cannot be decoded
}

func (s *splitter) next() (string, bool) {
	for s.rest != "" {
		var word string
		word, s.rest, _ = strings.Cut(s.rest, "/")
		if word != "" {
			return word, true
		}
	}
	return "", false
}

// name is next, decoded.
func (s *splitter) name() (string, bool) {
	word, ok := s.next()
	if !ok {
		return word, ok
	}
	name, valid := Unescape(word)
	if !valid {
		s.bad = word
		return word, true
	}
	return name, true
}

// Unescape decodes one segment of an escaped path. What means another path to
// whoever resolves it is refused: slashes that were encoded, and dot segments.
func Unescape(segment string) (name string, ok bool) {
	name = segment
	if strings.Contains(segment, "%") {
		var err error
		if name, err = url.PathUnescape(segment); err != nil {
			return "", false
		}
	}
	return name, name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}

func (s *splitter) fault(path, what string) error {
	if s.bad != "" {
		what = fmt.Sprintf("segment %q is no name", s.bad)
	}
	return fmt.Errorf("%q is not a resource path: %s", path, what)
}
