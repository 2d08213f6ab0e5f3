package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// configCommand is `config`: the settings of a profile.
func configCommand(s Streams) *cobra.Command {
	var about strings.Builder
	for _, k := range keys() {
		fmt.Fprintf(&about, "\n  %-15s %s (flag --%s, variable %s)", k.name, k.means, k.flag, k.variable)
	}
	cmd := group(&cobra.Command{
		Use: "config", Short: "The settings that a profile keeps",
		Long: `The settings that a profile keeps. A flag is stronger than the file of
--ready-file, that is stronger than the environment, that than the profile, and
that than the file in APICENTER_READY_FILE. What a weaker one says of another
center does not count.
` + about.String(),
	})
	c := reach(cmd, s)
	cmd.AddCommand(configSet(c), configGet(c), configList(c), configUnset(c))
	return cmd
}

// named is a command with the names of settings as arguments.
func named(cmd *cobra.Command, check cobra.PositionalArgs, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(cmd, "%v", err)
		}
		return nil
	}
	cmd.RunE = run
	cmd.ValidArgsFunction = words(keyNames()...)
	return cmd
}

// keyOf finds a setting by its name.
func keyOf(cmd *cobra.Command, name string) (key, error) {
	all := keys()
	i := slices.IndexFunc(all, func(k key) bool { return k.name == name })
	if i < 0 {
		err := usage(cmd, "%q is not a setting", clean(name))
		err.hint = "settings are " + strings.Join(keyNames(), ", ")
		return key{}, err
	}
	return all[i], nil
}

func configSet(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "set KEY=VALUE…", Short: "Set settings of the profile",
		Example: "  apicenter config set server=https://apis.example:8443 output=json\n" +
			"  apicenter config set --profile test server=http://127.0.0.1:8080",
	}
	return named(cmd, cobra.MinimumNArgs(1), func(cmd *cobra.Command, args []string) error {
		return c.edit(cmd, func(v values) error {
			for _, arg := range args {
				name, value, ok := strings.Cut(arg, "=")
				if !ok {
					return usage(cmd, "%q is not KEY=VALUE", clean(arg))
				}
				k, err := keyOf(cmd, name)
				if err != nil {
					return err
				}
				if err := k.check(value); err != nil {
					return usage(cmd, "%s: %v", name, err)
				}
				if k.name == "ca" {
					value = absolute(value)
				}
				v[name] = value
			}
			return nil
		})
	})
}

// absolute is a file's name that is good in every folder.
func absolute(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}

func configUnset(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "unset KEY…", Short: "Remove settings of the profile", Example: "  apicenter config unset output"}
	return named(cmd, cobra.MinimumNArgs(1), func(cmd *cobra.Command, args []string) error {
		return c.edit(cmd, func(v values) error {
			for _, name := range args {
				if _, err := keyOf(cmd, name); err != nil {
					return err
				}
				delete(v, name)
			}
			return nil
		})
	})
}

// edit changes the settings of the profile, all or none.
func (c *connection) edit(cmd *cobra.Command, change func(values) error) error {
	p, err := c.openProfile(cmd)
	if err != nil {
		return err
	}
	v, err := p.settings()
	if err != nil {
		return err
	}
	if err := change(v); err != nil {
		return err
	}
	return p.save(v)
}

func configGet(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "get KEY", Short: "Print the value that a setting has, from wherever it comes",
		Example: "  apicenter config get server",
	}
	return named(cmd, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		if _, err := keyOf(cmd, args[0]); err != nil {
			return err
		}
		sources, err := c.sources(cmd)
		if err != nil {
			return err
		}
		value := chosen(sources)[args[0]]
		if value == "" {
			return &failure{exit: exitNotFound, message: args[0] + " is not set", hint: "apicenter config set " + args[0] + "=…"}
		}
		_, err = fmt.Fprintln(c.streams.Out, clean(value))
		return err
	})
}

func configList(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the settings that have a value, and where each comes from",
		Example: "  apicenter config list\n  apicenter config list --profile test -o json",
	}
	return leaf(cmd, func(cmd *cobra.Command) error {
		sources, err := c.sources(cmd)
		if err != nil {
			return err
		}
		said := chosen(sources)
		if err := checkFormat(said["output"]); err != nil {
			return usage(cmd, "--output %v", err)
		}
		q, err := parseQuery(cmd, c.query)
		if err != nil {
			return err
		}
		var rows []object
		for _, k := range keys() {
			if value, from := strongest(sources, k.name); value != "" {
				rows = append(rows, object{"name": k.name, "value": value, "source": from})
			}
		}
		p := printer{out: c.streams.Out, format: said["output"], color: c.streams.OutTerminal, query: q}
		return p.list(rows, []column{{"NAME", "name", nil}, {"VALUE", "value", nil}, {"SOURCE", "source", nil}})
	})
}

// strongest is the value of a setting, and the source that it comes from.
func strongest(sources []source, name string) (value, from string) {
	for _, s := range sources {
		if s.values[name] != "" {
			return s.values[name], s.name
		}
	}
	return "", ""
}
