package cli

import (
	"github.com/spf13/cobra"
)

func pauseCommand(c *connection) *cobra.Command {
	return restingCommand(c, &cobra.Command{
		Use: "pause", Short: "Have a link read nothing until it is resumed",
		Example: "  apicenter integration pause -i prod-gateway",
	}, []column{{"PAUSED", "at", age("at")}, {"BY", "by", nil}})
}

func resumeCommand(c *connection) *cobra.Command {
	return restingCommand(c, &cobra.Command{
		Use: "resume", Short: "Have a paused link go on, beginning with a synchronisation",
		Example: "  apicenter integration resume -i prod-gateway",
	}, []column{{"REQUESTED", "requestedAt", nil}})
}

// restingCommand begins or ends the rest of a link.
func restingCommand(c *connection, cmd *cobra.Command, columns []column) *cobra.Command {
	of := linkKind().flags(cmd, c, 1)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := s.post(cmd.Context(), call{path: s.path([]step{linkStep()}, of) + "/" + cmd.Name(), version: preview, body: object{}})
		if err != nil {
			return err
		}
		return s.print.row(o, columns)
	})
}
