package inventory_test

import (
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

func TestFreshness(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	promise := inventory.Promise{Target: time.Minute, Audit: 24 * time.Hour, Allowance: 30 * time.Second}
	healthy := inventory.LinkStatus{
		State: inventory.Syncing, SyncedAt: ago(40 * time.Second), ProvenAt: ago(40 * time.Second),
		Definitions: 5, DefinitionsProvenAt: ago(10 * time.Hour),
	}
	with := func(change func(*inventory.LinkStatus)) inventory.LinkStatus {
		s := healthy
		change(&s)
		return s
	}
	const never = -1
	for _, tt := range []struct {
		name             string
		link             inventory.Link
		status           inventory.LinkStatus
		made             time.Duration // ago
		age, definitions time.Duration
		late             string // a part of the reason
	}{
		{"healthy", inventory.Link{}, healthy, time.Hour, 70 * time.Second, 10*time.Hour + 30*time.Second, ""},
		{"at the target", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.ProvenAt = ago(time.Minute) }), time.Hour, 90 * time.Second, 10*time.Hour + 30*time.Second, ""},
		{"over the target", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.ProvenAt = ago(61 * time.Second) }), time.Hour, 91 * time.Second, 10*time.Hour + 30*time.Second, "no pass has ended since the one that began at 2026-03-01T11:59:20Z"},
		{"a target of its own", inventory.Link{Target: 10 * time.Second}, healthy, time.Hour, 70 * time.Second, 10*time.Hour + 30*time.Second, "no pass has ended"},
		{"failing", inventory.Link{}, with(func(s *inventory.LinkStatus) {
			s.State, s.Message, s.FailingSince, s.ProvenAt = inventory.Failed, "busy", ago(time.Hour), ago(2*time.Hour)
		}), 3 * time.Hour, 2*time.Hour + 30*time.Second, 10*time.Hour + 30*time.Second, "failing since 2026-03-01T11:00:00Z: busy"},
		{"failing, and not late yet", inventory.Link{}, with(func(s *inventory.LinkStatus) {
			s.State, s.Message, s.FailingSince = inventory.Failed, "busy", ago(time.Second)
		}), 3 * time.Hour, 70 * time.Second, 10*time.Hour + 30*time.Second, ""},
		{"stalled", inventory.Link{}, inventory.LinkStatus{State: inventory.Failed, Stalled: true, Message: "no role", FailingSince: ago(time.Hour)}, time.Hour, never, never, "stalled since 2026-03-01T11:00:00Z: no role"},
		{"refused by a check", inventory.Link{}, inventory.LinkStatus{State: inventory.Failed, Stalled: true, Message: "no role"}, time.Hour, never, never, "waiting: no role"},
		{"held", inventory.Link{}, with(func(s *inventory.LinkStatus) {
			s.ProvenAt, s.Unproven = ago(time.Hour), "12 deletions are held for approval"
		}), time.Hour, time.Hour + 30*time.Second, 10*time.Hour + 30*time.Second, "12 deletions"},
		{"slow", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.ProvenAt, s.Took = ago(80*time.Second), 40*time.Second }), time.Hour, 110 * time.Second, 10*time.Hour + 30*time.Second, "a pass takes 40s"},
		{"just made", inventory.Link{}, inventory.LinkStatus{State: inventory.Initializing}, 10 * time.Second, never, never, ""},
		{"not there for long", inventory.Link{}, inventory.LinkStatus{State: inventory.Initializing}, 2 * time.Minute, never, never, "first synchronisation"},
		{"definitions missing", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.DefinitionsProvenAt, s.Problems = time.Time{}, 2 }), 25 * time.Hour, 70 * time.Second, never, "the document of 2 of 5 definitions"},
		{"definitions missing in a new link", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.DefinitionsProvenAt = time.Time{} }), time.Hour, 70 * time.Second, never, ""},
		{"a definition overdue", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.DefinitionsProvenAt = ago(25 * time.Hour) }), 48 * time.Hour, 70 * time.Second, 25*time.Hour + 30*time.Second, "last verified at 2026-02-28T11:00:00Z"},
		{"no definitions", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.Definitions, s.DefinitionsProvenAt = 0, time.Time{} }), 48 * time.Hour, 70 * time.Second, never, ""},
		{"going", inventory.Link{}, with(func(s *inventory.LinkStatus) { s.State, s.ProvenAt = inventory.Deleting, ago(time.Hour) }), 48 * time.Hour, time.Hour + 30*time.Second, 10*time.Hour + 30*time.Second, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := promise.Freshness(tt.link, tt.status, ago(tt.made), now)
			for _, v := range []struct {
				what string
				got  *time.Duration
				want time.Duration
			}{{"age", f.Age, tt.age}, {"age of definitions", f.Definitions, tt.definitions}} {
				if v.got == nil && v.want != never || v.got != nil && *v.got != v.want {
					t.Errorf("%s: %v, want %v", v.what, v.got, v.want)
				}
			}
			if f.Late != (tt.late != "") || !strings.Contains(f.Reason, tt.late) {
				t.Errorf("late %v: %q, want %q", f.Late, f.Reason, tt.late)
			}
		})
	}
}
