package simulation

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"apicenter/internal/inventory"
)

// live draws a history from a seed and lives through it.
func (w *world) live() {
	plan := roll(w.seed, "history")
	steps := 5 + plan.below(24)
	w.step(0, "the first pass", func(d *dice) {
		for range d.below(9) {
			what, _ := w.origin.mutate(d)
			w.say("  %s", what)
		}
		w.work(w.workers[0], time.Minute)
	})
	for n := 1; n <= steps && len(w.wrong) == 0; n++ {
		if w.without[n] {
			continue
		}
		w.at = n
		d := roll(w.seed, fmt.Sprint("step ", n))
		s := w.draw(d)
		w.step(n, s.what, func(*dice) { s.do(d) })
	}
	if len(w.wrong) == 0 {
		w.quiet(steps + 1)
	}
}

// action is one thing that may happen in a history.
type action struct {
	weight int
	what   string
	do     func(*dice)
}

func (w *world) actions() []action {
	all := []action{
		{24, "the source changes", w.change},
		{8, "an event of a change, in calm", w.probe},
		{14, "time passes", w.tick},
		{8, "a slice of work", w.slice},
		{5, "two servers at once", w.both},
		{8, "people write", func(d *dice) { w.say("  people %s", w.edit(d)) }},
		{12, "the weather turns", w.turn},
		{6, "the weather clears", func(*dice) { w.clear() }},
		{5, "the server is to die", w.arm},
		{3, "the server stops and starts", func(*dice) { w.stop(); w.start() }},
		{5, "held deletions are judged", w.judgeHeld},
		{3, "the link is deleted or made", w.switchLink},
		{4, "a plan is applied", w.agree},
		{1, "the instance is renamed", w.rename},
		{3, "somebody asks for a document", w.demand},
		{2, "the clock is set", w.set},
		{3, "events come that nobody sent", w.forge},
	}
	if !w.still {
		all = append(all, action{6, "the link's terms change", w.settle})
	}
	if w.other != nil {
		all = append(all, action{12, "the other source changes", w.elsewhere}, action{16, "people say what is one", w.regroup})
	}
	return all
}

func (w *world) draw(d *dice) action {
	all, total := w.actions(), 0
	for _, a := range all {
		total += a.weight
	}
	n := d.below(total)
	for _, a := range all {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	panic("unreachable")
}

func (w *world) step(n int, what string, do func(*dice)) {
	w.say("%d: %s", n, what)
	w.wire.step(mix(w.seed + uint64(n)))
	do(roll(w.seed, fmt.Sprint("step ", n)))
	w.observe()
	if w.mortal.killed() {
		w.revive()
	}
}

// change changes the source, and says so, or not, or too late, or twice.
func (w *world) change(d *dice) {
	for range 1 + d.below(3) {
		what, external := w.origin.mutate(d)
		w.say("  %s", what)
		switch d.below(6) {
		case 0, 1:
			w.notify(external)
		case 2:
			w.notify(external)
			w.notify(external)
		case 3:
			w.late = append(w.late, external)
		}
	}
	if d.chance(0.5) {
		w.work(w.workers[0], 20*time.Second)
	}
}

// probe has one API change and be looked at while nothing goes wrong: then it is there.
func (w *world) probe(d *dice) {
	if w.calm.IsZero() || time.Since(w.calm) < time.Minute || !w.linked {
		return
	}
	w.work(w.workers[0], 2*time.Minute)
	if s := w.status(); s.State != "syncing" || w.mortal.armed() {
		return
	}
	what, external := w.origin.mutate(d)
	w.say("  %s", what)
	if external == "" {
		return
	}
	w.notify(external)
	w.work(w.workers[0], 2*time.Minute)
	here, s := has(w.present(link), external), w.status()
	if s.State != "syncing" || slices.Contains(s.Held, external) {
		return
	}
	in, _ := w.covered(external, time.Now())
	there := in && has(w.origin.apis(), external)
	if here != there {
		w.fault("an event told of %s, and it is %t that it is at the source and %t that it is here", external, there, here)
	}
	if here && there {
		w.agrees(external)
	}
}

// agrees holds an API that was just looked at against the source. The host names of
// the gateway are not its own.
func (w *world) agrees(external string) {
	want, k := w.origin.facts(external, w.origin.apis()[external]), w.stock(w.side, w.records())
	for what, text := range w.told(w.side, k, external) {
		if what == itsAddresses {
			_, text = split(text)
			_, want[what] = split(want[what])
		}
		if text != want[what] {
			w.fault("an event told of %s, and %s is %q, and %q at the source", external, what, text, want[what])
		}
	}
	if imports := w.spells[len(w.spells)-1].imports; imports == inventory.ImportAlways {
		if n := len(k.definitions[external]); n != 1 {
			w.fault("an event told of %s, and it has %d definitions", external, n)
		}
		for _, rec := range k.definitions[external] {
			if got := w.document(rec.Document); got != want[itsDocument] {
				w.fault("an event told of %s, and %s is %s, and %s at the source", external, itsDocument, got, want[itsDocument])
			}
		}
	}
}

// tick lets time pass, and what is due be done.
func (w *world) tick(d *dice) {
	for _, worker := range w.workers { // nobody sleeps over what he has read
		w.work(worker, 2*time.Minute)
	}
	w.observe()
	wait := pick(d, []time.Duration{time.Second, 20 * time.Second, 70 * time.Second, 3 * time.Minute, time.Hour})
	w.say("  %v", wait)
	time.Sleep(wait)
	for _, external := range w.late {
		w.notify(external)
	}
	w.late = nil
	w.work(w.workers[0], 2*time.Minute)
}

// slice works for a moment, in which the source may change, and may leave a pass
// open. Either server may be the one who works.
func (w *world) slice(d *dice) {
	w.notify("")
	worker := w.workers[d.below(2)]
	var mu sync.Mutex
	w.wire.meanwhile(func(d *dice) {
		mu.Lock()
		defer mu.Unlock()
		if d.chance(0.3) {
			what, _ := w.origin.mutate(d)
			w.say("  meanwhile: %s", what)
		}
	})
	defer w.wire.meanwhile(nil)
	w.work(worker, time.Duration(1+d.below(int(300*time.Millisecond))))
}

// both has two servers work on the link at the same time.
func (w *world) both(d *dice) {
	w.notify("")
	var wg sync.WaitGroup
	for _, worker := range w.workers {
		late := time.Duration(d.below(int(10 * time.Millisecond)))
		wg.Go(func() {
			time.Sleep(late)
			w.work(worker, 30*time.Second)
		})
	}
	wg.Wait()
}

func (w *world) turn(d *dice) {
	w.clear()
	w.calm = time.Time{}
	for range 1 + d.below(2) {
		f := pick(d, faults)
		rate := pick(d, []float64{0.1, 0.5, 1})
		w.say("  %s, %.0f %%", f, 100*rate)
		w.wire.turn(f, rate)
		if f == stale {
			w.delay(10 * time.Second)
		}
	}
}

func (w *world) clear() {
	w.delay(0)
	w.wire.turn("", 0)
	if w.calm.IsZero() {
		w.calm = time.Now()
	}
}

func (w *world) arm(d *dice) {
	left, after := 1+d.below(8), d.chance(0.5)
	w.say("  at commit %d, after it %t", left, after)
	w.mortal.arm(left, after)
	w.notify("")
	w.work(w.workers[0], 30*time.Second)
}

// set sets the machine's clock: back, or right again.
func (w *world) set(d *dice) {
	off := pick(d, []time.Duration{0, -time.Second, -time.Minute, -time.Hour})
	w.say("  off by %v", off)
	w.skew.Store(int64(off))
}

func (w *world) forge(d *dice) {
	for range 1 + d.below(30) {
		w.notify(pick(d, []string{"apis/orders", "apis/nothing", "apis/..", "workspaces/team/apis/stock", "nonsense", "apiversionsets/one", ""}))
	}
	w.work(w.workers[0], time.Minute)
}

// quiet is a time in which nothing happens and nothing goes wrong; then the
// inventory is to equal the source. It ends when the links say that it does.
func (w *world) quiet(n int) {
	w.revive()
	w.clear()
	w.skew.Store(0)
	began := time.Now()
	unsettled := func(s *side) bool { return !w.settled(s, began) }
	for i := range 5 {
		w.step(n+i, "quiet", func(*dice) {
			due := w.retry() // a link that failed has its time, and so has a document
			for _, s := range w.sides() {
				due = later(due, w.statusOf(s.link).NextDue)
			}
			time.Sleep(65*time.Second + max(0, due.Sub(w.store.Now())))
			w.work(w.workers[0], 2*time.Minute)
			for _, s := range w.sides() {
				s.seen.approved = w.approve(s.link) || s.seen.approved
			}
			w.work(w.workers[0], 2*time.Minute)
		})
		if i > 0 && !slices.ContainsFunc(w.sides(), unsettled) {
			break
		}
	}
	for _, s := range w.sides() {
		if unsettled(s) {
			w.fault("%s does not come to rest: %+v", s.link.Name(), w.statusOf(s.link))
		}
	}
	w.judge()
}

// settled says that a link has proven all that it has since an instant.
func (w *world) settled(of *side, since time.Time) bool {
	s := w.statusOf(of.link)
	return s.State == "" || s.State == inventory.Syncing && len(s.Held) == 0 && w.instant(s.ProvenAt).After(since) &&
		(of.spells[len(of.spells)-1].imports == inventory.ImportNever || w.instant(s.DefinitionsProvenAt).After(since))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
