package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/client"
)

func linkStep() step { return step{"apiSources", "integration-name", "i", []string{"integration-id"}} }

func linkKind() kind {
	return kind{
		noun: "link", plural: "links", steps: []step{linkStep()}, version: preview,
		columns: []column{
			{"NAME", "name", nil},
			{"STATE", "linkState.state", linkState},
			{"APIS", "synchronization.apis", nil},
			{"AGE", "synchronization.ageSeconds", linkAge},
			{"TARGET", "synchronization.targetSeconds", seconds("synchronization.targetSeconds")},
			{"NEXT", "synchronization.nextDue", due("synchronization.nextDue")},
			{"LAST RUN", "synchronization.lastRun.outcome", lastRun},
			{"ERRORS", "synchronization.lastRun.errors", nil},
			{"MESSAGE", "linkState.message", linkMessage},
		},
		examples: map[string]string{
			"list": "apicenter integration list\napicenter integration list -o json",
			"show": "apicenter integration show -i prod-gateway",
		},
	}
}

func linkState(o object) string {
	state := o.text("linkState.state")
	if o.text("synchronization.paused.at") != "" {
		return state + " (paused)"
	}
	if stalled := o.text("synchronization.stalled"); stalled != "" && stalled != "false" {
		return state + " (stalled)"
	}
	return state
}

// linkAge is how old what the link shows may be, and whether that is too old.
func linkAge(o object) string {
	if late := o.text("synchronization.late"); late == "true" {
		return seconds("synchronization.ageSeconds")(o) + " (late)"
	}
	return seconds("synchronization.ageSeconds")(o)
}

// lastRun is how the newest run ended, and when.
func lastRun(o object) string {
	outcome := o.text("synchronization.lastRun.outcome")
	if outcome == "" {
		return "-"
	}
	return outcome + " " + age("synchronization.lastRun.endedAt")(o)
}

// linkMessage is what the link says, then what it waits for.
func linkMessage(o object) string {
	var parts []string
	m, late := o.text("linkState.message"), o.text("synchronization.lateReason")
	if m != "" {
		parts = append(parts, m)
	}
	if late != "" && (m == "" || !strings.Contains(late, m)) {
		parts = append(parts, "late: "+late)
	}
	if log := o.text("synchronization.activityLog.message"); log != "" {
		parts = append(parts, "activity log: "+log)
	}
	for _, what := range []string{"held", "kept", "problems"} { // why a limit keeps things out is in the message
		if n := o.count("synchronization." + what); n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", what, n))
		}
	}
	return strings.Join(parts, "; ")
}

// integrationCommand is `integration`: the links to gateways.
func integrationCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "integration", Aliases: []string{"link"},
		Short: "The links that keep the inventory in step with gateways",
	})
	c := connect(cmd, s)
	create := group(&cobra.Command{Use: "create", Short: "Link a gateway"})
	create.AddCommand(createAPIMCommand(c), createAWSCommand(c))
	k := linkKind()
	cmd.AddCommand(create, k.listCommand(c), k.showCommand(c), changeLinkCommand(c), unlinkCommand(c), syncCommand(c),
		runsCommand(c), planCommand(c), applyCommand(c), pauseCommand(c), resumeCommand(c), deletionsCommand(c), approveCommand(c), rejectCommand(c), inheritCommand(c),
		checkCommand(c), doctorCommand(c), eventsCommand(c))
	return cmd
}

// waiting is the flags --wait and --timeout.
type waiting struct {
	wait  bool
	limit time.Duration
}

func (w *waiting) flags(cmd *cobra.Command, what string) {
	cmd.Flags().BoolVar(&w.wait, "wait", false, "wait until "+what)
	cmd.Flags().DurationVar(&w.limit, "timeout", 30*time.Minute, "how long --wait waits")
}

// changeLinkCommand is `update`: how a link follows its source. What it reads
// cannot change.
func changeLinkCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "update", Short: "Change how a link follows its source, and leave the rest",
		Example: "  apicenter integration plan -i prod-gateway --exclude tag=internal    # what it would do\n" +
			"  apicenter integration update -i prod-gateway --exclude tag=internal --exclude name=test-*\n" +
			"  apicenter integration update -i prod-gateway --include '' --exclude ''",
	}
	k := linkKind()
	of := k.target(cmd, c)
	var follow following
	follow.flags(cmd, c)
	cmd.MarkFlagsOneRequired(followingFlags()...)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		if err := follow.check(cmd); err != nil {
			return nil, err
		}
		return s.change(ctx, path, preview, func(o object) error {
			p, _ := asObject(o["properties"])
			follow.change(cmd, p, s.workspace)
			return nil
		})
	}, k.row)
}

func runColumns() []column {
	return []column{
		{"RUN", "id", nil},
		{"TRIGGER", "trigger", nil},
		{"SCOPE", "scope", nil},
		{"STARTED", "startedAt", age("startedAt")},
		{"OUTCOME", "outcome", runOutcome},
		{"TOOK", "durationSeconds", runTook},
		{"OBSERVED", "counts.observed", nil},
		{"ADDED", "counts.added", nil},
		{"UPDATED", "counts.updated", nil},
		{"DELETED", "counts.deleted", nil},
		{"KEPT", "counts.kept", nil},
		{"HELD", "counts.held", nil},
		{"BREAKING", "counts.breaking", nil},
		{"FAILED", "counts.failed", nil},
		{"MESSAGE", "message", nil},
	}
}

// runOutcome is how the run ended, or what it is at.
func runOutcome(o object) string {
	if running(o) {
		return strings.TrimSpace("running " + o.text("phase"))
	}
	return o.text("outcome")
}

func runTook(o object) string {
	if running(o) {
		return ""
	}
	seconds, err := strconv.ParseFloat(o.text("durationSeconds"), 64)
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(seconds, 'f', 1, 64) + "s"
}

func running(run object) bool { return run.text("endedAt") == "" }

func runsCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "runs", Short: "List the latest synchronisations of a link, newest first",
		Example: "  apicenter integration runs -i prod-gateway --top 5",
	}
	of := linkKind().flags(cmd, c, 1)
	top := topFlag(cmd, 20, "how many")
	return leaf(cmd, func(cmd *cobra.Command) error {
		if err := top.check(cmd); err != nil {
			return err
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		runs, err := told(s.link(of).Runs(cmd.Context(), client.ListOptions{Top: top.n}))
		if err != nil {
			return err
		}
		return s.print.list(runs, runColumns())
	})
}
