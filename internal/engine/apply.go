package engine

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// batch is how many tasks share a transaction at most.
const batch = 64

// applyAll applies tasks as they become ready, those that wait at the same time in one transaction.
func (p *Pass) applyAll(ctx context.Context, ready <-chan *task) error {
	for first := range ready {
		tasks := []*task{first}
		for len(tasks) < batch {
			select {
			case t, ok := <-ready:
				if ok {
					tasks = append(tasks, t)
					continue
				}
			default:
			}
			break
		}
		if err := p.apply(ctx, tasks); err != nil {
			return err
		}
		if err := p.phase(ctx, inventory.PhaseFetch); err != nil {
			return err
		}
	}
	return nil
}

// apply writes tasks in one transaction. If one of them cannot be written as
// things stand, each is tried alone, so that it stops no other.
func (p *Pass) apply(ctx context.Context, tasks []*task) error {
	p.engine.step(ctx, "apply", tasks[0].External)
	err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) error {
		for _, t := range tasks {
			if err := p.write(tx, t); err != nil {
				return err
			}
		}
		return nil
	})
	code := inventory.CodeOf(err)
	if code == "" || code == inventory.Superseded || code == inventory.Unavailable {
		if err == nil {
			p.applied(tasks)
		}
		return err
	}
	if len(tasks) == 1 {
		p.fail(tasks[0].External, err)
		return nil
	}
	for i := range tasks {
		if err := p.apply(ctx, tasks[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// applied counts what was written.
func (p *Pass) applied(tasks []*task) {
	for _, t := range tasks {
		p.count(func(c *inventory.Counts) {
			c.Moved += len(t.Adopt)
			if t.Action == plan.Add {
				c.Added += len(t.Object.Children) - len(t.Adopt)
			} else if t.Object.Kind == inventory.KindAPI && t.Recorded.Mark != t.Mark {
				c.Updated++
			}
		})
		for external, f := range t.fetched {
			if f.problem != nil {
				p.fail(external, f.problem)
			}
		}
	}
}

// write puts a task's root and all below it.
func (p *Pass) write(tx inventory.SourceTx, t *task) error {
	if t.Object.Kind == inventory.KindEnvironment {
		return p.writeEnvironment(tx, t)
	}
	w := writer{Pass: p, tx: tx, task: t, names: map[inventory.ID]bool{}}
	w.recorded = make([]inventory.Record, len(t.recorded))
	copy(w.recorded, t.recorded)
	for _, rec := range w.recorded {
		w.names[rec.ID] = true
	}
	return w.root()
}

// writeEnvironment puts the environment of the link: the one that the link
// names, else one of its own, which no person made before.
func (p *Pass) writeEnvironment(tx inventory.SourceTx, t *task) error {
	id := t.Recorded.ID
	var err error
	switch {
	case p.link.Environment != "":
		if id, err = inventory.ParseID(p.service() + p.link.Environment); err != nil {
			return err
		}
		if old := t.Recorded.ID; !old.IsZero() && old != id { // another one was named since
			if err := tx.LetGo(old); err != nil {
				return err
			}
		}
	case id.IsZero():
		o := *t.Object
		o.Name = p.claim.Link.Name()
		if id, err = freeID(tx, p.workspace.ID, o); err != nil {
			return err
		}
	}
	if err := tx.PutOrigin(id, inventory.Origin{External: t.External, States: t.Object.States, Mark: t.Mark, Read: t.Object.Read}, t.Object.Seeds); err != nil {
		return err
	}
	env, err := tx.Get(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.environment = inventory.ShortID(env.Path)
	return err
}

// service is the path of the link's service.
func (p *Pass) service() string {
	return strings.TrimSuffix(p.workspace.Path, inventory.ShortID(p.workspace.Path))
}

// freeID is the ID of a new thing of the source: the one that it had before it
// was entombed, else one that its name makes and nothing else has.
func freeID(tx inventory.SourceTx, parent inventory.ID, o source.Object) (inventory.ID, error) {
	former, err := tx.Former(o.Kind, o.External)
	if err != nil {
		return inventory.ID{}, err
	}
	for _, name := range []string{former, baseName(o), otherName(o)} {
		if name == "" {
			continue
		}
		id := parent.Child(o.Kind, name)
		if _, err := tx.Get(id); errors.Is(err, inventory.NotFound) {
			return id, nil
		} else if err != nil {
			return inventory.ID{}, err
		}
	}
	return inventory.ID{}, inventory.Errorf(inventory.Conflict, "", "every name for %s %q is taken by something else", o.Kind, o.External)
}

// writer writes one root. What a recorded thing was moved to is kept in recorded.
type writer struct {
	*Pass
	tx       inventory.SourceTx
	task     *task
	recorded []inventory.Record
	names    map[inventory.ID]bool // taken by things of this API
}

func (w *writer) root() error {
	t := w.task
	id := t.Recorded.ID
	if id.IsZero() {
		var err error
		if id, err = freeID(w.tx, w.workspace.ID, *t.Object); err != nil {
			return err
		}
		if err := w.put(id, *t.Object, w.rootOrigin()); err != nil {
			return err
		}
	}
	for _, a := range t.Adopt {
		if err := w.adopt(a, id); err != nil {
			return err
		}
	}
	for _, other := range t.Absorb {
		if err := w.tx.Merge(other, id); err != nil {
			return err
		}
	}
	if t.Action == plan.Change {
		if err := w.put(id, *t.Object, w.rootOrigin()); err != nil {
			return err
		}
	}
	for _, version := range t.Object.Children {
		if err := w.version(id, version); err != nil {
			return err
		}
	}
	return nil
}

// rootOrigin is what the source states of the root. Of a root that was looked
// at in part, what was not looked at stays as it was, and there is no mark.
func (w *writer) rootOrigin() inventory.Origin {
	t := w.task
	o := inventory.Origin{External: t.External, States: t.Object.States, Mark: t.Mark}
	if !t.Object.Partial {
		return o
	}
	o.Mark = ""
	if _, have, ok := w.find(inventory.KindAPI, t.External); ok {
		o.States = maps.Clone(have.States)
		maps.Copy(o.States, t.Object.States)
		o.Mark = have.Mark
	}
	return o
}

func (w *writer) put(id inventory.ID, o source.Object, origin inventory.Origin) error {
	origin.External, origin.Read = o.External, w.task.Object.Read
	return w.tx.PutOrigin(id, origin, o.Seeds)
}

// find is the record of a thing as it is in this transaction.
func (w *writer) find(kind inventory.Kind, external string) (inventory.Record, inventory.Origin, bool) {
	return w.Pass.find(&task{recorded: w.recorded}, kind, external)
}

// adopt moves a version, and its deployments, into the API.
func (w *writer) adopt(a plan.Adoption, api inventory.ID) error {
	for _, rec := range w.recorded {
		origin, mine := w.mine(rec)
		deployment := mine && rec.ID.Kind() == inventory.KindDeployment && origin.External == a.External
		if rec.ID != a.Version.ID && !deployment || rec.ID.Parent() == api {
			continue
		}
		to := w.free(api, source.Object{Kind: rec.ID.Kind(), External: a.External, Name: rec.ID.Name()})
		if err := w.tx.Move(rec.ID, to); err != nil {
			return err
		}
		w.moved(rec.ID, to)
	}
	return nil
}

// moved gives what is recorded of a subtree its new IDs.
func (w *writer) moved(from, to inventory.ID) {
	for i, rec := range w.recorded {
		if !from.Contains(rec.ID) {
			continue
		}
		id := inventory.MustID(to.String() + strings.TrimPrefix(rec.ID.String(), from.String()))
		w.recorded[i].ID = id
		w.names[id] = true
	}
}

// free is an ID for a new thing of this API that nothing recorded has.
func (w *writer) free(parent inventory.ID, o source.Object) inventory.ID {
	id := parent.Child(o.Kind, baseName(o))
	if w.names[id] {
		id = parent.Child(o.Kind, otherName(o))
	}
	w.names[id] = true
	return id
}

// place is the ID of an object: the one that it has, else a new one.
func (w *writer) place(parent inventory.ID, o source.Object) (inventory.ID, inventory.Origin) {
	if rec, origin, ok := w.find(o.Kind, o.External); ok && rec.ID.Parent() == parent {
		return rec.ID, origin
	}
	return w.free(parent, o), inventory.Origin{}
}

func (w *writer) version(api inventory.ID, version source.Object) error {
	id, _ := w.place(api, version)
	if err := w.put(id, version, inventory.Origin{States: version.States}); err != nil {
		return err
	}
	seen := map[inventory.ID]bool{}
	definition := ""
	for _, o := range version.Children {
		if o.Kind == inventory.KindDefinition {
			at, have := w.place(id, o)
			seen[at] = true
			definition = w.short(at)
			if err := w.definition(at, o, have); err != nil {
				return err
			}
		}
	}
	for _, o := range version.Children {
		if o.Kind == inventory.KindDeployment {
			o.Name = w.environment[strings.LastIndexByte(w.environment, '/')+1:]
			at, _ := w.place(api, o)
			seen[at] = true
			if err := w.deployment(at, o, definition); err != nil {
				return err
			}
		}
	}
	return w.dropLeft(version.External, seen)
}

// definition puts a definition with what came of its document. Without a new
// one, the last good document stays, and the reason is kept with it.
func (w *writer) definition(id inventory.ID, o source.Object, have inventory.Origin) error {
	origin := inventory.Origin{
		States: maps.Clone(o.States), DocumentMark: have.DocumentMark, Verified: have.Verified, Problem: have.Problem, Retry: have.Retry,
	}
	if origin.States == nil {
		origin.States = inventory.Doc{}
	}
	for _, f := range []inventory.Field{inventory.FieldDocument, "/specification"} {
		if v, ok := have.States[f]; ok {
			origin.States[f] = v
		}
	}
	f, fetched := w.task.fetched[o.External]
	switch {
	case fetched && f.problem == nil:
		maps.Copy(origin.States, f.states)
		origin.Verified, origin.Problem, origin.Retry = f.verified, "", time.Time{}
		if o.Document != nil {
			origin.DocumentMark = o.Document.Mark
		}
	case fetched:
		origin.Problem = f.problem.Error()
		origin.Retry = w.task.Object.Read.Add(backoff(have, w.task.Object.Read))
	}
	return w.put(id, o, origin)
}

// backoff is how long to wait for the next try of a document: twice as long as the last time, from a minute to a day.
func backoff(have inventory.Origin, read time.Time) time.Duration {
	if have.Problem == "" || !have.Read.Before(have.Retry) {
		return time.Minute
	}
	return min(2*have.Retry.Sub(have.Read), 24*time.Hour)
}

// deployment puts a deployment; where it is and what it serves are ids of the inventory.
func (w *writer) deployment(id inventory.ID, o source.Object, definition string) error {
	states := maps.Clone(o.States)
	if states == nil {
		states = inventory.Doc{}
	}
	if w.environment != "" {
		states.Set("/environmentId", w.environment)
	}
	if definition != "" {
		states.Set("/definitionId", definition)
	}
	return w.put(id, o, inventory.Origin{States: states})
}

// short is how a deployment names a thing of this workspace.
func (w *writer) short(id inventory.ID) string {
	return inventory.ShortID(w.workspace.Path) + strings.TrimPrefix(id.String(), w.workspace.ID.String())
}

// dropLeft drops what hung on a version and does not any more: its definition
// when definitions are no longer imported, or became of another format.
func (w *writer) dropLeft(external string, seen map[inventory.ID]bool) error {
	for _, rec := range w.recorded {
		kind := rec.ID.Kind()
		origin, mine := w.mine(rec)
		if !mine || origin.External != external || seen[rec.ID] || kind != inventory.KindDefinition && kind != inventory.KindDeployment {
			continue
		}
		if err := w.tx.DropOrigin(rec.ID, inventory.Left); err != nil {
			return err
		}
	}
	return nil
}
