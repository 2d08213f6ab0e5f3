package portal

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAnswerIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memo[int]
		var failure error
		asked := 0
		ask := func() (int, time.Time, error) {
			asked++
			return asked, time.Now().Add(time.Hour), failure
		}
		for _, step := range []struct {
			pause   time.Duration
			failure error
			asked   int
		}{
			{0, nil, 1},
			{time.Hour - 1, nil, 1},
			{1, errors.New("nobody answers"), 2},
			{time.Minute - 1, nil, 2},
			{1, nil, 3},
		} {
			time.Sleep(step.pause)
			failure = step.failure
			if got, err := m.get(ask); got != step.asked || asked != step.asked || (err == nil) != (step.asked != 2) {
				t.Errorf("after %v: %d, %v, asked %d times, want %d", step.pause, got, err, asked, step.asked)
			}
		}
	})
}
