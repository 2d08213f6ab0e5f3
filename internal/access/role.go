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

// glob goes on byte by byte, and falls back to the last star where it gets stuck.
func glob(pattern, action string) bool {
	p, a := 0, 0
	star, resume := -1, 0
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, a
			p++
		case p < len(pattern) && lower(pattern[p]) == lower(action[a]):
			p++
			a++
		case star >= 0:
			resume++
			p, a = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
