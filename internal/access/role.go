package access

import (
	"slices"
	"strings"
)

// Role is a role definition: a set of actions under a name. In each pattern *
// stands for any characters, slashes too, and case does not count.
type Role struct {
	ID             string // a GUID, lower case; that of a role of Azure's is the same everywhere
	Name           string
	Description    string
	Actions        []string // on the control plane
	NotActions     []string // of these
	DataActions    []string // on the data plane
	NotDataActions []string // of these
}

// Allows says whether the role has an action of the control plane.
func (r Role) Allows(action string) bool {
	return matches(r.Actions, action) && !matches(r.NotActions, action)
}

// AllowsData says whether the role has a data action.
func (r Role) AllowsData(action string) bool {
	return matches(r.DataActions, action) && !matches(r.NotDataActions, action)
}

func matches(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, action) })
}

// match compares an action with a pattern. A star between two slashes stands for
// nothing at all, too: services/*/read is meant to have services/read in it.
func match(pattern, action string) bool {
	if pattern == "*" || glob(pattern, action) {
		return true
	}
	before, after, ok := strings.Cut(pattern, "/*/")
	return ok && len(action) == len(before)+1+len(after) && action[len(before)] == '/' &&
		strings.EqualFold(action[:len(before)], before) && strings.EqualFold(action[len(before)+1:], after)
}

// glob looks for what stands between the stars of a pattern, in order: the first
// piece where the action begins, the last where it ends, and each of the others
// as early as it comes.
func glob(pattern, action string) bool {
	piece, rest, more := strings.Cut(pattern, "*")
	if len(action) < len(piece) || !strings.EqualFold(action[:len(piece)], piece) {
		return false
	}
	for action = action[len(piece):]; more; {
		if piece, rest, more = strings.Cut(rest, "*"); !more {
			return len(action) >= len(piece) && strings.EqualFold(action[len(action)-len(piece):], piece)
		}
		at := index(action, piece)
		if at < 0 {
			return false
		}
		action = action[at+len(piece):]
	}
	return action == ""
}

// index is strings.Index without regard to case.
func index(text, piece string) int {
	for i := 0; i+len(piece) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(piece)], piece) {
			return i
		}
	}
	return -1
}
