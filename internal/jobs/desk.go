package jobs

import (
	"slices"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
)

// desk is what this server remembers of a link that it works on. Nothing of it
// is needed to go on after a crash.
type desk struct {
	busy    bool      // a worker is at it
	rung    bool      // hints came since the worker last looked
	rest    time.Time // until then nothing is tried, unless somebody rings
	strikes int       // how often work failed in a row, in ways that no run tells

	// The worker's alone.
	pass  *engine.Pass     // the whole pass, between two slices
	hints []inventory.Hint // that it answers
	row   int              // APIs looked at one by one since nothing waited, or since a whole pass
}

// answers says that the open pass answers a hint.
func (d *desk) answers(h inventory.Hint) bool {
	return slices.ContainsFunc(d.hints, func(of inventory.Hint) bool { return of.Sequence == h.Sequence })
}

// desk of a link; mu is held.
func (w *Worker) desk(link inventory.ID) *desk {
	d := w.desks[link]
	if d == nil {
		d = &desk{}
		w.desks[link] = d
	}
	return d
}

// sit takes the desk of a link, whose rest is over then; nil when somebody is at it.
func (w *Worker) sit(link inventory.ID) *desk {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desk(link)
	if d.busy {
		return nil
	}
	d.busy, d.rest = true, time.Time{}
	return d
}

// rise leaves a desk. A hint that came after the worker looked for the last
// time gets a new worker at once.
func (w *Worker) rise(d *desk) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.busy = false
	if d.rung {
		w.Wake()
	}
}

// clear forgets a link that is gone.
func (w *Worker) clear(link inventory.ID, d *desk) {
	d.drop()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.desks, link)
}

// drop forgets the open pass; what it applied stands.
func (d *desk) drop() {
	if d.pass != nil {
		d.pass.Close()
	}
	d.pass, d.hints, d.row = nil, nil, 0
}

func (w *Worker) ring(link inventory.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.desk(link).rung = true
}

// answer notes that the worker looks for hints now.
func (w *Worker) answer(d *desk) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.rung = false
}

// ringing says that hints came since the worker last looked.
func (w *Worker) ringing(link inventory.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.desk(link).rung
}

// occupied says that a link needs no new worker: it has one, or it rests.
func (w *Worker) occupied(link inventory.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desk(link)
	return d.busy || !d.rung && w.store.Now().Before(d.rest)
}

// rest has a link left alone until an instant.
func (w *Worker) rest(d *desk, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.rest = until
}

// strike has a link left alone for longer each time.
func (w *Worker) strike(d *desk) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.rest = w.store.Now().Add(min(time.Second<<d.strikes, time.Minute))
	d.strikes = min(d.strikes+1, 6)
}
