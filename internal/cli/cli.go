package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Streams is what the commands have of the machine that they run on.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer

	// InTerminal says that a person sits at In and may be asked.
	// OutTerminal says that Out shows colours; ErrTerminal, that Err can redraw
	// a line.
	InTerminal, OutTerminal, ErrTerminal bool

	// ConfigDir is where profiles are kept; "" means nowhere.
	ConfigDir string
	// Browse shows a page to the person; nil means that there is no browser.
	Browse func(address string) error

	// Getenv reads the environment; nil means that there is none.
	Getenv func(string) string
	// Transport carries the requests; nil means http.DefaultTransport.
	Transport http.RoundTripper

	// input is all of In, read once: it stands for an argument, which a verb looks
	// at again for the next of --ids, or when somebody else was faster.
	input func() (string, error)
}

// System is the streams and the environment of this process.
func System() Streams {
	s := Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Getenv:      os.Getenv,
		Browse:      browser(),
	}
	if dir, err := os.UserConfigDir(); err == nil {
		s.ConfigDir = filepath.Join(dir, "apicenter")
	}
	return s
}

func (s Streams) env(name string) string {
	if s.Getenv == nil {
		return ""
	}
	return s.Getenv(name)
}

// New is the root command `apicenter` with all client verbs. The caller adds
// the server's own commands to it and runs it with Execute.
func New(s Streams) *cobra.Command {
	s.input = sync.OnceValues(func() (string, error) { return readAll(s.In, "the standard input") })
	root := group(&cobra.Command{
		Use:   "apicenter",
		Short: "An API center of your own: one inventory of all APIs, never stale",
		Long: `An API center of your own: one inventory of all APIs, never stale.

Exit codes of the client verbs: 0 done; 1 failed, or a sync that was waited
for ended partial or failed; 2 the command line is wrong; 3 not found;
4 no token, a wrong one, or one that may not do this.`,
	})
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(cmd, "%v", err)
	})
	root.AddCommand(resourceCommands(s)...)
	root.AddCommand(loginCommand(s), logoutCommand(s), accountCommand(s), configCommand(s),
		keyCommand(s), roleCommand(s), restCommand(s), manCommand(s))
	return root
}

// Execute runs root with args, prints an error to s.Err if there is one, and
// returns the exit code.
func Execute(ctx context.Context, root *cobra.Command, s Streams, args []string) int {
	root.SetArgs(spread(root, args))
	err := root.ExecuteContext(ctx)
	if err != nil {
		printError(s.Err, err)
	}
	return ExitCode(err)
}

// group makes cmd a mere parent: help without arguments, an error with
// arguments that name no child.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		err := usage(cmd, "%q is not a command of %q", args[0], cmd.CommandPath())
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			err.hint = fmt.Sprintf("did you mean: %s?", strings.Join(near, ", "))
		}
		return err
	}
	cmd.SuggestionsMinimumDistance = 2
	return cmd
}

// leaf makes cmd take flags only and report what its caller forgot as a
// mistake of usage. Its flags must be defined and marked before it runs.
func leaf(cmd *cobra.Command, run func(cmd *cobra.Command) error) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage(cmd, "%q takes no arguments but got %q", cmd.CommandPath(), args[0])
		}
		return nil
	}
	// Cobra checks both after PreRun, with errors that cannot be told from ours.
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.ValidateRequiredFlags(); err != nil {
			return usage(cmd, "%v", err)
		}
		if err := cmd.ValidateFlagGroups(); err != nil {
			return usage(cmd, "%v", err)
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return run(cmd) }
	return cmd
}

// require marks the flags as required; a name that does not exist is a bug.
func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}

// complete sets the completion of a flag; a name that does not exist is a bug.
func complete(cmd *cobra.Command, name string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(name, f); err != nil {
		panic(err)
	}
}

// words completes a flag with fixed words.
func words(of ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp)
}
