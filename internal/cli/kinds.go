package cli

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// kind is a sort of resource that can be listed and shown.
type kind struct {
	noun, plural string
	steps        []step // from the workspace down to the resource itself
	version      string
	columns      []column
	search       bool      // its list takes $search
	examples     [2]string // of list and of show
}

// step is one level of a path: its segment, and the flag that names the item.
type step struct{ segment, flag, short string }

func apiStep() step        { return step{"apis", "api-id", ""} }
func versionStep() step    { return step{"versions", "version-id", ""} }
func definitionStep() step { return step{"definitions", "definition-id", ""} }

func apiKind() kind {
	return kind{
		noun: "API", plural: "APIs", steps: []step{apiStep()}, version: stable, search: true,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"KIND", "kind", nil},
			{"STAGE", "lifecycleStage", nil},
			{"SUMMARY", "summary", nil},
		},
		examples: [2]string{
			"  apicenter api list --search pet\n  apicenter api list --filter \"kind eq 'rest'\" --max-items 10 -o json",
			"  apicenter api show --api-id petstore",
		},
	}
}

func versionKind() kind {
	return kind{
		noun: "version", plural: "versions of an API", steps: []step{apiStep(), versionStep()}, version: stable,
		columns: []column{{"NAME", "name", nil}, {"TITLE", "title", nil}, {"STAGE", "lifecycleStage", nil}},
		examples: [2]string{
			"  apicenter api version list --api-id petstore",
			"  apicenter api version show --api-id petstore --version-id v1",
		},
	}
}

func definitionKind() kind {
	return kind{
		noun: "definition", plural: "definitions of a version",
		steps: []step{apiStep(), versionStep(), definitionStep()}, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"SPECIFICATION", "specification.name", nil},
			{"SPECVERSION", "specification.version", nil},
		},
		examples: [2]string{
			"  apicenter api definition list --api-id petstore --version-id v1",
			"  apicenter api definition show --api-id petstore --version-id v1 --definition-id openapi",
		},
	}
}

func deploymentKind() kind {
	return kind{
		noun: "deployment", plural: "deployments of an API",
		steps: []step{apiStep(), {"deployments", "deployment-id", ""}}, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"STATE", "state", nil},
			{"ENVIRONMENT", "environmentId", func(o object) string { return last(o.text("environmentId")) }},
			{"ADDRESS", "server.runtimeUri", func(o object) string { return joined(o, "server.runtimeUri") }},
		},
		examples: [2]string{
			"  apicenter api deployment list --api-id petstore",
			"  apicenter api deployment show --api-id petstore --deployment-id prod",
		},
	}
}

func environmentKind() kind {
	return kind{
		noun: "environment", plural: "environments",
		steps: []step{{"environments", "environment-id", ""}}, version: stable,
		columns: []column{
			{"NAME", "name", nil}, {"TITLE", "title", nil}, {"KIND", "kind", nil}, {"SERVER", "server.type", nil},
		},
		examples: [2]string{
			"  apicenter environment list",
			"  apicenter environment show --environment-id prod -o yaml",
		},
	}
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

// names are the flags that say which resource, or which parent of it.
type names map[string]*string

// flags adds a required flag for each of the first n steps of k.
func (k kind) flags(cmd *cobra.Command, c *connection, n int) names {
	of := names{}
	for i, s := range k.steps[:n] {
		noun, _, _ := strings.Cut(s.flag, "-")
		of[s.flag] = cmd.Flags().StringP(s.flag, s.short, "", "name of the "+noun)
		require(cmd, s.flag)
		complete(cmd, s.flag, c.completeNames(k.steps[:i+1], of, k.version))
	}
	return of
}

// path is the path of the resource, or with a step less of its list.
func (s *session) path(steps []step, of names) string {
	var b strings.Builder
	b.WriteString(s.service.path() + "/workspaces/" + url.PathEscape(s.workspace))
	for _, st := range steps {
		b.WriteString("/" + st.segment)
		if v, ok := of[st.flag]; ok {
			b.WriteString("/" + url.PathEscape(*v))
		}
	}
	return b.String()
}

// listCommand is the verb `list` of k.
func (k kind) listCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the " + k.plural, Example: k.examples[0]}
	parents := k.flags(cmd, c, len(k.steps)-1)
	var filter, search string
	var top, most int
	cmd.Flags().StringVar(&filter, "filter", "", `only those for which this holds, in OData: "name eq 'x'"`)
	cmd.Flags().IntVar(&top, "top", 0, "the first so many, in one request")
	cmd.Flags().IntVar(&most, "max-items", 0, "at most so many, in as many requests as it takes (default all)")
	if k.search {
		cmd.Flags().StringVar(&search, "search", "", "only those that speak of this")
	}
	cmd.MarkFlagsMutuallyExclusive("top", "max-items")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if top < 0 || most < 0 {
			return usage(cmd, "--top and --max-items cannot be negative")
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		query := url.Values{}
		for name, value := range map[string]string{"$filter": filter, "$search": search} {
			if value != "" {
				query.Set(name, value)
			}
		}
		if top > 0 {
			query.Set("$top", strconv.Itoa(top))
		}
		items, err := s.some(cmd.Context(), s.path(k.steps, parents), k.version, query, max(top, most))
		if err != nil {
			return err
		}
		return s.print.list(items, k.columns)
	})
}

// some reads the first n objects of a list; all with n = 0.
func (c caller) some(ctx context.Context, path, version string, query url.Values, n int) ([]object, error) {
	var items []object
	for o, err := range c.all(ctx, path, version, query) {
		if err != nil {
			return nil, err
		}
		items = append(items, o)
		if len(items) == n {
			break
		}
	}
	return items, nil
}

// showCommand is the verb `show` of k.
func (k kind) showCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "Show one " + k.noun + " in full", Example: k.examples[1]}
	of := k.flags(cmd, c, len(k.steps))
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := s.get(cmd.Context(), s.path(k.steps, of), k.version)
		if err != nil {
			return err
		}
		return s.print.one(o, k.columns)
	})
}

// apiCommand is `api` with all that hangs on an API.
func apiCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "api", Short: "The APIs of the inventory, their versions, definitions and deployments"})
	c := connect(cmd, s)
	apis := apiKind()
	cmd.AddCommand(apis.listCommand(c), apis.showCommand(c))
	for use, k := range map[string]kind{"version": versionKind(), "definition": definitionKind(), "deployment": deploymentKind()} {
		sub := group(&cobra.Command{Use: use, Short: "The " + k.plural})
		sub.AddCommand(k.listCommand(c), k.showCommand(c))
		if use == "definition" {
			sub.AddCommand(exportCommand(c))
		}
		cmd.AddCommand(sub)
	}
	return cmd
}

// environmentCommand is `environment`: where APIs run.
func environmentCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "environment", Short: "The environments that APIs are deployed to"})
	c := connect(cmd, s)
	k := environmentKind()
	cmd.AddCommand(k.listCommand(c), k.showCommand(c))
	return cmd
}

// exists tells whether the resource is there; only a 404 means that it is not.
func (s *session) exists(ctx context.Context, path, version string) (object, bool, error) {
	o, err := s.get(ctx, path, version)
	if ExitCode(err) == exitNotFound {
		return nil, false, nil
	}
	return o, err == nil, err
}

// post makes a POST and gives the object of the answer.
func (s *session) post(ctx context.Context, r call) (object, error) {
	r.method = http.MethodPost
	a, err := s.do(ctx, r)
	if err != nil {
		return nil, err
	}
	if a, err = s.finish(ctx, a); err != nil {
		return nil, err
	}
	return a.object()
}
