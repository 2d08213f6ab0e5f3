package cli

import (
	"github.com/spf13/cobra"

	"apicenter/client"
)

// unmade is the name under which a link is checked that is not there yet.
const unmade = "new-link"

func checkCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Check whether the center may read an instance, linked or not yet",
		Long: `Check whether the center may read an instance, linked or not yet.

The center tries each thing that a synchronisation needs: a token of its
identity, the directory of the instance, and each sort of read. Where a role is
missing, it says which, for whom and where, and the command that grants it.
Nothing is changed. The exit code is 1 if a link could not work as things are.`,
		Example: `  apicenter integration check -i prod-gateway
  apicenter integration check --azure-apim contoso-apim --apim-resource-group gateways`,
	}
	n := creation{follow: following{specifications: "always"}}
	n.name = cmd.Flags().StringP("integration-name", "i", "", "name of a link that is there")
	complete(cmd, "integration-name", c.completeNames(linkKind(), nil))
	n.sourceFlags(cmd)
	cmd.MarkFlagsOneRequired("integration-name", "azure-apim")
	for _, other := range []string{"azure-apim", "apim-resource-group", "apim-subscription", "workspace", "msi-resource-id"} {
		cmd.MarkFlagsMutuallyExclusive("integration-name", other)
	}
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		name, proposed := *n.name, (*client.APISource)(nil)
		if n.apim.name != "" {
			source, err := n.source(cmd, s.service)
			if err != nil {
				return err
			}
			if proposed, err = settings(n.link(source, s.workspace)); err != nil {
				return err
			}
			name = unmade
		}
		o, err := tell(s.space().APISource(name).Check(cmd.Context(), proposed))
		if err != nil {
			return err
		}
		if err := s.print.check(o); err != nil {
			return err
		}
		return checked(o)
	})
}

func (p printer) check(o object) error {
	if p.whole() {
		return p.document(o)
	}
	return p.list(o.objects("findings"), []column{
		{"CHECK", "check", nil}, {"OUTCOME", "outcome", nil}, {"MESSAGE", "message", nil},
	})
}

// checked is the error of a check that did not go well, with what to do.
func checked(o object) error {
	if ok, _ := o["ok"].(bool); ok {
		return nil
	}
	hint := "mend what is refused or failed, and check again"
	for _, f := range o.objects("findings") {
		if command := f.text("remedy.command"); command != "" {
			hint = command
			break
		}
	}
	return failed(hint, "a link could not work as things are")
}

func doctorCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look at a link from all sides, and say what is wrong and what to do",
		Long: `Look at a link from all sides, and say what is wrong and what to do.

The center tries what a synchronisation needs, as check does, and looks at the
link's state, when it was synchronised, its last runs and their errors, what it
holds back, limits, definitions that could not be had, events, and requests to
the source. Nothing is changed. The exit code is 1 if anything is refused or has failed.`,
		Example: "  apicenter integration doctor -i prod-gateway",
	}
	of := linkKind().flags(cmd, c, 1)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := tell(s.link(of).Diagnose(cmd.Context()))
		if err != nil {
			return err
		}
		if err := s.print.check(o); err != nil {
			return err
		}
		return checked(o)
	})
}
