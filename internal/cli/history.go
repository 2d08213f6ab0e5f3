package cli

import (
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// instant is the flag --at: as of when a resource or a list is to be shown.
type instant struct{ name, at string }

func (i *instant) flag(cmd *cobra.Command) {
	i.flagNamed(cmd, "at", "as it was at this `time`: 2026-01-31T12:00:00Z, or so long ago: 36h")
}

// flagNamed is flag by another name.
func (i *instant) flagNamed(cmd *cobra.Command, name, usage string) {
	i.name = name
	cmd.Flags().StringVar(&i.at, name, "", usage)
}

// query is the parameter of a request that asks for it.
func (i *instant) query(cmd *cobra.Command) (url.Values, error) {
	at, err := i.time(cmd)
	if err != nil || at.IsZero() {
		return url.Values{}, err
	}
	return url.Values{"at": {at.Format(time.RFC3339Nano)}}, nil
}

// time is the instant; zero if none was given.
func (i *instant) time(cmd *cobra.Command) (time.Time, error) {
	if i.at == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(i.at); err == nil && ago >= 0 {
		return time.Now().Add(-ago).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, i.at)
	if err != nil {
		return at, usage(cmd, "--%s %q is neither a time such as 2026-01-31T12:00:00Z nor one ago such as 36h", i.name, i.at)
	}
	return at.UTC(), nil
}

// historyColumns show one change a line.
func historyColumns() []column {
	return []column{
		{"EVENT", "sequence", nil},
		{"AT", "at", nil},
		{"BY", "by", nil},
		{"ACTION", "action", nil},
		{"RESOURCE", "id", func(o object) string { return below(o.text("id")) }},
		{"FIELDS", "fields", func(o object) string { return joined(o, "fields") }},
		{"WHY", "why", nil},
		{"VERDICT", "compatibility.verdict", nil},
		{"TO", "to", func(o object) string { return below(o.text("to")) }},
	}
}

// below is what of a resource id is below its service.
func below(id string) string {
	_, rest, _ := strings.Cut(id, "/services/")
	_, rest, _ = strings.Cut(rest, "/")
	return rest
}

// historyCommand is the verb `history` of k.
func (k kind) historyCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "history", Short: "Show what happened to " + article(k.noun) + " and all in it, newest first", Example: k.example("history"),
	}
	of := k.flags(cmd, c, len(k.steps))
	return historyLeaf(cmd, c, func(s *session) string { return s.at(k, of) })
}

// workspaceHistoryCommand is `history`.
func workspaceHistoryCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "history", Short: "Show what happened to the inventory, newest first",
		Example: "  apicenter history --top 50\n  apicenter history -o json",
	}
	c := connect(cmd, s)
	return historyLeaf(cmd, c, func(s *session) string { return s.path(nil, nil) })
}

// historyLeaf makes cmd show the history of the resource at a path.
func historyLeaf(cmd *cobra.Command, c *connection, path func(*session) string) *cobra.Command {
	top := topFlag(cmd, 20, "how many events")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if err := top.check(cmd); err != nil {
			return err
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		events, err := told(s.History(cmd.Context(), path(s), top.n))
		if err != nil {
			return err
		}
		if s.print.whole() {
			return s.print.list(events, nil)
		}
		return s.print.list(steps(events), historyColumns())
	})
}

// steps are the changes of events, each with who made it and when.
func steps(events []object) []object {
	var out []object
	for _, e := range events {
		for _, c := range e.objects("changes") {
			fields := []any{}
			for _, f := range c.objects("fields") {
				fields = append(fields, strings.TrimPrefix(f.text("field"), "/"))
			}
			out = append(out, object{
				"sequence": e["sequence"], "at": e["at"], "by": e["by"], "action": c["action"], "id": c["id"], "fields": fields, "why": c["why"], "to": c["to"], "compatibility": c["compatibility"],
			})
		}
	}
	return out
}
