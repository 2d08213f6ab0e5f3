package engine

import (
	"context"
	"slices"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
)

// Preview is what the next pass of a link would do. Nothing is written, and no document is fetched.
type Preview struct {
	Adds     int             `json:"adds"`
	Updates  int             `json:"updates"`
	Moves    int             `json:"moves"`
	Deletes  int             `json:"deletes"`
	Held     int             `json:"held"`
	Limited  int             `json:"limited"`
	Requests int64           `json:"requests"` // that the pass would send: those of this preview, and one for each document
	Changes  []PreviewChange `json:"changes"`
}

// PreviewChange is one API of the source that would change.
type PreviewChange struct {
	Action   string            `json:"action"`
	External string            `json:"external"`
	Title    string            `json:"title"`
	Resource string            `json:"resource,omitempty"` // name in the inventory, if it has one
	Fields   []inventory.Field `json:"fields,omitempty"`
	Why      string            `json:"why,omitempty"`
}

// Preview takes the same road as a pass, and stops before it would apply anything.
func (e *Engine) Preview(ctx context.Context, link inventory.ID) (Preview, error) {
	p := &Pass{engine: e, claim: inventory.Claim{Link: link}, work: Work{Trigger: "preview"}}
	if err := e.store.View(ctx, func(r inventory.Reader) error {
		rec, err := r.Record(link)
		if err != nil {
			return err
		}
		p.link = inventory.LinkOf(rec.Own)
		if p.index, err = recall(r, link); err != nil {
			return err
		}
		if p.released, err = r.Released(link); err != nil {
			return err
		}
		return p.chooseEnvironment(r)
	}); err != nil {
		return Preview{}, err
	}
	p.ctx, p.stop = context.WithCancel(ctx)
	defer p.Close()
	if err := p.open(ctx); err != nil {
		return Preview{}, err
	}
	out := Preview{Changes: []PreviewChange{}}
	for {
		op, err, ok := p.next()
		if err != nil {
			return Preview{}, err
		}
		if !ok {
			break
		}
		if err := p.foresee(ctx, op, &out); err != nil {
			return Preview{}, err
		}
	}
	out.Requests += p.connector.Requests()
	return out, nil
}

// foresee adds what an op would do.
func (p *Pass) foresee(ctx context.Context, op plan.Op, out *Preview) error {
	c := PreviewChange{Action: op.Action.String(), External: op.External, Why: op.Why}
	if !op.Recorded.ID.IsZero() {
		c.Resource = op.Recorded.ID.Ancestor(inventory.KindAPI).Name()
	}
	if op.Object != nil {
		c.Title = op.Object.States.Text("/title")
	}
	out.Moves += len(op.Adopt)
	switch op.Action {
	case plan.Skip:
		out.Limited++
	case plan.Clear:
		return nil
	case plan.Vanish:
		out.Deletes++
		out.Requests += 2
	case plan.Hold:
		out.Held++
	case plan.Add, plan.Change:
		t := &task{Op: op}
		if err := p.engine.store.View(ctx, func(r inventory.Reader) (err error) {
			t.recorded, err = p.recorded(r, op)
			return err
		}); err != nil {
			return err
		}
		c.Fields = p.differences(t, out)
		if op.Object.Kind == inventory.KindEnvironment {
			c.Resource = op.Recorded.ID.Name()
		}
		if op.Action == plan.Add {
			out.Adds++
		} else {
			out.Updates++
		}
	}
	out.Changes = append(out.Changes, c)
	return nil
}

// differences are the fields that an op would change, those below the root by their kind first.
func (p *Pass) differences(t *task, out *Preview) []inventory.Field {
	fields := map[inventory.Field]bool{}
	compare := func(kind inventory.Kind, external string, states inventory.Doc) {
		_, have, _ := p.find(t.recorded, kind, external)
		for f, v := range states {
			if w, ok := have.States[f]; !ok || !inventory.SameJSON(v, w) {
				if kind != inventory.KindAPI {
					f = inventory.Field("/" + string(kind) + string(f))
				}
				fields[f] = true
			}
		}
	}
	compare(t.Object.Kind, t.External, t.Object.States)
	for _, version := range t.Object.Children {
		compare(version.Kind, version.External, version.States)
		for _, o := range version.Children {
			compare(o.Kind, o.External, o.States)
			if o.Document != nil && p.wanted(t, o) {
				fields["/definition/document"] = true
				out.Requests++
			}
		}
	}
	sorted := make([]inventory.Field, 0, len(fields))
	for f := range fields {
		sorted = append(sorted, f)
	}
	slices.Sort(sorted)
	return sorted
}
