package plan

import (
	"fmt"
	"maps"
	"slices"

	"apicenter/internal/inventory"
)

// Brake holds deletions when more than Things and more than Share of the link
// would vanish, with what vanished of late, or all that is left of it at once.
type Brake struct {
	Things int
	Share  float64
}

// DefaultBrake holds more than 10 things that are more than a fifth of the link.
var DefaultBrake = Brake{Things: 10, Share: 0.2}

// vanished plans what was recorded in scope and not observed. What is marked as
// gone already stays so.
func (c *computation) vanished() []Op {
	var out []Op
	for _, external := range slices.Sorted(maps.Keys(c.index.Versions)) {
		v := c.index.Versions[external]
		if c.versions[external] != "" || c.index.Apart[external] || !c.policy.Scope.Whole() && c.policy.Scope.API != external {
			continue
		}
		if v.Gone.At.IsZero() || c.policy.Verdicts[external] == inventory.Approved {
			out = append(out, c.gone(external))
		}
	}
	return c.judged(out)
}

// gone is the op of a version that was not observed, or that the link does not cover.
func (c *computation) gone(external string) Op {
	op := Op{Action: Vanish, External: external, Recorded: c.index.Versions[external].Entry, Why: "the source no longer lists it"}
	if why, left := c.outside[external]; left {
		op.Left, op.Why = true, why
	}
	return op
}

// judged gives each thing that would go what people decided: of it, of the link,
// or of too many at once.
func (c *computation) judged(ops []Op) []Op {
	undecided := 0
	for i, op := range ops {
		switch verdict := c.policy.Verdicts[op.External]; {
		case verdict == inventory.Approved:
		case verdict == inventory.Rejected, c.policy.OnVanish == inventory.OnVanishKeep:
			ops[i].Action = Keep
		case c.policy.OnVanish == inventory.OnVanishHold:
			ops[i].Action, ops[i].Why = Hold, "the link holds every deletion"
		default:
			undecided++
		}
	}
	why := c.braked(undecided)
	for i, op := range ops {
		if why != "" && op.Action == Vanish && c.policy.Verdicts[op.External] != inventory.Approved {
			ops[i].Action, ops[i].Why = Hold, why
		}
	}
	return ops
}

// braked says why n deletions must wait for a person, or "". It counts what went
// of late with them, so that many passes take no more than one may.
func (c *computation) braked(n int) string {
	present := c.index.Elsewhere
	for _, v := range c.index.Versions {
		if v.Gone.At.IsZero() {
			present++
		}
	}
	gone, total := n+c.index.Dropped, present+c.index.Dropped
	switch b := c.policy.Brake; {
	case n == 0:
		return ""
	case c.policy.Scope.Whole() && len(c.versions) == 0 && len(c.outside) > 0:
		return fmt.Sprintf("the link covers nothing of the source any more, and %d APIs are recorded", present)
	case c.policy.Scope.Whole() && len(c.versions) == 0:
		return fmt.Sprintf("the source lists nothing at all any more, and %d APIs are recorded", present)
	case !c.policy.Scope.Whole() && n >= present:
		return "nothing of the source would be left"
	case gone > b.Things && float64(gone) > b.Share*float64(total):
		if c.index.Dropped == 0 {
			return fmt.Sprintf("%d of %d APIs would go at once", n, total)
		}
		return fmt.Sprintf("%d of %d APIs would go, with %d that went of late", gone, total, c.index.Dropped)
	}
	return ""
}

// hollow plans the recorded roots that no version is left of.
func (c *computation) hollow() []Op {
	if !c.policy.Scope.Whole() {
		return nil
	}
	full := map[string]bool{}
	for _, v := range c.index.Versions {
		full[v.Root] = true
	}
	var out []Op
	for _, external := range slices.Sorted(maps.Keys(c.index.Roots)) {
		if !full[external] && !c.roots[external] && c.index.Roots[external].Gone.At.IsZero() {
			out = append(out, Op{Action: Clear, External: external, Recorded: c.index.Roots[external], Why: "no version of it is left"})
		}
	}
	return out
}
