package access

import (
	"strings"
	"unicode"

	"apicenter/internal/inventory"
)

// Everything is the scope that all others are in.
const Everything = "/"

// maxScope bounds a scope; the deepest resource with names of full length has less.
const maxScope = 1024

// ParseScope reads a scope, in any case: everything, a subscription, a resource
// group or a resource. It gives the form in which scopes are kept. Invalid.
func ParseScope(path string) (string, error) {
	if len(path) > maxScope {
		return "", inventory.Errorf(inventory.Invalid, "scope", "the scope has %d characters; it may have %d", len(path), maxScope)
	}
	scope := fold(path)
	segments := strings.Split(scope, "/")[1:]
	switch {
	case path == Everything:
		return scope, nil
	case !strings.HasPrefix(path, "/") || len(segments)%2 != 0 || segments[0] != "subscriptions",
		len(segments) > 2 && segments[2] != "resourcegroups" && segments[2] != "providers",
		strings.ContainsFunc(scope, unusual), strings.Contains(scope+"/", "/./"), strings.Contains(scope+"/", "/../"):
		return "", inventory.Errorf(inventory.Invalid, "scope",
			"%q is no scope; want / or /subscriptions/S[/resourceGroups/G[/providers/Microsoft.ApiCenter/services/NAME…]]", path)
	}
	return scope, nil
}

// unusual are characters that no name in a scope has, or that stand for others.
func unusual(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune(`%?#\`, r) }

// fold gives a path in lower case with one slash in front of each segment and
// none at the end.
func fold(path string) string {
	if strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/") && !strings.Contains(path, "//") {
		return strings.ToLower(path)
	}
	var b strings.Builder
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			b.WriteString("/" + strings.ToLower(segment))
		}
	}
	if b.Len() == 0 {
		return Everything
	}
	return b.String()
}

// within says that a scope is another one or lies below it, by whole segments. Both are folded.
func within(scope, above string) bool {
	rest, ok := strings.CutPrefix(scope, above)
	return above == Everything || ok && (rest == "" || rest[0] == '/')
}
