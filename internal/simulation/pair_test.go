package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// side is one of the links of the workspace, with what it reads.
type side struct {
	link   inventory.ID
	origin *origin
}

var otherLink = inventory.MustID(workspacePath + "/links/other")

// pairing is what there is of a history with a second link in the workspace.
type pairing struct {
	side
	rule   inventory.MergeRule
	steady bool            // the rule has been the same all the time, and people said nothing
	shared map[string]bool // externals of the first link whose version both had at some time
}

// pair gives the workspace a second link, to an instance with much the same APIs.
func (w *world) pair(d *dice) {
	o, err := newOrigin(w.emulator.Cloud, w.origin.named+"-other")
	if err != nil {
		w.fault("make another instance: %v", err)
		return
	}
	w.other = &pairing{side: side{otherLink, o}, steady: true, shared: map[string]bool{}}
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

// mingle notes which versions both links have, or had for a moment.
func (w *world) mingle() {
	if w.other == nil {
		return
	}
	for _, rec := range w.records() {
		if o, mine := stated(rec, link); mine && rec.ID.Kind() == inventory.KindVersion && len(rec.Origins) > 1 {
			w.other.shared[o.External] = true
		}
	}
	kept, err := w.catalog.Tombstones(w.people.ctx, workspace.Parent(), 0, 1000)
	w.tell("look at tombstones", err)
	for _, t := range kept {
		if t.Kind == inventory.KindVersion && t.Why == inventory.Merged {
			w.other.shared[t.External] = true
		}
	}
}

// mixed says that the people's layer of a version was that of another link's, too,
// at some time: who wrote what on which of them is the store's own suite to tell.
func (w *world) mixed(external string) bool { return w.other != nil && w.other.shared[external] }

// judgeOther compares what the second link brought with its source, and what is
// one with what the rule says.
func (w *world) judgeOther(all map[inventory.ID]inventory.Record) {
	if w.other == nil {
		return
	}
	roots := map[inventory.ID]map[string][]inventory.ID{link: {}, otherLink: {}} // the APIs of each, by name at the source
	versions := map[string]inventory.Record{}
	for _, rec := range all {
		if o, mine := stated(rec, otherLink); mine && rec.ID.Kind() == inventory.KindVersion {
			versions[o.External] = rec
		}
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
	for _, external := range slices.Sorted(maps.Keys(versions)) {
		if there[external] == nil {
			w.fault("%s is in the inventory by the other link, and not at its source", external)
		}
	}
	for _, external := range sorted(there) {
		if rec, ok := versions[external]; !ok {
			w.fault("%s is at the other source and not in the inventory", external)
		} else {
			w.compare(w.other.side, inventory.ImportAlways, external, there[external], rec, all)
		}
	}
	if !w.other.steady || w.other.rule != inventory.MergeName {
		return
	}
	for name, mine := range roots[link] {
		theirs := roots[otherLink][name]
		if len(mine) != 1 || len(theirs) != 1 || mine[0] == theirs[0] {
			continue
		}
		// What became one under another name stays so (decision 24), and an entry has one API of each link.
		_, withTheirs := stated(all[mine[0]], otherLink)
		_, withMine := stated(all[theirs[0]], link)
		if !withTheirs && !withMine {
			w.fault("%s and %s have one name at their sources, and are two: %s", mine[0], theirs[0], fmt.Sprint(name))
		}
	}
}
