package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"apicenter/internal/inventory"
)

// peoples is what people said, and what is to stand of it.
type peoples struct {
	ctx    context.Context           // in which they act
	words  map[subject]inventory.Doc // own layers of what the link brought
	below  map[string]string         // title of a definition that people made below one
	beside map[string]string         // title of an API of their own, by name
	texts  map[string]bool           // that nobody wrote over since
	since  map[string]time.Time      // when they last wrote on an API
	count  int

	environments map[inventory.ID]bool          // of links that handed over what they brought
	inherited    map[inventory.ID]inventory.Doc // what readers saw of what a link handed over
}

func newPeoples() peoples {
	return peoples{
		words: map[subject]inventory.Doc{}, below: map[string]string{}, beside: map[string]string{}, texts: map[string]bool{},
		since: map[string]time.Time{}, environments: map[inventory.ID]bool{}, inherited: map[inventory.ID]inventory.Doc{},
	}
}

// subject is what people said something of, by external identity.
type subject struct {
	kind     inventory.Kind
	external string
}

const (
	word     inventory.Field = "/customProperties/word"
	title    inventory.Field = "/title"
	ownChild                 = "people"
)

// edit has people write something, and says what.
func (w *world) edit(d *dice) string {
	w.people.count++
	text := fmt.Sprintf("words %d", w.people.count)
	if d.chance(0.25) {
		name := fmt.Sprintf("own-%d", d.below(3))
		w.people.beside[name] = text
		return w.tell("write their own API "+name, w.update(func(tx inventory.Tx) error {
			path := workspacePath + "/apis/" + name
			return errors.Join(put(tx, path, inventory.Doc{}.With(title, text)), put(tx, path+"/versions/v1", inventory.Doc{}.With(title, text)))
		}))
	}
	kind := pick(d, []inventory.Kind{inventory.KindVersion, inventory.KindVersion, inventory.KindAPI, inventory.KindDeployment, inventory.KindDefinition})
	brought := map[string]inventory.Record{}
	all := map[inventory.ID]inventory.Record{}
	for _, rec := range w.records() {
		all[rec.ID] = rec
		if o, ok := stated(rec, link); ok && rec.ID.Kind() == kind {
			brought[o.External] = rec
		}
	}
	if len(brought) == 0 || w.status().State == inventory.Deleting {
		return "find nothing to write on"
	}
	external := pick(d, sorted(brought))
	rec := brought[external]
	w.people.texts[text] = true
	if kind == inventory.KindVersion && d.chance(0.3) {
		w.people.below[external] = text
		id := rec.ID.Child(inventory.KindDefinition, ownChild)
		delete(w.people.texts, all[id].Own.Text(title))
		return w.tell("write a definition below "+external, w.update(func(tx inventory.Tx) error {
			return put(tx, id.String(), inventory.Doc{}.With(title, text))
		}))
	}
	delete(w.people.texts, rec.Own.Text(word))
	own := rec.Own.With(word, text)
	for _, o := range rec.Origins {
		maps.DeleteFunc(own, func(f inventory.Field, _ json.RawMessage) bool { _, stated := o.States[f]; return stated })
	}
	switch kind {
	case inventory.KindVersion:
		w.people.words[subject{kind, external}] = own
	default: // where an instance comes under another name, so do the titles that these begin with
		w.people.words[subject{kind, external}] = inventory.Doc{}.With(word, text)
	}
	if kind == inventory.KindAPI {
		w.people.since[external] = time.Now()
	}
	return w.tell(fmt.Sprintf("write on the %s of %s", kind, external), w.update(func(tx inventory.Tx) error { return put(tx, rec.Path, own) }))
}

func (w *world) tell(what string, err error) string {
	if err != nil {
		w.fault("people %s: %v", what, err)
	}
	return what
}

// approve lets held deletions of a link happen, and says whether there are any.
func (w *world) approve(link inventory.ID) bool {
	if len(w.statusOf(link).Held) > 0 {
		_, err := w.catalog.Judge(w.people.ctx, link, nil, inventory.Approved)
		w.tell("approve", err)
		return true
	}
	return false
}

// judgeHeld has people say of each held deletion whether it may happen.
func (w *world) judgeHeld(d *dice) {
	waiting, err := w.catalog.Deletions(w.people.ctx, link)
	if err != nil && !errors.Is(err, inventory.NotFound) {
		w.fault("people look at what waits: %v", err)
	}
	for _, deletion := range waiting {
		external := deletion.External
		if deletion.Verdict != "" {
			continue
		}
		verdict := inventory.Approved
		if !w.still && d.chance(0.4) {
			verdict, w.seen.rejected = inventory.Rejected, true
		} else {
			w.seen.approved = true
		}
		w.say("  %s: %s", external, verdict)
		_, err := w.catalog.Judge(w.people.ctx, link, []string{external}, verdict)
		w.tell("judge the deletion of "+external, err)
	}
}

func (w *world) status() inventory.LinkStatus { return w.statusOf(link) }

func (w *world) statusOf(link inventory.ID) (s inventory.LinkStatus) {
	if err := w.store.View(w.ctx, func(r inventory.Reader) error {
		res, err := r.Get(link)
		if errors.Is(err, inventory.NotFound) {
			return nil
		}
		s = inventory.StatusOf(res)
		return err
	}); err != nil {
		w.fault("read the link: %v", err)
	}
	return s
}
