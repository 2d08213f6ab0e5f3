package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// Preview is what a pass would do, and what it would cost. Nothing is written,
// and no document is fetched. Its counts are those of a run.
type Preview struct {
	Digest    string          `json:"digest"` // of all that would be done
	PlannedAt time.Time       `json:"plannedAt"`
	Observed  int             `json:"observed"`
	Adds      int             `json:"adds"`
	Updates   int             `json:"updates"` // those too whose document has to be looked at
	Moves     int             `json:"moves"`   // versions that come to another API
	Merges    int             `json:"merges"`  // APIs that become one with another
	Joins     int             `json:"joins"`   // APIs that become one with that of another link
	Deletes   int             `json:"deletes"`
	Leaves    int             `json:"leaves"` // at the source, and the link does not cover them any more
	Kept      int             `json:"kept"`   // gone at the source, and marked so
	Held      int             `json:"held"`
	Limited   int             `json:"limited"`
	Requests  int64           `json:"requests"` // all of Cost
	Cost      Cost            `json:"cost"`
	Expected  int64           `json:"expectedSeconds"`
	Changes   []PreviewChange `json:"changes"` // in the order of External
	Omitted   int             `json:"omitted,omitempty"`
}

// Cost is the requests that a pass sends.
type Cost struct {
	Read      int64 `json:"read"`      // as many as it took to plan
	Documents int64 `json:"documents"` // one for each
	Proofs    int64 `json:"proofs"`    // that what vanished is gone: two for each
}

func (c Cost) total() int64 { return c.Read + c.Documents + c.Proofs }

// maxChanges is how many changes a preview lists at most; the digest is of all.
const maxChanges = 5000

// Preview takes the same road as a whole pass, and stops before it would apply
// anything. With as, the settings of the link are those, and it need not be there yet.
func (e *Engine) Preview(ctx context.Context, link inventory.ID, as *inventory.Link) (Preview, error) {
	p := &Pass{engine: e, claim: inventory.Claim{Link: link}, work: Work{Trigger: "preview"}, ctx: ctx}
	if err := e.store.View(ctx, func(r inventory.Reader) error { return p.imagine(r, as) }); err != nil {
		return Preview{}, err
	}
	if err := p.connect(ctx); err != nil {
		return Preview{}, err
	}
	began, sent := time.Now(), p.connector.Requests()
	objects, err := gather(p.observe(p.connector.Read(ctx, p.work.Scope)))
	if err != nil {
		return Preview{}, err
	}
	took := time.Since(began)
	out := Preview{PlannedAt: e.store.Now(), Observed: p.run.Counts.Observed, Changes: []PreviewChange{}}
	ops, err := p.plan(ctx, objects)
	if err != nil {
		return Preview{}, err
	}
	if out.Digest, err = p.digest(ops); err != nil {
		return Preview{}, err
	}
	for _, op := range ops {
		if err := p.foresee(ctx, op, &out); err != nil {
			return Preview{}, err
		}
	}
	out.Cost.Read = p.connector.Requests() - sent
	out.Requests = out.Cost.total()
	out.Expected = int64(math.Ceil(p.expect(out.Cost, took).Seconds()))
	slices.SortStableFunc(out.Changes, func(a, b PreviewChange) int { return cmp.Compare(a.External, b.External) })
	if n := len(out.Changes); n > maxChanges {
		out.Changes, out.Omitted = out.Changes[:maxChanges], n-maxChanges
	}
	return out, nil
}

// imagine loads what is recorded of a link, for a pass that only looks.
func (p *Pass) imagine(r inventory.Reader, as *inventory.Link) error {
	link := p.claim.Link
	if err := p.chooseWorkspace(r); err != nil {
		return err
	}
	rec, err := r.Record(link)
	if as != nil && errors.Is(err, inventory.NotFound) {
		p.link = *as
		p.index, err = plan.NewIndex(pairs[inventory.Entry](nil))
		return errors.Join(err, p.chooseEnvironment(r))
	}
	if err != nil {
		return err
	}
	p.link, p.status = inventory.LinkOf(rec.Own), inventory.StatusOf(rec.Resource)
	if as != nil {
		p.link = *as
	}
	if p.index, err = recall(r, link); err != nil {
		return err
	}
	if err := p.judge(r); err != nil {
		return err
	}
	return p.chooseEnvironment(r)
}

// gather reads a listing to its end, and puts it in an order that is the same
// each time: then what is planned of it is, too.
func gather(read iter.Seq2[source.Object, error]) ([]source.Object, error) {
	var objects []source.Object
	for o, err := range read {
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	slices.SortStableFunc(objects, func(a, b source.Object) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.External, b.External))
	})
	return objects, nil
}

// rank puts the environment first: what comes after is deployed in it.
func rank(o source.Object) int {
	if o.Kind == inventory.KindEnvironment {
		return 0
	}
	return 1
}

// plan is all that the objects, gathered, bring about, with what they become one
// with. It knows nothing of the audit, which goes on at its own pace and changes
// nothing that was not changed.
func (p *Pass) plan(ctx context.Context, objects []source.Object) (ops []plan.Op, err error) {
	policy := p.policy()
	policy.Verify = nil
	err = p.engine.store.View(ctx, func(r inventory.Reader) error {
		joined := map[inventory.ID]bool{}
		for op, err := range plan.Compute(&p.index, pairs(objects), policy) {
			if err == nil {
				op.Join, err = p.foreseePartner(r, op, joined)
			}
			if err != nil {
				return err
			}
			joined[op.Join] = true
			ops = append(ops, op)
		}
		return nil
	})
	return ops, err
}

// digest names a plan of the link as it is.
func (p *Pass) digest(ops []plan.Op) (string, error) {
	settings, err := json.Marshal(p.link)
	if err != nil {
		return "", err
	}
	return plan.Digest(p.claim.Link.String()+" "+string(settings), pairs(ops))
}

// expect is how long a pass would take: as long as its requests do at the pace of
// the reading that was just done, documents several at once; or as long as the
// budget of the source makes it, if that is longer.
func (p *Pass) expect(c Cost, reading time.Duration) time.Duration {
	busy := float64(reading)
	if c.Read > 0 {
		busy += busy / float64(c.Read) * (float64(c.Documents)/float64(p.engine.o.Fetchers) + float64(c.Proofs))
	}
	expected := time.Duration(busy)
	if budget, ok := p.connector.(source.Estimator); ok {
		expected = max(expected, budget.Expect(c.total()))
	}
	return expected
}

// foresee adds what an op would do.
func (p *Pass) foresee(ctx context.Context, op plan.Op, out *Preview) error {
	c := comparison{Pass: p, change: PreviewChange{Action: op.Action.String(), External: op.External, Why: op.Why}}
	switch op.Action {
	case plan.Skip:
		c.change.Title = op.Object.States.Text("/title")
		out.Limited += len(op.Object.Children)
	case plan.Vanish, plan.Keep, plan.Hold, plan.Clear:
		if err := c.name(ctx, op.Recorded.ID); err != nil {
			return err
		}
		if vanished := op.Action == plan.Vanish || op.Action == plan.Keep; vanished && !op.Left {
			out.Cost.Proofs += 2
		}
		switch op.Action {
		case plan.Vanish:
			if op.Left {
				c.change.Action = "leave"
				out.Leaves++
				break
			}
			out.Deletes++
		case plan.Keep:
			out.Kept++
		case plan.Hold:
			out.Held++
		}
	default:
		t, err := p.load(ctx, op)
		if err != nil {
			return err
		}
		if c.task = t; t.Object.Kind == inventory.KindEnvironment && p.environment == "" {
			if err := p.foreseeEnvironment(ctx, *t.Object); err != nil {
				return err
			}
		}
		if !op.Join.IsZero() {
			c.change.Joins = op.Join.Name()
		}
		if !c.compare() && c.change.Joins == "" {
			return nil // only a mark is written anew
		}
		if c.change.Joins != "" {
			out.Joins++
		}
		out.Adds += c.added
		out.Updates += c.updated
		out.Moves += len(c.change.Moves)
		out.Merges += len(c.change.Merges)
		out.Cost.Documents += int64(len(c.change.Documents))
	}
	out.Changes = append(out.Changes, c.change)
	return nil
}

// foreseeEnvironment finds what the environment of the link will be called, as far as can be known.
func (p *Pass) foreseeEnvironment(ctx context.Context, o source.Object) error {
	o.Name = p.claim.Link.Name()
	return p.engine.store.View(ctx, func(r inventory.Reader) error {
		for name := range names(o) {
			id := p.workspace.ID.Child(inventory.KindEnvironment, name)
			taken, err := exists(r)(id)
			if err != nil {
				return err
			}
			if !taken {
				p.environment = p.short(id)
				return nil
			}
		}
		return nil
	})
}
