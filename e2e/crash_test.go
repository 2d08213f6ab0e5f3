package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"apicenter/e2e/system"
)

const (
	crashAPIs = 160 // at the source, about
	changed   = 40  // APIs that get a new document in a lap: more, and the share of the source's budget would set the pace
	removed   = 8   // APIs that go in a lap; more would be held for a person's word

	// inFlight bounds what a killed server may fetch a second time: what is being
	// fetched, what waits, and what is being applied.
	inFlight = 48
	// resumeWithin is when a restarted server must be at work again; the median
	// counts, for the machine of the tests does other things too.
	resumeWithin = time.Second
	lapWithin    = time.Minute
)

// phases are where the server is killed. The engine logs each step that it
// takes, with its phase. To be killed in apply, the server does a first
// synchronisation; in the others, it is in step and has a little to do. To keep
// is to unlink, and have all stay.
var phases = []string{"read", "fetch", "apply", "delete", "unlink", "keep"}

// TestKilledAnywhereNothingIsLostDoubledOrHalf kills the server with SIGKILL at
// random steps, starts it again, and compares what it ends with to the source
// each time, and to what a server that was never disturbed shows at the end.
func TestKilledAnywhereNothingIsLostDoubledOrHalf(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("replay with -seed %d", s)
	c := newCrash(t, rand.New(rand.NewPCG(s, 0)))

	steps := map[string]int{}
	for _, phase := range phases {
		steps[phase] = c.rehearse(phase)
		t.Logf("%s takes %d steps", phase, steps[phase])
	}
	recorded := map[string]int{}
	for i, phase := range c.plan(*kills) {
		delay := time.Duration(c.rand.IntN(3000)) * time.Microsecond
		k := 1 + c.rand.IntN(steps[phase])
		for !c.lap(phase, k, delay) {
			k = max(1, k/2) // steps that share a transaction are more or fewer each time
		}
		recorded[phase]++
		t.Logf("kill %d: %s, step %d of %d and %v: %s", i+1, phase, k, steps[phase], delay, c.outcome)
	}
	t.Logf("killed in: %v", recorded)
	slices.Sort(c.resumed)
	if median := c.resumed[len(c.resumed)/2]; median > resumeWithin {
		t.Errorf("after a restart the link resumed within %v (median), want %v", median, resumeWithin)
	}
	c.compareWithUndisturbed()
}

// crash is a source, the server that suffers, one that does the same work in
// peace, and one who watches.
type crash struct {
	*testing.T
	rand    *rand.Rand
	source  *system.Emulator
	victim  *follower
	calm    *follower
	reader  atomic.Pointer[system.Center] // what the watcher reads: the victim at work, or nil
	looks   atomic.Int64                  // of the watcher that nothing disturbed
	anew    int64                         // those of them at a server that was started after a kill
	serial  int                           // of documents and names, so that each is new
	resumed []time.Duration
	outcome string // of the last lap, for the log
}

func newCrash(t *testing.T, r *rand.Rand) *crash {
	c := &crash{T: t, rand: r, source: startEmulator(t, "--apis", fmt.Sprint(crashAPIs), "--seed", "7")}
	c.victim, c.calm = follow(t, c.source), follow(t, c.source)
	ctx, stop := context.WithCancel(t.Context())
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		c.watch(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-watching
	})
	return c
}

// plan is the phases of n kills, each as often as the others, in random order.
func (c *crash) plan(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = phases[i%len(phases)]
	}
	c.rand.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// rehearse runs a lap undisturbed and counts its steps.
func (c *crash) rehearse(phase string) int {
	c.Helper()
	c.prepare(phase)
	var steps atomic.Int64
	c.victim.center.Watch(func(line string) {
		if stepOf(line) == logged(phase) {
			steps.Add(1)
		}
	})
	for _, f := range []*follower{c.victim, c.calm} {
		f.set(phase)
		f.arrive(phase)
	}
	c.victim.center.Watch(nil)
	if steps.Load() == 0 {
		c.Fatalf("a lap to be killed in %s logs no step of it; the server wrote:\n%s", phase, c.victim.center.Tail())
	}
	return int(steps.Load())
}

// lap has the server work, kills it after the k-th step of a phase and a delay,
// starts it again and checks what it ends with. False says that the work was
// done before there were so many steps, and nothing was killed.
func (c *crash) lap(phase string, k int, delay time.Duration) bool {
	c.Helper()
	documents := c.prepare(phase)
	c.must(c.source.ResetStats(c.Context()))
	killed := make(chan struct{})
	var steps atomic.Int64
	victim := c.victim.center
	victim.Watch(func(line string) {
		if stepOf(line) == logged(phase) && steps.Add(1) == int64(k) {
			time.AfterFunc(delay, func() {
				_ = victim.Signal(syscall.SIGKILL)
				close(killed)
			})
		}
	})
	c.reader.Store(victim)
	c.victim.set(phase)
	if !c.struck(phase, killed) {
		c.reader.Store(nil)
		victim.Watch(nil)
		if steps.Load() < int64(k) {
			c.victim.arrive(phase)
			c.calm.set(phase)
			c.calm.arrive(phase)
			return false
		}
		<-killed
	}
	victim.Kill() // waits for its end
	c.reader.Store(nil)
	before := c.stats()

	c.victim.start()
	looks := c.looks.Load()
	c.reader.Store(c.victim.center)
	resumed := c.resume(before, phase)
	c.victim.arrive(phase)
	c.reader.Store(nil)
	c.anew += c.looks.Load() - looks
	exports := c.stats().Routes.Export
	if most := int64(documents + inFlight); exports > most {
		c.Errorf("killed in %s: %d exports of %d documents, want at most %d", phase, exports, documents, most)
	}
	c.calm.set(phase)
	c.calm.arrive(phase)
	c.victim.compareWithSource()
	c.outcome = fmt.Sprintf("at work again after %v, %d exports of %d documents", resumed.Round(time.Millisecond), exports, documents)
	return true
}

// struck waits until the server is killed, or has done its work.
func (c *crash) struck(phase string, killed <-chan struct{}) bool {
	c.Helper()
	ctx, stop := context.WithTimeout(c.Context(), lapWithin)
	defer stop()
	struck := false
	c.must(system.Poll(ctx, "a kill in "+phase, func() (bool, error) {
		select {
		case <-killed:
			struck = true
			return true, nil
		default:
		}
		// An error below is that of a server which is being killed.
		if ends(phase) {
			gone, _ := c.victim.unlinked(ctx)
			return gone, nil
		}
		runs, err := c.victim.center.Runs(ctx, crashLink)
		return err == nil && len(runs) > 0 && runs[0].ID > c.victim.last && !runs[0].EndedAt.IsZero(), nil
	}))
	return struck
}

// prepare changes the source so that the next pass has work for the phase. It
// gives the number of documents that the pass will fetch.
func (c *crash) prepare(phase string) (documents int) {
	c.Helper()
	apis, err := c.source.Current(c.Context())
	c.must(err)
	c.rand.Shuffle(len(apis), func(i, j int) { apis[i], apis[j] = apis[j], apis[i] })
	switch phase {
	case "fetch":
		for _, a := range apis[:changed] {
			c.must(c.source.Import(c.Context(), a, c.document()))
			c.must(c.source.Describe(c.Context(), a.Name, fmt.Sprintf("Described %d times.", c.serial)))
		}
		return changed
	case "delete":
		apis = slices.DeleteFunc(apis, func(a system.SourceAPI) bool { return strings.HasPrefix(a.Name, kept) })
		for _, a := range apis[:removed] {
			c.must(c.source.Remove(c.Context(), a.Name))
		}
		for range removed {
			c.serial++
			name := fmt.Sprintf("new-%d", c.serial)
			c.must(c.source.Import(c.Context(), system.NewAPI(name, "New "+name), c.document()))
		}
		return removed
	case "apply":
		for _, f := range []*follower{c.victim, c.calm} {
			f.unlink()
		}
		return len(apis)
	case "unlink", "keep":
		return len(apis) // when it is linked again
	default:
		return 0
	}
}

// document is one that nobody has seen before.
func (c *crash) document() []byte {
	c.serial++
	return fmt.Appendf(nil, `{"openapi":"3.0.1","info":{"title":"Document %d","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"description":"Done"}}}}}}`, c.serial)
}

// resume waits until the server that came up after a kill works for the link,
// or has nothing left to do: the kill may have come when all was done.
func (c *crash) resume(before system.Stats, phase string) time.Duration {
	c.Helper()
	ctx, stop := context.WithTimeout(c.Context(), lapWithin)
	defer stop()
	since := time.Now()
	c.must(system.Poll(ctx, "the link to resume after a kill in "+phase, func() (bool, error) {
		if ends(phase) { // which asks nothing of the source; it is the link that must go
			return c.victim.unlinked(ctx)
		}
		now, err := c.source.Stats(ctx)
		if err != nil || now.ARM > before.ARM {
			return true, err
		}
		runs, err := c.victim.center.Runs(ctx, crashLink)
		return err == nil && len(runs) > 0 && runs[0].ID > c.victim.last && runs[0].Outcome == "ok", err
	}))
	took := time.Since(since)
	c.resumed = append(c.resumed, took)
	return took
}

func (c *crash) stats() system.Stats {
	c.Helper()
	s, err := c.source.Stats(c.Context())
	c.must(err)
	return s
}

func (c *crash) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// ends says that a phase is the end of the link.
func ends(phase string) bool { return phase == "unlink" || phase == "keep" }

// logged is the phase that the engine logs.
func logged(phase string) string {
	if ends(phase) {
		return "unlink"
	}
	return phase
}

// stepOf is the phase of a logged step, or empty.
func stepOf(line string) string {
	var l struct{ Msg, Phase string }
	if !strings.Contains(line, `"step"`) || json.Unmarshal([]byte(line), &l) != nil || l.Msg != "step" {
		return ""
	}
	return l.Phase
}
