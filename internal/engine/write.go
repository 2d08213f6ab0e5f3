package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// write puts a task's root and all below it.
func (p *Pass) write(tx inventory.SourceTx, t *task) error {
	op, err := p.locate(tx, t.Op)
	if err != nil {
		return err
	}
	t.Op = op
	recorded, err := p.recorded(tx, op) // anew: people may have made things since it was prepared
	if err != nil {
		return err
	}
	w := writer{Pass: p, tx: tx, task: t, recorded: recorded}
	if err := w.root(); err != nil {
		return err
	}
	if err := w.merge(); err != nil {
		return err
	}
	if w.joined {
		p.moves.Store(true)
	}
	t.counts = w.counts
	return nil
}

// writer writes one root.
type writer struct {
	*Pass
	tx       inventory.SourceTx
	task     *task
	api      inventory.ID
	recorded []inventory.Record // of the root and of what it adopts, kept up to date
	touched  bool               // something differs from what was recorded
	key      string             // the merge key of the root
	joined   bool               // it became one with an API of another link, or a version of it did
	refilled bool               // what was read before it was emptied has filled it again
	counts   inventory.Counts
}

func (w *writer) root() error {
	t := w.task
	if w.api = t.Recorded.ID; t.Action == plan.Add {
		var back bool
		var err error
		if w.api, back, err = free(w.tx, w.workspace.ID, *t.Object, exists(w.tx)); err != nil {
			return err
		}
		if err := w.put(w.api, *t.Object, w.rootOrigin(), back); err != nil {
			return err
		}
	}
	for _, a := range t.Adopt {
		if err := w.adopt(a); err != nil {
			return err
		}
	}
	for _, other := range t.Absorb {
		if empty, err := w.empty(w.tx, other); err != nil {
			return err
		} else if !empty {
			continue // whoever takes the rest finishes it
		}
		if err := w.tx.Merge(other, w.api); err != nil {
			return err
		}
	}
	for _, a := range t.Adopt {
		if from := a.Version.ID.Parent(); from != w.api {
			if err := w.markEmptied(w.tx, from, t.Object.Read); err != nil {
				return err
			}
		}
	}
	for _, version := range t.Object.Children {
		if err := w.version(version); err != nil {
			return err
		}
	}
	if t.Action == plan.Add {
		return nil
	}
	refilled, err := w.refills()
	if err != nil {
		return err
	}
	w.refilled = refilled
	if err := w.put(w.api, *t.Object, w.rootOrigin(), false); err != nil {
		return err
	}
	if w.touched && w.counts.Added+w.counts.Moved+w.counts.Updated == 0 {
		w.counts.Updated = 1
	}
	return nil
}

// refills says that a version is in the API by now that is at the source, and that
// the API is marked as gone: its last one left with a row that was read later.
func (w *writer) refills() (bool, error) {
	if have, ok := w.at(w.api); !ok || have.Gone.At.IsZero() {
		return false, nil
	}
	all, err := w.tx.Below(w.api)
	return slices.ContainsFunc(all, func(rec inventory.Record) bool {
		o, _ := w.mine(rec)
		return w.states(rec, inventory.KindVersion) && o.Gone.At.IsZero()
	}), err
}

// rootOrigin is what the source states of the root, after all below it was
// written. Of a root that was looked at in part, what was not looked at stays as
// it was or begins as is offered, and the mark stays only if nothing changed.
func (w *writer) rootOrigin() inventory.Origin {
	t := w.task
	o := inventory.Origin{External: t.External, States: t.Object.States, Mark: t.Mark}
	if t.Object.Partial {
		have, ok := w.at(w.api)
		o.Mark, o.States = "", inventory.Doc{}
		if maps.Copy(o.States, t.Object.Offers); ok {
			o.States = maps.Clone(have.States)
		}
		maps.Copy(o.States, t.Object.States)
		if ok && !w.touched && !differs(have, o) {
			o.Mark = have.Mark
		}
	}
	have, _ := w.at(w.api)
	o.MergeKey = w.mergeKey(o.States, have)
	w.key = o.MergeKey
	if w.environment == "" {
		o.Mark = "" // its deployments are nowhere until there is one
	}
	return o
}

// at is what the link states of the thing with an ID.
func (w *writer) at(id inventory.ID) (inventory.Origin, bool) {
	i := w.row(id)
	if i < 0 {
		return inventory.Origin{}, false
	}
	return w.mine(w.recorded[i])
}

// row is where in recorded the thing with an ID is, or -1.
func (w *writer) row(id inventory.ID) int {
	return slices.IndexFunc(w.recorded, func(rec inventory.Record) bool { return rec.ID == id })
}

func differs(a, b inventory.Origin) bool {
	return a.External != b.External || !a.States.Equal(b.States) || !a.Gone.At.Equal(b.Gone.At)
}

// put writes what the source states of a thing. back says that it comes again:
// then what people had made below it does, too.
func (w *writer) put(id inventory.ID, o source.Object, origin inventory.Origin, back bool) error {
	origin.Link, origin.External, origin.Read = w.claim.Link, o.External, w.task.Object.Read
	have, known := w.at(id)
	if over := have.External != origin.External || id == w.api && w.refilled; over && origin.Read.Before(have.Read) {
		origin.Read = have.Read // what it was has ended with rows that were read later
	}
	w.touched = w.touched || !known || differs(have, origin) && !origin.Read.Before(have.Read)
	if err := w.tx.PutOrigin(id, origin, o.Seeds); err != nil || known {
		return err
	}
	if back {
		all, err := w.tx.Below(w.api)
		w.recorded = append(slices.DeleteFunc(w.recorded, func(rec inventory.Record) bool { return w.api.Contains(rec.ID) }), all...)
		return err
	}
	w.recorded = append(w.recorded, inventory.Record{Resource: inventory.Resource{ID: id}, Origins: []inventory.Origin{origin}})
	return nil
}

// adopt moves a version, and its deployments, into the API.
func (w *writer) adopt(a plan.Adoption) error {
	for _, rec := range slices.Clone(w.recorded) {
		origin, mine := w.mine(rec)
		deployment := mine && rec.ID.Kind() == inventory.KindDeployment && origin.External == a.External
		if rec.ID != a.Version.ID && !deployment || rec.ID.Parent() == w.api {
			continue
		}
		o := source.Object{Kind: rec.ID.Kind(), External: a.External, Name: rec.ID.Name()}
		to, _, err := free(w.tx, w.api, o, w.taken)
		if err != nil {
			return err
		}
		if len(rec.Origins) > 1 { // others have it where it is
			if err := w.partVersion(rec.ID); err != nil {
				return err
			}
			continue
		}
		if err := w.tx.Move(rec.ID, to); err != nil {
			return err
		}
		w.moved(rec.ID, to)
	}
	w.counts.Moved++
	return nil
}

// partVersion takes the link's word of a version that others state, too, into
// the API, as a version of its own.
func (w *writer) partVersion(shared inventory.ID) error {
	to, err := w.tx.PartVersion(shared, w.api)
	if err != nil {
		return err
	}
	below, err := w.tx.Below(to)
	w.recorded = append(slices.DeleteFunc(w.recorded, func(rec inventory.Record) bool { return shared.Contains(rec.ID) }), below...)
	return err
}

// moved gives what is recorded of a subtree its new IDs.
func (w *writer) moved(from, to inventory.ID) {
	for i, rec := range w.recorded {
		if from.Contains(rec.ID) {
			w.recorded[i].ID = inventory.MustID(to.String() + strings.TrimPrefix(rec.ID.String(), from.String()))
		}
	}
}

// taken says whether something in the API has an ID.
func (w *writer) taken(id inventory.ID) (bool, error) {
	return slices.ContainsFunc(w.recorded, func(rec inventory.Record) bool { return rec.ID == id }), nil
}

// place is the ID of an object: the one that it has, else a new one.
func (w *writer) place(parent inventory.ID, o source.Object) (id inventory.ID, back bool, err error) {
	if rec, _, ok := w.find(w.recorded, o.Kind, o.External); ok && rec.ID.Parent() == parent {
		return rec.ID, false, nil
	}
	return free(w.tx, parent, o, w.taken)
}

// version writes a version with what hangs on it, and counts what came of it.
func (w *writer) version(version source.Object) error {
	_, _, known := w.find(w.recorded, inventory.KindVersion, version.External)
	above := w.touched
	w.touched = false
	if err := w.below(version); err != nil {
		return err
	}
	switch {
	case !known:
		w.counts.Added++
	case w.touched && !slices.ContainsFunc(w.task.Adopt, func(a plan.Adoption) bool { return a.External == version.External }):
		w.counts.Updated++
	}
	w.touched = w.touched || above
	return nil
}

func (w *writer) below(version source.Object) error {
	id, back, err := w.place(w.api, version)
	if err != nil {
		return err
	}
	if err := w.put(id, version, inventory.Origin{States: version.States}, back); err != nil {
		return err
	}
	seen := map[inventory.ID]bool{}
	definition := ""
	for _, o := range version.Children {
		if o.Kind == inventory.KindDefinition {
			at, back, err := w.place(id, o)
			if err != nil {
				return err
			}
			seen[at] = true
			definition = w.short(at)
			if err := w.put(at, o, w.definition(at, o), back); err != nil {
				return err
			}
			if c := w.task.fetched[o.External].compared; c != nil {
				if err := w.tx.Compared(at, *c); err != nil {
					return err
				}
			}
		}
	}
	for _, o := range version.Children {
		if o.Kind == inventory.KindDeployment {
			o.Name = w.environment[strings.LastIndexByte(w.environment, '/')+1:]
			at, back, err := w.place(w.api, o)
			if err != nil {
				return err
			}
			seen[at] = true
			if err := w.put(at, o, w.deployment(o, definition), back); err != nil {
				return err
			}
		}
	}
	return w.dropLeft(version.External, seen)
}

// definition is what a definition states, with what came of its document.
// Without a new one, the last good document stays, and the reason is kept with it.
func (w *writer) definition(id inventory.ID, o source.Object) inventory.Origin {
	have, _ := w.at(id)
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
		origin.DocumentMark, origin.Verified, origin.Problem, origin.Retry = o.Document.Mark, f.verified, "", time.Time{}
	case fetched:
		read := w.task.Object.Read
		origin.Problem, origin.Retry = f.problem.Error(), read.Add(backoff(have, read))
	}
	return origin
}

// backoff is how long to wait for the next try of a document: twice as long as the last time, from a minute to a day.
func backoff(have inventory.Origin, read time.Time) time.Duration {
	if have.Problem == "" || !have.Read.Before(have.Retry) {
		return time.Minute
	}
	return min(2*have.Retry.Sub(have.Read), 24*time.Hour)
}

// deployment is what a deployment states; where it is and what it serves are ids of the inventory.
func (w *writer) deployment(o source.Object, definition string) inventory.Origin {
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
	return inventory.Origin{States: states}
}

// short is how a deployment names a thing of this workspace.
func (p *Pass) short(id inventory.ID) string {
	return inventory.ShortID(p.workspace.Path) + strings.TrimPrefix(id.String(), p.workspace.ID.String())
}

// dropLeft drops what hung on a version and does not any more: its definition
// when definitions are no longer imported.
func (w *writer) dropLeft(external string, seen map[inventory.ID]bool) error {
	for _, rec := range w.recorded {
		o, _ := w.mine(rec)
		hangs := w.states(rec, inventory.KindDefinition) || w.states(rec, inventory.KindDeployment)
		if !hangs || o.External != external || seen[rec.ID] {
			continue
		}
		w.touched = true
		if err := w.tx.DropOrigin(rec.ID, inventory.Left); err != nil {
			return err
		}
	}
	return nil
}
