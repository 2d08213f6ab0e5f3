package jobs

import (
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
}

// desk of a link; mu is held.
func (q *Queue) desk(link inventory.ID) *desk {
	d := q.desks[link]
	if d == nil {
		d = &desk{}
		q.desks[link] = d
	}
	return d
}

// sit takes the desk of a link; nil when another worker is at it: River may
// think that one dead.
func (q *Queue) sit(link inventory.ID) *desk {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := q.desk(link)
	if d.busy {
		return nil
	}
	d.busy = true
	return d
}

// rise leaves a desk. A hint that came after the worker looked for the last
// time gets a new worker at once.
func (q *Queue) rise(d *desk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.busy = false
	if d.rung {
		q.Wake()
	}
}

// clear forgets a link that is gone.
func (q *Queue) clear(link inventory.ID, d *desk) {
	d.drop()
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.desks, link)
}

// drop forgets the open pass; what it applied stands.
func (d *desk) drop() {
	if d.pass != nil {
		d.pass.Close()
	}
	d.pass, d.hints = nil, nil
}

func (q *Queue) ring(link inventory.ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.desk(link).rung = true
}

// answer notes that the worker looks for hints now.
func (q *Queue) answer(d *desk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.rung = false
}

// ringing says that hints came since the worker last looked.
func (q *Queue) ringing(link inventory.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.desk(link).rung
}

// occupied says that a link needs no new worker: it has one, or it rests.
func (q *Queue) occupied(link inventory.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := q.desk(link)
	return d.busy || !d.rung && time.Now().Before(d.rest)
}

// rest has a link left alone until an instant.
func (q *Queue) rest(d *desk, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.rest = until
}

// strike has a link left alone for longer each time.
func (q *Queue) strike(d *desk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.rest = time.Now().Add(min(time.Second<<d.strikes, time.Minute))
	d.strikes = min(d.strikes+1, 6)
}
