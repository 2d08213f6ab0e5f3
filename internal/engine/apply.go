package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// batch is how many tasks share a transaction at most.
const batch = 64

// applyAll applies tasks as they become ready, those that wait at the same time in
// one transaction, and the last ones when the others are done.
func (p *Pass) applyAll(ctx context.Context, ready <-chan *task) error {
	var last []*task
	for first := range ready {
		if first.Last {
			last = append(last, first)
			continue
		}
		tasks := []*task{first}
		for len(tasks) < batch {
			select {
			case t, ok := <-ready:
				if ok && t.Last {
					last = append(last, t)
					continue
				}
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
	if ctx.Err() != nil {
		return nil // what the others were to take out may not have been
	}
	return p.applyEach(ctx, last)
}

// apply writes tasks in one transaction. If one of them cannot be written as
// things stand, each is tried alone, so that it stops no other. Those that move
// things between APIs are alone from the start: events tell of one API each, and
// what two moves did to one name can only be followed from transaction to transaction.
func (p *Pass) apply(ctx context.Context, tasks []*task) error {
	if len(tasks) > 1 && slices.ContainsFunc(tasks, func(t *task) bool { return len(t.Adopt) > 0 }) {
		return p.applyEach(ctx, tasks)
	}
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
		p.miss(tasks[0].External, err)
		return nil
	}
	return p.applyEach(ctx, tasks)
}

func (p *Pass) applyEach(ctx context.Context, tasks []*task) error {
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
			c.Added += t.counts.Added
			c.Moved += t.counts.Moved
			c.Updated += t.counts.Updated
			c.Merged += t.counts.Merged
		})
		if t.note != "" {
			p.tellOf(t.External, t.note)
		}
		for external, f := range t.fetched {
			if f.problem != nil {
				p.fail(external, f.problem)
			} else {
				p.bring(external, t.Object.Read)
			}
			if f.compared != nil {
				p.compared(external, *f.compared)
			}
		}
	}
}

// applyEnvironment puts the environment. Without it there is nowhere to deploy
// to, so what goes wrong ends the pass.
func (p *Pass) applyEnvironment(ctx context.Context, op plan.Op) error {
	p.engine.step(ctx, "apply", op.External)
	var environment string
	if err := p.engine.store.Apply(ctx, p.claim, func(tx inventory.SourceTx) (err error) {
		environment, err = p.writeEnvironment(tx, op)
		return err
	}); err != nil {
		return err
	}
	p.environment = environment
	return nil
}

// writeEnvironment puts the environment of the link: the one that the link
// names, else one of its own, which no person made before. It gives its short id.
func (p *Pass) writeEnvironment(tx inventory.SourceTx, op plan.Op) (string, error) {
	id := op.Recorded.ID
	var err error
	switch {
	case p.link.Environment != "":
		if id, err = inventory.ParseID(p.service() + p.link.Environment); err != nil {
			return "", err
		}
		if old := op.Recorded.ID; !old.IsZero() && old != id { // another one was named since
			if err := tx.LetGo(old); err != nil {
				return "", err
			}
		}
	case id.IsZero():
		o := *op.Object
		o.Name = p.claim.Link.Name()
		if id, _, err = free(tx, p.workspace.ID, o, exists(tx)); err != nil {
			return "", err
		}
	}
	if err := tx.PutOrigin(id, inventory.Origin{External: op.External, States: op.Object.States, Mark: op.Mark, Read: op.Object.Read}, op.Object.Seeds); err != nil {
		return "", err
	}
	env, err := tx.Get(id)
	return inventory.ShortID(env.Path), err
}

// service is the path of the link's service.
func (p *Pass) service() string {
	return strings.TrimSuffix(p.workspace.Path, inventory.ShortID(p.workspace.Path))
}

// exists says whether there is a resource with an ID.
func exists(tx inventory.Reader) func(inventory.ID) (bool, error) {
	return func(id inventory.ID) (bool, error) {
		_, err := tx.Get(id)
		if errors.Is(err, inventory.NotFound) {
			return false, nil
		}
		return err == nil, err
	}
}

// free is the ID of a new thing of the source: the one that it had before it
// was entombed, else one that its name makes and that is not taken. back says
// that it comes again, with what people had made below it.
func free(tx inventory.SourceTx, parent inventory.ID, o source.Object, taken func(inventory.ID) (bool, error)) (id inventory.ID, back bool, err error) {
	former, err := tx.Former(o.Kind, o.External)
	if err != nil {
		return inventory.ID{}, false, err
	}
	if former != "" {
		id := parent.Child(o.Kind, former)
		if is, err := taken(id); !is || err != nil {
			return id, true, err
		}
	}
	for name := range names(o) {
		id := parent.Child(o.Kind, name)
		if is, err := taken(id); !is || err != nil {
			return id, former != "", err
		}
	}
	panic("engine: names never end")
}
