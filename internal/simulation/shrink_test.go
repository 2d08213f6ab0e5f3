package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// steps are some of the steps of a history, by number.
type steps map[int]bool

// String is how they are written in a command.
func (s steps) String() string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(s)) {
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, ",")
}

// Set reads what String writes.
func (s steps) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no step", part)
		}
		s[n] = true
	}
	return nil
}

func (s steps) with(n int) steps {
	out := maps.Clone(s)
	if out == nil {
		out = steps{}
	}
	out[n] = true
	return out
}

// command replays a history.
func (h history) command() string {
	text := fmt.Sprintf("go test ./internal/simulation -run TestHistories -seed %d -histories 1 -v", h.seed)
	if len(h.without) > 0 {
		text += " -without " + h.without.String()
	}
	return text
}

// shrink leaves out all steps, up to the last, without which a history fails still.
// A step throws dice of its own, so that one that is left out changes no other.
func (s *stage) shrink(t *testing.T, h history, last int, u unguarded) history {
	t.Helper()
	for shorter := true; shorter; {
		shorter = false
		for n := last; n > 0; n-- {
			if h.without[n] {
				continue
			}
			without := history{h.seed, h.without.with(n)}
			if len(s.play(t, without, u).wrong) > 0 {
				h, shorter = without, true
			}
		}
	}
	return h
}

// TestAFailureIsShrunk: what is left fails, and nothing of it can be left out.
func TestAFailureIsShrunk(t *testing.T) {
	s := newStage(t)
	u := guards[slices.IndexFunc(guards, func(u unguarded) bool { return u.name == "layers" })]
	for seed := uint64(1); ; seed++ {
		h := history{seed: seed}
		o := s.play(t, h, u)
		if len(o.wrong) == 0 {
			continue
		}
		short := s.shrink(t, h, o.last, u)
		if len(s.play(t, short, u).wrong) == 0 {
			t.Errorf("what is left of seed %d does not fail: %s", seed, short.command())
		}
		left := 0
		for n := 1; n <= o.last; n++ {
			if short.without[n] {
				continue
			}
			left++
			if len(s.play(t, history{seed, short.without.with(n)}, u).wrong) > 0 {
				t.Errorf("%s fails without step %d, too", short.command(), n)
			}
		}
		t.Logf("seed %d: %d steps of %d are left", seed, left, o.last)
		return
	}
}

// TestASeedIsAHistory: whoever replays a seed sees what he is to look for.
func TestASeedIsAHistory(t *testing.T) {
	once, again := newStage(t), newStage(t)
	for seed := *first; seed < *first+uint64(*histories); seed++ {
		want, got := once.play(t, history{seed: seed}, unguarded{}).log, again.play(t, history{seed: seed}, unguarded{}).log
		for i := range max(len(want), len(got)) {
			if i >= min(len(want), len(got)) || want[i] != got[i] {
				t.Errorf("seed %d was another when it was played again:\n%s\n\n%s",
					seed, strings.Join(want[max(0, min(i, len(want))-9):min(i+1, len(want))], "\n"), strings.Join(got[min(i, len(got)):min(i+1, len(got))], "\n"))
				break
			}
		}
	}
}
