package sourcetest

import (
	"context"
	"errors"
	"testing"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// checkTells holds a connector that is a Checker to what its readings do.
func checkTells(t *testing.T, s Subject) {
	fill(t, s, 3)
	if _, ok := s.Connect(t, false).(source.Checker); !ok {
		return
	}
	check := func(ctx context.Context) (worst inventory.Outcome, findings []inventory.Finding, err error) {
		t.Helper()
		worst = inventory.Passed
		findings, err = s.Connect(t, false).(source.Checker).Check(ctx)
		for _, f := range findings {
			if f.Check == "" || f.Message == "" {
				t.Errorf("a finding that says nothing: %+v", f)
			}
			switch f.Outcome {
			case inventory.Passed, inventory.Skipped:
			case inventory.Refused:
				worst = f.Outcome
			case inventory.NotProven:
				if worst == inventory.Passed {
					worst = f.Outcome
				}
			default:
				t.Errorf("%s has outcome %q", f.Check, f.Outcome)
			}
		}
		return worst, findings, err
	}
	if worst, findings, err := check(t.Context()); worst != inventory.Passed || len(findings) == 0 || err != nil {
		t.Errorf("of a healthy source: %+v, %v", findings, err)
	}
	for _, tt := range broken {
		if tt.fault == Halfway {
			continue // what is whole in the beginning is not looked at to the end
		}
		s.Break(t, tt.fault)
		want := inventory.NotProven
		if tt.stalled {
			want = inventory.Refused
		}
		if worst, findings, err := check(t.Context()); worst != want || err != nil {
			t.Errorf("%s: %+v, %v; want one that is %s", tt.fault, findings, err, want)
		}
		s.Break(t, Healthy)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("in a cancelled context: %v", err)
	}
}
