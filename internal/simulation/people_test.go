package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"apicenter/internal/inventory"
)

// peoples is what people said, and what is to stand of it.
type peoples struct {
	ctx    context.Context          // in which they act
	words  map[string]inventory.Doc // own layers of linked versions, by external identity
	below  map[string]string        // title of a definition that people made below one
	beside map[string]string        // title of an API of their own, by name
	count  int

	inherited map[inventory.ID]inventory.Doc // what readers saw of what a link handed over
}

func newPeoples() peoples {
	return peoples{words: map[string]inventory.Doc{}, below: map[string]string{}, beside: map[string]string{}, inherited: map[inventory.ID]inventory.Doc{}}
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
	versions := w.versions()
	if len(versions) == 0 || w.status().State == inventory.Deleting {
		return "find nothing to write on"
	}
	external := pick(d, slices.Sorted(maps.Keys(versions)))
	rec := versions[external]
	if d.chance(0.3) {
		w.people.below[external] = text
		return w.tell("write a definition below "+external, w.update(func(tx inventory.Tx) error {
			return put(tx, rec.Path+"/definitions/"+ownChild, inventory.Doc{}.With(title, text))
		}))
	}
	own := rec.Own.With(word, text)
	for _, o := range rec.Origins {
		maps.DeleteFunc(own, func(f inventory.Field, _ json.RawMessage) bool { _, stated := o.States[f]; return stated })
	}
	w.people.words[external] = own
	return w.tell("write on "+external, w.update(func(tx inventory.Tx) error { return put(tx, rec.Path, own) }))
}

func (w *world) tell(what string, err error) string {
	if err != nil {
		w.fault("people %s: %v", what, err)
	}
	return what
}

// approve lets held deletions of a link happen.
func (w *world) approve(link inventory.ID) {
	if len(w.statusOf(link).Held) > 0 {
		_, err := w.catalog.Judge(w.people.ctx, link, nil, inventory.Approved)
		w.tell("approve", err)
		w.seen.approved = true
	}
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
