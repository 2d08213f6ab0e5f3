package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/client"
)

func unlinkCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete", Short: "Delete a link, with the APIs, environment and deployments that came by it",
		Long: `Delete a link, with the APIs, environment and deployments that came by it.

What people added to them is kept as tombstones, and comes back when the same
instance is linked again. With --keep, all stays as entries of your own; a new
link of the instance brings its APIs anew beside them. Before it asks, it says
what goes and what stays.`,
		Example: "  apicenter integration delete -i prod-gateway\n  apicenter integration delete -i prod-gateway -y --wait\n" +
			"  apicenter integration delete -i prod-gateway --keep",
	}
	of := linkKind().target(cmd, c)
	sure := sureFlag(cmd)
	var w waiting
	w.flags(cmd, "all is gone")
	keep := cmd.Flags().Bool("keep", false, "keep the APIs, environment and deployments as entries of your own")
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		link := s.link(of.of)
		if err := s.consequence(ctx, link, sure, *keep); err != nil {
			return nil, err
		}
		if err := sure.ask(cmd, s.streams, "Are you sure? (y/N) "); err != nil {
			return nil, err
		}
		end := link.Delete
		if *keep {
			end = link.HandOver
		}
		if err := end(ctx); err != nil || !w.wait {
			return nil, explain(err)
		}
		return nil, s.until(ctx, w.limit, "the center goes on with the deletion: apicenter integration list",
			func(ctx context.Context) (bool, error) {
				_, there, err := s.exists(ctx, path, preview)
				return !there && err == nil, err
			})
	}, nil)
}

// namedEntries is how many entries a person is told by name.
const namedEntries = 10

// consequence tells a person who is to be asked what goes with a link, and what stays.
func (s *session) consequence(ctx context.Context, link client.APISourceRef, sure *sureness, keep bool) error {
	if sure.yes || !s.streams.InTerminal {
		return nil
	}
	u, err := link.PreviewDelete(ctx)
	if err != nil {
		return explain(err)
	}
	for _, line := range partingLines(last(link.ID()), u, keep) {
		fmt.Fprintln(s.streams.Err, clean(line))
	}
	return nil
}

// partingLines say what becomes of what a link brought.
func partingLines(name string, u client.Unlinking, keep bool) []string {
	if keep {
		lines := []string{"This deletes the link " + name + ", and leaves as entries of your own:", "  " + amount(u.Keeps)}
		if u.Shared > 0 {
			lines = append(lines, "  of these, a part of "+plural(u.Shared, "API")+" that others bring or keep, too: "+entries(u, shared))
		}
		return lines
	}
	lines := []string{"This deletes the link " + name + ", and with it:", "  " + amount(u.Goes)}
	if u.Edited > 0 {
		lines = append(lines, fmt.Sprintf("  people have written to %d of these, and tombstones keep their words %s: %s",
			u.Edited, keptFor(u.TombstoneSeconds), entries(u, func(e client.Parting) bool { return e.Goes && e.Edited })))
	}
	if u.Shared > 0 {
		lines = append(lines, "  what stays, since others bring or keep it, too: "+entries(u, shared))
	}
	for _, e := range u.Entries {
		if e.Kind == "environment" && !e.Goes {
			lines = append(lines, fmt.Sprintf("  the environment %s stays: %s", cmp.Or(e.Title, last(e.ID)), e.Why))
		}
	}
	return append(lines, "With --keep, all that the link brought would stay as entries of your own.")
}

func shared(e client.Parting) bool { return e.Kind == "api" && !e.Goes }

// entries names those of a sort, as far as there is room.
func entries(u client.Unlinking, of func(client.Parting) bool) string {
	var names []string
	more := 0
	for _, e := range u.Entries {
		if !of(e) {
			continue
		}
		if len(names) == namedEntries {
			more++
			continue
		}
		text := cmp.Or(e.Title, last(e.ID))
		if len(e.Links) > 0 {
			text += " (" + strings.Join(e.Links, ", ") + ")"
		}
		names = append(names, text)
	}
	if more > 0 || u.Omitted > 0 {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// amount says how many things of each kind there are.
func amount(a client.Amount) string {
	parts := []string{
		plural(a.APIs, "API"), plural(a.Versions, "version"), plural(a.Definitions, "definition"),
		plural(a.Deployments, "deployment"), plural(a.Environments, "environment"),
	}
	if a.Made > 0 {
		parts = append(parts, plural(a.Made, "thing")+" that people made in them")
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.HasPrefix(s, "0 ") })
	return cmp.Or(strings.Join(parts, ", "), "nothing else")
}

func keptFor(seconds int64) string {
	if seconds == 0 {
		return "for ever"
	}
	return "for " + span(time.Duration(seconds)*time.Second)
}
