package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// tombstoneCommand is `tombstone`: what is kept of things that sources took away.
func tombstoneCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "tombstone", Short: "What is kept of APIs that their source took away, and comes back with them",
	})
	c := connect(cmd, s)
	cmd.AddCommand(tombstonesCommand(c), tombstoneShowCommand(c), tombstoneRestoreCommand(c), tombstoneForgetCommand(c))
	return cmd
}

func tombstoneColumns() []column {
	return []column{
		{"ID", "id", nil},
		{"KIND", "kind", nil},
		{"TITLE", "title", nil},
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
	top := topFlag(cmd, 100, "how many")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if err := top.check(cmd); err != nil {
			return err
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		all, err := told(s.ref().Tombstones(cmd.Context(), top.n))
		if err != nil {
			return err
		}
		return s.print.list(all, tombstoneColumns())
	})
}

// ofTombstone makes cmd do something with one tombstone.
func ofTombstone(c *connection, cmd *cobra.Command, do func(cmd *cobra.Command, s *session, id int64) error) *cobra.Command {
	id := cmd.Flags().Int64("id", 0, "which")
	require(cmd, "id")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if *id < 1 {
			return usage(cmd, "--id must be at least 1")
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		return do(cmd, s, *id)
	})
}

func tombstoneShowCommand(c *connection) *cobra.Command {
	return ofTombstone(c, &cobra.Command{
		Use: "show", Short: "Show one, with the words of people that it keeps",
		Example: "  apicenter tombstone show --id 17",
	}, func(cmd *cobra.Command, s *session, id int64) error {
		kept, err := tell(s.ref().Tombstone(cmd.Context(), id))
		if err != nil {
			return err
		}
		return s.print.document(kept)
	})
}

func tombstoneRestoreCommand(c *connection) *cobra.Command {
	return ofTombstone(c, &cobra.Command{
		Use: "restore", Short: "Give back what one keeps, as entries of your own",
		Long: `Give back what one keeps, as entries of your own: the thing as readers saw it,
with what went with it and what people had made below it. If a link has the thing
again, that gets people's words back, unless they have said otherwise since.`,
		Example: "  apicenter tombstone restore --id 17",
	}, func(cmd *cobra.Command, s *session, id int64) error {
		came, err := tell(s.ref().RestoreTombstone(cmd.Context(), id))
		if err != nil {
			return err
		}
		return s.print.one(came, []column{
			{"RESOURCE", "resourceId", func(o object) string { return below(o.text("resourceId")) }}, {"RESTORED", "restored", nil}, {"LEFT", "left", nil},
		})
	})
}

func tombstoneForgetCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "forget", Short: "End what one keeps, and what went with it, for good",
		Example: "  apicenter tombstone forget --id 17\n  apicenter tombstone forget --id 17 -y",
	}
	sure := sureFlag(cmd)
	return ofTombstone(c, cmd, func(cmd *cobra.Command, s *session, id int64) error {
		question := fmt.Sprintf("This ends what tombstone %d keeps, and what went with it. Are you sure? (y/N) ", id)
		if err := sure.ask(cmd, s.streams, question); err != nil {
			return err
		}
		n, err := s.ref().ForgetTombstone(cmd.Context(), id)
		if err != nil {
			return explain(err)
		}
		return s.print.one(object{"forgotten": n}, []column{{"FORGOTTEN", "forgotten", nil}})
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
		o, err := tell(s.link(of).Inherit(cmd.Context(), *from))
		if err != nil {
			return err
		}
		return s.print.one(o, []column{{"FILED", "filed", nil}, {"RETURNED", "returned", nil}, {"LEFT", "left", nil}, {"WORDS", "words", nil}})
	})
}
