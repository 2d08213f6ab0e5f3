package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/store/storetest"
)

// memory is how old what a pass writes may be at most: the time that its requests
// may take, and how stale the source answers.
const memory = 5 * time.Minute

// late is how stale the source answers at most, and a little more.
const late = 15 * time.Second

// side is one of the links of the workspace, with what it reads and what the
// oracle remembers of both.
type side struct {
	link   inventory.ID
	origin *origin
	spells []spell
	seen   snapshot
	shared map[string]bool // externals whose version both links had at some time
}

// sides are those that there are.
func (w *world) sides() []*side {
	if w.other == nil {
		return []*side{w.side}
	}
	return []*side{w.side, w.other.side}
}

// snapshot is what was there when it was last looked at.
type snapshot struct {
	at       time.Time
	versions map[string]inventory.Entry
	run      int64     // the last one that was looked at
	approved bool      // people let held deletions happen since the last complete pass
	deceived time.Time // when listings last lacked what is there
	unlinked bool      // the link is going, or has gone since
	rejected bool      // people would not let a deletion happen
}

// records are all below the workspace.
func (w *world) records() (all []inventory.Record) {
	if err := w.store.View(w.ctx, func(r inventory.Reader) (err error) {
		all, err = r.Below(workspace)
		return err
	}); err != nil {
		w.fault("read the inventory: %v", err)
	}
	return all
}

// entries yields what a link states of a kind.
func (w *world) entries(link inventory.ID, kind inventory.Kind, of func(inventory.Entry)) {
	if err := w.store.View(w.ctx, func(r inventory.Reader) error {
		for e, err := range r.Origins(link, kind) {
			if err != nil {
				return err
			}
			of(e)
		}
		return nil
	}); err != nil {
		w.fault("read the inventory: %v", err)
	}
}

// retry is when the last of the documents that could not be had may be tried again.
func (w *world) retry() (last time.Time) {
	for _, s := range w.sides() {
		w.entries(s.link, inventory.KindDefinition, func(e inventory.Entry) { last = later(last, e.Retry) })
	}
	return last
}

// stated is what a link states of a record.
func stated(rec inventory.Record, by inventory.ID) (inventory.Origin, bool) {
	for _, o := range rec.Origins {
		if o.Link == by {
			return o, true
		}
	}
	return inventory.Origin{}, false
}

// present are the versions that a link states, and does not say to be gone at the
// source, by external identity.
func (w *world) present(link inventory.ID) map[string]inventory.Entry {
	out := map[string]inventory.Entry{}
	w.entries(link, inventory.KindVersion, func(e inventory.Entry) {
		if e.Gone.At.IsZero() {
			out[e.External] = e
		}
	})
	return out
}

// observe looks at what a step did.
func (w *world) observe() {
	w.note()
	records := w.records()
	w.merged()
	for _, s := range w.sides() {
		w.look(s, records)
	}
	for _, text := range w.epochs.broken {
		w.fault("%s", text)
	}
	w.epochs.broken = nil
}

// look looks at what a step did to what a link brought.
func (w *world) look(s *side, records []inventory.Record) {
	recently, long := time.Now().Add(-memory), s.seen.at.Add(-memory)
	before, now, status := s.seen.versions, w.present(s.link), w.statusOf(s.link)
	for external, was := range before {
		e, ok := now[external]
		if in, _ := s.covered(external, recently); !ok && in && !s.seen.unlinked && s.origin.always(external, recently) {
			w.fault("%s was deleted, or said to be gone, and is at the source", external)
		}
		if in, _ := s.covered(external, long); ok && e.Key != was.Key && in && !s.shared[external] && !s.seen.unlinked && s.origin.always(external, long) {
			w.fault("%s is another thing than before, and was at the source all the time", external)
		}
	}
	for external := range now {
		if _, ok := before[external]; !ok && !s.origin.ever(external, recently) {
			w.fault("%s came and is not at the source", external)
		}
	}
	w.braked(s, len(before))
	if status.State != inventory.Syncing || len(status.Held) > 0 {
		w.say("  %s: %s %s, holds %d", s.link.Name(), status.State, status.Message, len(status.Held))
	}
	if w.wire.deceives() {
		s.seen.deceived = time.Now()
	}
	if !status.ProvenAt.IsZero() {
		w.proven(s, w.instant(status.ProvenAt), now, records)
	}
	if !status.DefinitionsProvenAt.IsZero() {
		w.verified(s, w.instant(status.DefinitionsProvenAt))
	}
	s.seen.at, s.seen.versions, s.seen.unlinked = time.Now(), now, status.State == inventory.Deleting
}

// braked looks at the passes since it last did: none lets go of very much at
// once, unless somebody was asked.
func (w *world) braked(s *side, before int) {
	var runs []inventory.Run
	var waiting []inventory.Deletion
	if err := w.store.View(w.ctx, func(r inventory.Reader) (err error) {
		if _, err := r.Get(s.link); errors.Is(err, inventory.NotFound) {
			return nil
		}
		if runs, err = r.Runs(s.link, 10); err != nil {
			return err
		}
		if len(runs) == 10 && runs[9].ID > s.seen.run {
			if runs, err = r.Runs(s.link, 200); err != nil { // all that are kept
				return err
			}
		}
		waiting, err = r.Deletions(s.link)
		return err
	}); err != nil {
		w.fault("read the runs: %v", err)
	}
	for _, run := range slices.Backward(runs) {
		if run.ID <= s.seen.run {
			continue
		}
		if n := run.Counts.Deleted; n > 10 && n*5 > before && run.Trigger != "unlink" && !s.seen.approved {
			w.fault("run %d deleted %d of %d at once, and nobody was asked", run.ID, n, before)
		}
		if !run.Ended.IsZero() {
			s.seen.run = run.ID
		}
	}
	s.seen.approved = slices.ContainsFunc(waiting, func(d inventory.Deletion) bool { return d.Verdict == inventory.Approved })
}

// proven holds a link to its word: that the inventory equalled the source at an
// instant. What has been so at the source since then is so here.
func (w *world) proven(s *side, at time.Time, here map[string]inventory.Entry, records []inventory.Record) {
	since, as := at.Add(-late), at.Format("15:04:05.000")
	for external := range here {
		if _, ever := s.covered(external, since); !ever || !s.origin.ever(external, since) {
			w.fault("%s is in the inventory, which is said to show what the link covers of the source as of %s", external, as)
		}
	}
	for external := range s.origin.apis() {
		lied := !at.After(s.seen.deceived) // listings lacked what is there
		if in, _ := s.covered(external, since); !lied && !has(here, external) && in && s.origin.always(external, since) {
			w.fault("%s is not in the inventory, which is said to equal the source as of %s", external, as)
		}
	}
	k := w.stock(s, records)
	for _, external := range sorted(here) {
		for _, text := range s.origin.wrong(external, w.told(s, k, external), since) {
			w.fault("%s: %s, which is said to equal the source as of %s", external, text, as)
		}
	}
}

// instant is when a time of the store's clock was, by what it says has passed since.
func (w *world) instant(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return time.Now().Add(at.Sub(w.store.Now()))
}

// verified holds a link to its word: that each document equalled that of the
// source at an instant, or later.
func (w *world) verified(s *side, at time.Time) {
	w.entries(s.link, inventory.KindDefinition, func(e inventory.Entry) {
		if e.Document != "" && e.Gone.At.IsZero() && !s.origin.was(e.External, itsDocument, w.document(e.Document), at.Add(-late)) {
			w.fault("the document of %s is said to equal that of the source as of %s, and is older: %s", e.External, at.Format("15:04:05.000"), w.document(e.Document))
		}
	})
}

// document is a stored one, in the one form in which documents compare.
func (w *world) document(d inventory.Digest) string {
	if known, ok := w.documents[d]; ok {
		return known
	}
	var v any
	body, _, err := w.store.Document(w.ctx, d)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(body)
		err = errors.Join(err, json.Unmarshal(b, &v), body.Close())
	}
	if err != nil {
		w.fault("read the document %s: %v", d, err)
	}
	w.documents[d] = text(v)
	return w.documents[d]
}

// judge compares everything, after quiet time.
func (w *world) judge() {
	records, here, t := w.records(), w.present(link), w.spells[len(w.spells)-1]
	k := w.stock(w.side, records)
	there := w.origin.apis()
	for _, external := range sorted(k.versions) {
		in := has(there, external) && t.covers(external)
		switch {
		case has(here, external) && !in:
			w.fault("%s is in the inventory, and not at the source or not covered", external)
		case !has(here, external) && !w.seen.rejected && !slices.ContainsFunc(w.spells, func(s spell) bool { return s.vanish == inventory.OnVanishKeep }):
			w.fault("%s is said to be gone, and nobody wanted to keep it", external)
		}
	}
	if w.linked {
		for _, external := range sorted(there) {
			switch {
			case !t.covers(external):
			case !has(here, external):
				w.fault("%s is at the source and not in the inventory", external)
			default:
				w.compare(w.side, t.imports, external, k)
			}
		}
	}
	w.orphans(w.side, k, here)
	w.strangers(k.all)
	w.words(k)
	w.judgeInherited(k.all)
	w.judgeOther(records)
	w.say("the inventory is %s", fingerprint(records))
	found, err := storetest.Faults(w.ctx, w.store)
	if err != nil {
		w.fault("check the store: %v", err)
	}
	for _, f := range found {
		w.fault("store: %s", f)
	}
}

// fingerprint is a digest of what readers and writers see.
func fingerprint(records []inventory.Record) string {
	h := sha256.New()
	for _, rec := range records { // in the order of their paths
		fmt.Fprintln(h, rec.Path, string(rec.View().Encode()), string(rec.Own.Encode()), len(rec.Origins))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// compare is one API of the source with what there is of it.
func (w *world) compare(s *side, imports inventory.Import, external string, k stock) {
	expect := func(what string, got, want any) {
		if got != want {
			w.fault("%s: %s is %v, and %v at the source", external, what, got, want)
		}
	}
	want, got := s.origin.facts(external, s.origin.apis()[external]), w.told(s, k, external)
	document := want[itsDocument]
	delete(want, itsDocument)
	for _, what := range sorted(want) {
		expect(what, got[what], want[what])
	}
	version := k.versions[external]
	api, _ := stated(k.all[version.ID.Parent()], s.link)
	if !api.Gone.At.IsZero() {
		w.fault("%s is there, and its API is said to be gone", external)
	}
	if external == s.newest(want[itsRoot]) {
		expect("the description of its API", api.States.Text("/description"), *s.origin.apis()[external].Properties.Description)
	}
	expect("the number of its deployments", len(k.deployments[external]), 1)
	for _, rec := range k.deployments[external] {
		expect("the API of its deployment", rec.ID.Parent(), version.ID.Parent())
		for _, f := range []inventory.Field{"/definitionId", "/environmentId"} {
			if f == "/definitionId" && imports == inventory.ImportNever {
				continue
			}
			if !has(k.all, inventory.MustID("sub/group/center"+rec.View().Text(f))) {
				w.fault("%s: %s of its deployment is %q, which is not there", external, f, rec.View().Text(f))
			}
		}
	}
	expect("the number of its definitions", len(k.definitions[external]), map[bool]int{imports == inventory.ImportNever: 0, imports != inventory.ImportNever: 1}[true])
	for _, rec := range k.definitions[external] {
		expect("the version of its definition", rec.ID.Parent(), version.ID)
		if rec.Document != "" || imports == inventory.ImportAlways {
			expect(itsDocument, w.document(rec.Document), document)
		}
	}
}

// orphans looks for what a link says that its source has, apart from the versions.
func (w *world) orphans(s *side, k stock, here map[string]inventory.Entry) {
	roots := map[string]inventory.ID{}
	for _, external := range sorted(here) {
		api := here[external].ID.Parent()
		o, _ := stated(k.all[api], s.link)
		if other, ok := roots[o.External]; ok && other != api {
			w.fault("%s is there twice: %s and %s", o.External, other, api)
		}
		roots[o.External] = api
	}
	for _, external := range sorted(k.apis) {
		for _, rec := range k.apis[external] {
			if roots[external] != rec.ID {
				w.fault("%s is said to be %s at the source, and has no version that is there", rec.Path, external)
			}
		}
	}
	for _, list := range []map[string][]inventory.Record{k.deployments, k.definitions} {
		for _, external := range sorted(list) {
			if !has(here, external) {
				w.fault("%s is said to be of %s, which is not there", list[external][0].Path, external)
			}
		}
	}
}

// strangers looks for what neither a source nor a person made.
func (w *world) strangers(all map[inventory.ID]inventory.Record) {
	for id, rec := range all {
		own := len(rec.Origins) > 0 || has(w.people.inherited, id) || w.people.environments[id] || id == workspace || id.Kind() == inventory.KindLink
		for name := range w.people.beside {
			api := workspace.Child(inventory.KindAPI, name)
			own = own || id == api || id == api.Child(inventory.KindVersion, "v1")
		}
		if id.Kind() == inventory.KindDefinition && id.Name() == ownChild {
			own = own || slices.ContainsFunc(all[id.Parent()].Origins, func(o inventory.Origin) bool {
				return has(w.people.below, o.External) || slices.ContainsFunc(w.sides(), func(s *side) bool { return s.shared[o.External] })
			})
		}
		if !own {
			w.fault("%s is there, and neither a source nor a person says so", rec.Path)
		}
	}
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// sorted are the keys of a map, in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// words are what people said: on things that are there, it stands, and nowhere is
// it lost.
func (w *world) words(k stock) {
	found := map[string]bool{}
	for _, id := range slices.SortedFunc(maps.Keys(k.all), func(a, b inventory.ID) int { return strings.Compare(a.String(), b.String()) }) {
		rec := k.all[id]
		found[rec.Own.Text(word)], found[rec.Own.Text(title)] = true, true
		if o, ok := stated(rec, link); ok && !(id.Kind() == inventory.KindVersion && w.shared[o.External]) {
			if want, said := w.people.words[subject{id.Kind(), o.External}]; said && w.stays(id.Kind(), o.External) && !stands(want, rec.Own, o.States) {
				w.fault("%s: people wrote %s, and %s is there", rec.Path, want.Encode(), rec.Own.Encode())
			}
		}
	}
	for _, t := range w.tombstones() {
		found[t.Own.Text(word)] = true
		for _, b := range t.Below {
			found[b.Own.Text(title)] = true
		}
	}
	for text := range w.people.texts {
		if !found[text] {
			w.fault("people wrote %q, and it is lost", text)
		}
	}
	own := func(what string, id inventory.ID, want string) {
		if rec, ok := k.all[id]; !ok || rec.Own.Text(title) != want {
			w.fault("%s: people wrote %q, and %q is there", what, want, rec.Own.Text(title))
		}
	}
	for external, want := range w.people.below {
		if rec, ok := k.versions[external]; ok && !w.shared[external] {
			own("a definition below "+external, rec.ID.Child(inventory.KindDefinition, ownChild), want)
		}
	}
	for name, want := range w.people.beside {
		id := workspace.Child(inventory.KindAPI, name)
		own(name, id, want)
		own(fmt.Sprint(name, " v1"), id.Child(inventory.KindVersion, "v1"), want)
	}
}

// stays says that words on a thing are to stay on it. Of APIs that are in version sets,
// and of those that may be one with another link's, the oldest survives.
func (w *world) stays(kind inventory.Kind, external string) bool {
	return kind != inventory.KindAPI || w.other == nil && w.origin.only(external, itsRoot, external, w.people.since[external])
}

// stands says that a layer of people has all that they said, and nothing of the
// source's besides. What a new thing begins with may have come later than their words.
func stands(want, own, states inventory.Doc) bool {
	for f, v := range want {
		if !inventory.SameJSON(own[f], v) {
			return false
		}
	}
	for f := range own {
		if has(states, f) && !has(want, f) {
			return false
		}
	}
	return true
}

// tombstones are all that there are.
func (w *world) tombstones() (all []inventory.Tombstone) {
	if err := w.store.View(w.ctx, func(r inventory.Reader) (err error) {
		all, err = r.Tombstones(workspace.Parent(), 0, 1000)
		return err
	}); err != nil {
		w.fault("read the tombstones: %v", err)
	}
	return all
}
