package cli

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// intention is what a link is, or would be: the flags of `plan`.
type intention struct {
	creation
	flags []string // those that say how the link follows its source
}

func (n *intention) define(cmd *cobra.Command, c *connection) {
	n.name = linkKind().flags(cmd, c, 1)["integration-name"]
	n.sourceFlags(cmd)
	n.follow.flags(cmd, c)
	n.flags = followingFlags()
}

// properties are what is planned for: none for the link as it is, those of the link
// with other settings, or of one that is not there yet.
func (n *intention) properties(ctx context.Context, cmd *cobra.Command, s *session, ref client.APISourceRef) (*client.APISource, error) {
	if err := n.follow.check(cmd); err != nil {
		return nil, err
	}
	if n.apim.name != "" {
		source, err := n.source(cmd, s.service)
		if err != nil {
			return nil, err
		}
		return settings(n.link(source, s.workspace))
	}
	changed := false
	for _, flag := range n.flags {
		changed = changed || cmd.Flags().Changed(flag)
	}
	if !changed {
		return nil, nil
	}
	link, err := s.get(ctx, ref.ID(), preview)
	if err != nil {
		return nil, err
	}
	p, _ := asObject(link["properties"])
	n.follow.change(cmd, p, s.workspace)
	return settings(link)
}

func planCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "plan", Short: "Show what a synchronisation would change and cost, and change nothing",
		Long: `Show what a synchronisation would change and cost, and change nothing.

Of a link that is there, as it is or with other settings, or of one that is not
there yet. The center reads the source as the synchronisation would, but fetches
no definition. The digest at the end stands for all of the plan.`,
		Example: `  apicenter integration plan -i prod-gateway
  apicenter integration plan -i prod-gateway --import-specification never
  apicenter integration plan -i new-gateway --azure-apim contoso-apim -o json`,
	}
	var n intention
	n.define(cmd, c)
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		link := s.space().APISource(*n.name)
		properties, err := n.properties(ctx, cmd, s, link)
		if err != nil {
			return err
		}
		plan, err := tell(link.Plan(ctx, properties))
		if err != nil {
			return err
		}
		return s.print.plan(plan)
	})
}

func applyCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "apply", Short: "Synchronise a link exactly as planned, or not at all",
		Long: `Synchronise a link exactly as planned, or not at all.

Give the digest of the plan, or the file that plan -o json wrote, and the flags
that it was planned with. A link that is not there yet is made. If the source,
the inventory or the link has moved since, nothing is applied: a link goes on as
it was, and a new one waits for another plan, or for sync.`,
		Example: `  apicenter integration plan -i prod-gateway --import-specification never
  apicenter integration apply -i prod-gateway --import-specification never --wait \
      --plan 4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c`,
	}
	var n intention
	n.define(cmd, c)
	plan := cmd.Flags().String("plan", "", "digest of the plan, or the file that has it; - is the standard input")
	require(cmd, "plan")
	n.wait.flags(cmd, "it has ended; exit code 1 if it was refused, or ended partial or failed")
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		digest, err := s.streams.digest(cmd, *plan)
		if err != nil {
			return err
		}
		link := s.space().APISource(*n.name)
		properties, err := n.properties(ctx, cmd, s, link)
		if err != nil {
			return err
		}
		since, err := requested(link.Apply(ctx, digest, properties))
		if err != nil {
			return err
		}
		if !n.wait.wait {
			return s.print.row(asked(since), requestColumns())
		}
		return s.report(ctx, link, since, n.wait.limit)
	})
}

// digest is the one that an argument is, or that is in the file that it names.
func (s Streams) digest(cmd *cobra.Command, argument string) (string, error) {
	if isDigest(argument) {
		return argument, nil
	}
	name := argument
	if name != "-" {
		name = "@" + name
	}
	text, err := s.document(name)
	if err != nil {
		return "", usage(cmd, "--plan %q is no digest, and no file that can be read: %v", argument, err)
	}
	var plan struct {
		Digest string `json:"digest"`
	}
	if json.Unmarshal([]byte(text), &plan) != nil || !isDigest(plan.Digest) {
		return "", usage(cmd, "--plan: %s has no digest of a plan; have plan -o json write it", argument)
	}
	return plan.Digest, nil
}

func isDigest(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == 32
}

// plan prints a plan: the changes, then for a person what they come to.
func (p printer) plan(plan object) error {
	if p.whole() {
		return p.document(plan)
	}
	changes := plan.objects("changes")
	if p.format == "tsv" {
		return p.list(changes, []column{
			{"ACTION", "action", nil},
			{"SOURCE OBJECT", "external", nil},
			{"TITLE", "title", nil},
			{"FIELDS", "fields", nil},
			{"WHY", "why", nil},
		})
	}
	if len(changes) > 0 {
		var cells [][]string
		for _, c := range changes {
			cells = append(cells, changeRows(c)...)
		}
		if err := writeTable(p.out, []string{"ACTION", "SOURCE OBJECT", "TITLE", "WHAT"}, cells); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(p.out, clean(summary(plan))); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	if digest := plan.text("digest"); digest != "" {
		if _, err := fmt.Fprintln(p.out, "plan "+clean(digest)); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
	}
	return nil
}

// changeRows is a change in as many rows as there is to say of it.
func changeRows(change object) [][]string {
	what := changeLines(change)
	external := change.text("external")
	if external == "" {
		external = "(environment)"
	}
	rows := [][]string{{change.text("action"), external, change.text("title"), ""}}
	for i, line := range what {
		if i == 0 {
			rows[0][3] = line
			continue
		}
		rows = append(rows, []string{"", "", "", line})
	}
	return rows
}

// changeLines says what differs. Of what is new, the title says enough.
func changeLines(change object) []string {
	var lines []string
	if why := change.text("why"); why != "" {
		lines = append(lines, why)
	}
	for _, m := range change.objects("moves") {
		lines = append(lines, fmt.Sprintf("%s comes from %s", m.text("external"), m.text("from")))
	}
	if merged := joined(change, "merges"); merged != "" {
		lines = append(lines, "becomes one with "+merged)
	}
	if other := change.text("joins"); other != "" {
		lines = append(lines, "becomes one with "+other+", which another link brought")
	}
	if change.text("action") == "change" {
		for _, f := range change.objects("fields") {
			lines = append(lines, fieldLine(f))
		}
		if n := change.count("moreFields"); n > 0 {
			lines = append(lines, fmt.Sprintf("and %d fields more", n))
		}
	}
	for _, d := range change.objects("drops") {
		lines = append(lines, fmt.Sprintf("the %s of %s goes", d.text("kind"), d.text("external")))
	}
	if documents := change.count("documents"); documents > 0 {
		lines = append(lines, plural(documents, "definition")+" to fetch")
	}
	return lines
}

func fieldLine(f object) string {
	name := f.text("field")
	if part := f.text("external"); part != "" {
		name = fmt.Sprintf("%s of %s: %s", f.text("kind"), part, name)
	}
	return fmt.Sprintf("%s: %s → %s", name, shown(f, "before"), shown(f, "after"))
}

// shown is a value of a field, as JSON has it.
func shown(f object, at string) string {
	v, ok := f[at]
	switch v := v.(type) {
	case nil:
		if !ok {
			return "-"
		}
		return "null"
	case string:
		return shorten(fmt.Sprintf("%q", v), widest)
	}
	return shorten(text(v), widest)
}

// summary is what a plan comes to.
func summary(plan object) string {
	var parts []string
	for _, what := range []struct{ count, words string }{
		{"adds", "to add"},
		{"updates", "to update"},
		{"moves", "to move"},
		{"merges", "to merge"},
		{"joins", "to become one with what another link brought"},
		{"deletes", "to delete"},
		{"leaves", "to leave the scope"},
		{"kept", "to mark as gone"},
		{"held", "held for approval"},
		{"limited", "kept out by a limit"},
	} {
		if n := plan.count(what.count); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what.words))
		}
	}
	if n := plan.count("omitted"); n > 0 {
		parts = append(parts, plural(n, "change")+" not listed")
	}
	if len(parts) == 0 && len(plan.objects("changes")) == 0 {
		parts = append(parts, "nothing to do")
	} else if len(parts) == 0 {
		parts = append(parts, "no API to change")
	}
	out := strings.Join(parts, ", ") + "; " + plural(plan.count("requests"), "request") + " to the source"
	if seconds := plan.count("expectedSeconds"); seconds > 0 {
		out += ", about " + span(time.Duration(seconds)*time.Second)
	}
	return out
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
