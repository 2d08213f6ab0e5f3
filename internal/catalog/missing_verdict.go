package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// remains says why something is still here that the source, if it could be
// asked, does not have.
func (l *sought) remains(asked bool) (inventory.Absence, string) {
	name, as := l.resource.Name(), inventory.ShortID(l.api)
	switch d := l.held; {
	case d != nil && d.Verdict == inventory.Undecided:
		return inventory.HeldBack, fmt.Sprintf("it is here as %s; its source has it no longer, and its deletion is held since %s (%s); let it go or keep it: apicenter integration approve -i %s --object %s, or reject",
			as, d.Since.Format(time.RFC3339), d.Why, name, d.External)
	case d != nil:
		return inventory.HeldBack, fmt.Sprintf("it is here as %s; its source has it no longer, its deletion is held since %s, and %s %s it at %s: the next synchronisation does so",
			as, d.Since.Format(time.RFC3339), d.By, d.Verdict, d.At.Format(time.RFC3339))
	case !l.recorded.Gone.At.IsZero():
		return inventory.Present, fmt.Sprintf("it is here as %s, marked as gone at its source since %s", as, l.recorded.Gone.At.Format(time.RFC3339))
	case asked:
		return inventory.Present, fmt.Sprintf("it is here as %s, but its source does not list it; the next synchronisation, due %s, looks at that", as, l.status.NextDue.Format(time.RFC3339))
	default:
		return inventory.Present, "it is here as " + as
	}
}

// outstanding says why a link has not brought what its source has.
func (l *sought) outstanding(seen inventory.Sighting) (inventory.Absence, string) {
	name, external := l.resource.Name(), seen.External
	if seen.Outside != "" {
		return inventory.OutOfScope, fmt.Sprintf("its source has it as %s, but %s; change what it covers: apicenter integration update -i %s", external, seen.Outside, name)
	}
	for _, r := range l.runs {
		if i := slices.IndexFunc(r.Errors, func(e inventory.RunError) bool { return e.External == external }); i >= 0 {
			return inventory.Withheld, fmt.Sprintf("its source has it as %s, and run %d could not bring it: %s", external, r.ID, r.Errors[i].Message)
		}
	}
	now := fmt.Sprintf("synchronise now: apicenter integration sync -i %s", name)
	switch s := l.status; {
	case s.State == inventory.Deleting:
		return inventory.Withheld, fmt.Sprintf("its source has it as %s, but the link %s is being deleted", external, name)
	case s.State == inventory.Failed:
		return inventory.Withheld, fmt.Sprintf("its source has it as %s, but the link fails: %s", external, s.Message)
	case s.Limited:
		return inventory.Full, fmt.Sprintf("its source has it as %s, but %s", external, cmp.Or(s.Message, "a limit keeps new APIs out"))
	case s.SyncedAt.IsZero():
		return inventory.Pending, fmt.Sprintf("its source has it as %s, and the first synchronisation has not ended; wait for it: apicenter integration runs -i %s", external, name)
	default:
		return inventory.Pending, fmt.Sprintf("its source has it as %s, and the next synchronisation, due %s, brings it; or %s --api %s", external, s.NextDue.Format(time.RFC3339), now, external)
	}
}

// ranks are the verdicts, the one that explains the most first.
var ranks = []inventory.Absence{
	inventory.HeldBack, inventory.Present, inventory.Withheld, inventory.Full, inventory.OutOfScope, inventory.Pending, inventory.Elsewhere, inventory.MergedAway,
	inventory.Removed, inventory.Unreachable, inventory.Nowhere, inventory.NoLinks,
}

// conclude makes one verdict of all.
func (s *search) conclude() {
	found := map[inventory.Absence]string{inventory.NoLinks: "nothing brings it: the workspace has no link; link its gateway, or register it: apicenter api register"}
	if len(s.sought) > 0 {
		delete(found, inventory.NoLinks)
	}
	if left := s.out.Left; left != nil {
		at := left.At.Format(time.RFC3339)
		found[inventory.Removed] = s.removed(at)
		if s.merged != "" {
			found[inventory.MergedAway] = fmt.Sprintf("%s since %s", s.merged, at)
		}
	}
	if len(s.elsewhere) > 0 {
		found[inventory.Elsewhere] = "it is not in this workspace, but " + inventory.ShortID(s.elsewhere[0]) + " of the service " + serviceOf(s.elsewhere[0]) + " has that name"
	}
	for _, l := range slices.Backward(s.out.Links) {
		found[l.Verdict] = "link " + lastOf(l.Link) + ": " + l.Message
	}
	if _, all := found[inventory.Nowhere]; all {
		found[inventory.Nowhere] = "no source of a link has an API with that name, title or path; create it there, or link the gateway that has it"
		if s.more > 0 {
			delete(found, inventory.Nowhere)
			found[inventory.Unreachable] = fmt.Sprintf("the sources that were asked do not have it, and %d more links were not asked; name one with -i", s.more)
		}
	}
	if _, linked := found[inventory.Present]; len(s.out.Found) > 0 && !linked {
		found[inventory.Present] = "it is here: " + inventory.ShortID(s.out.Found[0])
	}
	if len(s.out.Found) == 0 {
		s.out.Found = append(s.out.Found, s.elsewhere...)
	}
	for _, v := range ranks {
		if message, ok := found[v]; ok {
			s.out.Verdict, s.out.Message = v, message
			return
		}
	}
	panic("catalog: a search without a verdict")
}

// removed says how something left, and how it comes back.
func (s *search) removed(at string) string {
	left := *s.out.Left
	path, by := inventory.ShortID(left.Path), left.By
	if left.Run != 0 {
		by += fmt.Sprintf(" (run %d)", left.Run)
	}
	if s.approved != "" {
		by += ", as " + s.approved + " approved"
	}
	switch left.Why {
	case inventory.Vanished:
		return fmt.Sprintf("%s was deleted at the source; %s removed it at %s; %s", path, by, at, returns(left, "when it is at the source again"))
	case inventory.Unlinked:
		return fmt.Sprintf("%s was removed at %s with its link; %s", path, at, returns(left, "when the source is linked again"))
	case inventory.Left:
		return fmt.Sprintf("%s left what the link takes from the source; %s removed it at %s; %s", path, by, at, returns(left, "when the link covers it again"))
	case inventory.Merged:
		return fmt.Sprintf("%s became part of another API at %s", path, at)
	default:
		return fmt.Sprintf("%s was deleted at %s by %s; create it anew: apicenter api create", path, at, left.By)
	}
}

// returns says what is kept of something that left, and when it comes back.
func returns(left inventory.Departure, again string) string {
	switch {
	case left.Tombstone == 0:
		return "it comes back " + again + ", but what people had said of it is not kept any more"
	case left.Until.IsZero():
		return fmt.Sprintf("what people had said of it is kept in tombstone %d, and comes back %s", left.Tombstone, again)
	default:
		return fmt.Sprintf("what people had said of it is kept in tombstone %d until %s, and comes back %s", left.Tombstone, left.Until.Format(time.RFC3339), again)
	}
}

// lastOf is the last part of a path.
func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// serviceOf is the name of the service that a path is in.
func serviceOf(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return parts[2]
}
