package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// keyCommand is `key`: the API keys of a center.
func keyCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "key", Short: "The API keys of the center: tokens for programs, each with one role at one scope"})
	c := connect(cmd, s)
	cmd.AddCommand(keyCreate(c), keyList(c), keyDelete(c))
	return cmd
}

func keyColumns() []column {
	return []column{
		{"ID", "id", nil},
		{"NAME", "name", nil},
		{"PREFIX", "prefix", nil},
		{"ROLE", "roleName", nil},
		{"CREATED", "createdAt", age("createdAt")},
		{"EXPIRES", "expiresAt", func(o object) string {
			if o.text("expiresAt") == "" {
				return "never"
			}
			return due("expiresAt")(o)
		}},
		{"SCOPE", "scope", nil},
	}
}

func keyCreate(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Make an API key and print its token, this once",
		Long: `Make an API key and print its token, this once: the center does not keep it.

The token is all that is printed on the standard output, unless -o or --query
asks for more:

  export APICENTER_TOKEN=$(apicenter key create --name ci --role "Azure API Center Data Reader")`,
		Example: `  apicenter key create --name pipeline --role "Azure API Center Service Reader" --expires 90d`,
	}
	f := cmd.Flags()
	name := f.String("name", "", "what the key is for")
	role := f.String("role", "", "name or id of its role")
	scope := f.String("scope", "", "ARM id of what the role is for (default the service)")
	expires := f.String("expires", "", "when it ends: so long from now (90d, 12h), or a date (2027-01-31); two years at most (default one year)")
	require(cmd, "name", "role")
	complete(cmd, "role", words(roleNames()...))
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		body := object{"name": *name, "role": *role}
		if *expires != "" {
			end, err := parseEnd(*expires, time.Now())
			if err != nil {
				return usage(cmd, "--expires %v", err)
			}
			body["expiresAt"] = end.UTC().Format(time.RFC3339)
		}
		s, at, err := c.scoped(ctx, cmd, *scope)
		if err != nil {
			return err
		}
		body["scope"] = at
		made, err := s.post(ctx, call{path: "/keys", body: body})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.streams.Err, "The token of key %s is not shown again. Use it as APICENTER_TOKEN, or with `apicenter login --api-key -`.\n", clean(made.text("id")))
		if s.print.whole() || s.print.format != "table" {
			return s.print.row(made, append([]column{{"TOKEN", "token", nil}}, keyColumns()...))
		}
		_, err = fmt.Fprintln(s.streams.Out, clean(made.text("token")))
		return err
	})
}

// parseEnd reads a time to come: a date, an instant, or how long from now, in
// days too.
func parseEnd(text string, now time.Time) (time.Time, error) {
	for _, read := range []func() (time.Time, error){
		func() (time.Time, error) { return time.Parse(time.RFC3339, text) },
		func() (time.Time, error) { return time.ParseInLocation(time.DateOnly, text, now.Location()) },
		func() (time.Time, error) {
			d, err := time.ParseDuration(text)
			return now.Add(d), err
		},
		func() (time.Time, error) {
			days, ok := strings.CutSuffix(text, "d")
			n, err := strconv.ParseUint(days, 10, 16)
			if !ok {
				err = strconv.ErrSyntax
			}
			return now.AddDate(0, 0, int(n)), err
		},
	} {
		end, err := read()
		if err == nil && !end.After(now) {
			return end, fmt.Errorf("%q is not in the future", text)
		}
		if err == nil {
			return end, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a duration (90d, 12h) nor a date (2027-01-31)", text)
}

func keyList(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the API keys, without their tokens", Example: "  apicenter key list"}
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, _, err := c.dial(cmd)
		if err != nil {
			return err
		}
		keys, err := s.some(cmd.Context(), "/keys", "", nil, 0)
		if err != nil {
			return err
		}
		return s.print.list(keys, keyColumns())
	})
}

func keyDelete(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete", Aliases: []string{"revoke"}, Short: "Revoke an API key, at once",
		Example: "  apicenter key delete --id 7f3a",
	}
	id := cmd.Flags().String("id", "", "`id` of the key, as key list shows it")
	require(cmd, "id")
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, _, err := c.dial(cmd)
		if err != nil {
			return err
		}
		_, err = s.do(cmd.Context(), call{method: http.MethodDelete, path: "/keys/" + url.PathEscape(*id)})
		return err
	})
}
