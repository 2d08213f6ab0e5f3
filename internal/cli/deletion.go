package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

func deletionColumns() []column {
	return []column{
		{"SOURCE OBJECT", "external", nil},
		{"TITLE", "title", nil},
		{"VERSION", "version", nil},
		{"SINCE", "since", age("since")},
		{"WHY", "why", nil},
		{"VERDICT", "verdict", nil},
		{"BY", "decidedBy", nil},
	}
}

func deletionsCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "deletions", Short: "List the deletions that a link holds back, and what was said of them",
		Example: "  apicenter integration deletions -i prod-gateway",
	}
	of := linkKind().flags(cmd, c, 1)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		all, err := told(s.link(of).Deletions(cmd.Context()))
		if err != nil {
			return err
		}
		return s.print.list(all, deletionColumns())
	})
}

func approveCommand(c *connection) *cobra.Command {
	return judgeCommand(c, &cobra.Command{
		Use: "approve", Short: "Let deletions happen that a link holds back",
		Example: "  apicenter integration deletions -i prod-gateway      # which they are\n" +
			"  apicenter integration approve -i prod-gateway\n" +
			"  apicenter integration approve -i prod-gateway --object apis/search --object apis/orders",
	}, "approved")
}

func rejectCommand(c *connection) *cobra.Command {
	return judgeCommand(c, &cobra.Command{
		Use: "reject", Short: "Keep what a link would delete: it stays, marked as gone at the source",
		Example: "  apicenter integration reject -i prod-gateway --object apis/search",
	}, "rejected")
}

// judgeCommand gives a verdict on held deletions.
func judgeCommand(c *connection, cmd *cobra.Command, verdict string) *cobra.Command {
	of := linkKind().flags(cmd, c, 1)
	objects := cmd.Flags().StringArray("object", nil, "only this object of the source, as `deletions` names it; may be repeated (default all)")
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		judge := s.link(of).Approve
		if verdict == "rejected" {
			judge = s.link(of).Reject
		}
		judged, err := judge(cmd.Context(), *objects...)
		if err != nil {
			return explain(err)
		}
		o, err := tell(map[string][]string{verdict: judged}, nil)
		if err != nil {
			return err
		}
		return s.print.one(o, []column{{strings.ToUpper(verdict), verdict, func(o object) string { return joined(o, verdict) }}})
	})
}
