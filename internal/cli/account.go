package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func whoColumns() []column {
	return []column{
		{"NAME", "name", nil},
		{"KIND", "kind", nil},
		{"ID", "id", nil},
		{"TENANT", "tenantId", nil},
		{"ROLES", "assignments", roles},
	}
}

// roles names the roles of a caller in one cell.
func roles(o object) string {
	var names []string
	for _, a := range o.objects("assignments") {
		names = append(names, a.text("roleName"))
	}
	return strings.Join(names, ", ")
}

func logoutCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{Use: "logout", Short: "Forget the sign-in of the profile", Example: "  apicenter logout"}
	c := reach(cmd, s)
	return leaf(cmd, func(cmd *cobra.Command) error {
		p, err := c.openProfile(cmd)
		if err != nil {
			return err
		}
		there, err := p.forget()
		if err == nil && !there {
			fmt.Fprintf(s.Err, "Nobody was signed in with the profile %q.\n", p.name)
		}
		return err
	})
}

// accountCommand is `account`: who one is at the center.
func accountCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "account", Short: "Who you are at the center"})
	c := reach(cmd, s)
	show := &cobra.Command{
		Use: "show", Aliases: []string{"whoami"}, Short: "Show who you are, and which roles you have",
		Example: "  apicenter account show --query name -o tsv",
	}
	token := &cobra.Command{
		Use: "get-access-token", Short: "Print the token that the verbs use, for other programs",
		Long: `Print the token that the verbs use, for other programs:

  TOKEN=$(apicenter account get-access-token --query accessToken -o tsv)`,
		Example: "  apicenter account get-access-token --query expiresOn",
	}
	cmd.AddCommand(
		leaf(show, func(cmd *cobra.Command) error {
			s, _, err := c.dial(cmd)
			if err != nil {
				return err
			}
			who, err := s.get(cmd.Context(), "/whoami", "")
			if err != nil {
				return err
			}
			return s.print.row(who, whoColumns())
		}),
		leaf(token, func(cmd *cobra.Command) error { return printToken(cmd, c) }),
	)
	return cmd
}

func printToken(cmd *cobra.Command, c *connection) error {
	t, err := c.settle(cmd)
	if err != nil {
		return err
	}
	o := object{"tokenType": "Bearer", "server": t.said["server"]}
	token, source := t.credential()
	if k, ok := source.(*keeper); ok {
		if token, err = k.Token(cmd.Context()); err != nil {
			return err
		}
		if !k.login.Expires.IsZero() {
			o["expiresOn"] = k.login.Expires.UTC().Format(time.RFC3339)
		}
	}
	if token == "" {
		return &failure{exit: exitAuth, message: "nobody is signed in", hint: "sign in with `apicenter login`"}
	}
	o["accessToken"] = token
	p := printer{out: c.streams.Out, format: t.said["output"], color: c.streams.OutTerminal, query: t.query}
	return p.one(o, []column{{"ACCESSTOKEN", "accessToken", nil}, {"EXPIRESON", "expiresOn", nil}})
}
