package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/inventory"
	"apicenter/internal/store/storetest"
)

// The oracle knows the mapping in its own words, and shares no code with who made it.

// memory is how old what a pass writes may be at most: the time that its requests
// may take, and how stale the source answers.
const memory = 5 * time.Minute

// late is how stale the source answers at most, and a little more.
const late = 15 * time.Second

// snapshot is what was there when it was last looked at.
type snapshot struct {
	versions map[string]bool
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

// entries yields what the link states of a kind.
func (w *world) entries(kind inventory.Kind, of func(inventory.Entry)) { w.entriesOf(link, kind, of) }

func (w *world) entriesOf(link inventory.ID, kind inventory.Kind, of func(inventory.Entry)) {
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
	see := func(e inventory.Entry) { last = later(last, e.Retry) }
	w.entries(inventory.KindDefinition, see)
	if w.other != nil {
		w.entriesOf(otherLink, inventory.KindDefinition, see)
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

// versions are those that the link states, by external identity.
func (w *world) versions() map[string]inventory.Record { return w.byExternal(w.records()) }

func (w *world) byExternal(records []inventory.Record) map[string]inventory.Record {
	out := map[string]inventory.Record{}
	for _, rec := range records {
		if o, ok := stated(rec, link); ok && rec.ID.Kind() == inventory.KindVersion {
			if other, twice := out[o.External]; twice {
				w.fault("%s is there twice: %s and %s", o.External, other.Path, rec.Path)
			}
			out[o.External] = rec
		}
	}
	return out
}

// present are the external identities of the versions that the link states, and
// does not say to be gone at the source.
func (w *world) present() map[string]bool {
	out := map[string]bool{}
	w.entries(inventory.KindVersion, func(e inventory.Entry) {
		if e.Gone.At.IsZero() {
			out[e.External] = true
		}
	})
	return out
}

// observe looks at what a step did.
func (w *world) observe() {
	w.note()
	before, now := w.seen.versions, w.present()
	for external := range before {
		if in, _ := w.covered(external, time.Now().Add(-memory)); !now[external] && in && !w.seen.unlinked && w.origin.always(external, time.Now().Add(-memory)) {
			w.fault("%s was deleted, or said to be gone, and is at the source", external)
		}
	}
	for external := range now {
		if !before[external] && !w.origin.ever(external, time.Now().Add(-memory)) {
			w.fault("%s came and is not at the source", external)
		}
	}
	w.braked(len(before))
	w.mingle()
	w.seen.versions = now
	s := w.status()
	if s.State != inventory.Syncing || len(s.Held) > 0 {
		w.say("  the link: %s %s, holds %d", s.State, s.Message, len(s.Held))
	}
	if w.wire.deceives() {
		w.seen.deceived = time.Now()
	}
	if at := w.instant(s.ProvenAt); at.After(w.seen.deceived) {
		w.proven(at, now)
	}
	if !s.DefinitionsProvenAt.IsZero() {
		w.verified(w.instant(s.DefinitionsProvenAt))
	}
	w.seen.unlinked = s.State == inventory.Deleting
	for _, text := range w.epochs.broken {
		w.fault("%s", text)
	}
	w.epochs.broken = nil
}

// braked looks at the passes since it last did: none lets go of very much at
// once, unless somebody was asked.
func (w *world) braked(before int) {
	var runs []inventory.Run
	var waiting []inventory.Deletion
	if err := w.store.View(w.ctx, func(r inventory.Reader) (err error) {
		if _, err := r.Get(link); errors.Is(err, inventory.NotFound) {
			return nil
		}
		if runs, err = r.Runs(link, 10); err != nil {
			return err
		}
		if len(runs) == 10 && runs[9].ID > w.seen.run {
			if runs, err = r.Runs(link, 200); err != nil { // all that are kept
				return err
			}
		}
		waiting, err = r.Deletions(link)
		return err
	}); err != nil {
		w.fault("read the runs: %v", err)
	}
	for _, run := range slices.Backward(runs) {
		if run.ID <= w.seen.run {
			continue
		}
		if n := run.Counts.Deleted; n > 10 && n*5 > before && run.Trigger != "unlink" && !w.seen.approved {
			w.fault("run %d deleted %d of %d at once, and nobody was asked", run.ID, n, before)
		}
		if !run.Ended.IsZero() {
			w.seen.run = run.ID
		}
	}
	w.seen.approved = slices.ContainsFunc(waiting, func(d inventory.Deletion) bool { return d.Verdict == inventory.Approved })
}

// proven holds a link to its word: that the inventory equalled the source at an
// instant. What has been at the source since then, or gone, is so here.
func (w *world) proven(at time.Time, here map[string]bool) {
	for external := range w.origin.apis() {
		in, ever := w.covered(external, at.Add(-late))
		if here[external] && !ever {
			w.fault("%s is in the inventory, which is said to show what the link covers as of %s", external, at.Format("15:04:05.000"))
		}
		if !here[external] && in && w.origin.always(external, at.Add(-late)) {
			w.fault("%s is not in the inventory, which is said to equal the source as of %s", external, at.Format("15:04:05.000"))
		}
	}
	for external := range here {
		if !w.origin.ever(external, at.Add(-late)) {
			w.fault("%s is in the inventory, which is said to equal the source as of %s", external, at.Format("15:04:05.000"))
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
func (w *world) verified(at time.Time) {
	w.entries(inventory.KindDefinition, func(e inventory.Entry) {
		if e.Document != "" && e.Gone.At.IsZero() && !w.origin.said(e.External, w.document(e.Document), at.Add(-late)) {
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
	records := w.records()
	byExternal, here, t := w.byExternal(records), w.present(), w.spells[len(w.spells)-1]
	all := map[inventory.ID]inventory.Record{}
	for _, rec := range records {
		all[rec.ID] = rec
	}
	there := w.origin.apis()
	for _, external := range sorted(byExternal) {
		in := there[external] != nil && t.covers(external)
		switch {
		case here[external] && !in:
			w.fault("%s is in the inventory, and not at the source or not covered", external)
		case !here[external] && !w.seen.rejected && !slices.ContainsFunc(w.spells, func(s spell) bool { return s.vanish == inventory.OnVanishKeep }):
			w.fault("%s is said to be gone, and nobody wanted to keep it", external)
		}
	}
	if w.linked {
		for _, external := range sorted(there) {
			switch {
			case !t.covers(external):
			case !here[external]:
				w.fault("%s is at the source and not in the inventory", external)
			default:
				w.compare(side{link, w.origin}, t.imports, external, there[external], byExternal[external], all)
			}
		}
	}
	w.words(byExternal, all)
	w.judgeInherited(all)
	w.judgeOther(all)
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
func (w *world) compare(s side, imports inventory.Import, external string, r *apim.Revision, version inventory.Record, all map[inventory.ID]inventory.Record) {
	p := r.Properties
	expect := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			w.fault("%s: %s is %v, and %v at the source", external, what, got, want)
		}
	}
	api := all[version.ID.Parent()]
	root, rootTitle, path := external, p.DisplayName, "/"+p.Path
	name := "Original"
	if p.APIVersion != "" {
		name = p.APIVersion
	}
	if set := r.API.Space.SetOf(p.APIVersionSetID); set != nil {
		root = strings.TrimSuffix(external, "apis/"+strings.ToLower(r.API.Name)) + "apiversionsets/" + strings.ToLower(set.Name)
		rootTitle = set.Properties.DisplayName
		if set.Properties.VersioningScheme == "Segment" {
			path += "/" + p.APIVersion
		}
	}
	o, _ := stated(api, s.link) // another one may lead
	view := o.States
	expect("its root", o.External, root)
	expect("the title of its API", view.Text(title), rootTitle)
	expect("the kind of its API", view.Text("/kind"), "rest")
	if root == external {
		expect("its description", view.Text("/description"), *p.Description)
	}
	said, _ := stated(version, s.link)
	expect("its title", said.States.Text(title), name)
	addresses := []string{}
	for _, h := range s.origin.service.Contract.Properties.Hostnames {
		if h.Type == "Proxy" {
			addresses = append(addresses, "https://"+h.HostName+path)
		}
	}
	slices.Reverse(addresses) // the built-in one is first there, and last here
	deployments, definitions := 0, 0
	for _, rec := range all {
		o, mine := stated(rec, s.link)
		if !mine || o.External != external || !o.Gone.At.IsZero() {
			continue
		}
		switch rec.ID.Kind() {
		case inventory.KindDeployment:
			deployments++
			var uris []string
			if err := json.Unmarshal(rec.View()["/server/runtimeUri"], &uris); err != nil {
				w.fault("%s: addresses: %v", external, err)
			}
			expect("its addresses", uris, addresses)
			expect("the API of its deployment", rec.ID.Parent(), api.ID)
			for _, f := range []inventory.Field{"/definitionId", "/environmentId"} {
				if f == "/definitionId" && imports == inventory.ImportNever {
					continue
				}
				if _, ok := all[inventory.MustID("sub/group/center"+rec.View().Text(f))]; !ok {
					w.fault("%s: %s of its deployment is %q, which is not there", external, f, rec.View().Text(f))
				}
			}
		case inventory.KindDefinition:
			definitions++
			expect("the version of its definition", rec.ID.Parent(), version.ID)
			if rec.Document != "" || imports == inventory.ImportAlways {
				expect("its document", w.document(rec.Document), text(value(raw(r))))
			}
		}
	}
	expect("the number of its deployments", deployments, 1)
	expect("the number of its definitions", definitions, map[bool]int{imports == inventory.ImportNever: 0, imports != inventory.ImportNever: 1}[true])
}

// sorted are the keys of a map, in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// words are what people said: on things that are there, it stands.
func (w *world) words(versions map[string]inventory.Record, all map[inventory.ID]inventory.Record) {
	for external, want := range w.people.words {
		if rec, ok := versions[external]; ok && !w.mixed(external) && !rec.Own.Equal(want) {
			w.fault("%s: people wrote %s, and %s is there", external, want.Encode(), rec.Own.Encode())
		}
	}
	own := func(what string, id inventory.ID, want string) {
		if rec, ok := all[id]; !ok || rec.Own.Text(title) != want {
			w.fault("%s: people wrote %q, and %q is there", what, want, rec.Own.Text(title))
		}
	}
	for external, want := range w.people.below {
		if rec, ok := versions[external]; ok && !w.mixed(external) {
			own("a definition below "+external, rec.ID.Child(inventory.KindDefinition, ownChild), want)
		}
	}
	for name, want := range w.people.beside {
		id := workspace.Child(inventory.KindAPI, name)
		own(name, id, want)
		own(fmt.Sprint(name, " v1"), id.Child(inventory.KindVersion, "v1"), want)
	}
}
