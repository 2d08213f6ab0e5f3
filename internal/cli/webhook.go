package cli

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"apicenter/client"
)

func webhookKind() kind {
	return kind{
		noun: "webhook", plural: "webhooks", ofService: true, version: preview,
		steps: []step{{"webhooks", "webhook-name", "", nil}},
		columns: []column{
			{"NAME", "name", nil},
			{"ADDRESS", "address", nil},
			{"STATE", "delivery.state", nil},
			{"CURSOR", "delivery.cursor", nil},
			{"DELIVERED", "delivery.deliveredAt", age("delivery.deliveredAt")},
			{"MESSAGE", "delivery.message", nil},
		},
		options: []option{
			{flag: "address", property: "address", form: plainText, required: true, usage: "where events go: https://host/path"},
			{flag: "event-types", property: "eventTypes", form: anyList, usage: "which events (default all): [Microsoft.ApiCenter.ApiAdded,Microsoft.ApiCenter.ApiDeleted]"},
			{flag: "subject-prefix", property: "subjectPrefix", form: plainText, usage: "only of resources whose id begins so"},
			{
				flag: "handshake", property: "handshake", form: choice,
				usage: "how the receiver agrees: cloudEvents or eventGrid", words: []string{"cloudEvents", "eventGrid"},
			},
		},
		examples: map[string]string{
			"list":    "apicenter webhook list",
			"show":    "apicenter webhook show --webhook-name portal",
			"update":  "apicenter webhook update --webhook-name portal --address https://hooks.example.com/v2",
			"delete":  "apicenter webhook delete --webhook-name portal --yes",
			"history": "apicenter webhook history --webhook-name portal",
		},
	}
}

// webhookCommand is `webhook`: who is told of what changes.
func webhookCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "webhook", Short: "The webhooks that tell others what changes"})
	c, k := connect(cmd, s), webhookKind()
	cmd.AddCommand(createWebhookCommand(c), k.updateCommand(c), k.listCommand(c), k.showCommand(c), k.deleteCommand(c, ""),
		k.historyCommand(c), newSecretCommand(c), replayCommand(c))
	return cmd
}

func createWebhookCommand(c *connection) *cobra.Command {
	k := webhookKind()
	cmd := &cobra.Command{
		Use: "create", Short: "Make a webhook and print the secret that signs its deliveries, this once",
		Example: "  apicenter webhook create --webhook-name portal --address https://hooks.example.com/apis \\\n" +
			"    --event-types [Microsoft.ApiCenter.ApiAdded,Microsoft.ApiCenter.ApiUpdated]",
	}
	of := k.flags(cmd, c, len(k.steps))
	properties := k.properties(cmd, c, true)
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		o, path := object{"properties": map[string]any{}}, s.at(k, of)
		if err := properties.apply(cmd, s.workspace, o); err != nil {
			return err
		}
		if _, err := s.do(ctx, call{method: http.MethodPut, path: path, version: k.version, body: o, ifAbsent: true}); err != nil {
			return err
		}
		return s.newSecret(ctx, s.hook(of))
	})
}

// hook is the webhook that the flags name.
func (s *session) hook(of names) client.WebhookRef {
	return s.ref().Webhook(*of[webhookKind().steps[0].flag])
}

func newSecretCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "new-secret", Short: "Replace the secret of a webhook, and print it, this once",
		Example: "  apicenter webhook new-secret --webhook-name portal",
	}
	k := webhookKind()
	of := k.flags(cmd, c, len(k.steps))
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		return s.newSecret(cmd.Context(), s.hook(of))
	})
}

// newSecret makes the secret of a webhook. It is all that is printed on the
// standard output, unless more is asked for.
func (s *session) newSecret(ctx context.Context, hook client.WebhookRef) error {
	secret, err := hook.NewSecret(ctx)
	if err != nil {
		return explain(err)
	}
	fmt.Fprintf(s.streams.Err, "The secret of webhook %s is not shown again.\n", clean(last(hook.ID())))
	if s.print.whole() || s.print.format != "table" {
		return s.print.row(object{"secret": secret}, []column{{"SECRET", "secret", nil}})
	}
	_, err = fmt.Fprintln(s.streams.Out, clean(secret))
	return err
}

func replayCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay", Short: "Have a webhook deliver again what comes after an event, also when it has stopped",
		Example: "  apicenter webhook replay --webhook-name portal --after 120",
	}
	k := webhookKind()
	of := k.flags(cmd, c, len(k.steps))
	after := cmd.Flags().Int64("after", 0, "sequence `number` of the event, as history shows it")
	require(cmd, "after")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if *after < 0 {
			return usage(cmd, "--after cannot be negative")
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := tell(s.hook(of).Replay(cmd.Context(), *after))
		if err != nil {
			return err
		}
		return k.row(s.print, o)
	})
}
