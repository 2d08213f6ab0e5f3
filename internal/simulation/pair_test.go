package simulation

import (
	"fmt"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

var otherLink = inventory.MustID(workspacePath + "/links/other")

// pairing is what there is of a history with a second link in the workspace.
type pairing struct {
	*side
	rule   inventory.MergeRule
	steady bool // the rule has been the same all the time, and people said nothing
}

// pair gives the workspace a second link, to an instance with much the same APIs.
func (w *world) pair(d *dice) {
	o, err := newOrigin(w.emulator.Cloud, w.origin.named+"-other")
	if err != nil {
		w.fault("make another instance: %v", err)
		return
	}
	w.other = &pairing{side: &side{link: otherLink, origin: o, spells: []spell{{time.Now(), plain}}, shared: map[string]bool{}}, steady: true}
	for range 3 + d.below(8) {
		o.mutate(d)
	}
	w.regulate(pick(d, []inventory.MergeRule{inventory.MergeNone, inventory.MergeName, inventory.MergeName, inventory.MergePath, inventory.MergeTitle}))
	_, _, err = w.catalog.Put(w.people.ctx, otherLink.String(), plain.link(o.service.ID()), catalog.Match{})
	w.tell("make another link", err)
}

func (w *world) regulate(rule inventory.MergeRule) {
	w.say("  what has the same %s is one", rule)
	w.other.rule = rule
	own := inventory.Doc{}
	own.Set(inventory.FieldMergeRule, rule)
	own.Set(title, "Default")
	_, _, err := w.catalog.Put(w.people.ctx, workspacePath, own, catalog.Match{})
	w.tell("choose what is one", err)
}

// elsewhere changes the other source.
func (w *world) elsewhere(d *dice) {
	for range 1 + d.below(3) {
		what, external := w.other.origin.mutate(d)
		if w.say("  %s", what); d.chance(0.5) {
			w.ring(otherLink, external)
		}
	}
	w.work(w.workers[d.below(2)], 20*time.Second)
}

// regroup has people say what is one and what is not, by hand or by a rule.
func (w *world) regroup(d *dice) {
	w.other.steady = false
	if d.chance(0.3) {
		w.regulate(pick(d, []inventory.MergeRule{inventory.MergeNone, inventory.MergeName, inventory.MergePath, inventory.MergeTitle}))
		w.ring(otherLink, "")
		w.ring(link, "")
		w.work(w.workers[0], time.Minute)
		return
	}
	var mine, theirs, both []inventory.Record
	for _, rec := range w.records() {
		if rec.ID.Kind() != inventory.KindAPI {
			continue
		}
		_, a := stated(rec, link)
		_, b := stated(rec, otherLink)
		switch {
		case a && b:
			both = append(both, rec)
		case a:
			mine = append(mine, rec)
		case b:
			theirs = append(theirs, rec)
		}
	}
	var err error
	switch {
	case len(both) > 0 && d.chance(0.5):
		rec, from := pick(d, both), pick(d, []inventory.ID{link, otherLink})
		w.say("  %s is taken out of %s", from.Name(), rec.Name())
		_, err = w.catalog.Unmerge(w.people.ctx, rec.ID, from.Name())
	case len(both) > 0 && d.chance(0.3):
		rec, first := pick(d, both), pick(d, []inventory.ID{link, otherLink})
		w.say("  %s leads %s", first.Name(), rec.Name())
		_, err = w.catalog.Lead(w.people.ctx, rec.ID, first.Name())
	case len(mine) > 0 && len(theirs) > 0:
		one, into := pick(d, mine), pick(d, theirs)
		if d.chance(0.5) {
			one, into = into, one
		}
		w.say("  %s becomes one with %s", one.Name(), into.Name())
		_, err = w.catalog.Merge(w.people.ctx, one.ID, into.ID)
	}
	w.tell("say what is one", err)
	if d.chance(0.5) {
		w.work(w.workers[0], time.Minute)
	}
}

// mingle notes which versions both links have, be it for a moment.
func (w *world) mingle(r inventory.Reader) error {
	if w.other == nil {
		return nil
	}
	theirs := map[inventory.ID]string{}
	for e, err := range r.Origins(otherLink, inventory.KindVersion) {
		if err != nil {
			return err
		}
		theirs[e.ID] = e.External
	}
	for e, err := range r.Origins(link, inventory.KindVersion) {
		if err != nil {
			return err
		}
		if external, both := theirs[e.ID]; both {
			w.mingling.Lock()
			w.shared[e.External], w.other.shared[external] = true, true
			w.mingling.Unlock()
		}
	}
	return nil
}

// merged notes which versions have become one with others.
func (w *world) merged() {
	for _, t := range w.tombstones() {
		if t.Kind == inventory.KindVersion && t.Why == inventory.Merged {
			for _, s := range w.sides() {
				s.shared[t.External] = true
			}
		}
	}
}

// judgeOther compares what the second link brought with its source, and what is
// one with what the rule says.
func (w *world) judgeOther(records []inventory.Record) {
	if w.other == nil {
		return
	}
	k := w.stock(w.other.side, records)
	roots := map[inventory.ID]map[string][]inventory.ID{link: {}, otherLink: {}} // the APIs of each, by name at the source
	for _, rec := range records {
		for from, names := range roots {
			if o, ok := stated(rec, from); ok && rec.ID.Kind() == inventory.KindAPI && o.Gone.At.IsZero() {
				name := o.External[strings.LastIndexByte(o.External, '/')+1:]
				names[name] = append(names[name], rec.ID)
			}
		}
		if rec.ID.Kind() == inventory.KindAPI && len(rec.Origins) > 1 && w.other.steady && w.other.rule == inventory.MergeNone {
			w.fault("%s is of two links, and nobody said so", rec.Path)
		}
	}
	there := w.other.origin.apis()
	for _, external := range sorted(k.versions) {
		if there[external] == nil {
			w.fault("%s is in the inventory by the other link, and not at its source", external)
		}
	}
	for _, external := range sorted(there) {
		if !has(k.versions, external) {
			w.fault("%s is at the other source and not in the inventory", external)
		} else {
			w.compare(w.other.side, inventory.ImportAlways, external, k)
		}
	}
	w.orphans(w.other.side, k, w.present(otherLink))
	if !w.other.steady || w.other.rule != inventory.MergeName {
		return
	}
	for name, mine := range roots[link] {
		theirs := roots[otherLink][name]
		if len(mine) != 1 || len(theirs) != 1 || mine[0] == theirs[0] {
			continue
		}
		// What became one under another name stays so (decision 24), and an entry has one API of each link.
		_, withTheirs := stated(k.all[mine[0]], otherLink)
		_, withMine := stated(k.all[theirs[0]], link)
		if !withTheirs && !withMine {
			w.fault("%s and %s have one name at their sources, and are two: %s", mine[0], theirs[0], fmt.Sprint(name))
		}
	}
}
