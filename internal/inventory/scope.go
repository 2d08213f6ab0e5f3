package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// Scope says which APIs of its source a link brings: those that a rule of
// Include fits, or all if there is none, but for those that a rule of Exclude fits.
type Scope struct {
	Include []ScopeRule `json:"include,omitempty"`
	Exclude []ScopeRule `json:"exclude,omitempty"`
}

// ScopeRule fits an API that has all that it gives. Each is a pattern, in which
// * stands for any text; case does not count.
type ScopeRule struct {
	Name    string `json:"name,omitempty"`    // of the API at the source
	Path    string `json:"path,omitempty"`    // that its gateway serves it at
	Tag     string `json:"tag,omitempty"`     // one that it has
	Product string `json:"product,omitempty"` // one that it is in
}

// Traits are what rules look at.
type Traits struct {
	Name, Path     string
	Tags, Products []string
}

// IsZero says that all is in scope.
func (s Scope) IsZero() bool { return len(s.Include)+len(s.Exclude) == 0 }

// Asks says whether any rule looks at something.
func (s Scope) Asks(of func(ScopeRule) string) bool {
	return slices.ContainsFunc(slices.Concat(s.Include, s.Exclude), func(r ScopeRule) bool { return of(r) != "" })
}

// Outside says why something is not in scope, or "".
func (s Scope) Outside(t Traits) string {
	fits := func(r ScopeRule) bool { return r.fits(t) }
	if i := slices.IndexFunc(s.Exclude, fits); i >= 0 {
		return fmt.Sprintf("the link excludes %s", s.Exclude[i])
	}
	if len(s.Include) > 0 && !slices.ContainsFunc(s.Include, fits) {
		return "the link includes it by no rule"
	}
	return ""
}

func (r ScopeRule) fits(t Traits) bool {
	return (r.Name == "" || Fits(r.Name, t.Name)) &&
		(r.Path == "" || Fits(strings.Trim(r.Path, "/"), strings.Trim(t.Path, "/"))) &&
		(r.Tag == "" || anyFits(r.Tag, t.Tags)) &&
		(r.Product == "" || anyFits(r.Product, t.Products))
}

// String is the rule as the command line takes it: "name=pet*,tag=internal".
func (r ScopeRule) String() string {
	var parts []string
	for _, p := range []struct{ key, pattern string }{{"name", r.Name}, {"path", r.Path}, {"tag", r.Tag}, {"product", r.Product}} {
		if p.pattern != "" {
			parts = append(parts, p.key+"="+p.pattern)
		}
	}
	return strings.Join(parts, ",")
}

// ParseScopeRule reads a rule as String writes it. Invalid.
func ParseScopeRule(text string) (r ScopeRule, err error) {
	members := map[string]*string{"name": &r.Name, "path": &r.Path, "tag": &r.Tag, "product": &r.Product}
	for part := range strings.SplitSeq(text, ",") {
		key, pattern, _ := strings.Cut(strings.TrimSpace(part), "=")
		member := members[key]
		if member == nil || *member != "" || pattern == "" {
			return ScopeRule{}, Errorf(Invalid, "scope",
				"%q is no rule of a scope; write name, path, tag or product, each at most once, as name=pet*,tag=public", text)
		}
		*member = pattern
	}
	return r, nil
}

func anyFits(pattern string, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return Fits(pattern, text) })
}

// Fits says whether a text is what a pattern of a rule stands for. Pieces between
// stars are found from left to right, so it takes no longer than a search for each.
func Fits(pattern, text string) bool {
	pieces := strings.Split(strings.ToLower(pattern), "*")
	text = strings.ToLower(text)
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(pieces) == 1 {
		return text == first
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, piece := range pieces[1 : len(pieces)-1] {
		at := strings.Index(text, piece)
		if at < 0 {
			return false
		}
		text = text[at+len(piece):]
	}
	return true
}
