package store

import (
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/inventory"
)

// Each step sets the machine's clock, lets time pass, and says how far ours must
// have come from where it was at the beginning.
func TestTheClockNeverGoesBack(t *testing.T) {
	type step struct {
		set, passes, want time.Duration
	}
	for _, tt := range []struct {
		name  string
		floor time.Duration // above the machine's clock
		steps []step
	}{
		{"follows the machine", 0, []step{{0, time.Minute, time.Minute}, {0, time.Hour, time.Hour + time.Minute}}},
		{"leaps ahead with it", 0, []step{{time.Hour, 0, time.Hour}, {0, time.Second, time.Hour + time.Second}}},
		{"does not go back with it", 0, []step{
			{0, time.Minute, time.Minute}, {-time.Hour, 0, time.Minute}, {0, time.Second, time.Minute + time.Second}, {-time.Hour, time.Second, time.Minute + 2*time.Second},
		}},
		{"ahead and back again", 0, []step{{time.Hour, time.Second, time.Hour + time.Second}, {-time.Hour, time.Second, time.Hour + 2*time.Second}}},
		{"after a machine that was set back in the meantime", time.Hour, []step{{0, 0, time.Hour}, {0, time.Minute, time.Hour + time.Minute}, {2 * time.Hour, 0, 2*time.Hour + time.Minute}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var skew time.Duration
				began := time.Now()
				c := newClock(func() time.Time { return time.Now().Add(skew) }, began.Add(tt.floor).Round(0))
				for i, s := range tt.steps {
					skew += s.set
					time.Sleep(s.passes)
					if got := c.now().Sub(began.Round(0)); got != s.want {
						t.Errorf("step %d: %v, want %v", i, got, s.want)
					}
				}
			})
		})
	}
}

func TestTheClockGoesOnWhereItWasAfterARestart(t *testing.T) {
	dir, ahead := t.TempDir(), time.Now().Add(3*time.Hour)
	open := func(wall func() time.Time) *Store {
		s, err := Open(t.Context(), Options{Dir: dir, Wall: wall})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open(func() time.Time { return ahead })
	before := s.Now()
	if err := s.Update(t.Context(), "tester", func(tx inventory.Tx) error {
		_, err := tx.PutOwn("sub/group/center", inventory.Doc{}, inventory.Condition{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(nil)
	defer s.Close()
	if got := s.Now(); got.Before(before) {
		t.Errorf("after the restart it is %v, before it was %v already", got, before)
	}
}
