package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"apicenter/client"
)

func mergeCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "merge", Short: "Make an API of one gateway one with that of another",
		Example: "  apicenter api merge --api-id echo --into petstore",
	}
	of := apiKind().target(cmd, c)
	into := cmd.Flags().String("into", "", "the API that goes on with all that both have, by name or id (required)")
	_ = cmd.MarkFlagRequired("into")
	complete(cmd, "into", c.completeNames(apiKind(), nil))
	return of.leaf(cmd, func(ctx context.Context, _ *cobra.Command, s *session, path string) (object, error) {
		return tell(s.APIByID(path).Merge(ctx, *into))
	}, apiKind().row)
}

func unmergeCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "unmerge", Short: "Take what one gateway has of an API out of it again",
		Example: "  apicenter api unmerge --api-id petstore -i prod-gateway",
	}
	return ofLinkCommand(cmd, c, client.APIRef.Unmerge)
}

func leadCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "lead", Short: "Choose the gateway whose title and description an API of several has",
		Example: "  apicenter api lead --api-id petstore -i prod-gateway",
	}
	return ofLinkCommand(cmd, c, client.APIRef.Lead)
}

// ofLinkCommand is a command that does something with one link of an API.
func ofLinkCommand(
	cmd *cobra.Command, c *connection, do func(api client.APIRef, ctx context.Context, link string) (client.Resource[client.API], error),
) *cobra.Command {
	of := apiKind().target(cmd, c)
	link := cmd.Flags().StringP("integration-name", "i", "", "the link to the gateway (required)")
	_ = cmd.MarkFlagRequired("integration-name")
	complete(cmd, "integration-name", c.completeNames(linkKind(), nil))
	return of.leaf(cmd, func(ctx context.Context, _ *cobra.Command, s *session, path string) (object, error) {
		return tell(do(s.APIByID(path), ctx, *link))
	}, apiKind().row)
}

func sourcesCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "sources", Short: "List the gateways that an API came from, the one that leads first",
		Example: "  apicenter api sources --api-id petstore",
	}
	of := apiKind().flags(cmd, c, 1)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		all, err := told(s.space().API(*of[apiKind().steps[0].flag]).Sources(cmd.Context()))
		if err != nil {
			return err
		}
		return s.print.list(all, []column{
			{"INTEGRATION", "name", nil}, {"LEADS", "leads", nil}, {"EXTERNAL", "externalId", nil}, {"READ", "readAt", age("readAt")},
		})
	})
}

func mergeRuleCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "merge-rule", Short: "Show or set by what APIs of several gateways are found to be one",
		Example: "  apicenter api merge-rule\n  apicenter api merge-rule --set title",
	}
	rule := cmd.Flags().String("set", "", "none, title, path, name, or a field such as /customProperties/apiId")
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		path := s.space().ID()
		var o object
		if *rule == "" {
			o, err = s.get(ctx, path, preview)
		} else {
			o, err = s.change(ctx, path, preview, func(o object) error { return o.set("properties.mergeRule", *rule) })
		}
		if err != nil {
			return err
		}
		return s.print.row(o, []column{{"WORKSPACE", "name", nil}, {"RULE", "mergeRule", func(o object) string { return cmp.Or(o.text("mergeRule"), "none") }}})
	})
}
