package simulation

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// guards are what keeps the inventory right, each with the way to do without it.
// They are taken away from outside, between the engine and its ports: production
// code has no switch for any of them.
var guards = []unguarded{
	{name: "completeness", kind: connectors(func(c source.Connector) source.Connector { return credulous{c} })},
	{name: "proof by 404 and 200", kind: connectors(func(c source.Connector) source.Connector { return certain{c} })},
	{name: "brake", brake: true},
	{name: "claim", store: func(s inventory.Store) inventory.Store { return &lawless{Store: s} }},
	{name: "layers", store: func(s inventory.Store) inventory.Store { return flat{s} }},
	{name: "order of observations", kind: connectors(func(c source.Connector) source.Connector { return untimely{c} })},
	{name: "hints", store: func(s inventory.Store) inventory.Store { return deaf{s} }},
}

// patience is within how many histories the loss of a guard must be noticed.
const patience = 300

func TestTheLossOfEachGuardIsNoticed(t *testing.T) {
	for _, u := range guards {
		t.Run(strings.ReplaceAll(u.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for seed := uint64(1); seed <= patience; seed++ {
				if o := s.play(t, history{seed: seed}, u); len(o.wrong) > 0 {
					t.Logf("seed %d: %s", seed, o.wrong[0])
					return
				}
			}
			t.Errorf("%d histories without this guard, and nothing was wrong in any", patience)
		})
	}
}

// connectors puts something around each connector of a kind.
func connectors(around func(source.Connector) source.Connector) func(source.Kind) source.Kind {
	return func(k source.Kind) source.Kind {
		open := k.Open
		k.Open = func(ctx context.Context, l inventory.Link, env source.Env) (source.Connector, error) {
			c, err := open(ctx, l, env)
			if err != nil {
				return nil, err
			}
			return around(c), nil
		}
		return k
	}
}

// credulous takes a listing that broke off for a whole one.
type credulous struct{ source.Connector }

func (c credulous) Read(ctx context.Context, s source.Scope) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for o, err := range c.Connector.Read(ctx, s) {
			if err != nil || !yield(o, nil) {
				return
			}
		}
	}
}

// certain asks nobody whether something is gone.
type certain struct{ source.Connector }

func (certain) Gone(context.Context, string) (bool, error) { return true, nil }

// untimely does not know when it looked.
type untimely struct{ source.Connector }

func (c untimely) Read(ctx context.Context, s source.Scope) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for o, err := range c.Connector.Read(ctx, s) {
			if err == nil {
				d := roll(uint64(o.Read.UnixNano()), o.External)
				o.Read = o.Read.Add(time.Duration(d.below(int(24 * time.Hour))))
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// lawless lets everybody write under the newest claim.
type lawless struct {
	inventory.Store
	mu     sync.Mutex // guards newest
	newest map[inventory.ID]inventory.Claim
}

func (l *lawless) Update(ctx context.Context, by string, f func(inventory.Tx) error) error {
	return l.Store.Update(ctx, by, func(tx inventory.Tx) error { return f(giving{tx, l}) })
}

func (l *lawless) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	err := l.Store.Apply(ctx, c, f)
	if !errors.Is(err, inventory.Superseded) {
		return err
	}
	l.mu.Lock()
	newest := l.newest[c.Link]
	l.mu.Unlock()
	return l.Store.Apply(ctx, newest, f)
}

type giving struct {
	inventory.Tx
	to *lawless
}

func (g giving) Begin(link inventory.ID) (inventory.Claim, error) {
	c, err := g.Tx.Begin(link)
	g.to.mu.Lock()
	defer g.to.mu.Unlock()
	if g.to.newest == nil {
		g.to.newest = map[inventory.ID]inventory.Claim{}
	}
	g.to.newest[link] = c
	return c, err
}

// flat writes what a source states into the people's layer, too.
type flat struct{ inventory.Store }

func (s flat) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	written := map[inventory.ID]inventory.Doc{}
	err := s.Store.Apply(ctx, c, func(tx inventory.SourceTx) error { return f(noting{tx, written}) })
	if err != nil || len(written) == 0 {
		return err
	}
	return s.Store.Update(ctx, "apicenter", func(tx inventory.Tx) error {
		for id, states := range written {
			rec, err := tx.Record(id)
			if errors.Is(err, inventory.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := tx.PutOwn(rec.Path, inventory.Overlay(rec.Own, []inventory.Origin{{States: states}}), inventory.Condition{}); err != nil {
				return err
			}
		}
		return nil
	})
}

type noting struct {
	inventory.SourceTx
	written map[inventory.ID]inventory.Doc
}

func (t noting) PutOrigin(id inventory.ID, o inventory.Origin, seeds inventory.Doc) error {
	t.written[id] = o.States
	return t.SourceTx.PutOrigin(id, o, seeds)
}

// deaf loses all hints.
type deaf struct{ inventory.Store }

func (s deaf) Update(ctx context.Context, by string, f func(inventory.Tx) error) error {
	return s.Store.Update(ctx, by, func(tx inventory.Tx) error { return f(losing{tx}) })
}

type losing struct{ inventory.Tx }

func (losing) PutHint(inventory.Hint) error { return nil }
