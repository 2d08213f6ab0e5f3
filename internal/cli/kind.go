package cli

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// kind is a sort of resource, with all that the verbs need to know of it.
type kind struct {
	noun, plural string
	ofService    bool   // below the service itself, not below a workspace
	steps        []step // from there down to the resource itself
	version      string
	columns      []column
	search       bool // its list takes $search
	options      []option
	initial      func(name string) map[string]any // properties of a new one that nobody gave; may be nil
	examples     map[string]string                // by verb
}

// step is one level of a path: its segment, the flag that names the item, and
// the hidden spellings of that flag that older clients know.
type step struct {
	segment, flag, short string
	was                  []string
}

// defaultWorkspace is the one that every service has.
const defaultWorkspace = "default"

// names are the flags that say which resource, or which parent of it.
type names map[string]*string

// flags adds a required flag for each of the first n steps of k.
func (k kind) flags(cmd *cobra.Command, c *connection, n int) names {
	of := names{}
	for i, s := range k.steps[:n] {
		noun, _, _ := strings.Cut(s.flag, "-")
		of[s.flag] = cmd.Flags().StringP(s.flag, s.short, "", "name of the "+noun)
		require(cmd, s.flag)
		complete(cmd, s.flag, c.completeNames(k.upTo(i+1), of))
		alias(cmd, s.flag, s.was...)
	}
	k.older(cmd, n)
	return of
}

// older adds the spellings that az had before its extension was at 1.0.0b5. The
// kinds whose names have a letter are younger than that.
func (k kind) older(cmd *cobra.Command, n int) {
	if cmd.Flags().ShorthandLookup("s") == nil {
		alias(cmd, "service-name", "service", "s")
	}
	switch {
	case len(k.steps) == 0:
		alias(cmd, "service-name", "name")
	case k.steps[0].short == "":
		if n == len(k.steps) {
			alias(cmd, k.steps[n-1].flag, "name")
		}
		alias(cmd, "workspace-name", "workspace", "w")
	}
}

// upTo is the kind of the parent that n steps lead to.
func (k kind) upTo(n int) kind {
	k.steps = k.steps[:n]
	return k
}

// at is the path of a resource of k, or of its list when the last name is missing.
func (s *session) at(k kind, of names) string {
	if k.ofService {
		return walk(s.service.path(), k.steps, of)
	}
	return s.path(k.steps, of)
}

// path is the path of a resource in the workspace, or with a name less of its list.
func (s *session) path(steps []step, of names) string {
	return walk(s.service.path()+"/workspaces/"+url.PathEscape(s.workspace), steps, of)
}

func walk(from string, steps []step, of names) string {
	var b strings.Builder
	b.WriteString(from)
	for _, st := range steps {
		b.WriteString("/" + st.segment)
		if v, ok := of[st.flag]; ok {
			b.WriteString("/" + url.PathEscape(*v))
		}
	}
	return b.String()
}

// example is the example of a verb, on a line for itself each.
func (k kind) example(verb string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(k.examples[verb]), "\n", "\n  ")
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// joined is the list at path in one cell.
func joined(o object, path string) string {
	list, _ := o.at(path).([]any)
	words := make([]string, 0, len(list))
	for _, v := range list {
		words = append(words, text(v))
	}
	return strings.Join(words, " ")
}
