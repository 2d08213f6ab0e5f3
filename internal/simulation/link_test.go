package simulation

import (
	"errors"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/source/apim"
)

// terms are the settings of a link that change during a history.
type terms struct {
	imports inventory.Import
	vanish  inventory.OnVanish
	without string // APIs whose name is this, or begins as it does before its star, are out of scope
}

var plain = terms{imports: inventory.ImportAlways, vanish: inventory.OnVanishDelete}

func drawTerms(d *dice) terms {
	return terms{
		imports: pick(d, []inventory.Import{inventory.ImportAlways, inventory.ImportAlways, inventory.ImportOnDemand, inventory.ImportNever}),
		vanish:  pick(d, []inventory.OnVanish{inventory.OnVanishDelete, inventory.OnVanishKeep, inventory.OnVanishHold}),
		without: pick(d, []string{"", "", "orders", "mass-*", "s*"}),
	}
}

// covers says that an API is in scope.
func (t terms) covers(external string) bool {
	name := external[strings.LastIndexByte(external, '/')+1:]
	if stem, star := strings.CutSuffix(t.without, "*"); star {
		return !strings.HasPrefix(name, stem)
	}
	return name != t.without
}

// link is what people write to have one.
func (t terms) link(instance string) inventory.Doc {
	own := inventory.Doc{}
	own.Set(inventory.FieldSourceType, apim.Name)
	own.Set(inventory.FieldSource, instance)
	own.Set(inventory.FieldImport, t.imports)
	own.Set(inventory.FieldOnVanish, t.vanish)
	if t.without != "" {
		own.Set(inventory.FieldScope, inventory.Scope{Exclude: []inventory.ScopeRule{{Name: t.without}}})
	}
	return own
}

func termsOf(l inventory.Link) terms {
	t := terms{imports: l.Import, vanish: l.OnVanish}
	if len(l.Scope.Exclude) > 0 {
		t.without = l.Scope.Exclude[0].Name
	}
	return t
}

// spell is a time since which a link has had its terms.
type spell struct {
	since time.Time
	terms
}

// note remembers the terms of the link, which people change, and who refuses a plan.
func (w *world) note() {
	t, ok := w.terms()
	if n := len(w.spells); ok && (n == 0 || w.spells[n-1].terms != t) {
		w.spells = append(w.spells, spell{time.Now(), t})
	}
}

func (w *world) terms() (t terms, ok bool) {
	if err := w.store.View(w.ctx, func(r inventory.Reader) error {
		rec, err := r.Record(link)
		if ok = err == nil; ok {
			t = termsOf(inventory.LinkOf(rec.Own))
		}
		if errors.Is(err, inventory.NotFound) {
			err = nil
		}
		return err
	}); err != nil {
		w.fault("read the link: %v", err)
	}
	return t, ok
}

// covered says whether an API was in scope all the time since an instant, and
// whether it was at any.
func (s *side) covered(external string, since time.Time) (always, ever bool) {
	always = true
	for i, t := range s.spells {
		if i+1 < len(s.spells) && s.spells[i+1].since.Before(since) {
			continue
		}
		in := t.covers(external)
		always, ever = always && in, ever || in
	}
	return always, ever
}

// relink makes the link, anew if there was one, or changes its terms.
func (w *world) relink(t terms) {
	w.linked = true
	_, _, err := w.catalog.Put(w.people.ctx, linkPath, t.link(w.instance), catalog.Match{})
	w.tell("make or change the link", err)
	w.note()
}

// settle has people change what the link brings, and how.
func (w *world) settle(d *dice) {
	if w.status().State == inventory.Deleting || !w.linked {
		return
	}
	t := drawTerms(d)
	w.say("  %+v", t)
	w.relink(t)
	if d.chance(0.7) {
		w.work(w.workers[0], time.Minute)
	}
}

// switchLink has people delete the link, or make it again. What a link brought
// goes with it, or is theirs from then on.
func (w *world) switchLink(d *dice) {
	w.revive()
	if w.linked {
		keep := !w.still && w.other == nil && d.chance(0.4)
		w.seen.unlinked, w.linked = true, false
		if keep {
			w.say("  and what it brought is kept")
			w.handOver()
			w.tell("hand over", w.catalog.HandOver(w.people.ctx, link, catalog.Match{}))
		} else {
			w.tell("delete the link", w.catalog.Delete(w.people.ctx, link, catalog.Match{}))
		}
		w.work(w.workers[0], time.Minute)
	}
	if w.status().State == "" && d.chance(0.7) {
		w.say("  made anew")
		w.relink(w.draft(d))
		w.work(w.workers[0], time.Minute)
	}
}

// draft are the terms of a new link.
func (w *world) draft(d *dice) terms {
	if w.still {
		return plain
	}
	return drawTerms(d)
}

// handOver remembers what readers see of what the link brought: it is people's
// own from then on, and no link that comes later changes it.
func (w *world) handOver() {
	for _, rec := range w.records() {
		o, mine := stated(rec, link)
		if !mine {
			continue
		}
		if rec.ID.Kind() == inventory.KindEnvironment {
			w.people.environments[rec.ID] = true
			continue
		}
		w.people.inherited[rec.ID] = rec.View()
		delete(w.people.inherited[rec.ID], inventory.FieldGone)
		delete(w.people.words, subject{rec.ID.Kind(), o.External})
		if rec.ID.Kind() == inventory.KindVersion {
			if text, ok := w.people.below[o.External]; ok {
				w.people.inherited[rec.ID.Child(inventory.KindDefinition, ownChild)] = inventory.Doc{}.With(title, text)
				delete(w.people.below, o.External)
			}
		}
	}
}

// demand has somebody ask for a document of a link that imports on demand.
func (w *world) demand(d *dice) {
	versions := w.present(link)
	if len(versions) == 0 || !w.linked {
		return
	}
	external := pick(d, sorted(versions))
	w.say("  %s", external)
	if err := w.workers[0].Notify(w.ctx, link, external, "demand"); err != nil && !errors.Is(err, errKilled) && !errors.Is(err, inventory.NotFound) {
		w.fault("ask for the document of %s: %v", external, err)
	}
	w.work(w.workers[0], time.Minute)
}

// inherited compares what was handed over with what is there.
func (w *world) judgeInherited(all map[inventory.ID]inventory.Record) {
	for id, want := range w.people.inherited {
		if rec, ok := all[id]; !ok {
			w.fault("%s was handed over to people, and is gone", id)
		} else if got := rec.View(); !got.Equal(want) {
			w.fault("%s was handed over as %s, and is %s", id, want.Encode(), got.Encode())
		}
	}
}
