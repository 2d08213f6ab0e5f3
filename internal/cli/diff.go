package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// diffCommand is the verb `diff` of definitions.
func diffCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff", Short: "Show what differs between two documents of a definition, or between two definitions, and whether it breaks callers",
		Long: `Show what differs between two documents of a definition, or between two
definitions, and whether it breaks who uses the API as the older one defines it.

The definition named by its flags is the newer one. The older one is what it was
at --from, or another definition, --with, which is named by its ARM id or by its
path in the workspace.`,
		Example: "  apicenter api definition diff --api-id petstore --version-id v1-0 --definition-id openapi --from 720h\n" +
			"  apicenter api definition diff --api-id petstore --version-id v1-0 --definition-id openapi --with apis/pets/versions/v1-0/definitions/openapi",
	}
	of := definitionKind().target(cmd, c)
	var from, to instant
	from.flagNamed(cmd, "from", "the older one as it was at this `time`: 2026-01-31T12:00:00Z, or so long ago: 36h")
	to.flagNamed(cmd, "to", "the newer one as it was at this `time` (default now)")
	with := cmd.Flags().String("with", "", "the older one is of this definition")
	cmd.MarkFlagsOneRequired("from", "with")
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		older, err := from.time(cmd)
		if err != nil {
			return nil, err
		}
		newer, err := to.time(cmd)
		if err != nil {
			return nil, err
		}
		edition := client.Edition{At: older}
		if *with != "" {
			edition.ID = s.resource(*with)
		}
		return tell(s.DefinitionByID(path).Diff(ctx, edition, newer))
	}, printDiff)
}

// printDiff writes the verdict, the reasons and the lines that differ.
func printDiff(p printer, o object) error {
	if p.whole() {
		return p.document(o)
	}
	fmt.Fprintln(p.out, clean(strings.TrimSpace(o.text("verdict")+" "+o.text("message"))))
	for _, r := range o.objects("reasons") {
		mark := " "
		if r["breaking"] == true {
			mark = "!"
		}
		fmt.Fprintln(p.out, clean(strings.Join(strings.Fields(mark+" "+r.text("operation")+" "+r.text("path")+": "+r.text("text")), " ")))
	}
	if more := o.text("more"); more != "" {
		fmt.Fprintf(p.out, "and %s more reasons\n", clean(more))
	}
	for _, h := range o.objects("diff.hunks") {
		fmt.Fprintf(p.out, "@@ -%s +%s @@\n", clean(h.text("old")), clean(h.text("new")))
		for _, l := range h.objects("lines") {
			fmt.Fprintln(p.out, clean(l.text("op")+l.text("text")))
		}
	}
	if o.at("diff.cut") == true {
		fmt.Fprintln(p.out, "and more that is not shown: export both")
	}
	return nil
}
