package cli

import (
	"context"

	"github.com/spf13/cobra"

	"apicenter/client"
)

func pauseCommand(c *connection) *cobra.Command {
	return restingCommand(c, &cobra.Command{
		Use: "pause", Short: "Have a link read nothing until it is resumed",
		Example: "  apicenter integration pause -i prod-gateway",
	}, []column{{"PAUSED", "at", age("at")}, {"BY", "by", nil}}, func(ctx context.Context, link client.APISourceRef) (object, error) {
		return tell(link.Pause(ctx))
	})
}

func resumeCommand(c *connection) *cobra.Command {
	return restingCommand(c, &cobra.Command{
		Use: "resume", Short: "Have a paused link go on, beginning with a synchronisation",
		Example: "  apicenter integration resume -i prod-gateway",
	}, requestColumns(), func(ctx context.Context, link client.APISourceRef) (object, error) {
		at, err := requested(link.Resume(ctx))
		return asked(at), err
	})
}

// restingCommand begins or ends the rest of a link.
func restingCommand(
	c *connection, cmd *cobra.Command, columns []column, do func(context.Context, client.APISourceRef) (object, error),
) *cobra.Command {
	of := linkKind().flags(cmd, c, 1)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := do(cmd.Context(), s.link(of))
		if err != nil {
			return err
		}
		return s.print.row(o, columns)
	})
}
