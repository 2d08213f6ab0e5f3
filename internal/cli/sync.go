package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"apicenter/client"
)

func syncCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "sync", Short: "Synchronise a link now, instead of when it is due",
		Example: "  apicenter integration sync -i prod-gateway --wait\n" +
			"  apicenter integration sync -i prod-gateway --api petstore",
	}
	of := linkKind().flags(cmd, c, 1)
	api := cmd.Flags().String("api", "", "only this API")
	complete(cmd, "api", c.completeNames(apiKind(), nil))
	var w waiting
	w.flags(cmd, "it has ended; exit code 1 if it ended partial or failed")
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		link := s.link(of)
		since, err := requested(link.Sync(ctx, *api))
		if err != nil {
			return err
		}
		if !w.wait {
			return s.print.row(asked(since), requestColumns())
		}
		return s.report(ctx, link, since, w.limit)
	})
}

// report waits for the run that answers a request, and prints it.
func (s *session) report(ctx context.Context, link client.APISourceRef, since time.Time, limit time.Duration) error {
	run, err := s.watch(ctx, link, since, limit)
	if err != nil {
		return err
	}
	if err := s.print.row(run, runColumns()); err != nil {
		return err
	}
	return s.verdict(run)
}

// requested is when a run was asked for, as the center says.
func requested(at time.Time, err error) (time.Time, error) {
	if err == nil && at.IsZero() {
		return at, failed("look at: apicenter integration runs", "the center took the request but does not say when")
	}
	return at, explain(err)
}

// asked is that as it is printed.
func asked(at time.Time) object { return object{"requestedAt": at.Format(time.RFC3339Nano)} }

func requestColumns() []column { return []column{{"REQUESTED", "requestedAt", nil}} }
