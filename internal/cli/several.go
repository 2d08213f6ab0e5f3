package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groups is a flag that takes one word or more each time that it is given, as
// az has them: `--ids A B`, `--tags team=pets cost=12`.
type groups [][]string

// separator stands between the words of a group on their way through pflag,
// which knows one word a flag. No argument of a process can have it inside.
const separator = "\x00"

func (g *groups) Set(words string) error {
	*g = append(*g, strings.Split(words, separator))
	return nil
}

func (g *groups) String() string { return "" }

// Type is what the help shows for the value.
func (g *groups) Type() string { return "strings" }

func (g *groups) several() {}

// words are the words of all groups.
func (g *groups) words() []string {
	var all []string
	for _, group := range *g {
		all = append(all, group...)
	}
	return all
}

// several defines a flag of groups.
func several(f *pflag.FlagSet, name, short, usage string) *groups {
	g := &groups{}
	f.VarP(g, name, short, usage)
	return g
}

// spread joins the words that follow a flag of several into one argument, since
// pflag would take all but the first for arguments of the command.
func spread(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil {
		return args // Execute will say so
	}
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		out = append(out, args[i])
		if args[i] == "--" {
			return append(out, args[i+1:]...)
		}
		if !takesSeveral(cmd, args[i]) {
			continue
		}
		end := i + 1
		for end < len(args) && (args[end] == "-" || !strings.HasPrefix(args[end], "-")) {
			end++
		}
		words := args[i+1 : end]
		if strings.Contains(args[i], "=") {
			words = append([]string{args[i]}, words...)
			out = out[:len(out)-1]
		}
		if len(words) > 0 {
			out = append(out, strings.Join(words, separator))
		}
		i = end - 1
	}
	return out
}

// takesSeveral says whether arg, "--name", "--name=word" or "-n", is a flag of
// several of cmd.
func takesSeveral(cmd *cobra.Command, arg string) bool {
	name, long := strings.CutPrefix(arg, "--")
	name, _, _ = strings.Cut(name, "=")
	var f *pflag.Flag
	switch {
	case long:
		f = cmd.Flags().Lookup(name)
	case len(arg) == 2 && arg[0] == '-':
		f = cmd.Flags().ShorthandLookup(arg[1:])
	}
	if f == nil {
		return false
	}
	_, ok := f.Value.(interface{ several() })
	return ok
}

// alias defines hidden flags that set another one: the spellings of older
// clients. A single letter is the short form of the spelling before it. What
// is required of the other flag is satisfied by them.
func alias(cmd *cobra.Command, to string, old ...string) {
	for i, name := range old {
		if len(name) == 1 {
			continue
		}
		short := ""
		if i+1 < len(old) && len(old[i+1]) == 1 {
			short = old[i+1]
		}
		cmd.Flags().VarP(&other{cmd.Flags(), to}, name, short, "the same as --"+to)
		if err := cmd.Flags().MarkHidden(name); err != nil {
			panic(err)
		}
	}
}

// other is the value of an alias.
type other struct {
	flags *pflag.FlagSet
	name  string
}

func (o *other) Set(value string) error { return o.flags.Set(o.name, value) }

func (o *other) String() string { return "" }

func (o *other) Type() string { return "string" }
