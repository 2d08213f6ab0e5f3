package engine_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store/storetest"
)

// curated is a life in which nothing that people said may be lost: it is on the
// API, or a tombstone keeps it.
type curated struct {
	*house
	*rapid.T
	instance int
	there    map[int]bool   // APIs of the source
	words    map[int]string // people's last, by API
}

func (c *curated) external() string {
	return fmt.Sprintf("apis/%d", rapid.IntRange(0, 2).Draw(c.T, "api"))
}

// properties are those of the link to the instance under its present name.
func (c *curated) properties() string {
	return fmt.Sprintf(`{"sourceType":"Script","source":"/instance-%d","importSpecification":"always","onVanish":"%s"}`,
		c.instance, rapid.SampledFrom([]string{"delete", "keep"}).Draw(c.T, "rule"))
}

// change has an API come to the source, or go from it.
func (c *curated) change() {
	n := rapid.IntRange(0, 2).Draw(c.T, "api")
	name := fmt.Sprintf("apis/%d", n)
	if c.there[n] = !c.there[n]; c.there[n] {
		c.source.Put(sourcetest.API(name, name, "v1", []byte(`{}`)))
		return
	}
	c.source.Remove(name)
	c.update(func(tx inventory.Tx) error { return approve(tx, inventory.MustID(linkPath), name) })
}

// curate has people say something of an API that the link brought.
func (c *curated) curate() {
	n := rapid.IntRange(0, 2).Draw(c.T, "api")
	c.update(func(tx inventory.Tx) error {
		e, err := tx.Origin(inventory.MustID(linkPath), inventory.KindAPI, fmt.Sprintf("apis/%d", n))
		if inventory.CodeOf(err) == inventory.NotFound {
			return nil
		}
		rec, err := tx.Record(e.ID)
		if err != nil {
			return err
		}
		c.words[n] = fmt.Sprintf("word %d of %d", len(c.words[n])+1, n) + c.words[n]
		_, err = tx.PutOwn(rec.Path, rec.Own.With("/summary", c.words[n]), inventory.Condition{})
		return err
	})
}

// relink deletes the link, with or without what it brought, and makes it anew.
func (c *curated) relink(handsOver bool) {
	c.update(func(tx inventory.Tx) error {
		return tx.SetStatus(inventory.MustID(linkPath), inventory.LinkStatus{State: inventory.Deleting, HandsOver: handsOver})
	})
	if err := c.unlink(c.engine); err != nil {
		c.T.Fatal(err)
	}
	c.update(func(tx inventory.Tx) error { return put(tx, linkPath, c.properties()) })
}

// rename gives the instance another identity: it is linked anew, and inherits
// before or after the first pass.
func (c *curated) rename() {
	was := fmt.Sprintf("/instance-%d", c.instance)
	c.instance++
	c.relink(false)
	if rapid.Bool().Draw(c.T, "late") {
		c.pass("")
	}
	c.update(func(tx inventory.Tx) error {
		_, err := tx.Inherit(inventory.MustID(linkPath), was)
		return err
	})
}

// keeps holds after each step.
func (c *curated) keeps() {
	found := map[string]bool{}
	for _, rec := range c.below(inventory.MustID(workspace)) {
		found[rec.Own.Text("/summary")] = true
	}
	c.view(func(r inventory.Reader) error {
		all, err := r.Tombstones(inventory.MustID(linkPath).Ancestor(inventory.KindService), 0, 1000)
		for _, t := range all {
			found[t.Own.Text("/summary")] = true
		}
		return err
	})
	for n, word := range c.words {
		if !found[word] {
			c.T.Fatalf("what people said of apis/%d is lost: %q", n, word)
		}
	}
}

func TestNothingCuratedIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &curated{T: rt, there: map[int]bool{}, words: map[int]string{}}
		c.house = newHouse(t, engine.Options{}, `{"sourceType":"Script","source":"/instance-0","importSpecification":"always"}`)
		actions := []func(){
			c.change, c.change, c.curate, c.curate, func() { c.pass("") }, func() { c.pass("") }, func() { c.pass(c.external()) },
			func() { c.relink(false) }, func() { c.relink(true) }, c.rename,
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			actions[rapid.IntRange(0, len(actions)-1).Draw(rt, "action")]()
			c.keeps()
		}
		storetest.Check(t, c.store)
	})
}

func TestPeoplesWordsFollowARenamedInstance(t *testing.T) {
	for _, late := range []bool{false, true} {
		h := newHouse(t, engine.Options{}, always)
		h.source.Put(petstore("Petstore"))
		h.pass("")
		pets := h.api("Petstore")
		h.update(func(tx inventory.Tx) error {
			_, err := tx.PutOwn(pets.Path, pets.Own.With("/summary", "ours"), inventory.Condition{})
			if err != nil {
				return err
			}
			return tx.SetStatus(inventory.MustID(linkPath), inventory.LinkStatus{State: inventory.Deleting})
		})
		if err := h.unlink(h.engine); err != nil {
			t.Fatal(err)
		}
		h.update(func(tx inventory.Tx) error {
			return put(tx, linkPath, `{"sourceType":"Script","source":"/renamed","importSpecification":"always"}`)
		})
		if late {
			h.pass("")
		}
		h.update(func(tx inventory.Tx) error {
			_, err := tx.Inherit(inventory.MustID(linkPath), "/instance")
			return err
		})
		h.pass("")
		if again := h.api("Petstore"); again.Own.Text("/summary") != "ours" || !late && again.ID != pets.ID {
			t.Errorf("late %t: it came again as %s with %s", late, again.Path, again.Own.Encode())
		}
	}
}
