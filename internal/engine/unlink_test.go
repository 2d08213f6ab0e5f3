package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store/storetest"
)

// seen writes what readers see of all but the link.
func (h *house) seen() string {
	h.Helper()
	var b strings.Builder
	for _, rec := range h.below(inventory.MustID(workspace)) {
		if rec.ID.Kind() != inventory.KindLink && rec.ID.Kind() != inventory.KindWorkspace {
			fmt.Fprintf(&b, "%s %s %s\n", rec.Path, rec.Doc, rec.Document)
		}
	}
	return b.String()
}

// unlink has the link go, and works on that until it is gone or the store dies.
func (h *house) unlink(e *engine.Engine) error {
	h.Helper()
	for {
		p, err := e.Begin(h.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "unlink"})
		if errors.Is(err, inventory.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		done, err := p.Unlink(h.Context(), time.Now().Add(time.Minute))
		if p.Close(); done || err != nil {
			return err
		}
	}
}

// TestAnUnlinkGoesOnWhereItWasKilled kills it at each transaction in turn,
// before and after its commit.
func TestAnUnlinkGoesOnWhereItWasKilled(t *testing.T) {
	for _, handsOver := range []bool{false, true} {
		for kill := 0; ; kill++ {
			h := newHouse(t, engine.Options{}, always)
			for i := range 70 { // more than go in one transaction
				h.source.Put(sourcetest.API(fmt.Sprintf("apis/a%02d", i), "A", "v1", []byte(`{}`)))
			}
			h.pass("")
			h.update(func(tx inventory.Tx) error {
				api := h.api("A")
				_, err := tx.PutOwn(api.Path, api.Own.With("/summary", "ours"), inventory.Condition{})
				return errors.Join(err, put(tx, api.Path+"/versions/mine", `{"title":"ours"}`),
					tx.SetStatus(inventory.MustID(linkPath), inventory.LinkStatus{State: inventory.Deleting, HandsOver: handsOver}))
			})
			want := ""
			if handsOver {
				want = h.seen()
			}
			m := &mortal{Store: h.store, left: kill/2 + 1, after: kill%2 == 1}
			mortalEngine := engine.New(m, map[string]source.Kind{"Script": h.source.Kind()}, engine.Options{})
			killed := h.unlink(mortalEngine)
			if killed != nil && !errors.Is(killed, errKilled) {
				t.Fatal(killed)
			}
			if killed != nil {
				if err := h.unlink(h.engine); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.seen(); got != want {
				t.Errorf("hands over %t, killed at %d: left is\n%s\nwant:\n%s", handsOver, kill, got, want)
			}
			for _, rec := range h.below(inventory.MustID(workspace)) {
				if len(rec.Origins) > 0 || rec.ID.Kind() == inventory.KindLink {
					t.Errorf("hands over %t, killed at %d: %s is still %+v", handsOver, kill, rec.Path, rec.Origins)
				}
			}
			storetest.Check(t, h.store)
			if killed == nil {
				if kill < 6 {
					t.Errorf("hands over %t: %d transactions", handsOver, kill/2)
				}
				break
			}
		}
	}
}

func TestWhatWasHandedOverIsNeverAdoptedSilently(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	pets := h.api("Petstore")
	h.update(func(tx inventory.Tx) error {
		_, err := tx.PutOwn(pets.Path, pets.Own.With("/summary", "ours"), inventory.Condition{})
		return errors.Join(err, tx.SetStatus(inventory.MustID(linkPath), inventory.LinkStatus{State: inventory.Deleting, HandsOver: true}))
	})
	if err := h.unlink(h.engine); err != nil {
		t.Fatal(err)
	}
	h.update(func(tx inventory.Tx) error { return put(tx, linkPath, always) })
	h.pass("")
	var own, linked int
	for _, rec := range h.below(inventory.MustID(workspace)) {
		if rec.ID.Kind() == inventory.KindAPI {
			if rec.Linked {
				linked++
			} else if own++; rec.ID != pets.ID || rec.View().Text("/summary") != "ours" || rec.View().Text("/title") != "Petstore" {
				t.Errorf("what was handed over is %s %s", rec.Path, rec.Doc)
			}
		}
	}
	if own != 1 || linked != 1 {
		t.Errorf("%d APIs of people, %d of the new link", own, linked)
	}
	storetest.Check(t, h.store)
}
