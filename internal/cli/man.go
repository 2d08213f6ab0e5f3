package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand is `man`: the manual, a page for each command.
func manCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages of all commands to a folder",
		Example: "  apicenter man share/man/man1",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return usage(cmd, "%v", err)
			}
			return nil
		},
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		root := cmd.Root()
		root.InitDefaultHelpCmd()
		root.InitDefaultCompletionCmd()
		if err := os.MkdirAll(args[0], 0o755); err != nil {
			return fmt.Errorf("write the manual: %w", err)
		}
		n := 0
		for page := range pages(root) {
			name := filepath.Join(args[0], manName(page)+".1")
			if err := os.WriteFile(name, manPage(page), 0o644); err != nil {
				return fmt.Errorf("write the manual: %w", err)
			}
			n++
		}
		fmt.Fprintf(s.Err, "%d pages written; read one with: man -l %s\n", n, filepath.Join(args[0], manName(root)+".1"))
		return nil
	}
	return cmd
}

// pages yields cmd and all commands below it that people can see.
func pages(cmd *cobra.Command) func(yield func(*cobra.Command) bool) {
	return func(yield func(*cobra.Command) bool) {
		if !yield(cmd) {
			return
		}
		for _, child := range cmd.Commands() {
			if !child.IsAvailableCommand() {
				continue
			}
			for page := range pages(child) {
				if !yield(page) {
					return
				}
			}
		}
	}
}

// manName is the name of a command's page.
func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the manual page of a command, in the language of troff.
func manPage(cmd *cobra.Command) []byte {
	var b bytes.Buffer
	cmd.InitDefaultHelpFlag()
	fmt.Fprintf(&b, ".TH \"%s\" 1 \"\" \"apicenter\" \"User Commands\"\n", troff(strings.ToUpper(manName(cmd))))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", troff(manName(cmd)), troff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", troff(cmd.UseLine()))
	if long := strings.TrimSpace(cmd.Long); long != "" {
		fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", manText(long))
	}
	manFlags(&b, "OPTIONS", cmd.NonInheritedFlags())
	manFlags(&b, "OPTIONS OF ALL THESE COMMANDS", cmd.InheritedFlags())
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", troff(strings.Trim(cmd.Example, "\n")))
	}
	var also []string
	if cmd.HasParent() {
		also = append(also, manName(cmd.Parent()))
	}
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			also = append(also, manName(child))
		}
	}
	if len(also) > 0 {
		b.WriteString(".SH SEE ALSO\n")
		for i, name := range also {
			comma := ","
			if i == len(also)-1 {
				comma = ""
			}
			fmt.Fprintf(&b, ".BR %s (1)%s\n", troff(name), comma)
		}
	}
	return b.Bytes()
}

func manFlags(b *bytes.Buffer, head string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", head)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		placeholder, about := pflag.UnquoteUsage(f)
		b.WriteString(".TP\n")
		if f.Shorthand != "" {
			fmt.Fprintf(b, "\\fB%s\\fR, ", troff("-"+f.Shorthand))
		}
		fmt.Fprintf(b, "\\fB%s\\fR", troff("--"+f.Name))
		if placeholder != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", troff(placeholder))
		}
		fmt.Fprintf(b, "\n%s\n", troff(about))
	})
}

// manText is a text of paragraphs; what is indented stays as it is.
func manText(text string) string {
	var b strings.Builder
	asIs := false
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		if indented != asIs && line != "" {
			asIs = indented
			b.WriteString(map[bool]string{true: ".nf\n", false: ".fi\n"}[asIs])
		}
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(troff(line) + "\n")
	}
	if asIs {
		b.WriteString(".fi\n")
	}
	return b.String()
}

// troff keeps text from being read as requests of troff.
func troff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\"", `\(dq`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
