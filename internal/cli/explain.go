package cli

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// explainCommand is `explain`: why the inventory says what it says.
func explainCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain RESOURCE [FIELD]", Short: "Say where each field of a resource comes from: layer, source, run, time and who",
		Long: `Say where each field of a resource comes from: what people set, what a linked
source states, or what follows from something else; since when and by whom, and
whether it can be changed here.

RESOURCE is an ARM id, a path in the workspace as apis/petstore/versions/v1, or
the name of an API. FIELD is written as title, or customProperties.team.`,
		Example: "  apicenter explain petstore\n" +
			"  apicenter explain petstore title\n" +
			"  apicenter explain environments/production -o json",
	}
	c := connect(cmd, s)
	cmd.AddCommand(explainMissingCommand(c))
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 && len(args) != 2 {
			return usage(cmd, "%q takes a resource and perhaps a field, but got %d arguments", cmd.CommandPath(), len(args))
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := s.explain(cmd, args)
		if err != nil {
			return err
		}
		if s.print.whole() {
			return s.print.document(o)
		}
		return s.print.list(o.objects("fields"), []column{
			{"FIELD", "field", nil},
			{"VALUE", "value", fieldValue},
			{"LAYER", "layer", nil},
			{"BY", "since.by", nil},
			{"SINCE", "since.at", age("since.at")},
			{"RUN", "since.run", nil},
			{"SOURCE", "source.id", nil},
			{"HIDDEN", "hidden", hiddenValues},
			{"TO CHANGE IT", "advice", nil},
		})
	}
	return cmd
}

func (s *session) explain(cmd *cobra.Command, args []string) (object, error) {
	field := ""
	if len(args) > 1 {
		field = "/" + strings.ReplaceAll(strings.TrimPrefix(args[1], "/"), ".", "/")
	}
	return tell(s.Explain(cmd.Context(), s.resource(args[0]), field))
}

func explainMissingCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "missing NAME", Short: "Say why an API is not in the inventory, and what to do about it",
		Long: `Say why an API is not in the inventory, and what to do about it.

NAME is its name, title, path or id at the source. The center looks in the
inventory, in what has left it, and at the source of each link.`,
		Example: "  apicenter explain missing petstore\n" +
			"  apicenter explain missing \"Pet Store\" -i prod-gateway -o json",
	}
	link := cmd.Flags().StringP("integration-name", "i", "", "ask the source of this link only")
	complete(cmd, "integration-name", c.completeNames(linkKind(), nil))
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(cmd, "%q takes one name, but got %d arguments", cmd.CommandPath(), len(args))
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := tell(s.space().ExplainMissing(cmd.Context(), args[0], *link))
		if err != nil {
			return err
		}
		if s.print.whole() {
			return s.print.document(o)
		}
		return s.print.list([]object{o}, []column{{"VERDICT", "verdict", nil}, {"WHY", "message", nil}})
	}
	return cmd
}

// resource is the path of what a person names: by its ARM id, by its path in
// the service or the workspace, or, of an API, by its name alone.
func (s *session) resource(name string) string {
	parts := strings.Split(strings.Trim(name, "/"), "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	path := strings.Join(parts, "/")
	switch {
	case strings.EqualFold(parts[0], "subscriptions"):
		return "/" + path
	case strings.EqualFold(parts[0], "workspaces"):
		return s.service.path() + "/" + path
	case len(parts) == 1:
		path = "apis/" + path
	}
	return s.path(nil, nil) + "/" + path
}

// fieldValue is a value as a cell shows it.
func fieldValue(o object) string { return brief(text(o["value"])) }

func hiddenValues(o object) string {
	var words []string
	for _, h := range o.objects("hidden") {
		words = append(words, h.text("layer")+": "+brief(text(h["value"])))
	}
	return strings.Join(words, "; ")
}

// brief keeps a cell from filling the table.
func brief(s string) string {
	const most = 40
	if all := []rune(s); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return s
}
