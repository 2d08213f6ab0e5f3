package cli

import (
	"context"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// target says which resources a command is for: one by its names, or some by
// their ARM ids, which stand in for all the names.
type target struct {
	c    *connection
	kind kind
	of   names
	ids  *groups
}

// target adds the names of a resource of k to cmd, and --ids in their place.
func (k kind) target(cmd *cobra.Command, c *connection) *target {
	return &target{
		c: c, kind: k, of: k.flags(cmd, c, len(k.steps)),
		ids: several(cmd.Flags(), "ids", "", "ARM ids of one or more, in place of the service and the names"),
	}
}

// leaf is leaf for a command about targets: run is called for each.
// What it gives is printed by show; nil prints nothing.
func (t *target) leaf(
	cmd *cobra.Command, run func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error),
	show func(p printer, o object) error,
) *cobra.Command {
	cmd = leaf(cmd, func(cmd *cobra.Command) error { return t.run(cmd, run, show) })
	check := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := t.standIn(cmd); err != nil {
			return err
		}
		return check(cmd, args)
	}
	return cmd
}

// standIn lets the first id stand for the flags that are required.
func (t *target) standIn(cmd *cobra.Command) error {
	ids := t.ids.words()
	if len(ids) == 0 {
		return nil
	}
	said := []string{"service-id", "service-name", "resource-group", "subscription"}
	for _, st := range t.kind.steps {
		said = append(said, st.flag)
	}
	for _, name := range said {
		if cmd.Flags().Changed(name) {
			return usage(cmd, "--ids says it all: leave out --%s", name)
		}
	}
	for _, id := range ids {
		if _, err := t.parse(cmd, id); err != nil {
			return err
		}
	}
	for _, name := range said {
		f := cmd.Flags().Lookup(name)
		if f == nil || f.Annotations[cobra.BashCompOneRequiredFlag] == nil {
			continue
		}
		if err := cmd.Flags().Set(name, "-"); err != nil { // satisfied; run puts in what the id says
			return err
		}
	}
	return nil
}

func (t *target) run(
	cmd *cobra.Command, run func(context.Context, *cobra.Command, *session, string) (object, error),
	show func(printer, object) error,
) error {
	ctx := cmd.Context()
	ids := t.ids.words()
	if len(ids) == 0 {
		s, err := t.c.open(ctx, cmd)
		if err != nil {
			return err
		}
		o, err := run(ctx, cmd, s, s.at(t.kind, t.of))
		if err != nil || o == nil {
			return err
		}
		return show(s.print, o)
	}
	var results []object
	var s *session
	for _, id := range ids {
		at, err := t.parse(cmd, id)
		if err != nil {
			return err
		}
		t.c.serviceID = at.service
		for i, st := range t.kind.steps {
			*t.of[st.flag] = at.names[i]
		}
		if s, err = t.c.open(ctx, cmd); err != nil {
			return err
		}
		s.workspace = at.workspace
		o, err := run(ctx, cmd, s, s.at(t.kind, t.of))
		if err != nil {
			return err
		}
		if o != nil {
			results = append(results, o)
		}
	}
	switch len(results) {
	case 0:
		return nil
	case 1:
		return show(s.print, results[0])
	}
	return s.print.list(results, t.kind.columns)
}

// location is what an id says.
type location struct {
	service   string // ARM id
	workspace string
	names     []string // in the order of the steps
}

func (t *target) parse(cmd *cobra.Command, id string) (location, error) {
	wrong := usage(cmd, "--ids: %q is not the ARM id of %s", id, article(t.kind.noun))
	parts := strings.Split(strings.Trim(id, "/"), "/")
	if len(parts) < 8 {
		return location{}, wrong
	}
	at := location{service: "/" + strings.Join(parts[:8], "/"), workspace: defaultWorkspace}
	if _, ok := parseServiceID(at.service); !ok {
		return location{}, wrong
	}
	rest := parts[8:]
	if !t.kind.ofService {
		if len(rest) < 2 || !strings.EqualFold(rest[0], "workspaces") || rest[1] == "" {
			return location{}, wrong
		}
		at.workspace, rest = rest[1], rest[2:]
	}
	if len(rest) != 2*len(t.kind.steps) {
		return location{}, wrong
	}
	for i, st := range t.kind.steps {
		name, err := url.PathUnescape(rest[2*i+1])
		if err != nil || name == "" || !strings.EqualFold(rest[2*i], st.segment) {
			return location{}, wrong
		}
		at.names = append(at.names, name)
	}
	return at, nil
}

// article puts an or a before a noun.
func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiouA") {
		return "an " + noun
	}
	return "a " + noun
}
