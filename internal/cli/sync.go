package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
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
		link := s.path([]step{linkStep()}, of)
		since, err := s.requestSync(ctx, link, *api)
		if err != nil {
			return err
		}
		if !w.wait {
			return s.print.row(since, []column{{"REQUESTED", "requestedAt", nil}})
		}
		return s.report(ctx, link, since, w.limit)
	})
}

// report waits for the run that answers a request, and prints it.
func (s *session) report(ctx context.Context, link string, since object, limit time.Duration) error {
	run, err := s.watch(ctx, link, since.time("requestedAt"), limit)
	if err != nil {
		return err
	}
	if err := s.print.row(run, runColumns()); err != nil {
		return err
	}
	return s.verdict(run)
}

// requestSync asks for a run. The answer says when it was asked for.
func (s *session) requestSync(ctx context.Context, link, api string) (object, error) {
	body := object{}
	if api != "" {
		body["api"] = api
	}
	o, err := s.post(ctx, call{path: link + "/sync", version: preview, body: body})
	if err != nil {
		return nil, err
	}
	if o.time("requestedAt").IsZero() {
		return nil, failed("look at: apicenter integration runs", "the center took the request but does not say when")
	}
	return o, nil
}
