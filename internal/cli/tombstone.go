package cli

import (
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

// tombstoneCommand is `tombstone`: what is kept of things that sources took away.
func tombstoneCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "tombstone", Short: "What is kept of APIs that their source took away, and comes back with them",
	})
	c := connect(cmd, s)
	cmd.AddCommand(tombstonesCommand(c), tombstoneShowCommand(c))
	return cmd
}

func tombstoneColumns() []column {
	return []column{
		{"ID", "id", nil},
		{"KIND", "kind", nil},
		{"SOURCE OBJECT", "external", nil},
		{"INSTANCE", "instance", nil},
		{"WHY", "why", nil},
		{"WHEN", "at", age("at")},
		{"LINK", "link", nil},
	}
}

func tombstonesCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what is kept, the newest first",
		Example: "  apicenter tombstone list --top 20",
	}
	top := cmd.Flags().Int("top", 100, "how many")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if *top < 1 {
			return usage(cmd, "--top must be at least 1")
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		all, err := s.some(cmd.Context(), s.service.path()+"/tombstones", preview, url.Values{"$top": {strconv.Itoa(min(*top, 200))}}, *top)
		if err != nil {
			return err
		}
		return s.print.list(all, tombstoneColumns())
	})
}

func tombstoneShowCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show", Short: "Show one, with the words of people that it keeps",
		Example: "  apicenter tombstone show --id 17",
	}
	id := cmd.Flags().Int64("id", 0, "which")
	require(cmd, "id")
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		query := url.Values{"$top": {"1"}, "before": {strconv.FormatInt(*id+1, 10)}}
		found, err := s.some(cmd.Context(), s.service.path()+"/tombstones", preview, query, 1)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].text("id") != strconv.FormatInt(*id, 10) {
			return failed("look for it: apicenter tombstone list", "there is no tombstone %d", *id)
		}
		return s.print.document(found[0])
	})
}

func inheritCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "inherit", Short: "Give a link what is kept of its instance under the identity that it had before",
		Long: `Give a link what is kept of its instance under the identity that it had before.

An instance that was renamed, or moved to another group or subscription, is
another one to the center: delete the old link, make a new one, and inherit.
What comes later finds its tombstone; what is there already gets its words back,
unless people have said otherwise since.`,
		Example: "  apicenter integration inherit -i prod-gateway \\\n" +
			"      --from /subscriptions/S/resourceGroups/old/providers/Microsoft.ApiManagement/service/contoso",
	}
	of := linkKind().flags(cmd, c, 1)
	from := cmd.Flags().String("from", "", "ARM id that the instance, or the workspace in it, had")
	require(cmd, "from")
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := s.post(cmd.Context(), call{
			path: s.path([]step{linkStep()}, of) + "/inherit", version: preview, body: object{"from": *from},
		})
		if err != nil {
			return err
		}
		return s.print.one(o, []column{{"FILED", "filed", nil}, {"RETURNED", "returned", nil}, {"LEFT", "left", nil}, {"WORDS", "words", nil}})
	})
}
