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
			{time.Hour, nil, 4},
		} {
			time.Sleep(step.pause)
			failure = step.failure
			if got, err := m.get(0, ask); got != step.asked || asked != step.asked || (err == nil) != (step.asked != 2) {
				t.Errorf("after %v: %d, %v, asked %d times, want %d", step.pause, got, err, asked, step.asked)
			}
		}
	})
}

func TestAnAnswerWillDoForAGraceWhereNobodyGivesAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const grace = 90 * time.Second
		var m memo[int]
		var failure error
		asked := 0
		get := func() (int, error) {
			return m.get(grace, func() (int, time.Time, error) {
				asked++
				return asked, time.Now().Add(time.Hour), failure
			})
		}
		for _, step := range []struct {
			pause      time.Duration
			fails      bool
			got, asked int // 0: an error
		}{
			{0, false, 1, 1},
			{time.Hour, true, 1, 2},
			{time.Minute - 1, true, 1, 2},
			{1, true, 1, 3},
			{30*time.Second - 1, true, 1, 3},
			{1, true, 0, 4},
			{time.Minute - 1, false, 0, 4},
			{1, false, 5, 5},
			{2 * time.Hour, true, 0, 6},
		} {
			time.Sleep(step.pause)
			if failure = nil; step.fails {
				failure = errors.New("nobody answers")
			}
			got, err := get()
			if err != nil {
				got = 0
			}
			if got != step.got || asked != step.asked {
				t.Errorf("after %v: %d, %v, asked %d times; want %d, asked %d times", step.pause, got, err, asked, step.got, step.asked)
			}
		}
	})
}
